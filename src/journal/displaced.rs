//! The files that documents were before they were swapped.
//!
//! Whoever had such a file open may still write to it. It is kept for a while, and what is written to
//! it is merged; see [`swap`](crate::disk::swap).

use super::{JournalError, memory::revision, record::document, store::Journal};
use crate::{
    disk::{Identity, Stamp},
    text::{DocumentId, Revision},
};
use rusqlite::{Row, Transaction, params};

/// One file that a document was, or, until it is [settled](DisplacedFile::is_settled), the file that
/// is to become the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplacedFile {
    /// Its path; relative to the project's folder if it lies inside.
    pub place: String,
    /// Which document it was.
    pub document: DocumentId,
    /// The entry that displaced it.
    pub seq: i64,
    /// Whether it is known how the swap ended. Otherwise its process may have been killed.
    pub is_settled: bool,
    /// The file that was staged for the swap.
    pub staged: Identity,
    /// The displaced file as it was last read.
    pub stamp: Stamp,
    /// What was in it, all of it merged.
    pub last: Revision,
}

impl Journal {
    /// The displaced files that are still kept, oldest first.
    ///
    /// # Errors
    /// When the database refuses, here and below.
    pub fn displaced(&self) -> Result<Vec<DisplacedFile>, JournalError> {
        let mut query = self.connection.prepare_cached(
            "SELECT place, document, seq, settled, device, inode, length, modified, last FROM displaced ORDER BY seq, place",
        )?;
        let rows = query.query_and_then([], read)?;
        rows.collect()
    }

    /// Notes how things stand with displaced files, and forgets others; at once.
    ///
    /// # Errors
    /// As above.
    pub fn note_displaced(&mut self, changes: &DisplacedChanges) -> Result<(), JournalError> {
        if changes.is_empty() {
            return Ok(());
        }
        let transaction = self.connection.transaction()?;
        changes.write(&transaction)?;
        Ok(transaction.commit()?)
    }
}

/// What is new about displaced files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DisplacedChanges {
    /// New ones, and what is known of others now.
    pub noted: Vec<DisplacedFile>,
    /// The places of those that are no more.
    pub gone: Vec<String>,
}

impl DisplacedChanges {
    fn is_empty(&self) -> bool {
        self.noted.is_empty() && self.gone.is_empty()
    }

    pub(super) fn write(&self, transaction: &Transaction<'_>) -> Result<(), JournalError> {
        let mut forget = transaction.prepare_cached("DELETE FROM displaced WHERE place = ?1")?;
        for place in &self.gone {
            forget.execute([place])?;
        }
        let mut note = transaction
            .prepare_cached("INSERT OR REPLACE INTO displaced VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?;
        for file in &self.noted {
            note.execute(params![
                file.place,
                file.document.to_string(),
                file.seq,
                file.is_settled,
                file.staged.device.cast_signed(),
                file.staged.inode.cast_signed(),
                file.stamp.length.cast_signed(),
                file.stamp.modified,
                file.last.to_string(),
            ])?;
        }
        Ok(())
    }
}

fn read(row: &Row<'_>) -> Result<DisplacedFile, JournalError> {
    let (name, last): (String, String) = (row.get(1)?, row.get(8)?);
    let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
    Ok(DisplacedFile {
        place: row.get(0)?,
        document: document(&name).map_err(JournalError::Damaged)?,
        seq: row.get(2)?,
        is_settled: row.get(3)?,
        staged: Identity { device: number(4)?, inode: number(5)? },
        stamp: Stamp { length: number(6)?, modified: row.get(7)? },
        last: revision(&last).map_err(JournalError::Damaged)?,
    })
}
