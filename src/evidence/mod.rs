//! What a run of the checks is worth: it speaks of one state of the work tree, and of no other.

mod files;
mod git;
mod tree;

pub use tree::{TreeError, TreeState};
