//! The safe write: a document becomes another text, and nobody's change is overwritten.
//!
//! The new text is [staged](Staged): written to a file of its own and made durable. Then [`swap`] takes
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
    FileSystem, Identity, LeaseKind, Leasing, Reading, Refusal, Staged,
    file_system::{self, has_other_names, uninterrupted},
    overwrite::overwrite,
    staging::sync_folder_of,
};
use std::{
    fs::{self, File},
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
    /// The disk refused while the document was moved away, and again when it was to be put back.
    #[error("{} is moved away: {source}; the next run puts it back", .path.display())]
    MovedAway {
        /// Which document.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
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
            io::ErrorKind::Unsupported => swap.move_away(),
            io::ErrorKind::NotFound => Ok(Swapped::Overtaken),
            io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices => {
                overwrite(file_system, staged, reading, "it is mounted on its own")
            }
            _ => Err(refused(error)),
        },
    }
}

/// Behind the staged name: what a document is called while it is moved away.
const ASIDE: &str = ".aside";

/// The name a document has while it is moved away.
fn aside(place: &Path) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(ASIDE);
    name.into()
}

/// The staged name that belongs to the name of a document that is moved away; any other is its own.
#[must_use]
pub fn moved_from(aside: &Path) -> &Path {
    aside.to_str().and_then(|name| name.strip_suffix(ASIDE)).map_or(aside, Path::new)
}

/// Whether a killed process left the document aside whose new text was staged at `place`.
#[must_use]
pub fn is_moved_away(file_system: &dyn FileSystem, place: &Path) -> bool {
    file_system.metadata(&aside(place)).is_ok()
}

/// Puts a document back that a killed process had moved away: to its own name if nothing stands
/// there, otherwise to the staged name, where displaced files are looked for. `root` is the project's
/// folder, with symbolic links resolved; nothing is put outside of it.
///
/// # Errors
/// When the disk refuses.
pub fn put_back(file_system: &dyn FileSystem, root: &Path, place: &Path, document: &Path) -> io::Result<()> {
    let aside = aside(place);
    match uninterrupted(|| file_system.metadata(&aside)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    let target = end_of(document);
    let folder = uninterrupted(|| file_system.resolve(target.parent().unwrap_or(root)))?;
    let to = match uninterrupted(|| file_system.metadata(&target)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && folder.starts_with(root) => &target,
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => place,
    };
    uninterrupted(|| file_system.rename(&aside, to))
}

/// Where symbolic links lead, also to nothing.
fn end_of(path: &Path) -> PathBuf {
    /// As many as Linux follows.
    const LINKS: usize = 40;
    let mut end = path.to_owned();
    for _ in 0..LINKS {
        let Ok(next) = fs::read_link(&end) else { break };
        end = end.parent().unwrap_or(path).join(next);
    }
    end
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
        let found = uninterrupted(|| self.file_system.metadata(&self.reading.target));
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
    fn move_away(&self) -> Result<Swapped, WriteError> {
        let (place, target) = (&self.staged.place, &self.reading.target);
        let refused = |source| WriteError::Io { action: "replace", path: target.clone(), source };
        let moved_away = |source| WriteError::MovedAway { path: target.clone(), source };
        let aside = aside(place);
        if let Err(error) = self.rename(target, &aside) {
            // The network may have lost the answer, here and below.
            match uninterrupted(|| self.file_system.metadata(&aside)) {
                Ok(_) => {}
                Err(none) if none.kind() != io::ErrorKind::NotFound => return Err(moved_away(error)),
                Err(_) if error.kind() == io::ErrorKind::NotFound => return Ok(Swapped::Overtaken),
                Err(_) => return Err(refused(error)),
            }
        }
        match self.link() {
            Err(_) if self.stands() => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.rename(&aside, place).map_err(moved_away)?;
                return Ok(Swapped::GivenUp);
            }
            Err(error) => {
                self.rename(&aside, target).map_err(moved_away)?;
                return Err(refused(error));
            }
            Ok(()) => {}
        }
        if let Err(error) = self.rename(&aside, place) {
            tracing::debug!(%error, "the displaced file stays aside; it is found there");
        }
        let is_late = self.leasing == Leasing::InUse || !self.is_what_was_read();
        sync_folder_of(self.file_system, target);
        Ok(Swapped::Done(if is_late { Displaced::Late } else { Displaced::AtRest }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        uninterrupted(|| self.file_system.rename(from, to))
    }

    /// Gives the staged file the document's name, which nothing has.
    fn link(&self) -> io::Result<()> {
        let (place, target) = (&self.staged.place, &self.reading.target);
        match uninterrupted(|| self.file_system.link(place, target)) {
            Err(error)
                if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) =>
            {
                // No links either (FAT): whoever creates the file in this instant is overwritten.
                self.rename(place, target)
            }
            linked => linked,
        }
    }
}

fn is_unchanged(file_system: &dyn FileSystem, reading: &Reading) -> io::Result<bool> {
    let found = match uninterrupted(|| file_system.metadata(&reading.target)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        found => found?,
    };
    Ok(Identity::of(&found) == reading.identity && has_bytes(file_system, &reading.file, &reading.text)?)
}

pub(super) fn has_bytes(file_system: &dyn FileSystem, file: &File, text: &str) -> io::Result<bool> {
    let bytes = uninterrupted(|| file_system.read(file, text.len() as u64 + 1))?;
    Ok(bytes == text.as_bytes())
}

/// Opens a staged or displaced file.
pub(super) fn open_own(file_system: &dyn FileSystem, place: &Path) -> io::Result<File> {
    let folder = place.parent().unwrap_or(place);
    file_system::open(file_system, folder, place).map_err(|refusal| match refusal {
        Refusal::Io(error) => error,
        Refusal::Outside(_) => {
            io::Error::new(io::ErrorKind::InvalidInput, "somebody put a link in its place")
        }
    })
}

#[cfg(unix)]
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write as a foreign editor would")]
mod tests {
    use super::*;
    use crate::disk::LocalFileSystem;
    use std::os::unix::fs::symlink;

    /// Puts back what was moved away from `document`, in a project that `arrange` made; says where it
    /// is then.
    #[track_caller]
    fn check(arrange: impl FnOnce(&Path), expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("project");
        fs::create_dir_all(root.join("docs")).unwrap();
        fs::write(root.join("1-state.1.aside"), "moved away").unwrap();
        arrange(&root);
        put_back(&LocalFileSystem, &root, &root.join("1-state.1"), &root.join("state.md")).unwrap();
        let is_there = |path: &&str| {
            fs::symlink_metadata(root.join(path)).is_ok_and(|found| found.is_file())
                && fs::read_to_string(root.join(path)).is_ok_and(|text| text == "moved away")
        };
        let places = ["state.md", "docs/state.md", "../state.md", "1-state.1", "1-state.1.aside"];
        assert_eq!(places.iter().find(|path| is_there(path)), Some(&expected));
    }

    #[test]
    fn a_document_is_put_back_where_it_was() {
        check(|_| (), "state.md");
        check(|root| fs::write(root.join("state.md"), "another one").unwrap(), "1-state.1");
        check(|root| symlink("docs/state.md", root.join("state.md")).unwrap(), "docs/state.md");
        check(|root| symlink("../state.md", root.join("state.md")).unwrap(), "1-state.1");
        check(|root| symlink("docs/../../state.md", root.join("state.md")).unwrap(), "1-state.1");
        check(|root| symlink("state.md", root.join("state.md")).unwrap(), "1-state.1");
    }
}
