//! A disk that fails when it is told to.

use super::ledger::{Cut, Ledger};
use rulemark::disk::{FileSystem, LeaseKind, Leasing, LocalFileSystem, Refusal};
use rustix::io::Errno;
use std::{
    ffi::OsString,
    fs::{File, Metadata},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What goes wrong at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The call fails, once.
    Once(Errno),
    /// It fails, and so does every call after it.
    ForEver(Errno),
    /// It is done, and says that it failed: the answer of a server that went missing.
    AnswerLost,
    /// A write writes half of what it was given.
    ShortWrite,
    /// The process ends before the call.
    Crash,
}

/// What the disk can do at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Abilities {
    /// What ext4 can.
    All,
    /// Names can't be exchanged.
    NoExchange,
    /// That, and there are no leases: NFS, FUSE.
    NoExchangeNoLeases,
}

/// What unwinds the process that a [`Fault::Crash`] ends.
pub(super) struct Crashed;

/// Passes calls on to the machine's disk, counts them, and lets one of them fail.
#[derive(Clone, Debug)]
pub(super) struct FaultyDisk {
    abilities: Abilities,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    /// What was called.
    calls: Vec<&'static str>,
    /// The fault, and the call that meets it, from 1.
    plan: Option<(Fault, usize)>,
    ledger: Ledger,
}

/// What a call is to do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Proceed,
    Halve,
    ProceedAndFail,
}

impl FaultyDisk {
    /// A disk for what lies in `root`; `attic` is a folder beside it, on the same file system.
    pub(super) fn new(root: &Path, attic: &Path, abilities: Abilities, plan: Option<(Fault, usize)>) -> Self {
        let state = State { calls: Vec::new(), plan, ledger: Ledger::new(root, attic) };
        Self { abilities, state: Arc::new(Mutex::new(state)) }
    }

    /// Whether there were as many calls as the plan needs.
    pub(super) fn met_its_fault(&self) -> bool {
        let state = self.state();
        state.plan.is_some_and(|(_, at)| state.calls.len() >= at)
    }

    /// The calls so far, by name.
    pub(super) fn calls(&self) -> Vec<&'static str> {
        self.state().calls.clone()
    }

    /// Turns the folder into what a power cut leaves now.
    pub(super) fn cut_the_power(&self, cut: Cut) {
        self.state().ledger.cut(cut);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call.
    fn turn(&self, name: &'static str) -> io::Result<Turn> {
        let mut state = self.state();
        state.calls.push(name);
        let calls = state.calls.len();
        let Some((fault, at)) = state.plan else { return Ok(Turn::Proceed) };
        let (is_now, is_past) = (calls == at, calls > at);
        drop(state);
        match fault {
            Fault::Once(errno) if is_now => Err(errno.into()),
            Fault::ForEver(errno) if is_now || is_past => Err(errno.into()),
            Fault::AnswerLost if is_now => Ok(Turn::ProceedAndFail),
            Fault::ShortWrite if is_now => Ok(Turn::Halve),
            // Unwinding runs no code of the write path but what the end of a process does as well:
            // files are closed, and with them leases, locks and the journal.
            Fault::Crash if is_now => std::panic::resume_unwind(Box::new(Crashed)),
            _ => Ok(Turn::Proceed),
        }
    }

    fn call<T>(&self, name: &'static str, call: impl FnOnce(&mut Ledger) -> io::Result<T>) -> io::Result<T> {
        let turn = self.turn(name)?;
        let done = call(&mut self.state().ledger)?;
        if turn == Turn::ProceedAndFail { Err(Errno::IO.into()) } else { Ok(done) }
    }

    /// A call that can only be interrupted by the end of the process.
    fn certain<T>(&self, name: &'static str, call: impl FnOnce() -> T) -> T {
        let _nothing_fails_here = self.turn(name);
        call()
    }
}

const DISK: LocalFileSystem = LocalFileSystem;

impl FileSystem for FaultyDisk {
    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        self.call("resolve", |_| DISK.resolve(path))
    }

    fn open(&self, root: &Path, path: &Path) -> Result<File, Refusal> {
        if self.turn("open").map_err(Refusal::Io)? == Turn::ProceedAndFail {
            return Err(Refusal::Io(Errno::IO.into()));
        }
        DISK.open(root, path)
    }

    fn read(&self, file: &File, limit: u64) -> io::Result<Vec<u8>> {
        self.call("read", |_| DISK.read(file, limit))
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        self.call("metadata", |_| DISK.metadata(path))
    }

    fn create(&self, path: &Path, model: Option<&File>) -> io::Result<File> {
        self.call("create", |ledger| ledger.create(path, || DISK.create(path, model)))
    }

    fn open_for_writing(&self, path: &Path) -> io::Result<File> {
        self.call("open_for_writing", |_| DISK.open_for_writing(path))
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<usize> {
        let turn = self.turn("write")?;
        let bytes = if turn == Turn::Halve { &bytes[..bytes.len().div_ceil(2)] } else { bytes };
        self.state().ledger.dirty(file)?;
        let written = DISK.write(file, bytes)?;
        if turn == Turn::ProceedAndFail { Err(Errno::IO.into()) } else { Ok(written) }
    }

    fn truncate(&self, file: &File, length: u64) -> io::Result<()> {
        self.call("truncate", |ledger| {
            ledger.dirty(file)?;
            DISK.truncate(file, length)
        })
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        self.call("sync", |ledger| ledger.synced(file))
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        if self.abilities != Abilities::All {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.call("exchange", |ledger| ledger.exchange(one, other))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call("rename", |ledger| ledger.rename(from, to))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call("link", |ledger| ledger.link(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call("remove", |ledger| ledger.remove(path))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.call("sync_folder", |ledger| {
            ledger.folder_synced(folder);
            Ok(())
        })
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<OsString>> {
        self.call("list", |_| DISK.list(folder))
    }

    fn lease(&self, file: &File, kind: LeaseKind) -> io::Result<Leasing> {
        if self.abilities == Abilities::NoExchangeNoLeases {
            return Ok(Leasing::Unavailable);
        }
        self.call("lease", |_| DISK.lease(file, kind))
    }

    fn release(&self, file: &File) {
        self.certain("release", || DISK.release(file));
    }

    fn is_undisturbed(&self, file: &File) -> bool {
        self.certain("is_undisturbed", || DISK.is_undisturbed(file))
    }
}
