//! How a document is read and written where it lies, and why not better.

use super::{FileSystem, LeaseKind, Leasing, beneath::Refusal, file_system::has_other_names, mount, remove};
use std::{fmt, io, path::Path};

/// How it is known that nobody is writing a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watchfulness {
    /// By a lease.
    Lease,
    /// By its having been quiet for a while, for this reason.
    Quiet(&'static str),
}

/// How a new text takes a document's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacing {
    /// The two files exchange their names.
    Exchange,
    /// The document is moved away and the new file linked to its name: for some microseconds there is
    /// no document.
    MoveAway,
    /// It is overwritten while a lease keeps everybody out, for this reason.
    Overwrite(&'static str),
}

/// What is in use for one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    /// How it is known that nobody is writing.
    pub watchfulness: Watchfulness,
    /// How it is replaced.
    pub replacing: Replacing,
}

impl Method {
    /// Finds out what works for `document`, with two files that are gone afterwards: one in `folder`,
    /// where new texts are staged, one beside the document.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn of(file_system: &dyn FileSystem, root: &Path, document: &Path, folder: &Path) -> io::Result<Self> {
        let target = file_system.resolve(document)?;
        let opened = file_system.open(root, document).map_err(|refusal| match refusal {
            Refusal::Io(error) => error,
            Refusal::Outside(_) => io::ErrorKind::InvalidInput.into(),
        })?;
        let watchfulness = match file_system.lease(&opened, LeaseKind::Read)? {
            Leasing::Granted | Leasing::InUse => Watchfulness::Lease,
            Leasing::Unavailable => Watchfulness::Quiet(why_no_lease(&target)),
        };
        file_system.release(&opened);
        let replacing = if has_other_names(&opened.metadata()?) {
            Replacing::Overwrite("it has several names")
        } else if mount::is_mounted_alone(&target) {
            Replacing::Overwrite("it is mounted on its own")
        } else {
            let process = std::process::id();
            let one = folder.join(format!("probe-{process}"));
            let other = target.with_file_name(format!(".rulemark-probe-{process}"));
            let made = file_system.create(&one, None).and_then(|_| file_system.create(&other, None));
            let exchanged = made.and_then(|_| file_system.exchange(&one, &other));
            remove(file_system, &one);
            remove(file_system, &other);
            match exchanged {
                Ok(()) => Replacing::Exchange,
                Err(error) if error.kind() == io::ErrorKind::Unsupported => Replacing::MoveAway,
                // Another file system: then new texts are staged beside the document.
                Err(error) if error.kind() == io::ErrorKind::CrossesDevices => Replacing::Exchange,
                Err(error) => return Err(error),
            }
        };
        Ok(Self { watchfulness, replacing })
    }

    /// Whether nothing has to be given up.
    #[must_use]
    pub fn is_lossless(&self) -> bool {
        self.watchfulness == Watchfulness::Lease
    }
}

fn why_no_lease(target: &Path) -> &'static str {
    if !cfg!(target_os = "linux") {
        "this system has no leases"
    } else if mount::is_remote(target) {
        "the file system's files can be changed where this machine doesn't see it"
    } else {
        "the file belongs to somebody else, or its file system has no leases"
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.watchfulness {
            Watchfulness::Lease => f.write_str("read under a lease")?,
            Watchfulness::Quiet(why) => write!(f, "read when it has been quiet ({why})")?,
        }
        match self.replacing {
            Replacing::Exchange => f.write_str(", names exchanged"),
            Replacing::MoveAway => f.write_str(", moved away and linked (names can't be exchanged here)"),
            Replacing::Overwrite(why) if self.is_lossless() => write!(f, ", overwritten ({why})"),
            Replacing::Overwrite(why) => write!(f, ", not written ({why}, and nobody can be kept out)"),
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write as a foreign editor would")]
mod tests {
    use super::*;
    use crate::disk::LocalFileSystem;
    use std::fs;

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_in_use_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let (document, staging) = (root.join("f.md"), root.join("displaced"));
        fs::write(&document, "f").unwrap();
        fs::create_dir(&staging).unwrap();
        let method = || Method::of(&LocalFileSystem, &root, &document, &staging).unwrap().to_string();
        assert_eq!(method(), "read under a lease, names exchanged");
        fs::hard_link(&document, root.join("g.md")).unwrap();
        assert_eq!(method(), "read under a lease, overwritten (it has several names)");
        assert_eq!(fs::read_dir(&staging).unwrap().count(), 0);
        assert_eq!(fs::read_dir(&root).unwrap().count(), 3, "nothing is left behind");
    }
}
