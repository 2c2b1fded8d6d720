//! The versions of the documents, to tell what a foreign save was made from.

use super::{JournalError, memory::revision, store::Journal};
use crate::text::{DocumentId, LineSet, Revision};
use rusqlite::{OptionalExtension as _, Transaction, params};

/// One write of Rulemark's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnWrite {
    /// What was there before.
    pub before: Revision,
    /// What it left.
    pub after: Revision,
}

impl Journal {
    /// The newest version of a document: what the newest entry left. `None` before the first, and
    /// when that entry knew no such document.
    ///
    /// # Errors
    /// When the database refuses, here and below.
    pub fn head(&self, document: DocumentId) -> Result<Option<Revision>, JournalError> {
        let newest = self.history(1)?.pop();
        let file = newest.and_then(|entry| entry.files.into_iter().find(|file| file.document == document));
        Ok(file.map(|file| file.after))
    }

    /// The newest of Rulemark's own writes of a document that are still kept, newest first.
    ///
    /// # Errors
    /// As above.
    pub fn own_writes(&self, document: DocumentId, limit: usize) -> Result<Vec<OwnWrite>, JournalError> {
        let mut query = self.connection.prepare_cached(
            "SELECT before, after FROM own_write WHERE document = ?1 ORDER BY seq DESC LIMIT ?2",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = query.query_and_then(params![document.to_string(), limit], |row| {
            let [before, after]: [String; 2] = [row.get(0)?, row.get(1)?];
            let write = || Ok(OwnWrite { before: revision(&before)?, after: revision(&after)? });
            write().map_err(JournalError::Damaged)
        })?;
        rows.collect()
    }

    /// The newest entry that a version of a document occurs in, if it is known.
    ///
    /// # Errors
    /// As above.
    pub fn last_seen(&self, document: DocumentId, version: Revision) -> Result<Option<i64>, JournalError> {
        let found = self
            .connection
            .prepare_cached("SELECT last_seq FROM version WHERE document = ?1 AND revision = ?2")?
            .query_row([document.to_string(), version.to_string()], |row| row.get(0))
            .optional()?;
        Ok(found)
    }

    /// The lines of a version of a document, if it is known.
    ///
    /// # Errors
    /// As above.
    pub fn lines(&self, document: DocumentId, version: Revision) -> Result<Option<LineSet>, JournalError> {
        let found: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT lines FROM version WHERE document = ?1 AND revision = ?2")?
            .query_row([document.to_string(), version.to_string()], |row| row.get(0))
            .optional()?;
        found.map(|bytes| lines(&bytes)).transpose()
    }

    /// The version of a document that `made` was most likely made from; of several as likely ones the
    /// newest. With `up_to`, only those are asked that were there before the entry of that number.
    ///
    /// # Errors
    /// As above.
    pub fn likely_base(
        &self,
        document: DocumentId,
        made: &LineSet,
        up_to: Option<i64>,
    ) -> Result<Option<Revision>, JournalError> {
        let mut query = self.connection.prepare_cached(
            "SELECT revision, lines FROM version WHERE document = ?1 AND first_seq <= ?2 ORDER BY last_seq DESC",
        )?;
        let mut rows = query.query(params![document.to_string(), up_to.unwrap_or(i64::MAX)])?;
        let mut best: Option<(usize, String)> = None;
        while let Some(row) = rows.next()? {
            let stored: Vec<u8> = row.get(1)?;
            let distance = lines(&stored)?.distance_to(made);
            if best.as_ref().is_none_or(|(shortest, _)| distance < *shortest) {
                best = Some((distance, row.get(0)?));
            }
        }
        best.map(|(_, hex)| revision(&hex).map_err(JournalError::Damaged)).transpose()
    }
}

/// A version of a document that the newest entry with it knows.
pub(super) fn newest(
    transaction: &Transaction<'_>,
    document: DocumentId,
) -> Result<Option<Revision>, JournalError> {
    let hex: Option<String> = transaction
        .prepare_cached("SELECT revision FROM version WHERE document = ?1 ORDER BY last_seq DESC LIMIT 1")?
        .query_row([document.to_string()], |row| row.get(0))
        .optional()?;
    hex.map(|hex| revision(&hex).map_err(JournalError::Damaged)).transpose()
}

/// Notes that a version of a document occurs in an entry.
pub(super) fn note(
    transaction: &Transaction<'_>,
    document: DocumentId,
    (version, text): (Revision, &str),
    seq: i64,
) -> Result<(), JournalError> {
    let (document, hex) = (document.to_string(), version.to_string());
    let known = transaction
        .prepare_cached("UPDATE version SET last_seq = ?3 WHERE document = ?1 AND revision = ?2")?
        .execute(params![document, hex, seq])?;
    if known == 0 {
        transaction
            .prepare_cached(
                "INSERT INTO version (document, revision, first_seq, last_seq, lines) VALUES (?1, ?2, ?3, ?3, ?4)",
            )?
            .execute(params![document, hex, seq, LineSet::of(text).to_bytes()])?;
    }
    Ok(())
}

/// Notes a write of our own.
pub(super) fn note_own_write(
    transaction: &Transaction<'_>,
    document: DocumentId,
    write: OwnWrite,
    seq: i64,
) -> Result<(), JournalError> {
    transaction
        .prepare_cached("INSERT INTO own_write (document, seq, before, after) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![document.to_string(), seq, write.before.to_string(), write.after.to_string()])?;
    Ok(())
}

/// Forgets what only an entry knew that never came to be.
pub(super) fn forget(transaction: &Transaction<'_>, seq: i64) -> Result<(), JournalError> {
    transaction.execute("DELETE FROM version WHERE first_seq = ?1", [seq])?;
    transaction.execute("DELETE FROM own_write WHERE seq = ?1", [seq])?;
    Ok(())
}

/// Forgets the versions that only entries up to `oldest` know.
pub(super) fn prune(transaction: &Transaction<'_>, oldest: i64) -> Result<(), JournalError> {
    transaction.execute("DELETE FROM version WHERE last_seq <= ?1", [oldest])?;
    transaction.execute("DELETE FROM own_write WHERE seq <= ?1", [oldest])?;
    Ok(())
}

fn lines(stored: &[u8]) -> Result<LineSet, JournalError> {
    LineSet::from_bytes(stored)
        .ok_or_else(|| JournalError::Damaged("the lines of a version can't be read".into()))
}
