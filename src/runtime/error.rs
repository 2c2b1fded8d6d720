//! What may go wrong, by what is to be done about it.

use super::{half_saved::Loss, settings::SettingsError};
use crate::{
    disk::{LockError, ReadError, WatchError, WorkspaceError, WriteError},
    document::merge::Conflict,
    journal::JournalError,
    text::{OverlapError, PatchError},
    trust::{TrustError, UserError},
};
use rusqlite::ErrorCode;
use std::{
    io,
    path::{Path, PathBuf},
};

/// What kind of trouble it is; the command line derives its exit code from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Asked in the wrong way, in the wrong place, or with wrong settings.
    Usage,
    /// Refused, because it would undo what somebody else did or holds.
    Conflict,
    /// A document can't be worked with as it is.
    Document,
    /// The operating system refused.
    Io,
    /// A person must act first.
    Waiting,
    /// Rulemark is wrong.
    Bug,
}

/// Why the runtime could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no project, or its folder can't be used.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// `rulemark.toml` is wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// There is no state file.
    #[error("there is no {}", .0.display())]
    NoState(PathBuf),
    /// The state file has lost something as a whole since the last run: somebody may be saving it.
    #[error("{} {loss} since the rules last ran", .path.display())]
    HalfSaved {
        /// The state file.
        path: PathBuf,
        /// What is gone.
        loss: Loss,
    },
    /// Git could not merge a document, and nobody has yet.
    #[error("{}:{line}: git could not merge this place", .path.display())]
    Unmerged {
        /// The document.
        path: PathBuf,
        /// The line of the first mark, from 1.
        line: usize,
    },
    /// A config file is to be edited, and there is none.
    #[error("there is no {} to edit", .0.display())]
    NoConfig(PathBuf),
    /// A document can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A document can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Another process is at work.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A document was changed each time the rules had run.
    #[error("{} goes on changing: gave up after {attempts} attempts", .path.display())]
    Restless {
        /// Which.
        path: PathBuf,
        /// How often it was tried.
        attempts: usize,
    },
    /// A document would become larger than what is read.
    #[error("{} would become larger than {limit} bytes", .path.display())]
    WouldBeTooLarge {
        /// Which.
        path: PathBuf,
        /// How large it may be.
        limit: u64,
    },
    /// The journal can't be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// One document is written, and the disk refused the other.
    #[error("{0}; the other file is written, and the next run completes this one")]
    Unfinished(WriteError),
    /// An entry can't be taken back.
    #[error(transparent)]
    Undo(#[from] UndoError),
    /// Nothing can be watched.
    #[error(transparent)]
    Watch(#[from] WatchError),
    /// The commands may not run: no person has trusted them as they are.
    #[error("{}", untrusted(.added))]
    Untrusted {
        /// The project's folder.
        root: PathBuf,
        /// The command lines that are new since others were trusted; none when nothing ever was.
        added: Vec<String>,
    },
    /// A command that no rule and no test may run.
    #[error("`{line}` runs `{what}`, which is left to a person")]
    LeftToPerson {
        /// The command line.
        line: String,
        /// What in it is.
        what: String,
    },
    /// A command of the project would run the project's commands.
    #[error("`{0}` is not run: a command of this project is running already, and has called this")]
    Nested(String),
    /// What is trusted can't be found out.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// A command's output can't be kept.
    #[error("cannot keep output in {}: {source}", .path.display())]
    Output {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder can't be made.
    #[error("can't create {}: {source}", .path.display())]
    Create {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Edits overlap that were computed together.
    #[error("edits do not go together: {0}")]
    Overlap(#[from] OverlapError),
    /// A patch does not fit the text it was computed from.
    #[error("edits do not fit: {0}")]
    Patch(#[from] PatchError),
    /// Raised by a caller's own edit.
    #[error("{message}")]
    Caller {
        /// The kind.
        kind: ErrorKind,
        /// What, where, why.
        message: String,
        /// What to do.
        hints: Vec<String>,
    },
}

/// Why an entry can't be taken back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UndoError {
    /// Nothing was done yet, or all of it is taken back.
    #[error("there is nothing to undo")]
    NothingToUndo,
    /// Nothing is taken back.
    #[error("there is nothing to redo")]
    NothingToRedo,
    /// No entry has this number.
    #[error("there is no entry {0}")]
    NoEntry(i64),
    /// The entry changed no file.
    #[error("entry {0} changed no file")]
    ChangedNothing(i64),
    /// It is taken back already.
    #[error("entry {seq} is undone already, by entry {by}")]
    Already {
        /// The entry.
        seq: i64,
        /// What took it back.
        by: i64,
    },
    /// The entry is itself an undoing or the undoing of one.
    #[error("entry {0} is an undo or redo itself")]
    IsUndo(i64),
    /// The journal no longer keeps the texts.
    #[error("entry {0} is too old: the journal no longer keeps its texts")]
    TextsGone(i64),
    /// What the entry wrote was changed since.
    #[error("entry {seq} can't be taken back: {} has changed since at {}", .path.display(), in_short(.conflict))]
    Changed {
        /// The entry.
        seq: i64,
        /// The document.
        path: PathBuf,
        /// What stands there now (`ours`), what the entry wrote (`base`) and what was there before.
        conflict: Box<Conflict>,
    },
}

/// Where a conflict is, and what stands there instead of what was written.
fn in_short(conflict: &Conflict) -> String {
    let quoted = |text: &str| {
        let line = text.trim().lines().next().unwrap_or_default();
        let short: String = line.chars().take(60).collect();
        if short.is_empty() { "nothing".to_owned() } else { format!("\"{short}\"") }
    };
    format!("{}: {} instead of {}", conflict.place, quoted(&conflict.ours), quoted(&conflict.base))
}

impl Error {
    /// An error of a caller's own edit: asked for something the documents do not have.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Caller { kind: ErrorKind::Usage, message: message.into(), hints: Vec::new() }
    }

    /// Whether there just is no project.
    #[must_use]
    pub fn is_no_project(&self) -> bool {
        match self {
            Self::Workspace(WorkspaceError::NotFound(_) | WorkspaceError::NotMarked(_)) => true,
            Self::Workspace(WorkspaceError::Io { source, .. }) => source.kind() == io::ErrorKind::NotFound,
            _ => false,
        }
    }

    /// What kind of trouble it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Workspace(WorkspaceError::Io { source, .. })
                if source.kind() == io::ErrorKind::NotFound =>
            {
                ErrorKind::Usage
            }
            Self::Workspace(WorkspaceError::Io { .. })
            | Self::Write(_)
            | Self::Lock(LockError::Io { .. })
            | Self::Journal(_)
            | Self::Unfinished(_)
            | Self::Read(ReadError::Io { .. })
            | Self::Watch(_)
            | Self::Output { .. }
            | Self::Create { .. }
            | Self::Trust(TrustError::User(UserError::Io { .. })) => ErrorKind::Io,
            Self::Untrusted { .. } | Self::LeftToPerson { .. } => ErrorKind::Waiting,
            Self::Trust(TrustError::User(_)) => ErrorKind::Usage,
            Self::Trust(TrustError::Inside(_) | TrustError::Writable(_)) | Self::Nested(_) => {
                ErrorKind::Conflict
            }
            Self::Workspace(_) | Self::Settings(_) | Self::NoState(_) | Self::NoConfig(_) => ErrorKind::Usage,
            Self::HalfSaved { .. } | Self::Unmerged { .. } | Self::Read(_) | Self::WouldBeTooLarge { .. } => {
                ErrorKind::Document
            }
            Self::Lock(LockError::Held { .. }) | Self::Restless { .. } | Self::Undo(_) => ErrorKind::Conflict,
            Self::Overlap(_) | Self::Patch(_) => ErrorKind::Bug,
            Self::Caller { kind, .. } => *kind,
        }
    }

    /// What to do about it, a line each.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Workspace(WorkspaceError::NotFound(_) | WorkspaceError::NotMarked(_))
            | Self::NoState(_) => Some(
                "`rulemark init` writes the files; `paths.state` in rulemark.toml names another one".into(),
            ),
            Self::HalfSaved { .. } => Some(
                "nothing was done; save it again with its content, or begin anew with `rulemark set --new Phase=…`"
                    .into(),
            ),
            Self::Unmerged { .. } => Some(
                "no rule runs before: keep what holds and delete the lines with <<<<<<<, ======= and >>>>>>>".into(),
            ),
            Self::NoConfig(_) => {
                Some("`rulemark init` writes it; `paths.config` in rulemark.toml names another one".into())
            }
            Self::Workspace(WorkspaceError::NoFolder(_)) => {
                Some("name the folder that the project's files are in".into())
            }
            Self::Workspace(WorkspaceError::NotAFolder(_)) => Some("move it out of the way".into()),
            Self::Settings(error) => error.hint.clone(),
            Self::Read(error) => error.hint(),
            Self::Write(error) | Self::Unfinished(error) => write_hint(error),
            Self::Workspace(WorkspaceError::Io { source, .. })
            | Self::Lock(LockError::Io { source, .. })
            | Self::Output { source, .. }
            | Self::Create { source, .. } => disk_hint(source),
            Self::Untrusted { root, .. } => {
                Some(format!("a person decides: `rulemark -C {} trust` shows them and asks", quoted(root)))
            }
            Self::Trust(TrustError::Writable(path)) => {
                Some(format!("`chmod 600 {}` if it is yours, else delete it", quoted(path)))
            }
            Self::Trust(TrustError::Inside(_)) => {
                Some("let XDG_DATA_HOME be a folder outside the project".into())
            }
            Self::LeftToPerson { .. } => Some("run it yourself if it is meant".into()),
            Self::Nested(_) => Some("name the tool itself in project_config.md, not `rulemark test`".into()),
            Self::Trust(TrustError::User(_)) => None,
            Self::Lock(LockError::Held { .. }) => Some("wait for it, or end that process".into()),
            Self::Restless { .. } => Some("try again when nobody writes the file".into()),
            Self::WouldBeTooLarge { .. } => Some("raise `limits.file_size` in rulemark.toml".into()),
            Self::Journal(error) => Some(journal_hint(error).into()),
            Self::Undo(error) => undo_hint(error),
            Self::Overlap(_) | Self::Patch(_) => Some("this is a bug: nothing was written".into()),
            Self::Caller { hints, .. } => return hints.clone(),
            Self::Watch(_) => None,
        };
        hint.into_iter().collect()
    }
}

