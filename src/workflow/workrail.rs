//! JSON of WorkRail, the Workflow Orchestration System: steps with prompts, conditions and validation.
//!
//! An unknown name is a slip of the pen and refused. Names of later versions of its schema are known, and
//! said to be lost; loops and calls of templates are more than a sequence of phases can be, and refused.

mod criteria;
mod run_condition;

use super::{
    bundle::{Bundle, Reading, SourceFile},
    condition::{LONGEST, names_in},
    fault::Fault,
    model::{Condition, Definition, Form, Gate, Guidance, Next, Phase, Place},
    shape::{self, UnknownNames},
    tree::Node,
};
use crate::text::nearest;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashSet;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[schemars(length(min = 3, max = 64), regex(pattern = r"^[a-z0-9._-]+(:[a-z0-9._-]+)?$"))]
    id: String,
    #[schemars(length(min = 1))]
    name: String,
    #[schemars(length(min = 1))]
    description: String,
    #[schemars(regex(pattern = r"^[0-9]+\.[0-9]+\.[0-9]+"))]
    version: Option<String>,
    category: Option<String>,
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    preconditions: Vec<String>,
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    clarification_prompts: Vec<String>,
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    meta_guidance: Vec<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[schemars(length(min = 1))]
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Step {
    #[schemars(length(min = 3, max = 64), regex(pattern = r"^[a-z0-9._-]+$"))]
    id: String,
    #[schemars(length(min = 1))]
    title: String,
    #[schemars(length(min = 1))]
    prompt: Option<String>,
    /// The prompt in parts, of a later version.
    prompt_blocks: Option<Value>,
    #[serde(default)]
    guidance: Vec<Value>,
    agent_role: Option<String>,
    #[serde(default)]
    ask_for_files: bool,
    /// True, or a condition on which it is.
    require_confirmation: Option<Value>,
    run_condition: Option<Value>,
    #[serde(rename = "type")]
    _kind: Option<String>,
}

/// Names of later versions, of a document and of a step, that have no place in our model.
const LATER: [&str; 28] = [
    "$schema",
    "metricsProfile",
    "examples",
    "about",
    "recommendedPreferences",
    "assessments",
    "features",
    "validatedAgainstSpecVersion",
    "references",
    "functionDefinitions",
    "tips",
    "autoRecognitionPatterns",
    "defaultPreferences",
    "extensionPoints",
    "promptFragments",
    "assessmentRefs",
    "assessmentConsequences",
    "hasValidation",
    "functionReferences",
    "functionCalls",
    "outputContract",
    "notesOptional",
    "expectedOutput",
    "templateCall",
    "loop",
    "body",
    "parallelDelegations",
    "validationCriteria",
];

/// Reads a document that has `steps`.
pub(super) fn read(bundle: &Bundle, file: &SourceFile, node: &Node) -> Reading {
    let mut reader = Reader { file, faults: Vec::new() };
    reader.names::<Document>(node, "");
    for (at, step) in node.get("steps").map(Node::items).unwrap_or_default().iter().enumerate() {
        reader.names::<Step>(step, &format!("steps/{at}/"));
        reader.step_form(step, at);
    }
    let (document, faults) = shape::decode::<Document>(node, &file.path, UnknownNames::Lost);
    reader.faults.extend(faults.into_iter().filter(Fault::is_error));
    let definition = document.map(|document| reader.definition(&document, node, bundle));
    let mut faults = reader.faults;
    faults.sort_by_key(|fault| (fault.place.line, fault.place.column));
    let refused = faults.iter().any(Fault::is_error);
    Reading { definition: definition.filter(|_| !refused), faults }
}

