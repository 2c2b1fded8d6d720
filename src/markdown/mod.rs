//! Markdown as blocks that tile the file; knows no workflow.
//!
//! [`Markdown::parse`] is one pass of pulldown-cmark, whose block structure is kept at the top level
//! and whose gaps are filled, so that the spans of the blocks concatenate to the text. What a line
//! by itself looks like, [`Markdown::lines`] says on demand.

mod blocks;
mod depth;
mod lines;
mod scan;
mod wrapper;

pub use blocks::{Block, BlockKind, Heading, Markdown};
pub use lines::{CheckBox, Line, LineKind, Lines, list_marker};
pub use scan::Nesting;
