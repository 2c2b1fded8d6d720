//! The tools, in one table.
//!
//! Descriptions and schemas are written by hand: an agent reads all of them before it does anything, so
//! each byte counts, and a test holds the sum.

mod classic;
mod next;
mod state;
mod table;
mod workflow;

pub(super) use classic::finish;
pub(super) use next::go_on;
pub use table::TOOLS;
pub(super) use workflow::decide;

use super::{
    answer::{Answer, Refusal, Retry},
    arguments::Arguments,
    ask::Ask,
    open_project::{Desk, OpenProject, Reading},
    running::{After, Order},
};
use crate::{
    runtime::{Error, TaskPurpose, ToolSet},
    trust::UserFolders,
};
use rmcp::{
    ErrorData,
    model::{CallToolResult, JsonObject, Tool, ToolAnnotations},
};
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, sync::Arc};

/// A tool as the table has it.
#[derive(Debug)]
pub struct ToolSpec {
    /// What it is called by.
    pub name: &'static str,
    /// The set that it belongs to.
    pub set: ToolSet,
    /// What it is for, for agents.
    pub description: &'static str,
    /// The JSON Schema of its arguments.
    input: &'static str,
    /// The JSON Schema of its answers.
    output: &'static str,
    /// What it may do to the project.
    pub impact: Impact,
    run: Run,
}

/// What a tool does, on the working thread. Called again after commands have run, it is told what it has
/// led to so far.
#[derive(Clone, Copy, Debug)]
enum Run {
    /// In the project.
    InProject(fn(&mut OpenProject, &Arguments, Vec<String>) -> Result<Step, Refusal>),
    /// In a folder that may become one; the folders are those that the client works in.
    InFolder(fn(&mut Desk, &[PathBuf], &Arguments) -> Result<Step, Refusal>),
}

/// What a tool may do to the project. Nothing that a tool does can't be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impact {
    /// It only looks.
    Reads,
    /// It writes; called again, it writes again.
    Writes,
    /// It writes; called again with the same, it changes nothing.
    WritesOnce,
}

/// What a tool comes to.
#[derive(Debug)]
pub(super) enum Step {
    /// This is the answer.
    Answer(Answer),
    /// This is the answer, in a shape of its own.
    Shaped(Box<CallToolResult>),
    /// The protocol's own error is the answer.
    Failed(Box<ErrorData>),
    /// The person is asked first.
    Ask(Box<Ask>, Then),
    /// Commands are run first.
    Run(Box<Order>),
}

/// What follows when the person has answered, or the project's commands have ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Then {
    /// What to do now is the answer, with what the call has done so far.
    Guide(Vec<String>),
    /// The same, as the guidance tools say it.
    Classic(Vec<String>),
    /// The same, where nothing can be built without a yes.
    Build(Vec<String>),
    /// The tool begins again.
    Again(Vec<String>),
}

impl Then {
    /// Goes on; `did` is what has come of the answer, or of the commands.
    pub(super) fn go_on(
        self,
        open: &mut OpenProject,
        did: Vec<String>,
        again: impl FnOnce(&mut OpenProject, Vec<String>) -> Result<Step, Refusal>,
    ) -> Result<Step, Refusal> {
        let all = |before: Vec<String>| before.into_iter().chain(did).collect();
        match self {
            Self::Guide(before) => go_on(open, all(before)),
            Self::Classic(before) | Self::Build(before) => finish(open, all(before)),
            Self::Again(before) => again(open, all(before)),
        }
    }

    /// Asks what is to be asked now.
    pub(super) fn once_more(self, open: &mut OpenProject) -> Result<Step, Refusal> {
        match self {
            Self::Guide(did) => go_on(open, did),
            Self::Classic(did) | Self::Again(did) => finish(open, did),
            Self::Build(did) => classic::approval(open, did),
        }
    }

    /// The person would not answer: what is said where nobody can be asked.
    pub(super) fn unanswered(self, open: &mut OpenProject) -> Result<Answer, Refusal> {
        match self.once_more(open)? {
            Step::Answer(answer) => Ok(answer),
            Step::Ask(ask, _) => ask.unanswered(),
            Step::Shaped(_) | Step::Failed(_) | Step::Run(_) => Ok(Answer::default()),
        }
    }
}

/// The tool that checks its arguments itself, like those of [`ToolSet::Orchestration`]: it answers in its own
/// shape when they do not fit.
const CHECKS_ITSELF: &str = "workflow";

