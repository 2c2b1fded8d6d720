//! `project_config.md`.

use super::Outline;
use crate::text::{Span, TextEdit};
use jiff::civil::Date;

/// The config file as a view.
#[derive(Clone, Debug)]
pub struct ProjectConfig<'t> {
    outline: Outline<'t>,
}

/// A command that the file names (`rule-language.md`, section 6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectCommand {
    /// What the file calls it: the label, or the comment above.
    pub label: String,
    /// The command line.
    pub line: String,
    /// Where it stands.
    pub span: Span,
}

impl<'t> ProjectConfig<'t> {
    /// Reads `text`.
    #[must_use]
    pub fn parse(text: &'t str) -> Self {
        Self { outline: Outline::parse(text) }
    }

    /// The document as sections.
    #[must_use]
    pub fn outline(&self) -> &Outline<'t> {
        &self.outline
    }

    /// The commands, in the order of the file.
    #[must_use]
    pub fn commands(&self) -> Vec<ProjectCommand> {
        Vec::new()
    }

    /// Puts `sentence` first in the Changelog, as a list item (dated if the others are, or `dated`
    /// says so), a table row, or under a dated heading, as the section has it; makes the section at
    /// the end of the file if there is none.
    #[must_use]
    pub fn add_change(&self, today: Date, sentence: &str, dated: bool) -> Vec<TextEdit> {
        let _ = (today, sentence, dated);
        Vec::new()
    }

    /// Whether the newest entry of the Changelog already says `sentence`.
    #[must_use]
    pub fn says_already(&self, sentence: &str) -> bool {
        let _ = sentence;
        false
    }
}
