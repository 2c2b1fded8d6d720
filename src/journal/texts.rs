//! The texts that entries refer to, by revision: whole now and then, otherwise as what differs from the
//! one before. A log line more in a file of 13 KB takes 100 bytes.

use super::{JournalError, memory::revision};
use crate::text::{Patch, Revision};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use std::collections::{BTreeMap, BTreeSet};

/// How many texts may build on each other: reading the last takes as many steps.
const DEPTH: i64 = 32;

/// How long texts are kept. Entries themselves and cleared logs stay for ever; only undoing and
/// showing old entries needs the texts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keep {
    /// Texts stay as long as one of this many newest entries refers to them …
    pub(super) entries: i64,
    /// … and all of them together take no more than this, in bytes.
    pub(super) bytes: i64,
    /// How many entries pass from one pruning to the next.
    pub(super) every: i64,
}

/// Stores a text unless it is there. `base` is one that it is likely to resemble, and that is stored.
pub(super) fn store(
    transaction: &Transaction<'_>,
    (revision, text): (Revision, &str),
    base: Option<(Revision, &str)>,
    seq: i64,
) -> Result<(), JournalError> {
    if is_stored(transaction, revision)? {
        return Ok(());
    }
    let hex = revision.to_string();
    let mut insert = transaction
        .prepare_cached("INSERT INTO text (revision, base, depth, data, seq) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    if let Some((base, base_text)) = base.filter(|(base, _)| *base != revision) {
        let base = base.to_string();
        let depth: Option<i64> = transaction
            .prepare_cached("SELECT depth FROM text WHERE revision = ?1")?
            .query_row([&base], |row| row.get(0))
            .optional()?;
        if let Some(depth) = depth.filter(|depth| *depth < DEPTH) {
            let edits = encode(&Patch::between(base_text, text));
            if edits.len() < text.len() / 2 {
                insert.execute(params![hex, base, depth + 1, edits, seq])?;
                return Ok(());
            }
        }
    }
    insert.execute(params![hex, None::<String>, 0, text.as_bytes(), seq])?;
    Ok(())
}

/// Whether there is a text with this revision.
pub(super) fn is_stored(connection: &Connection, revision: Revision) -> Result<bool, JournalError> {
    let mut query = connection.prepare_cached("SELECT 1 FROM text WHERE revision = ?1")?;
    Ok(query.exists([revision.to_string()])?)
}

