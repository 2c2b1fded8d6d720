//! Sections by role, and the edits every section takes.

use crate::{
    markdown::Markdown,
    text::{Span, TextEdit},
};

/// What a section is for, whatever its heading is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Phase, Status, CurrentItem and their like.
    State,
    /// The plan.
    Plan,
    /// Rules; a file may have several such sections.
    Rules,
    /// The items.
    Items,
    /// The log.
    Log,
    /// Summaries of earlier logs.
    ArchiveLog,
    /// Earlier plans.
    BlueprintHistory,
    /// Commits.
    WorkflowHistory,
    /// What was done, newest first.
    Changelog,
    /// What came of the items (`## TokenizationResults`).
    Results,
    /// Anything else.
    Other,
}

/// A heading and what stands below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What it is for.
    pub role: Role,
    /// The heading's level, 1 to 6.
    pub level: u8,
    /// The heading's text, decoration and all.
    pub title: Span,
    /// The heading's block.
    pub heading: Span,
    /// From behind the heading to the next section, or to the comment that marks the section's end.
    pub body: Span,
}

/// A document as sections.
#[derive(Clone, Debug)]
pub struct Outline<'t> {
    markdown: Markdown<'t>,
    sections: Vec<Section>,
}

impl<'t> Outline<'t> {
    /// Reads `text`.
    #[must_use]
    pub fn parse(text: &'t str) -> Self {
        Self { markdown: Markdown::parse(text), sections: Vec::new() }
    }

    /// The text it was read from.
    #[must_use]
    pub fn text(&self) -> &'t str {
        self.markdown.text()
    }

    /// The blocks below.
    #[must_use]
    pub fn markdown(&self) -> &Markdown<'t> {
        &self.markdown
    }

    /// All sections, in the order of the file.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The section that plays `role`; of several the one the file works with.
    #[must_use]
    pub fn section(&self, role: Role) -> Option<&Section> {
        self.sections.iter().find(|section| section.role == role)
    }

    /// The section a rule calls `name`: `Log`, `## ArchiveLog`, `Blueprint History`. By role first,
    /// then by its undecorated title, without case.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Section> {
        let _ = name;
        None
    }

    /// The section's content: the body without surrounding blank lines and, for what it measures,
    /// without HTML comments and placeholders.
    #[must_use]
    pub fn content(&self, section: &Section) -> String {
        section.body.of(self.text()).to_owned()
    }

    /// Unicode scalar values of the section's content (`rule-language.md`, section 2).
    #[must_use]
    pub fn characters(&self, section: &Section) -> usize {
        self.content(section).chars().count()
    }

    /// Empties the section's body; placeholder comments stay.
    #[must_use]
    pub fn clear(&self, section: &Section) -> Vec<TextEdit> {
        let _ = section;
        Vec::new()
    }

    /// Adds `entry` (lines, `\n` ended or not; no list marker of its own unless it needs one) before
    /// the first entry of the section, behind its placeholder comment; in a table as a row, in a
    /// list as an item in the list's own marker.
    #[must_use]
    pub fn prepend(&self, section: &Section, entry: &str) -> Vec<TextEdit> {
        let _ = (section, entry);
        Vec::new()
    }

    /// As [`Outline::prepend`], behind the last entry.
    #[must_use]
    pub fn append(&self, section: &Section, entry: &str) -> Vec<TextEdit> {
        let _ = (section, entry);
        Vec::new()
    }

    /// Adds a section with this title at the end of the file, with `body`, in the level and
    /// decoration its siblings have.
    #[must_use]
    pub fn add_section(&self, title: &str, body: &str) -> Vec<TextEdit> {
        let _ = (title, body);
        Vec::new()
    }
}
