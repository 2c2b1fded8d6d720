//! What an invocation means: the project it is about, the clock it goes by, the terminal it talks to.

use super::{
    args::{Color, GlobalArgs, LogFormat},
    error::CommandError,
    render::{Chatter, LogLines, Terminal, start_log},
};
use crate::runtime::{Error, FixedClock, Project};
use anstream::ColorChoice;
use jiff::civil::DateTime;
use std::path::{Path, PathBuf};
use tracing_subscriber::EnvFilter;

/// One invocation.
#[derive(Debug)]
pub(crate) struct Context {
    /// Where answers go.
    pub(crate) terminal: Terminal,
    /// Whether more is to be told than the outcome.
    pub(crate) is_verbose: bool,
    folder: Option<PathBuf>,
    now: Option<DateTime>,
}

impl Context {
    /// What the options mean; also starts logging if that was asked for.
    pub(crate) fn new(global: &GlobalArgs) -> Self {
        start_logging(global);
        let color = match global.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        let chatter = if global.quiet { Chatter::Quiet } else { Chatter::Normal };
        Self {
            terminal: Terminal::new(color, chatter),
            is_verbose: global.verbose > 0,
            folder: global.project.clone(),
            now: global.now,
        }
    }

    /// The project this is about.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn project(&self) -> Result<Project, CommandError> {
        Ok(self.with_clock(self.found(&self.folder()?)?))
    }

    /// The same for what needs no state file, which is what `rulemark init` would make.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn project_for_workflows(&self) -> Result<Project, CommandError> {
        let found = self.found(&self.folder()?).map_err(|error| {
            let is_no_project = error.is_no_project();
            let error = CommandError::from(error);
            if is_no_project {
                error.with_hint("for workflows alone an empty rulemark.toml is enough")
            } else {
                error
            }
        });
        Ok(self.with_clock(found?))
    }

    fn found(&self, folder: &Path) -> Result<Project, Error> {
        if self.folder.is_some() { Project::open_named(folder) } else { Project::discover(folder) }
    }

    /// The folder named with `--project`.
    pub(crate) fn named_folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The time that was named.
    pub(crate) fn now(&self) -> Option<DateTime> {
        self.now
    }

    /// `project`, going by this invocation's clock.
    pub(crate) fn with_clock(&self, project: Project) -> Project {
        match self.now {
            Some(now) => project.with_clock(Box::new(FixedClock(now))),
            None => project,
        }
    }

    /// The folder named with `--project`, or the current one.
    pub(crate) fn folder(&self) -> Result<PathBuf, CommandError> {
        self.folder.clone().map_or_else(|| self.here(), Ok)
    }

    fn here(&self) -> Result<PathBuf, CommandError> {
        std::env::current_dir()
            .map_err(|error| CommandError::refused("the current folder can't be read").because(error))
    }
}

/// Installs a subscriber only when somebody wants to read it: building one costs more than `status`.
fn start_logging(global: &GlobalArgs) {
    let from_environment = std::env::var_os("RUST_LOG").is_some();
    if !from_environment && global.verbose == 0 && global.log_format == LogFormat::Text {
        return;
    }
    let default = match global.verbose {
        0 => "rulemark=warn",
        1 => "rulemark=info",
        2 => "rulemark=debug",
        _ => "rulemark=trace",
    };
    let filter = if from_environment { EnvFilter::from_default_env() } else { EnvFilter::new(default) };
    let lines = match global.log_format {
        LogFormat::Text => LogLines::Text,
        LogFormat::Json => LogLines::Json,
    };
    start_log(filter, lines);
}
