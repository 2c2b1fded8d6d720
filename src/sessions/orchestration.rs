//! The four tools of the Workflow Orchestration System, for agents that hold their own state: nothing is
//! kept here. Which step comes next follows from the steps that the agent says are done.

use super::Sessions;
use crate::{
    library::{Entry, Library},
    runtime::Project,
    text::nearest,
    workflow::{Definition, Evidence, Facts, Phase, Scope, condition},
};
use serde_json::{Map, Value, json};

/// The tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrchestrationTool {
    /// `workflow_list`.
    List,
    /// `workflow_get`.
    Get,
    /// `workflow_next`.
    Next,
    /// `workflow_validate`.
    Validate,
}

/// An error as JSON-RPC has it.
#[derive(Clone, Debug, PartialEq)]
pub struct OrchestrationError {
    /// -32001 to -32003, or -32602.
    pub code: i32,
    /// What is wrong, and what to do.
    pub message: String,
    /// The id that it is about.
    pub data: Value,
}

/// There is no such workflow.
const NOT_FOUND: i32 = -32_001;
/// There is one, and it can't be read.
const INVALID: i32 = -32_002;
/// The workflow has no such step.
const NO_STEP: i32 = -32_003;
/// A parameter is missing, or of another type.
const PARAMETERS: i32 = -32_602;

impl Sessions {
    /// Answers one of the four tools.
    ///
    /// # Errors
    /// As the protocol has them: a code, words, and the id they are about.
    pub fn orchestrate(
        &mut self,
        project: &Project,
        tool: OrchestrationTool,
        given: &Map<String, Value>,
    ) -> Result<Value, OrchestrationError> {
        let root = project.workspace().root();
        let library = self.library.get_or_insert_with(|| Library::of(Some(root)));
        library.refresh();
        match tool {
            OrchestrationTool::List => Ok(list(library)),
            OrchestrationTool::Get => {
                let definition = find(library, text(given, "id")?)?;
                get(definition, given.get("mode"))
            }
            OrchestrationTool::Next => {
                let definition = find(library, text(given, "workflowId")?)?;
                next(definition, given)
            }
            OrchestrationTool::Validate => {
                let definition = find(library, text(given, "workflowId")?)?;
                validate(definition, text(given, "stepId")?, text(given, "output")?)
            }
        }
    }
}

fn list(library: &Library) -> Value {
    let standing = library.entries().iter().filter(|entry| entry.shadowed_by.is_none());
    let workflows = standing.filter_map(Entry::definition).map(|definition| {
        json!({
            "id": definition.id,
            "name": definition.name,
            "description": definition.description,
            "category": definition.category.as_deref().unwrap_or("general"),
            "version": definition.version,
        })
    });
    json!({ "workflows": workflows.collect::<Vec<_>>() })
}

fn get(definition: &Definition, mode: Option<&Value>) -> Result<Value, OrchestrationError> {
    let mode = match mode {
        None | Some(Value::Null) => "preview",
        Some(mode) => mode.as_str().unwrap_or_default(),
    };
    let mut whole = json!({
        "id": definition.id,
        "name": definition.name,
        "description": definition.description,
        "version": definition.version,
        "preconditions": definition.preconditions,
        "clarificationPrompts": definition.clarifications,
        "metaGuidance": definition.standing_guidance,
        "totalSteps": definition.phases.len(),
    });
    match mode {
        "metadata" => {}
        "preview" => whole["firstStep"] = definition.phases.first().map_or(Value::Null, step),
        "full" => whole["steps"] = definition.phases.iter().map(step).collect(),
        _ => return Err(parameters("mode", "one of metadata, preview, full")),
    }
    Ok(whole)
}

fn next(definition: &Definition, given: &Map<String, Value>) -> Result<Value, OrchestrationError> {
    let Some(Value::Array(completed)) = given.get("completedSteps") else {
        return Err(parameters("completedSteps", "a list of the ids of steps that are done"));
    };
    let mut done = Vec::new();
    for step in completed {
        let id = step.as_str().ok_or_else(|| parameters("completedSteps", "a list of ids"))?;
        done.push(find_step(definition, id)?.number);
    }
    let context = match given.get("context") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(context)) => context.clone(),
        Some(_) => return Err(parameters("context", "an object")),
    };
    let scope = Scope { inputs: context, ..Scope::default() };
    // A claim of later work does not skip earlier work.
    let open = definition.phases.iter().find(|phase| !done.contains(&phase.number) && holds(phase, &scope));
    let Some(phase) = open else {
        return Ok(json!({
            "step": null,
            "guidance": { "prompt": "The workflow is complete.", "requiresConfirmation": false, "validationCriteria": [] },
            "isComplete": true,
        }));
    };
    let text = phase.text_in(&scope).unwrap_or_else(|_| phase.text.clone());
    let mut prompt = String::new();
    for line in &definition.standing_guidance {
        prompt.push_str(&format!("- {line}\n"));
    }
    if !prompt.is_empty() {
        prompt.push('\n');
    }
    prompt.push_str(&text);
    for note in &phase.guidance.notes {
        prompt.push_str(&format!("\n- {note}"));
    }
    let mut guidance = json!({
        "prompt": prompt,
        "requiresConfirmation": phase.guidance.requires_confirmation,
        "validationCriteria": criteria(phase),
    });
    if let Some(hint) = &phase.guidance.model_hint {
        guidance["modelHint"] = hint.as_str().into();
    }
    Ok(json!({ "step": step(phase), "guidance": guidance, "isComplete": false }))
}

