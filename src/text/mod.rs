//! Text without meaning: spans, edits, patches, revisions, lines and diagnostics.
//!
//! Nothing here knows Markdown or workflows. Text is never mutated: views look at it through
//! [`Span`]s and answer with [`TextEdit`]s, and [`Patch::apply`] is the one function that makes a
//! new text out of an old one.

mod characters;
mod diagnostic;
mod draft;
mod edit;
mod line_index;
mod lineage;
mod merge;
mod revision;
mod span;
mod suggest;

pub use characters::{Oddity, as_it_looks, is_unsafe_to_print, oddities};
pub use diagnostic::{Diagnostic, DocumentId, Fix, Label, Severity};
pub use draft::Draft;
pub use edit::{OverlapError, Patch, PatchError, TextEdit};
pub use line_index::{LineColumn, LineIndex, Utf16Position};
pub use lineage::LineSet;
pub use merge::{MergeConflict, rebase};
pub use revision::{Revision, RevisionHasher};
pub use span::Span;
pub use suggest::nearest;
