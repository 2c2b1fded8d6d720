//! Entries and texts in the database.

use super::{
    JournalError,
    attested::Attested,
    database,
    displaced::DisplacedChanges,
    entry::{ArchivedLog, Conflict, Entry, EntryKind, FileChange, FiredRule, Verification},
    memory::{self, revision, time},
    record::{self, chain, genesis},
    texts::{self, Keep},
    versions::{self, OwnWrite},
};
use crate::{disk::Identity, engine::Memory, text::Revision};
use jiff::civil::DateTime;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior, params};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

const KEEP: Keep = Keep { entries: 1_000, bytes: 64 << 20, every: 32 };

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    pub(super) connection: Connection,
    path: PathBuf,
    identity: Option<Identity>,
    keep: Keep,
}

/// An entry to be: [`Journal::append`] gives it its number and its hash.
#[derive(Debug)]
pub struct NewEntry<'a> {
    /// What kind of entry it is.
    pub kind: EntryKind,
    /// When.
    pub at: DateTime,
    /// What it is about.
    pub label: String,
    /// What fired.
    pub firings: Vec<FiredRule>,
    /// The files as they were found and left.
    pub files: Vec<FileChange>,
    /// The texts they were found and left with.
    pub texts: Vec<(Revision, &'a str)>,
    /// How many diagnostics there were.
    pub diagnostics: usize,
    /// Where others had changed the same.
    pub conflicts: Vec<Conflict>,
    /// What is new about displaced files.
    pub displaced: &'a DisplacedChanges,
    /// What the rules remember from here on.
    pub memory: &'a Memory,
    /// The content of a Log that was cleared.
    pub archived: Option<&'a str>,
    /// What was seen, not claimed.
    pub attested: &'a [Attested],
}

