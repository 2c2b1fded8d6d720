//! The compare-and-swap write.

use super::FileSystem;
use crate::text::Revision;
use std::{
    io,
    path::{Path, PathBuf},
};

/// A document that is to become another text.
#[derive(Clone, Copy, Debug)]
pub struct Replacement<'a> {
    /// Where it stands; symbolic links are followed and kept.
    pub path: &'a Path,
    /// What it must be at the moment.
    pub expected: Revision,
    /// What it becomes.
    pub text: &'a str,
}

/// How a [`publish`] ended, when nothing failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
    /// All documents are what was asked for, durably.
    Done,
    /// Nothing was written: this document is no longer what was expected. Read again and compute
    /// again.
    Changed(PathBuf),
}

/// Why documents could not be published.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The disk refused. Every document is what it was.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// What was tried: "write", "replace".
        action: &'static str,
        /// Which document.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The disk refused in the middle, and again when the first document was to be put back.
    #[error("{} was written, but {} could not be, and the first could not be put back: {source}", .written.display(), .failed.display())]
    Half {
        /// What is new.
        written: PathBuf,
        /// What is old.
        failed: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Writes documents so that each is, at every instant, wholly old or wholly new, and nobody's
/// change is overwritten that was there when the last comparison was made.
///
/// Each text goes to a file of its own first, in the folder of the document, with its mode and
/// owner, and is made durable; then all documents are compared with what is expected; then they are
/// replaced, in the order given, by renames. When a later one can't be, the earlier ones are put
/// back. Between the comparison and the rename a writer that takes no lock can still slip in: some
/// tens of microseconds.
///
/// # Errors
/// When the disk refuses.
pub fn publish(
    file_system: &dyn FileSystem,
    replacements: &[Replacement<'_>],
) -> Result<Published, WriteError> {
    let mut swaps = Vec::with_capacity(replacements.len());
    for replacement in replacements {
        swaps.push(Swap::prepare(file_system, replacement)?);
    }
    for (swap, replacement) in swaps.iter_mut().zip(replacements) {
        swap.old = match file_system.read(&swap.target) {
            Ok(bytes) if Revision::of(&bytes) == replacement.expected => bytes,
            Ok(_) => return Ok(Published::Changed(replacement.path.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Published::Changed(replacement.path.to_owned()));
            }
            Err(source) => return Err(refused("compare", replacement.path, source)),
        };
    }
    for at in 0..swaps.len() {
        if let Err(source) = file_system.replace(&swaps[at].prepared, &swaps[at].target) {
            put_back(&swaps[..at], replacements[at].path, &source)?;
            return Err(refused("replace", replacements[at].path, source));
        }
        swaps[at].swapped = true;
    }
    let mut folders: Vec<&Path> = swaps.iter().filter_map(|swap| swap.target.parent()).collect();
    folders.dedup();
    for folder in folders {
        sync_folder(file_system, folder);
    }
    Ok(Published::Done)
}

/// Writes a new file, durably; `false`, and nothing done, when something stands there already.
///
/// # Errors
/// When the disk refuses.
pub fn create_file(file_system: &dyn FileSystem, path: &Path, text: &str) -> Result<bool, WriteError> {
    if path.symlink_metadata().is_ok() {
        return Ok(false);
    }
    let prepared =
        file_system.prepare(path, text.as_bytes()).map_err(|source| refused("write", path, source))?;
    match file_system.place(&prepared, path) {
        Ok(()) => {}
        Err(error) => {
            discard(file_system, &prepared);
            if error.kind() == io::ErrorKind::AlreadyExists {
                return Ok(false);
            }
            return Err(refused("create", path, error));
        }
    }
    if let Some(folder) = path.parent() {
        sync_folder(file_system, folder);
    }
    Ok(true)
}

/// One document on its way. Dropped before it is swapped, it takes its prepared file along.
struct Swap<'a> {
    file_system: &'a dyn FileSystem,
    target: PathBuf,
    prepared: PathBuf,
    old: Vec<u8>,
    swapped: bool,
}

impl<'a> Swap<'a> {
    fn prepare(file_system: &'a dyn FileSystem, replacement: &Replacement<'_>) -> Result<Self, WriteError> {
        let path = replacement.path;
        let target = file_system.resolve(path).map_err(|source| refused("find", path, source))?;
        let prepared = file_system
            .prepare(&target, replacement.text.as_bytes())
            .map_err(|source| refused("write", path, source))?;
        Ok(Self { file_system, target, prepared, old: Vec::new(), swapped: false })
    }
}

impl Drop for Swap<'_> {
    fn drop(&mut self) {
        if !self.swapped {
            discard(self.file_system, &self.prepared);
        }
    }
}

