//! The two documents while a run changes them, and the writes that rules make.

use crate::{
    document::{Outline, ProjectConfig, Role, Section, WorkflowState, doubled_section},
    engine::model::Snapshot,
    rules::{Position, SectionName},
    text::{Diagnostic, DocumentId, Draft, Patch, Revision, TextEdit},
};
use jiff::civil::DateTime;
use std::borrow::Cow;

/// One change that a rule makes. Values are worked out on the round's snapshot; where they go is
/// found in the text as the writes before have left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Write {
    /// Gives a State key a value.
    Set {
        key: String,
        value: String,
    },
    /// Marks the item that `CurrentItem` names as completed.
    Complete {
        current: String,
    },
    Clear(SectionName),
    /// Adds a block of lines to a section, which is made where it is missing.
    Insert {
        document: DocumentId,
        section: SectionName,
        position: Position,
        text: String,
    },
    /// Puts a sentence into the Changelog.
    Change {
        document: DocumentId,
        sentence: String,
        dated: bool,
    },
    Log(String),
    /// Brings the date of the last update to today.
    Touch,
}

impl Write {
    /// Adds a block at the end of a section of the state file.
    pub(super) fn append(section: SectionName, text: String) -> Self {
        Self::Insert { document: DocumentId::State, section, position: Position::Last, text }
    }
}

/// Both documents of a project under change.
#[derive(Clone, Debug)]
pub(super) struct Working<'a> {
    state: Draft<'a>,
    config: Option<Draft<'a>>,
    at: DateTime,
}

/// The revisions of both documents.
pub(super) type Revisions = (Revision, Option<Revision>);

impl<'a> Working<'a> {
    pub(super) fn new(snapshot: &Snapshot<'a>, revisions: Revisions, at: DateTime) -> Self {
        let config = snapshot.config.zip(revisions.1).map(|(text, revision)| Draft::new(text, revision));
        Self { state: Draft::new(snapshot.state, revisions.0), config, at }
    }

    /// The text of the state file, as it is now.
    pub(super) fn state(&self) -> &Cow<'a, str> {
        self.state.text()
    }

    pub(super) fn config(&self) -> Option<&Cow<'a, str>> {
        self.config.as_ref().map(Draft::text)
    }

    pub(super) fn revisions(&self) -> Revisions {
        (self.state.revision(), self.config.as_ref().map(Draft::revision))
    }

    /// The state file's patch, and the config's.
    pub(super) fn into_patches(self) -> (Patch, Option<Patch>) {
        (self.state.into_patch(), self.config.map(Draft::into_patch))
    }

    /// What is wrong with the changes, if they add a section that a reader sees already.
    pub(super) fn doubled_section(&self, snapshot: &Snapshot<'_>) -> Option<Diagnostic> {
        let in_state = doubled_section(snapshot.state, self.state.patch());
        in_state.or_else(|| {
            let found = doubled_section(snapshot.config?, self.config.as_ref()?.patch())?;
            Some(found.in_document(DocumentId::Config))
        })
    }

    pub(super) fn has_changed(&self) -> bool {
        !self.state.patch().is_empty() || self.config.as_ref().is_some_and(|draft| !draft.patch().is_empty())
    }

    /// Makes one change; answers whether a text is different now.
    pub(super) fn write(&mut self, write: &Write) -> bool {
        let at = self.at;
        match write {
            Write::Set { key, value } => self.revise_state(|state| {
                if state.key(key).is_some_and(|found| found.value == *value) {
                    return Vec::new();
                }
                state.set(key, value)
            }),
            Write::Complete { current } => self.revise_state(|state| {
                let items = state.items();
                items.matching(current).map(|item| items.complete(item)).unwrap_or_default()
            }),
            Write::Clear(section) => self.revise_state(|state| {
                state
                    .outline()
                    .named(&section.0)
                    .map(|found| state.outline().clear(found))
                    .unwrap_or_default()
            }),
            Write::Log(text) => self.revise_state(|state| state.log(at, text)),
            Write::Touch => self.revise_state(|state| state.touch(at)),
            Write::Change { document: DocumentId::Config, sentence, dated } => {
                self.revise_config(|config| config.add_change(at.date(), sentence, *dated))
            }
            Write::Change { document: DocumentId::State, sentence, dated } => {
                // The state file's own Changelog is read by the same view.
                let edits = ProjectConfig::parse(self.state.text()).add_change(at.date(), sentence, *dated);
                self.state.revise(edits)
            }
            Write::Insert { document, section, position, text } => {
                let insert = |outline: &Outline<'_>| match outline.named(&section.0) {
                    Some(found) => insert_into(outline, found, *position, text),
                    None => outline.add_section(&section.0, text),
                };
                match document {
                    DocumentId::State => self.revise_state(|state| insert(state.outline())),
                    DocumentId::Config => self.revise_config(|config| insert(config.outline())),
                }
            }
        }
    }

    fn revise_state(&mut self, edits: impl FnOnce(&WorkflowState<'_>) -> Vec<TextEdit>) -> bool {
        let edits = edits(&WorkflowState::parse(self.state.text()));
        self.state.revise(edits)
    }

    fn revise_config(&mut self, edits: impl FnOnce(&ProjectConfig<'_>) -> Vec<TextEdit>) -> bool {
        let Some(draft) = &mut self.config else { return false };
        let edits = edits(&ProjectConfig::parse(draft.text()));
        draft.revise(edits)
    }
}

fn insert_into(outline: &Outline<'_>, section: &Section, position: Position, text: &str) -> Vec<TextEdit> {
    match position {
        Position::First => outline.prepend(section, text),
        Position::Last => outline.append(section, text),
    }
}

/// Which document a section stands in when the rule names no file: the state file if it has such
/// a section, else the config for what belongs there.
pub(super) fn home_of(section: &SectionName, state: &WorkflowState<'_>) -> DocumentId {
    match state.outline().named(&section.0) {
        Some(_) => DocumentId::State,
        None if is_changelog(section) => DocumentId::Config,
        None => DocumentId::State,
    }
}

pub(super) fn is_changelog(section: &SectionName) -> bool {
    Role::named(&section.0) == Some(Role::Changelog)
}
