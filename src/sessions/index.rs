//! The index of the sessions: `.rulemark/sessions.db`.
//!
//! It holds what the heads of the files say, so that a listing reads none of them, and the words for
//! searching. The files are the truth: each row carries the stamp of the file that it was read from,
//! and the whole index can be deleted at any time.
//!
//! A change of a name in the folder shows in the folder's own time, which is looked at by every listing.
//! A file that somebody overwrites in place shows in no folder; those on the page are looked at one by
//! one, all others at most every [`SWEEP`].

mod words;

pub(super) use words::fts_query;

use super::{
    failure::Failure,
    store::{Damage, Store},
};
use crate::{
    disk::Stamp,
    workflow::session::{Head, Session, SessionId, SessionStatus},
};
use rusqlite::{Connection, OptionalExtension as _, Row, params, params_from_iter};
use std::{
    collections::HashMap,
    fs,
    path::Path,
    time::{Duration, Instant},
};

/// How long a file that was overwritten in place may go unnoticed when it is on no page.
const SWEEP: Duration = Duration::from_secs(2);

/// The status of a session whose file is damaged.
pub(super) const FAILED: &str = "failed";

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS session (
        number   INTEGER PRIMARY KEY,
        id       TEXT NOT NULL UNIQUE,
        workflow TEXT NOT NULL,
        version  TEXT NOT NULL,
        target   TEXT NOT NULL,
        phase    INTEGER NOT NULL,
        phases   INTEGER NOT NULL,
        status   TEXT NOT NULL,
        created  TEXT NOT NULL,
        updated  TEXT NOT NULL,
        revision INTEGER NOT NULL,
        problem  TEXT,
        archived INTEGER NOT NULL,
        length   INTEGER NOT NULL,  -- the stamp of the file
        modified INTEGER NOT NULL,
        searched INTEGER NOT NULL   -- whether its words are those of the file
    ) STRICT;
    CREATE INDEX IF NOT EXISTS session_by_age ON session (archived, updated DESC, id DESC);
    CREATE INDEX IF NOT EXISTS session_by_status ON session (archived, status, updated DESC, id DESC);
    CREATE INDEX IF NOT EXISTS session_by_target ON session (workflow, target, status);
    CREATE TABLE IF NOT EXISTS folder (modified INTEGER NOT NULL, archive INTEGER NOT NULL) STRICT;
    CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(text, tokenize = 'unicode61');
    PRAGMA user_version = 2;
";

/// The version that [`SCHEMA`] sets; an index of another one is made anew.
const VERSION: i64 = 2;

const HAS_TABLES: &str = "SELECT EXISTS (SELECT 1 FROM sqlite_master)";

/// What a listing shows of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) id: String,
    pub(super) workflow: String,
    pub(super) version: String,
    pub(super) target: String,
    pub(super) phase: u32,
    pub(super) phases: u32,
    pub(super) status: String,
    pub(super) created: String,
    pub(super) updated: String,
    pub(super) revision: i64,
    pub(super) problem: Option<String>,
    pub(super) is_archived: bool,
    stamp: FileStamp,
}

/// The length and the time of a file.
type FileStamp = (i64, i64);

/// When names in the folder of the sessions changed last, and in the archive.
pub(super) type FolderTimes = (i64, i64);

/// Which sessions a listing is about.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub(super) status: Option<String>,
    pub(super) is_archived: bool,
    pub(super) workflow: Option<String>,
    /// Only those behind this one: its time and name.
    pub(super) behind: Option<(String, String)>,
}

/// The open index.
#[derive(Debug)]
pub(super) struct Index {
    connection: Connection,
    swept: Option<Instant>,
}

