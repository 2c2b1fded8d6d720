//! `workflow_state.md`.

mod line;
mod log;
mod names;
mod read;
mod touch;
mod value;
mod write;

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
    /// The value, undecorated: `COMPLETED` for `✅ **COMPLETED**`, `ANALYZE` for `ANALYZE # phase`;
    /// empty for a template's placeholder (`{phase}`, `INIT | ANALYZE | BLUEPRINT`).
    pub value: String,
    /// The bytes that a new value replaces: the bare value inside its decoration.
    pub value_span: Span,
    /// Where the key stands.
    pub name_span: Span,
    place: read::Place,
}

impl<'t> WorkflowState<'t> {
    /// Reads `text`.
    #[must_use]
    pub fn parse(text: &'t str) -> Self {
        let outline = Outline::parse(text);
        let keys = read::keys(&outline);
        Self { outline, keys }
    }

    /// The document as sections.
    #[must_use]
    pub fn outline(&self) -> &Outline<'t> {
        &self.outline
    }

    /// The State keys, in the order of the file; of a key that stands twice, the one that counts
    /// comes first. The State section counts before the top of the file, that before headings.
    #[must_use]
    pub fn keys(&self) -> &[StateKey] {
        &self.keys
    }

    /// The key with this name, compared without case, aliases and a leading `State.` included. One
    /// that holds a placeholder gives way to one that holds a value.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&StateKey> {
        let name = unqualified(name);
        let exact = |key: &&StateKey| names::same(&key.name, name);
        let found = self.keys.iter().filter(exact);
        let first = found.clone().find(|key| !key.value.is_empty()).or_else(|| found.clone().next());
        first.or_else(|| {
            let canonical = names::canonical(name)?;
            let mut found = self.keys.iter().filter(|key| key.name == canonical);
            found.clone().find(|key| !key.value.is_empty()).or_else(|| found.next())
        })
    }

    /// The value of a key; `None` when it is missing, empty or null.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.key(name).map(|key| key.value.as_str()).filter(|value| !value::is_null(value))
    }

    /// Writes a key, in the spelling and place the file already uses; a key the file does not have
    /// is added behind the last one, in the syntax of its neighbours. Never ambiguous: the value is
    /// one line, and the syntax's own special characters in it are escaped.
    #[must_use]
    pub fn set(&self, name: &str, value: &str) -> Vec<TextEdit> {
        write::set(self, unqualified(name), value)
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
        log::log(&self.outline, at, text)
    }

    /// Brings `_Last updated: …_` (or `**Last Updated**: …`) to `today`, if the file has it and it
    /// holds a date.
    #[must_use]
    pub fn touch(&self, today: Date) -> Vec<TextEdit> {
        touch::touch(self, today)
    }
}

fn unqualified(name: &str) -> &str {
    let name = name.trim().trim_matches(['`', '*']);
    match name.get(..6) {
        Some(state) if state.eq_ignore_ascii_case("state.") => &name[6..],
        _ => name,
    }
}
