//! The calls that change what is on disk, behind one trait.

use std::{
    fmt, fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

/// The disk calls that [`publish`](super::publish) is made of. The fault injector implements it
/// too, and fails the n-th call.
pub trait FileSystem: Send + Sync + fmt::Debug {
    /// The file that `path` leads to, symbolic links followed.
    ///
    /// # Errors
    /// When there is none.
    fn resolve(&self, path: &Path) -> io::Result<PathBuf>;

    /// The bytes of a file.
    ///
    /// # Errors
    /// When it can't be read.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Writes `bytes` to a new file beside `target`, durably, and returns its path. It has the mode
    /// and the owner of `target` if that exists.
    ///
    /// # Errors
    /// When any of this fails; nothing is left behind then.
    fn prepare(&self, target: &Path, bytes: &[u8]) -> io::Result<PathBuf>;

    /// Puts a prepared file in the place of `target`, in one step.
    ///
    /// # Errors
    /// When the operating system refuses; `target` is what it was.
    fn replace(&self, prepared: &Path, target: &Path) -> io::Result<()>;

    /// Puts a prepared file where nothing stands yet, in one step.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when something stands there; or as the system refuses.
    fn place(&self, prepared: &Path, target: &Path) -> io::Result<()>;

    /// Removes a prepared file.
    ///
    /// # Errors
    /// When the operating system refuses.
    fn discard(&self, prepared: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// When the operating system refuses.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// The machine's own file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalFileSystem;

impl FileSystem for LocalFileSystem {
    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn prepare(&self, target: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
        let (folder, name) = split(target)?;
        let model = match fs::metadata(target) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        // A rename needs no permission on the file it replaces, so its protection is asked for here.
        if model.as_ref().is_some_and(|model| model.permissions().readonly()) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is write-protected"));
        }
        let mut builder = tempfile::Builder::new();
        let prefix = format!(".{name}.");
        builder.prefix(&prefix).suffix(TEMPORARY_SUFFIX);
        #[cfg(unix)]
        if model.is_none() {
            use std::os::unix::fs::PermissionsExt as _;
            builder.permissions(fs::Permissions::from_mode(0o666)); // less the umask
        }
        let mut file = builder.tempfile_in(folder)?;
        if let Some(model) = &model {
            copy_attributes(model, file.as_file())?;
        }
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.into_temp_path().keep().map_err(|error| error.error)
    }

    fn replace(&self, prepared: &Path, target: &Path) -> io::Result<()> {
        fs::rename(prepared, target)
    }

    fn place(&self, prepared: &Path, target: &Path) -> io::Result<()> {
        let path = tempfile::TempPath::try_from_path(prepared)?;
        path.persist_noclobber(target).map_err(|error| {
            let _kept = error.path.keep();
            error.error
        })
    }

    fn discard(&self, prepared: &Path) -> io::Result<()> {
        fs::remove_file(prepared)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        // Folders can't be opened as files on Windows, and need no syncing there.
        if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
    }
}

/// How the names of prepared files end. They begin with a dot and the target's name.
const TEMPORARY_SUFFIX: &str = ".rulemark-tmp";

/// The folder and the name of a file.
fn split(path: &Path) -> io::Result<(&Path, String)> {
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => Ok((folder, name.to_string_lossy().into_owned())),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "not the path of a file")),
    }
}

/// Owner first: changing it clears the set-id bits of the mode.
#[cfg(unix)]
fn copy_attributes(model: &fs::Metadata, file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let own = file.metadata()?;
    let uid = (own.uid() != model.uid()).then_some(model.uid());
    let gid = (own.gid() != model.gid()).then_some(model.gid());
    if uid.is_some() || gid.is_some() {
        fchown(file, uid, gid).map_err(|error| {
            io::Error::new(error.kind(), "the file belongs to another user or group, which can't be kept")
        })?;
    }
    file.set_permissions(model.permissions())
}

#[cfg(not(unix))]
fn copy_attributes(model: &fs::Metadata, file: &fs::File) -> io::Result<()> {
    file.set_permissions(model.permissions())
}
