//! A project's folder and the paths in it.

use super::beneath::{Refusal, is_loop, open_beneath};
use crate::engine::{FileFact, Files};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Component, Path, PathBuf},
};

/// The name of the settings file.
pub(crate) const SETTINGS: &str = "rulemark.toml";

/// The folder of the lock, the journal and the sessions.
const INTERNAL: &str = ".rulemark";

/// What makes a folder a project.
const MARKS: [&str; 3] = [SETTINGS, INTERNAL, "workflow_state.md"];

/// What `.rulemark/.gitignore` says: sessions are documents of the project; the journal, the lock and
/// outputs are this machine's.
pub const GITIGNORE: &str = "*\n!.gitignore\n!sessions/\n!sessions/**\n";

/// A project's folder and the paths in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    root: PathBuf,
    state: PathBuf,
    config: PathBuf,
}

/// Why there is no workspace.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// No project here or above.
    #[error("no workflow_state.md, rulemark.toml, .rulemark/ or workflows/ in {} or above", .0.display())]
    NotFound(PathBuf),
    /// No project in the folder that was named.
    #[error("no workflow_state.md, rulemark.toml, .rulemark/ or workflows/ in {}", .0.display())]
    NotMarked(PathBuf),
    /// What was named as the project's folder is something else.
    #[error("{} is not a folder", .0.display())]
    NoFolder(PathBuf),
    /// The folder can't be entered.
    #[error("cannot open {}: {source}", .path.display())]
    Io {
        /// Which folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// `.rulemark` is something else than a folder: a link planted there could lead anywhere.
    #[error("{} is not a folder", .0.display())]
    NotAFolder(PathBuf),
}

impl Workspace {
    /// The folder of the project that `start` lies in: the first one, from `start` upwards, that
    /// holds `rulemark.toml`, `.rulemark/` or `workflow_state.md`.
    ///
    /// # Errors
    /// When there is none, or `start` does not exist.
    pub fn find_root(start: &Path) -> Result<PathBuf, WorkspaceError> {
        let start = canonical(start)?;
        match start.ancestors().find(|folder| is_marked(folder)) {
            Some(root) => Ok(root.to_owned()),
            None => Err(WorkspaceError::NotFound(start)),
        }
    }

    /// The folder `root` itself, which must be a project's.
    ///
    /// # Errors
    /// When it is none, or does not exist.
    pub fn named_root(root: &Path) -> Result<PathBuf, WorkspaceError> {
        let root = folder(root)?;
        if is_marked(&root) { Ok(root) } else { Err(WorkspaceError::NotMarked(root)) }
    }

    /// The workspace in the folder `root`, with the documents at these paths relative to it.
    ///
    /// # Errors
    /// When `root` is no folder.
    pub fn new(root: &Path, state: &str, config: &str) -> Result<Self, WorkspaceError> {
        let root = folder(root)?;
        Ok(Self { state: root.join(state), config: root.join(config), root })
    }

    /// The project's folder, absolute, symbolic links resolved.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The state file.
    #[must_use]
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// The config file, whether there is one or not.
    #[must_use]
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// `rulemark.toml`, whether it is there or not.
    #[must_use]
    pub fn settings(&self) -> PathBuf {
        self.root.join(SETTINGS)
    }

    /// `.rulemark/`, whether it is there or not.
    #[must_use]
    pub fn internal(&self) -> PathBuf {
        self.root.join(INTERNAL)
    }

    /// `.rulemark/journal.db`, whether it is there or not.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.internal().join("journal.db")
    }

    /// `.rulemark/sessions/`, whether it is there or not: a file a session, and what they refer to.
    #[must_use]
    pub fn sessions(&self) -> PathBuf {
        self.internal().join("sessions")
    }

    /// `.rulemark/displaced/`, whether it is there or not: new texts on their way, and the files that
    /// documents were, for a while.
    #[must_use]
    pub fn displaced(&self) -> PathBuf {
        self.internal().join("displaced")
    }

    /// Makes `.rulemark/displaced/`, unless it is there.
    ///
    /// # Errors
    /// When it can't be made, or is not a folder.
    pub fn make_displaced(&self) -> Result<PathBuf, WorkspaceError> {
        let path = self.displaced();
        match path.symlink_metadata() {
            Ok(found) if found.is_dir() => return Ok(path),
            Ok(_) => return Err(WorkspaceError::NotAFolder(path)),
            Err(_) => {}
        }
        match fs::create_dir(&path) {
            Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
                Err(WorkspaceError::Io { path, source })
            }
            _ => Ok(path),
        }
    }

    /// Gives `.rulemark/displaced/` another name: nobody knows any longer what is in it.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_displaced_aside(&self) -> Result<(), WorkspaceError> {
        let path = self.displaced();
        let aside = (1..)
            .map(|number| self.internal().join(format!("displaced.unknown-{number}")))
            .find(|aside| aside.symlink_metadata().is_err());
        let moved = aside.map_or(Ok(()), |aside| fs::rename(&path, aside));
        moved.map_err(|source| WorkspaceError::Io { path, source })
    }

    /// `path` as people know it: relative to the project's folder if it lies inside.
    #[must_use]
    pub fn relative<'p>(&self, path: &'p Path) -> &'p Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }

    /// Makes `.rulemark/`, with a `.gitignore` that leaves only `sessions/` to git, unless it is
    /// there.
    ///
    /// # Errors
    /// When it can't be made, or is not a folder.
    pub fn make_internal(&self) -> Result<PathBuf, WorkspaceError> {
        let path = self.internal();
        match path.symlink_metadata() {
            Ok(found) if found.is_dir() => return Ok(path),
            Ok(_) => return Err(WorkspaceError::NotAFolder(path)),
            Err(_) => {}
        }
        let made = match fs::create_dir(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => match OpenOptions::new().write(true).create_new(true).open(path.join(".gitignore")) {
                Ok(mut file) => file.write_all(GITIGNORE.as_bytes()),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                Err(error) => Err(error),
            },
        };
        made.map_err(|source| WorkspaceError::Io { path: path.clone(), source })?;
        Ok(path)
    }
}