/// The commands that are to run: those of the step that waits under this id, or the checks; `then` follows.
/// `None` when there are none that may be run for it.
///
/// # Errors
/// When nobody has trusted them.
fn run_order(open: &mut OpenProject, step: Option<&str>, then: Then) -> Result<Option<Box<Order>>, Refusal> {
    let documents = open.project.read()?;
    let task = match step {
        Some(id) => {
            let is_it = |purpose: &TaskPurpose| matches!(purpose, TaskPurpose::Step(step) if step == id);
            open.project.task(&documents)?.filter(|task| is_it(&task.purpose))
        }
        None => open.project.checks_task(&documents),
    };
    let Some(task) = task.filter(|task| !task.commands.is_empty()) else { return Ok(None) };
    let folders = UserFolders::of_environment().map_err(|error| Error::Trust(error.into()))?;
    let checks = open.project.checks(&documents, &folders)?;
    checks.require_trust()?;
    let after = After::Conclude(task.purpose, then);
    Ok(Some(Box::new(Order { commands: task.commands, checks, after })))
}

/// It is the person's turn, and nothing that an agent says closes it.
fn for_person(reading: &Reading) -> Refusal {
    let refusal = Refusal::new("this waits for a person", Retry::AfterFix)
        .because("an agent can't answer for the person")
        .fix("call `next` without arguments: it asks them where the client can");
    match Ask::of(reading, &[]) {
        Some(ask) => refusal.with("person", super::ask::for_person(reading, &ask.question)),
        None => refusal,
    }
}

/// A tool as clients are told of it.
#[derive(Debug)]
pub(super) struct Offered {
    pub(super) spec: &'static ToolSpec,
    pub(super) tool: Tool,
}

impl Offered {
    /// Checks the arguments of a call.
    pub(super) fn arguments(&self, given: Option<JsonObject>) -> Result<Arguments, Refusal> {
        if self.spec.name == CHECKS_ITSELF || self.spec.set == ToolSet::Orchestration {
            return Ok(Arguments::unchecked(given));
        }
        Arguments::checked(given, &self.tool.input_schema)
    }
}

impl ToolSpec {
    /// Does what the tool does.
    pub(super) fn call(
        &self,
        desk: &mut Desk,
        roots: &[PathBuf],
        arguments: &Arguments,
    ) -> Result<Step, Refusal> {
        match self.run {
            Run::InProject(run) => run(desk.project(roots)?, arguments, Vec::new()),
            Run::InFolder(run) => run(desk, roots, arguments),
        }
    }

    /// Goes on with it: `did` is what it has led to so far.
    pub(super) fn again(
        &self,
        open: &mut OpenProject,
        arguments: &Arguments,
        did: Vec<String>,
    ) -> Result<Step, Refusal> {
        match self.run {
            Run::InProject(run) => run(open, arguments, did),
            Run::InFolder(_) => finish(open, did),
        }
    }

    /// The tool as clients are told of it.
    #[must_use]
    pub fn offered(&self) -> Tool {
        let (reads, repeats) = match self.impact {
            Impact::Reads => (true, true),
            Impact::Writes => (false, false),
            Impact::WritesOnce => (false, true),
        };
        let annotations = ToolAnnotations::new().read_only(reads).destructive(false).idempotent(repeats);
        Tool::new(self.name, self.description, schema(self.input))
            .with_raw_output_schema(schema(self.output))
            .with_annotations(annotations)
    }
}

fn schema(text: &str) -> Arc<JsonObject> {
    // A test parses every schema of the table.
    Arc::new(serde_json::from_str(text).unwrap_or_default())
}

/// The tools of a set.
#[derive(Debug)]
pub(super) struct Offer {
    listed: Vec<Offered>,
    /// Answered for whoever knows them, although the list does without them.
    unlisted: Vec<Offered>,
}

impl Offer {
    pub(super) fn new(set: ToolSet) -> Self {
        let is_listed = |spec: &&ToolSpec| set == ToolSet::All || set == spec.set;
        let is_unlisted = |spec: &&ToolSpec| !is_listed(spec) && spec.set == ToolSet::Orchestration;
        let offered = |spec| Offered { spec, tool: ToolSpec::offered(spec) };
        Self {
            listed: TOOLS.iter().filter(is_listed).map(offered).collect(),
            unlisted: TOOLS.iter().filter(is_unlisted).map(offered).collect(),
        }
    }

    pub(super) fn tools(&self) -> &[Offered] {
        &self.listed
    }

    pub(super) fn find(&self, name: &str) -> Option<&Offered> {
        self.listed.iter().chain(&self.unlisted).find(|offered| offered.spec.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_objects() {
        for tool in &TOOLS {
            for text in [tool.input, tool.output] {
                let parsed: JsonObject = serde_json::from_str(text).expect(tool.name);
                assert_eq!(parsed["type"], "object", "{}", tool.name);
            }
        }
    }
}