struct Reader<'f> {
    file: &'f SourceFile,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    /// Refuses unknown names, and lists those of later versions.
    fn names<T: JsonSchema>(&mut self, node: &Node, path: &str) {
        let schema = shape::schema_of::<T>();
        let properties = schema.get("properties").and_then(Value::as_object);
        let known: Vec<&str> =
            properties.into_iter().flat_map(|properties| properties.keys()).map(String::as_str).collect();
        for (key, _) in node.entries() {
            let name = key.name.as_str();
            let place = Place { file: self.file.path.clone(), line: key.line, column: key.column };
            if known.contains(&name) || name == "validationCriteria" {
                continue;
            }
            self.faults.push(if LATER.contains(&name) {
                Fault::warning("not-carried-over", place, format!("`{path}{name}` is not carried over"))
            } else {
                let near = nearest(name, known.iter().copied().chain(LATER))
                    .map(|near| format!("did you mean `{near}`?"));
                Fault::error("unknown-field", place, format!("there is no field `{path}{name}`"))
                    .with_optional_hint(near)
            });
        }
    }

    /// Refuses steps that are no single step.
    fn step_form(&mut self, step: &Node, at: usize) {
        let kind = step.get("type").and_then(Node::as_str).unwrap_or("step");
        let what = if step.get("templateCall").is_some() {
            "calls a template of another file"
        } else if kind == "loop" || step.get("loop").is_some() {
            "is a loop"
        } else if kind == "parallel" {
            "hands work to several agents at once"
        } else {
            if step.get("prompt").is_none() && step.get("promptBlocks").is_none() {
                self.error("missing-field", step, format!("`steps/{at}` lacks `prompt`"));
            }
            return;
        };
        let place = shape::place(&self.file.path, step);
        let fault =
            Fault::error("not-a-sequence", place, format!("`steps/{at}` {what}, which is not carried over"));
        self.faults.push(fault.with_hint("write what it does as steps of its own"));
    }

    fn definition(&mut self, document: &Document, node: &Node, bundle: &Bundle) -> Definition {
        let nodes = node.get("steps").map(Node::items).unwrap_or_default();
        let mut ids = HashSet::new();
        let mut phases = Vec::new();
        for ((step, node), number) in document.steps.iter().zip(nodes).zip(1..) {
            if !ids.insert(step.id.as_str()) {
                self.error("duplicate-id", node, format!("there are two steps with the id `{}`", step.id));
            }
            phases.push(self.phase(step, node, number));
        }
        Definition {
            id: document.id.clone(),
            version: document.version.clone().unwrap_or_else(|| "0.0.0".to_owned()),
            name: document.name.clone(),
            description: document.description.clone(),
            category: document.category.clone(),
            tags: document.tags.clone(),
            estimated_duration: None,
            inputs: Vec::new(),
            outputs: Vec::new(),
            preconditions: document.preconditions.clone(),
            clarifications: document.clarification_prompts.clone(),
            standing_guidance: document.meta_guidance.clone(),
            phases,
            dynamic: None,
            revision: bundle.revision(),
            form: Form::WorkRail,
            source: bundle.source.clone(),
        }
    }

    fn phase(&mut self, step: &Step, node: &Node, number: u32) -> Phase {
        let place = shape::place(&self.file.path, node);
        let (fields, faults) = criteria::fields(node.get("validationCriteria"), &self.file.path);
        self.faults.extend(faults);
        let text = step.prompt.clone().or_else(|| step.prompt_blocks.as_ref().map(prompt_of_blocks));
        Phase {
            number,
            id: Some(step.id.clone()),
            title: step.title.clone(),
            text: text.unwrap_or_default(),
            is_template: false,
            tasks: Vec::new(),
            gate: Gate { fields, ..Gate::default() },
            when: step.run_condition.as_ref().and_then(|_| self.when(node)),
            next: Next::Following,
            guidance: self.guidance(step, node),
            place,
        }
    }

    fn when(&mut self, node: &Node) -> Option<Condition> {
        let node = node.get("runCondition")?;
        let place = shape::place(&self.file.path, node);
        match run_condition::to_cel(&node.to_value()) {
            Ok(source) if source.len() > LONGEST => {
                self.error(
                    "bad-condition",
                    node,
                    format!("the condition is longer than {LONGEST} bytes in CEL"),
                );
                None
            }
            Ok(source) => {
                if let Some(Err(error)) = names_in(&[&source]).pop() {
                    self.error("bad-condition", node, error.to_string());
                }
                Some(Condition { source, place })
            }
            Err(why) => {
                self.error("bad-condition", node, format!("the condition can't be carried over: {why}"));
                None
            }
        }
    }

    fn guidance(&mut self, step: &Step, node: &Node) -> Guidance {
        let requires_confirmation = match &step.require_confirmation {
            None | Some(Value::Bool(false)) => false,
            Some(Value::Bool(true)) => true,
            Some(_) => {
                let place = shape::place(&self.file.path, node.get("requireConfirmation").unwrap_or(node));
                let message =
                    "the condition of `requireConfirmation` is not carried over: it is always asked for";
                self.faults.push(Fault::warning("not-carried-over", place, message));
                true
            }
        };
        let notes = step.agent_role.iter().cloned();
        let guidance =
            step.guidance.iter().map(|note| note.as_str().map_or_else(|| note.to_string(), str::to_owned));
        Guidance {
            model_hint: model_hint(&step.title).map(str::to_owned),
            requires_confirmation,
            ask_for_files: step.ask_for_files,
            criteria: Vec::new(),
            notes: notes.chain(guidance).collect(),
        }
    }

    fn error(&mut self, code: &'static str, node: &Node, message: String) {
        self.faults.push(Fault::error(code, shape::place(&self.file.path, node), message));
    }
}

/// The kind of model that suits a step, by the first word of its title that says so.
fn model_hint(title: &str) -> Option<&'static str> {
    const REASONING: [&str; 10] = [
        "plan",
        "analy",
        "design",
        "understand",
        "investigate",
        "review",
        "verify",
        "research",
        "diagnose",
        "audit",
    ];
    const TOOL_USE: [&str; 10] =
        ["implement", "write", "test", "build", "fix", "refactor", "run", "migrate", "create", "generate"];
    let title = title.to_lowercase();
    title.split(|c: char| !c.is_alphanumeric()).find_map(|word| {
        if REASONING.iter().any(|start| word.starts_with(start)) {
            Some("model-with-strong-reasoning")
        } else if TOOL_USE.iter().any(|start| word.starts_with(start)) {
            Some("model-with-strong-tool-use")
        } else {
            None
        }
    })
}

/// `{goal, constraints[], procedure[], outputRequired, verify[]}` as Markdown, in the author's order.
fn prompt_of_blocks(blocks: &Value) -> String {
    let mut text = String::new();
    for (name, value) in blocks.as_object().into_iter().flatten() {
        let mut title = String::new();
        for c in name.chars() {
            if c.is_uppercase() {
                title.push(' ');
            }
            title.extend(if title.is_empty() {
                c.to_uppercase().collect::<Vec<_>>()
            } else {
                c.to_lowercase().collect()
            });
        }
        let body = match value {
            Value::Array(items) if name == "procedure" => {
                items.iter().zip(1..).map(|(item, number)| format!("{number}. {}\n", words(item))).collect()
            }
            Value::Array(items) => items.iter().map(|item| format!("- {}\n", words(item))).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| format!("- {name}: {}\n", words(value))).collect()
            }
            other => format!("{}\n", words(other)),
        };
        text.push_str(&format!("**{title}**\n\n{body}\n"));
    }
    text.trim_end().to_owned()
}

fn words(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
