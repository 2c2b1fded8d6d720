//! Watching a project: each settled change is an event.

mod commands;

use self::commands::Commands;
use super::{CheckRun, Documents, Error, ErrorKind, Project, Run, project::SETTINGS_SIZE};
use crate::{
    disk::{Burst, Lock, WatchStop, Watcher, lock_holder, read_text},
    engine::Cause,
    git,
    text::Revision,
};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// A watcher that has begun to listen.
#[derive(Debug)]
pub struct Watching<'p> {
    project: &'p mut Project,
    watcher: Watcher,
    /// What the documents were when the rules last ran: a change that leads there is our own.
    known: Option<Revisions>,
    /// The last failure that was reported: it is not told twice.
    failure: Option<Failure>,
    /// Since when the state file looks half saved, or is not there.
    half_saved: Option<Instant>,
    settings: Option<String>,
    lock: Lock,
    commands: Commands,
}

/// What a watcher locks, in `.rulemark/`.
const LOCK: &str = "watch.lock";

/// A burst of changes is over when nothing happened for so long, where it can't be known that nobody
/// is writing.
const QUIET: Duration = Duration::from_millis(75);

/// How soon to look again while git changes the work tree.
const GIT: Duration = Duration::from_millis(50);

/// A failure that was told.
#[derive(Debug, PartialEq, Eq)]
struct Failure {
    message: String,
    /// Whether it lay in the documents, so that its end is worth a word.
    is_documents: bool,
}

type Revisions = (Revision, Option<Revision>);

/// Ends a [`Watching`] from another thread.
#[derive(Clone, Debug)]
pub struct Stop(WatchStop);

/// What the watcher has to tell.
#[derive(Debug)]
pub enum Report {
    /// It listens; how ("inotify", "polling every 500 ms"), for people.
    Watching(String),
    /// A change settled and the rules ran. A run that changed nothing is told as well.
    Ran(Box<Run>),
    /// These commands are run now, one after the other; the watcher goes on.
    Running(Vec<String>),
    /// One of them has ended.
    Command(Box<CheckRun>),
    /// Commands are to be run that nobody has trusted.
    Held(Error),
    /// `rulemark.toml` changed and was read again.
    Reloaded,
    /// The state file, with which the watcher could not work, can be read again.
    Recovered(PathBuf),
    /// A change settled, and the documents can't be worked with; the watcher goes on.
    Failed(Error),
}

impl Stop {
    /// Asks the watcher to end after what it is doing.
    pub fn stop(&self) {
        self.0.stop();
    }
}

impl Project {
    /// Starts watching both documents. From here on no change is missed; [`Watching::run`] lets the
    /// rules run on each.
    ///
    /// # Errors
    /// When another process watches this project, or the disk can't be watched.
    pub fn watch(&mut self) -> Result<Watching<'_>, Error> {
        let lock = self.watch_lock()?;
        let poll = self.settings.watch.poll;
        let watcher = Watcher::new(self.workspace.root(), self.watched(), self.burst(), poll)?;
        let settings = self.settings_text();
        Ok(Watching {
            project: self,
            watcher,
            known: None,
            failure: None,
            half_saved: None,
            settings,
            lock,
            commands: Commands::default(),
        })
    }

    fn watch_lock(&self) -> Result<Lock, Error> {
        let internal = self.workspace.make_internal()?;
        Ok(Lock::acquire(&internal.join(LOCK), "watch", Duration::ZERO)?)
    }

    /// The process that watches this project, in its own words; `None` when nobody does.
    #[must_use]
    pub fn watcher(&self) -> Option<String> {
        lock_holder(&self.workspace.internal().join(LOCK))
    }

    fn watched(&self) -> Vec<PathBuf> {
        // The folder of the lock as a name only: its journal is written at each run, and to be told of
        // that would cost more than the run.
        let workspace = &self.workspace;
        let internal = workspace.internal();
        vec![workspace.state().to_owned(), workspace.config().to_owned(), workspace.settings(), internal]
    }

    fn burst(&self) -> Burst {
        let quiet = self.settings.watch.quiet.unwrap_or_else(|| {
            let is_known = self.reader().knows_writers(self.workspace.state());
            if is_known { Duration::ZERO } else { QUIET }
        });
        Burst::new(quiet, self.settings.watch.longest)
    }

    /// The settings file's text, as far as it can be read: only to see whether it changed.
    fn settings_text(&self) -> Option<String> {
        read_text(&self.workspace.settings(), self.workspace.root(), SETTINGS_SIZE).ok().flatten()
    }
}

