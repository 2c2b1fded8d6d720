//! The two documents of a project, as typed views over their text.
//!
//! Views are thin and read-only. What changes a document is asked of a view and comes back as
//! [`TextEdit`](crate::text::TextEdit)s that keep the spelling, decoration and line ends found.

mod body;
mod config;
mod inline;
mod item;
mod outline;
mod state;
mod table;
mod title;

pub use config::{ProjectCommand, ProjectConfig};
pub use item::{Item, ItemStatus, Items};
pub use outline::{Outline, Role, Section};
pub use state::{StateKey, WorkflowState};