fn untrusted(added: &[String]) -> String {
    match added {
        [] => "nobody has trusted the commands of this project, so none was run".into(),
        added => {
            format!(
                "the commands have changed since they were trusted, so none was run: {}",
                added.join(" · ")
            )
        }
    }
}

/// A path as a shell takes it.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    if text.chars().all(is_plain) { text.into_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

fn write_hint(error: &WriteError) -> Option<String> {
    Some(match error {
        WriteError::Io { source, .. } => return disk_hint(source),
        WriteError::OnlyInPlace { .. } => {
            "mount the folder instead of the file, or give the file one name on a local disk".into()
        }
        WriteError::HalfWritten { .. } => {
            "the journal has the whole text; any `rulemark` command that writes completes it".into()
        }
        WriteError::MovedAway { .. } => {
            "it is in .rulemark/displaced/; any `rulemark` command that writes puts it back".into()
        }
    })
}

fn disk_hint(error: &io::Error) -> Option<String> {
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied => "check the permissions of the file and its folder",
        io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only; rules can be read but not run here",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on the disk",
        io::ErrorKind::Unsupported => "the file system has no locks; put the project on a local disk",
        _ => return None,
    };
    Some(hint.into())
}

const UNUSABLE: &str = "check .rulemark/; moving journal.db away loses history, never state";

