//! What stands beside the two documents and is written like them: it shares the project's disk and
//! journal.

use super::{Error, Project};
use crate::{
    disk::FileSystem,
    journal::{Journal, JournalError},
};

impl Project {
    /// The disk that documents are read from and written to.
    pub(crate) fn file_system(&self) -> &dyn FileSystem {
        self.file_system.as_ref()
    }

    /// The journal, if there is one that can be used; looked up without making any.
    pub(crate) fn existing_journal(&mut self) -> Result<Option<&Journal>, JournalError> {
        if !self.journal.as_ref().is_some_and(Journal::is_in_place) {
            self.journal = None;
            if self.workspace.journal().exists() {
                self.journal = Journal::open(&self.workspace.journal())
                    .inspect_err(|error| tracing::warn!(%error, "going on without the journal"))
                    .ok();
            }
        }
        Ok(self.journal.as_ref())
    }

    /// The journal for writing, under the project's lock; a damaged one is set aside. It is given back
    /// with [`Project::keep_journal`].
    pub(crate) fn take_journal(&mut self) -> Result<Journal, Error> {
        match self.open_journal() {
            Err(error) if error.is_damage() => {
                let notice = self.replace_journal(&error)?;
                tracing::warn!("{notice}");
                Ok(self.open_journal()?)
            }
            journal => Ok(journal?),
        }
    }

    /// Keeps the journal open between two calls.
    pub(crate) fn keep_journal(&mut self, journal: Journal) {
        self.journal = Some(journal);
    }
}
