//! The append-only record of what was done: `.rulemark/journal.db`.
//!
//! Deleting it loses history and what the rules remember, never state. Each entry carries the hash
//! of the one before, the texts it found and left (content-addressed), and the memory of the rules.
//! It is written inside a transaction that is committed once the documents are published.
//!
//! SQLite in WAL mode, `synchronous = FULL`: one sync for each entry. With `NORMAL` a power cut could
//! take entries back whose edits are on disk already, and rules would fire twice.

mod database;
mod entry;
mod error;
mod memory;
mod record;
mod store;

pub use database::set_aside;
pub use entry::{ArchivedLog, Entry, EntryKind, FileChange, FiredRule, Verification};
pub use error::JournalError;
pub use store::{Journal, NewEntry, Uncommitted};