impl Files for Workspace {
    /// Whatever lies outside the project counts as missing.
    fn fact(&self, path: &str) -> Option<FileFact> {
        if !is_inner(Path::new(path)) {
            return Some(FileFact::Missing);
        }
        let path = self.root.join(path);
        Some(match open_beneath(&self.root, &path) {
            Ok(file) if is_blank(&file) => FileFact::Empty,
            Ok(_) => FileFact::Present,
            // There, but not to be opened: a socket, a file of somebody else's.
            Err(Refusal::Io(error)) if !is_missing(&error) && path.symlink_metadata().is_ok() => {
                FileFact::Present
            }
            Err(_) => FileFact::Missing,
        })
    }
}

/// Whether a path is relative and never leads upwards.
pub(crate) fn is_inner(path: &Path) -> bool {
    !path.as_os_str().is_empty()
        && path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// Whether a file holds nothing but white space. A file that begins with 64 KB of it is not blank
/// for anybody who asks, but reading on would be a gift to whoever plants one.
fn is_blank(file: &File) -> bool {
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return false;
    }
    let mut head = Vec::new();
    file.take(1 << 16).read_to_end(&mut head).is_ok_and(|length| {
        length < 1 << 16 && std::str::from_utf8(&head).is_ok_and(|text| text.trim().is_empty())
    })
}

/// Whether the way to a file ends before it: at nothing, at a file, or at a link that goes in circles.
fn is_missing(error: &io::Error) -> bool {
    is_loop(error) || matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn is_marked(folder: &Path) -> bool {
    MARKS.iter().any(|mark| folder.join(mark).symlink_metadata().is_ok())
}

fn folder(path: &Path) -> Result<PathBuf, WorkspaceError> {
    let path = canonical(path)?;
    if path.is_dir() { Ok(path) } else { Err(WorkspaceError::NoFolder(path)) }
}

fn canonical(path: &Path) -> Result<PathBuf, WorkspaceError> {
    path.canonicalize().map_err(|source| WorkspaceError::Io { path: path.to_owned(), source })
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write as a foreign editor would")]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_marked_folder_is_the_root() {
        for mark in MARKS {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().canonicalize().unwrap();
            let deep = root.join("a/b");
            fs::create_dir_all(&deep).unwrap();
            assert!(
                matches!(Workspace::find_root(&deep), Err(WorkspaceError::NotFound(start)) if start == deep)
            );
            fs::create_dir(root.join("a").join(mark)).unwrap();
            assert_eq!(Workspace::find_root(&deep).unwrap(), root.join("a"));
        }
    }

    #[test]
    fn rules_see_nothing_outside() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("secret"), "s").unwrap();
        let root = folder.path().join("project");
        fs::create_dir_all(root.join("docs")).unwrap();
        fs::write(root.join("full.md"), "x").unwrap();
        fs::write(root.join("blank.md"), " \n\t").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("../secret", root.join("link")).unwrap();
        let workspace = Workspace::new(&root, "workflow_state.md", "project_config.md").unwrap();
        let outside = folder.path().join("secret");
        for (path, expected) in [
            ("full.md", FileFact::Present),
            ("./full.md", FileFact::Present),
            ("docs", FileFact::Present),
            ("blank.md", FileFact::Empty),
            ("none.md", FileFact::Missing),
            ("", FileFact::Missing),
            ("../secret", FileFact::Missing),
            ("docs/../../secret", FileFact::Missing),
            ("link", FileFact::Missing),
            (outside.to_str().unwrap(), FileFact::Missing),
            ("full.md/", FileFact::Missing),
            ("full.md/x", FileFact::Missing),
            ("a\0b", FileFact::Missing),
            (&"x".repeat(5_000), FileFact::Missing),
        ] {
            assert_eq!(workspace.fact(path), Some(expected), "{path}");
        }
    }

    /// Asking about a pipe must not wait for somebody to write into it.
    #[cfg(unix)]
    #[test]
    fn rules_may_ask_about_anything() {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        mknodat(CWD, root.join("pipe"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        drop(std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap());
        std::os::unix::fs::symlink("loop", root.join("loop")).unwrap();
        std::os::unix::fs::symlink("nowhere", root.join("dangling")).unwrap();
        fs::write(root.join("a\n\x1b[31mb"), "x").unwrap();
        let workspace = Workspace::new(&root, "workflow_state.md", "project_config.md").unwrap();
        for (path, expected) in [
            ("pipe", FileFact::Present),
            ("socket", FileFact::Present),
            ("loop", FileFact::Missing),
            ("dangling", FileFact::Missing),
            ("a\n\x1b[31mb", FileFact::Present),
        ] {
            assert_eq!(workspace.fact(path), Some(expected), "{path:?}");
        }
    }

    #[test]
    fn the_inner_folder_hides_itself_from_git() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::new(folder.path(), "s", "c").unwrap();
        let made = workspace.make_internal().unwrap();
        assert_eq!(fs::read_to_string(made.join(".gitignore")).unwrap(), GITIGNORE);
        fs::write(made.join(".gitignore"), "mine").unwrap();
        workspace.make_internal().unwrap();
        assert_eq!(fs::read_to_string(made.join(".gitignore")).unwrap(), "mine");
    }
}
