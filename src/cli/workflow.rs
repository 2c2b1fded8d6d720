//! `rulemark workflow …` and `rulemark schema`.

mod answer;
mod import;

use super::{
    args::{GraphForm, SchemaArgs, WorkflowCommand},
    change::plural,
    context::Context,
    error::{CommandError, CommandResult, Exit},
    render::{Ink, Line, Table, Terminal},
};
use crate::{
    disk::{LocalFileSystem, create_file},
    library::{BUILT_IN, Entry, FOLDER, Library, bundle_at},
    text::Severity,
    workflow::{Definition, Fault, Gate, Phase, published_schema, tasks::TaskList},
};
use answer::{DefinitionJson, EntryJson, FaultJson};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What `workflow new` begins with when no other is named.
const STARTER: &str = include_str!("../../templates/new_workflow.md");

pub(crate) fn run(context: &mut Context, command: &WorkflowCommand) -> CommandResult {
    match command {
        WorkflowCommand::List { category, json } => list(context, category.as_deref(), *json),
        WorkflowCommand::Show { id, json } => show(context, id, *json),
        WorkflowCommand::Check { paths, json } => check(context, paths, *json),
        WorkflowCommand::New { id, from } => new(context, id, from.as_deref()),
        WorkflowCommand::Schema => print_schema(context),
        WorkflowCommand::Import { path, dry_run } => import::run(context, path, *dry_run),
        WorkflowCommand::Graph { id, form } => graph(context, id, *form),
    }
}

/// `rulemark schema workflow`.
pub(crate) fn schema(context: &mut Context, _: &SchemaArgs) -> CommandResult {
    print_schema(context)
}

/// The project's folder, or the current one: definitions need no state file.
fn root(context: &Context) -> Result<PathBuf, CommandError> {
    match context.project() {
        Ok(project) => Ok(project.workspace().root().to_owned()),
        Err(_) => context.folder(),
    }
}

fn library(context: &Context) -> Result<Library, CommandError> {
    let mut library = Library::of(Some(&root(context)?));
    library.refresh();
    Ok(library)
}

fn list(context: &mut Context, category: Option<&str>, json: bool) -> CommandResult {
    let library = library(context)?;
    let fits = |entry: &&Entry| {
        let of = entry.definition().and_then(|definition| definition.category.as_deref());
        category.is_none() || of == category
    };
    let entries: Vec<&Entry> = library.entries().iter().filter(fits).collect();
    let terminal = &mut context.terminal;
    if json {
        terminal.json(&entries.iter().map(|entry| EntryJson::of(entry)).collect::<Vec<_>>())?;
        return Ok(Exit::Ok);
    }
    let mut table = Table::wrapping(4);
    for entry in entries.iter().filter(|entry| entry.shadowed_by.is_none()) {
        let Some(definition) = entry.definition() else { continue };
        let phases = match (&definition.dynamic, definition.phases.len()) {
            (Some(_), count) => format!("{count}+ phases"),
            (None, count) => format!("{count} {}", plural(count, "phase")),
        };
        table.row(vec![
            Line::new().ink(Ink::Strong, &definition.id),
            Line::new().ink(Ink::Faint, &definition.version),
            Line::from(phases),
            Line::new().ink(Ink::Faint, entry.layer.to_string()),
            Line::from(definition.description.as_str()),
        ]);
    }
    terminal.table(table)?;
    for entry in &entries {
        let Some(error) = entry.errors().next() else { continue };
        let what = match entry.definition() {
            Some(_) => "a gate stays shut: ",
            None => "skipped ",
        };
        terminal.complaint(Line::new().ink(Ink::Caution, what).text(error.to_string()));
    }
    if entries.iter().any(|entry| entry.errors().next().is_some()) {
        terminal.complaint("`rulemark workflow check` says all that is wrong");
    }
    Ok(Exit::Ok)
}

/// The definition that wins under this id.
fn find<'l>(library: &'l Library, id: &str) -> Result<&'l Definition, CommandError> {
    let Some(entry) = library.find(id) else {
        let hint = library.nearest(id).map(|near| format!("did you mean `{near}`?"));
        return Err(CommandError::usage(format!("no workflow is called `{id}`"))
            .with_hint(hint.unwrap_or_else(|| "`rulemark workflow list` lists them".into())));
    };
    entry.definition().ok_or_else(|| {
        let first = entry.errors().next().map(ToString::to_string).unwrap_or_default();
        CommandError::refused(format!("`{id}` can't be read: {first}"))
            .with_hint(format!("`rulemark workflow check {}` says all that is wrong", entry.source))
    })
}

