//! The project's commands: which there are, whether they may run, and running them.

use super::{
    Documents, Edits, Error, Project, Run,
    cause::describe,
    facts::{Facts, named},
    transaction::Planned,
};
use crate::{
    disk::Workspace,
    document::WorkflowState,
    engine::{self, Cause, CheckEnd, CheckResult, ChecksReport, Evidence as _, NamedCommand},
    evidence::TreeState,
    journal::{CheckRecord, EntryKind},
    process::{self, Conclusion, End, Job, OutputFolder, Watch},
    trust::{Standing, Trust, UserFolders, UserSettings},
};
use jiff::civil::DateTime;
use std::{env, path::PathBuf, time::Duration};

/// The project's commands, and what the user says about them.
#[derive(Debug)]
pub struct Checks {
    workspace: Workspace,
    timeout: Duration,
    now: DateTime,
    commands: Vec<NamedCommand>,
    trust: Trust,
    settings: UserSettings,
    /// The state of the work tree after the last run.
    tree: Option<TreeState>,
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
    /// The state of the work tree before and after it; why it can't be told.
    pub tree: Result<(TreeState, TreeState), String>,
}

impl Project {
    /// The commands that these documents name, with what stands in the user's `folders` about them.
    ///
    /// # Errors
    /// When the user's settings are wrong.
    pub fn checks(&self, documents: &Documents, folders: &UserFolders) -> Result<Checks, Error> {
        Ok(Checks {
            workspace: self.workspace().clone(),
            timeout: self.settings().commands.timeout,
            now: self.now(),
            commands: named(documents),
            trust: Trust::new(folders),
            settings: folders.settings().map_err(|error| Error::Trust(error.into()))?,
            tree: None,
        })
    }

    /// The commands that the gates of a workflow run, with what the user has decided about them.
    ///
    /// # Errors
    /// When the user's settings are wrong.
    pub fn workflow_checks(
        &self,
        workflow: &str,
        commands: Vec<NamedCommand>,
        folders: &UserFolders,
    ) -> Result<Checks, Error> {
        Ok(Checks {
            workspace: self.workspace().clone(),
            timeout: self.settings().commands.timeout,
            now: self.now(),
            commands,
            trust: Trust::new(folders).for_workflow(workflow),
            settings: folders.settings().map_err(|error| Error::Trust(error.into()))?,
            tree: None,
        })
    }

    /// Why the phase that the state is in can't be left: what the checks lack that it asks for.
    #[must_use]
    pub fn guidance_of_checks(&self, documents: &Documents, state: &WorkflowState<'_>) -> Option<String> {
        let asks = engine::asks_for_checks(state);
        if asks { Facts::new(self, documents).checks().objection() } else { None }
    }

    /// The newest runs of checks, newest first, those that were run together in their order.
    ///
    /// # Errors
    /// When there is a journal that can't be read.
    pub fn recent_checks(&self, runs: usize) -> Result<Vec<Vec<CheckResult>>, Error> {
        let recent =
            self.journal()?.map(|journal| journal.recent_checks(runs)).transpose()?.unwrap_or_default();
        let results = |run: Vec<CheckRecord>| run.into_iter().map(|record| record.result).collect();
        Ok(recent.into_iter().map(results).collect())
    }

    /// Writes down how checks went, and lets the rules run: what was run goes to Log, and green checks
    /// close the phase that asked for them. Runs that were stopped do not count.
    ///
    /// # Errors
    /// As [`Project::run`].
    pub fn record_checks(&mut self, runs: &[CheckRun]) -> Result<Run, Error> {
        let (results, attested) = self.seen(runs);
        let mut event = self.event(Cause::TestsRan, 0);
        self.transact("record the checks", &mut |project, documents, memory, seq| {
            event.id = seq.cast_unsigned();
            let standing = Facts::with(project, documents, &attested).checks();
            event.cause = Cause::ChecksRan(ChecksReport { results: results.clone(), standing });
            let edits = Edits { attested: attested.clone(), ..Edits::default() };
            let computed = project.compute(documents, memory, &event, edits)?;
            Ok(Planned { kind: EntryKind::Run, at: event.at, label: describe(&event.cause), computed })
        })
    }

