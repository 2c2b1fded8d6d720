//! Why a run is given up.

use crate::text::{Diagnostic, Severity, Span};
use std::collections::BTreeSet;

/// So many rules are named.
const MOST_NAMES: usize = 12;

/// Changes that one run may make, for each rule that may fire in it: each looks at the text anew. Rules
/// of real files make up to 8.
pub(super) const WRITES_PER_FIRING: usize = 16;

/// More rules fire than a run may have; those of `names` among them.
pub(super) fn too_many_firings(limit: usize, names: &BTreeSet<&str>, span: Span) -> Diagnostic {
    let message =
        format!("more than {limit} rules fired in one run and it does not settle: {}", listed(names));
    Diagnostic::new(Severity::Error, "too-many-firings", span, message)
        .with_hint("nothing was written; make the triggers of these rules false once they have fired")
}

/// The rules of `names` change more than a run may.
pub(super) fn too_many_writes(limit: usize, names: &BTreeSet<&str>, span: Span) -> Diagnostic {
    let message = format!("more than {limit} changes in one run, by {}", listed(names));
    Diagnostic::new(Severity::Error, "too-many-changes", span, message)
        .with_hint("nothing was written; take steps out, or raise `firings` under [limits] in rulemark.toml")
}

/// The rules of `names` lead back to an earlier text.
pub(super) fn cycle(names: &BTreeSet<&str>, span: Span) -> Diagnostic {
    let message = format!("these rules lead back to where they began: {}", listed(names));
    Diagnostic::new(Severity::Error, "rule-cycle", span, message)
        .with_hint("nothing was written; change a trigger so that the rules stop undoing each other")
}

fn listed(names: &BTreeSet<&str>) -> String {
    let shown: Vec<&str> = names.iter().copied().take(MOST_NAMES).collect();
    let more = names.len() - shown.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.join(", ") + &more
}