impl Watching<'_> {
    /// What ends it.
    #[must_use]
    pub fn stop(&self) -> Stop {
        Stop(self.watcher.stopper())
    }

    /// Runs until it is stopped: once at the beginning, then on every settled change that is not
    /// its own.
    ///
    /// # Errors
    /// When the disk can no longer be watched.
    pub fn run(mut self, report: &mut dyn FnMut(Report)) -> Result<(), Error> {
        report(Report::Watching(self.watcher.describe()));
        self.watcher.look_again(Duration::ZERO);
        let root = self.project.workspace.root().to_owned();
        while self.watcher.next(&root)? {
            self.look(report)?;
        }
        Ok(())
    }

    fn look(&mut self, report: &mut dyn FnMut(Report)) -> Result<(), Error> {
        if !self.lock.is_in_place() {
            // Somebody deleted `.rulemark/`. Whoever began to watch meanwhile goes on, this one ends.
            match self.project.watch_lock() {
                Ok(lock) => self.lock = lock,
                Err(error) if error.kind() == ErrorKind::Conflict => return Err(error),
                Err(error) => self.fail(error, report),
            }
        }
        self.reload(report)?;
        match self.advance() {
            Ok(run) => {
                self.recover(report);
                if let Some(run) = run {
                    report(Report::Ran(Box::new(run)));
                }
            }
            Err(error) => self.fail(error, report),
        }
        self.work(report);
        if let Some(pause) = self.project.displaced_pause() {
            self.watcher.look_again(pause);
        }
        Ok(())
    }

    /// Lets the rules run, unless the documents are what the last run left and nobody wrote to the
    /// files that they were before.
    fn advance(&mut self) -> Result<Option<Run>, Error> {
        if git::is_at_work(self.project.workspace.root()) {
            // It compares the work tree with what it left there a moment ago, and gives up when somebody
            // else has written.
            self.watcher.look_again(GIT);
            return Ok(None);
        }
        let found = self.project.read()?;
        let is_known = self.known == Some(revisions(&found));
        if is_known && !self.project.is_displaced_due() {
            return Ok(None);
        }
        let run = self.project.run(Cause::FilesChanged)?;
        self.known = Some(revisions(&run.after));
        Ok(Some(run).filter(|run| !is_known || run.entry.is_some()))
    }

    fn reload(&mut self, report: &mut dyn FnMut(Report)) -> Result<(), Error> {
        let text = self.project.settings_text();
        if text == self.settings {
            return Ok(());
        }
        self.settings = text;
        match self.project.reload() {
            Ok(()) => {
                let (files, burst) = (self.project.watched(), self.project.burst());
                self.watcher.retarget(self.project.workspace.root(), files, burst)?;
                self.known = None;
                report(Report::Reloaded);
            }
            Err(error) => report(Report::Failed(error)),
        }
        Ok(())
    }

    fn recover(&mut self, report: &mut dyn FnMut(Report)) {
        self.half_saved = None;
        if self.failure.take().is_some_and(|failure| failure.is_documents) {
            report(Report::Recovered(self.project.workspace.state().to_owned()));
        }
    }

    fn fail(&mut self, error: Error, report: &mut dyn FnMut(Report)) {
        if matches!(error, Error::HalfSaved { .. } | Error::NoState(_)) {
            // Whoever saves it, or has moved it away to write a new one, is given the time of two
            // bursts; then the user should know.
            let since = *self.half_saved.get_or_insert_with(Instant::now);
            if since.elapsed() < self.project.settings.watch.longest * 2 {
                return self.watcher.look_again(QUIET);
            }
        } else {
            self.half_saved = None;
        }
        if error.kind() == ErrorKind::Conflict {
            // Somebody else is at work; nothing may change when they are done, so look again.
            self.watcher.look_again(QUIET);
        }
        let is_documents = matches!(error.kind(), ErrorKind::Document) || matches!(error, Error::NoState(_));
        let told = Failure { message: error.to_string(), is_documents };
        if self.failure.as_ref() != Some(&told) {
            self.failure = Some(told);
            report(Report::Failed(error));
        }
    }
}

