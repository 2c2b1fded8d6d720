//! `rulemark trust`: which commands the project names, and the decision to let them run.

use super::{
    args::TrustArgs,
    change::plural,
    context::Context,
    error::{CommandError, CommandResult, Exit},
    render::{Ink, Line, Terminal},
    session,
};
use crate::{
    engine::NamedCommand,
    runtime::{Checks, Documents, Project},
    sessions,
    text::DocumentId,
    trust::{Person, Standing, Trust, UserFolders},
};
use serde::Serialize;

/// The answer of `trust --json`.
#[derive(Serialize)]
struct TrustJson {
    project: String,
    /// `trusted`, `unknown`, `changed` or `no commands`.
    standing: &'static str,
    commands: Vec<CommandJson>,
    /// Command lines that are new or gone since trust was given.
    added: Vec<String>,
    removed: Vec<String>,
}

/// One command.
#[derive(Serialize)]
struct CommandJson {
    /// `test`, `lint`, `check`, `format`, `build`, or the rule or workflow it is a step of.
    purpose: String,
    label: String,
    line: String,
    file: String,
    at: usize,
    /// The destructive git command in it, which is never run.
    left_to_person: Option<String>,
}

/// One project of `trust --list --json`.
#[derive(Serialize)]
struct TrustedJson {
    project: String,
    since: String,
    commands: Vec<String>,
}

pub(crate) fn run(context: &mut Context, args: &TrustArgs) -> CommandResult {
    let folders = user_folders()?;
    if args.list {
        return list(&mut context.terminal, &Trust::new(&folders), args.json);
    }
    let project = context.project()?;
    if let Some(workflow) = &args.workflow {
        return of_workflow(context, &project, (workflow, args), &folders);
    }
    let documents = project.read()?;
    let checks = project.checks(&documents, &folders)?;
    let root = project.workspace().root().display().to_string();
    let terminal = &mut context.terminal;
    if args.revoke {
        return revoke(terminal, &checks);
    }
    let standing = checks.standing()?;
    if args.json {
        terminal.json(&answer(root, &checks, |command| file(command, &documents), standing))?;
        return Ok(Exit::Ok);
    }
    if standing == Standing::NoCommands {
        terminal.line("the project names no commands")?;
        return Ok(Exit::Ok);
    }
    show(terminal, checks.commands(), &documents)?;
    let count = checks.commands().len();
    let question = format!(
        "Let Rulemark run {} in {root}?",
        if count == 1 { "this command".into() } else { format!("these {count} commands") }
    );
    let granted = format!("trusted: {count} {}; any change asks again", plural(count, "command"));
    decide(terminal, (&checks, &standing), &folders, &Offer { question, granted, is_accepted: args.yes })
}

/// The commands that the gates of a workflow run.
fn of_workflow(
    context: &mut Context,
    project: &Project,
    (workflow, args): (&str, &TrustArgs),
    folders: &UserFolders,
) -> CommandResult {
    let found = sessions::gate_commands(project, workflow);
    let (source, commands) = found.map_err(|failure| session::failed(&failure))?;
    let checks = project.workflow_checks(workflow, commands, folders)?;
    let terminal = &mut context.terminal;
    if args.revoke {
        return revoke(terminal, &checks);
    }
    let standing = checks.standing()?;
    if args.json {
        let root = project.workspace().root().display().to_string();
        terminal.json(&answer(root, &checks, |_| source.clone(), standing))?;
        return Ok(Exit::Ok);
    }
    if standing == Standing::NoCommands {
        terminal.line(format!("the gates of {workflow} run no commands"))?;
        return Ok(Exit::Ok);
    }
    for command in checks.commands() {
        let place = format!("  {source}:{}", command.at);
        terminal.prose(Line::new().ink(Ink::Strong, &command.label).ink(Ink::Faint, place), 2)?;
        show_line(terminal, command)?;
    }
    terminal.line("")?;
    let question = format!("Let Rulemark run them at the gates of {workflow}?");
    let granted = "trusted; any change asks again".to_owned();
    decide(terminal, (&checks, &standing), folders, &Offer { question, granted, is_accepted: args.yes })
}

fn revoke(terminal: &mut Terminal, checks: &Checks) -> CommandResult {
    let had = checks.revoke()?;
    terminal.remark(if had { "the commands no longer run" } else { "nothing was trusted" })?;
    Ok(Exit::Ok)
}

/// Commands that were shown, and are offered for trust.
struct Offer {
    question: String,
    /// What is said when they are trusted from now on.
    granted: String,
    /// Whether the person has said yes already.
    is_accepted: bool,
}

/// Has a person decide, unless the commands are trusted as they are.
fn decide(
    terminal: &mut Terminal,
    (checks, standing): (&Checks, &Standing),
    folders: &UserFolders,
    offer: &Offer,
) -> CommandResult {
    match standing {
        Standing::Trusted => {
            terminal.remark("trusted")?;
            return Ok(Exit::Ok);
        }
        Standing::Changed { added, removed } => changes(terminal, added, removed)?,
        _ => {}
    }
    // The list is worth having also for whoever may not decide.
    terminal.flush()?;
    require_person(Person::around(checks.settings()), "trust commands", folders)?;
    if !offer.is_accepted && !terminal.ask(&offer.question)? {
        return Err(CommandError::waiting("not trusted; nothing will run"));
    }
    checks.grant()?;
    terminal.remark(offer.granted.as_str())?;
    Ok(Exit::Ok)
}

