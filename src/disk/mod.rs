//! The operating system's side: folders, reading, the compare-and-swap write, locks, watching.

mod workspace;

pub use workspace::Workspace;