/// The text with this revision, if it is still kept.
pub(super) fn read(connection: &Connection, wanted: Revision) -> Result<Option<String>, JournalError> {
    let mut query = connection.prepare_cached("SELECT base, data FROM text WHERE revision = ?1")?;
    let mut edits = Vec::new();
    let mut next = wanted.to_string();
    for _ in 0..=DEPTH {
        let row: Option<(Option<String>, Vec<u8>)> =
            query.query_row([&next], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        match row {
            Some((Some(base), data)) => {
                edits.push(data);
                next = base;
            }
            Some((None, whole)) => {
                let whole = String::from_utf8(whole).map_err(|error| damaged(&error))?;
                let rebuilt = edits.iter().rev().try_fold(whole, |text, data| rebuild(data, &text));
                return rebuilt
                    .map(Some)
                    .ok_or_else(|| JournalError::Damaged("a text can't be rebuilt".into()));
            }
            None if edits.is_empty() => return Ok(None),
            None => break,
        }
    }
    Err(JournalError::Damaged("a text has lost the one it builds on".into()))
}

/// The revisions of all texts.
pub(super) fn all(connection: &Connection) -> Result<Vec<Revision>, JournalError> {
    let mut query = connection.prepare("SELECT revision FROM text")?;
    let rows = query.query_map([], |row| row.get::<_, String>(0))?;
    rows.map(|hex| revision(&hex?).map_err(JournalError::Damaged)).collect()
}

/// The entry up to which texts are too old to be kept: only what later ones refer to stays.
pub(super) fn too_old(transaction: &Transaction<'_>, seq: i64, keep: Keep) -> Result<i64, JournalError> {
    let mut oldest = seq - keep.entries;
    let mut query =
        transaction.prepare("SELECT seq, sum(length(data)) FROM text GROUP BY seq ORDER BY seq DESC")?;
    let mut rows = query.query([])?;
    let mut bytes = 0i64;
    while let Some(row) = rows.next()? {
        let (at, length): (i64, i64) = (row.get(0)?, row.get(1)?);
        bytes = bytes.saturating_add(length);
        if bytes > keep.bytes {
            oldest = oldest.max(at);
            break;
        }
    }
    Ok(oldest.min(seq - 1))
}

/// Forgets the texts that only entries up to `oldest` refer to. Younger ones stay, with what they build
/// on, even those of entries that were withdrawn: they may come again.
pub(super) fn prune(transaction: &Transaction<'_>, oldest: i64) -> Result<(), JournalError> {
    let mut wanted: Vec<String> = transaction
        .prepare(
            "SELECT revision FROM version UNION SELECT last FROM displaced
             UNION SELECT memory FROM entry WHERE seq > ?1
             UNION SELECT revision FROM text WHERE seq > ?1
             UNION SELECT coalesce(json_extract(record, '$.after'), json_extract(record, '$.before'))
                 FROM attested WHERE seq IN (SELECT max(seq) FROM attested WHERE kind = 'session' GROUP BY subject)
                 AND kind = 'session'",
        )?
        .query_map([oldest], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let bases: BTreeMap<String, Option<String>> = transaction
        .prepare("SELECT revision, base FROM text WHERE seq <= ?1 OR base IS NOT NULL")?
        .query_map([oldest], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut kept = BTreeSet::new();
    while let Some(next) = wanted.pop() {
        if let Some(Some(base)) = bases.get(&next)
            && !kept.contains(base)
        {
            wanted.push(base.clone());
        }
        kept.insert(next);
    }
    let mut forget = transaction.prepare("DELETE FROM text WHERE revision = ?1 AND seq <= ?2")?;
    for gone in bases.keys().filter(|revision| !kept.contains(*revision)) {
        forget.execute(params![gone, oldest])?;
    }
    Ok(())
}

/// Each edit as its start, its end and the length of its text, in four bytes each, and the text.
fn encode(patch: &Patch) -> Vec<u8> {
    let mut bytes = Vec::new();
    for edit in patch.edits() {
        for number in [edit.span.start, edit.span.end, edit.new_text.len()] {
            bytes.extend(u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
        }
        bytes.extend(edit.new_text.as_bytes());
    }
    bytes
}

/// The text that [`encode`]d edits make of `base`; `None` for anything else. Neither is hashed: a chain
/// has many of them, and `history verify` checks what comes out.
fn rebuild(mut bytes: &[u8], base: &str) -> Option<String> {
    let mut text = String::with_capacity(base.len() + bytes.len());
    let mut copied = 0;
    while !bytes.is_empty() {
        let (head, rest) = bytes.split_first_chunk::<12>()?;
        let number = |at: usize| usize::try_from(u32::from_le_bytes(head[at..at + 4].try_into().ok()?)).ok();
        let (start, end, length) = (number(0)?, number(4)?, number(8)?);
        let (new, rest) = rest.split_at_checked(length)?;
        base.get(start..end)?;
        text.push_str(base.get(copied..start)?);
        text.push_str(std::str::from_utf8(new).ok()?);
        (copied, bytes) = (end, rest);
    }
    text.push_str(base.get(copied..)?);
    Some(text)
}

fn damaged(error: &dyn std::error::Error) -> JournalError {
    JournalError::Damaged(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_enough() {
        for (base, text) in [("", ""), ("a\nb\n", "a\nb\nc▶\n"), ("a\nb\nc\n", "x\nb\n"), ("a", "")] {
            let patch = Patch::between(base, text);
            assert_eq!(rebuild(&encode(&patch), base).as_deref(), Some(text), "{base:?} → {text:?}");
        }
        for bytes in [
            vec![1],
            vec![0; 11],
            [[9, 0, 0, 0], [1, 0, 0, 0], [0; 4]].concat(),
            [[0; 4], [0; 4], [9, 0, 0, 0]].concat(),
        ] {
            assert!(rebuild(&bytes, "").is_none(), "{bytes:?}");
        }
    }
}
