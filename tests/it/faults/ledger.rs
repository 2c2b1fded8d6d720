//! What a disk has done and not yet made durable, and what a power cut leaves of it.
//!
//! The model is that of a journaling file system whose journal is no more than what was asked for. The
//! content of a file is durable once the file was synced. A step with names (a creation, a rename, an
//! exchange, a link, a removal) is whole or not there at all, and durable once one of the folders it
//! touches was synced, and with it every step before it that touched the same names.

use rulemark::disk::Identity;
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

/// What becomes of what is not durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// All of it is there: only the process has ended.
    Nothing,
    /// All of it is lost.
    All,
    /// The names are there, and the contents are lost.
    Contents,
    /// Some of it is lost, drawn by this number: names, contents, parts of contents.
    Some(u64),
}

#[derive(Debug)]
pub(super) struct Ledger {
    root: PathBuf,
    attic: PathBuf,
    stowed: usize,
    /// What of each file that was written since is durable.
    contents: BTreeMap<Identity, Vec<u8>>,
    steps: Vec<Step>,
}

/// A step with names that is not durable yet.
#[derive(Debug)]
enum Step {
    Created(PathBuf),
    Exchanged(PathBuf, PathBuf),
    /// With the file that had the new name before.
    Renamed(PathBuf, PathBuf, Option<Identity>),
    Linked(PathBuf, PathBuf),
    /// With its place in the attic.
    Removed(PathBuf, PathBuf),
}

/// The unit in which a disk writes; what a crash leaves of an overwritten file is made of such blocks.
const BLOCK: usize = 512;

impl Ledger {
    pub(super) fn new(root: &Path, attic: &Path) -> Self {
        let (contents, steps) = (BTreeMap::new(), Vec::new());
        Self { root: root.to_owned(), attic: attic.to_owned(), stowed: 0, contents, steps }
    }

    pub(super) fn create(
        &mut self,
        path: &Path,
        create: impl FnOnce() -> io::Result<File>,
    ) -> io::Result<File> {
        let file = create()?;
        self.contents.insert(Identity::of(&file.metadata()?), Vec::new());
        self.steps.push(Step::Created(path.to_owned()));
        Ok(file)
    }

    /// To be called before a file's content changes.
    pub(super) fn dirty(&mut self, file: &File) -> io::Result<()> {
        let metadata = file.metadata()?;
        if let std::collections::btree_map::Entry::Vacant(entry) =
            self.contents.entry(Identity::of(&metadata))
        {
            let mut bytes = vec![0; usize::try_from(metadata.len()).unwrap()];
            file.read_exact_at(&mut bytes, 0)?;
            entry.insert(bytes);
        }
        Ok(())
    }

    pub(super) fn synced(&mut self, file: &File) -> io::Result<()> {
        self.contents.remove(&Identity::of(&file.metadata()?));
        Ok(())
    }

    pub(super) fn exchange(&mut self, one: &Path, other: &Path) -> io::Result<()> {
        exchange(one, other)?;
        self.steps.push(Step::Exchanged(one.to_owned(), other.to_owned()));
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let over = to.symlink_metadata().ok();
        if over.as_ref().is_some_and(|over| over.nlink() == 1) {
            fs::hard_link(to, self.stow())?;
        }
        fs::rename(from, to)?;
        let over = over.map(|over| Identity::of(&over));
        self.steps.push(Step::Renamed(from.to_owned(), to.to_owned(), over));
        Ok(())
    }

