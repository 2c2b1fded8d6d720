//! The safe write: a document becomes another text, and nobody's change is overwritten.
//!
//! The new text is [staged](stage): written to a file of its own and made durable. Then [`swap`] takes
//! a lease, compares the document with what was read, lets the two files exchange their names, and
//! looks at what came out. At every instant the document is wholly old or wholly new, and the file it
//! was keeps existing under the staged name: whoever had it open and writes late writes there, where
//! it is found ([`Displaced`]).
//!
//! Without the exchange (NFS, SMB, FUSE, Windows) the document is moved away and the new file linked
//! into its place: as safe, but for some microseconds there is no document. A document that can't be
//! replaced at all (a file mounted on its own, one with several names) is overwritten under a lease
//! that keeps everybody out, and is refused where there is none.

use super::{
    FileSystem, Identity, LeaseKind, Leasing, Reading, Refusal,
    file_system::{has_other_names, uninterrupted},
};
use std::{
    fs::{File, Metadata},
    io,
    path::{Path, PathBuf},
};

/// Why a document could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The disk refused. The document is what it was.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// What was tried: "write", "replace".
        action: &'static str,
        /// Which document.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The document can only be overwritten, and nobody can be kept out meanwhile.
    #[error("{} can't be replaced ({reason}), and overwriting it could lose what others write", .path.display())]
    OnlyInPlace {
        /// Which document.
        path: PathBuf,
        /// Why not.
        reason: &'static str,
    },
    /// The disk refused while the document was overwritten, and again when it was to be put back.
    #[error("{} is half written: {source}; the next run completes it", .path.display())]
    HalfWritten {
        /// Which document.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A text in a file of its own, durable, in nobody's way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// Its name; after the swap it is that of the file that the document was.
    pub place: PathBuf,
    /// Which file that is.
    pub identity: Identity,
}

/// What a swap left under the staged name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Displaced {
    /// The file that the document was, which nobody else had open.
    AtRest,
    /// The same, and somebody was about to write to it; or another one that somebody put in the
    /// document's place in that instant. What is in it must be looked at again.
    Late,
    /// Nothing: the document was overwritten.
    Nothing,
}

/// How a swap ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swapped {
    /// The document is the new text, durably.
    Done(Displaced),
    /// Somebody else was there first. The document is theirs; the staged file was never seen.
    Overtaken,
    /// Somebody else came in between, and the swap was taken back. For an instant the new text stood
    /// there, so that somebody may yet write to the staged file.
    TakenBack,
    /// The same where the document had to be moved away: the staged name holds what it was.
    GivenUp,
}

