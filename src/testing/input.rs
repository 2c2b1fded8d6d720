//! What a test puts in.

use crate::{
    document::WorkflowState,
    engine::{Cause, FileFact, StepResult},
    text::{DocumentId, Patch, Revision, TextEdit},
};
use jiff::civil::DateTime;

/// What happens in a story, between two reactions of the rules. [`Display`](std::fmt::Display) writes
/// it as it stands in a case file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The agent or the person saves these changes together.
    Edit(Vec<Change>),
    /// Something that is not in the files happens.
    Emit(Cause),
    /// A waiting step is closed.
    Close {
        /// Its id, or the id of the rule if only one step of that rule waits.
        step: String,
        /// How it went.
        result: StepResult,
    },
    /// The program ends and starts again; the journal is there.
    Restart,
    /// The journal is deleted, and the program starts again.
    Forget,
    /// A file that rules ask about appears, empties or goes.
    File {
        /// Its path, as the rules write it.
        path: String,
        /// What it is now.
        fact: FileFact,
    },
}

/// One change to one of the two documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A State key gets a value, in the file's own spelling.
    Set {
        /// The key.
        key: String,
        /// The value.
        value: String,
    },
    /// Words that stand in the document once become others.
    Replace {
        /// Where.
        document: DocumentId,
        /// What goes.
        old: String,
        /// What comes.
        new: String,
    },
    /// The document becomes this text, or comes into being.
    Save {
        /// Which.
        document: DocumentId,
        /// The whole text.
        text: String,
    },
    /// A dated line is added to Log.
    Log(String),
    /// An item is added.
    AddItem(String),
}

/// Why a change can't be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ChangeError {
    #[error("`{old}` stands {times} times in the {document} file; it must stand there once")]
    NotOnce { document: DocumentId, old: String, times: usize },
    #[error("there is no config file to change")]
    NoConfig,
    #[error("{0} changes nothing: the state file has no place for it")]
    NoPlace(String),
}

/// Changes that are saved together; see [`Story::edit`](super::Story::edit).
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub(super) changes: Vec<Change>,
}

impl Draft {
    /// Sets a State key, in the file's own spelling.
    #[must_use]
    pub fn set(self, key: &str, value: &str) -> Self {
        self.with(Change::Set { key: key.into(), value: value.into() })
    }

    /// Replaces words that stand in the state file once.
    #[must_use]
    pub fn replace(self, old: &str, new: &str) -> Self {
        self.with(Change::Replace { document: DocumentId::State, old: old.into(), new: new.into() })
    }

    /// Replaces words that stand in the config file once.
    #[must_use]
    pub fn replace_in_config(self, old: &str, new: &str) -> Self {
        self.with(Change::Replace { document: DocumentId::Config, old: old.into(), new: new.into() })
    }

    /// Saves a whole new text of a document.
    #[must_use]
    pub fn save(self, document: DocumentId, text: &str) -> Self {
        self.with(Change::Save { document, text: text.into() })
    }

    /// Adds a dated line to Log.
    #[must_use]
    pub fn log(self, text: &str) -> Self {
        self.with(Change::Log(text.into()))
    }

    /// Adds an item.
    #[must_use]
    pub fn add_item(self, description: &str) -> Self {
        self.with(Change::AddItem(description.into()))
    }

    fn with(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }
}

impl Change {
    /// Makes the change in the texts at hand.
    pub(super) fn make(
        &self,
        state: &mut String,
        config: &mut Option<String>,
        at: DateTime,
    ) -> Result<(), ChangeError> {
        match self {
            Self::Set { key, value } => {
                let view = WorkflowState::parse(state);
                // A key that has the value already needs no edit.
                if view.value(key) != Some(value) {
                    let edits = view.set(key, value);
                    splice(state, edits, || format!("setting {key}"))?;
                }
            }
            Self::Log(text) => {
                let edits = WorkflowState::parse(state).log(at, text);
                splice(state, edits, || "logging".to_owned())?;
            }
            Self::AddItem(description) => {
                let edits = WorkflowState::parse(state).items().add(description);
                splice(state, edits, || "adding an item".to_owned())?;
            }
            Self::Replace { document, old, new } => {
                let text = match document {
                    DocumentId::State => state,
                    DocumentId::Config => config.as_mut().ok_or(ChangeError::NoConfig)?,
                };
                let times = if old.is_empty() { 0 } else { text.matches(old.as_str()).count() };
                if times != 1 {
                    return Err(ChangeError::NotOnce { document: *document, old: old.clone(), times });
                }
                *text = text.replacen(old.as_str(), new, 1);
            }
            Self::Save { document: DocumentId::State, text } => state.clone_from(text),
            Self::Save { document: DocumentId::Config, text } => *config = Some(text.clone()),
        }
        Ok(())
    }
}

fn splice(text: &mut String, edits: Vec<TextEdit>, what: impl Fn() -> String) -> Result<(), ChangeError> {
    let after = Patch::new(Revision::of(text.as_str()), edits)
        .ok()
        .filter(|patch| !patch.is_empty())
        .and_then(|patch| patch.apply(text).ok());
    *text = after.ok_or_else(|| ChangeError::NoPlace(what()))?;
    Ok(())
}