fn show(context: &mut Context, id: &str, json: bool) -> CommandResult {
    let library = library(context)?;
    let definition = find(&library, id)?;
    let terminal = &mut context.terminal;
    if json {
        terminal.json(&DefinitionJson::of(definition))?;
        return Ok(Exit::Ok);
    }
    terminal.line(Line::new().ink(Ink::Strong, &definition.name).ink(
        Ink::Faint,
        format!("  {} {}, {} ({})", definition.id, definition.version, definition.source, definition.form),
    ))?;
    terminal.prose(definition.description.as_str(), 0)?;
    for input in &definition.inputs {
        let need = if input.required { "needed" } else { "optional" };
        let line = Line::new().ink(Ink::Accent, format!("  input {}", input.name));
        terminal.prose(line.text(format!(" ({need}): {}", input.description)), 4)?;
    }
    for phase in &definition.phases {
        show_phase(terminal, phase)?;
    }
    if let Some(dynamic) = &definition.dynamic {
        terminal.line("")?;
        terminal.prose(
            format!("Further phases come from the tasks.md that the option `{}` names.", dynamic.option),
            0,
        )?;
    }
    Ok(Exit::Ok)
}

fn show_phase(terminal: &mut Terminal, phase: &Phase) -> Result<(), CommandError> {
    terminal.line("")?;
    let heading = format!("Phase {}: {}", phase.number, phase.title);
    terminal.line(Line::new().ink(Ink::Strong, heading))?;
    if let Some(when) = &phase.when {
        terminal.prose(Line::new().ink(Ink::Faint, format!("  when {}", when.source)), 4)?;
    }
    for task in &phase.tasks {
        terminal.line(Line::new().text(format!("  task {}: {}", task.number, task.title)))?;
    }
    for line in gate_lines(&phase.gate) {
        terminal.prose(Line::new().ink(Ink::Accent, "  ▢ ").text(line), 4)?;
    }
    Ok(())
}

/// What a gate asks for, a line each.
fn gate_lines(gate: &Gate) -> Vec<String> {
    if let Some(broken) = &gate.broken {
        return vec![format!("stays shut: {}", broken.message)];
    }
    let fields = gate.fields.iter().map(|field| {
        let optional = if field.optional { ", optional" } else { "" };
        let kind = format!("{:?}", field.kind).to_lowercase();
        format!("{} ({kind}{optional}) {}", field.name, field.description)
    });
    let boxes = gate.boxes.iter().map(|check_box| check_box.text.clone());
    let commands = gate.commands.iter().map(|it| format!("`{}` exits with {}", it.command, it.exit_code));
    let rules = gate.rules.iter().map(|rule| match &rule.message {
        Some(message) => format!("refused when: {message}"),
        None => format!("rule: {}", rule.condition.source),
    });
    let approval = gate.approval.iter().map(|_| "a person approves".to_owned());
    fields.chain(boxes).chain(commands).chain(rules).chain(approval).collect()
}

/// The faults of the project's and the user's definitions, or of these files.
fn check(context: &mut Context, paths: &[PathBuf], json: bool) -> CommandResult {
    let faults = if paths.is_empty() {
        let library = library(context)?;
        library.entries().iter().flat_map(|entry| entry.reading.faults.clone()).collect()
    } else {
        let mut faults = Vec::new();
        for path in paths {
            faults.extend(match specification(path)? {
                Some(list) => list.faults,
                None if path.exists() => read_path(path)?.1.faults,
                // What `workflow list` shows can be named as it is shown there.
                None => faults_of(&library(context)?, &path.to_string_lossy())?,
            });
        }
        faults
    };
    if json {
        context.terminal.json(&faults.iter().map(FaultJson::of).collect::<Vec<_>>())?;
    } else {
        tell(&mut context.terminal, &faults)?;
    }
    let is_finding = |fault: &Fault| fault.severity > Severity::Note;
    Ok(if faults.iter().any(is_finding) { Exit::Findings } else { Exit::Ok })
}

/// The phases and tasks of a specification, when that is what lies at `path`: a `tasks.md`, or its folder.
fn specification(path: &Path) -> Result<Option<TaskList>, CommandError> {
    let file = if path.is_dir() { path.join(TASKS) } else { path.to_owned() };
    if file.file_name().is_none_or(|name| name != TASKS) || !file.is_file() {
        return Ok(None);
    }
    let shown = file.display().to_string();
    let text = fs::read_to_string(&file)
        .map_err(|error| CommandError::usage(format!("{shown} can't be read")).because(error))?;
    Ok(Some(TaskList::read(&shown, &text)))
}

