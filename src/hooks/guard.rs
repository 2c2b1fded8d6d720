//! Whether an agent may do what it is about to do.

use super::{
    occasion::{Edit, Reply},
    place::{Place, Places},
    protocol::{Caller, Heard},
    shell::{self, Own, Surroundings, Write},
    wording,
};
use crate::{
    document::{WorkflowState, conflict_markers},
    engine::{self, ClosedSources, Lack, OnViolation},
    runtime::{Documents, Error, Project},
    text::Severity,
};
use std::path::Path;

/// Subcommands of `rulemark` that are a person's, with the arguments that make them harmless.
const PERSONAL: [(&str, &[&str]); 4] =
    [("approve", &[]), ("reject", &[]), ("trust", &["--list", "--json"]), ("uninit", &["--dry-run"])];

/// Judges an edit.
pub(super) fn edit(project: &Project, heard: &Heard, edit: &Edit) -> Result<Reply, Error> {
    let places = Places::new(project.workspace(), &project.settings().hooks.documents);
    let path = heard.folder.as_deref().unwrap_or(project.workspace().root()).join(&edit.path);
    let shown = shown(project, &path);
    match places.of(&path) {
        Place::Outside | Place::Document => Ok(Reply::Nothing),
        Place::Reserved(what) => Ok(Reply::Refuse(reserved(&shown, what))),
        Place::Whole => Ok(Reply::Refuse(whole(&shown))),
        Place::State => state(project, edit),
        Place::Source => source(project, &shown),
    }
}

/// Judges a command line.
pub(super) fn command(
    project: &Project,
    heard: &Heard,
    caller: &Caller<'_>,
    line: &str,
) -> Result<Reply, Error> {
    let root = project.workspace().root();
    let folder = heard.folder.as_deref().unwrap_or(root);
    let sight = shell::look(line, Surroundings { folder, home: caller.home, root });
    if let Some(own) = sight.own.iter().find(|own| is_personal(own)) {
        return Ok(Reply::Refuse(personal(own)));
    }
    let places = Places::new(project.workspace(), &project.settings().hooks.documents);
    let mut written = Vec::new();
    for write in &sight.writes {
        let is_named = write.path.file_name().says_something() || write.path.exact().is_some();
        let shown = if is_named {
            shown(project, Path::new(&write.path.shown()))
        } else {
            format!("what `{}` would write, which only running it would tell,", wording::line(&write.by))
        };
        match places.may_be(&write.path) {
            Some(Place::Reserved(what)) => return Ok(Reply::Refuse(reserved(&shown, what))),
            Some(Place::Whole) => return Ok(Reply::Refuse(whole(&shown))),
            Some(Place::State) => return Ok(Reply::Refuse(state_by_command(&shown, write))),
            Some(Place::Outside | Place::Document) => {}
            Some(Place::Source) | None => written.push(shown),
        }
    }
    if sight.is_unreadable {
        written.push("what this command writes, which is nested too deeply to be read,".into());
    }
    written.first().map_or(Ok(Reply::Nothing), |first| source(project, first))
}

/// Judges a change of a source, which is called `shown`.
fn source(project: &Project, shown: &str) -> Result<Reply, Error> {
    if project.settings().engine.gates.on_violation == OnViolation::Off {
        return Ok(Reply::Nothing);
    }
    let documents = project.read_merged()?;
    let named = project.settings().hooks.edit_phases.as_deref();
    if let Some(closed) = engine::closed_sources(&documents.state.text, named) {
        return Ok(Reply::Refuse(too_early(project, &documents, &closed, shown)?));
    }
    Ok(project.unapproved_plan(&documents).map_or(Reply::Nothing, |Lack { what, remedy }| {
        let what = wording::line(&what);
        Reply::Refuse(format!("{shown} can't be changed now: {what}. To do: {remedy}; ask, and wait"))
    }))
}

