//! A project: its folder, its settings, its documents and its journal.

use super::{
    Circumstances, Clock, Document, Documents, Edits, Error, Run, Settings, SystemClock, cause::describe,
    circumstances::NotedFiles, computation::Computed, facts::Facts, half_saved, transaction::Planned,
    unmerged,
};
use crate::{
    disk::{FileSystem, LocalFileSystem, Method, ReadError, Reader, Workspace, WorkspaceError, read_text},
    engine::{self, Cause, Event, Guidance, Lack, Memory, Outcome, Snapshot},
    journal::{ArchivedLog, Entry, EntryKind, Journal, JournalError, Verification},
    library,
    text::{DocumentId, Patch, Revision},
};
use jiff::civil::DateTime;
use std::path::Path;

/// A project and everything that may be done with it.
#[derive(Debug)]
pub struct Project {
    pub(super) workspace: Workspace,
    pub(super) settings: Settings,
    pub(super) clock: Box<dyn Clock>,
    pub(super) file_system: Box<dyn FileSystem>,
    /// Open for writing, between two runs of this process.
    pub(super) journal: Option<Journal>,
    /// What applies the rules; tests put others here.
    pub(super) engine: fn(&Snapshot<'_>, &Event) -> Outcome,
}

/// The largest `rulemark.toml` that is read, in bytes.
pub(super) const SETTINGS_SIZE: u64 = 1 << 20;

impl Project {
    /// The project that `start` lies in: the first folder, from `start` upwards, that holds
    /// `rulemark.toml`, `.rulemark/` or `workflow_state.md`; without one, the first with definitions in
    /// `workflows/`.
    ///
    /// # Errors
    /// When there is none, or its `rulemark.toml` can't be read.
    pub fn discover(start: &Path) -> Result<Self, Error> {
        let root = Workspace::find_root(start).or_else(|error| match error {
            WorkspaceError::NotFound(start) => {
                match start.ancestors().find(|it| library::has_definitions(it)) {
                    Some(root) => Ok(root.to_owned()),
                    None => Err(WorkspaceError::NotFound(start)),
                }
            }
            error => Err(error),
        })?;
        Self::open(&root)
    }

    /// The project in the folder `root`, which must hold `rulemark.toml`, `.rulemark/`,
    /// `workflow_state.md`, or definitions in `workflows/`.
    ///
    /// # Errors
    /// When it holds none of them, or its `rulemark.toml` can't be read.
    pub fn open_named(root: &Path) -> Result<Self, Error> {
        let root = Workspace::named_root(root).or_else(|error| match error {
            WorkspaceError::NotMarked(root) if library::has_definitions(&root) => Ok(root),
            error => Err(error),
        })?;
        Self::open(&root)
    }

    /// The project in the folder `root`, whatever it holds.
    ///
    /// # Errors
    /// When there is no such folder, or its `rulemark.toml` can't be read.
    pub fn open(root: &Path) -> Result<Self, Error> {
        let default = Settings::default();
        let workspace = Workspace::new(root, &default.engine.state_path, &default.engine.config_path)?;
        let mut project = Self {
            workspace,
            settings: default,
            clock: Box::new(SystemClock),
            file_system: Box::new(LocalFileSystem),
            journal: None,
            engine: engine::advance,
        };
        project.reload()?;
        tracing::debug!(root = %project.workspace.root().display(), "opened");
        Ok(project)
    }

    /// The same project, with another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Box<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The same project, on another disk: the fault injector's.
    #[must_use]
    pub fn with_file_system(mut self, file_system: Box<dyn FileSystem>) -> Self {
        self.file_system = file_system;
        self
    }