/// The file of a specification that has its phases and tasks.
const TASKS: &str = "tasks.md";

/// What is wrong with the definition that wins under this id.
fn faults_of(library: &Library, id: &str) -> Result<Vec<Fault>, CommandError> {
    let Some(entry) = library.find(id) else {
        let error = CommandError::usage(format!("{id} is neither a file nor the id of a workflow"));
        let near = library.nearest(id).map(|near| format!("did you mean `{near}`?"));
        return Err(error.with_hint(near.unwrap_or_else(|| "`rulemark workflow list` lists them".into())));
    };
    Ok(entry.reading.faults.clone())
}

/// Prints findings and how many there are.
fn tell(terminal: &mut Terminal, faults: &[Fault]) -> Result<(), CommandError> {
    for fault in faults {
        let ink = match fault.severity {
            Severity::Error => Ink::Bad,
            Severity::Warning => Ink::Caution,
            Severity::Note => Ink::Faint,
        };
        let line = Line::new().text(format!("{}: ", fault.place)).ink(ink, fault.severity.to_string());
        terminal.prose(line.text(format!(": {}", fault.message)), 4)?;
        if let Some(hint) = &fault.hint {
            terminal.prose(Line::new().ink(Ink::Faint, format!("    {hint}")), 4)?;
        }
    }
    let count = |severity| faults.iter().filter(|fault| fault.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    terminal.remark(if errors + warnings == 0 {
        "nothing is wrong".to_owned()
    } else {
        format!("{errors} {}, {warnings} {}", plural(errors, "error"), plural(warnings, "warning"))
    })
}

/// Reads the file or folder at `path`, wherever it lies.
fn read_path(path: &Path) -> Result<(crate::workflow::Bundle, crate::workflow::Reading), CommandError> {
    let absolute = path
        .canonicalize()
        .map_err(|error| CommandError::usage(format!("{} can't be read", path.display())).because(error))?;
    let parent = absolute.parent().unwrap_or(&absolute);
    let shown = path.to_string_lossy().trim_end_matches('/').to_owned();
    let bundle = bundle_at(&absolute, parent, &shown).map_err(CommandError::usage)?;
    let reading = bundle.read();
    Ok((bundle, reading))
}

fn new(context: &mut Context, id: &str, from: Option<&str>) -> CommandResult {
    let text = match from {
        None => STARTER,
        Some(from) => {
            BUILT_IN.iter().find(|file| file.id == from).map(|file| file.text).ok_or_else(|| {
                CommandError::usage(format!("the library has no `{from}`"))
                    .with_hint("`rulemark workflow list` lists them")
            })?
        }
    };
    let old = from.unwrap_or("new-workflow");
    let text = text.replacen(&format!("id: {old}\n"), &format!("id: {id}\n"), 1);
    let shown = format!("{FOLDER}/{id}.md");
    let reading = crate::workflow::Bundle::of_file(shown.as_str(), text.as_str()).read();
    if let Some(fault) = reading.faults.iter().find(|fault| fault.is_error()) {
        return Err(CommandError::usage(format!("`{id}` can't be the id of a workflow: {}", fault.message))
            .with_hint("an id has 3 to 64 letters a to z, digits and `-`"));
    }
    let folder = root(context)?.join(FOLDER);
    fs::create_dir_all(&folder)
        .map_err(|error| CommandError::refused(format!("{FOLDER}/ can't be made")).because(error))?;
    let is_new = create_file(&LocalFileSystem, &folder.join(format!("{id}.md")), &text)
        .map_err(|error| CommandError::refused(format!("{shown} can't be written")).because(error))?;
    if !is_new {
        return Err(CommandError::refused(format!("{shown} is there already"))
            .with_hint("choose another id, or edit it"));
    }
    context.terminal.remark(Line::new().ink(Ink::Good, "made").text(format!(" {shown}")))?;
    context.terminal.remark(format!("edit it, then `rulemark workflow check {shown}`"))?;
    Ok(Exit::Ok)
}

fn print_schema(context: &mut Context) -> CommandResult {
    context.terminal.document(&published_schema())?;
    Ok(Exit::Ok)
}

fn graph(context: &mut Context, id: &str, form: GraphForm) -> CommandResult {
    let library = library(context)?;
    let definition = find(&library, id)?;
    let picture = match form {
        GraphForm::Mermaid => definition.to_mermaid(),
        GraphForm::Svg => definition.to_svg(),
    };
    context.terminal.document(&picture)?;
    Ok(Exit::Ok)
}
