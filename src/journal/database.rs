//! The database file: opening, formats, setting aside.

use super::JournalError;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior, config::DbConfig};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// The format this version writes.
pub(super) const FORMAT: i64 = 4;

/// What leads from each format to the next.
pub(super) const MIGRATIONS: [&str; 4] = [
    "
    CREATE TABLE entry (
        seq      INTEGER PRIMARY KEY,
        undoes   INTEGER,          -- the entry that this one takes back
        memory   TEXT NOT NULL,    -- revision of the memory it leaves, a content
        record   TEXT NOT NULL,    -- JSON, see record.rs
        previous TEXT NOT NULL,
        hash     TEXT NOT NULL
    ) STRICT;
    CREATE TABLE content (
        revision TEXT PRIMARY KEY,
        text     BLOB NOT NULL,
        last_seq INTEGER NOT NULL  -- the newest entry that refers to it
    ) STRICT;
    CREATE INDEX content_by_age ON content (last_seq);
    CREATE TABLE archived (
        seq      INTEGER NOT NULL,
        at       TEXT NOT NULL,
        text     TEXT NOT NULL
    ) STRICT;
",
    "
    CREATE TABLE version (         -- what was seen or written of each document, all of it merged
        document  TEXT NOT NULL,
        revision  TEXT NOT NULL,
        first_seq INTEGER NOT NULL,
        last_seq  INTEGER NOT NULL,
        lines     BLOB NOT NULL,   -- see text::LineSet
        PRIMARY KEY (document, revision)
    ) STRICT;
    CREATE INDEX version_by_age ON version (document, last_seq);
    CREATE TABLE own_write (
        document TEXT NOT NULL,
        seq      INTEGER NOT NULL,
        before   TEXT NOT NULL,
        after    TEXT NOT NULL,
        PRIMARY KEY (document, seq)
    ) STRICT;
    CREATE TABLE displaced (       -- files that documents were, and that may yet be written
        place    TEXT PRIMARY KEY, -- name of the file
        document TEXT NOT NULL,
        seq      INTEGER NOT NULL, -- the entry that displaced it
        settled  INTEGER NOT NULL, -- 0 until it is known how the swap ended
        device   INTEGER NOT NULL, -- the file that was staged for the swap
        inode    INTEGER NOT NULL,
        length   INTEGER NOT NULL, -- the displaced file as it was last read: stamp and revision
        modified INTEGER NOT NULL,
        last     TEXT NOT NULL
    ) STRICT;
",
    "
    CREATE TABLE attested (        -- what was seen, not claimed: see attested.rs
        seq     INTEGER NOT NULL,
        kind    TEXT NOT NULL,
        subject TEXT NOT NULL,
        record  TEXT NOT NULL      -- JSON; its hash stands in the entry's record
    ) STRICT;
    CREATE INDEX attested_by_subject ON attested (kind, subject, seq);
    CREATE INDEX attested_by_entry ON attested (seq);
",
    "
    CREATE TABLE text (            -- by revision, see texts.rs
        revision TEXT PRIMARY KEY,
        base     TEXT,             -- the text that `data` are edits of; NULL: `data` is the text
        depth    INTEGER NOT NULL,
        data     BLOB NOT NULL,
        seq      INTEGER NOT NULL  -- the entry that brought it
    ) STRICT;
    CREATE INDEX text_by_age ON text (seq);
    INSERT INTO text (revision, base, depth, data, seq) SELECT revision, NULL, 0, text, last_seq FROM content;
    DROP TABLE content;
",
];

/// How the database writes. Each command is a process of its own, so the write-ahead log is not
/// copied into the database whenever one ends, which costs two more syncs, but when it has grown: see
/// [`LOG_SIZE`].
const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;";

/// How large the write-ahead log may grow, in bytes. The next process reads all of it, so it must be
/// emptied now and then; SQLite's own checkpoints can't do that, as what they have copied is
/// forgotten with the process.
const LOG_SIZE: u64 = 256 << 10;

/// The same for a process that keeps the journal open, and need not read the log again.
pub(super) const LONG_LOG_SIZE: u64 = 4 << 20;