/// How hard a swap tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insistence {
    /// Whoever wants to write goes first.
    Polite,
    /// It swaps although somebody has the document open, or waits to open it: what they write comes
    /// out in the displaced file.
    Insistent,
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
    write_new(file_system, place, Some(&reading.metadata), text).map_err(|source| WriteError::Io {
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
            return uninterrupted(|| file_system.rename(&staged, path)).map(|()| true).map_err(refused);
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

/// Replaces the document that was read by the staged text, if it is still what was read.
///
/// # Errors
/// When the disk refuses; the document is what it was, and the staged file still there.
pub fn swap(
    file_system: &dyn FileSystem,
    staged: &Staged,
    reading: Reading,
    insistence: Insistence,
) -> Result<Swapped, WriteError> {
    let refused = |source| WriteError::Io { action: "replace", path: reading.target.clone(), source };
    let leasing = if reading.is_leased {
        Leasing::Granted
    } else {
        uninterrupted(|| file_system.lease(&reading.file, LeaseKind::Read)).map_err(refused)?
    };
    if leasing == Leasing::InUse && insistence == Insistence::Polite {
        return Ok(Swapped::Overtaken);
    }
    if !is_unchanged(file_system, &reading).map_err(refused)? {
        return Ok(Swapped::Overtaken);
    }
    if has_other_names(&reading.metadata) {
        return overwrite(file_system, staged, reading, "it has several names");
    }
    let exchanged = uninterrupted(|| file_system.exchange(&staged.place, &reading.target));
    let swap = Swap { file_system, staged, reading: &reading, leasing, insistence };
    match exchanged {
        Ok(()) => swap.after_exchange().map_err(refused),
        // The network may have lost the answer, not the request.
        Err(_) if swap.stands() => swap.after_exchange().map_err(refused),
        Err(error) => match error.kind() {
            io::ErrorKind::Unsupported => swap.move_away().map_err(refused),
            io::ErrorKind::NotFound => Ok(Swapped::Overtaken),
            io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices => {
                overwrite(file_system, staged, reading, "it is mounted on its own")
            }
            _ => Err(refused(error)),
        },
    }
}

/// The name a document has while it is moved away.
pub(super) fn aside(place: &Path) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(".aside");
    name.into()
}

/// Puts a document back that a killed process had moved away: to its own name if nothing stands
/// there, otherwise to the staged name, where displaced files are looked for.
///
/// # Errors
/// When the disk refuses.
pub fn put_back(file_system: &dyn FileSystem, place: &Path, target: &Path) -> io::Result<()> {
    let aside = aside(place);
    if file_system.metadata(&aside).is_err() {
        return Ok(());
    }
    let to = if file_system.metadata(target).is_ok() { place } else { target };
    uninterrupted(|| file_system.rename(&aside, to))
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

/// A swap under way.
struct Swap<'a> {
    file_system: &'a dyn FileSystem,
    staged: &'a Staged,
    reading: &'a Reading,
    leasing: Leasing,
    insistence: Insistence,
}

impl Swap<'_> {
    /// Whether the document is the staged file now.
    fn stands(&self) -> bool {
        let found = self.file_system.metadata(&self.reading.target);
        cfg!(unix) && found.is_ok_and(|found| Identity::of(&found) == self.staged.identity)
    }

    /// Looks at what came out.
    fn after_exchange(&self) -> io::Result<Swapped> {
        let is_announced =
            self.leasing == Leasing::Granted && !self.file_system.is_undisturbed(&self.reading.file);
        if is_announced && self.insistence == Insistence::Polite {
            // Somebody waits to open what is the displaced file by now; they shall find the document.
            match uninterrupted(|| self.file_system.exchange(&self.staged.place, &self.reading.target)) {
                Ok(()) => return Ok(Swapped::TakenBack),
                Err(error) => tracing::debug!(%error, "the swap stands; late writes are merged"),
            }
        }
        let is_late = is_announced || self.leasing == Leasing::InUse || !self.is_what_was_read();
        if self.leasing == Leasing::Granted {
            self.file_system.release(&self.reading.file);
        }
        sync_folder_of(self.file_system, &self.reading.target);
        Ok(Swapped::Done(if is_late { Displaced::Late } else { Displaced::AtRest }))
    }

    /// Whether the file that came out is the one that was read, and as it was. What can't be read now
    /// is looked at later.
    fn is_what_was_read(&self) -> bool {
        let Ok(displaced) = open_own(self.file_system, &self.staged.place) else { return false };
        let same = displaced.metadata().is_ok_and(|found| Identity::of(&found) == self.reading.identity);
        same && (self.leasing == Leasing::Granted
            || has_bytes(self.file_system, &displaced, &self.reading.text).unwrap_or(false))
    }

    /// Where names can't be exchanged: the document steps aside, and the new one is linked to its name
    /// unless somebody else has made one meanwhile.
    fn move_away(&self) -> io::Result<Swapped> {
        let (place, target) = (&self.staged.place, &self.reading.target);
        let aside = aside(place);
        match uninterrupted(|| self.file_system.rename(target, &aside)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Swapped::Overtaken),
            moved => moved?,
        }
        let linked = match uninterrupted(|| self.file_system.link(place, target)) {
            Err(error)
                if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) =>
            {
                // No links either (FAT): whoever creates the file in this instant is overwritten.
                uninterrupted(|| self.file_system.rename(place, target))
            }
            linked => linked,
        };
        match linked {
            Ok(()) => {
                if let Err(error) = uninterrupted(|| self.file_system.rename(&aside, place)) {
                    tracing::debug!(%error, "the displaced file stays aside; it is found there");
                }
                let leasing = self.leasing;
                let is_late = leasing == Leasing::InUse || !self.is_what_was_read();
                sync_folder_of(self.file_system, target);
                Ok(Swapped::Done(if is_late { Displaced::Late } else { Displaced::AtRest }))
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                uninterrupted(|| self.file_system.rename(&aside, place))?;
                Ok(Swapped::GivenUp)
            }
            Err(error) => {
                uninterrupted(|| self.file_system.rename(&aside, target))?;
                Err(error)
            }
        }
    }
}