    /// Reads `rulemark.toml` again.
    ///
    /// # Errors
    /// When it can't be read; the settings stay what they were.
    pub fn reload(&mut self) -> Result<(), Error> {
        let path = self.workspace.settings();
        let text = read_text(&path, self.workspace.root(), SETTINGS_SIZE)?;
        let settings = match text {
            Some(text) => Settings::parse(&text, &path)?,
            None => Settings::default(),
        };
        let paths = &settings.engine;
        self.workspace = Workspace::new(self.workspace.root(), &paths.state_path, &paths.config_path)?;
        self.settings = settings;
        Ok(())
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
    pub fn now(&self) -> DateTime {
        self.clock.now()
    }

    /// Reads both documents.
    ///
    /// # Errors
    /// When there is no state file, or one of them is no readable UTF-8 text file.
    pub fn read(&self) -> Result<Documents, Error> {
        let paths =
            [(DocumentId::State, self.workspace.state()), (DocumentId::Config, self.workspace.config())];
        let mut texts = Vec::with_capacity(paths.len());
        for (document, path) in paths {
            let reading = self.reader().read(path, &|| self.head(document))?;
            texts.extend(reading.map(|reading| (document, reading.text)));
        }
        self.documents(&mut texts.into_iter())
    }

    /// Reads both documents, of which rules, gates and guidance can make something.
    ///
    /// # Errors
    /// When git could not merge one of them; and as [`Project::read`].
    pub fn read_merged(&self) -> Result<Documents, Error> {
        let documents = self.read()?;
        unmerged::refuse(&documents)?;
        Ok(documents)
    }

    pub(super) fn reader(&self) -> Reader<'_> {
        Reader {
            file_system: self.file_system.as_ref(),
            root: self.workspace.root(),
            limit: self.settings.engine.limits.file_size as u64,
            keep_lease: false,
        }
    }

    /// The documents with these texts.
    pub(super) fn documents(
        &self,
        texts: &mut dyn Iterator<Item = (DocumentId, String)>,
    ) -> Result<Documents, Error> {
        let (mut state, mut config) = (None, None);
        for (document, text) in texts {
            match document {
                DocumentId::State => state = Some(Document::new(self.workspace.state().to_owned(), text)),
                DocumentId::Config => config = Some(Document::new(self.workspace.config().to_owned(), text)),
            }
        }
        let state = state.ok_or_else(|| Error::NoState(self.workspace.state().to_owned()))?;
        Ok(Documents { state, config })
    }

    /// The newest text of a document that the journal knows.
    fn head(&self, document: DocumentId) -> Option<String> {
        let journal = self.journal().ok()??;
        journal.version(journal.head(document).ok()??).ok()?
    }

    /// The journal for writing: the one that is open already, unless somebody put another file in its
    /// place.
    pub(super) fn open_journal(&mut self) -> Result<Journal, JournalError> {
        match self.journal.take().filter(Journal::is_in_place) {
            Some(journal) => Ok(journal),
            None => Journal::open(&self.workspace.journal()),
        }
    }

    /// What earlier runs left behind; the default before the first, and when the journal is damaged
    /// (the next run sets it aside).
    ///
    /// # Errors
    /// When there is a journal that can't be read.
    pub fn memory(&self) -> Result<Memory, Error> {
        Ok(self.recall()?.0)
    }

    /// What the agent or the person should do now, as these documents and earlier runs have it.
    ///
    /// # Errors
    /// When git could not merge one of them; and as [`Project::memory`].
    pub fn guidance(&self, documents: &Documents) -> Result<Guidance, Error> {
        unmerged::refuse(documents)?;
        Ok(self.circumstantial_guidance(documents)?.0)
    }

    /// The same, of documents that git may not have merged, and what it hangs on besides them, the settings
    /// and the journal.
    ///
    /// # Errors
    /// As [`Project::memory`].
    pub fn circumstantial_guidance(&self, documents: &Documents) -> Result<(Guidance, Circumstances), Error> {
        let (memory, state) = (self.memory()?, &documents.state.text);
        let facts = Facts::new(self, documents);
        let files = NotedFiles::new(&self.workspace);
        let guidance = engine::guidance(&Snapshot {
            state,
            config: documents.config.as_ref().map(|config| config.text.as_str()),
            memory: &memory,
            settings: &self.settings.engine,
            files: &files,
            evidence: &facts,
        });
        Ok((guidance, files.circumstances(facts.into_asked_checks())))
    }