impl Index {
    /// Opens the index, or makes it; a damaged one is made anew.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let open = || -> rusqlite::Result<Connection> {
            let connection = Connection::open(path)?;
            connection.busy_timeout(Duration::from_secs(5))?;
            let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
            if version != VERSION && connection.query_row(HAS_TABLES, [], |row| row.get(0))? {
                return Err(rusqlite::Error::InvalidQuery);
            }
            connection.execute_batch(SCHEMA)?;
            Ok(connection)
        };
        let connection = match open() {
            Ok(connection) => connection,
            Err(error) => {
                tracing::warn!(%error, "the index of the sessions is made anew");
                for suffix in ["", "-wal", "-shm"] {
                    let mut name = path.as_os_str().to_owned();
                    name.push(suffix);
                    let _may_be_missing = fs::remove_file(name);
                }
                open()?
            }
        };
        Ok(Self { connection, swept: None })
    }

    /// Whether it still is what others come upon.
    pub(super) fn is_in_place(&self) -> bool {
        self.connection.path().is_some_and(|path| Path::new(path).exists())
    }

    /// Brings the index to what the folder holds.
    pub(super) fn refresh(&mut self, store: &mut Store<'_>) -> Result<(), Failure> {
        let folder = folder_time(store);
        let known = self.folder()?;
        if known == Some(folder) && self.swept.is_some_and(|swept| swept.elapsed() < SWEEP) {
            return Ok(());
        }
        // In the archive nothing is written, so that its files are looked at only when there are others.
        self.sweep(store, known.is_none_or(|(_, archive)| archive != folder.1))?;
        self.note_folder(folder)?;
        self.swept = Some(Instant::now());
        Ok(())
    }

    /// Looks at the stamp of every file.
    fn sweep(&mut self, store: &mut Store<'_>, with_archive: bool) -> Result<(), Failure> {
        let mut known: HashMap<String, (bool, FileStamp)> = self
            .connection
            .prepare_cached("SELECT id, archived, length, modified FROM session WHERE NOT archived OR ?1")?
            .query_map([with_archive], |row| Ok((row.get(0)?, (row.get(1)?, (row.get(2)?, row.get(3)?)))))?
            .collect::<Result<_, _>>()?;
        let mut changed = Vec::new();
        let folders = [Some((store.folder(), false)), with_archive.then(|| (store.archive(), true))];
        for (folder, is_archive) in folders.into_iter().flatten() {
            for name in store.project.file_system().list(&folder).unwrap_or_default() {
                let name = name.to_str().and_then(|name| name.strip_suffix(".md"));
                let Some(id) = name.and_then(SessionId::read) else { continue };
                if is_archive && !store.is_archived(&id) {
                    continue;
                }
                let Some(stamp) = stamp_of(store, &id) else { continue };
                if known.remove(id.as_str()) != Some((is_archive, stamp)) {
                    changed.push(id);
                }
            }
        }
        let transaction = self.connection.unchecked_transaction()?;
        for id in &changed {
            look_at(&transaction, store, id)?;
        }
        let mut gone: Vec<String> = known.into_keys().collect();
        gone.sort_unstable();
        for id in gone {
            forget(&transaction, &id)?;
        }
        Ok(transaction.commit()?)
    }

    /// Takes a write of our own in; `before` is the folder's time before it.
    pub(super) fn note(
        &mut self,
        store: &mut Store<'_>,
        session: &Session,
        before: FolderTimes,
    ) -> Result<(), Failure> {
        let Some(stamp) = stamp_of(store, &session.head.id) else { return Ok(()) };
        let transaction = self.connection.unchecked_transaction()?;
        let is_archived = store.is_archived(&session.head.id);
        put(&transaction, &Listed { is_archived, ..Listed::of_head(&session.head, stamp) })?;
        transaction.commit()?;
        self.note_own_change(store, before)
    }

    /// Takes a removal of our own in, or a move to the archive.
    pub(super) fn note_removal(
        &mut self,
        store: &mut Store<'_>,
        id: &SessionId,
        before: FolderTimes,
    ) -> Result<(), Failure> {
        let transaction = self.connection.unchecked_transaction()?;
        look_at(&transaction, store, id)?;
        transaction.commit()?;
        self.note_own_change(store, before)
    }

    /// The folder has another time now because of us; unless somebody else had changed it before.
    fn note_own_change(&mut self, store: &Store<'_>, before: FolderTimes) -> Result<(), Failure> {
        if self.folder()? == Some(before) {
            self.note_folder(folder_time(store))?;
        }
        Ok(())
    }

    fn folder(&self) -> Result<Option<FolderTimes>, Failure> {
        let mut query = self.connection.prepare_cached("SELECT modified, archive FROM folder")?;
        Ok(query.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }

    fn note_folder(&self, (modified, archive): FolderTimes) -> Result<(), Failure> {
        let mut update = self.connection.prepare_cached("UPDATE folder SET modified = ?1, archive = ?2")?;
        if update.execute([modified, archive])? == 0 {
            let insert = "INSERT INTO folder (modified, archive) VALUES (?1, ?2)";
            self.connection.execute(insert, [modified, archive])?;
        }
        Ok(())
    }

    /// One page, newest first; each file on it is looked at.
    pub(super) fn page(
        &mut self,
        store: &mut Store<'_>,
        filter: &Filter,
        length: usize,
    ) -> Result<Vec<Listed>, Failure> {
        self.refresh(store)?;
        // What a second look changes may leave the page: then it is read again.
        for _ in 0..3 {
            let rows = self.rows(filter, length)?;
            let mut is_changed = false;
            for row in &rows {
                let Some(id) = SessionId::read(&row.id) else { continue };
                if stamp_of(store, &id) != Some(row.stamp) {
                    look_at(&self.connection, store, &id)?;
                    is_changed = true;
                }
            }
            if !is_changed {
                return Ok(rows);
            }
        }
        self.rows(filter, length)
    }

    fn rows(&self, filter: &Filter, length: usize) -> Result<Vec<Listed>, Failure> {
        let mut sql =
            "SELECT id, workflow, version, target, phase, phases, status, created, updated, revision, \
                       problem, archived, length, modified FROM session WHERE archived = "
                .to_owned();
        sql.push(if filter.is_archived { '1' } else { '0' });
        let mut values: Vec<String> = Vec::new();
        for (column, value) in [("status", &filter.status), ("workflow", &filter.workflow)] {
            if let Some(value) = value {
                sql.push_str(&format!(" AND {column} = ?"));
                values.push(value.clone());
            }
        }
        if let Some((updated, id)) = &filter.behind {
            sql.push_str(" AND (updated, id) < (?, ?)");
            values.extend([updated.clone(), id.clone()]);
        }
        sql.push_str(&format!(" ORDER BY updated DESC, id DESC LIMIT {length}"));
        let mut query = self.connection.prepare_cached(&sql)?;
        let rows = query.query_map(params_from_iter(values), Listed::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many sessions are open.
    pub(super) fn open_count(&self) -> Result<u64, Failure> {
        let mut query = self.connection.prepare_cached(
            "SELECT count(*) FROM session WHERE archived = 0 AND status IN ('active', 'paused')",
        )?;
        let count: i64 = query.query_row([], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    /// The open sessions of a workflow about a file, newest first.
    pub(super) fn open_about(&self, workflow: &str, target: &str) -> Result<Vec<String>, Failure> {
        // Left to itself, SQLite goes through all sessions in their order, to save the sorting of two.
        let mut query = self.connection.prepare_cached(
            "SELECT id FROM session INDEXED BY session_by_target
             WHERE archived = 0 AND workflow = ?1 AND target = ?2 AND status IN ('active', 'paused')
             ORDER BY updated DESC, id DESC",
        )?;
        Ok(query.query_map([workflow, target], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// The names of all sessions with this status that were last written before `time`, and are not archived.
    pub(super) fn older_than(&self, status: SessionStatus, time: &str) -> Result<Vec<String>, Failure> {
        let mut query = self.connection.prepare_cached(
            "SELECT id FROM session WHERE archived = 0 AND status = ?1 AND updated < ?2 ORDER BY updated",
        )?;
        Ok(query.query_map([status.as_str(), time], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// How many sessions have each status.
    pub(super) fn counts(&self) -> Result<Vec<(String, i64)>, Failure> {
        let mut query = self
            .connection
            .prepare_cached("SELECT status, count(*) FROM session GROUP BY status ORDER BY 1")?;
        Ok(query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?)
    }
}

impl Listed {
    fn of_head(head: &Head, stamp: FileStamp) -> Self {
        Self {
            id: head.id.to_string(),
            workflow: head.workflow.clone(),
            version: head.version.clone(),
            target: head.target.clone(),
            phase: head.phase,
            phases: head.phases,
            status: head.status.to_string(),
            created: head.created.to_string(),
            updated: head.updated.to_string(),
            revision: i64::try_from(head.revision).unwrap_or(i64::MAX),
            problem: None,
            is_archived: false,
            stamp,
        }
    }

    /// What is shown of a damaged session: as much as its head says.
    fn of_damaged(id: &SessionId, text: &str, damage: &Damage, stamp: FileStamp) -> Self {
        let head = Head::parse(text).ok().filter(|head| head.id == *id);
        let known = head.map(|head| Self::of_head(&head, stamp));
        let unknown = Self {
            id: id.to_string(),
            workflow: String::new(),
            version: String::new(),
            target: String::new(),
            phase: 0,
            phases: 0,
            status: String::new(),
            created: String::new(),
            updated: String::new(),
            revision: 0,
            problem: None,
            is_archived: false,
            stamp,
        };
        let problem = Some(damage.in_words());
        Self { status: FAILED.to_owned(), problem, ..known.unwrap_or(unknown) }
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            workflow: row.get(1)?,
            version: row.get(2)?,
            target: row.get(3)?,
            phase: row.get(4)?,
            phases: row.get(5)?,
            status: row.get(6)?,
            created: row.get(7)?,
            updated: row.get(8)?,
            revision: row.get(9)?,
            problem: row.get(10)?,
            is_archived: row.get(11)?,
            stamp: (row.get(12)?, row.get(13)?),
        })
    }
}

/// The times of the folder of the sessions and of the archive; 0 where there is none.
pub(super) fn folder_time(store: &Store<'_>) -> FolderTimes {
    let time = |folder: &Path| {
        let found = store.project.file_system().metadata(folder);
        found.map_or(0, |found| Stamp::of(&found).modified)
    };
    (time(&store.folder()), time(&store.archive()))
}

fn stamp_of(store: &Store<'_>, id: &SessionId) -> Option<FileStamp> {
    let places = [store.path(id), store.archived_path(id)];
    let found = places.iter().find_map(|place| store.project.file_system().metadata(place).ok())?;
    let stamp = Stamp::of(&found);
    Some((i64::try_from(stamp.length).ok()?, stamp.modified))
}

/// Reads one file again.
fn look_at(connection: &Connection, store: &mut Store<'_>, id: &SessionId) -> Result<(), Failure> {
    let Some(stamp) = stamp_of(store, id) else { return forget(connection, id.as_str()) };
    let row = match store.reading(id, false) {
        Ok(Some(reading)) => match store.damage(id, &reading.text)? {
            Ok(session) => Listed::of_head(&session.head, stamp),
            Err(damage) => Listed::of_damaged(id, &reading.text, &damage, stamp),
        },
        Ok(None) => return forget(connection, id.as_str()),
        Err(failure) => {
            let root = format!("{}/", store.project.workspace().root().display());
            let message = failure.message.replace(&root, "");
            let damage = Damage { is_corrupt: true, lines: vec![(1, message)] };
            Listed::of_damaged(id, "", &damage, stamp)
        }
    };
    put(connection, &Listed { is_archived: store.is_archived(id), ..row })
}

fn put(connection: &Connection, row: &Listed) -> Result<(), Failure> {
    connection
        .prepare_cached(
            "INSERT INTO session (id, workflow, version, target, phase, phases, status, created, updated, revision,
                 problem, archived, length, modified, searched)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 0)
             ON CONFLICT (id) DO UPDATE SET workflow = ?2, version = ?3, target = ?4, phase = ?5, phases = ?6,
                 status = ?7, created = ?8, updated = ?9, revision = ?10, problem = ?11, archived = ?12,
                 length = ?13, modified = ?14, searched = 0",
        )?
        .execute(params![
            row.id,
            row.workflow,
            row.version,
            row.target,
            row.phase,
            row.phases,
            row.status,
            row.created,
            row.updated,
            row.revision,
            row.problem,
            row.is_archived,
            row.stamp.0,
            row.stamp.1,
        ])?;
    Ok(())
}

fn forget(connection: &Connection, id: &str) -> Result<(), Failure> {
    connection
        .prepare_cached("DELETE FROM words WHERE rowid = (SELECT number FROM session WHERE id = ?1)")?
        .execute([id])?;
    connection.prepare_cached("DELETE FROM session WHERE id = ?1")?.execute([id])?;
    Ok(())
}
