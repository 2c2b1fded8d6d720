//! What may be wrong with a journal.

use rusqlite::ErrorCode;
use std::{io, path::PathBuf};

/// Why the journal could not be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Its content can't be what was written.
    #[error("the journal is damaged: {0}")]
    Damaged(String),
    /// Written by a later version of Rulemark.
    #[error("the journal has format {found}, and this version of rulemark knows {known}")]
    Newer {
        /// The format found.
        found: i64,
        /// The latest one known.
        known: i64,
    },
    /// It could not be moved out of the way.
    #[error("cannot set the damaged journal {} aside: {source}", .path.display())]
    SetAside {
        /// The journal.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The database refused.
    #[error("cannot use the journal: {0}")]
    Database(rusqlite::Error),
}

impl JournalError {
    /// Whether the file itself is bad, so that it is better set aside.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged(_))
    }
}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(error.to_string()),
            _ => Self::Database(error),
        }
    }
}
