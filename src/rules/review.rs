//! What is wrong with a file's rules, with hints and fixes.

use super::{ast::RuleSet, extract::RawRule, vocabulary::Vocabulary};
use crate::{document::WorkflowState, text::Diagnostic};

/// Everything that is wrong, by position.
pub(super) fn review(
    state: &WorkflowState<'_>,
    vocabulary: &Vocabulary,
    raw: &[RawRule],
    set: &RuleSet,
) -> Vec<Diagnostic> {
    let _ = (state, vocabulary, raw, set);
    Vec::new()
}
