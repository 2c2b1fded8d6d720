//! The git repository a project lies in: its attributes, its settings, its versions.
//!
//! Everything is asked of the `git` command. Of what a repository says nothing is run but this
//! program itself.

mod checkout;

pub use checkout::{has_checked_out, is_at_work};

use crate::process;
use std::{
    env, io,
    path::{Path, PathBuf},
};

/// The name of the merge driver and of the diff driver.
const DRIVER: &str = "rulemark";

/// The attributes of a document, as `.gitattributes` says them.
const ATTRIBUTES: &str = "merge=rulemark diff=rulemark";

/// Why git could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no `git` command.
    #[error("the `git` command can't be started")]
    NoGit(#[source] io::Error),
    /// The folder is in no repository, or git refuses to work in it.
    #[error("{} is in no git repository", .folder.display())]
    NoRepository {
        /// The folder.
        folder: PathBuf,
        /// What git said.
        source: io::Error,
    },
    /// Git refused something.
    #[error("git can't {action}")]
    Refused {
        /// What was asked of it.
        action: String,
        /// What git said.
        source: io::Error,
    },
}

/// A folder in a git repository.
#[derive(Clone, Debug)]
pub struct Repository {
    folder: PathBuf,
}

impl Repository {
    /// The repository that `folder` lies in.
    ///
    /// # Errors
    /// When there is none, or no `git` command.
    pub fn of(folder: &Path) -> Result<Self, GitError> {
        let repository = Self { folder: folder.to_owned() };
        match repository.ask(&["rev-parse", "--is-inside-work-tree"]) {
            Ok(answer) if answer.starts_with(b"true") => Ok(repository),
            Ok(_) => Err(GitError::NoRepository {
                folder: folder.to_owned(),
                source: io::Error::other("it has no work tree here"),
            }),
            Err(source) if source.kind() == io::ErrorKind::NotFound => Err(GitError::NoGit(source)),
            Err(source) => Err(GitError::NoRepository { folder: folder.to_owned(), source }),
        }
    }

    /// What git says about an attribute of a file, given by its path in the folder: `unspecified`
    /// without one.
    ///
    /// # Errors
    /// When git refuses.
    pub fn attribute(&self, name: &str, path: &str) -> Result<String, GitError> {
        let answer = self.ask(&["check-attr", "-z", name, "--", path]);
        let answer = answer.map_err(|source| refused(format!("read the attributes of {path}"), source))?;
        let value = answer.split(|&byte| byte == 0).nth(2).unwrap_or_default();
        Ok(String::from_utf8_lossy(value).into_owned())
    }

    /// A setting of the repository or the user; `None` when it is not set.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<String> {
        let answer = self.ask(&["config", "--get", key]).ok()?;
        Some(String::from_utf8_lossy(&answer).trim_end_matches('\n').to_owned())
    }

    /// Writes a setting of this repository.
    ///
    /// # Errors
    /// When git refuses.
    pub fn set(&self, key: &str, value: &str) -> Result<(), GitError> {
        let written = self.ask(&["config", "--local", key, value]);
        written.map(|_| ()).map_err(|source| refused(format!("write the setting {key}"), source))
    }

    /// A file as a revision has it, given by its path in the folder; `None` when the revision has no
    /// such file.
    ///
    /// # Errors
    /// When there is no such revision.
    pub fn version(&self, revision: &str, path: &str) -> Result<Option<Vec<u8>>, GitError> {
        let commit = format!("{revision}^{{commit}}");
        let found = self.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]);
        found.map_err(|_| {
            refused(format!("find {revision}"), io::Error::other("there is no such revision"))
        })?;
        // `./` begins where the folder is, not where the repository is.
        Ok(self.ask(&["cat-file", "blob", &format!("{revision}:./{path}")]).ok())
    }

    /// Whether the repository has this commit, given by its hash or the beginning of it.
    #[must_use]
    pub fn has_commit(&self, hash: &str) -> bool {
        let is_hash = (4..=64).contains(&hash.len()) && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let commit = format!("{hash}^{{commit}}");
        is_hash && self.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]).is_ok()
    }

    fn ask(&self, arguments: &[&str]) -> io::Result<Vec<u8>> {
        process::quiet("git", &self.folder).args(arguments).output()
    }
}

fn refused(action: String, source: io::Error) -> GitError {
    GitError::Refused { action, source }
}

/// Whether a document's merges and diffs are Rulemark's, by the repository's attributes.
///
/// # Errors
/// When git refuses.
pub fn is_assigned(repository: &Repository, path: &str) -> Result<bool, GitError> {
    let path = path.replace('*', "x");
    Ok(repository.attribute("merge", &path)? == DRIVER && repository.attribute("diff", &path)? == DRIVER)
}

/// The line of `.gitattributes` for a document, given by its path beside that file; `*` stands for
/// any name.
#[must_use]
pub fn attribute_line(path: &str) -> String {
    let mut pattern = String::from("/");
    for c in path.chars() {
        if matches!(c, '?' | '[' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    if pattern.contains([' ', '"', '\\']) {
        pattern = format!("\"{}\"", pattern.replace('\\', "\\\\").replace('"', "\\\""));
    }
    format!("{pattern} {ATTRIBUTES}")
}

/// The settings that make git call this program, with their values.
#[must_use]
pub fn settings() -> [(&'static str, String); 4] {
    let program = program();
    [
        ("merge.rulemark.name", "Rulemark: by State key, item and log entry".to_owned()),
        ("merge.rulemark.driver", format!("{program} merge-driver %O %A %B %L %P")),
        ("diff.rulemark.command", format!("{program} diff-driver")),
        ("diff.rulemark.xfuncname", "^#{1,6} .*$".to_owned()),
    ]
}

/// This program in a shell's words: its name if the shell finds it, otherwise its path.
fn program() -> String {
    let Ok(own) = env::current_exe().and_then(|path| path.canonicalize()) else { return DRIVER.to_owned() };
    let found = env::var_os("PATH").and_then(|path| {
        let candidates = env::split_paths(&path).map(|folder| folder.join(DRIVER));
        candidates.into_iter().find(|file| file.is_file())?.canonicalize().ok()
    });
    if found.as_deref() == Some(&*own) {
        return DRIVER.to_owned();
    }
    format!("'{}'", own.to_string_lossy().replace('\'', "'\\''"))
}

/// Merges the files `base`, `ours` and `theirs` in `folder` with the driver that [`settings`] names, as
/// git would call it; the result is in `ours`.
///
/// # Errors
/// When it can't be run or says that it failed.
pub fn try_driver(folder: &Path) -> io::Result<()> {
    let command = format!("{} merge-driver base ours theirs 7 workflow_state.md", program());
    process::quiet("sh", folder).args(["-c", &command]).output().map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_attributes() {
        for (path, expected) in [
            ("workflow_state.md", "/workflow_state.md merge=rulemark diff=rulemark"),
            ("docs/a b.md", "\"/docs/a b.md\" merge=rulemark diff=rulemark"),
            ("a[1].md", "\"/a\\\\[1].md\" merge=rulemark diff=rulemark"),
            (".rulemark/sessions/*.md", "/.rulemark/sessions/*.md merge=rulemark diff=rulemark"),
        ] {
            assert_eq!(attribute_line(path), expected);
        }
    }
}
