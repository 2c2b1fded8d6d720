//! After an edit: the rules run at once, and the agent is told what they did.

use super::{
    occasion::Reply,
    place::{Place, Places},
    protocol::Heard,
    wording,
};
use crate::{
    engine::{Cause, Effect, Lack},
    runtime::{Error, Project, Run},
    text::Severity,
};
use std::path::Path;

/// How many lines are told, …
const LINES: usize = 8;
/// … and how many bytes.
const BYTES: usize = 1_024;

/// Runs the rules behind an edit.
pub(super) fn edit(project: &mut Project, heard: &Heard, path: &Path) -> Result<Reply, Error> {
    let path = heard.folder.as_deref().unwrap_or(project.workspace().root()).join(path);
    let place = Places::new(project.workspace(), &project.settings().hooks.documents).of(&path);
    let relative = project.workspace().relative(&path).to_string_lossy().into_owned();
    let cause = match place {
        Place::Source => Cause::SourceSaved(relative),
        Place::State | Place::Document => Cause::FilesChanged,
        Place::Outside | Place::Reserved(_) | Place::Whole => return Ok(Reply::Nothing),
    };
    let run = project.run(cause)?;
    // Whoever has just changed the plan hears at once that its approval went with it.
    let lack = if place == Place::State { project.unapproved_plan(&project.read()?) } else { None };
    Ok(told(&run, lack.as_ref()))
}

/// Runs the rules behind a command: it may have written anything.
pub(super) fn command(project: &mut Project) -> Result<Reply, Error> {
    Ok(told(&project.run(Cause::FilesChanged)?, None))
}

/// What a run did, for the agent, and what the plan lacks.
pub(super) fn told(run: &Run, lack: Option<&Lack>) -> Reply {
    let mut lines = Vec::new();
    for firing in &run.outcome.firings {
        let done = if firing.done.is_empty() { "nothing to do".into() } else { firing.done.join("; ") };
        lines.push(format!("{}: {}", firing.clause.rule, wording::line(&done)));
    }
    for effect in &run.outcome.effects {
        match effect {
            Effect::Waits { id } => {
                let step = run.outcome.memory.pending.iter().find(|step| step.id == *id);
                let text = step.map(|step| wording::line(&step.text)).unwrap_or_default();
                lines.push(format!("now waits: {text} (when done: `rulemark done {id}`)"));
            }
            Effect::TakenForApproved { .. } => {}
            Effect::ChecksDue => lines.push("the checks are due: run `rulemark test` now".into()),
            Effect::Tell { text, .. } => lines.push(format!("tell the person: {}", wording::line(text))),
        }
    }
    for found in run.outcome.diagnostics.iter().filter(|it| it.severity > Severity::Note) {
        let hint = found.hint.as_ref().map(|hint| format!("; {}", wording::line(hint))).unwrap_or_default();
        lines.push(format!("{}: {}{hint}", found.severity, wording::line(&found.message)));
    }
    if lines.is_empty() && run.notices.is_empty() && lack.is_none() {
        return Reply::Nothing;
    }
    if lines.len() > LINES {
        let rest = lines.len() - LINES;
        lines.truncate(LINES);
        lines.push(format!("… {rest} more; `rulemark history` has them"));
    }
    let wrote =
        if run.wrote() { "\nThe files have changed: read them again before you edit them" } else { "" };
    if !lines.is_empty() {
        lines.insert(0, "The rules of workflow_state.md ran:".into());
    }
    // Whoever hears that its copy was merged must not save it once more.
    let notices = run.notices.iter().map(|notice| wording::line(notice));
    let told: Vec<String> = notices.chain(lack.map(wording::lack)).chain(lines).collect();
    let told = told.join("\n");
    Reply::Remark(wording::within(&told, BYTES - wrote.len()) + wrote)
}
