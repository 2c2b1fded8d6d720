//! Whether it was git that wrote a file: a checkout, a pull, a rebase.

use super::Repository;
use std::{
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// How long git is waited for while it holds its lock on the work tree.
const PATIENCE: Duration = Duration::from_secs(2);

/// A lock that is older was left behind by a git that died.
const STALE: Duration = Duration::from_secs(10);

/// What git leaves in its folder while it rebases.
const UNDER_WAY: [&str; 2] = ["rebase-merge", "rebase-apply"];

/// Whether git is changing the work tree that `folder` lies in.
#[must_use]
pub fn is_at_work(folder: &Path) -> bool {
    git_folder(folder).is_some_and(|git| is_locked(&git) || is_under_way(&git))
}

/// Whether it was git that put `text` into the work tree that `folder` lies in, rather than somebody's
/// editor: git knows this very text, and it is at work, or the last thing it did to this tree was
/// something else than to commit what was there.
#[must_use]
pub fn has_checked_out(folder: &Path, text: &str) -> bool {
    let Some(git) = git_folder(folder) else { return false };
    let began = Instant::now();
    let was_locked = is_locked(&git);
    while is_locked(&git) && began.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(1));
    }
    let repository = Repository { folder: folder.to_owned() };
    let unix = text.contains("\r\n").then(|| text.replace("\r\n", "\n"));
    let is_known = repository.has_text(text) || unix.is_some_and(|text| repository.has_text(&text));
    is_known && (was_locked || is_under_way(&git) || repository.has_moved().unwrap_or(false))
}

impl Repository {
    /// Whether a file of this very text was ever committed or staged. No filters of the repository run.
    fn has_text(&self, text: &str) -> bool {
        let named = crate::process::quiet("git", &self.folder)
            .args(["hash-object", "--stdin", "--no-filters"])
            .answer_to(text.as_bytes());
        let Ok(name) = named else { return false };
        let name = String::from_utf8_lossy(&name).trim().to_owned();
        self.ask(&["cat-file", "-e", &name]).is_ok()
    }

    /// Whether the last thing that happened to HEAD was a move (checkout, pull, reset, merge) and no
    /// commit.
    fn has_moved(&self) -> io::Result<bool> {
        let last = self.ask(&["reflog", "show", "-1", "--format=%gs", "HEAD"])?;
        Ok(!last.is_empty() && !last.starts_with(b"commit"))
    }
}

/// Git's own folder for the work tree that `folder` lies in.
fn git_folder(folder: &Path) -> Option<PathBuf> {
    let found = folder.ancestors().map(|folder| folder.join(".git")).find(|git| git.exists())?;
    if found.is_dir() {
        return Some(found);
    }
    // A work tree of another repository, or a submodule.
    let text = fs::read_to_string(&found).ok()?;
    let leads_to = text.strip_prefix("gitdir:")?.trim();
    Some(found.parent()?.join(leads_to))
}

fn is_locked(git: &Path) -> bool {
    let lock = fs::metadata(git.join("index.lock")).and_then(|lock| lock.modified());
    lock.is_ok_and(|since| since.elapsed().is_ok_and(|age| age < STALE))
}

fn is_under_way(git: &Path) -> bool {
    UNDER_WAY.iter().any(|name| git.join(name).is_dir())
}
