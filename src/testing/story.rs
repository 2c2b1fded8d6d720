//! Events one after another, and what the rules made of each.

use super::{
    input::{Change, ChangeError, Draft, Input},
    invariants::{Texts, Violation, advance_checked},
    scenario::Scenario,
};
use crate::{
    document::WorkflowState,
    engine::{self, Cause, Event, FileFact, Memory, Outcome, Settings, Snapshot, StepResult},
    text::{Diagnostic, DocumentId, LineColumn, LineIndex},
};
use jiff::{ToSpan as _, civil::DateTime};
use std::collections::BTreeMap;

/// A project under way. [`Display`](std::fmt::Display) writes the whole story in the language of case
/// files.
///
/// The methods that only take words are for tests: they panic, at the caller's line, when an edit
/// can't be made or the engine breaks a promise. [`Story::perform`] answers with an error instead.
#[derive(Clone, Debug)]
pub struct Story {
    texts: Texts,
    memory: Memory,
    settings: Settings,
    files: BTreeMap<String, FileFact>,
    clock: DateTime,
    steps: Vec<Step>,
}

/// One input and what came of it.
#[derive(Clone, Debug)]
pub struct Step {
    /// What happened; `None` for the first pass.
    pub input: Option<Input>,
    /// What the engine answered.
    pub outcome: Outcome,
    /// The texts the engine saw: the input's edits are in them.
    pub(super) before: Texts,
    /// The texts after the rules.
    pub(super) after: Texts,
    /// What is found wrong: by the engine in this step, and in the file since the step before.
    pub reports: Vec<Finding>,
}

/// A finding and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The finding.
    pub diagnostic: Diagnostic,
    /// Its place: in the text the engine saw for a finding of the engine, else in the text after.
    pub at: LineColumn,
}

/// Why a story can't go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoryError {
    /// The engine broke a promise.
    #[error("after {input}: {violation}")]
    Violation {
        /// After what.
        input: String,
        /// Which promise.
        violation: Violation,
    },
    /// An edit can't be made.
    #[error("{0}")]
    Edit(String),
    /// No step waits under this name, or several.
    #[error("{0}")]
    NoSuchStep(String),
}

impl From<ChangeError> for StoryError {
    fn from(error: ChangeError) -> Self {
        Self::Edit(error.to_string())
    }
}

impl Story {
    pub(super) fn begin(scenario: Scenario, memory: Memory) -> Result<Self, StoryError> {
        let Scenario { state, config, settings, files, begins } = scenario;
        let texts = Texts { state, config };
        let mut story = Self { texts, memory, settings, files, clock: begins, steps: Vec::new() };
        story.advance(None, Cause::FilesChanged)?;
        Ok(story)
    }

    /// Lets something happen, and the rules answer.
    ///
    /// # Errors
    /// When an edit can't be made, a step to be closed does not wait, or the engine breaks a promise.
    /// The story stays as it was.
    pub fn perform(&mut self, input: Input) -> Result<&Step, StoryError> {
        let before = self.clone();
        let done = self.try_perform(input);
        if let Err(error) = done {
            *self = before;
            return Err(error);
        }
        Ok(self.last())
    }

    fn try_perform(&mut self, input: Input) -> Result<(), StoryError> {
        self.clock = self.clock.saturating_add(1.minute());
        let cause = match &input {
            Input::Edit(changes) => {
                let Texts { state, config } = &mut self.texts;
                changes.iter().try_for_each(|change| change.make(state, config, self.clock))?;
                Cause::FilesChanged
            }
            Input::Emit(cause) => cause.clone(),
            Input::Close { step, result } => {
                Cause::Done { step: self.waiting(step)?, result: result.clone() }
            }
            Input::Restart => Cause::FilesChanged,
            Input::Forget => {
                self.memory = Memory::default();
                Cause::FilesChanged
            }
            Input::File { path, fact } => {
                self.files.insert(path.clone(), *fact);
                Cause::FilesChanged
            }
        };
        self.advance(Some(input), cause)
    }

    fn advance(&mut self, input: Option<Input>, cause: Cause) -> Result<(), StoryError> {
        let snapshot = Snapshot {
            state: &self.texts.state,
            config: self.texts.config.as_deref(),
            memory: &self.memory,
            settings: &self.settings,
            files: &self.files,
            evidence: &(),
        };
        // Two apart: the check's second pass takes the number between.
        let event = Event { cause, at: self.clock, id: 1 + 2 * self.steps.len() as u64 };
        let (outcome, after) = advance_checked(&snapshot, &event).map_err(|violation| {
            let input = input.as_ref().map_or("the first pass".into(), |input| format!("`{input}`"));
            StoryError::Violation { input, violation }
        })?;
        let reports = self.reports(&outcome, &after);
        self.memory = outcome.memory.clone();
        let before = std::mem::replace(&mut self.texts, after.clone());
        self.steps.push(Step { input, outcome, before, after, reports });
        Ok(())
    }

    /// What the engine reports, and what is wrong in the file and was not before.
    fn reports(&self, outcome: &Outcome, after: &Texts) -> Vec<Finding> {
        fn same(one: &Diagnostic, other: &Diagnostic) -> bool {
            one.code == other.code && one.message == other.message
        }
        let located = |diagnostic: Diagnostic, texts: &Texts| {
            let text = match diagnostic.document {
                DocumentId::State => texts.state.as_str(),
                DocumentId::Config => texts.config.as_deref().unwrap_or_default(),
            };
            Finding { at: LineIndex::new(text).line_column(diagnostic.span.start), diagnostic }
        };
        let known = match self.steps.last() {
            Some(step) => engine::inspect(&WorkflowState::parse(&step.after.state), &self.settings),
            None => Vec::new(),
        };
        let news = engine::inspect(&WorkflowState::parse(&after.state), &self.settings)
            .into_iter()
            .filter(|found| !known.iter().chain(&outcome.diagnostics).any(|known| same(known, found)));
        let reported = outcome.diagnostics.iter().map(|found| located(found.clone(), &self.texts));
        reported.chain(news.map(|found| located(found, after))).collect()
    }

