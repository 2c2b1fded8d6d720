//! What the runtime works on, and what it answers.

use super::Settings;
use crate::{
    document::{ProjectConfig, WorkflowState},
    engine::{self, GATES, OnViolation, Outcome, PendingStep},
    journal::{Attested, Conflict},
    text::{Diagnostic, DocumentId, Patch, Revision, Severity, TextEdit},
};
use jiff::civil::DateTime;
use std::path::PathBuf;

/// One document as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Where it stands.
    pub path: PathBuf,
    /// Its text, byte for byte.
    pub text: String,
    /// The revision of the text.
    pub revision: Revision,
}

impl Document {
    /// The document with this text.
    #[must_use]
    pub fn new(path: PathBuf, text: String) -> Self {
        let revision = Revision::of(&text);
        Self { path, text, revision }
    }
}

/// The project's documents as they were read at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Documents {
    /// `workflow_state.md`.
    pub state: Document,
    /// `project_config.md`, if there is one.
    pub config: Option<Document>,
}

impl Documents {
    /// One of the two.
    #[must_use]
    pub fn get(&self, id: DocumentId) -> Option<&Document> {
        match id {
            DocumentId::State => Some(&self.state),
            DocumentId::Config => self.config.as_ref(),
        }
    }
}

impl Documents {
    /// What is wrong with both, state first, by position.
    #[must_use]
    pub fn review(&self, settings: &Settings) -> Vec<Diagnostic> {
        let mut found = engine::inspect(&WorkflowState::parse(&self.state.text), &settings.engine);
        if let Some(config) = &self.config {
            found.extend(ProjectConfig::parse(&config.text).review());
        }
        found.sort_by_key(|it| (it.document, it.span.start, std::cmp::Reverse(it.severity)));
        found
    }
}

/// What a caller of [`Project::edit`](super::Project::edit) wants changed, before the rules run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    /// Edits of the state file.
    pub state: Vec<TextEdit>,
    /// Edits of the config file; an error when there is no such file.
    pub config: Vec<TextEdit>,
    /// What the caller has seen itself, to stand in the journal with them.
    pub attested: Vec<Attested>,
}

impl Edits {
    /// Edits of the state file alone.
    #[must_use]
    pub fn of_state(state: Vec<TextEdit>) -> Self {
        Self { state, ..Self::default() }
    }
}

/// What one event led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The journal's entry; `None` for a preview, and when there was nothing to write down.
    pub entry: Option<i64>,
    /// When.
    pub at: DateTime,
    /// What it was about: the caller's label, or the cause in words.
    pub label: String,
    /// The documents as they were found.
    pub before: Documents,
    /// The documents as they are now, or would be after a preview.
    pub after: Documents,
    /// The caller's edits and those of the rules, against `before`.
    pub state: Patch,
    /// The same for the config file; `None` when there is none.
    pub config: Option<Patch>,
    /// What the rules made of it. Its patches are computed from the text behind the caller's edits.
    pub outcome: Outcome,
    /// Steps that waited before and no longer do, though nobody closed them.
    pub lapsed: Vec<PendingStep>,
    /// Where others had changed the same as Rulemark since: theirs stands in the files.
    pub conflicts: Vec<Conflict>,
    /// What went wrong on the way and was mended: a damaged journal, for instance.
    pub notices: Vec<String>,
}

impl Run {
    /// What made the run, or a part of it, come to nothing: rules that clash or go in circles, and an
    /// edit that a gate took back.
    #[must_use]
    pub fn failures(&self, settings: &Settings) -> Vec<&Diagnostic> {
        let reverts = settings.engine.gates.on_violation == OnViolation::Revert;
        let is_failure =
            |it: &&Diagnostic| it.severity == Severity::Error || reverts && GATES.contains(&it.code);
        self.outcome.diagnostics.iter().filter(is_failure).collect()
    }

    /// Whether no rule fired, nothing was written and nothing went wrong.
    #[must_use]
    pub fn is_idle(&self, settings: &Settings) -> bool {
        self.outcome.firings.is_empty()
            && !self.wrote()
            && self.lapsed.is_empty()
            && self.failures(settings).is_empty()
    }

    /// Whether a file is different now.
    #[must_use]
    pub fn wrote(&self) -> bool {
        self.before != self.after
    }
}
