//! YAML of accordo: a tree of nodes, each with the nodes that may come next.
//!
//! A node becomes a phase, its acceptance criteria the boxes of its gate, under the names that the author
//! gave them. `${{ inputs.x }}` is filled in as it is there.

use super::{
    boxes::named_boxes,
    bundle::{Bundle, Reading, SourceFile},
    fault::Fault,
    model::{Approval, CheckBox, Definition, Form, Gate, Guidance, Input, Next, Phase, Place},
    named_check::field_type,
    review,
    shape::{self, UnknownNames},
    template,
    tree::Node,
};
use crate::text::nearest;
use regex::{Captures, Regex};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, sync::LazyLock};

#[derive(Debug, Deserialize, JsonSchema)]
struct Document {
    #[schemars(length(min = 1))]
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    inputs: BTreeMap<String, InputDocument>,
    workflow: TreeDocument,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct InputDocument {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    description: String,
    required: Option<bool>,
    default: Option<Value>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct TreeDocument {
    #[serde(default)]
    goal: String,
    root: String,
    tree: BTreeMap<String, NodeDocument>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct NodeDocument {
    goal: String,
    /// Read from the tree, which keeps their order.
    #[serde(rename = "acceptance_criteria")]
    _acceptance_criteria: Option<BTreeMap<String, String>>,
    next_allowed_nodes: Option<Vec<String>>,
    next_allowed_workflows: Option<Vec<String>>,
    #[serde(default)]
    needs_approval: bool,
}

/// `${{ inputs.task_description }}`
static PLACEHOLDER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\$\{\{\s*inputs\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}").ok());

/// Reads a document that has a `workflow.tree`.
pub(super) fn read(bundle: &Bundle, file: &SourceFile, node: &Node) -> Reading {
    let (document, faults) = shape::decode::<Document>(node, &file.path, UnknownNames::Lost);
    let Some(document) = document else { return Reading { definition: None, faults } };
    let mut reader = Reader { file, document: &document, node, faults };
    let definition = reader.definition(bundle);
    let mut faults = reader.faults;
    // A circle or a node that nobody reaches is the author's affair there; here it is said.
    faults.extend(review::routes(&definition).into_iter().map(|mut fault| {
        fault.severity = crate::text::Severity::Warning;
        fault
    }));
    faults.sort_by_key(|fault| (fault.place.line, fault.place.column));
    let refused = faults.iter().any(Fault::is_error);
    Reading { definition: (!refused).then_some(definition), faults }
}

struct Reader<'d> {
    file: &'d SourceFile,
    document: &'d Document,
    node: &'d Node,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn definition(&mut self, bundle: &Bundle) -> Definition {
        let names = self.names();
        let phases = names.iter().zip(1..).map(|(name, number)| self.phase(name, number, &names)).collect();
        let stem =
            self.file.path.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or_default();
        let id: String =
            stem.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let goal = self.document.workflow.goal.trim();
        Definition {
            id,
            version: "0.0.0".to_owned(),
            name: self.document.name.clone(),
            description: self.document.description.clone(),
            category: None,
            tags: Vec::new(),
            estimated_duration: None,
            inputs: self.inputs(),
            outputs: Vec::new(),
            preconditions: Vec::new(),
            clarifications: Vec::new(),
            standing_guidance: if goal.is_empty() { Vec::new() } else { vec![goal.to_owned()] },
            phases,
            dynamic: None,
            revision: bundle.revision(),
            form: Form::Accordo,
            source: bundle.source.clone(),
        }
    }

    /// The names of the nodes in the author's order, the root first.
    fn names(&mut self) -> Vec<String> {
        let tree = self.node.get("workflow").and_then(|workflow| workflow.get("tree"));
        let entries = tree.map(Node::entries).unwrap_or_default();
        let root = &self.document.workflow.root;
        let mut names: Vec<String> = entries.iter().map(|(key, _)| key.name.clone()).collect();
        match names.iter().position(|name| name == root) {
            Some(at) => names[..=at].rotate_right(1),
            None => {
                let near = nearest(root, names.iter().map(String::as_str))
                    .map(|near| format!("did you mean `{near}`?"));
                let place = self.place(&["workflow", "root"]);
                let fault =
                    Fault::error("unknown-node", place, format!("the root `{root}` is no node of the tree"));
                self.faults.push(fault.with_optional_hint(near));
            }
        }
        names
    }

    fn inputs(&mut self) -> Vec<Input> {
        let entries = self.node.get("inputs").map(Node::entries).unwrap_or_default();
        let mut inputs = Vec::new();
        for (key, _) in entries {
            let Some(input) = self.document.inputs.get(&key.name) else { continue };
            let kind = field_type(&input.kind);
            if kind.is_none() {
                let place = self.place(&["inputs", &key.name, "type"]);
                let message = format!("the type `{}` is not known; any value will do", input.kind);
                self.faults.push(Fault::warning("unknown-type", place, message));
            }
            inputs.push(Input {
                name: key.name.clone(),
                kind: kind.unwrap_or(super::model::FieldType::Any),
                required: input.required.unwrap_or(true) && input.default.is_none(),
                default: input.default.clone(),
                description: input.description.clone(),
            });
        }
        inputs
    }

    fn phase(&mut self, name: &str, number: u32, names: &[String]) -> Phase {
        let document = &self.document.workflow.tree[name];
        let place = self.place(&["workflow", "tree", name]);
        let next = self.next(name, document, names);
        let is_last = next == Next::End;
        let approval = Approval { question: format!("node `{name}`"), place: place.clone() };
        Phase {
            number,
            id: Some(name.to_owned()),
            title: title(name, &document.goal),
            text: self.text(&document.goal, &place),
            is_template: true,
            tasks: Vec::new(),
            gate: Gate {
                boxes: self.boxes(name),
                approval: (document.needs_approval && !is_last).then_some(approval),
                ..Gate::default()
            },
            when: None,
            next,
            guidance: Guidance::default(),
            place,
        }
    }

    fn next(&mut self, name: &str, document: &NodeDocument, names: &[String]) -> Next {
        let path = ["workflow", "tree", name, "next_allowed_nodes"];
        if document.next_allowed_workflows.as_ref().is_some_and(|workflows| !workflows.is_empty()) {
            let place = self.place(&["workflow", "tree", name, "next_allowed_workflows"]);
            let message =
                format!("`{name}` goes on in other workflows; that is not carried over, start them yourself");
            self.faults.push(Fault::warning("not-carried-over", place, message));
        }
        let mut numbers = Vec::new();
        for next in document.next_allowed_nodes.iter().flatten() {
            match names.iter().position(|known| known == next) {
                Some(at) => numbers.push(u32::try_from(at + 1).unwrap_or(u32::MAX)),
                None => {
                    let near = nearest(next, names.iter().map(String::as_str))
                        .map(|near| format!("did you mean `{near}`?"));
                    let place = self.place(&path);
                    let fault = Fault::error(
                        "unknown-node",
                        place,
                        format!("`{name}` goes on at `{next}`, which is no node"),
                    );
                    self.faults.push(fault.with_optional_hint(near));
                }
            }
        }
        if numbers.is_empty() { Next::End } else { Next::OneOf(numbers) }
    }

    /// Boxes under the names that the author gave the criteria, in the author's order.
    fn boxes(&self, name: &str) -> Vec<CheckBox> {
        let criteria = ["workflow", "tree", name, "acceptance_criteria"];
        let entries = self.at(&criteria).map(Node::entries).unwrap_or_default();
        let texts = entries.iter().map(|(key, node)| {
            let text = node.as_str().unwrap_or_default();
            (format!("{}: {text}", key.name), shape::place(&self.file.path, node))
        });
        let mut boxes = named_boxes(texts.collect());
        for (check_box, (key, node)) in boxes.iter_mut().zip(entries) {
            check_box.name.clone_from(&key.name);
            node.as_str().unwrap_or_default().clone_into(&mut check_box.text);
        }
        boxes
    }

    /// The goal as a template of ours.
    fn text(&mut self, goal: &str, place: &Place) -> String {
        let Some(placeholder) = PLACEHOLDER.as_ref() else { return template::escaped(goal) };
        let known = &self.document.inputs;
        let mut text = String::new();
        let mut at = 0;
        for found in placeholder.captures_iter(goal) {
            let (whole, name) = whole_and_name(&found);
            text.push_str(&template::escaped(&goal[at..whole.0]));
            if known.contains_key(name) {
                text.push_str(&format!("{{{{ inputs.{name} | default('') }}}}"));
            } else {
                let message =
                    format!("there is no input `{name}`; the placeholder is delivered as it stands");
                self.faults.push(Fault::warning("undefined-name", place.clone(), message));
                text.push_str(&template::escaped(&goal[whole.0..whole.1]));
            }
            at = whole.1;
        }
        text.push_str(&template::escaped(&goal[at..]));
        text
    }

    fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self.node, |node, name| node.get(name))
    }

    fn place(&self, path: &[&str]) -> Place {
        shape::place(&self.file.path, self.at(path).unwrap_or(self.node))
    }
}

fn whole_and_name<'g>(found: &Captures<'g>) -> ((usize, usize), &'g str) {
    let whole = found.get(0).map_or((0, 0), |whole| (whole.start(), whole.end()));
    (whole, found.get(1).map_or("", |name| name.as_str()))
}

/// The name in words: `plan_with_approval` is `Plan with approval`.
fn title(name: &str, goal: &str) -> String {
    let words = name.replace(['_', '-'], " ");
    let mut letters = words.trim().chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => goal.lines().next().unwrap_or_default().to_owned(),
    }
}
