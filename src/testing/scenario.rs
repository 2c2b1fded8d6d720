//! Where a story begins.

use super::story::{Story, StoryError};
use crate::engine::{self, FileFact, Memory, Settings, Snapshot};
use jiff::civil::{DateTime, date};
use std::collections::BTreeMap;

/// The project as a story finds it: two texts, settings, and a clock that stands still.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub(super) state: String,
    pub(super) config: Option<String>,
    pub(super) settings: Settings,
    pub(super) files: BTreeMap<String, FileFact>,
    pub(super) begins: DateTime,
}

impl Scenario {
    /// A project with this `workflow_state.md`, without a config file, on the morning of
    /// 5 January 2026.
    #[must_use]
    pub fn new(state: impl Into<String>) -> Self {
        Self {
            state: state.into(),
            config: None,
            settings: Settings::default(),
            files: BTreeMap::new(),
            begins: date(2026, 1, 5).at(9, 0, 0, 0),
        }
    }

    /// With this `project_config.md`.
    #[must_use]
    pub fn config(mut self, text: impl Into<String>) -> Self {
        self.config = Some(text.into());
        self
    }

    /// With these settings instead of the defaults.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// With a file that rules ask about.
    #[must_use]
    pub fn file(mut self, path: &str, fact: FileFact) -> Self {
        self.files.insert(path.into(), fact);
        self
    }

    /// Beginning at this time; every event comes a minute after the one before.
    #[must_use]
    pub fn at(mut self, time: DateTime) -> Self {
        self.begins = time;
        self
    }

    /// Starts Rulemark on the project: the first pass over files that no journal knows.
    ///
    /// # Panics
    /// When the engine breaks a promise; see [`Violation`](super::Violation).
    #[must_use]
    #[track_caller]
    pub fn open(self) -> Story {
        match self.try_open() {
            Ok(story) => story,
            Err(error) => panic!("{error}"),
        }
    }

    /// As [`Scenario::open`].
    ///
    /// # Errors
    /// When the engine breaks a promise.
    pub fn try_open(self) -> Result<Story, StoryError> {
        Story::begin(self, Memory::default())
    }

    /// Starts Rulemark on a project that it has been looking after: whatever holds has fired.
    ///
    /// # Errors
    /// When the engine breaks a promise.
    pub fn try_settled(self) -> Result<Story, StoryError> {
        let memory = engine::settle(&Snapshot {
            state: &self.state,
            config: self.config.as_deref(),
            memory: &Memory::default(),
            settings: &self.settings,
            files: &self.files,
            evidence: &(),
        });
        Story::begin(self, memory)
    }
}