    /// What the plan lacks that is worked on, where only a person's yes counts.
    #[must_use]
    pub fn unapproved_plan(&self, documents: &Documents) -> Option<Lack> {
        let facts = Facts::new(self, documents);
        engine::unapproved_plan(&documents.state.text, &self.settings.engine, &facts)
    }

    /// The memory, and the number that the next entry will have.
    fn recall(&self) -> Result<(Memory, i64), Error> {
        let recalled = self.journal().and_then(|journal| match journal {
            Some(journal) => Ok((journal.memory()?, journal.next_seq()?)),
            None => Ok((Memory::default(), 1)),
        });
        match recalled {
            Err(error) if error.is_damage() => {
                tracing::warn!(%error, "going on without it");
                Ok((Memory::default(), 1))
            }
            recalled => Ok(recalled?),
        }
    }

    /// Lets the rules run.
    ///
    /// # Errors
    /// When the files can't be read or written, or go on changing while the rules run.
    pub fn run(&mut self, cause: Cause) -> Result<Run, Error> {
        self.edit(&describe(&cause), cause, &mut |_| Ok(Edits::default()))
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
        let mut event = self.event(cause, 0);
        self.transact(label, &mut |project, documents, memory, seq| {
            event.id = seq.cast_unsigned();
            let computed = project.compute(documents, memory, &event, wanted(documents, memory, edit)?)?;
            let label = label.to_owned();
            Ok(Planned { kind: EntryKind::Run, at: event.at, label, computed })
        })
    }

    /// What [`Project::run`] would do; nothing is written.
    ///
    /// # Errors
    /// When the files can't be read.
    pub fn preview(&self, cause: Cause) -> Result<Run, Error> {
        self.preview_edit(&describe(&cause), cause, &mut |_| Ok(Edits::default()))
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
        let before = self.read()?;
        let (memory, seq) = self.recall()?;
        let event = self.event(cause, seq);
        let edits = wanted(&before, &memory, edit)?;
        let computed = self.compute(&before, &memory, &event, edits)?;
        Ok(computed.into_run(None, event.at, label.to_owned(), before))
    }

    /// What would come of it if somebody else wrote `state` as the state file: the gates look at it as
    /// they will when it is saved. Before the first run the file as it is counts as settled. Nothing is
    /// written.
    ///
    /// # Errors
    /// When there is a journal that can't be read.
    pub fn foresee(&self, documents: &Documents, state: &str) -> Result<Outcome, Error> {
        let (memory, seq) = self.recall()?;
        let snapshot = Snapshot {
            state: &documents.state.text,
            config: documents.config.as_ref().map(|config| config.text.as_str()),
            memory: &memory,
            settings: &self.settings.engine,
            files: &self.workspace,
            evidence: &Facts::new(self, documents),
        };
        let memory = if memory.settled.is_some() { memory.clone() } else { engine::settle(&snapshot) };
        let event = self.event(Cause::FilesChanged, seq);
        Ok((self.engine)(&Snapshot { state, memory: &memory, ..snapshot }, &event))
    }

    /// Whether somebody has dropped a conflict, by what lists name it.
    ///
    /// # Errors
    /// When there is a journal that can't be read.
    pub fn is_conflict_dropped(&self, id: &str) -> Result<bool, Error> {
        Ok(self.journal()?.map(|journal| journal.is_conflict_dropped(id)).transpose()?.unwrap_or_default())
    }

    /// The event that `cause` is, now. Entries are numbered without gaps, so their numbers are
    /// unique to the event that they record.
    pub(super) fn event(&self, cause: Cause, seq: i64) -> Event {
        Event { cause, at: self.clock.now(), id: seq.cast_unsigned() }
    }

