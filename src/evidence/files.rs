//! The state of a tree that no git looks after: a hash over names and content.

use super::TreeError;
use crate::{
    disk::Workspace,
    text::{Revision, RevisionHasher},
};
use std::{
    fs::{self, File, Metadata},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

/// Folders that hold what is made of the files, or what other tools keep for themselves.
const MADE: [&str; 27] = [
    ".cache",
    ".dart_tool",
    ".eggs",
    ".git",
    ".gradle",
    ".hg",
    ".idea",
    ".jj",
    ".mypy_cache",
    ".next",
    ".nox",
    ".nuxt",
    ".pytest_cache",
    ".ruff_cache",
    ".rulemark",
    ".svelte-kit",
    ".svn",
    ".terraform",
    ".tox",
    ".turbo",
    ".venv",
    "__pycache__",
    "coverage",
    "dist",
    "node_modules",
    "target",
    "venv",
];

const MOST_FILES: usize = 100_000;
const MOST_BYTES: u64 = 2 << 30;
const LIMIT: &str = "100,000 files or 2 GiB";

/// The hash of all files of the project but the two documents.
pub(super) fn hash(workspace: &Workspace) -> Result<Revision, TreeError> {
    let mut walk = Walk { workspace, hasher: RevisionHasher::default(), files: 0, bytes: 0 };
    walk.folder(workspace.root())?;
    Ok(walk.hasher.finish())
}

struct Walk<'w> {
    workspace: &'w Workspace,
    hasher: RevisionHasher,
    files: usize,
    bytes: u64,
}

impl Walk<'_> {
    fn folder(&mut self, top: &Path) -> Result<(), TreeError> {
        // Not by recursion: how deep folders go is not ours to say.
        let mut waiting = vec![top.to_owned()];
        while let Some(path) = waiting.pop() {
            let failed = |source| TreeError::Io { path: path.clone(), source };
            let metadata = match fs::symlink_metadata(&path) {
                // Somebody works here: what has just gone was not there.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                metadata => metadata.map_err(failed)?,
            };
            if !metadata.is_dir() {
                self.file(&path, &metadata)?;
                continue;
            }
            let mut inside: Vec<PathBuf> = Vec::new();
            for entry in fs::read_dir(&path).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let is_made = entry.file_name().to_str().is_some_and(|name| MADE.contains(&name));
                if !(is_made && entry.file_type().map_err(failed)?.is_dir()) {
                    inside.push(entry.path());
                }
            }
            // Taken from the end: the order is that of the names.
            inside.sort_unstable_by(|one, other| other.cmp(one));
            waiting.append(&mut inside);
            if waiting.len() > MOST_FILES {
                return Err(self.too_much());
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, metadata: &Metadata) -> Result<(), TreeError> {
        if [self.workspace.state(), self.workspace.config()].contains(&path) {
            return Ok(());
        }
        self.files += 1;
        self.bytes += metadata.len();
        if self.files > MOST_FILES || self.bytes > MOST_BYTES {
            return Err(self.too_much());
        }
        let failed = |source| TreeError::Io { path: path.to_owned(), source };
        let content = if metadata.is_symlink() {
            let target = fs::read_link(path).map_err(failed)?;
            Some(Revision::of(target.as_os_str().as_encoded_bytes()))
        } else if metadata.is_file() {
            Some(hash_of(path).map_err(failed)?)
        } else {
            // Pipes and sockets have no content, and reading one may wait for ever.
            None
        };
        let name = self.workspace.relative(path).as_os_str().as_encoded_bytes();
        self.hasher.update((name.len() as u64).to_le_bytes());
        self.hasher.update(name);
        self.hasher.update([u8::from(metadata.is_symlink()), u8::from(is_executable(metadata))]);
        self.hasher.update(content.map(|content| content.to_string()).unwrap_or_default());
        Ok(())
    }

    fn too_much(&self) -> TreeError {
        TreeError::TooMuch { root: self.workspace.root().to_owned(), limit: LIMIT }
    }
}

fn hash_of(path: &Path) -> io::Result<Revision> {
    let mut hasher = RevisionHasher::default();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            length => hasher.update(&buffer[..length]),
        }
    }
}

#[cfg(unix)]
fn is_executable(metadata: &Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &Metadata) -> bool {
    false
}
