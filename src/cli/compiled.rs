//! The project's documents as the rule language understands them.

use crate::{
    document::WorkflowState,
    rules::{self, RuleSet},
    runtime::Documents,
};

/// The rules of the state file.
pub(crate) fn rules(documents: &Documents) -> RuleSet {
    rules::compile(&WorkflowState::parse(&documents.state.text))
}
