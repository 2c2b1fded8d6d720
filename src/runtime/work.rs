//! Commands that rules and phases ask for, run beside the loop: what they lead to comes as an event.

use super::{CheckRun, Checks, Documents, Edits, Error, Project, Run};
use crate::{
    document::WorkflowState,
    engine::{self, Cause, Evidence as _, NamedCommand, PendingKind, Standing, StepResult, StepRun},
    journal::Attested,
    process::{End, Watch, quiet},
    rules,
    trust::UserFolders,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver},
    },
    thread::JoinHandle,
    time::Duration,
};

/// Commands that are to be run, and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// What for.
    pub purpose: TaskPurpose,
    /// The commands, each with the line to be run: a commit gets its message.
    pub commands: Vec<(NamedCommand, String)>,
}

/// What commands are to be run for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskPurpose {
    /// A phase asks for the project's checks.
    Checks,
    /// The step of a rule that waits under this id.
    Step(String),
}

impl Project {
    /// What is to be run now: a step of a rule that waits, or the checks that a phase asks for.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn task(&self, documents: &Documents) -> Result<Option<Task>, Error> {
        let memory = self.memory()?;
        let waiting: Vec<_> = memory.pending.iter().filter(|step| step.kind == PendingKind::Run).collect();
        if waiting.is_empty() && memory.due.is_none() {
            return Ok(None);
        }
        let state = WorkflowState::parse(&documents.state.text);
        let rules = rules::compile_unreviewed(&state);
        let config = documents.config.as_ref().map(|config| config.text.as_str());
        let named = engine::commands(&state, &rules, config);
        for step in waiting {
            let runs = engine::runs_of(step, &state, &rules, &named);
            let runs = runs.filter(|runs| runs.iter().all(|run| run.command.destructive().is_none()));
            if let Some(runs) = runs {
                let commands = runs.into_iter().map(|StepRun { command, line }| (command, line)).collect();
                return Ok(Some(Task { purpose: TaskPurpose::Step(step.id.clone()), commands }));
            }
        }
        let checks = named.into_iter().filter(|it| it.is_check() && it.destructive().is_none());
        let commands = checks.map(|it| (it.clone(), it.line)).collect();
        Ok(memory.due.map(|_| Task { purpose: TaskPurpose::Checks, commands }))
    }

    /// The project's tests, linters and checks, whether anything asks for them or not; `None` without any.
    #[must_use]
    pub fn checks_task(&self, documents: &Documents) -> Option<Task> {
        let named = super::facts::named(documents);
        let checks = named.into_iter().filter(|it| it.is_check() && it.destructive().is_none());
        let commands: Vec<_> = checks.map(|it| (it.clone(), it.line)).collect();
        (!commands.is_empty()).then_some(Task { purpose: TaskPurpose::Checks, commands })
    }

    /// Whether the checks that are due need not run: they have, on exactly these files.
    pub(super) fn is_settled_already(&self, documents: &Documents) -> bool {
        let standing = super::facts::Facts::new(self, documents).checks();
        matches!(standing, Standing::Green | Standing::Red(_) | Standing::NoneNamed)
    }

    /// Writes down how a task went, and lets the rules go on.
    ///
    /// # Errors
    /// As [`Project::run`].
    pub fn conclude(&mut self, purpose: &TaskPurpose, runs: &[CheckRun]) -> Result<Run, Error> {
        match purpose {
            TaskPurpose::Checks => self.record_checks(runs),
            TaskPurpose::Step(id) => self.close_step(id, runs),
        }
    }

    /// Closes a step of a rule with how its commands went.
    fn close_step(&mut self, id: &str, runs: &[CheckRun]) -> Result<Run, Error> {
        let (results, attested) = self.seen(runs);
        let success = results.iter().all(|result| result.end.is_green());
        let commit = runs.iter().find(|run| run.command.line == engine::COMMIT && success);
        let text = match commit.and_then(|_| self.last_commit()) {
            Some(commit) => commit,
            None => engine::runs_in_words(&results),
        };
        let result = StepResult { success, text: Some(text) };
        let cause = Cause::Done { step: id.to_owned(), result };
        self.edit(&super::cause::describe(&cause), cause, &mut |_| {
            Ok(Edits { attested: attested.clone(), ..Edits::default() })
        })
    }

    /// Hash and message of the newest commit.
    fn last_commit(&self) -> Option<String> {
        let asked = quiet("git", self.workspace().root()).args(["log", "-1", "--format=%h %s"]);
        let answer = String::from_utf8(asked.output().ok()?).ok()?;
        Some(answer.trim().to_owned()).filter(|commit| !commit.is_empty())
    }

    /// What runs have shown: for Log, and for the journal.
    pub(super) fn seen(&self, runs: &[CheckRun]) -> (Vec<engine::CheckResult>, Vec<Attested>) {
        let ended = runs.iter().filter(|run| run.conclusion.end != End::Stopped);
        let seen: Vec<_> = ended.map(|run| (self.result(run), run)).collect();
        let records = seen.iter().filter_map(|(result, run)| super::checks::record(result, run, self.now()));
        let attested = records.map(Attested::Check).collect();
        (seen.into_iter().map(|(result, _)| result).collect(), attested)
    }
}