fn validate(definition: &Definition, id: &str, output: &str) -> Result<Value, OrchestrationError> {
    let phase = find_step(definition, id)?;
    let mut evidence = Evidence::new();
    evidence.insert("output".into(), output.into());
    let verdict = phase.gate.evaluate(&evidence, &Scope::default(), &Facts::default());
    let mut issues: Vec<String> = verdict.errors.iter().map(|error| error.message.clone()).collect();
    issues.extend(verdict.missing.iter().map(|missing| format!("{}: {}", missing.name, missing.what)));
    // What has to be looked up belongs to sessions: here nobody looks.
    let suggestions: Vec<String> = match verdict.needs.is_empty() {
        true => Vec::new(),
        false => vec![format!(
            "a session of {} looks at files and runs commands: use the tool `workflow`",
            definition.id
        )],
    };
    Ok(
        json!({ "valid": issues.is_empty() && verdict.needs.is_empty(), "issues": issues, "suggestions": suggestions }),
    )
}

/// A condition that can't be decided, for want of context as a rule, does not hold.
fn holds(phase: &Phase, scope: &Scope) -> bool {
    let Some(when) = &phase.when else { return true };
    let decided = condition::evaluate(&[when.source.as_str()], &|name| scope.variable(name)).pop();
    matches!(decided, Some(Ok(true)))
}

fn step(phase: &Phase) -> Value {
    json!({
        "id": name_of(phase),
        "title": phase.title,
        "prompt": phase.text,
        "requireConfirmation": phase.guidance.requires_confirmation,
        "askForFiles": phase.guidance.ask_for_files,
    })
}

/// What must hold for the output, in the author's words.
fn criteria(phase: &Phase) -> Vec<String> {
    let checks = phase.gate.fields.iter().flat_map(|field| &field.checks);
    let said = checks.filter_map(|check| check.message.clone());
    phase.guidance.criteria.iter().cloned().chain(said).collect()
}

/// The author's name for a phase; its number where there is none.
fn name_of(phase: &Phase) -> String {
    phase.id.clone().unwrap_or_else(|| format!("phase-{}", phase.number))
}

fn find<'l>(library: &'l Library, id: &str) -> Result<&'l Definition, OrchestrationError> {
    let Some(entry) = library.find(id) else {
        let meant = library.nearest(id).map(|meant| format!("; did you mean `{meant}`?"));
        let message = format!("there is no workflow `{}`{}", shown(id), meant.unwrap_or_default());
        return Err(OrchestrationError { code: NOT_FOUND, message, data: json!({ "id": shown(id) }) });
    };
    entry.definition().ok_or_else(|| {
        let message = format!("workflow `{id}` can't be read: {}", super::catalogue::problem(entry, 12));
        OrchestrationError { code: INVALID, message, data: json!({ "id": id }) }
    })
}

fn find_step<'d>(definition: &'d Definition, id: &str) -> Result<&'d Phase, OrchestrationError> {
    definition.phases.iter().find(|phase| name_of(phase) == id).ok_or_else(|| {
        let names: Vec<String> = definition.phases.iter().map(name_of).collect();
        let meant =
            nearest(id, names.iter().map(String::as_str)).map(|meant| format!("; did you mean `{meant}`?"));
        let message =
            format!("workflow `{}` has no step `{}`{}", definition.id, shown(id), meant.unwrap_or_default());
        OrchestrationError {
            code: NO_STEP,
            message,
            data: json!({ "id": definition.id, "stepId": shown(id) }),
        }
    })
}

fn text<'a>(given: &'a Map<String, Value>, name: &str) -> Result<&'a str, OrchestrationError> {
    let text = given.get(name).and_then(Value::as_str);
    text.ok_or_else(|| parameters(name, "a text"))
}

fn parameters(name: &str, what: &str) -> OrchestrationError {
    let message = format!("`{name}` has to be there, as {what}");
    OrchestrationError { code: PARAMETERS, message, data: json!({ "parameter": name }) }
}

fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}
