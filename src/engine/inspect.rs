//! What is wrong with a file as it stands.

use super::{gates, limits, model::Settings};
use crate::{document::WorkflowState, rules, text::Diagnostic};

/// Everything that can be said about a state file without an event: what it has too much of to be run,
/// which sections and names are not what they look like, what its rules carry, and what its State says
/// that they do not know.
#[must_use]
pub fn inspect(state: &WorkflowState<'_>, settings: &Settings) -> Vec<Diagnostic> {
    let rules = rules::compile(state);
    let excess = limits::exceeded(state, &rules, &settings.limits);
    let unknown = gates::unknown_phase(state, &rules);
    excess.into_iter().chain(state.review()).chain(rules.diagnostics).chain(unknown).collect()
}
