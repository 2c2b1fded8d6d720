//! `rulemark session`: the actions of the one tool, and what only people do.
//!
//! Each subcommand makes the call that an agent would make over MCP; `--json` prints the very answer.

mod told;

use super::{
    args::{
        SessionCommand, SessionCompleteArgs, SessionGcArgs, SessionListArgs, SessionRepairArgs,
        SessionSearchArgs, SessionStartArgs,
    },
    context::Context,
    error::{CommandError, CommandResult, Exit},
    render::{Extent, Ink, Line, Table, diff},
};
use crate::{
    library::{Entry, Library},
    process::Watch,
    runtime::Project,
    sessions::{Advance, Failure, FailureKind, Sessions},
    text::Patch,
    workflow::Input,
};
use serde_json::{Map, Value, json};
use std::{fs, io::Read as _, time::Duration};

pub(crate) fn run(context: &mut Context, command: &SessionCommand) -> CommandResult {
    let mut project = context.project_for_workflows()?;
    let (mut call, is_json) = match command {
        SessionCommand::Search(args) => return search(context, &mut project, args),
        SessionCommand::Gc(args) => return tidy(context, &mut project, args),
        SessionCommand::Repair(args) => return repair(context, &mut project, args),
        SessionCommand::Show(args) if !args.json.json => {
            let name = whole_name(&mut project, &args.session)?;
            return show(context, &mut project, &name);
        }
        command => call(&mut project, command)?,
    };
    if let Some(name) = call.get("session_id").and_then(Value::as_str).map(str::to_owned) {
        call.insert("session_id".into(), whole_name(&mut project, &name)?.into());
    }
    let answer = answer(context, &mut project, &call, is_json)?;
    if is_json {
        context.terminal.json(&answer)?;
        return Ok(if answer["status"] == "error" { Exit::Refused } else { Exit::Ok });
    }
    if answer["status"] == "error" {
        return Err(refusal(&answer));
    }
    told::tell(&mut context.terminal, &answer)?;
    Ok(Exit::Ok)
}

/// What comes of a call; says which commands run, as they take their time.
fn answer(
    context: &mut Context,
    project: &mut Project,
    call: &Map<String, Value>,
    is_quiet: bool,
) -> Result<Map<String, Value>, CommandError> {
    let mut sessions = Sessions::default();
    let mut ran = None;
    loop {
        match sessions.advance(project, call, ran.as_ref()) {
            Advance::Answer(answer) => return Ok(answer),
            Advance::Run(order) => {
                for (_, line) in order.commands.iter().filter(|_| !is_quiet) {
                    context.terminal.remark(format!("running `{line}`"))?;
                }
                context.terminal.flush()?;
                ran = Some(order.run(&mut Unattended));
            }
        }
    }
}

/// The command itself says what there is to say, when it has ended.
struct Unattended;

impl Watch for Unattended {
    fn printed(&mut self, _: &[u8]) {}

    fn goes_on(&mut self, _: Duration) -> bool {
        true
    }
}

/// The name of the one session that begins so; people type no times. Anything else is left as it is.
fn whole_name(project: &mut Project, given: &str) -> Result<String, CommandError> {
    // What is over and put away stands back behind what is not.
    for status in [None, Some("archived")] {
        let names = names(project, status);
        let beginning: Vec<&String> = names.iter().filter(|name| name.starts_with(given)).collect();
        match beginning.as_slice() {
            _ if given.is_empty() || names.iter().any(|name| name == given) => break,
            [] => {}
            [only] => return Ok((*only).clone()),
            several => return Err(ambiguous(given, several)),
        }
    }
    Ok(given.to_owned())
}

