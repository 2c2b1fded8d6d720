//! Finding the project that a client means.

use crate::runtime::{Error, FixedClock, Project};
use jiff::civil::DateTime;
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// The variable that names a project's folder.
pub const VARIABLE: &str = "RULEMARK_PROJECT";

/// Where a project may be looked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The folder that `--project` names.
    pub flag: Option<PathBuf>,
    /// The folder that [`VARIABLE`] names.
    pub environment: Option<PathBuf>,
    /// The folder that the server was started in; `None` when that can't be told.
    pub working_directory: Option<PathBuf>,
    /// Whether the folders that the client works in count.
    pub takes_roots: bool,
    /// The time it is, for tests.
    pub now: Option<DateTime>,
}

/// What led to a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy {
    /// `--project`.
    Flag,
    /// [`VARIABLE`].
    Environment,
    /// The folders that the client works in.
    Roots,
    /// The folder that the server was started in, or one above.
    WorkingDirectory,
}

impl fmt::Display for FoundBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "--project",
            Self::Environment => VARIABLE,
            Self::Roots => "the client's roots",
            Self::WorkingDirectory => "the working directory",
        })
    }
}

impl Search {
    /// Whether it matters which folders the client works in: nobody has named one.
    #[must_use]
    pub fn asks_client(&self) -> bool {
        self.takes_roots && self.flag.is_none() && self.environment.is_none()
    }

    /// Opens the project: the one that was named, else the first of the client's `roots` that lies in
    /// one, else the one around the working directory.
    ///
    /// # Errors
    /// When what was named is no project, or nothing that was looked at is.
    pub fn open(&self, roots: &[PathBuf]) -> Result<(Project, FoundBy), Error> {
        let named = [(&self.flag, FoundBy::Flag), (&self.environment, FoundBy::Environment)];
        for (folder, by) in named {
            if let Some(folder) = folder {
                return Ok((self.with_clock(Project::open_named(folder)?), by));
            }
        }
        for root in roots {
            match Project::discover(root) {
                Ok(project) => return Ok((self.with_clock(project), FoundBy::Roots)),
                Err(error) if error.is_no_project() => {}
                Err(error) => return Err(error),
            }
        }
        let here = self.folder(roots).ok_or_else(|| Error::usage("the working directory can't be read"))?;
        Ok((self.with_clock(Project::discover(here)?), FoundBy::WorkingDirectory))
    }

    /// The folder that would become a project: the named one, the client's first, or the current one.
    #[must_use]
    pub fn folder<'s>(&'s self, roots: &'s [PathBuf]) -> Option<&'s Path> {
        let named = self.flag.as_deref().or(self.environment.as_deref());
        named.or(roots.first().map(PathBuf::as_path)).or(self.working_directory.as_deref())
    }

    fn with_clock(&self, project: Project) -> Project {
        match self.now {
            Some(now) => project.with_clock(Box::new(FixedClock(now))),
            None => project,
        }
    }
}
