//! Projects to try operations on.

use super::disk::{Abilities, Fault, FaultyDisk};
use jiff::civil::date;
use rulemark::{
    document::WorkflowState,
    engine::Cause,
    runtime::{Edits, Error, FixedClock, Project},
};
use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};
use tempfile::TempDir;

pub(super) const STATE: &str = "workflow_state.md";
pub(super) const CONFIG: &str = "project_config.md";

/// A folder with a project in it, beside an attic for the disk.
pub(super) struct Scratch {
    folder: TempDir,
}

/// Both documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Texts {
    pub(super) state: String,
    pub(super) config: String,
}

impl Scratch {
    /// A project that no rule has seen yet.
    pub(super) fn new() -> Self {
        let scratch = Self::empty();
        scratch.write(STATE, include_str!("workflow_state.md"));
        scratch.write(CONFIG, "# project_config.md\n\n## Goal\nA person's words.\n\n## Changelog\n- began\n");
        scratch
    }

    /// A folder with nothing in it.
    pub(super) fn empty() -> Self {
        // In memory if there is such a place: what is tried here is not the machine's disk.
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let scratch = Self { folder: folder.unwrap() };
        fs::create_dir(scratch.root()).unwrap();
        fs::create_dir(scratch.attic()).unwrap();
        scratch
    }

    /// The same project, at rest for a while.
    pub(super) fn copy(&self) -> Self {
        let copy = Self::empty();
        copy_folder(&self.root(), &copy.root());
        copy
    }

    pub(super) fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("project")
    }

    fn attic(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("attic")
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    pub(super) fn disk(&self, abilities: Abilities, plan: Option<(Fault, usize)>) -> FaultyDisk {
        FaultyDisk::new(&self.root(), &self.attic(), abilities, plan)
    }

    /// The project on such a disk, at a fixed time.
    pub(super) fn project(&self, disk: FaultyDisk) -> Project {
        let clock = FixedClock(date(2026, 11, 21).at(10, 0, 0, 0));
        Project::open(&self.root()).unwrap().with_clock(Box::new(clock)).with_file_system(Box::new(disk))
    }

    /// The project on a disk that works.
    pub(super) fn sound(&self, abilities: Abilities) -> Project {
        self.project(self.disk(abilities, None))
    }

    pub(super) fn texts(&self) -> Result<Texts, String> {
        let read = |path| fs::read_to_string(self.path(path)).map_err(|error| format!("{path}: {error}"));
        Ok(Texts { state: read(STATE)?, config: read(CONFIG)? })
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        #[expect(clippy::disallowed_methods, reason = "a test plays the editor")]
        fs::write(self.path(path), text).unwrap();
    }

    /// Replaces a text, as an editor does that keeps the file.
    pub(super) fn replace(&self, path: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.path(path)).unwrap();
        assert!(text.contains(old), "{old} is not in {text}");
        self.write(path, &text.replacen(old, new, 1));
    }

    /// Does something to the journal's own database; makes it if there is none.
    pub(super) fn tell_the_journal(&self, sql: &str) {
        let path = self.path(".rulemark/journal.db");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        drop(rulemark::journal::Journal::open(&path).unwrap());
        rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
    }

    /// The names in the folder.
    pub(super) fn names(&self) -> Vec<String> {
        names_in(&self.root())
    }

    /// The names in the folder of displaced files.
    pub(super) fn displaced(&self) -> Vec<String> {
        let folder = self.path(".rulemark/displaced");
        if folder.exists() { names_in(&folder) } else { Vec::new() }
    }
}

/// Adds a line to the Log, as `rulemark log` does.
pub(super) fn log(project: &mut Project, line: &str) -> Result<(), Error> {
    let at = project.now();
    let run = project.edit(&format!("log {line}"), Cause::FilesChanged, &mut |documents| {
        Ok(Edits::of_state(WorkflowState::parse(&documents.state.text).log(at, line)))
    });
    run.map(drop)
}

/// Sets a State key, as `rulemark set` does.
pub(super) fn set(project: &mut Project, key: &str, value: &str) -> Result<(), Error> {
    let run = project.edit(&format!("set {key}={value}"), Cause::FilesChanged, &mut |documents| {
        Ok(Edits::of_state(WorkflowState::parse(&documents.state.text).set(key, value)))
    });
    run.map(drop)
}

/// Ticks an item off, as `rulemark item done` does.
pub(super) fn item_done(project: &mut Project, id: &str) -> Result<(), Error> {
    let run = project.edit("item done", Cause::FilesChanged, &mut |documents| {
        let state = WorkflowState::parse(&documents.state.text);
        let items = state.items();
        Ok(Edits::of_state(items.complete(items.matching(id).unwrap())))
    });
    run.map(drop)
}

/// Lets the rules run.
pub(super) fn run(project: &mut Project) -> Result<(), Error> {
    project.run(Cause::FilesChanged).map(drop)
}

/// Appends a line to a file, as somebody does who has it open.
pub(super) fn append(path: &Path, line: &str) {
    let mut file = File::options().append(true).open(path).unwrap();
    writeln!(file, "{line}").unwrap();
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[expect(clippy::disallowed_methods, reason = "the past of a file is not the past of an event")]
fn copy_folder(from: &Path, to: &Path) {
    let a_while_ago = SystemTime::now() - Duration::from_secs(2);
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            fs::create_dir(&to).unwrap();
            copy_folder(&from, &to);
        } else {
            fs::copy(&from, &to).unwrap();
            File::options().write(true).open(&to).unwrap().set_modified(a_while_ago).unwrap();
        }
    }
}