    pub(super) fn link(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)?;
        self.steps.push(Step::Linked(from.to_owned(), to.to_owned()));
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &Path) -> io::Result<()> {
        let stowed = self.stow();
        fs::rename(path, &stowed)?;
        self.steps.push(Step::Removed(path.to_owned(), stowed));
        Ok(())
    }

    pub(super) fn folder_synced(&mut self, folder: &Path) {
        let is_in = |path: &&Path| path.parent() == Some(folder);
        let is_synced = |step: &Step| step.names().iter().any(is_in);
        self.forget(|step, durable| is_synced(step) || durable.iter().any(|other| step.meets(other)));
    }

    /// Drops the steps that are durable, asked for from the last to the first.
    fn forget(&mut self, is_durable: impl Fn(&Step, &[Step]) -> bool) {
        let (mut durable, mut left) = (Vec::new(), Vec::new());
        for step in std::mem::take(&mut self.steps).into_iter().rev() {
            if is_durable(&step, &durable) { durable.push(step) } else { left.push(step) }
        }
        left.reverse();
        self.steps = left;
    }

    /// Loses what `cut` says.
    pub(super) fn cut(&mut self, cut: Cut) {
        let mut random = Random(match cut {
            Cut::Some(seed) => seed,
            _ => 0,
        });
        let mut lost: Vec<Step> = Vec::new();
        for step in std::mem::take(&mut self.steps) {
            let is_lost = match cut {
                Cut::Nothing | Cut::Contents => false,
                Cut::All => true,
                Cut::Some(_) => random.below(2) == 0,
            };
            if is_lost || lost.iter().any(|other| step.meets(other)) {
                lost.push(step);
            }
        }
        // Files first, while they can be found by the names they have.
        for (identity, durable) in std::mem::take(&mut self.contents) {
            let Some(path) = self.find(identity) else { continue };
            let now = fs::read(&path).unwrap();
            let left = match cut {
                Cut::Nothing => continue,
                Cut::All | Cut::Contents => durable,
                Cut::Some(_) => partly_written(&durable, &now, &mut random),
            };
            let file = OpenOptions::new().write(true).truncate(true).open(path);
            file.and_then(|mut file| file.write_all(&left)).unwrap();
        }
        for step in lost.into_iter().rev() {
            self.undo(&step);
        }
        fs::remove_dir_all(&self.attic).unwrap();
        fs::create_dir(&self.attic).unwrap();
    }

    fn undo(&self, step: &Step) {
        let undone = match step {
            Step::Created(path) | Step::Linked(_, path) => fs::remove_file(path),
            Step::Exchanged(one, other) => exchange(one, other),
            Step::Removed(path, stowed) => fs::rename(stowed, path),
            Step::Renamed(from, to, over) => fs::rename(to, from).and_then(|()| {
                let over = over.map(|over| self.find(over).unwrap());
                over.map_or(Ok(()), |over| fs::hard_link(over, to))
            }),
        };
        undone.unwrap_or_else(|error| panic!("{step:?} can't be undone: {error}"));
    }

    fn stow(&mut self) -> PathBuf {
        self.stowed += 1;
        self.attic.join(self.stowed.to_string())
    }

    /// A name of this file.
    fn find(&self, identity: Identity) -> Option<PathBuf> {
        [&self.attic, &self.root].into_iter().find_map(|folder| find(folder, identity))
    }
}

impl Step {
    fn names(&self) -> Vec<&Path> {
        match self {
            Self::Created(path) | Self::Removed(path, _) => vec![path],
            Self::Exchanged(one, other) | Self::Renamed(one, other, _) | Self::Linked(one, other) => {
                vec![one, other]
            }
        }
    }

    fn meets(&self, other: &Self) -> bool {
        self.names().iter().any(|name| other.names().contains(name))
    }
}

/// What there may be of a file that went from `old` to `new` and was not synced: each block as it was
/// or as it is, and the end of one or the other.
fn partly_written(old: &[u8], new: &[u8], random: &mut Random) -> Vec<u8> {
    let length = if random.below(2) == 0 { old.len() } else { new.len() };
    let mut left = Vec::with_capacity(length);
    while left.len() < length {
        let block = left.len()..(left.len() + BLOCK).min(length);
        let written = if random.below(2) == 0 { old } else { new };
        let there = written.get(block.start..block.end.min(written.len())).unwrap_or_default();
        left.extend_from_slice(there);
        left.resize(block.end, 0);
    }
    left
}

fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

fn find(folder: &Path, identity: Identity) -> Option<PathBuf> {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = path.symlink_metadata().unwrap();
        let found = if metadata.is_dir() {
            find(&path, identity)
        } else {
            (Identity::of(&metadata) == identity).then_some(path)
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Numbers that look random, and are the same for the same seed (SplitMix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}