impl Journal {
    /// Opens the journal at `path` for writing; makes it if there is none.
    ///
    /// # Errors
    /// When it is damaged (see [`set_aside`](super::set_aside)), newer than this version, or the database refuses.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        Ok(Self::new(database::connect_for_writing(path)?, path))
    }

    /// Opens the journal at `path` for reading; `None` when there is none. Nothing is created.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn open_existing(path: &Path) -> Result<Option<Self>, JournalError> {
        let Some(connection) = database::connect_for_reading(path)? else { return Ok(None) };
        Ok(Some(Self::new(connection, path)))
    }

    fn new(connection: Connection, path: &Path) -> Self {
        Self { connection, path: path.to_owned(), identity: identity(path), keep: KEEP }
    }

    /// Whether others still come upon this journal: not when its file was deleted or replaced.
    #[must_use]
    pub fn is_in_place(&self) -> bool {
        self.identity.is_some() && self.identity == identity(&self.path)
    }

    /// The number that the next entry will have.
    ///
    /// # Errors
    /// When the database refuses, here and below.
    pub fn next_seq(&self) -> Result<i64, JournalError> {
        Ok(last(&self.connection)?.0 + 1)
    }

    /// What the rules remember; the default before the first entry.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn memory(&self) -> Result<Memory, JournalError> {
        let newest = last(&self.connection)?.0;
        let damaged = || JournalError::Damaged("the newest memory is missing".into());
        self.memory_after(newest)?.ok_or_else(damaged)
    }

    /// What the rules remembered after an entry, if it is still kept.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn memory_after(&self, seq: i64) -> Result<Option<Memory>, JournalError> {
        if seq == 0 {
            return Ok(Some(Memory::default()));
        }
        let stored: Option<String> = self
            .connection
            .prepare_cached("SELECT memory FROM entry WHERE seq = ?1")?
            .query_row([seq], |row| row.get(0))
            .optional()?;
        let Some(stored) = stored else { return Ok(None) };
        let json = texts::read(&self.connection, revision(&stored).map_err(JournalError::Damaged)?)?;
        json.map(|json| memory::from_json(&json).map_err(JournalError::Damaged)).transpose()
    }

    /// Writes an entry, durably, before the documents are swapped; says its number. One whose swaps
    /// come to nothing is [taken out](Journal::withdraw).
    ///
    /// # Errors
    /// When the database refuses.
    pub fn append(&mut self, new: NewEntry<'_>) -> Result<i64, JournalError> {
        let keep = self.keep;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (before, previous) = last(&transaction)?;
        let seq = before + 1;
        let memory_json = memory::to_json(new.memory);
        let memory_revision = Revision::of(&memory_json);
        texts::store(&transaction, (memory_revision, &memory_json), None, seq)?;
        let known = |version: Revision| new.texts.iter().find(|(revision, _)| *revision == version).copied();
        for file in &new.files {
            // Each resembles the one before it.
            let is_new = !texts::is_stored(&transaction, file.found)?;
            let newest = if is_new { versions::newest(&transaction, file.document)? } else { None };
            let newest = newest.map(|it| Ok::<_, JournalError>((it, texts::read(&transaction, it)?)));
            let newest = newest.transpose()?;
            let mut base = newest.as_ref().and_then(|(it, text)| Some((*it, text.as_deref()?)));
            for text in [file.found, file.before(), file.after].into_iter().filter_map(known) {
                texts::store(&transaction, text, base, seq)?;
                base = Some(text);
            }
        }
        store_session_texts(&transaction, &new, seq)?;
        for text in &new.texts {
            texts::store(&transaction, *text, None, seq)?;
        }
        for file in &new.files {
            for version in [file.found, file.before(), file.after] {
                if let Some(known) = new.texts.iter().find(|(revision, _)| *revision == version) {
                    versions::note(&transaction, file.document, *known, seq)?;
                }
            }
            if file.found != file.after {
                let write = OwnWrite { before: file.found, after: file.after };
                versions::note_own_write(&transaction, file.document, write, seq)?;
            }
        }
        new.displaced.write(&transaction)?;
        if let Some(archived) = new.archived {
            transaction.execute(
                "INSERT INTO archived (seq, at, text) VALUES (?1, ?2, ?3)",
                params![seq, new.at.to_string(), archived],
            )?;
        }
        let entry = Entry {
            seq,
            kind: new.kind,
            at: new.at,
            label: new.label,
            firings: new.firings,
            files: new.files,
            pending: new.memory.pending.iter().map(|step| step.id.clone()).collect(),
            diagnostics: new.diagnostics,
            conflicts: new.conflicts,
            previous,
            hash: previous,
        };
        let record = record::to_json(&entry, new.archived.map(Revision::of), new.attested);
        let hash = chain(previous, seq, memory_revision, &record);
        for attested in new.attested {
            attested.write(&transaction, seq)?;
        }
        transaction.execute(
            "INSERT INTO entry (seq, undoes, memory, record, previous, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                seq,
                entry.undoes(),
                memory_revision.to_string(),
                record,
                previous.to_string(),
                hash.to_string()
            ],
        )?;
        if seq % keep.every == 0 {
            let oldest = texts::too_old(&transaction, seq, keep)?;
            versions::prune(&transaction, oldest)?;
            texts::prune(&transaction, oldest)?;
        }
        transaction.commit()?;
        database::empty_log(&self.connection, &self.path, database::LONG_LOG_SIZE)?;
        Ok(seq)
    }

    /// Takes the newest entry out whose swaps came to nothing, and notes what became of the files that
    /// were staged for them.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn withdraw(&mut self, seq: i64, displaced: &DisplacedChanges) -> Result<(), JournalError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (newest, _) = last(&transaction)?;
        if seq == newest {
            transaction.execute("DELETE FROM entry WHERE seq = ?1", [seq])?;
            transaction.execute("DELETE FROM archived WHERE seq = ?1", [seq])?;
            transaction.execute("DELETE FROM attested WHERE seq = ?1", [seq])?;
            versions::forget(&transaction, seq)?;
        }
        displaced.write(&transaction)?;
        Ok(transaction.commit()?)
    }

    /// The newest entries, newest first.
    ///
    /// # Errors
    /// When one can't be read.
    pub fn history(&self, limit: usize) -> Result<Vec<Entry>, JournalError> {
        let mut query = self
            .connection
            .prepare("SELECT seq, record, previous, hash FROM entry ORDER BY seq DESC LIMIT ?1")?;
        let rows = query.query_and_then([i64::try_from(limit).unwrap_or(i64::MAX)], read_entry)?;
        rows.collect()
    }

    /// One entry.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn entry(&self, seq: i64) -> Result<Option<Entry>, JournalError> {
        let mut query =
            self.connection.prepare("SELECT seq, record, previous, hash FROM entry WHERE seq = ?1")?;
        query.query_and_then([seq], read_entry)?.next().transpose()
    }

    /// The newest entry of those that still stand and `wanted` agrees to, and the entries that are
    /// taken back, as far as had to be looked.
    ///
    /// # Errors
    /// When an entry can't be read.
    pub fn newest_standing(&self, wanted: &dyn Fn(&Entry) -> bool) -> Result<Option<Entry>, JournalError> {
        let mut query =
            self.connection.prepare("SELECT seq, record, previous, hash FROM entry ORDER BY seq DESC")?;
        let mut undone = BTreeSet::new();
        for entry in query.query_and_then([], read_entry)? {
            let entry = entry?;
            if undone.contains(&entry.seq) {
                continue;
            }
            if wanted(&entry) {
                return Ok(Some(entry));
            }
            undone.extend(entry.undoes());
        }
        Ok(None)
    }

    /// The entry that takes `seq` back and still stands itself.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn undone_by(&self, seq: i64) -> Result<Option<i64>, JournalError> {
        let mut query =
            self.connection.prepare("SELECT seq FROM entry WHERE undoes = ?1 ORDER BY seq DESC")?;
        let takers: Vec<i64> = query.query_map([seq], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for taker in takers {
            if self.undone_by(taker)?.is_none() {
                return Ok(Some(taker));
            }
        }
        Ok(None)
    }

    /// The text with this revision, if it is still kept.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn version(&self, revision: Revision) -> Result<Option<String>, JournalError> {
        texts::read(&self.connection, revision)
    }

    /// The newest logs that were cleared, newest first.
    ///
    /// # Errors
    /// When one can't be read.
    pub fn archived_logs(&self, limit: usize) -> Result<Vec<ArchivedLog>, JournalError> {
        let mut query =
            self.connection.prepare("SELECT seq, at, text FROM archived ORDER BY seq DESC LIMIT ?1")?;
        let rows = query.query_and_then([i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
            let at: String = row.get(1)?;
            Ok(ArchivedLog {
                seq: row.get(0)?,
                at: time(&at).map_err(JournalError::Damaged)?,
                text: row.get(2)?,
            })
        })?;
        rows.collect()
    }

    /// Checks the chain of hashes and every text.
    ///
    /// # Errors
    /// When the database can't be read at all.
    pub fn verify(&self) -> Result<Verification, JournalError> {
        let mut found = Verification::default();
        let mut query =
            self.connection.prepare("SELECT seq, record, previous, hash, memory FROM entry ORDER BY seq")?;
        let mut rows = query.query([])?;
        let (mut expected, mut before) = (genesis(), 0);
        while let Some(row) = rows.next()? {
            let entry = match read_entry(row) {
                Ok(entry) => entry,
                Err(error) => {
                    found.problems.push(format!("after entry {before}: {error}"));
                    continue;
                }
            };
            let (record, memory): (String, String) = (row.get(1)?, row.get(4)?);
            found.entries += 1;
            if entry.seq != before + 1 {
                found.problems.push(format!("entry {} follows entry {before}", entry.seq));
            }
            if entry.previous != expected {
                found.problems.push(format!("entry {} does not continue the one before", entry.seq));
            }
            let memory = revision(&memory).map_err(JournalError::Damaged)?;
            if chain(entry.previous, entry.seq, memory, &record) != entry.hash {
                found.problems.push(format!("entry {} is not what was written", entry.seq));
            }
            (expected, before) = (entry.hash, entry.seq);
        }
        for revision in texts::all(&self.connection)? {
            found.texts += 1;
            let text = match texts::read(&self.connection, revision) {
                Err(error) if error.is_damage() => None,
                text => text?,
            };
            if text.is_none_or(|text| Revision::of(text) != revision) {
                let hex = revision.to_string();
                found.problems.push(format!("the text {hex:.12} is not what was written"));
            }
        }
        found.problems.append(&mut self.forged()?);
        Ok(found)
    }
}

