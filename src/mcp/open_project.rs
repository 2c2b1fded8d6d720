//! The project that is open, and what was last read of it.

use super::{
    answer::{Refusal, Retry},
    contents::Contents,
    search::{FoundBy, Search},
    stamp::Stamp,
    told,
};
use crate::{
    engine::{ApprovalMode, Cause, Guidance},
    runtime::{Circumstances, Documents, Project, quoted},
    sessions::Sessions,
    trust::{self, UserFolders},
};
use std::{
    cell::OnceCell,
    path::{Path, PathBuf},
};

/// What the working thread has before it: at first only where to look.
#[derive(Debug)]
pub(super) struct Desk {
    search: Search,
    open: Option<OpenProject>,
}

/// A project and what was last read of it.
#[derive(Debug)]
pub(super) struct OpenProject {
    pub(super) project: Project,
    pub(super) found_by: FoundBy,
    reading: Option<Reading>,
    /// What the settings looked like before they were read; `None` when a change might not show.
    settings: Option<Stamp>,
    pub(super) sessions: Sessions,
    /// Looked up when somebody asks.
    is_person_behind_client: Option<bool>,
    /// What the rules made of others' edits, and nobody was told yet.
    since: Vec<String>,
}

/// What one look at the files has shown.
#[derive(Debug)]
pub(super) struct Reading {
    /// What the files looked like before they were read; `None` when a change might not show.
    stamp: Option<Stamp>,
    circumstances: Circumstances,
    contents: OnceCell<Contents>,
    pub(super) documents: Documents,
    pub(super) guidance: Guidance,
    /// The project's folder, as a shell takes it.
    pub(super) root: String,
}

impl Desk {
    pub(super) fn new(search: Search) -> Self {
        Self { search, open: None }
    }

    /// Forgets what is open.
    pub(super) fn clear(&mut self) {
        self.open = None;
    }

    /// The folder that would become a project.
    pub(super) fn folder<'d>(&'d self, roots: &'d [PathBuf]) -> Option<&'d Path> {
        self.search.folder(roots)
    }

    /// The project; `roots` are the folders that the client works in.
    pub(super) fn project(&mut self, roots: &[PathBuf]) -> Result<&mut OpenProject, Refusal> {
        if self.open.is_none() {
            let (project, found_by) = self.search.open(roots).map_err(|error| {
                let is_missing = error.is_no_project();
                let folder = self.search.folder(roots).filter(|_| is_missing);
                let refusal = Refusal::from(error);
                match folder {
                    Some(folder) => {
                        // Whoever reads this may be in another folder.
                        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
                        refusal.fix(format!("`rulemark init {}` makes one there", quoted(&folder)))
                    }
                    None => refusal,
                }
            })?;
            tracing::info!(root = %project.workspace().root().display(), by = %found_by, "took this project");
            self.open = Some(OpenProject {
                project,
                found_by,
                reading: None,
                settings: None,
                sessions: Sessions::default(),
                is_person_behind_client: None,
                since: Vec::new(),
            });
        }
        self.open.as_mut().ok_or_else(|| Refusal::new("no project is open", Retry::Now))
    }
}

impl Reading {
    /// The parts of the state file.
    pub(super) fn contents(&self) -> &Contents {
        self.contents.get_or_init(|| Contents::of(&self.documents.state.text))
    }
}

impl OpenProject {
    /// The documents as they are, and what they ask of whom. As long as the files and the journal are
    /// the same, and whatever else was looked at, nothing is read again.
    pub(super) fn look(&mut self) -> Result<&Reading, Refusal> {
        let stamp = Stamp::of(self.project.workspace());
        let known = self.reading.take().filter(|reading| {
            reading.stamp.as_ref() == Some(&stamp) && reading.circumstances.hold(&self.project)
        });
        let reading = match known {
            Some(reading) => reading,
            None => self.read(stamp)?,
        };
        Ok(self.reading.insert(reading))
    }

    /// What the rules have made of others' edits since it was last told.
    pub(super) fn since(&mut self) -> Vec<String> {
        std::mem::take(&mut self.since)
    }

    /// Whether the person may be asked through the client. Where only a person's word counts, it is not
    /// asked for what is not sure to be one's.
    pub(super) fn may_ask(&mut self) -> Result<bool, Refusal> {
        let decision = self.latest()?.guidance.decision;
        Ok(decision != Some(ApprovalMode::Person) || self.is_person_behind_client())
    }

    /// What the last look has shown.
    pub(super) fn latest(&mut self) -> Result<&Reading, Refusal> {
        match self.reading {
            Some(ref reading) => Ok(reading),
            None => self.look(),
        }
    }

    /// The same, after the rules have had their say about what others wrote since.
    pub(super) fn look_settled(&mut self) -> Result<&Reading, Refusal> {
        if !self.look()?.guidance.is_unsettled {
            return self.latest();
        }
        let run = self.project.run(Cause::FilesChanged)?;
        match told::did(&run, self.project.settings()) {
            Ok(did) => self.since.extend(did),
            Err(refusal) => self.since.push(refusal.what().to_owned()),
        }
        self.look()
    }

    /// Whether an answer that the client sends counts as a person's: see
    /// [`is_person_behind_client`](trust::is_person_behind_client).
    pub(super) fn is_person_behind_client(&mut self) -> bool {
        *self.is_person_behind_client.get_or_insert_with(|| {
            let settings = UserFolders::of_environment().and_then(|folders| folders.settings());
            settings.is_ok_and(|settings| trust::is_person_behind_client(&settings))
        })
    }

    /// Reads `rulemark.toml` again if it has changed.
    pub(super) fn reload_settings(&mut self) -> Result<(), Refusal> {
        let settings = Stamp::of_settings(self.project.workspace());
        if self.settings.as_ref() != Some(&settings) {
            let settings = Some(settings).filter(Stamp::is_settled);
            self.project.reload()?;
            self.settings = settings;
        }
        Ok(())
    }

    fn read(&mut self, stamp: Stamp) -> Result<Reading, Refusal> {
        let is_settled = stamp.is_settled();
        self.reload_settings()?;
        let documents = self.project.read()?;
        let (guidance, circumstances) = self.project.circumstantial_guidance(&documents)?;
        tracing::debug!(is_settled, "read the project's files");
        let stamp = Some(stamp).filter(|_| is_settled);
        let root = quoted(self.project.workspace().root());
        Ok(Reading { stamp, circumstances, contents: OnceCell::new(), documents, guidance, root })
    }
}