/// The names of all sessions of a status, newest first.
fn names(project: &mut Project, status: Option<&str>) -> Vec<String> {
    let mut sessions = Sessions::default();
    let (mut names, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let list = json!({ "action": "list_sessions", "status": status, "cursor": cursor });
        let mut answer = list.as_object().map(|list| sessions.call(project, list)).unwrap_or_default();
        let page = answer.get("sessions").and_then(Value::as_array).into_iter().flatten();
        names.extend(page.filter_map(|entry| entry["session_id"].as_str().map(str::to_owned)));
        match answer.remove("next_cursor") {
            Some(next) if next.is_string() => cursor = next,
            _ => return names,
        }
    }
}

/// How many sessions are named to somebody who meant one of them.
const NAMED: usize = 5;

fn ambiguous(given: &str, names: &[&String]) -> CommandError {
    let shown: Vec<&str> = names.iter().take(NAMED).map(|name| name.as_str()).collect();
    let more = if names.len() > NAMED { ", …" } else { "" };
    let count = names.len();
    CommandError::usage(format!("{count} sessions begin with `{given}`: {}{more}", shown.join(", ")))
        .with_hint("give enough of the name that only one begins so")
}

/// The call that a subcommand makes, and whether its answer is printed as JSON.
fn call(project: &mut Project, command: &SessionCommand) -> Result<(Map<String, Value>, bool), CommandError> {
    let (call, json) = match command {
        SessionCommand::List(args) => (list(args), args.json),
        SessionCommand::Start(args) => (start(project, args)?, args.json),
        SessionCommand::Show(args) => (about("get_session", &args.session), args.json),
        SessionCommand::Phase(args) => (about("get_phase", &args.session), args.json),
        SessionCommand::Task(args) => {
            let mut call = about("get_task", &args.session);
            call["phase"] = args.phase.into();
            call["task_number"] = args.task.into();
            (call, args.json)
        }
        SessionCommand::Complete(args) => (complete(project, args)?, args.json),
        SessionCommand::Pause(args) => (noted("pause", &args.session, args.note.as_deref()), args.json),
        SessionCommand::Resume(args) => (noted("resume", &args.session, args.note.as_deref()), args.json),
        SessionCommand::Retry(args) => {
            let mut call = about("retry_phase", &args.session);
            call["phase"] = args.phase.into();
            call["reset_evidence"] = args.reset.into();
            (call, args.json)
        }
        SessionCommand::Rollback(args) => {
            let mut call = about("rollback", &args.session);
            call["to_phase"] = args.phase.into();
            (call, args.json)
        }
        SessionCommand::Delete(args) => {
            let mut call = about("delete_session", &args.session);
            call["reason"] = args.reason.clone().into();
            (call, args.json)
        }
        SessionCommand::Errors(args) => (about("get_errors", &args.session), args.json),
        SessionCommand::History(args) => (about("get_history", &args.session), args.json),
        SessionCommand::Metrics(args) => {
            (json!({ "action": "get_metrics", "session_id": args.session }), args.json)
        }
        SessionCommand::Search(_) | SessionCommand::Gc(_) | SessionCommand::Repair(_) => {
            return Err(CommandError::bug("this subcommand makes no call"));
        }
    };
    let Value::Object(call) = call else { return Err(CommandError::bug("a call is an object")) };
    Ok((call, json.json))
}

fn about(action: &str, session: &str) -> Value {
    json!({ "action": action, "session_id": session })
}

fn noted(action: &str, session: &str, note: Option<&str>) -> Value {
    let mut call = about(action, session);
    call["checkpoint_note"] = note.into();
    call
}

fn list(args: &SessionListArgs) -> Value {
    json!({
        "action": "list_sessions",
        "status": args.status,
        "workflow_type": args.workflow,
        "cursor": args.cursor,
    })
}

fn start(project: &Project, args: &SessionStartArgs) -> Result<Value, CommandError> {
    let mut library = Library::of(Some(project.workspace().root()));
    library.refresh();
    let definition = library.find(&args.workflow).and_then(Entry::definition);
    let inputs = definition.map(|definition| definition.inputs.as_slice()).unwrap_or_default();
    expect_inputs(args, inputs)?;
    // An issue's number is text where text is wanted.
    let is_text = |name: &str| inputs.iter().any(|input| input.name == name && input.kind.is_text());
    Ok(json!({
        "action": "start",
        "workflow_type": args.workflow,
        "target_file": args.target,
        "options": values(&args.options, is_text)?,
    }))
}

