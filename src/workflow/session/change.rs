//! Changing a session's text: only the bytes that must change.

use super::{head::Key, model::Session};
use crate::text::{Patch, Revision, Span, TextEdit};
use jiff::civil::DateTime;
use std::collections::BTreeMap;

/// The sections of a session, in the order they are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    State,
    Phases,
    Evidence,
    Errors,
    Log,
}

impl Part {
    pub(super) const ALL: [Self; 5] = [Self::State, Self::Phases, Self::Evidence, Self::Errors, Self::Log];

    /// What its heading says.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::State => "State",
            Self::Phases => "Phases",
            Self::Evidence => "Evidence",
            Self::Errors => "Errors",
            Self::Log => "Log",
        }
    }
}

/// Where the parts of a session's text stand that change.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    /// The values of the front matter.
    pub(super) head: BTreeMap<Key, Span>,
    /// The end of each section's last line that is not blank.
    pub(super) ends: BTreeMap<Part, usize>,
    /// The sections in which nothing stands below the heading.
    pub(super) empty: Vec<Part>,
    /// The line under State that says that it is paused.
    pub(super) pause: Option<Span>,
}

/// A change under way: edits of one text, which go to their places together.
pub(super) struct Change<'s> {
    session: &'s Session,
    edits: Vec<TextEdit>,
    is_crlf: bool,
}

impl<'s> Change<'s> {
    pub(super) fn of(session: &'s Session) -> Self {
        let is_crlf = session.text.split_once('\n').is_some_and(|(first, _)| first.ends_with('\r'));
        Self { session, edits: Vec::new(), is_crlf }
    }

    /// Writes a value of the front matter.
    pub(super) fn head(&mut self, key: Key, value: &str) {
        if let Some(span) = self.session.layout.head.get(&key)
            && span.of(&self.session.text) != value
        {
            self.edits.push(TextEdit::replace(*span, value));
        }
    }

    /// Ticks a phase's box, or clears it.
    pub(super) fn tick(&mut self, phase: u32, is_ticked: bool) {
        for line in &self.session.phases {
            if line.number == phase && line.is_ticked != is_ticked {
                self.edits.push(TextEdit::replace(line.tick, if is_ticked { "x" } else { " " }));
            }
        }
    }

    /// Adds words behind the heading of an attempt.
    pub(super) fn extend_heading(&mut self, at: usize, words: &str) {
        self.edits.push(TextEdit::insert(at, words));
    }

    /// Adds list items at the end of a section.
    pub(super) fn add_lines(&mut self, part: Part, lines: &str) {
        let is_first = self.session.layout.empty.contains(&part);
        self.add(part, lines, is_first);
    }

    /// Adds a block at the end of a section, behind a blank line.
    pub(super) fn add_block(&mut self, part: Part, block: &str) {
        self.add(part, block, true);
    }

    /// Takes a whole line out.
    pub(super) fn remove(&mut self, line: Span) {
        self.edits.push(TextEdit::delete(line));
    }

    fn add(&mut self, part: Part, lines: &str, is_apart: bool) {
        let Some(&at) = self.session.layout.ends.get(&part) else { return };
        let before = &self.session.text[..at];
        let mut text = String::new();
        if !before.ends_with('\n') {
            text.push('\n');
        }
        // The second addition to the same place finds the first one there.
        let is_second = self.edits.iter().any(|edit| edit.span == Span::empty(at));
        if is_apart && !is_second {
            text.push('\n');
        }
        text.push_str(lines);
        if self.is_crlf {
            text = text.replace('\n', "\r\n");
        }
        self.edits.push(TextEdit::insert(at, text));
    }

    /// The text with all of it, one revision further.
    pub(super) fn finish(mut self, at: DateTime) -> String {
        self.head(Key::Updated, &at.to_string());
        self.head(Key::Revision, &(self.session.head.revision + 1).to_string());
        let text = &self.session.text;
        let patch = Patch::new(Revision::of(text), self.edits);
        debug_assert!(patch.is_ok(), "each part is edited once: {patch:?}");
        patch.ok().and_then(|patch| patch.apply(text).ok()).unwrap_or_else(|| text.clone())
    }
}