    pub(super) fn result(&self, run: &CheckRun) -> CheckResult {
        CheckResult {
            line: run.command.line.clone(),
            end: match run.conclusion.end {
                End::Exited(code) => CheckEnd::Exited(code),
                End::Signalled(signal) => CheckEnd::Signalled(signal),
                End::TimedOut | End::Stopped => CheckEnd::TimedOut,
                End::NotStarted => CheckEnd::NotStarted,
            },
            millis: u64::try_from(run.conclusion.duration.as_millis()).unwrap_or(u64::MAX),
            tail: process::last_lines(&run.conclusion.output.tail, LOGGED_LINES).join("\n"),
            output: self.workspace().relative(&run.output).display().to_string(),
        }
    }
}

/// Set for the commands of a project to its folder: what they call must not begin them again.
const INSIDE: &str = "RULEMARK_INSIDE";

/// Lines of output that a record keeps of a command.
const LOGGED_LINES: usize = 5;

/// What the journal keeps of a run; nothing when it can't be said which files it speaks of.
pub(super) fn record(result: &CheckResult, run: &CheckRun, at: DateTime) -> Option<CheckRecord> {
    let (before, after) = run.tree.as_ref().ok()?;
    Some(CheckRecord {
        at,
        result: result.clone(),
        digest: run.conclusion.output.digest,
        tree: before.as_str().to_owned(),
        tree_after: after.as_str().to_owned(),
    })
}

impl Checks {
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
        Ok(self.trust.standing(self.workspace.root(), &self.commands)?)
    }

    /// Trusts exactly these commands.
    ///
    /// # Errors
    /// When that can't be written down.
    pub fn grant(&self) -> Result<(), Error> {
        Ok(self.trust.grant(self.workspace.root(), &self.commands, self.now)?)
    }

    /// Takes trust back; answers whether there was any.
    ///
    /// # Errors
    /// When the file can't be removed.
    pub fn revoke(&self) -> Result<bool, Error> {
        Ok(self.trust.revoke(self.workspace.root())?)
    }

    /// Refuses unless all commands are trusted as they are.
    ///
    /// # Errors
    /// [`Error::Untrusted`], and when trust can't be found out.
    pub fn require_trust(&self) -> Result<(), Error> {
        let root = || self.workspace.root().to_owned();
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
    /// When the commands are not trusted, the command is one that only a person runs, or its output can't
    /// be kept.
    pub fn run(&mut self, command: &NamedCommand, watch: &mut dyn Watch) -> Result<CheckRun, Error> {
        self.run_line(command, &command.line, watch)
    }

    /// The same, with the line that a command of a [`Task`](super::Task) comes to: a commit has a message.
    ///
    /// # Errors
    /// As [`Checks::run`].
    pub fn run_line(
        &mut self,
        command: &NamedCommand,
        line: &str,
        watch: &mut dyn Watch,
    ) -> Result<CheckRun, Error> {
        self.require_trust()?;
        if let Some(what) = command.destructive() {
            return Err(Error::LeftToPerson { line: command.line.clone(), what });
        }
        let workspace = &self.workspace;
        if env::var_os(INSIDE).is_some_and(|root| root == workspace.root().as_os_str()) {
            return Err(Error::Nested(line.to_owned()));
        }
        workspace.make_internal()?;
        let path = workspace.internal().join("output");
        let stem = self.now.strftime("%Y%m%d-%H%M%S").to_string();
        let created = OutputFolder::new(path.clone()).create(&stem);
        let (mut file, output) = created.map_err(|source| Error::Output { path, source })?;
        let before = self.tree.take().map_or_else(|| TreeState::of(workspace), Ok);
        let keep = &self.settings.commands.keep_env;
        tracing::info!(command = command.line, output = %output.display(), "running");
        let conclusion = process::run(
            Job {
                line,
                folder: workspace.root(),
                environment: process::without_secrets(env::vars_os(), keep)
                    .chain([(INSIDE.into(), workspace.root().into())])
                    .collect(),
                limit: self.timeout,
                output: Some(&mut file),
            },
            watch,
        )
        .unwrap_or_else(|error| Conclusion::of_failure(&error));
        tracing::info!(command = command.line, end = ?conclusion.end, took = ?conclusion.duration, "ran");
        let tree = before.and_then(|before| Ok((before, TreeState::of(workspace)?)));
        self.tree = tree.as_ref().ok().map(|(_, after)| after.clone());
        Ok(CheckRun {
            command: command.clone(),
            conclusion,
            output,
            tree: tree.map_err(|error| error.to_string()),
        })
    }
}
