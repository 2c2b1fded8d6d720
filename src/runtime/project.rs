//! A project: its folder, its settings, its documents and its journal.

use super::{Clock, Documents, Edits, Error, Run, Settings, Watching};
use crate::{
    disk::Workspace,
    engine::{Cause, Memory},
    journal::{ArchivedLog, Entry, Verification},
    text::Revision,
};
use std::path::Path;

/// A project and everything that may be done with it.
#[derive(Debug)]
pub struct Project {
    workspace: Workspace,
    settings: Settings,
    clock: Box<dyn Clock>,
}

impl Project {
    /// The project that `start` lies in: the first folder, from `start` upwards, that holds
    /// `rulemark.toml`, `.rulemark/` or `workflow_state.md`.
    ///
    /// # Errors
    /// When there is none, or its `rulemark.toml` can't be read.
    pub fn discover(start: &Path) -> Result<Self, Error> {
        Self::open(start)
    }

    /// The project in the folder `root`, whatever it holds.
    ///
    /// # Errors
    /// When there is no such folder, or its `rulemark.toml` can't be read.
    pub fn open(root: &Path) -> Result<Self, Error> {
        let _ = root;
        todo!()
    }

    /// The same project, with another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Box<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The project's folder and the paths in it.
    #[must_use]
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// What `rulemark.toml` says.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The time, as the project's clock tells it.
    #[must_use]
    pub fn now(&self) -> jiff::civil::DateTime {
        self.clock.now()
    }

    /// Reads both documents.
    ///
    /// # Errors
    /// When there is no state file, or one of them is no readable UTF-8 text file.
    pub fn read(&self) -> Result<Documents, Error> {
        todo!()
    }

    /// What earlier runs left behind; the default before the first.
    ///
    /// # Errors
    /// When there is a journal that can't be read.
    pub fn memory(&self) -> Result<Memory, Error> {
        todo!()
    }

    /// Lets the rules run.
    ///
    /// # Errors
    /// When the files can't be read or written, or go on changing while the rules run.
    pub fn run(&mut self, cause: Cause) -> Result<Run, Error> {
        let _ = cause;
        todo!()
    }

    /// Makes a caller's own edit, then lets the rules run, in one entry. `edit` is called again with
    /// fresh documents when a file changed meanwhile.
    ///
    /// # Errors
    /// What `edit` returns, and as [`Project::run`].
    pub fn edit(
        &mut self,
        label: &str,
        cause: Cause,
        edit: &mut dyn FnMut(&Documents) -> Result<Edits, Error>,
    ) -> Result<Run, Error> {
        let _ = (label, cause, edit);
        todo!()
    }

    /// What [`Project::run`] would do; nothing is written.
    ///
    /// # Errors
    /// When the files can't be read.
    pub fn preview(&self, cause: Cause) -> Result<Run, Error> {
        let _ = cause;
        todo!()
    }

    /// What [`Project::edit`] would do; nothing is written.
    ///
    /// # Errors
    /// What `edit` returns, and as [`Project::preview`].
    pub fn preview_edit(
        &self,
        label: &str,
        cause: Cause,
        edit: &mut dyn FnMut(&Documents) -> Result<Edits, Error>,
    ) -> Result<Run, Error> {
        let _ = (label, cause, edit);
        todo!()
    }

    /// Takes an entry back: the newest that still stands, or the one with this number. No rules run;
    /// the state that results counts as settled. The undoing is an entry of its own.
    ///
    /// # Errors
    /// When there is no such entry, its texts are no longer kept, or a place it wrote has changed
    /// since.
    pub fn undo(&mut self, entry: Option<i64>) -> Result<Run, Error> {
        let _ = entry;
        todo!()
    }

    /// Takes the last undoing back.
    ///
    /// # Errors
    /// As [`Project::undo`].
    pub fn redo(&mut self) -> Result<Run, Error> {
        todo!()
    }

    /// The newest entries of the journal, newest first; none without a journal.
    ///
    /// # Errors
    /// When there is a journal that can't be read.
    pub fn history(&self, limit: usize) -> Result<Vec<Entry>, Error> {
        let _ = limit;
        todo!()
    }

    /// One entry of the journal.
    ///
    /// # Errors
    /// When there is a journal that can't be read.
    pub fn entry(&self, seq: i64) -> Result<Option<Entry>, Error> {
        let _ = seq;
        todo!()
    }

    /// The text with this revision, if the journal still keeps it.
    ///
    /// # Errors
    /// When there is a journal that can't be read.
    pub fn version(&self, revision: Revision) -> Result<Option<String>, Error> {
        let _ = revision;
        todo!()
    }

    /// The newest logs that rules cleared, newest first.
    ///
    /// # Errors
    /// When there is a journal that can't be read.
    pub fn archived_logs(&self, limit: usize) -> Result<Vec<ArchivedLog>, Error> {
        let _ = limit;
        todo!()
    }

    /// Checks the journal's chain of hashes and the texts it keeps.
    ///
    /// # Errors
    /// When there is a journal that can't be read at all.
    pub fn verify(&self) -> Result<Verification, Error> {
        todo!()
    }

    /// Starts watching both documents. From here on no change is missed; [`Watching::run`] lets the
    /// rules run on each.
    ///
    /// # Errors
    /// When another process watches this project, or the disk can't be watched.
    pub fn watch(&mut self) -> Result<Watching<'_>, Error> {
        todo!()
    }
}
