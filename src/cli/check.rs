//! `rulemark check`.

use super::{
    args::CheckArgs,
    change::plural,
    compiled,
    context::Context,
    error::{CommandError, CommandResult, Exit},
    json::DiagnosticJson,
    render::{Ink, Line, Source, Terminal},
    report::{self, Form, name},
};
use crate::{
    engine::Cause,
    runtime::{Documents, Edits, Project},
    text::{Diagnostic, DocumentId, Patch, Revision, Severity},
};
use serde::Serialize;

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
    let diagnostics = compiled::check(&documents);
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
    if compiled::check(&project.read()?).iter().all(|it| it.fix.is_none()) {
        return Ok(0);
    }
    let mut mended = 0;
    let run = project.edit("check --fix", Cause::FilesChanged, &mut |documents| {
        let (edits, count) = fixes(&compiled::check(documents));
        mended = count;
        Ok(edits)
    })?;
    report::run(&mut context.terminal, &run, Form::Brief)?;
    Ok(mended)
}

/// The edits of all fixes that don't get in each other's way; of two that do, the first.
fn fixes(found: &[Diagnostic]) -> (Edits, usize) {
    let mut edits = Edits::default();
    let mut count = 0;
    for diagnostic in found {
        let Some(fix) = &diagnostic.fix else { continue };
        let target = match diagnostic.document {
            DocumentId::State => &mut edits.state,
            DocumentId::Config => &mut edits.config,
        };
        let together: Vec<_> = target.iter().chain(&fix.edits).cloned().collect();
        if Patch::new(Revision::of(""), together.clone()).is_ok() {
            *target = together;
            count += 1;
        }
    }
    (edits, count)
}
