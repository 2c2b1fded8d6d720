//! The state of the work tree, as one name for all of its content.

use super::{files, git};
use crate::disk::Workspace;
use std::{io, path::PathBuf};

/// Names the content of the project's files: equal states mean equal files. The two documents and
/// `.rulemark/` don't count: what Rulemark writes itself must not make a run of the checks stale.
///
/// In a git repository these are the files below the project's folder that git tracks, or would if
/// they were added; branches, commits and what is staged make no difference. Elsewhere all files
/// count but those in folders that hold what is made of them (`files`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TreeState(String);

/// Why the state of the tree can't be told.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// More than can be looked at each time.
    #[error("{} holds more than {limit}: put the project under git, or ignore what is made", .root.display())]
    TooMuch {
        /// The project's folder.
        root: PathBuf,
        /// How much is looked at.
        limit: &'static str,
    },
    /// A file or folder can't be read.
    #[error("cannot read {}: {source}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl TreeState {
    /// The state that the work tree is in now.
    ///
    /// # Errors
    /// When the files can't be read, or are too many.
    pub fn of(workspace: &Workspace) -> Result<Self, TreeError> {
        if is_in_repository(workspace) {
            match git::tree(workspace) {
                Ok(tree) => return Ok(Self(format!("git {tree}"))),
                // No git here, or one that refuses this repository: the files are there all the same.
                Err(error) => tracing::debug!(%error, "git does not tell the state of the tree"),
            }
        }
        files::hash(workspace).map(|hash| Self(format!("files {hash}")))
    }

    /// Reads what [`TreeState::as_str`] told.
    #[must_use]
    pub fn from_name(name: String) -> Self {
        Self(name)
    }

    /// The state's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_in_repository(workspace: &Workspace) -> bool {
    workspace.root().ancestors().any(|folder| folder.join(".git").symlink_metadata().is_ok())
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write as whoever works on the project")]
mod tests {
    use super::*;
    use crate::process::quiet;
    use std::{
        fs,
        path::Path,
        time::{Duration, SystemTime},
    };

    struct Scratch {
        _folder: tempfile::TempDir,
        workspace: Workspace,
    }

    impl Scratch {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().canonicalize().unwrap().join("project");
            fs::create_dir_all(root.join("src")).unwrap();
            let workspace = Workspace::new(&root, "workflow_state.md", "project_config.md").unwrap();
            let scratch = Self { _folder: folder, workspace };
            for path in ["workflow_state.md", "project_config.md", "src/a.rs", "src/b.rs"] {
                scratch.write(path, path);
            }
            scratch
        }

        fn with_git() -> Self {
            let scratch = Self::new();
            scratch.write(".gitignore", "node_modules/\n");
            scratch.git(&["init", "-q", "-b", "main"]);
            scratch.git(&["add", "-A"]);
            scratch.commit("begin");
            scratch
        }

        fn root(&self) -> &Path {
            self.workspace.root()
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.root().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn git(&self, arguments: &[&str]) {
            let identity =
                ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"];
            quiet("git", self.root()).args(identity).args(arguments).output().unwrap();
        }

        fn commit(&self, message: &str) {
            self.git(&["commit", "-q", "-m", message]);
        }

        fn state(&self) -> TreeState {
            TreeState::of(&self.workspace).unwrap()
        }
    }