/// Commands under way, in a thread, one after the other. Dropped, they are ended, with all that they have
/// started.
#[derive(Debug)]
pub struct Work {
    runs: Vec<CheckRun>,
    events: Receiver<WorkEvent>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What a thread tells of its commands.
#[derive(Debug)]
enum WorkEvent {
    /// A command has ended.
    Ended(Box<CheckRun>),
    /// No more will be run; why, where it was not the end.
    Over(Option<Error>),
}

/// What became of commands since they were looked at last.
#[derive(Debug)]
pub struct Progress {
    /// Commands that have ended.
    pub ended: Vec<CheckRun>,
    /// All of it is over; what stood in the way of the rest.
    pub over: Option<Option<Error>>,
}

impl Work {
    /// Begins to run commands, each with the line that it comes to. `wake` is called when there is something
    /// to look at.
    pub fn begin(
        commands: Vec<(NamedCommand, String)>,
        mut checks: Checks,
        wake: impl Fn() + Send + 'static,
    ) -> Self {
        let (sender, events) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let mut watch = UntilStopped(Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            // Whoever has stopped listening needs no answer.
            let tell = |event| {
                let _gone = sender.send(event);
                wake();
            };
            let mut failure = None;
            for (command, line) in commands {
                match checks.run_line(&command, &line, &mut watch) {
                    Ok(run) => tell(WorkEvent::Ended(Box::new(run))),
                    Err(error) => failure = Some(error),
                }
                if failure.is_some() || watch.0.load(Ordering::SeqCst) {
                    break;
                }
            }
            tell(WorkEvent::Over(failure));
        });
        Self { runs: Vec::new(), events, stop, thread: Some(thread) }
    }

    /// What has happened since it was looked at last.
    #[must_use]
    pub fn look(&mut self) -> Progress {
        let mut progress = Progress { ended: Vec::new(), over: None };
        for event in self.events.try_iter() {
            match event {
                WorkEvent::Ended(run) => {
                    self.runs.push((*run).clone());
                    progress.ended.push(*run);
                }
                WorkEvent::Over(failure) => progress.over = Some(failure),
            }
        }
        progress
    }

    /// What was run.
    #[must_use]
    pub fn into_runs(mut self) -> Vec<CheckRun> {
        std::mem::take(&mut self.runs)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has ended as well, and its command with it.
            thread.join().ok();
        }
    }
}

struct UntilStopped(Arc<AtomicBool>);

impl Watch for UntilStopped {
    fn printed(&mut self, _: &[u8]) {}

    fn goes_on(&mut self, _: Duration) -> bool {
        !self.0.load(Ordering::SeqCst)
    }
}

/// The checks of these documents, with what stands in the user's own folders about them.
pub(super) fn checks_of_user(project: &Project, documents: &Documents) -> Result<Checks, Error> {
    let folders = UserFolders::of_environment().map_err(|error| Error::Trust(error.into()))?;
    project.checks(documents, &folders)
}
