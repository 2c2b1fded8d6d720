//! The project's documents as the rule language understands them.

use crate::{
    engine::{self, Memory},
    rules::RuleSet,
    runtime::{Documents, Project},
    text::Diagnostic,
};

/// The rules of the state file.
pub(crate) fn rules(documents: &Documents) -> RuleSet {
    let _ = documents;
    RuleSet::default()
}

/// What is wrong with the documents.
pub(crate) fn check(project: &Project, documents: &Documents, memory: &Memory) -> Vec<Diagnostic> {
    check_with(&project.settings().engine, documents, memory)
}

/// As [`check`], with the settings alone.
pub(crate) fn check_with(
    settings: &engine::Settings,
    documents: &Documents,
    memory: &Memory,
) -> Vec<Diagnostic> {
    let _ = (settings, memory);
    rules(documents).diagnostics
}