/// The user's folders.
pub(crate) fn user_folders() -> Result<UserFolders, CommandError> {
    UserFolders::of_environment().map_err(|error| CommandError::usage(error.to_string()))
}

/// Refuses whoever is no person, or can't be asked, by the user's own settings.
pub(crate) fn expect_person(what: &str) -> Result<(), CommandError> {
    let folders = user_folders()?;
    let settings = folders.settings().map_err(|error| CommandError::usage(error.to_string()))?;
    require_person(Person::around(&settings), what, &folders)
}

fn require_person(person: Person, what: &str, folders: &UserFolders) -> Result<(), CommandError> {
    let refusal = match person {
        Person::AtTerminal | Person::Vouched => return Ok(()),
        Person::Agent(agent) => format!("only a person may {what}, and this shell was started by {agent}"),
        Person::NoTerminal => format!("only a person may {what}, and there is no terminal to ask at"),
    };
    let settings = folders.settings_path();
    Err(CommandError::waiting(refusal).with_hint("run it in a terminal of your own").with_hint(format!(
        "`[person] unattended = true` in {} lets it pass, on this machine",
        settings.display()
    )))
}

/// Shows every command in full: what is cut off can't be agreed to.
fn show(
    terminal: &mut Terminal,
    commands: &[NamedCommand],
    documents: &Documents,
) -> Result<(), CommandError> {
    for command in commands {
        let head = Line::new().ink(Ink::Strong, command.purpose.name()).text(format!("  {}", command.label));
        let place = format!("  {}:{}", file(command, documents), command.at);
        terminal.prose(head.ink(Ink::Faint, place), 2)?;
        show_line(terminal, command)?;
    }
    terminal.line("")
}

/// A command itself, and why it is not run where it is not.
fn show_line(terminal: &mut Terminal, command: &NamedCommand) -> Result<(), CommandError> {
    terminal.prose(Line::indented(4).ink(Ink::Accent, &command.line), 2)?;
    if let Some(what) = command.destructive() {
        let remark = format!("never run: `{what}` is left to a person");
        terminal.prose(Line::indented(4).ink(Ink::Caution, remark), 2)?;
    }
    Ok(())
}

fn changes(terminal: &mut Terminal, added: &[String], removed: &[String]) -> Result<(), CommandError> {
    terminal.line("changed since they were trusted")?;
    for line in removed {
        terminal.line(Line::indented(2).ink(Ink::Bad, "- ").text(line))?;
    }
    for line in added {
        terminal.line(Line::indented(2).ink(Ink::Good, "+ ").text(line))?;
    }
    if added.is_empty() && removed.is_empty() {
        terminal.line(Line::indented(2).text("their order"))?;
    }
    terminal.line("")
}

fn list(terminal: &mut Terminal, trust: &Trust, json: bool) -> CommandResult {
    let projects = trust.projects().map_err(crate::runtime::Error::from)?;
    if json {
        let projects = projects.into_iter().map(|project| TrustedJson {
            project: project.root.display().to_string(),
            since: project.since,
            commands: project.lines,
        });
        terminal.json(&projects.collect::<Vec<_>>())?;
        return Ok(Exit::Ok);
    }
    if projects.is_empty() {
        terminal.line("nothing is trusted")?;
    }
    for project in projects {
        let since = format!("  since {}", project.since.replace('T', " "));
        terminal
            .line(Line::new().ink(Ink::Strong, project.root.display().to_string()).ink(Ink::Faint, since))?;
        for line in project.lines {
            terminal.line(Line::indented(2).text(line))?;
        }
    }
    Ok(Exit::Ok)
}

fn answer(
    root: String,
    checks: &Checks,
    file_of: impl Fn(&NamedCommand) -> String,
    standing: Standing,
) -> TrustJson {
    let command = |command: &NamedCommand| CommandJson {
        purpose: command.purpose.name().to_owned(),
        label: command.label.clone(),
        line: command.line.clone(),
        file: file_of(command),
        at: command.at,
        left_to_person: command.destructive(),
    };
    let (standing, added, removed) = match standing {
        Standing::NoCommands => ("no commands", Vec::new(), Vec::new()),
        Standing::Trusted => ("trusted", Vec::new(), Vec::new()),
        Standing::Unknown => ("unknown", Vec::new(), Vec::new()),
        Standing::Changed { added, removed } => ("changed", added, removed),
    };
    let commands = checks.commands().iter().map(command).collect();
    TrustJson { project: root, standing, commands, added, removed }
}

fn file(command: &NamedCommand, documents: &Documents) -> String {
    let document = match command.document {
        DocumentId::State => Some(&documents.state),
        DocumentId::Config => documents.config.as_ref(),
    };
    document.map(super::report::name).unwrap_or_default()
}