fn complete(project: &mut Project, args: &SessionCompleteArgs) -> Result<Value, CommandError> {
    let name = whole_name(project, &args.session)?;
    let mut evidence = match &args.from {
        Some(file) => read_object(file)?,
        None => Map::new(),
    };
    let texts = Sessions::default().text_fields(project, &name, args.phase);
    evidence.extend(values(&args.evidence, |name| texts.iter().any(|text| text == name))?);
    let mut call = about("complete_phase", &name);
    call["phase"] = args.phase.into();
    call["evidence"] = evidence.into();
    Ok(call)
}

/// Refuses to begin without what the workflow needs, and shows the command that has it.
fn expect_inputs(args: &SessionStartArgs, inputs: &[Input]) -> Result<(), CommandError> {
    let given = |name: &str| args.options.iter().any(|pair| pair.split('=').next() == Some(name));
    let missing = |input: &&Input| input.required && input.default.is_none() && !given(&input.name);
    let missing: Vec<&Input> = inputs.iter().filter(missing).collect();
    if missing.is_empty() || args.json.json {
        return Ok(());
    }
    let words: Vec<String> =
        missing.iter().map(|input| format!("`{}`: {}", input.name, input.description)).collect();
    let options: Vec<String> = missing.iter().map(|input| format!("{}=\"…\"", input.name)).collect();
    let (workflow, target) = (&args.workflow, &args.target);
    Err(CommandError::usage(format!("{workflow} can't start without {}", words.join("; ")))
        .with_hint(format!("rulemark session start {workflow} {target} {}", options.join(" "))))
}

/// `NAME=VALUE` each: JSON, or else text; always text under some names.
fn values(given: &[String], is_text: impl Fn(&str) -> bool) -> Result<Map<String, Value>, CommandError> {
    let mut values = Map::new();
    for pair in given {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(CommandError::usage(format!("`{pair}` is not NAME=VALUE")));
        };
        let value = match value.strip_prefix('@') {
            Some(file) => Value::String(read(file)?),
            None if is_text(name) => value.into(),
            None => serde_json::from_str(value).unwrap_or_else(|_| value.into()),
        };
        values.insert(name.to_owned(), value);
    }
    Ok(values)
}

fn read(file: &str) -> Result<String, CommandError> {
    let read = match file {
        "-" => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map(|_| text)
        }
        file => fs::read_to_string(file),
    };
    read.map_err(|error| CommandError::usage(format!("can't read {file}")).because(error))
}

fn read_object(file: &str) -> Result<Map<String, Value>, CommandError> {
    serde_json::from_str(&read(file)?)
        .map_err(|error| CommandError::usage(format!("{file} is no JSON object")).because(error))
}

/// What an answer that says no comes to.
fn refusal(answer: &Map<String, Value>) -> CommandError {
    let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default();
    let error = match text("error_type") {
        "ValueError" | "NotFoundError" => CommandError::usage(text("error")),
        _ => CommandError::refused(text("error")),
    };
    // An agent is told of a call; people of what to do.
    let (remedy, call) = text("remediation").rsplit_once("call {").unwrap_or_default();
    let action =
        serde_json::from_str(&format!("{{{call}")).map_or(Value::Null, |call: Value| call["action"].clone());
    hinted(error, remedy.trim_end_matches("; "), &action)
}

/// The refusal of what was asked for without a call.
pub(super) fn failed(failure: &Failure) -> CommandError {
    let error = match failure.kind {
        FailureKind::Value | FailureKind::NotFound => CommandError::usage(&failure.message),
        _ => CommandError::refused(&failure.message),
    };
    hinted(error, &failure.remedy, &failure.call["action"])
}

