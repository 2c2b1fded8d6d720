//! What the rules made of an input, as the text that stories and case files share.

use super::{
    diff,
    input::{Change, Input},
    input_line::{FILES, file_name},
    story::{Finding, Step, Story},
};
use crate::{
    engine::{Effect, PendingKind},
    text::{Diagnostic, DocumentId},
};
use std::fmt;

/// One thing that is said about a reaction: a bullet, with the lines below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// The first line.
    pub(super) head: String,
    /// The other lines; they count as much as the first.
    pub(super) more: Vec<String>,
    /// For the reader of a story; case files leave them out.
    pub(super) details: Vec<String>,
}

impl Statement {
    fn new(text: &str) -> Self {
        let mut lines = text.lines().map(diff::visible);
        let head = lines.next().unwrap_or_default();
        Self { head, more: lines.collect(), details: Vec::new() }
    }

    fn write(&self, f: &mut impl fmt::Write, details: bool) -> fmt::Result {
        writeln!(f, "- {}", self.head)?;
        self.more.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
        if details {
            self.details.iter().try_for_each(|line| writeln!(f, "  - {line}"))?;
        }
        Ok(())
    }
}

/// Everything said about the reaction: what fired, what the person is told, what waits now, and what
/// is newly found wrong.
pub(super) fn statements(step: &Step) -> Vec<Statement> {
    let outcome = &step.outcome;
    let mut out: Vec<Statement> = outcome
        .firings
        .iter()
        .map(|firing| Statement {
            details: firing.done.iter().map(|done| diff::visible(done)).collect(),
            ..Statement::new(&format!("fires {}", firing.clause.rule))
        })
        .collect();
    if out.is_empty() {
        out.push(Statement::new("fires nothing"));
    }
    for effect in &outcome.effects {
        if let Effect::Tell { rule, text } = effect {
            out.push(Statement::new(&format!("tells the person ({rule}): {text}")));
        }
    }
    for pending in &outcome.memory.pending {
        let whom = match pending.kind {
            PendingKind::Run => "a command",
            PendingKind::Ask => "the person",
            PendingKind::Delegate => "the agent",
        };
        out.push(Statement::new(&format!("waits for {whom} ({}): {}", pending.clause.rule, pending.text)));
    }
    out.extend(step.reports.iter().map(|report| Statement::new(&words(report))));
    out
}

fn words(report: &Finding) -> String {
    let Finding { diagnostic: Diagnostic { severity, code, message, document, hint, fix, .. }, at } = report;
    let (file, line, column) = (file_name(*document), at.line, at.column);
    let mut out = format!("reports {severity}[{code}] {file}:{line}:{column}: {message}");
    out.extend(hint.iter().map(|hint| format!("\nhint: {hint}")));
    out.extend(fix.iter().map(|fix| format!("\nfix: {}", fix.title)));
    out
}

/// The texts of a document before and after the rules; empty for a file that is not there.
pub(super) fn texts(step: &Step, document: DocumentId) -> (&str, &str) {
    match document {
        DocumentId::State => (&step.before.state, &step.after.state),
        DocumentId::Config => (
            step.before.config.as_deref().unwrap_or_default(),
            step.after.config.as_deref().unwrap_or_default(),
        ),
    }
}

/// Writes a fence that no line of `body` closes.
pub(super) fn write_fence(f: &mut impl fmt::Write, info: &str, body: &str) -> fmt::Result {
    let ticks = body.lines().map(|line| {
        let line = line.trim_start();
        line.len() - line.trim_start_matches('`').len()
    });
    let fence = "`".repeat(ticks.max().unwrap_or(0).max(2) + 1);
    writeln!(f, "{fence}{info}")?;
    f.write_str(body)?;
    if !body.is_empty() && !body.ends_with('\n') {
        f.write_char('\n')?;
    }
    writeln!(f, "{fence}")
}

/// Writes statements as bullets.
pub(super) fn write_statements(
    f: &mut impl fmt::Write,
    statements: &[Statement],
    details: bool,
) -> fmt::Result {
    statements.iter().try_for_each(|statement| statement.write(f, details))
}

/// Writes a reaction: its statements, and a diff of every file that the rules changed.
fn write_reaction(f: &mut impl fmt::Write, step: &Step) -> fmt::Result {
    write_statements(f, &statements(step), true)?;
    for (document, file) in FILES {
        let (before, after) = texts(step, document);
        if before != after {
            writeln!(f)?;
            write_fence(f, &format!("diff {file}"), &diff::unified(before, after))?;
        }
    }
    Ok(())
}

/// Whether there is anything to tell about the first pass.
pub(super) fn is_quiet(step: &Step) -> bool {
    let Step { outcome, reports, .. } = step;
    outcome.firings.is_empty()
        && outcome.effects.is_empty()
        && outcome.memory.pending.is_empty()
        && reports.is_empty()
        && !outcome.writes()
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        for step in self.steps() {
            match &step.input {
                None if is_quiet(step) && self.steps().len() > 1 => continue,
                None => write!(f, "## opened\n\n")?,
                Some(input) => {
                    write!(f, "{between}## event\n\n")?;
                    write_input(f, input)?;
                    write!(f, "\n## after\n\n")?;
                }
            }
            write_reaction(f, step)?;
            between = "\n";
        }
        Ok(())
    }
}

fn write_input(f: &mut fmt::Formatter<'_>, input: &Input) -> fmt::Result {
    let Input::Edit(changes) = input else { return writeln!(f, "- {input}") };
    for change in changes {
        match change {
            Change::Save { document, text } => {
                write_fence(f, &format!("markdown {}", file_name(*document)), text)?;
            }
            change => writeln!(f, "- {change}")?,
        }
    }
    Ok(())
}
