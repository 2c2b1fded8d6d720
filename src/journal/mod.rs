//! The append-only record of what was done: `.rulemark/journal.db`.
//!
//! Deleting it loses history and what the rules remember, never state. Each entry carries the hash
//! of the one before, the texts it found and left (content-addressed), and the memory of the rules.
//! It is written before the documents are swapped, so that a run that was killed can be settled: what
//! was found, what was to be left, and under which name the old file is kept.
//!
//! SQLite in WAL mode, `synchronous = FULL`: one sync for each entry. With `NORMAL` a power cut could
//! take entries back whose edits are on disk already, and rules would fire twice.

mod attested;
mod database;
mod displaced;
mod entry;
mod error;
mod memory;
mod record;
mod sessions;
mod store;
mod texts;
mod versions;

pub use attested::{ApprovalRecord, Attested, CheckRecord, Via};
pub use database::set_aside;
pub use displaced::{DisplacedChanges, DisplacedFile};
pub use entry::{ArchivedLog, Conflict, Entry, EntryKind, FileChange, FiredRule, Verification};
pub use error::JournalError;
pub use sessions::{PhaseApproval, SessionWrite};
pub use store::{Journal, NewEntry};
pub use versions::OwnWrite;
