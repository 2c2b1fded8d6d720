//! Writing a text to a file of its own, before it takes a name that others know.

use super::{FileSystem, Identity, Reading, WriteError, file_system::uninterrupted};
use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

/// A text in a file of its own, durable, in nobody's way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// Its name; after the swap it is that of the file that the document was.
    pub place: PathBuf,
    /// Which file that is.
    pub identity: Identity,
}

/// Writes `text` to a new file at `place`, durably, with the mode and owner of the document that was
/// read.
///
/// # Errors
/// When the disk refuses; then there is no such file.
pub fn stage(
    file_system: &dyn FileSystem,
    place: &Path,
    reading: &Reading,
    text: &str,
) -> Result<Staged, WriteError> {
    write_new(file_system, place, Some(&reading.file), text).map_err(|source| WriteError::Io {
        action: "write",
        path: reading.target.clone(),
        source,
    })
}

/// Writes a new file, durably; `false`, and nothing done, when something stands there already.
///
/// # Errors
/// When the disk refuses.
pub fn create_file(file_system: &dyn FileSystem, path: &Path, text: &str) -> Result<bool, WriteError> {
    let refused = |source| WriteError::Io { action: "create", path: path.to_owned(), source };
    remove_abandoned(file_system, path);
    if file_system.metadata(path).is_ok() {
        return Ok(false);
    }
    let staged = stage_beside(file_system, path, text).map_err(refused)?;
    let linked = uninterrupted(|| file_system.link(&staged, path));
    let linked = match linked {
        Err(error)
            if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) =>
        {
            // No links on this file system. Nobody else knows of this file yet.
            uninterrupted(|| file_system.rename(&staged, path))
        }
        linked => linked,
    };
    remove(file_system, &staged);
    match linked {
        Ok(()) => sync_folder_of(file_system, path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(refused(error)),
    }
    Ok(true)
}

/// Removes a staged or displaced file. One that stays behind harms nobody.
pub fn remove(file_system: &dyn FileSystem, place: &Path) {
    match uninterrupted(|| file_system.remove(place)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %place.display(), %error, "a file stays behind");
        }
        _ => {}
    }
}

fn write_new(
    file_system: &dyn FileSystem,
    place: &Path,
    model: Option<&File>,
    text: &str,
) -> io::Result<Staged> {
    let mut file = uninterrupted(|| file_system.create(place, model))?;
    let written = write_all(file_system, &mut file, text.as_bytes())
        .and_then(|()| uninterrupted(|| file_system.sync(&file)))
        .and_then(|()| Ok(Identity::of(&file.metadata()?)));
    match written {
        Ok(identity) => Ok(Staged { place: place.to_owned(), identity }),
        Err(error) => {
            remove(file_system, place);
            Err(error)
        }
    }
}

/// How many new files may wait for the same name at the same time.
const PLACES: usize = 100;

/// After that time nobody is still about to give a staged file its name.
const ABANDONED: Duration = Duration::from_secs(60);

/// The names that a new file may have before it is called `path`.
fn places_beside(path: &Path) -> impl Iterator<Item = PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    (1..=PLACES).map(move |number| path.with_file_name(format!(".{name}.{number}.rulemark-new")))
}

/// Writes a file beside `path`, under a name that nothing has.
fn stage_beside(file_system: &dyn FileSystem, path: &Path, text: &str) -> io::Result<PathBuf> {
    for place in places_beside(path) {
        match write_new(file_system, &place, None, text) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            written => return written.map(|staged| staged.place),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Removes what killed processes left beside `path`.
fn remove_abandoned(file_system: &dyn FileSystem, path: &Path) {
    for place in places_beside(path) {
        let Ok(metadata) = file_system.metadata(&place) else { return };
        let age = metadata.modified().ok().and_then(|modified| modified.elapsed().ok());
        if age.is_some_and(|age| age > ABANDONED) {
            remove(file_system, &place);
        }
    }
}

pub(super) fn write_all(file_system: &dyn FileSystem, file: &mut File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match uninterrupted(|| file_system.write(file, bytes))? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => bytes = &bytes[written..],
        }
    }
    Ok(())
}

/// The new name is in place and can't be taken back; some file systems can't sync a folder at all.
pub(super) fn sync_folder_of(file_system: &dyn FileSystem, path: &Path) {
    let Some(folder) = path.parent() else { return };
    if let Err(error) = uninterrupted(|| file_system.sync_folder(folder)) {
        tracing::warn!(folder = %folder.display(), %error, "a power cut could still undo the last write");
    }
}
