//! Leases: whether anybody has a file open for writing, and being told when somebody wants to.
//!
//! A read lease (`fcntl(2)`, `F_SETLEASE` with `F_RDLCK`) is refused exactly while somebody has the
//! file open for writing or mapped writably. While it is held, whoever opens the file for writing
//! waits, and the kernel says so through `F_GETLEASE`. Nothing else on a Linux machine tells a half
//! written file from a whole one. A write lease (`F_WRLCK`) keeps readers out as well.
//!
//! Leases need the file's owner (or `CAP_LEASE`) and a local file system; other systems have none.
//!
//! This is the one module with `unsafe` code: no kept crate wraps these three calls. Each passes
//! plain integers and a descriptor that is borrowed for the call, so the kernel neither keeps nor
//! writes any memory of ours.
#![expect(unsafe_code, reason = "fcntl is variadic; no safe wrapper knows the lease commands")]

use std::{fs::File, io};

/// How a lease was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leasing {
    /// It is held; nobody has the file open for writing.
    Granted,
    /// Somebody has the file open, so that it can't be.
    InUse,
    /// There are no leases on this file: another owner, another kind of file system, another system.
    Unavailable,
}

/// What a lease keeps out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseKind {
    /// Writers.
    Read,
    /// Writers and readers: nobody else may have the file open.
    Write,
}

#[cfg(target_os = "linux")]
mod system {
    use super::{File, LeaseKind, Leasing, io};
    use std::os::fd::AsRawFd as _;

    /// `F_SETSIG` of the kernel's `fcntl.h`: the same on all architectures.
    const F_SETSIG: libc::c_int = 10;

    pub(in crate::disk) fn take(file: &File, kind: LeaseKind) -> io::Result<Leasing> {
        let kind = match kind {
            LeaseKind::Read => libc::F_RDLCK,
            LeaseKind::Write => libc::F_WRLCK,
        };
        // The kernel announces a waiting opener by a signal: SIGIO unless told otherwise, which ends
        // a process that does not expect it. SIGURG is ignored by default.
        // SAFETY: `file` keeps the descriptor open during the calls; the arguments are integers.
        let answer = unsafe {
            libc::fcntl(file.as_raw_fd(), F_SETSIG, libc::SIGURG);
            libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, kind)
        };
        if answer == 0 {
            return Ok(Leasing::Granted);
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EAGAIN) => Ok(Leasing::InUse),
            Some(libc::EACCES | libc::EPERM | libc::EINVAL | libc::ENOSYS | libc::EOPNOTSUPP) => {
                Ok(Leasing::Unavailable)
            }
            _ => Err(error),
        }
    }

    pub(in crate::disk) fn release(file: &File) {
        // SAFETY: as above. It fails only where there is no lease.
        unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, libc::F_UNLCK) };
    }

    pub(in crate::disk) fn is_undisturbed(file: &File) -> bool {
        // SAFETY: as above.
        let held = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETLEASE) };
        held == libc::F_RDLCK || held == libc::F_WRLCK
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::{File, LeaseKind, Leasing, io};

    pub(in crate::disk) fn take(_: &File, _: LeaseKind) -> io::Result<Leasing> {
        Ok(Leasing::Unavailable)
    }

    pub(in crate::disk) fn release(_: &File) {}

    pub(in crate::disk) fn is_undisturbed(_: &File) -> bool {
        false
    }
}

/// Asks for a lease on an open file. It ends with [`release`], or when the file is closed.
///
/// # Errors
/// When the system fails.
pub(super) fn take(file: &File, kind: LeaseKind) -> io::Result<Leasing> {
    system::take(file, kind)
}

/// Ends the lease; whoever waits may go on.
pub(super) fn release(file: &File) {
    system::release(file);
}

/// Whether a lease is held and nobody waits for it to end.
pub(super) fn is_undisturbed(file: &File) -> bool {
    system::is_undisturbed(file)
}

#[cfg(target_os = "linux")]
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write as a foreign editor would")]
mod tests {
    use super::*;
    use std::{
        fs::{self, OpenOptions},
        io::Write as _,
        sync::mpsc,
    };

    /// A file with something in it, opened for reading.
    fn file() -> (tempfile::TempDir, std::path::PathBuf, File) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "old").unwrap();
        let file = File::open(&path).unwrap();
        (folder, path, file)
    }

    #[test]
    fn a_writer_is_seen() {
        let (_folder, path, file) = file();
        let writer = OpenOptions::new().append(true).open(&path).unwrap();
        assert_eq!(take(&file, LeaseKind::Read).unwrap(), Leasing::InUse);
        drop(writer);
        let _reader = File::open(&path).unwrap();
        assert_eq!(take(&file, LeaseKind::Read).unwrap(), Leasing::Granted, "readers don't matter");
        assert!(is_undisturbed(&file));
        release(&file);
        assert!(!is_undisturbed(&file));
        assert_eq!(take(&file, LeaseKind::Write).unwrap(), Leasing::InUse, "here they do");
    }

    #[test]
    fn a_writer_waits_and_is_announced() {
        let (_folder, path, file) = file();
        assert_eq!(take(&file, LeaseKind::Read).unwrap(), Leasing::Granted);
        let (opened, is_open) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut writer = OpenOptions::new().write(true).truncate(true).open(&path).unwrap();
                opened.send(()).unwrap();
                writer.write_all(b"new").unwrap();
            });
            while is_undisturbed(&file) {
                std::thread::yield_now();
            }
            assert!(is_open.try_recv().is_err(), "it waits");
            assert_eq!(fs::read(&path).unwrap(), b"old", "and has emptied nothing");
            release(&file);
            is_open.recv().unwrap();
        });
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }
}