    /// The id of the waiting step that `name` means: an id, or a rule of which one step waits.
    fn waiting(&self, name: &str) -> Result<String, StoryError> {
        let pending = &self.memory.pending;
        if let Some(step) = pending.iter().find(|step| step.id == name) {
            return Ok(step.id.clone());
        }
        let of_rule: Vec<&str> = pending
            .iter()
            .filter(|step| step.clause.rule.eq_ignore_ascii_case(name))
            .map(|step| step.id.as_str())
            .collect();
        match of_rule.as_slice() {
            [id] => Ok((*id).to_owned()),
            [] => Err(StoryError::NoSuchStep(format!("no step waits as `{name}`"))),
            several => {
                let ids = several.join(", ");
                Err(StoryError::NoSuchStep(format!("several steps of `{name}` wait: {ids}")))
            }
        }
    }

    /// What happened so far, from the first pass on.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The newest step.
    #[must_use]
    pub fn last(&self) -> &Step {
        self.steps.last().expect("a story begins with the first pass")
    }

    /// The text of the state file now.
    #[must_use]
    pub fn state(&self) -> &str {
        &self.texts.state
    }

    /// The text of the config file now, if there is one.
    #[must_use]
    pub fn config(&self) -> Option<&str> {
        self.texts.config.as_deref()
    }

    /// What the engine remembers now.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Saves several changes together.
    #[must_use]
    #[track_caller]
    pub fn edit(self, changes: impl FnOnce(Draft) -> Draft) -> Self {
        self.and(Input::Edit(changes(Draft::default()).changes))
    }

    /// Sets one State key, in the file's own spelling.
    #[must_use]
    #[track_caller]
    pub fn set(self, key: &str, value: &str) -> Self {
        self.edit(|draft| draft.set(key, value))
    }

    /// Replaces words that stand in the state file once.
    #[must_use]
    #[track_caller]
    pub fn replace(self, old: &str, new: &str) -> Self {
        self.edit(|draft| draft.replace(old, new))
    }

    /// Adds a dated line to Log, as the agent would.
    #[must_use]
    #[track_caller]
    pub fn log(self, text: &str) -> Self {
        self.edit(|draft| draft.log(text))
    }

    /// Adds an item.
    #[must_use]
    #[track_caller]
    pub fn add_item(self, description: &str) -> Self {
        self.edit(|draft| draft.add_item(description))
    }

    /// Saves a whole new text of a document.
    #[must_use]
    #[track_caller]
    pub fn save(self, document: DocumentId, text: &str) -> Self {
        self.and(Input::Edit(vec![Change::Save { document, text: text.into() }]))
    }

    /// Tells the engine of something that is not in the files.
    #[must_use]
    #[track_caller]
    pub fn emit(self, cause: Cause) -> Self {
        self.and(Input::Emit(cause))
    }

    /// Closes a waiting step as done (for a question: yes), by its id or its rule's.
    #[must_use]
    #[track_caller]
    pub fn done(self, step: &str) -> Self {
        self.close(step, true, None)
    }

    /// Closes a waiting step as done, with an answer.
    #[must_use]
    #[track_caller]
    pub fn answer(self, step: &str, text: &str) -> Self {
        self.close(step, true, Some(text))
    }

    /// Closes a waiting step as failed (for a question: no), with the reason.
    #[must_use]
    #[track_caller]
    pub fn fail(self, step: &str, reason: &str) -> Self {
        self.close(step, false, Some(reason))
    }

    /// Ends the program and starts it again on the same journal.
    #[must_use]
    #[track_caller]
    pub fn restart(self) -> Self {
        self.and(Input::Restart)
    }

    /// Deletes the journal and starts the program again.
    #[must_use]
    #[track_caller]
    pub fn forget(self) -> Self {
        self.and(Input::Forget)
    }

    /// Changes what is known of a file that rules ask about.
    #[must_use]
    #[track_caller]
    pub fn file(self, path: &str, fact: FileFact) -> Self {
        self.and(Input::File { path: path.into(), fact })
    }

    #[track_caller]
    fn close(self, step: &str, success: bool, text: Option<&str>) -> Self {
        let result = StepResult { success, text: text.map(str::to_owned) };
        self.and(Input::Close { step: step.into(), result })
    }

    #[track_caller]
    fn and(mut self, input: Input) -> Self {
        match self.perform(input) {
            Ok(_) => self,
            Err(error) => panic!("{error}\n\nthe story so far:\n\n{self}"),
        }
    }
}

impl Step {
    /// The text of the state file as the engine saw it.
    #[must_use]
    pub fn state_before(&self) -> &str {
        &self.before.state
    }

    /// The text of the state file after the rules.
    #[must_use]
    pub fn state_after(&self) -> &str {
        &self.after.state
    }

    /// The ids of the rules that fired, in order.
    #[must_use]
    pub fn fired(&self) -> Vec<&str> {
        self.outcome.firings.iter().map(|firing| firing.clause.rule.as_str()).collect()
    }
}