    /// What must and what must not make another state, with git and without.
    #[test]
    fn the_content_decides() {
        for scratch in [Scratch::new(), Scratch::with_git()] {
            let changes = |what: &str, changes: bool, change: &dyn Fn(&Scratch)| {
                let before = scratch.state();
                change(&scratch);
                assert_eq!(scratch.state() != before, changes, "{what} ({before:?})");
            };
            changes("nothing", false, &|_| {});
            changes("the documents", false, &|it| {
                it.write("workflow_state.md", "log");
                it.write("project_config.md", "changelog");
            });
            changes("our own folder", false, &|it| it.write(".rulemark/output/x.log", "x"));
            changes("a file, as long as before", true, &|it| it.write("src/a.rs", "SRC/A.RS"));
            changes("the same again", false, &|it| it.write("src/a.rs", "SRC/A.RS"));
            changes("only its time", false, &|it| {
                let file = fs::File::options().write(true).open(it.root().join("src/b.rs")).unwrap();
                file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)).unwrap();
            });
            changes("a new file", true, &|it| it.write("src/new.rs", "new"));
            changes("a new name", true, &|it| {
                fs::rename(it.root().join("src/new.rs"), it.root().join("src/newer.rs")).unwrap();
            });
            changes("no longer there", true, &|it| fs::remove_file(it.root().join("src/newer.rs")).unwrap());
            changes("executable", true, &|it| {
                use std::os::unix::fs::PermissionsExt as _;
                fs::set_permissions(it.root().join("src/b.rs"), fs::Permissions::from_mode(0o755)).unwrap();
            });
            changes("a link", true, &|it| {
                std::os::unix::fs::symlink("a.rs", it.root().join("src/l.rs")).unwrap();
            });
            changes("what is made of it", false, &|it| it.write("node_modules/x/index.js", "x"));
        }
    }

    /// Sizes and times prove nothing for a file that changed in the moment in which git wrote its index. Many
    /// gits count in seconds, so such a moment is long.
    #[test]
    fn a_change_in_the_moment_of_the_index_is_seen() {
        let scratch = Scratch::with_git();
        // Nobody can set the time that a file's times were set at.
        scratch.git(&["config", "core.trustctime", "false"]);
        let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let at_that_moment = |path: &str| {
            let file = fs::File::options().write(true).open(scratch.root().join(path)).unwrap();
            file.set_modified(moment).unwrap();
        };
        at_that_moment("src/a.rs");
        scratch.git(&["update-index", "--refresh"]);
        let before = scratch.state();
        at_that_moment(".rulemark/tree/seed");
        scratch.write("src/a.rs", "SRC/A.RS");
        at_that_moment("src/a.rs");
        assert_ne!(scratch.state(), before);
    }

    #[test]
    fn git_knows_what_counts() {
        let scratch = Scratch::with_git();
        scratch.write(".gitignore", "*.tmp\n/made/\n/node_modules/\n");
        scratch.write("src/a.rs", "changed");
        let dirty = scratch.state();
        for path in ["x.tmp", "made/a", "src/y.tmp"] {
            scratch.write(path, "ignored");
        }
        assert_eq!(scratch.state(), dirty, "what is ignored");
        scratch.git(&["add", "-A"]);
        assert_eq!(scratch.state(), dirty, "what is staged");
        scratch.commit("more");
        assert_eq!(scratch.state(), dirty, "what is committed");
        scratch.git(&["checkout", "-q", "-b", "other"]);
        assert_eq!(scratch.state(), dirty, "another branch with the same files");
        scratch.write("src/a.rs", "on the other branch");
        scratch.git(&["commit", "-q", "-a", "-m", "other"]);
        assert_ne!(scratch.state(), dirty, "another branch with other files");
        scratch.git(&["checkout", "-q", "main"]);
        assert_eq!(scratch.state(), dirty, "back again");
        scratch.write("made/a", "tracked all the same");
        scratch.git(&["add", "-f", "made/a"]);
        let forced = scratch.state();
        scratch.write("made/a", "and changed");
        assert_ne!(scratch.state(), forced, "ignored, and tracked all the same");
        for flag in ["--assume-unchanged", "--skip-worktree"] {
            scratch.git(&["update-index", flag, "src/b.rs"]);
            let hidden = scratch.state();
            scratch.write("src/b.rs", &format!("changed behind {flag}"));
            assert_ne!(scratch.state(), hidden, "{flag}");
        }
    }

    #[test]
    fn the_users_index_and_objects_are_left_alone() {
        let scratch = Scratch::with_git();
        scratch.write("src/a.rs", "changed");
        scratch.write("src/untracked.rs", "new");
        let everything = |folder: &Path| {
            let mut found = Vec::new();
            let mut folders = vec![folder.to_owned()];
            while let Some(folder) = folders.pop() {
                for entry in fs::read_dir(folder).unwrap() {
                    let path = entry.unwrap().path();
                    if path.is_dir() {
                        folders.push(path);
                    } else {
                        found.push((path.clone(), fs::read(path).unwrap()));
                    }
                }
            }
            found.sort();
            found
        };
        let git = scratch.root().join(".git");
        let before = everything(&git);
        scratch.state();
        assert!(everything(&git) == before, "git's own folder is not ours");
    }

    #[test]
    fn a_project_below_the_top_of_its_repository() {
        let scratch = Scratch::with_git();
        scratch.write("inner/workflow_state.md", "s");
        scratch.write("inner/code.rs", "c");
        let inner =
            Workspace::new(&scratch.root().join("inner"), "workflow_state.md", "project_config.md").unwrap();
        let before = TreeState::of(&inner).unwrap();
        scratch.write("src/a.rs", "elsewhere");
        scratch.write("inner/workflow_state.md", "t");
        assert_eq!(TreeState::of(&inner).unwrap(), before);
        scratch.write("inner/code.rs", "d");
        assert_ne!(TreeState::of(&inner).unwrap(), before);
    }

    #[test]
    fn a_repository_that_git_can_t_read_is_a_folder_with_files() {
        let scratch = Scratch::new();
        scratch.write(".git/HEAD", "nonsense");
        let before = scratch.state();
        assert!(before.as_str().starts_with("files "), "{before:?}");
        scratch.write("src/a.rs", "changed");
        assert_ne!(scratch.state(), before);
    }
}
