//! The project's documents as the rule language understands them.

use crate::{
    document::{ProjectConfig, WorkflowState},
    engine,
    rules::{self, RuleSet},
    runtime::{Documents, Settings},
    text::Diagnostic,
};

/// The rules of the state file.
pub(crate) fn rules(documents: &Documents) -> RuleSet {
    rules::compile(&WorkflowState::parse(&documents.state.text))
}

/// What is wrong with the documents, state first, by position.
pub(crate) fn check(documents: &Documents, settings: &Settings) -> Vec<Diagnostic> {
    let mut found = engine::inspect(&WorkflowState::parse(&documents.state.text), &settings.engine);
    if let Some(config) = &documents.config {
        found.extend(ProjectConfig::parse(&config.text).review());
    }
    found.sort_by_key(|it| (it.document, it.span.start, std::cmp::Reverse(it.severity)));
    found
}
