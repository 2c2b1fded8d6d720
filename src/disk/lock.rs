//! Locks among Rulemark's own processes.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// A lock that this process holds. The operating system releases it when the holder drops it or
/// dies.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

/// Why a lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("{} is held by {holder}", .path.display())]
    Held {
        /// The lock file.
        path: PathBuf,
        /// What the other process wrote about itself.
        holder: String,
    },
    /// The disk refused.
    #[error("cannot lock {}: {source}", .path.display())]
    Io {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// How often a lock is tried while somebody else holds it: from the first to the last, doubling.
const PAUSES: (Duration, Duration) = (Duration::from_micros(100), Duration::from_millis(2));

/// A holder that says nothing of itself.
const SOMEBODY: &str = "another process";

impl Lock {
    /// Takes the lock, waiting at most for `patience`. `purpose` ("watch") is what others are told.
    ///
    /// # Errors
    /// When another process keeps it for longer, or the file can't be opened.
    pub fn acquire(path: &Path, purpose: &str, patience: Duration) -> Result<Self, LockError> {
        let deadline = Instant::now() + patience;
        // Whoever waits holds the turn, so that one who comes back at once does not go first for ever.
        let turn = wait_for(&path.with_extension("turn"), path, deadline)?;
        let mut file = wait_for(path, path, deadline)?;
        drop(turn);
        // Who holds it is for people; the lock itself does not depend on it.
        let introduced = file.set_len(0).and_then(|()| {
            let purpose = purpose.lines().next().unwrap_or_default();
            file.write_all(format!("process {} (rulemark: {purpose})\n", std::process::id()).as_bytes())
        });
        if let Err(error) = introduced {
            tracing::debug!(path = %path.display(), %error, "the lock file says nothing about its holder");
        }
        Ok(Self { file, path: path.to_owned() })
    }

    /// Whether others still come upon this lock: not when its file was deleted or replaced.
    #[must_use]
    pub fn is_in_place(&self) -> bool {
        is_same_file(&self.file, &self.path)
    }
}

/// Opens the file at `path` and waits until it is locked. A file that was deleted meanwhile locks
/// nobody out: then the next one is opened. `lock` is what the error is about.
fn wait_for(path: &Path, lock: &Path, deadline: Instant) -> Result<File, LockError> {
    let refused = |source| LockError::Io { path: lock.to_owned(), source };
    let mut pause = PAUSES.0;
    loop {
        let mut options = OpenOptions::new();
        let file =
            open(options.read(true).write(true).create(true).truncate(false), path).map_err(refused)?;
        match file.try_lock() {
            Ok(()) if is_same_file(&file, path) => return Ok(file),
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(source)) => return Err(refused(source)),
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let holder = lock_holder(lock).unwrap_or_else(|| SOMEBODY.to_owned());
            return Err(LockError::Held { path: lock.to_owned(), holder });
        }
        std::thread::sleep(pause.min(left));
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// Who holds the lock at `path`, in the words it wrote about itself; `None` when nobody does.
#[must_use]
pub fn lock_holder(path: &Path) -> Option<String> {
    let mut file = open(OpenOptions::new().read(true), path).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(holder(&mut file)),
        _ => None,
    }
}

/// Opens the lock file, which must be a file: a link planted here could lead anywhere, and a pipe
/// would keep whoever opens it waiting.
fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    }
    let file = options.open(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"))
}

#[cfg(unix)]
fn is_same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let identity = |metadata: io::Result<std::fs::Metadata>| metadata.map(|it| (it.dev(), it.ino())).ok();
    let held = identity(file.metadata());
    held.is_some() && held == identity(path.symlink_metadata())
}

/// Elsewhere a file that is open can't be taken away.
#[cfg(not(unix))]
fn is_same_file(_: &File, path: &Path) -> bool {
    path.exists()
}

fn holder(file: &mut File) -> String {
    let mut bytes = Vec::new();
    let read = file.take(200).read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    match text.lines().next() {
        Some(line) if read.is_ok() && !line.trim().is_empty() => line.trim().to_owned(),
        _ => SOMEBODY.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first = Lock::acquire(&path, "watch", Duration::ZERO).unwrap();
        let second = Lock::acquire(&path, "watch", Duration::from_millis(1)).unwrap_err();
        let told = second.to_string();
        assert!(
            told.ends_with(&format!("held by process {} (rulemark: watch)", std::process::id())),
            "{told}"
        );
        let holder = lock_holder(&path).expect("it is held");
        assert!(told.ends_with(&holder), "{holder}");
        drop(first);
        assert_eq!(lock_holder(&path), None);
        assert!(Lock::acquire(&path, "watch", Duration::ZERO).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_lock_whose_file_is_gone_is_not_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first = Lock::acquire(&path, "watch", Duration::ZERO).unwrap();
        assert!(first.is_in_place());
        std::fs::remove_file(&path).unwrap();
        assert!(!first.is_in_place());
        let second = Lock::acquire(&path, "watch", Duration::ZERO).unwrap();
        assert!(!first.is_in_place() && second.is_in_place());
    }

    #[test]
    fn whoever_waits_gets_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first = Lock::acquire(&path, "apply", Duration::ZERO).unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| Lock::acquire(&path, "apply", Duration::from_secs(30)).map(drop));
            drop(first);
            assert!(waiting.join().unwrap().is_ok());
        });
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_its_place_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), folder.path().join("lock")).unwrap();
        let refused = Lock::acquire(&folder.path().join("lock"), "apply", Duration::ZERO);
        assert!(matches!(refused, Err(LockError::Io { .. })));
        assert!(!folder.path().join("elsewhere").exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_in_its_place_keeps_nobody_waiting() {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        mknodat(CWD, &path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        assert_eq!(lock_holder(&path), None);
        let refused = Lock::acquire(&path, "apply", Duration::ZERO);
        assert!(matches!(refused, Err(LockError::Io { .. })));
    }
}
