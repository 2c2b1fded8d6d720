//! Commands that rules and phases ask for, run while the watcher goes on watching.

use super::{Report, Watching, revisions};
use crate::runtime::{
    Error, Task, TaskPurpose,
    work::{Progress, Work, checks_of_user},
};

/// What the watcher knows of commands.
#[derive(Debug, Default)]
pub(super) struct Commands {
    /// What is under way.
    work: Option<(Task, Work)>,
    /// What nobody has allowed, and was told.
    untrusted: Option<(Task, String)>,
    /// What failed, and was told: it is not tried again before it is something else.
    failed: Option<Task>,
}

impl Watching<'_> {
    /// Takes in what commands have come to, and begins what is to be run next.
    pub(super) fn work(&mut self, report: &mut dyn FnMut(Report)) {
        if let Some((_, work)) = &mut self.commands.work {
            let Progress { ended, over } = work.look();
            for run in ended {
                report(Report::Command(Box::new(run)));
            }
            let Some(failure) = over else { return };
            self.conclude(failure, report);
        }
        // What has just been concluded may ask for the next: a phase that was entered, for instance.
        while self.commands.work.is_none() {
            match self.begin(report) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    self.fail(error, report);
                    break;
                }
            }
        }
    }

    /// Writes down how a task went that is over.
    fn conclude(&mut self, failure: Option<Error>, report: &mut dyn FnMut(Report)) {
        let Some((task, work)) = self.commands.work.take() else { return };
        let runs = work.into_runs();
        if let Some(error) = failure {
            self.commands.failed = Some(task.clone());
            report(Report::Failed(error));
        }
        if runs.is_empty() {
            return;
        }
        match self.project.conclude(&task.purpose, &runs) {
            Ok(run) => {
                self.known = Some(revisions(&run.after));
                report(Report::Ran(Box::new(run)));
            }
            Err(error) => {
                self.commands.failed = Some(task);
                report(Report::Failed(error));
            }
        }
    }

    /// Begins what is to be run now; answers whether there may be more that needs no waiting for.
    fn begin(&mut self, report: &mut dyn FnMut(Report)) -> Result<bool, Error> {
        let documents = self.project.read()?;
        let Some(task) = self.project.task(&documents)? else {
            (self.commands.untrusted, self.commands.failed) = (None, None);
            return Ok(false);
        };
        if self.commands.failed.as_ref() == Some(&task) {
            return Ok(false);
        }
        let checks = checks_of_user(self.project, &documents)?;
        if let Err(error) = checks.require_trust() {
            let told = Some((task, error.to_string()));
            if self.commands.untrusted != told {
                self.commands.untrusted = told;
                report(Report::Held(error));
            }
            return Ok(false);
        }
        self.commands.untrusted = None;
        if task.purpose == TaskPurpose::Checks && self.project.is_settled_already(&documents) {
            let run = self.project.conclude(&task.purpose, &[])?;
            self.known = Some(revisions(&run.after));
            report(Report::Ran(Box::new(run)));
            return Ok(true);
        }
        report(Report::Running(task.commands.iter().map(|(_, line)| line.clone()).collect()));
        let waker = self.watcher.waker();
        let work = Work::begin(task.commands.clone(), checks, move || waker.wake());
        self.commands.work = Some((task, work));
        Ok(false)
    }
}