/// Judges an edit of the state file by what it would say.
fn state(project: &Project, edit: &Edit) -> Result<Reply, Error> {
    let documents = match project.read() {
        // The first one is not kept from anybody.
        Err(Error::NoState(_)) => return Ok(Reply::Nothing),
        documents => documents?,
    };
    let before = &documents.state.text;
    let Some(after) = edit.change.apply(before) else {
        let name = project.workspace().relative(project.workspace().state()).display().to_string();
        return Ok(Reply::Refuse(format!(
            "{name} can't be changed so: what it would say can't be told beforehand. Read it again and replace \
             text that stands in it once, or use `rulemark set KEY=VALUE`, `rulemark log TEXT`, `rulemark item …`"
        )));
    };
    // What git could not merge says nothing that could be compared; what is saved is held against the gates.
    if conflict_markers(before).is_some() {
        return Ok(Reply::Nothing);
    }
    if conflict_markers(&after).is_some() {
        return Ok(Reply::Refuse("the edit would leave marks of a conflict in the state file".into()));
    }
    // Both are read once: a state file may be a megabyte long.
    let (was, is) = (WorkflowState::parse(before), WorkflowState::parse(&after));
    if !engine::keeps_rules(was.outline(), is.outline()) {
        return Ok(Reply::Refuse(
            "the Rules section is the person's: an agent's edit must leave it as it is, letter for letter. Make \
             the rest of the edit without it, and tell the person what rule you would change"
                .into(),
        ));
    }
    if keys(&was) == keys(&is) {
        return Ok(Reply::Nothing);
    }
    let outcome = project.foresee(&documents, &after)?;
    let findings = outcome
        .diagnostics
        .iter()
        .filter(|it| it.severity > Severity::Note && engine::GATES.contains(&it.code));
    let found: Vec<_> = findings.collect();
    let Some(first) = found.first() else { return Ok(Reply::Nothing) };
    let told: Vec<String> = found.iter().map(|it| wording::line(&it.message)).collect();
    let told = told.join("; ");
    Ok(match project.settings().engine.gates.on_violation {
        OnViolation::Revert => {
            // Nothing has gone back yet: what is left of the hint is what to do.
            let hint = first.hint.as_deref().unwrap_or("see `rulemark next`");
            let remedy = hint.split_once(" again; ").map_or(hint, |(_, remedy)| remedy);
            Reply::Refuse(format!(
                "the gates would take this edit back: {told}. To do: {}",
                wording::line(remedy)
            ))
        }
        _ => Reply::Remark(format!(
            "the gates object to this edit: {told}. It will stand in the Log; go back unless the person wants it so"
        )),
    })
}

/// The State keys and their values.
fn keys(state: &WorkflowState<'_>) -> Vec<(String, Option<String>)> {
    let value = |key: &crate::document::StateKey| key.known_value().map(str::to_owned);
    state.keys().iter().map(|key| (key.name.to_lowercase(), value(key))).collect()
}

fn too_early(
    project: &Project,
    documents: &Documents,
    closed: &ClosedSources,
    shown: &str,
) -> Result<String, Error> {
    let open = match closed.open.as_slice() {
        [] => "no phase".to_owned(),
        [phase] => wording::line(phase),
        phases => phases.iter().map(|phase| wording::line(phase)).collect::<Vec<_>>().join(" and "),
    };
    let now = match (&closed.phase, closed.is_known) {
        (Some(phase), true) => format!("the phase is {}", wording::line(phase)),
        (Some(phase), false) => {
            format!("the phase is {}, which the file does not define", wording::line(phase))
        }
        (None, _) => "the state file names no phase".into(),
    };
    let guidance = project.guidance(documents)?;
    let what = match guidance.closings.first() {
        _ if !closed.is_known => "set a phase that the file defines".to_owned(),
        _ if closed.back.is_some() => {
            let back = closed.back.as_deref().map(wording::line).unwrap_or_default();
            format!("if there is something to mend, go back with `rulemark set Phase={back}`")
        }
        _ if guidance.needs_item => "name the task first: `rulemark item add \"…\"`".to_owned(),
        Some(closing) if closing.by == engine::Turn::Person => {
            "a person has to approve the plan first".into()
        }
        Some(closing) => {
            let keys =
                closing.assignments.iter().map(|(key, value)| format!("{key}={}", wording::line(value)));
            let keys: Vec<String> = keys.collect();
            format!("do its steps, then `rulemark set {}`", keys.join(" "))
        }
        None => "see what waits".into(),
    };
    Ok(format!(
        "{shown} can't be changed now: sources change only in {open}, and {now}. To do: {what}; `rulemark next` \
         says the steps. The state file, the config file and documents can be edited"
    ))
}

fn reserved(shown: &str, what: &str) -> String {
    format!("{shown} is not an agent's to change: it holds {what}. Ask the person to change it")
}

fn whole(shown: &str) -> String {
    format!(
        "{shown} can't be changed as a whole: the state file or Rulemark's records are in it. Name the files you \
         mean"
    )
}

fn state_by_command(shown: &str, write: &Write) -> String {
    let by = wording::line(&write.by);
    format!(
        "{shown} can't be changed by a shell command (`{by}`): what it would say can't be told beforehand. Use \
         your edit tool, or `rulemark set KEY=VALUE`, `rulemark log TEXT`, `rulemark item add TEXT`"
    )
}

fn is_personal(own: &Own) -> bool {
    let harmless = |allowed: &&[&str]| own.arguments.iter().any(|it| allowed.contains(&it.as_str()));
    PERSONAL.iter().any(|(name, allowed)| *name == own.subcommand && !harmless(allowed))
}

fn personal(own: &Own) -> String {
    format!(
        "`rulemark {}` is a person's decision: say what you need and why, and wait for them to run it",
        own.subcommand
    )
}

/// A path as people know it.
fn shown(project: &Project, path: &Path) -> String {
    let path = project.workspace().relative(path).to_string_lossy();
    wording::line(if path.is_empty() { "." } else { &path })
}
