//! `rulemark check`.

use super::{
    args::CheckArgs,
    change::plural,
    context::Context,
    error::{CommandError, CommandResult, Exit},
    json::DiagnosticJson,
    render::{Ink, Line, Source, Terminal},
    report::{self, Form, name},
};
use crate::{
    engine::Cause,
    runtime::{Documents, Edits, Project},
    text::{Diagnostic, DocumentId, Patch, Revision, Severity, Span, TextEdit},
};
use serde::Serialize;
use std::collections::BTreeSet;

/// The answer of `check --json`.
#[derive(Serialize)]
struct CheckJson {
    errors: usize,
    warnings: usize,
    notes: usize,
    diagnostics: Vec<DiagnosticJson>,
}

/// Findings shown for one file; nobody reads more at once.
const SHOWN: usize = 200;

pub(crate) fn run(context: &mut Context, args: &CheckArgs) -> CommandResult {
    let mut project = context.project()?;
    let mended = if args.fix { fix(context, &mut project)? } else { 0 };
    let documents = project.read()?;
    let diagnostics = documents.review(project.settings());
    let count = |severity| diagnostics.iter().filter(|it| it.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let exit = if errors + warnings > 0 { Exit::Findings } else { Exit::Ok };
    let terminal = &mut context.terminal;
    if args.json {
        let diagnostics = DiagnosticJson::list(&diagnostics, &documents);
        terminal.json(&CheckJson { errors, warnings, notes: count(Severity::Note), diagnostics })?;
        return Ok(exit);
    }
    show(terminal, &documents, &diagnostics)?;
    let fixable = diagnostics.iter().filter(|it| it.fix.is_some()).count();
    summary(terminal, &diagnostics, mended, fixable)?;
    Ok(exit)
}

fn show(
    terminal: &mut Terminal,
    documents: &Documents,
    diagnostics: &[Diagnostic],
) -> Result<(), CommandError> {
    for id in [DocumentId::State, DocumentId::Config] {
        let Some(document) = documents.get(id) else { continue };
        let path = name(document);
        let source = Source::new(&path, &document.text);
        let all: Vec<&Diagnostic> = diagnostics.iter().filter(|it| it.document == id).collect();
        for diagnostic in all.iter().take(SHOWN) {
            terminal.finding(&source, diagnostic)?;
        }
        if all.len() > SHOWN {
            terminal.line(format!("… and {} more in {path}", all.len() - SHOWN))?;
        }
    }
    Ok(())
}

fn summary(
    terminal: &mut Terminal,
    diagnostics: &[Diagnostic],
    mended: usize,
    fixable: usize,
) -> Result<(), CommandError> {
    let mut parts = Vec::new();
    for (severity, ink, word) in [
        (Severity::Error, Ink::Bad, "error"),
        (Severity::Warning, Ink::Caution, "warning"),
        (Severity::Note, Ink::Good, "note"),
    ] {
        let count = diagnostics.iter().filter(|it| it.severity == severity).count();
        if count > 0 {
            parts.push((ink, format!("{count} {}", plural(count, word))));
        }
    }
    let mut line = Line::new();
    for (at, (ink, text)) in parts.iter().enumerate() {
        line = line.text(if at == 0 { "" } else { ", " }).ink(*ink, text);
    }
    if parts.is_empty() {
        line = line.ink(Ink::Good, "nothing is wrong");
    }
    if mended > 0 {
        line = line.text(format!(", {mended} mended"));
    }
    if fixable > 0 {
        line = line.text(format!("; `rulemark check --fix` mends {fixable}"));
    }
    terminal.remark(line)
}

/// Applies the fixes of all findings in one journalled write; answers how many.
fn fix(context: &mut Context, project: &mut Project) -> Result<usize, CommandError> {
    let settings = project.settings().clone();
    if project.read()?.review(&settings).iter().all(|it| it.fix.is_none()) {
        return Ok(0);
    }
    let mut mended = 0;
    let run = project.edit("check --fix", Cause::FilesChanged, &mut |documents| {
        let (edits, count) = fixes(&documents.review(&settings));
        mended = count;
        Ok(edits)
    })?;
    report::run(&mut context.terminal, &run, Form::Brief)?;
    Ok(mended)
}

/// The edits of all fixes that don't get in each other's way; of two that do, the first.
fn fixes(found: &[Diagnostic]) -> (Edits, usize) {
    let (mut state, mut config) = (Fixes::default(), Fixes::default());
    for diagnostic in found {
        let Some(fix) = &diagnostic.fix else { continue };
        match diagnostic.document {
            DocumentId::State => state.add(&fix.edits),
            DocumentId::Config => config.add(&fix.edits),
        }
    }
    (Edits { state: state.edits, config: config.edits, ..Edits::default() }, state.count + config.count)
}

/// Fixes of one document that go together.
#[derive(Default)]
struct Fixes {
    edits: Vec<TextEdit>,
    /// Where the edits stand: begin and end.
    taken: BTreeSet<(usize, usize)>,
    count: usize,
}

impl Fixes {
    fn add(&mut self, edits: &[TextEdit]) {
        let is_whole = Patch::new(Revision::of(""), edits.to_vec()).is_ok();
        if is_whole && edits.iter().all(|edit| self.has_room(edit.span)) {
            self.taken.extend(edits.iter().map(|edit| (edit.span.start, edit.span.end)));
            self.edits.extend_from_slice(edits);
            self.count += 1;
        }
    }

    fn has_room(&self, span: Span) -> bool {
        let before = self.taken.range(..(span.start, 0)).next_back();
        let mut from_here = self.taken.range((span.start, span.start + 1)..);
        let behind = from_here.next().filter(|_| !span.is_empty());
        before.is_none_or(|&(_, end)| end <= span.start) && behind.is_none_or(|&(start, _)| start >= span.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways of asking whether edits go together have the same answer.
    #[test]
    fn fixes_that_overlap_are_left_out() {
        for (first, second, fits) in [
            ((2, 4), (4, 6), true),
            ((2, 4), (0, 2), true),
            ((2, 4), (3, 5), false),
            ((2, 4), (1, 3), false),
            ((2, 4), (2, 4), false),
            ((2, 4), (1, 5), false),
            ((2, 4), (3, 3), false),
            ((2, 4), (2, 2), true),
            ((2, 4), (4, 4), true),
            ((3, 3), (2, 4), false),
            ((2, 2), (2, 4), true),
            ((3, 3), (3, 3), true),
        ] {
            let edit = |(start, end)| TextEdit::replace(Span::new(start, end), "x");
            let fix = |span| {
                Diagnostic::new(Severity::Warning, "x", Span::empty(0), "x").with_fix("x", vec![edit(span)])
            };
            let (edits, count) = fixes(&[fix(first), fix(second)]);
            assert_eq!(count, 1 + usize::from(fits), "{first:?} {second:?}");
            assert!(Patch::new(Revision::of(""), edits.state).is_ok(), "{first:?} {second:?}");
            let together = Patch::new(Revision::of(""), vec![edit(first), edit(second)]);
            assert_eq!(together.is_ok(), fits, "{first:?} {second:?}");
        }
    }
}
