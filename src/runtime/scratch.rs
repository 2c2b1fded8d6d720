//! A project in a scratch folder, with rules whose effects are easy to count.

use super::{FixedClock, Project};
use crate::{
    engine::{ClauseId, Event, Firing, Outcome, Settled, Snapshot},
    text::{Patch, Revision, Span, TextEdit},
};
use jiff::civil::date;
use std::{collections::BTreeMap, fs, path::PathBuf};

/// The folder goes with it.
pub(super) struct Scratch {
    root: PathBuf,
    _folder: tempfile::TempDir,
}

#[expect(clippy::disallowed_methods, reason = "tests write as a foreign editor would")]
impl Scratch {
    /// A project with these documents.
    pub(super) fn new(state: &str, config: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Self { root: folder.path().canonicalize().unwrap(), _folder: folder };
        scratch.write_state(state);
        if let Some(config) = config {
            scratch.write("project_config.md", config);
        }
        scratch
    }

    /// The project, with an engine of one rule: a state file that begins with `count 0` to `2`
    /// counts up, and the config file gets a line `* N`.
    pub(super) fn counting(&self) -> Project {
        Project { engine: count, ..self.real() }
    }

    /// The project, with the real engine, at a fixed time.
    pub(super) fn real(&self) -> Project {
        let clock = FixedClock(date(2026, 11, 21).at(10, 0, 0, 0));
        Project::open(&self.root).unwrap().with_clock(Box::new(clock))
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        fs::write(self.root.join(path), text).unwrap();
    }

    pub(super) fn write_state(&self, text: &str) {
        self.write("workflow_state.md", text);
    }

    /// Saves a file as editors do that write beside it and rename.
    pub(super) fn rename(&self, path: &str, text: &str) {
        self.write("beside", text);
        fs::rename(self.root.join("beside"), self.root.join(path)).unwrap();
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(super) fn remove(&self, path: &str) {
        let path = self.root.join(path);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
    }

    pub(super) fn state(&self) -> String {
        fs::read_to_string(self.root.join("workflow_state.md")).unwrap()
    }

    pub(super) fn config(&self) -> String {
        fs::read_to_string(self.root.join("project_config.md")).unwrap()
    }
}

fn count(snapshot: &Snapshot<'_>, _: &Event) -> Outcome {
    let mut outcome = Outcome::unchanged(snapshot);
    let digit = snapshot.state.strip_prefix("count ").and_then(|rest| rest.chars().next()?.to_digit(10));
    if let Some(number) = digit.filter(|digit| *digit < 3).map(|digit| digit + 1) {
        let edit = TextEdit::replace(Span::new(6, 7), number.to_string());
        outcome.state = Patch::new(Revision::of(snapshot.state), vec![edit]).unwrap();
        outcome.config = snapshot.config.map(|config| {
            let edit = TextEdit::insert(config.len(), format!("* {number}\n"));
            Patch::new(Revision::of(config), vec![edit]).unwrap()
        });
        let clause = ClauseId { rule: "RULE_COUNT".into(), clause: 0 };
        outcome.firings.push(Firing { clause, round: 1, done: vec![format!("counted to {number}")] });
    }
    let after = outcome.state.apply(snapshot.state).unwrap();
    outcome.memory.settled = Some(Settled {
        state: Revision::of(after),
        config: snapshot.config.map(Revision::of),
        keys: BTreeMap::new(),
        plan: snapshot.config.unwrap_or_default().to_owned(),
        rules: Some(Revision::of("")),
    });
    outcome
}
