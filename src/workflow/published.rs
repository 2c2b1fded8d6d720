//! The shape of a definition as authors write it in YAML and JSON, and of the front matter of one in
//! Markdown. The JSON Schema that Rulemark publishes is made from these types, and a document is judged by
//! that very schema before anything else is asked of it.

use super::FieldType;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The published JSON Schema (Draft 7), as it is printed and as it lies in `schemas/workflow.schema.json`.
#[must_use]
pub fn published_schema() -> String {
    let schema = super::shape::schema_of::<Document>();
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// A workflow: phases that an agent goes through, each closed by a gate.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Workflow")]
pub struct Document {
    /// The name it is started by.
    #[schemars(length(min = 3, max = 64), regex(pattern = r"^[a-z0-9-]+(:[a-z0-9-]+)?$"))]
    pub id: String,
    /// A semantic version: `1.2.0`.
    #[schemars(regex(pattern = r"^[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?$"))]
    pub version: String,
    /// Its name for people.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// What it is for, in one or two sentences.
    #[schemars(length(min = 1, max = 2000))]
    pub description: String,
    /// What kind of work it is for; listings filter by it.
    pub category: Option<String>,
    /// Words to find it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// How long it takes, in your words.
    pub estimated_duration: Option<String>,
    /// What a session is started with, by name; texts use it as `{{ inputs.name }}`.
    #[serde(default)]
    pub inputs: BTreeMap<String, InputDocument>,
    /// What it leaves behind.
    #[serde(default)]
    pub outputs: Vec<String>,
    /// What must be so before it starts.
    #[serde(default)]
    pub preconditions: Vec<String>,
    /// What holds in every phase; delivered with each.
    #[serde(default)]
    pub guidance: Vec<String>,
    /// Further phases, read from a specification's `tasks.md`.
    pub dynamic: Option<DynamicDocument>,
    /// The phases, in order. In Markdown they are the headings `## Phase 1: Title`.
    #[serde(default)]
    pub phases: Vec<PhaseDocument>,
}

/// Something that a session is started with.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Input")]
pub struct InputDocument {
    /// What its value has to be.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Whether a session can't start without it.
    #[serde(default)]
    pub required: bool,
    /// What it is when nobody gives it.
    pub default: Option<Value>,
    /// What it is for.
    #[serde(default)]
    pub description: String,
}

/// Phases that come from a specification.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Dynamic")]
pub struct DynamicDocument {
    /// The session option that holds the path: `spec_path`.
    #[schemars(length(min = 1))]
    pub option: String,
    /// The text of each such phase, with placeholders: `[PHASE_NAME]`.
    pub phase_template: Option<String>,
    /// The text of each task, with placeholders: `[TASK_DESCRIPTION]`.
    pub task_template: Option<String>,
}

/// One phase.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Phase")]
pub struct PhaseDocument {
    /// Counted from 0 or 1, without gaps.
    pub number: u32,
    /// Its title.
    #[schemars(length(min = 1))]
    pub title: String,
    /// What the agent is to do, in Markdown; delivered as it stands, with `{{ … }}` filled in.
    pub text: String,
    /// A condition in CEL; the phase is skipped when it does not hold.
    pub when: Option<String>,
    /// The phases one of which is next, by number; an empty list ends the workflow. Without it, the
    /// phase below is next.
    pub next: Option<Vec<u32>>,
    /// Its tasks.
    #[serde(default)]
    pub tasks: Vec<TaskDocument>,
    /// What closes it; without one, any call does.
    #[serde(default)]
    pub gate: GateDocument,
}

/// One task.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Task")]
pub struct TaskDocument {
    /// Its title.
    #[schemars(length(min = 1))]
    pub title: String,
    /// What the agent is to do, in Markdown.
    pub text: String,
}

/// What closes a phase; all of it must hold.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Gate")]
pub struct GateDocument {
    /// Whether a missing field passes with a warning.
    #[serde(default)]
    pub lenient: bool,
    /// Things that the agent says it has seen to.
    #[serde(default)]
    pub boxes: Vec<String>,
    /// The evidence it asks for.
    #[serde(default)]
    pub evidence: Vec<FieldDocument>,
    /// Commands that have to exit with the right code.
    #[serde(default)]
    pub commands: Vec<CommandDocument>,
    /// Conditions over the evidence.
    #[serde(default)]
    pub rules: Vec<RuleDocument>,
    /// Whose approval it needs.
    pub approval: Option<Approver>,
}

/// A field of the evidence.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Field")]
pub struct FieldDocument {
    /// What the evidence calls it.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// What its value has to be. Nothing is converted.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Whether the gate can do without it.
    #[serde(default)]
    pub optional: bool,
    /// Named checks with their parameters: `in_range 1 5`, `contains "FAILED"`.
    #[serde(default)]
    pub checks: Vec<String>,
    /// What it is.
    #[serde(default)]
    pub description: String,
}

/// A command that the gate wants to have run.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Command")]
pub struct CommandDocument {
    /// The command line. It runs only when a person has trusted it.
    #[schemars(length(min = 1))]
    pub run: String,
    /// The exit code it has to have.
    #[serde(default)]
    pub exits_with: i32,
    /// Numbers to read out of its output, by name: a regular expression whose first group is the number.
    #[serde(default)]
    pub counts: BTreeMap<String, String>,
}

/// A condition over the evidence.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Rule")]
pub struct RuleDocument {
    /// What must hold, in CEL: `fixed_tests <= total_tests`.
    #[schemars(length(min = 1, max = 4096))]
    pub rule: String,
    /// What is said when it does not.
    pub message: Option<String>,
}

/// Who approves.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Approver {
    /// A person, not the agent.
    Person,
}
