//! How a run is told: what fired, what changed, what waits for whom.

use super::{
    error::CommandError,
    json::{RunJson, waits_for},
    render::{Extent, Ink, Line, Terminal, diff},
};
use crate::{
    engine::{Effect, Firing, PendingStep},
    runtime::{Document, Documents, Run},
    text::Severity,
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

/// The documents of which `after` may differ from `before`, by file name.
pub(crate) fn changes<'d>(
    before: &'d Documents,
    after: &'d Documents,
) -> impl Iterator<Item = (String, &'d str, &'d str)> {
    let both = [
        Some((&before.state, Some(&before.state), Some(&after.state))),
        after
            .config
            .as_ref()
            .or(before.config.as_ref())
            .map(|it| (it, before.config.as_ref(), after.config.as_ref())),
    ];
    let text = |it: Option<&'d Document>| it.map_or("", |it| it.text.as_str());
    both.into_iter().flatten().map(move |(any, before, after)| (name(any), text(before), text(after)))
}

/// The document's file name.
pub(crate) fn name(document: &Document) -> String {
    document.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Tells a run as `form` wants it.
pub(crate) fn run(terminal: &mut Terminal, run: &Run, form: Form) -> Result<(), CommandError> {
    if form == Form::Json {
        return terminal.json(&RunJson::from(run));
    }
    firings(terminal, &run.outcome.firings)?;
    let extent = if form == Form::Full { Extent::Full } else { Extent::Brief };
    for (file, before, after) in changes(&run.before, &run.after) {
        let lines = diff(before, after, 4, extent);
        if !lines.is_empty() {
            terminal.line(Line::indented(2).ink(Ink::Strong, file))?;
            terminal.cut(lines)?;
        }
    }
    remarks(terminal, run)
}

/// Tells which rules fired, and what each did.
pub(crate) fn firings(terminal: &mut Terminal, firings: &[Firing]) -> Result<(), CommandError> {
    let width = firings.iter().map(|firing| firing.clause.rule.len()).max().unwrap_or(0);
    for firing in firings {
        let mut head = Line::indented(2).ink(Ink::Accent, &firing.clause.rule);
        if firing.done.is_empty() {
            terminal.line(head.clone())?;
        }
        for done in &firing.done {
            let line = std::mem::replace(&mut head, Line::indented(2)).pad_to(width + 4).text(done);
            terminal.prose(line, width + 2)?;
        }
    }
    Ok(())
}

/// Tells what is left to say: messages, what now waits, what was found wrong.
fn remarks(terminal: &mut Terminal, run: &Run) -> Result<(), CommandError> {
    for effect in &run.outcome.effects {
        match effect {
            Effect::Tell { rule, text } => {
                terminal.prose(Line::indented(2).ink(Ink::Accent, rule).text(format!(": {text}")), 2)?;
            }
            Effect::Waits { id } => {
                if let Some(step) = run.outcome.memory.pending.iter().find(|step| step.id == *id) {
                    pending(terminal, step)?;
                }
            }
        }
    }
    for it in run.outcome.diagnostics.iter().filter(|it| it.severity > Severity::Note) {
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
    terminal.line(
        Line::indented(4)
            .ink(Ink::Faint, "close with ")
            .ink(Ink::Accent, format!("rulemark done {}", step.id)),
    )
}
