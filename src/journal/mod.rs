//! The append-only record of what was done: `.rulemark/journal.db`.
//!
//! Deleting it loses history and what the rules remember, never state.

mod entry;

pub use entry::{ArchivedLog, Entry, EntryKind, FileChange, FiredRule, Verification};