fn identity(path: &Path) -> Option<Identity> {
    std::fs::symlink_metadata(path).ok().map(|found| Identity::of(&found))
}

/// The number and the hash of the newest entry.
fn last(connection: &Connection) -> Result<(i64, Revision), JournalError> {
    let row: Option<(i64, String)> = connection
        .query_row("SELECT seq, hash FROM entry ORDER BY seq DESC LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let Some((seq, hash)) = row else { return Ok((0, genesis())) };
    Ok((seq, revision(&hash).map_err(JournalError::Damaged)?))
}

/// Stores the texts of a session that was written over: the second resembles the first.
fn store_session_texts(
    transaction: &Transaction<'_>,
    new: &NewEntry<'_>,
    seq: i64,
) -> Result<(), JournalError> {
    let known = |version: Revision| new.texts.iter().find(|(revision, _)| *revision == version).copied();
    for (before, after) in new.attested.iter().filter_map(Attested::written) {
        if let (Some(before), Some(after)) = (known(before), known(after)) {
            texts::store(transaction, before, None, seq)?;
            texts::store(transaction, after, Some(before), seq)?;
        }
    }
    Ok(())
}

fn read_entry(row: &Row<'_>) -> Result<Entry, JournalError> {
    let (previous, hash): (String, String) = (row.get(2)?, row.get(3)?);
    let hashes = || Ok((revision(&previous)?, revision(&hash)?));
    let record: String = row.get(1)?;
    hashes()
        .and_then(|hashes| record::from_json(&record, row.get(0).unwrap_or_default(), hashes))
        .map_err(JournalError::Damaged)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests damage journals")]
mod tests {
    use super::super::set_aside;
    use super::*;
    use crate::text::{DocumentId, LineSet, Patch};
    use jiff::civil::date;
    use std::fs;

    fn journal() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join("journal.db");
        (folder, path)
    }

    /// Writes an entry in which the state file goes from one text to another.
    fn write(journal: &mut Journal, kind: EntryKind, before: &str, after: &str) -> i64 {
        let patch = Patch::between(before, after);
        let (found, after_revision) = (Revision::of(before), Revision::of(after));
        let change = FileChange { document: DocumentId::State, found, patch, after: after_revision };
        let memory = Memory { replaced_plan: Some(after.to_owned()), ..Memory::default() };
        let entry = NewEntry {
            kind,
            at: date(2026, 11, 21).at(10, 0, 0, 0),
            label: format!("{before} → {after}"),
            firings: Vec::new(),
            files: vec![change],
            texts: vec![(found, before), (after_revision, after)],
            diagnostics: 0,
            conflicts: Vec::new(),
            displaced: &DisplacedChanges::default(),
            memory: &memory,
            archived: (after.is_empty()).then_some(before),
            attested: &[],
        };
        journal.append(entry).unwrap()
    }

    #[test]
    fn what_was_written_is_found_again() {
        let (_folder, path) = journal();
        assert!(Journal::open_existing(&path).unwrap().is_none());
        assert!(!path.exists(), "looking creates nothing");
        let mut writer = Journal::open(&path).unwrap();
        assert_eq!(writer.memory().unwrap(), Memory::default());
        assert_eq!(write(&mut writer, EntryKind::Run, "a", "b"), 1);
        assert_eq!(write(&mut writer, EntryKind::Run, "b", ""), 2);
        drop(writer);
        let reader = Journal::open_existing(&path).unwrap().unwrap();
        assert_eq!(reader.memory().unwrap().replaced_plan.as_deref(), Some(""));
        assert_eq!(reader.memory_after(1).unwrap().unwrap().replaced_plan.as_deref(), Some("b"));
        assert_eq!(reader.next_seq().unwrap(), 3);
        let labels = |entries: Vec<Entry>| entries.into_iter().map(|it| it.label).collect::<Vec<_>>();
        assert_eq!(labels(reader.history(9).unwrap()), ["b → ", "a → b"]);
        assert_eq!(labels(reader.history(1).unwrap()), ["b → "]);
        assert_eq!(reader.entry(1).unwrap().unwrap().hash, reader.entry(2).unwrap().unwrap().previous);
        assert_eq!(reader.entry(3).unwrap(), None);
        assert_eq!(reader.version(Revision::of("a")).unwrap().as_deref(), Some("a"));
        assert_eq!(reader.version(Revision::of("x")).unwrap(), None);
        let logs = reader.archived_logs(9).unwrap();
        assert_eq!(logs.iter().map(|log| (log.seq, log.text.as_str())).collect::<Vec<_>>(), [(2, "b")]);
        let verified = reader.verify().unwrap();
        assert_eq!((verified.entries, verified.problems.as_slice()), (2, [].as_slice()));
    }

    #[test]
    fn an_entry_that_is_withdrawn_was_never_there() {
        let (_folder, path) = journal();
        let mut writer = Journal::open(&path).unwrap();
        write(&mut writer, EntryKind::Run, "a", "b");
        let seq = write(&mut writer, EntryKind::Run, "b", "");
        writer.withdraw(seq, &DisplacedChanges::default()).unwrap();
        assert_eq!(writer.history(9).unwrap().len(), 1);
        assert_eq!(writer.archived_logs(9).unwrap(), []);
        assert_eq!(writer.head(DocumentId::State).unwrap(), Some(Revision::of("b")));
        assert_eq!(writer.last_seen(DocumentId::State, Revision::of("")).unwrap(), None);
        writer.withdraw(seq, &DisplacedChanges::default()).unwrap();
        assert_eq!(writer.history(9).unwrap().len(), 1, "it is out already");
        assert_eq!(write(&mut writer, EntryKind::Run, "b", "c"), seq);
        assert!(writer.verify().unwrap().problems.is_empty());
    }

    #[test]
    fn versions_and_own_writes_are_known() {
        let (_folder, path) = journal();
        let mut writer = Journal::open(&path).unwrap();
        let versions = ["a\n", "a\nb\n", "a\nb\nc\n"];
        write(&mut writer, EntryKind::Run, versions[0], versions[1]);
        write(&mut writer, EntryKind::Run, versions[1], versions[2]);
        let revisions = versions.map(Revision::of);
        let expected = OwnWrite { before: revisions[1], after: revisions[2] };
        assert_eq!(writer.own_writes(DocumentId::State, 1).unwrap(), [expected]);
        assert_eq!(writer.own_writes(DocumentId::State, 9).unwrap().len(), 2);
        assert_eq!(writer.own_writes(DocumentId::Config, 9).unwrap(), []);
        assert_eq!(writer.last_seen(DocumentId::State, revisions[1]).unwrap(), Some(2));
        assert_eq!(writer.lines(DocumentId::State, revisions[0]).unwrap(), Some(LineSet::of(versions[0])));
        let base =
            |made: &str, up_to| writer.likely_base(DocumentId::State, &LineSet::of(made), up_to).unwrap();
        assert_eq!(base("a\nmine\n", None), Some(revisions[0]));
        assert_eq!(base("a\nb\nc\nmine\n", None), Some(revisions[2]));
        assert_eq!(base("a\nb\nc\nmine\n", Some(1)), Some(revisions[1]));
        assert_eq!(base("x\n", Some(0)), None);
    }

    #[test]
    fn tampering_is_found() {
        for (sql, problem) in [
            (
                "UPDATE entry SET record = replace(record, 'b → c', 'b → d') WHERE seq = 2",
                "entry 2 is not what was written",
            ),
            ("DELETE FROM entry WHERE seq = 2", "entry 3 follows entry 1"),
            ("UPDATE entry SET previous = hash WHERE seq = 3", "entry 3 does not continue the one before"),
            (
                "UPDATE entry SET memory = (SELECT memory FROM entry WHERE seq = 1) WHERE seq = 3",
                "entry 3 is not what was written",
            ),
            ("UPDATE text SET data = x'00' WHERE data = x'62'", "is not what was written"),
            ("UPDATE entry SET record = 'x' WHERE seq = 1", "after entry 0: the journal is damaged"),
        ] {
            let (_folder, path) = journal();
            let mut writer = Journal::open(&path).unwrap();
            for (before, after) in [("a", "b"), ("b", "c"), ("c", "d")] {
                write(&mut writer, EntryKind::Run, before, after);
            }
            assert_eq!(writer.connection.execute(sql, []).unwrap(), 1, "{sql}");
            let problems = writer.verify().unwrap().problems;
            assert!(problems.iter().any(|found| found.contains(problem)), "{sql}: {problems:?}");
        }
    }

    #[test]
    fn what_still_stands() {
        let (_folder, path) = journal();
        let mut writer = Journal::open(&path).unwrap();
        let newest = |writer: &Journal, kind: fn(EntryKind) -> bool| {
            writer.newest_standing(&|entry| kind(entry.kind)).unwrap().map(|entry| entry.seq)
        };
        let run = |kind| kind == EntryKind::Run;
        let undo = |kind| matches!(kind, EntryKind::Undo(_));
        write(&mut writer, EntryKind::Run, "a", "b");
        write(&mut writer, EntryKind::Run, "b", "c");
        assert_eq!((newest(&writer, run), newest(&writer, undo)), (Some(2), None));
        write(&mut writer, EntryKind::Undo(2), "c", "b");
        assert_eq!((newest(&writer, run), newest(&writer, undo)), (Some(1), Some(3)));
        write(&mut writer, EntryKind::Undo(1), "b", "a");
        assert_eq!((newest(&writer, run), newest(&writer, undo)), (None, Some(4)));
        write(&mut writer, EntryKind::Redo(4), "a", "b");
        assert_eq!((newest(&writer, run), newest(&writer, undo)), (Some(1), Some(3)));
        assert_eq!((writer.undone_by(1).unwrap(), writer.undone_by(2).unwrap()), (None, Some(3)));
    }

    #[test]
    fn a_text_takes_the_room_of_what_is_new_in_it() {
        let (_folder, path) = journal();
        let mut writer = Journal::open(&path).unwrap();
        writer.keep = Keep { entries: 40, bytes: 1 << 20, every: 10 };
        let text = |number: i64| (0..500 + number).map(|line| format!("line {line}\n")).collect::<String>();
        for number in 1..=100 {
            write(&mut writer, EntryKind::Run, &text(number - 1), &text(number));
        }
        let whole =
            |number: &i64| writer.version(Revision::of(text(*number))).unwrap() == Some(text(*number));
        assert!((60..=100).all(|number| whole(&number)));
        assert_eq!(writer.version(Revision::of(text(10))).unwrap(), None);
        let size: i64 = writer
            .connection
            .query_row("SELECT sum(length(data)) FROM text JOIN version USING (revision)", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert!(size < 5 * i64::try_from(text(100).len()).unwrap(), "{size}");
        assert!(writer.verify().unwrap().problems.is_empty());
    }

    #[test]
    fn an_older_format_is_brought_to_this_one() {
        let (_folder, path) = journal();
        let old = Connection::open(&path).unwrap();
        for migration in &database::MIGRATIONS[..3] {
            old.execute_batch(migration).unwrap();
        }
        old.pragma_update(None, "user_version", 3).unwrap();
        let revision = Revision::of("kept").to_string();
        old.execute("INSERT INTO content VALUES (?1, x'6b657074', 1)", [revision]).unwrap();
        drop(old);
        let reader = Journal::open_existing(&path).unwrap().unwrap();
        assert_eq!(reader.version(Revision::of("kept")).unwrap().as_deref(), Some("kept"));
    }

    #[test]
    fn old_texts_are_forgotten_and_the_newest_stay() {
        for (keep, oldest_kept) in [
            (Keep { entries: 5, bytes: 1 << 20, every: 10 }, 15),
            (Keep { entries: 100, bytes: 8_000, every: 20 }, 17),
            (Keep { entries: 100, bytes: 0, every: 20 }, 19),
            (Keep { entries: 100, bytes: 1 << 20, every: 20 }, 0),
        ] {
            let (_folder, path) = journal();
            let mut writer = Journal::open(&path).unwrap();
            writer.keep = keep;
            let text = |number: i64| format!("{number}{}", " ".repeat(1_000));
            for number in 1..=20 {
                write(&mut writer, EntryKind::Run, &text(number - 1), &text(number));
            }
            let kept = |number: &i64| writer.version(Revision::of(text(*number))).unwrap().is_some();
            assert_eq!(
                (0..=20).filter(kept).collect::<Vec<_>>(),
                (oldest_kept..=20).collect::<Vec<_>>(),
                "{keep:?}"
            );
            assert!(writer.memory().is_ok());
            assert!(writer.verify().unwrap().problems.is_empty(), "forgetting breaks no chain");
        }
    }

    /// An attempt that was overtaken leaves its texts behind, and they build on those before them.
    #[test]
    fn what_a_kept_text_builds_on_is_kept() {
        let (_folder, path) = journal();
        let mut writer = Journal::open(&path).unwrap();
        writer.keep = Keep { entries: 6, bytes: 1 << 20, every: 10 };
        let text = |of: &str| (0..100).map(|line| format!("{of} {line}\n")).collect::<String>();
        let mut head = text("head");
        for number in 1..=20 {
            let (found, after) = (format!("{head}more\n"), format!("{head}more\nof it\n"));
            let seq = write(&mut writer, EntryKind::Run, &found, &after);
            writer.withdraw(seq, &DisplacedChanges::default()).unwrap();
            head = text(&format!("after {number}"));
            write(&mut writer, EntryKind::Run, &text(&format!("found {number}")), &head);
        }
        assert_eq!(writer.verify().unwrap().problems, [] as [String; 0]);
    }

    #[test]
    fn a_damaged_journal_is_recognised_and_set_aside() {
        let (_folder, path) = journal();
        fs::write(&path, "this is no database, and it is long enough to look like one".repeat(99)).unwrap();
        assert!(Journal::open_existing(&path).unwrap_err().is_damage());
        assert!(Journal::open(&path).unwrap_err().is_damage());
        assert!(set_aside(&path).unwrap().ends_with("journal.db.damaged-1"));
        fs::write(&path, "x").unwrap();
        assert!(set_aside(&path).unwrap().ends_with("journal.db.damaged-2"));
        assert!(Journal::open(&path).is_ok());
    }

    /// SQLite would wait for somebody to write into the pipe.
    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_damaged() {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let (_folder, path) = journal();
        mknodat(CWD, &path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        assert!(Journal::open_existing(&path).unwrap_err().is_damage());
        assert!(Journal::open(&path).unwrap_err().is_damage());
        set_aside(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(Journal::open(&path).unwrap_err().is_damage());
    }

    #[test]
    fn a_database_that_nobody_writes_can_be_read_without_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join("50% #1?.db");
        let mut writer = Journal::open(&path).unwrap();
        write(&mut writer, EntryKind::Run, "a", "b");
        writer.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        drop(writer);
        let reader = Journal::new(database::connect_immutable(&path).unwrap(), &path);
        assert_eq!(reader.history(9).unwrap().len(), 1);
    }

    #[test]
    fn what_a_killed_process_left_half_done_is_rolled_back_for_readers_too() {
        let (folder, path) = journal();
        write(&mut Journal::open(&path).unwrap(), EntryKind::Run, "a", "b");
        let database = rusqlite::Connection::open(&path).unwrap();
        database.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; BEGIN;").unwrap();
        // Too much for the cache, so that some of it is in the file before it is committed.
        let fill = "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 500)
            INSERT INTO archived SELECT i, 'never', hex(zeroblob(500)) FROM n";
        database.execute_batch(fill).unwrap();
        let left = folder.path().canonicalize().unwrap().join("left.db");
        fs::copy(&path, &left).unwrap();
        fs::copy(path.with_extension("db-journal"), left.with_extension("db-journal")).unwrap();
        let journal = Journal::open_existing(&left).unwrap().unwrap();
        assert_eq!(journal.history(9).unwrap().len(), 1);
        assert!(journal.archived_logs(9).unwrap().is_empty());
    }

    #[test]
    fn the_write_ahead_log_does_not_grow_for_ever() {
        let (_folder, path) = journal();
        let mut largest = 0;
        for number in 0..60 {
            let mut writer = Journal::open(&path).unwrap();
            write(&mut writer, EntryKind::Run, "", &number.to_string().repeat(20_000));
            largest = largest.max(fs::metadata(path.with_extension("db-wal")).unwrap().len());
        }
        assert!((100_000..500_000).contains(&largest), "{largest}");
        let reader = Journal::open_existing(&path).unwrap().unwrap();
        assert_eq!(reader.verify().unwrap(), Verification { entries: 60, texts: 121, problems: Vec::new() });
    }

    #[test]
    fn a_newer_format_is_left_alone() {
        let (_folder, path) = journal();
        let writer = Journal::open(&path).unwrap();
        writer.connection.pragma_update(None, "user_version", database::FORMAT + 1).unwrap();
        drop(writer);
        for error in [Journal::open(&path).unwrap_err(), Journal::open_existing(&path).unwrap_err()] {
            assert!(matches!(error, JournalError::Newer { .. }) && !error.is_damage(), "{error}");
        }
    }
}