/// How long another process may keep the database busy.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens the database for writing; makes it if there is none, and brings it to [`FORMAT`].
pub(super) fn connect_for_writing(path: &Path) -> Result<Connection, JournalError> {
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    connection.execute_batch(PRAGMAS)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    migrate(&mut connection)?;
    empty_log(&connection, path, LOG_SIZE)?;
    Ok(connection)
}

/// Empties the write-ahead log if it is larger than this.
pub(super) fn empty_log(connection: &Connection, path: &Path, size: u64) -> Result<(), JournalError> {
    if std::fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > size) {
        // Busy means that somebody reads: then another time.
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    }
    Ok(())
}

/// Opens the database for reading; `None` when there is none, or nothing in it.
pub(super) fn connect_for_reading(path: &Path) -> Result<Option<Connection>, JournalError> {
    if !path.exists() {
        return Ok(None);
    }
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let (connection, format) = match format_of(&connection) {
        Err(JournalError::Database(error))
            if error.sqlite_error_code() == Some(ErrorCode::CannotOpen) && !beside(path, "-wal").exists() =>
        {
            // On a read-only disk SQLite can't make the files it reads a log with; there is no log.
            let connection = connect_immutable(path)?;
            let format = format_of(&connection)?;
            (connection, format)
        }
        Err(JournalError::Database(error)) if error.sqlite_error_code() == Some(ErrorCode::ReadOnly) => {
            // A process was killed while it made the journal, which must be rolled back first.
            let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            let format = format_of(&connection)?;
            (connection, format)
        }
        format => (connection, format?),
    };
    match format {
        0 => Ok(None),
        FORMAT => Ok(Some(connection)),
        1..FORMAT => {
            // On a disk that can't be written this says so.
            drop(connect_for_writing(path)?);
            Ok(Some(connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?))
        }
        found => Err(JournalError::Newer { found, known: FORMAT }),
    }
}

/// Moves a damaged journal out of the way and says where it is.
///
/// # Errors
/// When it can't be moved.
pub fn set_aside(path: &Path) -> Result<PathBuf, JournalError> {
    let aside = (1..)
        .map(|number| beside(path, &format!(".damaged-{number}")))
        .find(|aside| aside.symlink_metadata().is_err())
        .unwrap_or_else(|| beside(path, ".damaged"));
    let moved = std::fs::rename(path, &aside);
    moved.map_err(|source| JournalError::SetAside { path: path.to_owned(), source })?;
    for suffix in ["-wal", "-shm"] {
        // They belong to the damaged file, and must not be taken for those of the next one.
        match std::fs::rename(beside(path, suffix), beside(&aside, suffix)) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(JournalError::SetAside { path: beside(path, suffix), source });
            }
            _ => {}
        }
    }
    Ok(aside)
}

/// Opens the database at `path`, which must not be reached through a symbolic link, nor be a pipe,
/// which SQLite would wait for.
fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, JournalError> {
    if path.symlink_metadata().is_ok_and(|found| !found.is_file() && !found.is_symlink()) {
        return Err(JournalError::Damaged(format!("{} is not a file", path.display())));
    }
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

/// Opens a database that nobody can be writing.
pub(super) fn connect_immutable(path: &Path) -> Result<Connection, JournalError> {
    let escaped = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    connect(Path::new(&format!("file:{escaped}?immutable=1")), flags)
}

/// The file with this suffix beside `path`.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The format the database has; 0 when it is empty.
fn format_of(connection: &Connection) -> Result<i64, JournalError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Brings the database to the format of this version; formats only grow.
fn migrate(connection: &mut Connection) -> Result<(), JournalError> {
    if format_of(connection)? == FORMAT {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = format_of(&transaction)?;
    let done = usize::try_from(found).ok().filter(|done| *done <= MIGRATIONS.len());
    let Some(done) = done else { return Err(JournalError::Newer { found, known: FORMAT }) };
    for migration in &MIGRATIONS[done..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", FORMAT)?;
    Ok(transaction.commit()?)
}
