//! How a run is told: what fired, what changed, what waits for whom.

use super::{
    error::{CommandError, CommandResult, Exit},
    json::{RunJson, waits_for},
    render::{Extent, Ink, Line, Terminal, diff},
};
use crate::{
    engine::{Effect, Firing, PendingStep},
    runtime::{Document, Project, Run},
    text::{Diagnostic, LineIndex, Patch, Severity, Span},
};

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people, changes in brief.
    Brief,
    /// For people, every change in full.
    Full,
    /// JSON.
    Json,
}

/// The documents that a run may have changed, by file name, with what it did to each.
pub(crate) fn changes(run: &Run) -> impl Iterator<Item = (String, &Document, &Patch)> {
    let config = run.before.config.as_ref().zip(run.config.as_ref());
    let both = [Some((&run.before.state, &run.state)), config];
    both.into_iter().flatten().map(|(document, patch)| (name(document), document, patch))
}

/// The document's file name.
pub(crate) fn name(document: &Document) -> String {
    document.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Tells a run as `form` wants it, and makes an error of what went wrong in it: scripts must know.
pub(crate) fn conclude(terminal: &mut Terminal, project: &Project, run: &Run, form: Form) -> CommandResult {
    let failures = run.failures(project.settings());
    tell(terminal, run, form, &failures)?;
    let mut errors = failures.iter().map(|it| {
        let error = CommandError::refused(place(run, it).unwrap_or_default() + &it.message);
        it.hint.iter().fold(error, CommandError::with_hint)
    });
    let Some(last) = errors.next_back() else { return Ok(Exit::Ok) };
    terminal.flush()?;
    errors.for_each(|error| terminal.error(&error));
    Err(last)
}

/// `file:line:column: ` of what is told without an excerpt. Offsets count in the text that the rules
/// looked at, which is at hand only where they changed nothing.
fn place(run: &Run, diagnostic: &Diagnostic) -> Option<String> {
    if run.outcome.writes() || diagnostic.span == Span::default() {
        return None;
    }
    let document = run.after.get(diagnostic.document)?;
    let at = LineIndex::new(&document.text).line_column(diagnostic.span.start);
    Some(format!("{}:{}:{}: ", name(document), at.line, at.column))
}

/// Tells a run as `form` wants it.
pub(crate) fn run(terminal: &mut Terminal, run: &Run, form: Form) -> Result<(), CommandError> {
    tell(terminal, run, form, &[])
}

/// Tells a run without the diagnostics of `elsewhere`; JSON has them all.
fn tell(
    terminal: &mut Terminal,
    run: &Run,
    form: Form,
    elsewhere: &[&Diagnostic],
) -> Result<(), CommandError> {
    if form == Form::Json {
        return terminal.json(&RunJson::from(run));
    }
    if form == Form::Brief && terminal.is_quiet() {
        return Ok(());
    }
    firings(terminal, &run.outcome.firings)?;
    let extent = if form == Form::Full { Extent::Full } else { Extent::Brief };
    for (file, document, patch) in changes(run) {
        let lines = diff(&document.text, patch, 4, extent);
        if !lines.is_empty() {
            terminal.line(Line::indented(2).ink(Ink::Strong, file))?;
            terminal.cut(lines)?;
        }
    }
    remarks(terminal, run, elsewhere)
}

/// Tells which rules fired, and what each did.
pub(crate) fn firings(terminal: &mut Terminal, firings: &[Firing]) -> Result<(), CommandError> {
    let width = firings.iter().map(|firing| firing.clause.rule.len()).max().unwrap_or(0);
    for firing in firings {
        let mut head = Line::indented(2).ink(Ink::Accent, &firing.clause.rule);
        if firing.done.is_empty() {
            terminal.line(head.clone().pad_to(width + 4).ink(Ink::Faint, "nothing to do"))?;
        }
        for done in &firing.done {
            let line = std::mem::replace(&mut head, Line::indented(2)).pad_to(width + 4).text(done);
            terminal.prose(line, width + 2)?;
        }
    }
    Ok(())
}

/// Tells what is left to say: messages, what now waits, what was found wrong.
fn remarks(terminal: &mut Terminal, run: &Run, elsewhere: &[&Diagnostic]) -> Result<(), CommandError> {
    for effect in &run.outcome.effects {
        // What the person is told stands with the rule that says it.
        match effect {
            Effect::Waits { id } => terminal.line(closing(2, id))?,
            Effect::ChecksDue => {
                let line = Line::indented(2).ink(Ink::Caution, "checks are due").text(": ");
                terminal.line(line.ink(Ink::Accent, "rulemark test"))?;
            }
            Effect::Tell { .. } | Effect::TakenForApproved { .. } => {}
        }
    }
    for step in &run.lapsed {
        let line = Line::indented(2).ink(Ink::Caution, &step.id).text(" no longer waits: ");
        let text = super::change::shorten(step.text.lines().next().unwrap_or_default());
        let rule = Line::new().ink(Ink::Faint, format!("  ({})", step.clause.rule));
        terminal.prose(line.text(text).join(rule), 2)?;
    }
    let worth_telling = |it: &&Diagnostic| it.severity > Severity::Note && !elsewhere.contains(it);
    for it in run.outcome.diagnostics.iter().filter(worth_telling) {
        let ink = if it.severity == Severity::Error { Ink::Bad } else { Ink::Caution };
        let line = Line::indented(2).ink(ink, it.severity.to_string()).text(format!(": {}", it.message));
        terminal.prose(line, 2)?;
        if let Some(hint) = &it.hint {
            terminal.prose(Line::indented(4).ink(Ink::Faint, "hint: ").text(hint), 2)?;
        }
    }
    for notice in &run.notices {
        terminal.prose(Line::indented(2).ink(Ink::Caution, "note").text(format!(": {notice}")), 2)?;
    }
    Ok(())
}

/// Tells a step that waits, and what closes it.
pub(crate) fn pending(terminal: &mut Terminal, step: &PendingStep) -> Result<(), CommandError> {
    let whom = match waits_for(step.kind) {
        "person" => "waits for a person",
        "run" => "waits for a command to be run",
        _ => "waits for the agent",
    };
    let mut lines = step.text.lines();
    let head = Line::indented(2)
        .ink(Ink::Caution, &step.id)
        .text(format!(" {whom}: "))
        .text(lines.next().unwrap_or_default())
        .ink(Ink::Faint, format!("  ({})", step.clause.rule));
    terminal.prose(head, 2)?;
    for line in lines {
        terminal.prose(Line::indented(4).text(line), 2)?;
    }
    terminal.line(closing(4, &step.id))
}

/// What closes the step `id`.
fn closing(indent: usize, id: &str) -> Line {
    Line::indented(indent).ink(Ink::Faint, "when done: ").ink(Ink::Accent, format!("rulemark done {id}"))
}