/// Adds what to do; without a remedy that is to look for what there is.
fn hinted(error: CommandError, remedy: &str, action: &Value) -> CommandError {
    match (remedy, action.as_str()) {
        ("", Some("list_sessions")) => error.with_hint("`rulemark session list` lists them"),
        ("", Some("list_workflows")) => error.with_hint("`rulemark workflow list` lists them"),
        ("", _) => error,
        (remedy, _) => error.with_hint(remedy),
    }
}

/// The file itself: it is made to be read.
fn show(context: &mut Context, project: &mut Project, name: &str) -> CommandResult {
    let versions = Sessions::default().versions(project, name).map_err(|failure| failed(&failure))?;
    context.terminal.document(versions.found.as_deref().unwrap_or_default())?;
    if let Some(problem) = versions.problem {
        context.terminal.remark(format!("{problem}; `rulemark session repair {name}` shows more"))?;
    }
    Ok(Exit::Ok)
}

fn search(context: &mut Context, project: &mut Project, args: &SessionSearchArgs) -> CommandResult {
    let words = args.words.join(" ");
    let found =
        Sessions::default().search(project, &words, args.limit).map_err(|failure| failed(&failure))?;
    let terminal = &mut context.terminal;
    if args.json.json {
        let found: Vec<Value> =
            found.iter().map(|it| json!({ "session_id": it.session, "excerpt": it.excerpt })).collect();
        terminal.json(&found)?;
        return Ok(Exit::Ok);
    }
    if found.is_empty() {
        terminal.remark("nothing was found")?;
    }
    for it in found {
        let excerpt: Vec<&str> = it.excerpt.split_whitespace().collect();
        terminal.line(Line::new().ink(Ink::Strong, &it.session))?;
        terminal.line(Line::indented(2).ink(Ink::Faint, excerpt.join(" ")))?;
    }
    Ok(Exit::Ok)
}

fn tidy(context: &mut Context, project: &mut Project, args: &SessionGcArgs) -> CommandResult {
    let days = args.days.unwrap_or(project.settings().sessions.keep_days);
    let tidied = Sessions::default().tidy(project, days, args.dry_run).map_err(|failure| failed(&failure))?;
    let terminal = &mut context.terminal;
    if args.json.json {
        terminal.json(&json!({
            "archived": tidied.archived,
            "removed": tidied.removed,
            "dry_run": args.dry_run,
        }))?;
        return Ok(Exit::Ok);
    }
    for name in &tidied.archived {
        terminal.line(Line::new().ink(Ink::Faint, "archive  ").text(name))?;
    }
    let would = if args.dry_run { "would be " } else { "" };
    terminal.remark(format!(
        "{} archived, {} unused files {would}removed",
        tidied.archived.len(),
        tidied.removed
    ))?;
    Ok(Exit::Ok)
}

fn repair(context: &mut Context, project: &mut Project, args: &SessionRepairArgs) -> CommandResult {
    let mut sessions = Sessions::default();
    let name = whole_name(project, &args.session)?;
    let versions = sessions.versions(project, &name).map_err(|failure| failed(&failure))?;
    let Some(problem) = versions.problem else {
        context.terminal.remark("the session is fine")?;
        return Ok(Exit::Ok);
    };
    context.terminal.line(Line::new().ink(Ink::Bad, &problem))?;
    let Some(written) = &versions.written else {
        context.terminal.remark("the journal has no text of it; mend the file by hand")?;
        return Ok(Exit::Findings);
    };
    let found = versions.found.unwrap_or_default();
    // From the text that was whole to the one that lies there.
    let patch = Patch::between(written, &found);
    context.terminal.lines(diff(written, &patch, 2, Extent::Full))?;
    if !args.restore {
        context.terminal.remark("`--restore` puts back what stands behind the minus signs")?;
        return Ok(Exit::Findings);
    }
    sessions.restore(project, &name).map_err(|failure| failed(&failure))?;
    context.terminal.remark("restored; what was there is in the journal")?;
    Ok(Exit::Ok)
}
