//! Whether files are still what they were, without reading them.

use crate::disk::Workspace;
use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// What a set of files looked like from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    files: Vec<Option<FileStamp>>,
}

/// What changes when a file does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileStamp {
    identity: (u64, u64),
    length: u64,
    /// Seconds and nanoseconds of the last change of the content, and of anything.
    modified: (i64, i64),
    changed: (i64, i64),
}

/// Two writes within this time may leave a file with the same times: the system's clock for them ticks
/// every few milliseconds.
const TICK: Duration = Duration::from_millis(50);

/// The same where the disk keeps no fractions of a second, or hardly any.
const COARSE_TICK: Duration = Duration::from_secs(2);

impl Stamp {
    /// What the documents, the settings and the journal look like now.
    pub(super) fn of(workspace: &Workspace) -> Self {
        let journal = workspace.journal();
        let mut log: PathBuf = journal.clone();
        log.as_mut_os_string().push("-wal");
        let texts = [workspace.state(), workspace.config(), &workspace.settings()].map(stamp);
        // SQLite makes and removes its log at will while it has nothing to say.
        let log = written(&log).filter(|log| log.length > 0);
        Self { files: texts.into_iter().chain([written(&journal), log]).collect() }
    }

    /// What the settings alone look like.
    pub(super) fn of_settings(workspace: &Workspace) -> Self {
        Self { files: vec![stamp(workspace.settings())] }
    }

    /// Whether a change from here on is sure to show: nothing was changed just now. To be asked before the
    /// files are read.
    pub(super) fn is_settled(&self) -> bool {
        let Some(now) = now() else { return false };
        let times = self.files.iter().flatten().flat_map(|file| [file.modified, file.changed]);
        times.into_iter().all(|(seconds, nanos)| {
            let time = Duration::new(seconds.try_into().unwrap_or(0), nanos.try_into().unwrap_or(0));
            let tick = if nanos % 1_000_000 == 0 { COARSE_TICK } else { TICK };
            // A time to come tells nothing either.
            now.checked_sub(time).is_some_and(|age| age > tick)
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "compared with the times of files, which nobody injects")]
fn now() -> Option<Duration> {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()
}

/// Of a file of SQLite's, which for root sets the owner of its log whenever it opens it: that changes
/// nothing in it.
fn written(path: &Path) -> Option<FileStamp> {
    stamp(path).map(|file| FileStamp { changed: file.modified, ..file })
}

/// `None` for a file that is not there.
fn stamp(path: impl AsRef<Path>) -> Option<FileStamp> {
    let found = fs::metadata(path).ok()?;
    Some(FileStamp {
        identity: (found.dev(), found.ino()),
        length: found.len(),
        modified: (found.mtime(), found.mtime_nsec()),
        changed: (found.ctime(), found.ctime_nsec()),
    })
}