fn revisions(documents: &Documents) -> Revisions {
    (documents.state.revision, documents.config.as_ref().map(|config| config.revision))
}

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;
    use super::*;
    use std::sync::mpsc::{self, Receiver};

    /// Failure bound: no test waits for so long unless it fails.
    const BOUND: Duration = Duration::from_secs(30);

    /// Watches a project in another thread, hands its reports to `with`, and returns the reports that
    /// `with` did not take.
    fn watched(mut project: Project, with: impl FnOnce(&Receiver<Report>)) -> Vec<Report> {
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            let (ready, started) = mpsc::channel();
            let watching = scope.spawn(move || {
                let watching = project.watch().unwrap();
                ready.send(watching.stop()).unwrap();
                watching.run(&mut |report| sender.send(report).unwrap()).unwrap();
            });
            let stop = started.recv_timeout(BOUND).unwrap();
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| with(&receiver)));
            stop.stop();
            watching.join().unwrap();
            if let Err(panic) = outcome {
                std::panic::resume_unwind(panic);
            }
        });
        receiver.try_iter().collect()
    }

    /// The next run that found or did something.
    fn next_run(reports: &Receiver<Report>) -> Run {
        loop {
            if let Report::Ran(run) = reports.recv_timeout(BOUND).unwrap() {
                return *run;
            }
        }
    }

    #[test]
    fn each_edit_is_answered_once() {
        let scratch = Scratch::new("count 3\n", Some("changes\n"));
        scratch.write("rulemark.toml", "[watch]\nquiet_ms = 50\n");
        let left = watched(scratch.counting(), |reports| {
            assert!(matches!(reports.recv_timeout(BOUND), Ok(Report::Watching(_))));
            assert!(!next_run(reports).wrote(), "nothing to do at the beginning");
            scratch.write_state("count 0\nin place\n");
            assert_eq!(next_run(reports).after.state.text, "count 1\nin place\n");
            scratch.rename("workflow_state.md", "count 1\nrenamed\n");
            assert_eq!(next_run(reports).after.state.text, "count 2\nrenamed\n");
            scratch.write("project_config.md", "changes\nby hand\n");
            assert_eq!(next_run(reports).after.state.text, "count 3\nrenamed\n");
            assert_eq!(scratch.config(), "changes\n* 1\n* 2\nby hand\n* 3\n", "made from an older version");
            scratch.remove("workflow_state.md");
            assert!(matches!(reports.recv_timeout(BOUND), Ok(Report::Failed(Error::NoState(_)))));
            scratch.write_state("count 2\nback\n");
            assert_eq!(next_run(reports).after.state.text, "count 3\nback\n");
        });
        assert!(left.is_empty(), "its own writes are no events: {left:?}");
        assert_eq!(scratch.state(), "count 3\nback\n");
        assert_eq!(scratch.config(), "changes\n* 1\n* 2\nby hand\n* 3\n");
        assert_eq!(scratch.counting().history(99).unwrap().len(), 5, "one entry each, and the first look");
    }

    /// What the watcher is told about its own writes leads nowhere, however often it is told. Were it
    /// to react, the engine of these tests would count on.
    #[test]
    fn its_own_writes_are_no_events() {
        let scratch = Scratch::new("count 0\n", Some("changes\n"));
        let mut project = scratch.counting();
        let mut watching = project.watch().unwrap();
        let reacts = |watching: &mut Watching<'_>| {
            let mut reports = Vec::new();
            watching.look(&mut |report| reports.push(report)).unwrap();
            !reports.is_empty()
        };
        assert!(reacts(&mut watching));
        for _ in 0..5 {
            assert!(!reacts(&mut watching));
        }
        assert_eq!((scratch.state(), scratch.config()), ("count 1\n".into(), "changes\n* 1\n".into()));
        scratch.write_state("count 1\nagain\n");
        assert!(reacts(&mut watching) && !reacts(&mut watching));
        assert_eq!(scratch.state(), "count 2\nagain\n");
        scratch.write_state("count 1\nagain\n");
        assert!(reacts(&mut watching), "going back to what was there before is an edit too");
        drop(watching);
        assert_eq!(project.history(9).unwrap().len(), 3);
    }

    #[test]
    fn settings_are_read_again() {
        let scratch = Scratch::new("count 3\n", None);
        scratch.write("rulemark.toml", "[watch]\nquiet_ms = 10\n");
        watched(scratch.counting(), |reports| {
            next_run(reports);
            scratch.rename("rulemark.toml", "[watch]\nquiet = 10\n");
            assert!(matches!(reports.recv_timeout(BOUND), Ok(Report::Failed(Error::Settings(_)))));
            scratch.rename("other.md", "count 2\n");
            scratch.rename("rulemark.toml", "[watch]\nquiet_ms = 10\n[paths]\nstate = \"other.md\"\n");
            assert!(matches!(reports.recv_timeout(BOUND), Ok(Report::Reloaded)));
            assert_eq!(next_run(reports).after.state.text, "count 3\n");
            scratch.rename("other.md", "count 1\n");
            assert_eq!(next_run(reports).after.state.text, "count 2\n");
        });
    }

    #[test]
    fn the_second_watcher_is_told_of_the_first() {
        let scratch = Scratch::new("count 3\n", None);
        let (mut first, mut second) = (scratch.counting(), scratch.counting());
        let _watching = first.watch().unwrap();
        let error = second.watch().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        let holder = format!("held by process {} (rulemark: watch)", std::process::id());
        assert!(error.to_string().ends_with(&holder), "{error}");
    }
}