/// Gives documents that were swapped their old bytes again, the last one first.
fn put_back(swaps: &[Swap<'_>], failed: &Path, source: &io::Error) -> Result<(), WriteError> {
    for swap in swaps.iter().rev() {
        let back = swap.file_system.prepare(&swap.target, &swap.old).and_then(|old| {
            swap.file_system.replace(&old, &swap.target).inspect_err(|_| discard(swap.file_system, &old))
        });
        if back.is_err() {
            return Err(WriteError::Half {
                written: swap.target.clone(),
                failed: failed.to_owned(),
                source: io::Error::new(source.kind(), source.to_string()),
            });
        }
    }
    Ok(())
}

/// The new names are in place and can't be taken back; some file systems can't sync a folder at all.
fn sync_folder(file_system: &dyn FileSystem, folder: &Path) {
    if let Err(error) = file_system.sync_folder(folder) {
        tracing::warn!(folder = %folder.display(), %error, "a power cut could still undo the last write");
    }
}

/// A prepared file that stays behind harms nobody; the error that led here is the one to report.
fn discard(file_system: &dyn FileSystem, prepared: &Path) {
    if let Err(error) = file_system.discard(prepared) {
        tracing::warn!(path = %prepared.display(), %error, "a temporary file stays behind");
    }
}

fn refused(action: &'static str, path: &Path, source: io::Error) -> WriteError {
    WriteError::Io { action, path: path.to_owned(), source }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write as a foreign editor would")]
mod tests {
    use super::*;
    use crate::disk::LocalFileSystem;
    use std::{
        fs,
        sync::atomic::{AtomicUsize, Ordering},
    };

    fn replacement<'a>(path: &'a Path, expected: &str, text: &'a str) -> Replacement<'a> {
        Replacement { path, expected: Revision::of(expected), text }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn what_was_expected_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f.md");
        fs::write(&path, "old").unwrap();
        let published = publish(&LocalFileSystem, &[replacement(&path, "old", "new\r\n")]).unwrap();
        assert_eq!(published, Published::Done);
        assert_eq!(fs::read(&path).unwrap(), b"new\r\n");
        assert_eq!(names(folder.path()), ["f.md"]);
    }

    #[test]
    fn what_somebody_changed_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (folder.path().join("a.md"), folder.path().join("b.md"));
        fs::write(&first, "a").unwrap();
        fs::write(&second, "somebody's").unwrap();
        let both = [replacement(&first, "a", "A"), replacement(&second, "b", "B")];
        assert_eq!(publish(&LocalFileSystem, &both).unwrap(), Published::Changed(second.clone()));
        assert_eq!(fs::read(&first).unwrap(), b"a");
        assert_eq!(fs::read(&second).unwrap(), b"somebody's");
        assert_eq!(names(folder.path()), ["a.md", "b.md"]);
    }

    #[cfg(unix)]
    #[test]
    fn mode_and_link_are_kept() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        for mode in [0o600, 0o644, 0o664, 0o755] {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("real")).unwrap();
            let (real, link) = (folder.path().join("real/f.md"), folder.path().join("f.md"));
            fs::write(&real, "old").unwrap();
            fs::set_permissions(&real, fs::Permissions::from_mode(mode)).unwrap();
            symlink("real/f.md", &link).unwrap();
            publish(&LocalFileSystem, &[replacement(&link, "old", "new")]).unwrap();
            assert_eq!(fs::read_link(&link).unwrap(), Path::new("real/f.md"));
            assert_eq!(fs::read(&real).unwrap(), b"new");
            assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o7777, mode);
        }
    }

    #[test]
    fn a_protected_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f.md");
        fs::write(&path, "old").unwrap();
        let mut permissions = fs::metadata(&path).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions).unwrap();
        let error = publish(&LocalFileSystem, &[replacement(&path, "old", "new")]).unwrap_err();
        assert!(error.to_string().ends_with("f.md: the file is write-protected"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }

    #[test]
    fn a_new_file_never_clobbers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f.md");
        assert!(create_file(&LocalFileSystem, &path, "first").unwrap());
        assert!(!create_file(&LocalFileSystem, &path, "second").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"first");
        let prepared = LocalFileSystem.prepare(&path, b"third").unwrap();
        let error = LocalFileSystem.place(&prepared, &path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert!(prepared.exists(), "whoever prepared it discards it");
        assert_eq!(fs::read(&path).unwrap(), b"first");
    }

    /// Fails every call from the n-th on, or only the n-th.
    #[derive(Debug)]
    struct Failing {
        at: usize,
        for_ever: bool,
        calls: AtomicUsize,
    }

    impl Failing {
        fn call<T>(&self, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
            let call = self.calls.fetch_add(1, Ordering::Relaxed);
            if call == self.at || (self.for_ever && call > self.at) {
                return Err(io::Error::new(io::ErrorKind::StorageFull, "the disk is full"));
            }
            work()
        }
    }

    impl FileSystem for Failing {
        fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
            self.call(|| LocalFileSystem.resolve(path))
        }
        fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
            self.call(|| LocalFileSystem.read(path))
        }
        fn prepare(&self, target: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
            self.call(|| LocalFileSystem.prepare(target, bytes))
        }
        fn replace(&self, prepared: &Path, target: &Path) -> io::Result<()> {
            self.call(|| LocalFileSystem.replace(prepared, target))
        }
        fn place(&self, prepared: &Path, target: &Path) -> io::Result<()> {
            self.call(|| LocalFileSystem.place(prepared, target))
        }
        fn discard(&self, prepared: &Path) -> io::Result<()> {
            self.call(|| LocalFileSystem.discard(prepared))
        }
        fn sync_folder(&self, folder: &Path) -> io::Result<()> {
            self.call(|| LocalFileSystem.sync_folder(folder))
        }
    }

    /// Every call fails once, then every call and all after it: two documents are both old or both
    /// new, unless the error says which is which.
    #[test]
    fn a_disk_that_fails_at_any_call_leaves_both_or_none() {
        for for_ever in [false, true] {
            for at in 0.. {
                let folder = tempfile::tempdir().unwrap();
                let (first, second) = (folder.path().join("a.md"), folder.path().join("b.md"));
                fs::write(&first, "a").unwrap();
                fs::write(&second, "b").unwrap();
                let failing = Failing { at, for_ever, calls: AtomicUsize::new(0) };
                let both = [replacement(&first, "a", "A"), replacement(&second, "b", "B")];
                let ended = publish(&failing, &both);
                let found = (fs::read_to_string(&first).unwrap(), fs::read_to_string(&second).unwrap());
                let found = (found.0.as_str(), found.1.as_str());
                match &ended {
                    Ok(Published::Done) => assert_eq!(found, ("A", "B")),
                    Ok(Published::Changed(path)) => panic!("nobody changed {}", path.display()),
                    Err(WriteError::Half { .. }) => assert_eq!(found, ("A", "b")),
                    Err(WriteError::Io { .. }) => assert_eq!(found, ("a", "b"), "call {at}: {ended:?}"),
                }
                if failing.calls.load(Ordering::Relaxed) <= at {
                    assert!(ended.is_ok() && at > 8, "there are that many calls");
                    assert_eq!(names(folder.path()), ["a.md", "b.md"]);
                    break;
                }
            }
        }
    }
}
