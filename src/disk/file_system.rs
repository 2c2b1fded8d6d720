//! The disk calls that documents are read and written with, behind one trait.

use super::{
    attributes,
    beneath::{Refusal, open_beneath},
    lease::{self, LeaseKind, Leasing},
    mount,
};
use std::{
    ffi::OsString,
    fmt,
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
};

/// The disk calls that reading and [swapping](super::swap()) a document is made of, each as small as
/// the system's own. The fault injector implements them too: it fails the n-th, cuts a write short,
/// or cuts the power.
pub trait FileSystem: Send + Sync + fmt::Debug {
    /// The file that `path` leads to, symbolic links followed.
    ///
    /// # Errors
    /// When there is none; here and below, when the system refuses.
    fn resolve(&self, path: &Path) -> io::Result<PathBuf>;

    /// Opens a file for reading that must lie beneath `root`; does not wait for the other end of a
    /// pipe.
    ///
    /// # Errors
    /// When it leads out of `root`, or as above.
    fn open(&self, root: &Path, path: &Path) -> Result<File, Refusal>;

    /// At most `limit` bytes of an open file, from its beginning.
    ///
    /// # Errors
    /// As above.
    fn read(&self, file: &File, limit: u64) -> io::Result<Vec<u8>>;

    /// What is known about the file at `path` itself, links not followed.
    ///
    /// # Errors
    /// As above.
    fn metadata(&self, path: &Path) -> io::Result<Metadata>;

    /// Makes a new file for writing, with the owner, mode, access list and attributes of `model` if that
    /// is given.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when something stands there; or as above. Then no file is
    /// left behind.
    fn create(&self, path: &Path, model: Option<&File>) -> io::Result<File>;

    /// Opens an existing file for reading and writing, keeping its content.
    ///
    /// # Errors
    /// As above.
    fn open_for_writing(&self, path: &Path) -> io::Result<File>;

    /// Writes some of `bytes` at the file's cursor; says how many.
    ///
    /// # Errors
    /// As above.
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<usize>;

    /// Cuts a file to `length` bytes.
    ///
    /// # Errors
    /// As above.
    fn truncate(&self, file: &File, length: u64) -> io::Result<()>;

    /// Makes the content of a file durable.
    ///
    /// # Errors
    /// As above.
    fn sync(&self, file: &File) -> io::Result<()>;

    /// Lets two files take each other's name, in one step.
    ///
    /// # Errors
    /// [`io::ErrorKind::Unsupported`] where the file system can't do that; or as above.
    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()>;

    /// Gives a file another name, in the place of what has it.
    ///
    /// # Errors
    /// As above.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file a second name, where nothing stands yet.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when something stands there; or as above.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a name.
    ///
    /// # Errors
    /// As above.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// As above.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// The names in a folder; none when there is no such folder.
    ///
    /// # Errors
    /// As above.
    fn list(&self, folder: &Path) -> io::Result<Vec<OsString>>;

    /// Asks for a lease on an open file.
    ///
    /// # Errors
    /// As above.
    fn lease(&self, file: &File, kind: LeaseKind) -> io::Result<Leasing>;

    /// Ends a lease.
    fn release(&self, file: &File);

    /// Whether a lease is held and nobody waits for it to end.
    fn is_undisturbed(&self, file: &File) -> bool;
}

/// The machine's own file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalFileSystem;

impl FileSystem for LocalFileSystem {
    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn open(&self, root: &Path, path: &Path) -> Result<File, Refusal> {
        open_beneath(root, path)
    }

    fn read(&self, mut file: &File, limit: u64) -> io::Result<Vec<u8>> {
        let length = file.metadata()?.len().min(limit);
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 1);
        file.rewind()?;
        file.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        fs::symlink_metadata(path)
    }

    fn create(&self, path: &Path, model: Option<&File>) -> io::Result<File> {
        let found = model.map(File::metadata).transpose()?;
        // A swap needs no permission on the file it replaces, so its protection is asked for here.
        if found.as_ref().is_some_and(|found| found.permissions().readonly()) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is write-protected"));
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        if model.is_some() {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600); // until it has the mode of the other
        }
        let file = options.open(path)?;
        if let (Some(model), Some(found)) = (model, &found)
            && let Err(error) = attributes::copy(model, found, &file)
        {
            // The error that led here is the one to report.
            let _left_behind = fs::remove_file(path);
            return Err(error);
        }
        Ok(file)
    }

    fn open_for_writing(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(path)
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<usize> {
        file.write(bytes)
    }

    fn truncate(&self, file: &File, length: u64) -> io::Result<()> {
        file.set_len(length)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        use rustix::{
            fs::{CWD, RenameFlags, renameat_with},
            io::Errno,
        };
        renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).map_err(|error| match error {
            Errno::INVAL | Errno::NOSYS | Errno::NOTSUP => io::ErrorKind::Unsupported.into(),
            error => error.into(),
        })
    }

    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    fn exchange(&self, _: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        // Folders can't be opened as files on Windows, and need no syncing there.
        if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<OsString>> {
        match fs::read_dir(folder) {
            Ok(entries) => entries.map(|entry| Ok(entry?.file_name())).collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn lease(&self, file: &File, kind: LeaseKind) -> io::Result<Leasing> {
        // On a mount of another machine's files a lease is granted though others write.
        if mount::holds_remote(file) { Ok(Leasing::Unavailable) } else { lease::take(file, kind) }
    }

    fn release(&self, file: &File) {
        lease::release(file);
    }

    fn is_undisturbed(&self, file: &File) -> bool {
        lease::is_undisturbed(file)
    }
}

/// What tells one file from another that takes its name: device and number. All are alike where
/// there is no such thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// The device.
    pub device: u64,
    /// The number on the device.
    pub inode: u64,
}

/// What changes when a file is written: its length and its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// In bytes.
    pub length: u64,
    /// When it was last written, in nanoseconds since 1970; 0 where it isn't known.
    pub modified: i64,
}

impl Identity {
    /// Of this file.
    #[cfg(unix)]
    #[must_use]
    pub fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self { device: metadata.dev(), inode: metadata.ino() }
    }

    /// Of this file.
    #[cfg(not(unix))]
    #[must_use]
    pub fn of(_: &Metadata) -> Self {
        Self { device: 0, inode: 0 }
    }
}

impl Stamp {
    /// Of this file.
    #[must_use]
    pub fn of(metadata: &Metadata) -> Self {
        let since = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        let modified = since.and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or_default();
        Self { length: metadata.len(), modified }
    }
}

/// Whether the file has other names too: a swap would leave those behind with the old content.
pub(super) fn has_other_names(metadata: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        metadata.nlink() > 1
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        false
    }
}

/// Opens a file as [`FileSystem::open`] does, again if a signal interrupted it.
pub(crate) fn open(file_system: &dyn FileSystem, root: &Path, path: &Path) -> Result<File, Refusal> {
    loop {
        match file_system.open(root, path) {
            Err(Refusal::Io(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            opened => return opened,
        }
    }
}

/// Does a call again that a signal interrupted.
pub(crate) fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            ended => return ended,
        }
    }
}
