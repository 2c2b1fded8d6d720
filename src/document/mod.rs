//! The two documents of a project, as typed views over their text.
//!
//! Views are thin and read-only. What changes a document is asked of a view and comes back as
//! [`TextEdit`](crate::text::TextEdit)s that keep the spelling, decoration and line ends found.

mod body;
mod config;
mod inline;
mod items;
mod outline;
mod stamp;
mod state;
mod table;
mod title;

pub use config::{CommandKind, ProjectCommand, ProjectConfig};
pub use items::{Item, ItemStatus, Items};
pub use outline::{Outline, Role, Section};
pub use state::{StateKey, WorkflowState};

/// `text` after `edits`.
#[cfg(test)]
fn edited(text: &str, edits: Vec<crate::text::TextEdit>) -> String {
    let patch = crate::text::Patch::new(crate::text::Revision::of(text), edits).expect("edits are disjoint");
    patch.apply(text).expect("edits fit the text")
}
