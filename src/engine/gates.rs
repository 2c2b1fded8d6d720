//! The order of phases (`rule-language.md`, section 7).

use super::evaluate::{folded, same_word};
use crate::{
    document::WorkflowState,
    rules::RuleSet,
    text::{Diagnostic, Severity, nearest},
};
use std::collections::HashSet;

/// The phase before those the file defines, and the one behind them.
const FIRST: &str = "INIT";
const LAST: &str = "COMPLETED";

/// The phases that files without phase headings speak of, in their order.
const USUAL: [&str; 6] = [FIRST, "ANALYZE", "BLUEPRINT", "CONSTRUCT", "VALIDATE", LAST];

/// The phases of a file, in their order.
#[derive(Clone, Debug)]
pub(super) struct PhaseOrder<'a> {
    names: Vec<&'a str>,
}

impl<'a> PhaseOrder<'a> {
    /// The order of the `[PHASE: X]` headings, between INIT and COMPLETED; `None` when the file
    /// defines no phases, and so none can be skipped.
    pub(super) fn of(rules: &'a RuleSet) -> Option<Self> {
        if rules.phases.is_empty() {
            return None;
        }
        let mut names: Vec<&str> = Vec::with_capacity(rules.phases.len() + 2);
        let own = rules.phases.iter().map(|phase| phase.name.as_str());
        let mut seen = HashSet::new();
        for name in std::iter::once(FIRST).chain(own).chain([LAST]) {
            if seen.insert(folded(name).collect::<String>()) {
                names.push(name);
            }
        }
        Some(Self { names })
    }

    /// The order that files without phase headings mean. It guards nothing.
    pub(super) fn usual() -> Self {
        Self { names: USUAL.to_vec() }
    }

    /// The phase in which work on an item begins: the file's first one that is not INIT.
    pub(super) fn first_working(rules: &RuleSet) -> &str {
        let own = rules.phases.iter().map(|phase| phase.name.as_str());
        own.into_iter().find(|name| !same_word(name, FIRST)).unwrap_or("ANALYZE")
    }

    /// The phases that leaving `from` for `to` leaves out; `None` when the order allows the step: one
    /// forward, or back to any earlier one. A phase it does not know is nobody's business to enter, but
    /// leads no further than the beginning: else it would be a way around all of them.
    fn skipped(&self, from: &str, to: &str) -> Option<&[&'a str]> {
        let (from, to) = (self.position(from).unwrap_or(0), self.position(to)?);
        (to > from + 1).then(|| &self.names[from + 1..to])
    }

    /// Whether `to` stands behind `from`.
    pub(super) fn is_forward(&self, from: &str, to: &str) -> bool {
        self.position(from).zip(self.position(to)).is_some_and(|(from, to)| from < to)
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| same_word(known, name))
    }

    fn knows(&self, name: &str) -> bool {
        self.position(name).is_some()
    }
}

/// Why an edit may not lead from phase `from` to `to`, which may be none; `None` when it may.
pub(super) fn violation(order: &PhaseOrder<'_>, from: &str, to: Option<&str>) -> Option<String> {
    let Some(to) = to else { return Some(format!("the state names no phase any more; it was {from}")) };
    let skipped = order.skipped(from, to)?;
    Some(format!("phase went from {from} to {to} and skipped {}", skipped.join(", ")))
}

/// The finding that the state names a phase the file does not define.
pub(super) fn unknown_phase(state: &WorkflowState<'_>, rules: &RuleSet) -> Option<Diagnostic> {
    let order = PhaseOrder::of(rules)?;
    let key = state.key("Phase")?;
    let phase = state.value("Phase")?;
    if order.knows(phase) {
        return None;
    }
    let known = order.names.join(", ");
    let diagnostic = Diagnostic::new(
        Severity::Warning,
        "unknown-phase",
        key.value_span,
        format!("the file defines no phase `{phase}`; no rule or gate looks after it"),
    );
    Some(match nearest(phase, order.names.iter().copied()) {
        Some(near) => diagnostic
            .with_hint(format!("did you mean `{near}`?"))
            .with_fix(format!("set the phase to `{near}`"), state.set("Phase", near)),
        None => diagnostic
            .with_hint(format!("the phases are {known}; add a heading `### [PHASE: {phase}]` for a new one")),
    })
}
