//! Markdown as blocks that tile the file; knows no workflow.

mod blocks;

pub use blocks::{Block, BlockKind, CheckBox, Heading, Line, LineKind, Markdown};
