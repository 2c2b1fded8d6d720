//! The user's own folders and settings: what no repository can bring along.

use serde::Deserialize;
use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

/// Where the user keeps data and settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFolders {
    data: PathBuf,
    config: PathBuf,
}

/// Why the user's own files can't be used.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// Neither `HOME` nor its like is set.
    #[error("the home folder is not known: HOME is not set")]
    NoHome,
    /// The settings are wrong.
    #[error("{}: {message}", .path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        message: String,
    },
    /// A file or folder can't be read or written.
    #[error("cannot use {}: {source}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What only the user may decide, in `config.toml` of their own folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UserSettings {
    /// `[commands]`.
    pub commands: UserCommands,
    /// `[person]`.
    pub person: UserPerson,
}

/// `[commands]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UserCommands {
    /// Variables that commands see although their names speak of secrets.
    pub keep_env: Vec<String>,
}

/// `[person]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UserPerson {
    /// Whether `trust` and `approve` may be called without a terminal, and from an agent's shell.
    pub unattended: bool,
    /// Whether what an agent's client says of the person counts as the person's word although the server
    /// was started by an agent.
    pub clients: bool,
}

impl UserFolders {
    /// The folders that the environment and the operating system's customs give.
    ///
    /// # Errors
    /// When there is no home folder.
    pub fn of_environment() -> Result<Self, UserError> {
        let folder = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || folder("HOME").or_else(|| folder("USERPROFILE")).ok_or(UserError::NoHome);
        let (data, config) = if cfg!(windows) {
            (folder("LOCALAPPDATA").ok_or(UserError::NoHome)?, folder("APPDATA").ok_or(UserError::NoHome)?)
        } else {
            let custom = |linux: &str| {
                let macos = "Library/Application Support";
                home().map(|home| home.join(if cfg!(target_os = "macos") { macos } else { linux }))
            };
            (
                folder("XDG_DATA_HOME").map_or_else(|| custom(".local/share"), Ok)?,
                folder("XDG_CONFIG_HOME").map_or_else(|| custom(".config"), Ok)?,
            )
        };
        Ok(Self { data: data.join("rulemark"), config: config.join("rulemark") })
    }

    /// The folders below `root`.
    #[cfg(test)]
    pub(crate) fn below(root: &Path) -> Self {
        Self { data: root.join("data"), config: root.join("config") }
    }

    /// The folder of what is trusted.
    pub(super) fn trust(&self) -> PathBuf {
        self.data.join("trust")
    }

    /// Both folders.
    #[must_use]
    pub fn both(&self) -> [&Path; 2] {
        [&self.data, &self.config]
    }

    /// The user's settings file, whether it is there or not.
    #[must_use]
    pub fn settings_path(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// What the user's settings file says; the defaults without one.
    ///
    /// # Errors
    /// When it can't be read, is no TOML, or has a key that is not known.
    pub fn settings(&self) -> Result<UserSettings, UserError> {
        let path = self.settings_path();
        match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|error| {
                let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
                UserError::Settings { message: format!("line {line}: {}", error.message()), path }
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(UserSettings::default()),
            Err(source) => Err(UserError::Io { path, source }),
        }
    }
}

/// Makes a folder that only the user may enter.
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write the user's settings")]
mod tests {
    use super::*;

    #[test]
    fn settings_of_the_user() {
        let folder = tempfile::tempdir().unwrap();
        let folders = UserFolders::below(folder.path());
        assert_eq!(folders.settings().unwrap(), UserSettings::default());
        fs::create_dir(folder.path().join("config")).unwrap();
        let check = |text: &str, expected: Result<(bool, &[&str]), &str>| {
            fs::write(folders.settings_path(), text).unwrap();
            let found = folders.settings().map_err(|error| error.to_string());
            match (found, expected) {
                (Ok(found), Ok((unattended, keep))) => {
                    assert_eq!(
                        (found.person.unattended, found.commands.keep_env),
                        (unattended, keep.iter().map(|&it| it.into()).collect())
                    );
                }
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
                (found, expected) => panic!("{found:?} is not {expected:?}"),
            }
        };
        check(
            "[person]\nunattended = true\n[commands]\nkeep_env = [\"A_TOKEN\"]\n",
            Ok((true, &["A_TOKEN"])),
        );
        check("[person]\nunattended = \"yes\"\n", Err("line 2: "));
        check("[commands]\nkeep = []\n", Err("line 2: unknown field `keep`"));
    }
}