/// Overwrites the document under a lease that keeps everybody out. The staged file holds the text
/// meanwhile, so that a crash in the middle can be mended.
fn overwrite(
    file_system: &dyn FileSystem,
    staged: &Staged,
    reading: Reading,
    reason: &'static str,
) -> Result<Swapped, WriteError> {
    let Reading { text: old, target, file, .. } = reading;
    drop(file); // our own eyes would keep the lease away
    let refused = |source| WriteError::Io { action: "overwrite", path: target.clone(), source };
    let mut document = uninterrupted(|| file_system.open_for_writing(&target)).map_err(refused)?;
    match uninterrupted(|| file_system.lease(&document, LeaseKind::Write)).map_err(refused)? {
        Leasing::Granted => {}
        Leasing::InUse => return Ok(Swapped::Overtaken),
        Leasing::Unavailable => return Err(WriteError::OnlyInPlace { path: target, reason }),
    }
    if !has_bytes(file_system, &document, &old).map_err(refused)? {
        return Ok(Swapped::Overtaken);
    }
    let new = open_own(file_system, &staged.place)
        .and_then(|staged| uninterrupted(|| file_system.read(&staged, u64::MAX)))
        .map_err(refused)?;
    if let Err(source) = fill(file_system, &mut document, &new) {
        return Err(match fill(file_system, &mut document, old.as_bytes()) {
            Ok(()) => refused(source),
            Err(_) => WriteError::HalfWritten { path: target, source },
        });
    }
    Ok(Swapped::Done(Displaced::Nothing))
}

/// Whether `found` is what a crash leaves while `old` is overwritten by `new`.
#[must_use]
pub fn is_half_overwritten(found: &str, old: &str, new: &str) -> bool {
    let written = found.bytes().zip(new.bytes()).take_while(|(found, new)| found == new).count();
    let rest = |text: &str| text.as_bytes().get(written..).unwrap_or_default().to_vec();
    found != old && (written == found.len() || rest(found) == rest(old))
}

fn is_unchanged(file_system: &dyn FileSystem, reading: &Reading) -> io::Result<bool> {
    let found = match file_system.metadata(&reading.target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        found => found?,
    };
    Ok(Identity::of(&found) == reading.identity && has_bytes(file_system, &reading.file, &reading.text)?)
}

fn has_bytes(file_system: &dyn FileSystem, file: &File, text: &str) -> io::Result<bool> {
    let bytes = uninterrupted(|| file_system.read(file, text.len() as u64 + 1))?;
    Ok(bytes == text.as_bytes())
}

/// Opens a staged or displaced file.
fn open_own(file_system: &dyn FileSystem, place: &Path) -> io::Result<File> {
    let folder = place.parent().unwrap_or(place);
    file_system.open(folder, place).map_err(|refusal| match refusal {
        Refusal::Io(error) => error,
        Refusal::Outside(_) => {
            io::Error::new(io::ErrorKind::InvalidInput, "somebody put a link in its place")
        }
    })
}

fn write_new(
    file_system: &dyn FileSystem,
    place: &Path,
    model: Option<&Metadata>,
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

/// A name beside `path` that nothing has.
fn stage_beside(file_system: &dyn FileSystem, path: &Path, text: &str) -> io::Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    for number in 1.. {
        let place = path.with_file_name(format!(".{name}.{number}.rulemark-new"));
        match write_new(file_system, &place, None, text) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 100 => {}
            written => return written.map(|staged| staged.place),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn fill(file_system: &dyn FileSystem, file: &mut File, bytes: &[u8]) -> io::Result<()> {
    io::Seek::rewind(file)?;
    write_all(file_system, file, bytes)?;
    uninterrupted(|| file_system.truncate(file, bytes.len() as u64))?;
    uninterrupted(|| file_system.sync(file))
}

fn write_all(file_system: &dyn FileSystem, file: &mut File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match uninterrupted(|| file_system.write(file, bytes))? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => bytes = &bytes[written..],
        }
    }
    Ok(())
}

/// The new name is in place and can't be taken back; some file systems can't sync a folder at all.
fn sync_folder_of(file_system: &dyn FileSystem, path: &Path) {
    let Some(folder) = path.parent() else { return };
    if let Err(error) = uninterrupted(|| file_system.sync_folder(folder)) {
        tracing::warn!(folder = %folder.display(), %error, "a power cut could still undo the last write");
    }
}