    /// How the state file is read and written where it lies. Two files are made and removed to find
    /// out.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write_method(&self) -> Result<Method, Error> {
        let (state, folder) = (self.workspace.state(), self.workspace.make_displaced()?);
        Method::of(self.file_system.as_ref(), self.workspace.root(), state, &folder)
            .map_err(|source| ReadError::Io { path: state.to_owned(), source }.into())
    }

    /// The newest entries of the journal, newest first; none without a journal.
    ///
    /// # Errors
    /// When there is a journal that can't be read.
    pub fn history(&self, limit: usize) -> Result<Vec<Entry>, Error> {
        Ok(self.journal()?.map(|journal| journal.history(limit)).transpose()?.unwrap_or_default())
    }

    /// Whether there is no state file, and nothing says that there should be one: neither settings nor the
    /// journal.
    ///
    /// # Errors
    /// When there is a journal that can't be read.
    pub fn never_had_state(&self) -> Result<bool, Error> {
        let is_there = |path: &Path| path.symlink_metadata().is_ok();
        if is_there(self.workspace.state()) || is_there(&self.workspace.settings()) {
            return Ok(false);
        }
        // Entries about sessions keep what the last entry said of the documents.
        Ok(self.history(1)?.iter().all(|entry| entry.files.is_empty()))
    }

    /// One entry of the journal.
    ///
    /// # Errors
    /// When there is a journal that can't be read.
    pub fn entry(&self, seq: i64) -> Result<Option<Entry>, Error> {
        Ok(self.journal()?.map(|journal| journal.entry(seq)).transpose()?.flatten())
    }

    /// The text with this revision, if the journal still keeps it.
    ///
    /// # Errors
    /// When there is a journal that can't be read.
    pub fn version(&self, revision: Revision) -> Result<Option<String>, Error> {
        Ok(self.journal()?.map(|journal| journal.version(revision)).transpose()?.flatten())
    }

    /// The newest logs that were cleared, by rules or by hand, newest first.
    ///
    /// # Errors
    /// When there is a journal that can't be read.
    pub fn archived_logs(&self, limit: usize) -> Result<Vec<ArchivedLog>, Error> {
        Ok(self.journal()?.map(|journal| journal.archived_logs(limit)).transpose()?.unwrap_or_default())
    }

    /// Checks the journal's chain of hashes and the texts it keeps.
    ///
    /// # Errors
    /// When there is a journal that can't be read at all.
    pub fn verify(&self) -> Result<Verification, Error> {
        Ok(self.journal()?.map(|journal| journal.verify()).transpose()?.unwrap_or_default())
    }

    pub(super) fn journal(&self) -> Result<Option<Journal>, JournalError> {
        Journal::open_existing(&self.workspace.journal())
    }
}

/// The edits that a caller wants. One who wants none lets the rules run on the state file as it is,
/// so it must be whole.
fn wanted(
    documents: &Documents,
    memory: &Memory,
    edit: &mut dyn FnMut(&Documents) -> Result<Edits, Error>,
) -> Result<Edits, Error> {
    unmerged::refuse(documents)?;
    let edits = edit(documents)?;
    if edits == Edits::default() {
        half_saved::refuse(&documents.state, memory)?;
    }
    Ok(edits)
}

impl Computed {
    pub(super) fn into_run(self, entry: Option<i64>, at: DateTime, label: String, before: Documents) -> Run {
        let whole = |id: DocumentId, patch: Patch| match (before.get(id), self.after.get(id)) {
            // What others wrote at the same time was merged first.
            (Some(before), Some(after)) if patch.base() != before.revision => {
                Patch::between(&before.text, &after.text)
            }
            _ => patch,
        };
        let state = whole(DocumentId::State, self.state);
        let config = self.config.map(|patch| whole(DocumentId::Config, patch));
        Run {
            entry,
            at,
            label,
            before,
            after: self.after,
            state,
            config,
            outcome: self.outcome,
            lapsed: self.lapsed,
            conflicts: Vec::new(),
            notices: Vec::new(),
        }
    }
}
