//! `rulemark conflicts`: what Rulemark had written and somebody else overruled in the same moment.

use super::{
    args::{ConflictsArgs, ConflictsCommand},
    context::Context,
    error::{CommandError, CommandResult, Exit},
    render::{Ink, Line},
    report::{self, Form},
};
use crate::{
    document::merge::{self, take_ours},
    engine::Cause,
    journal::{Attested, Conflict, Entry},
    runtime::{Documents, Edits, Error, Project},
    text::{DocumentId, Patch},
};
use serde::Serialize;

/// How many entries back `status` looks.
pub(crate) const RECENT: usize = 20;

/// How many entries back the list goes.
const FARTHEST: usize = 1_000;

/// A conflict whose other side still stands in the file.
pub(crate) struct Open<'e> {
    /// The entry that kept it, and its number there, from 1.
    id: String,
    conflict: &'e Conflict,
    /// The document with ours in the place.
    taken: String,
}

/// One conflict.
#[derive(Serialize)]
pub(crate) struct ConflictJson {
    /// What `rulemark conflicts take` gets.
    id: String,
    /// `state` or `config`.
    document: String,
    pub(crate) place: String,
    base: String,
    /// What Rulemark had written.
    ours: String,
    /// What stands there.
    theirs: String,
}

impl From<&Open<'_>> for ConflictJson {
    fn from(open: &Open<'_>) -> Self {
        let Conflict { document, place, base, ours, theirs } = open.conflict.clone();
        Self { id: open.id.clone(), document: document.to_string(), place, base, ours, theirs }
    }
}

/// The conflicts that `entries` kept and that are not settled: what won still stands in the file, and nobody
/// has said that it may. Newest first.
pub(crate) fn open<'e>(
    project: &Project,
    entries: &'e [Entry],
    documents: &Documents,
) -> Result<Vec<Open<'e>>, Error> {
    let mut open = overruled(entries, documents);
    let mut refused = Ok(());
    open.retain(|it| {
        let dropped = project.is_conflict_dropped(&it.id);
        dropped.map(|is_dropped| !is_dropped).unwrap_or_else(|error| {
            refused = Err(error);
            true
        })
    });
    refused.map(|()| open)
}

/// The conflicts that `entries` kept, where what won still stands in the file.
fn overruled<'e>(entries: &'e [Entry], documents: &Documents) -> Vec<Open<'e>> {
    let numbered = entries.iter().flat_map(|entry| {
        let conflicts = entry.conflicts.iter().enumerate();
        conflicts.map(|(index, conflict)| (format!("{}.{}", entry.seq, index + 1), conflict))
    });
    let still = numbered.filter_map(|(id, conflict)| {
        let text = &documents.get(conflict.document)?.text;
        let Conflict { place, base, ours, theirs, .. } = conflict.clone();
        let taken = take_ours(text, &merge::Conflict { place, base, ours, theirs })?;
        Some(Open { id, conflict, taken })
    });
    still.collect()
}

pub(crate) fn run(context: &mut Context, args: &ConflictsArgs) -> CommandResult {
    let mut project = context.project()?;
    let entries = project.history(FARTHEST)?;
    let documents = project.read()?;
    let found = open(&project, &entries, &documents)?;
    if let Some(ConflictsCommand::Take { id } | ConflictsCommand::Drop { id }) = &args.command
        && !found.iter().any(|open| open.id == *id)
    {
        return Err(CommandError::usage(format!("there is no open conflict {id}"))
            .with_hint("`rulemark conflicts` lists them"));
    }
    match &args.command {
        Some(ConflictsCommand::Take { id }) => return take(context, &mut project, &entries, id),
        Some(ConflictsCommand::Drop { id }) => return drop(context, &mut project, id),
        None => {}
    }
    let terminal = &mut context.terminal;
    if args.json {
        terminal.json(&found.iter().map(ConflictJson::from).collect::<Vec<_>>())?;
        return Ok(Exit::Ok);
    }
    if found.is_empty() {
        terminal.remark("nothing that Rulemark wrote was overruled")?;
    }
    for Open { id, conflict, .. } in &found {
        let Conflict { place, base, ours, theirs, .. } = conflict;
        terminal.line(Line::new().ink(Ink::Strong, id).text(" ").text(place))?;
        for (who, text, ink) in
            [("before", base, Ink::Faint), ("ours", ours, Ink::Bad), ("file", theirs, Ink::Good)]
        {
            let lines: Vec<&str> = if text.is_empty() { vec!["(nothing)"] } else { text.lines().collect() };
            for (number, line) in lines.into_iter().enumerate() {
                let who = if number == 0 { who } else { "" };
                terminal.line(Line::indented(2).ink(Ink::Faint, format!("{who:<7} ")).ink(ink, line))?;
            }
        }
        for (command, does) in [("take", "puts ours in its place"), ("drop", "keeps what the file says")] {
            let command = Line::indented(2).ink(Ink::Accent, format!("rulemark conflicts {command} {id}"));
            terminal.line(command.ink(Ink::Faint, format!("  {does}")))?;
        }
    }
    Ok(Exit::Ok)
}

fn take(context: &mut Context, project: &mut Project, entries: &[Entry], id: &str) -> CommandResult {
    let label = format!("conflicts take {id}");
    let run = project.edit(&label, Cause::FilesChanged, &mut |documents| {
        let mut edits = Edits::default();
        if let Some(found) = overruled(entries, documents).into_iter().find(|open| open.id == id)
            && let Some(document) = documents.get(found.conflict.document)
        {
            let patch = Patch::between(&document.text, &found.taken);
            match found.conflict.document {
                DocumentId::State => edits.state = patch.edits().to_vec(),
                DocumentId::Config => edits.config = patch.edits().to_vec(),
            }
        }
        Ok(edits)
    })?;
    report::conclude(&mut context.terminal, project, &run, Form::Brief)
}

fn drop(context: &mut Context, project: &mut Project, id: &str) -> CommandResult {
    let label = format!("conflicts drop {id}");
    let run = project.edit(&label, Cause::FilesChanged, &mut |_| {
        Ok(Edits { attested: vec![Attested::DroppedConflict(id.to_owned())], ..Edits::default() })
    })?;
    report::conclude(&mut context.terminal, project, &run, Form::Brief)
}
