//! Watching a project: each settled change is an event.

use super::{Error, Project, Run};

/// A watcher that has begun to listen.
#[derive(Debug)]
pub struct Watching<'p> {
    project: &'p mut Project,
}

/// Ends a [`Watching`] from another thread.
#[derive(Clone, Debug)]
pub struct Stop;

/// What the watcher has to tell.
#[derive(Debug)]
pub enum Report {
    /// It listens; how ("inotify", "polling every 500 ms"), for people.
    Watching(String),
    /// A change settled and the rules ran. A run that changed nothing is told as well.
    Ran(Box<Run>),
    /// A change settled, and the documents can't be worked with; the watcher goes on.
    Failed(Error),
}

impl Stop {
    /// Asks the watcher to end after what it is doing.
    pub fn stop(&self) {}
}

impl Watching<'_> {
    /// What ends it.
    #[must_use]
    pub fn stop(&self) -> Stop {
        Stop
    }

    /// Runs until it is stopped: once at the beginning, then on every settled change that is not
    /// its own.
    ///
    /// # Errors
    /// When the disk can no longer be watched.
    pub fn run(self, report: &mut dyn FnMut(Report)) -> Result<(), Error> {
        let _ = (self.project, report);
        todo!()
    }
}
