//! `rulemark merge-driver`: what git calls to merge a document.

use super::{
    args::MergeDriverArgs,
    context::Context,
    error::{CommandError, CommandResult, Exit},
    render::{Ink, Line},
};
use crate::{
    document::merge::{BranchMerge, Conflict, Current, Position, Side, merge_branches},
    engine::Limits,
};
use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::Path,
};

/// Writes the merged document over OURS. Git reads the exit code: 0 means merged, anything else a
/// conflict, in which OURS holds the current branch's version of what both changed, and everything
/// else of both.
pub(crate) fn run(context: &mut Context, args: &MergeDriverArgs) -> CommandResult {
    let name = args.path.clone().unwrap_or_else(|| args.ours.display().to_string());
    let base = read(&args.base, &name, "before the branches parted")?;
    let ours = read(&args.ours, &name, "on this branch")?;
    let theirs = read(&args.theirs, &name, "on the other branch")?;
    let found = merge_branches(&base, &ours, &theirs);
    if found.merged.text != ours {
        overwrite(&args.ours, &found.merged.text)?;
    }
    let lines = told(&name, &found);
    context.terminal.aside(lines)?;
    Ok(if found.merged.conflicts.is_empty() { Exit::Ok } else { Exit::Findings })
}

/// The text of one version; `name` and `place` say which, as the file is git's own and temporary.
fn read(path: &Path, name: &str, place: &str) -> Result<String, CommandError> {
    let limit = Limits::default().file_size as u64;
    let refused = |message: &str| {
        CommandError::refused(format!("{name}, as it is {place}, {message}"))
            .with_hint("the file is what it was on this branch; `git checkout --theirs` takes the other's")
    };
    let length = fs::metadata(path).map_err(|error| refused("can't be read").because(error))?.len();
    if length > limit {
        return Err(refused(&format!("has {length} bytes; the limit is {limit}")));
    }
    let bytes = fs::read(path).map_err(|error| refused("can't be read").because(error))?;
    String::from_utf8(bytes).map_err(|error| refused("is not UTF-8").because(error))
}

/// Writes git's own temporary file, which nobody else knows.
fn overwrite(path: &Path, text: &str) -> Result<(), CommandError> {
    let written = OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| CommandError::refused(format!("can't write {}", path.display())).because(error))
}

/// What a person has to know about the merge.
fn told(name: &str, BranchMerge { merged, position, shared_ids }: &BranchMerge) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(position) = position {
        lines.extend(places(name, position));
    }
    for id in shared_ids {
        lines.push(
            headed(name, Ink::Caution).text(format!("both branches added an item {id}; give one another id")),
        );
    }
    if !merged.conflicts.is_empty() {
        let count = merged.conflicts.len();
        let places = if count == 1 { "one place".to_owned() } else { format!("{count} places") };
        lines.push(
            headed(name, Ink::Bad).text(format!("both branches changed {places}; yours stays in the file")),
        );
        lines.extend(merged.conflicts.iter().flat_map(conflict));
        let advice = format!("edit the file where the other is right, then `git add {name}`");
        lines.push(Line::indented(2).ink(Ink::Accent, "hint").text(format!(": {advice}")));
    }
    lines
}

fn places(name: &str, Position { kept, ours, theirs, current }: &Position) -> Vec<Line> {
    let (whose, here, there) = match kept {
        Side::Ours => ("yours", ours, theirs),
        Side::Theirs => ("the other's", theirs, ours),
    };
    let told = format!("the branches stood at different places; the file has {whose}: {here} (not {there})");
    let mut lines = vec![headed(name, Ink::Caution).text(told)];
    match current {
        Current::Open => {}
        Current::Next(item) => {
            let told = format!("each had finished the item of the other; the next one is {item}");
            lines = vec![headed(name, Ink::Good).text(told)];
        }
        Current::Finished => {
            let advice = "that item is done on the other branch; `rulemark item list` shows what is open, \
                `rulemark set CurrentItem=…` begins it";
            lines.push(Line::indented(2).ink(Ink::Accent, "hint").text(format!(": {advice}")));
        }
    }
    lines
}

fn headed(name: &str, ink: Ink) -> Line {
    Line::new().ink(ink, name).text(": ")
}

/// What three versions say about one place.
fn conflict(Conflict { place, base, ours, theirs }: &Conflict) -> Vec<Line> {
    let mut lines = vec![Line::indented(2).ink(Ink::Strong, place)];
    for (who, text, ink) in
        [("before", base, Ink::Faint), ("yours", ours, Ink::Good), ("other", theirs, Ink::Bad)]
    {
        if text.is_empty() {
            lines.push(Line::indented(4).ink(Ink::Faint, format!("{who:<7} (deleted)")));
        }
        for (number, line) in text.lines().enumerate() {
            let who = if number == 0 { who } else { "" };
            lines.push(Line::indented(4).ink(Ink::Faint, format!("{who:<7} ")).ink(ink, line));
        }
    }
    lines
}