fn journal_hint(error: &JournalError) -> &'static str {
    match error {
        JournalError::Damaged(_) => "the next run sets it aside and begins a new one; the files are safe",
        JournalError::Newer { .. } => "update rulemark",
        JournalError::Database(rusqlite::Error::SqliteFailure(error, _)) => match error.code {
            ErrorCode::DiskFull => "make room on the disk; the files and the journal are as they were",
            ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
                "check the permissions of .rulemark/ and what is in it"
            }
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                "try again; another program reads or writes it"
            }
            ErrorCode::SystemIoFailure => {
                "make sure that the disk has room and works; the files are as they were"
            }
            _ => UNUSABLE,
        },
        JournalError::SetAside { .. } | JournalError::Database(_) => UNUSABLE,
    }
}

fn undo_hint(error: &UndoError) -> Option<String> {
    Some(match error {
        UndoError::Changed { seq, .. } => {
            format!(
                "`rulemark diff {seq}` shows what it did; change the file by hand, or undo later entries first"
            )
        }
        UndoError::IsUndo(_) => "`rulemark redo` takes the last undo back".into(),
        UndoError::NoEntry(_) | UndoError::ChangedNothing(_) => "`rulemark history` lists the entries".into(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi;

    #[test]
    fn a_full_disk_is_no_reason_to_delete_anything() {
        let check = |code, expected: &str| {
            let refused = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let hints = Error::Journal(JournalError::from(refused)).hints();
            assert!(hints[0].starts_with(expected) && !hints[0].contains("delet"), "{hints:?}");
        };
        check(ffi::SQLITE_FULL, "make room on the disk");
        check(ffi::SQLITE_IOERR_WRITE, "make sure that the disk has room");
        check(ffi::SQLITE_READONLY, "check the permissions");
        check(ffi::SQLITE_BUSY, "try again");
    }
}
