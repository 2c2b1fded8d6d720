//! A run in words for an agent: what the rules did, or why it came to nothing.

use super::{
    answer::{Refusal, Retry},
    fence,
};
use crate::{
    engine::GATES,
    runtime::{Run, Settings},
    text::Severity,
};

/// Lines that one answer says of a run; `rulemark history` has all of it.
const LINES: usize = 8;

/// What the rules did, a line each, and what was found wrong on the way.
///
/// # Errors
/// When a gate has taken the edit back, or the rules clash.
pub(super) fn did(run: &Run, settings: &Settings) -> Result<Vec<String>, Refusal> {
    let mut lines = lines(run);
    let failures = run.failures(settings);
    if failures.is_empty() {
        let worth_telling = run.outcome.diagnostics.iter().filter(|it| it.severity > Severity::Note);
        lines.extend(worth_telling.map(|it| {
            let hint = it.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
            format!("{}: {}{hint}", it.severity, fence::line(&it.message))
        }));
        lines.extend(run.notices.iter().map(|notice| fence::line(notice)));
        return Ok(shortened(lines));
    }
    let what: Vec<String> = failures.iter().map(|it| fence::line(&it.message)).collect();
    let is_gate = failures.iter().any(|it| GATES.contains(&it.code));
    let why = if is_gate {
        "a gate of the workflow refuses it, and took the State keys back; what else the call wrote stands"
    } else {
        "the rules can't run"
    };
    let refusal = Refusal::new(what.join("; "), Retry::AfterFix).because(why).with("did", shortened(lines));
    Err(failures.iter().filter_map(|it| it.hint.clone()).fold(refusal, Refusal::fix))
}

fn lines(run: &Run) -> Vec<String> {
    let mut lines = Vec::new();
    for firing in &run.outcome.firings {
        let rule = &firing.clause.rule;
        match firing.done.as_slice() {
            [] => lines.push(format!("{rule} fired")),
            done => lines.extend(done.iter().map(|done| format!("{rule}: {}", fence::span(done)))),
        }
    }
    for step in &run.lapsed {
        lines.push(format!("{} no longer waits: {}", step.id, fence::line(&step.text)));
    }
    for conflict in &run.conflicts {
        lines.push(format!(
            "{}: somebody else changed the same, and theirs stands",
            fence::line(&conflict.place)
        ));
    }
    lines
}

fn shortened(mut lines: Vec<String>) -> Vec<String> {
    if lines.len() > LINES {
        let rest = lines.len() - LINES;
        lines.truncate(LINES);
        lines.push(format!("… {rest} more"));
    }
    lines
}
