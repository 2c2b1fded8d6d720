//! What is wrong, where, why, and what to do.

use super::{Span, TextEdit};
use std::fmt;

/// Which of a project's two documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DocumentId {
    /// `workflow_state.md`.
    State,
    /// `project_config.md`.
    Config,
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::State => "state",
            Self::Config => "config",
        })
    }
}

/// How bad it is. Ordered: a note is less than an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Works, but probably not as meant.
    Warning,
    /// Part of the file can't do what it says.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// A place that explains a diagnostic, with a few words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where, in the diagnostic's own document.
    pub span: Span,
    /// Why this place is shown.
    pub message: String,
}

/// A change that mends what the diagnostic says, safe to apply without looking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an imperative: "write the id as `RULE_INIT_02`".
    pub title: String,
    /// The edits, in the diagnostic's own document.
    pub edits: Vec<TextEdit>,
}

/// One finding about a document. Messages are lower-case and have no full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A stable name for this kind of finding, in kebab case: `duplicate-rule-id`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// Which document.
    pub document: DocumentId,
    /// Where.
    pub span: Span,
    /// Other places that belong to it.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub hint: Option<String>,
    /// A change that mends it.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A finding about the state file; see [`Diagnostic::in_document`] for the other.
    #[must_use]
    pub fn new(severity: Severity, code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity,
            code,
            message: message.into(),
            document: DocumentId::State,
            span,
            labels: Vec::new(),
            hint: None,
            fix: None,
        }
    }

    /// The same finding, about `document`.
    #[must_use]
    pub fn in_document(mut self, document: DocumentId) -> Self {
        self.document = document;
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a place that belongs to it.
    #[must_use]
    pub fn with_label(mut self, span: Span, message: impl Into<String>) -> Self {
        self.labels.push(Label { span, message: message.into() });
        self
    }

    /// Adds a change that mends it.
    #[must_use]
    pub fn with_fix(mut self, title: impl Into<String>, edits: Vec<TextEdit>) -> Self {
        self.fix = Some(Fix { title: title.into(), edits });
        self
    }
}
