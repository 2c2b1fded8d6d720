//! The tools, in one table.
//!
//! Descriptions and schemas are written by hand: an agent reads all of them before it does anything, so
//! each byte counts, and a test holds the sum.

mod next;

use super::{
    answer::{Answer, Refusal},
    arguments::Arguments,
    open_project::OpenProject,
};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use std::sync::{Arc, OnceLock};

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
    run: fn(&mut OpenProject, &Arguments) -> Result<Step, Refusal>,
}

/// Tools that are offered together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ToolSet {
    /// Two tools that do everything.
    #[default]
    Default,
    /// The guidance tools that agents know by name and parameters, a call a step.
    Classic,
    /// Both.
    All,
}

impl ToolSet {
    /// All of them by the names that users write.
    pub const NAMES: [(&'static str, Self); 3] =
        [("default", Self::Default), ("classic", Self::Classic), ("all", Self::All)];

    /// Whether a tool of `set` is in it.
    fn has(self, set: Self) -> bool {
        self == Self::All || self == set
    }
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
}

/// All tools there are.
pub static TOOLS: [ToolSpec; 1] = [ToolSpec {
    name: "next",
    set: ToolSet::Default,
    description: "What to do now, and what closes it. Call it first, and again when you are done.",
    input: r#"{"type":"object"}"#,
    output: r#"{"type":"object"}"#,
    impact: Impact::Writes,
    run: next::run,
}];

/// A tool as clients are told of it.
#[derive(Debug)]
pub(super) struct Offered {
    pub(super) spec: &'static ToolSpec,
    pub(super) tool: Tool,
}

impl Offered {
    /// Checks the arguments of a call.
    pub(super) fn arguments(&self, given: Option<JsonObject>) -> Result<Arguments, Refusal> {
        Arguments::checked(given, &self.tool.input_schema)
    }
}

impl ToolSpec {
    /// Does what the tool does, on the working thread.
    pub(super) fn call(&self, open: &mut OpenProject, arguments: &Arguments) -> Result<Step, Refusal> {
        (self.run)(open, arguments)
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

/// The tools of a set, made when somebody asks.
#[derive(Debug)]
pub(super) struct Offer {
    set: ToolSet,
    tools: OnceLock<Vec<Offered>>,
}

impl Offer {
    pub(super) fn new(set: ToolSet) -> Self {
        Self { set, tools: OnceLock::new() }
    }

    pub(super) fn tools(&self) -> &[Offered] {
        self.tools.get_or_init(|| {
            let offered = TOOLS.iter().filter(|spec| self.set.has(spec.set));
            offered.map(|spec| Offered { spec, tool: spec.offered() }).collect()
        })
    }

    pub(super) fn find(&self, name: &str) -> Option<&Offered> {
        self.tools().iter().find(|offered| offered.spec.name == name)
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
