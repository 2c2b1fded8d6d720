//! The project's commands: which there are, whether they may run, and running them.

use super::{Documents, Error, Project};
use crate::{
    document::WorkflowState,
    engine::{self, NamedCommand},
    process::{self, Conclusion, Job, OutputFolder, Watch},
    rules,
    trust::{Standing, Trust, UserFolders, UserSettings},
};
use std::{env, path::PathBuf};

/// The project's commands, and what the user says about them.
#[derive(Debug)]
pub struct Checks<'p> {
    project: &'p Project,
    commands: Vec<NamedCommand>,
    trust: Trust,
    settings: UserSettings,
}

/// One command that was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckRun {
    /// Which.
    pub command: NamedCommand,
    /// How it went.
    pub conclusion: Conclusion,
    /// Where all of its output is.
    pub output: PathBuf,
}

impl Project {
    /// The commands that these documents name, with what stands in the user's `folders` about them.
    ///
    /// # Errors
    /// When the user's settings are wrong.
    pub fn checks(&self, documents: &Documents, folders: &UserFolders) -> Result<Checks<'_>, Error> {
        let state = WorkflowState::parse(&documents.state.text);
        let rules = rules::compile_unreviewed(&state);
        let config = documents.config.as_ref().map(|config| config.text.as_str());
        Ok(Checks {
            project: self,
            commands: engine::commands(&state, &rules, config),
            trust: Trust::new(folders),
            settings: folders.settings().map_err(|error| Error::Trust(error.into()))?,
        })
    }
}

impl Checks<'_> {
    /// All commands of the project, in the order of the files.
    #[must_use]
    pub fn commands(&self) -> &[NamedCommand] {
        &self.commands
    }

    /// What only the user decides.
    #[must_use]
    pub fn settings(&self) -> &UserSettings {
        &self.settings
    }

    /// How the commands stand.
    ///
    /// # Errors
    /// When that can't be found out.
    pub fn standing(&self) -> Result<Standing, Error> {
        Ok(self.trust.standing(self.project.workspace().root(), &self.commands)?)
    }

    /// Trusts exactly these commands.
    ///
    /// # Errors
    /// When that can't be written down.
    pub fn grant(&self) -> Result<(), Error> {
        Ok(self.trust.grant(self.project.workspace().root(), &self.commands, self.project.now())?)
    }

    /// Takes trust back; answers whether there was any.
    ///
    /// # Errors
    /// When the file can't be removed.
    pub fn revoke(&self) -> Result<bool, Error> {
        Ok(self.trust.revoke(self.project.workspace().root())?)
    }

    /// Refuses unless all commands are trusted as they are.
    ///
    /// # Errors
    /// [`Error::Untrusted`], and when trust can't be found out.
    pub fn require_trust(&self) -> Result<(), Error> {
        let root = || self.project.workspace().root().to_owned();
        match self.standing()? {
            Standing::Trusted | Standing::NoCommands => Ok(()),
            Standing::Unknown => Err(Error::Untrusted { root: root(), added: Vec::new() }),
            Standing::Changed { added, removed } => {
                let gone = removed.into_iter().map(|line| format!("without {line}"));
                let mut changes: Vec<String> = added.into_iter().chain(gone).collect();
                if changes.is_empty() {
                    changes.push("their order".into());
                }
                Err(Error::Untrusted { root: root(), added: changes })
            }
        }
    }

    /// Runs one of the commands, in the project's folder. Nothing is locked meanwhile.
    ///
    /// # Errors
    /// When the commands are not trusted, the command is one that only a person runs, its output can't
    /// be kept, or it can't be started.
    pub fn run(&self, command: &NamedCommand, watch: &mut dyn Watch) -> Result<CheckRun, Error> {
        self.require_trust()?;
        if let Some(what) = command.destructive() {
            return Err(Error::LeftToPerson { line: command.line.clone(), what });
        }
        let workspace = self.project.workspace();
        workspace.make_internal()?;
        let path = workspace.internal().join("output");
        let stem = self.project.now().strftime("%Y%m%d-%H%M%S").to_string();
        let created = OutputFolder::new(path.clone()).create(&stem);
        let (mut file, output) = created.map_err(|source| Error::Output { path, source })?;
        let keep = &self.settings.commands.keep_env;
        tracing::info!(command = command.line, output = %output.display(), "running");
        let conclusion = process::run(
            Job {
                line: &command.line,
                folder: workspace.root(),
                environment: process::without_secrets(env::vars_os(), keep).collect(),
                limit: self.project.settings().commands.timeout,
                output: Some(&mut file),
            },
            watch,
        )?;
        tracing::info!(command = command.line, end = ?conclusion.end, took = ?conclusion.duration, "ran");
        Ok(CheckRun { command: command.clone(), conclusion, output })
    }
}
