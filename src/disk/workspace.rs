//! A project's folder and the paths in it.

use std::path::{Path, PathBuf};

/// A project's folder and the paths in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    root: PathBuf,
    state: PathBuf,
    config: PathBuf,
}

impl Workspace {
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

    /// `.rulemark/`, whether it is there or not.
    #[must_use]
    pub fn internal(&self) -> PathBuf {
        self.root.join(".rulemark")
    }
}
