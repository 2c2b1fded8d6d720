//! Definitions as JSON.

use crate::{
    library::Entry,
    workflow::{Definition, Fault, Gate, Phase},
};
use serde::Serialize;
use serde_json::Value;

/// One definition in a list.
#[derive(Debug, Serialize)]
pub(super) struct EntryJson {
    id: String,
    name: Option<String>,
    description: Option<String>,
    category: Option<String>,
    tags: Vec<String>,
    version: Option<String>,
    phases: Option<usize>,
    /// `project`, `user` or `built-in`.
    layer: String,
    source: String,
    /// The layer of one with the same id that wins.
    shadowed_by: Option<String>,
    /// Whether it can be started.
    usable: bool,
    problems: Vec<FaultJson>,
}

impl EntryJson {
    pub(super) fn of(entry: &Entry) -> Self {
        let definition = entry.definition();
        Self {
            id: entry.id.clone(),
            name: definition.map(|it| it.name.clone()),
            description: definition.map(|it| it.description.clone()),
            category: definition.and_then(|it| it.category.clone()),
            tags: definition.map(|it| it.tags.clone()).unwrap_or_default(),
            version: definition.map(|it| it.version.clone()),
            phases: definition.filter(|it| it.dynamic.is_none()).map(|it| it.phases.len()),
            layer: entry.layer.to_string(),
            source: entry.source.clone(),
            shadowed_by: entry.shadowed_by.map(|layer| layer.to_string()),
            usable: definition.is_some(),
            problems: entry.errors().map(FaultJson::of).collect(),
        }
    }
}

/// A finding.
#[derive(Debug, Serialize)]
pub(super) struct FaultJson {
    severity: String,
    code: &'static str,
    message: String,
    file: String,
    /// From 1; 0 for the file as a whole.
    line: u32,
    /// In characters, from 1.
    column: u32,
    hint: Option<String>,
}

impl FaultJson {
    pub(super) fn of(fault: &Fault) -> Self {
        Self {
            severity: fault.severity.to_string(),
            code: fault.code,
            message: fault.message.clone(),
            file: fault.place.file.clone(),
            line: fault.place.line,
            column: fault.place.column,
            hint: fault.hint.clone(),
        }
    }
}

/// A definition.
#[derive(Debug, Serialize)]
pub(super) struct DefinitionJson {
    id: String,
    version: String,
    name: String,
    description: String,
    category: Option<String>,
    form: String,
    source: String,
    revision: String,
    inputs: Vec<Value>,
    phases: Vec<PhaseJson>,
}

/// A phase.
#[derive(Debug, Serialize)]
struct PhaseJson {
    number: u32,
    id: Option<String>,
    title: String,
    text: String,
    when: Option<String>,
    tasks: Vec<TaskJson>,
    gate: Gate,
}

/// A task.
#[derive(Debug, Serialize)]
struct TaskJson {
    number: u32,
    title: String,
    text: String,
}

impl DefinitionJson {
    pub(super) fn of(definition: &Definition) -> Self {
        Self {
            id: definition.id.clone(),
            version: definition.version.clone(),
            name: definition.name.clone(),
            description: definition.description.clone(),
            category: definition.category.clone(),
            form: definition.form.to_string(),
            source: definition.source.clone(),
            revision: definition.revision.to_string(),
            inputs: definition.inputs.iter().filter_map(|input| serde_json::to_value(input).ok()).collect(),
            phases: definition.phases.iter().map(PhaseJson::of).collect(),
        }
    }
}

impl PhaseJson {
    fn of(phase: &Phase) -> Self {
        let tasks = phase.tasks.iter().map(|task| TaskJson {
            number: task.number,
            title: task.title.clone(),
            text: task.text.clone(),
        });
        Self {
            number: phase.number,
            id: phase.id.clone(),
            title: phase.title.clone(),
            text: phase.text.clone(),
            when: phase.when.as_ref().map(|when| when.source.clone()),
            tasks: tasks.collect(),
            gate: phase.gate.clone(),
        }
    }
}
