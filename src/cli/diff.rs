//! `rulemark diff`.

use super::{
    args::DiffArgs,
    context::Context,
    error::{CommandError, CommandResult, Exit},
    history::{self, EntryJson},
    json::ChangeJson,
    render::{Extent, Ink, Line, diff},
};
use crate::{
    journal::Entry,
    runtime::Project,
    text::{DocumentId, Patch},
};

/// A file's name, its text before an entry, and what the entry did to it.
type Change = (String, String, Patch);

pub(crate) fn run(context: &mut Context, args: &DiffArgs) -> CommandResult {
    let project = context.project()?;
    let entry = match args.entry {
        Some(number) => history::find(&project, number)?,
        None => project.history(1)?.into_iter().next().ok_or_else(|| {
            CommandError::usage("no run has been recorded yet")
                .with_hint("`rulemark apply` or `rulemark watch` runs the rules")
        })?,
    };
    let changes = changes(&project, &entry)?;
    let terminal = &mut context.terminal;
    if args.json {
        #[derive(serde::Serialize)]
        struct DiffJson {
            #[serde(flatten)]
            entry: EntryJson,
            changed: Vec<ChangeJson>,
        }
        let changed = changes.into_iter().filter_map(|(file, before, patch)| {
            let after = patch.apply(&before).ok()?;
            ChangeJson::of(file, &before, &after)
        });
        let changed = changed.collect();
        terminal.json(&DiffJson { entry: EntryJson::from(&entry), changed })?;
        return Ok(Exit::Ok);
    }
    terminal.line(history::headline(&entry))?;
    for (file, before, patch) in changes {
        let lines = diff(&before, &patch, 2, Extent::Full);
        if !lines.is_empty() {
            terminal.line(Line::new().ink(Ink::Strong, file))?;
            terminal.lines(lines)?;
        }
    }
    Ok(Exit::Ok)
}

fn changes(project: &Project, entry: &Entry) -> Result<Vec<Change>, CommandError> {
    let mut changes = Vec::new();
    for file in entry.files.iter().filter(|file| !file.patch.is_empty()) {
        let before = project.version(file.before())?.ok_or_else(|| {
            CommandError::refused(format!("the journal no longer keeps the text before entry {}", entry.seq))
        })?;
        if let Err(error) = file.patch.apply(&before) {
            return Err(CommandError::refused(format!(
                "entry {} does not fit the text it is about",
                entry.seq
            ))
            .because(error)
            .with_hint("`rulemark history verify` shows what is damaged"));
        }
        let path = match file.document {
            DocumentId::State => project.workspace().state(),
            DocumentId::Config => project.workspace().config(),
        };
        changes.push((
            path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            before,
            file.patch.clone(),
        ));
    }
    Ok(changes)
}
