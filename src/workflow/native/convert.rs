//! From the published shape to the model, with the places of the tree it was read from.

use crate::workflow::{
    boxes::named_boxes,
    bundle::Bundle,
    fault::Fault,
    gate_line,
    model::{
        Approval, Capture, Command, Condition, Definition, DynamicSource, Field, FieldCheck, FieldType, Form,
        Gate, Guidance, Input, Next, Phase, Place, Rule, Task,
    },
    parts,
    published::{Document, FieldDocument, GateDocument, PhaseDocument},
    shape,
    tree::{Key, Node},
};

/// The definition, and what is wrong with the checks in it.
pub(super) fn definition(
    document: &Document,
    node: &Node,
    bundle: &Bundle,
    form: Form,
) -> (Definition, Vec<Fault>) {
    let faults = input_faults(document, node, &bundle.source);
    let mut converter = Converter { file: &bundle.source, faults };
    let nodes = node.get("phases").map(Node::items).unwrap_or_default();
    let phases =
        document.phases.iter().zip(nodes).map(|(phase, node)| converter.phase(phase, node)).collect();
    let definition = Definition { phases, ..head(document, node, bundle, form) };
    (definition, converter.faults)
}

/// Everything but the phases.
pub(super) fn head(document: &Document, node: &Node, bundle: &Bundle, form: Form) -> Definition {
    Definition {
        id: document.id.clone(),
        version: document.version.clone(),
        name: document.name.clone(),
        description: document.description.clone(),
        category: document.category.clone(),
        tags: document.tags.clone(),
        estimated_duration: document.estimated_duration.clone(),
        inputs: inputs(document, node),
        outputs: document.outputs.clone(),
        preconditions: document.preconditions.clone(),
        clarifications: Vec::new(),
        standing_guidance: document.guidance.clone(),
        phases: Vec::new(),
        dynamic: document.dynamic.as_ref().map(|dynamic| DynamicSource {
            option: dynamic.option.clone(),
            phase_template: dynamic.phase_template.clone(),
            task_template: dynamic.task_template.clone(),
        }),
        revision: bundle.revision(),
        form,
        source: bundle.source.clone(),
    }
}

/// What is wrong with the defaults of inputs.
pub(super) fn input_faults(document: &Document, node: &Node, file: &str) -> Vec<Fault> {
    let entries = node.get("inputs").map(Node::entries).unwrap_or_default();
    let fault = |(key, node): &(Key, Node)| {
        let input = document.inputs.get(&key.name)?;
        let wrong = input.kind.fault(input.default.as_ref()?)?;
        let place = shape::place(file, node.get("default").unwrap_or(node));
        Some(Fault::error("bad-default", place, format!("the default of the input `{}` {wrong}", key.name)))
    };
    entries.iter().filter_map(fault).collect()
}

/// The head of a definition whose front matter has faults in it, as far as the rest can be judged by it:
/// the names of its inputs.
pub(super) fn rough_head(node: &Node, bundle: &Bundle, form: Form) -> Definition {
    let names = node.get("inputs").map(Node::entries).unwrap_or_default();
    let input = |key: &Key| Input {
        name: key.name.clone(),
        kind: FieldType::Any,
        required: false,
        default: None,
        description: String::new(),
    };
    Definition {
        inputs: names.iter().map(|(key, _)| input(key)).collect(),
        dynamic: node.get("dynamic").map(|_| DynamicSource {
            option: String::new(),
            phase_template: None,
            task_template: None,
        }),
        ..head(&Document::default(), node, bundle, form)
    }
}

/// The inputs, in the order they were written.
fn inputs(document: &Document, node: &Node) -> Vec<Input> {
    let names = node.get("inputs").map(Node::entries).unwrap_or_default();
    let input = |name: &String| {
        let input = document.inputs.get(name)?;
        Some(Input {
            name: name.clone(),
            kind: input.kind,
            required: input.required,
            default: input.default.clone(),
            description: input.description.clone(),
        })
    };
    names.iter().filter_map(|(key, _)| input(&key.name)).collect()
}

struct Converter<'f> {
    file: &'f str,
    faults: Vec<Fault>,
}

impl Converter<'_> {
    fn phase(&mut self, phase: &PhaseDocument, node: &Node) -> Phase {
        let tasks = phase.tasks.iter().zip(1..).map(|(task, number)| Task {
            number,
            id: format!("{}.{number}", phase.number),
            title: task.title.clone(),
            text: task.text.clone(),
            steps: parts::steps(&task.text),
            estimated_time: None,
            dependencies: Vec::new(),
            criteria: Vec::new(),
        });
        Phase {
            number: phase.number,
            id: None,
            title: phase.title.clone(),
            text: phase.text.clone(),
            is_template: true,
            tasks: tasks.collect(),
            gate: node.get("gate").map(|node| self.gate(&phase.gate, node)).unwrap_or_default(),
            when: phase.when.clone().map(|source| self.condition(source, node.get("when").unwrap_or(node))),
            next: match &phase.next {
                None => Next::Following,
                Some(numbers) if numbers.is_empty() => Next::End,
                Some(numbers) => Next::OneOf(numbers.clone()),
            },
            guidance: Guidance::default(),
            place: self.place(node.get("title").unwrap_or(node)),
        }
    }

    fn gate(&mut self, gate: &GateDocument, node: &Node) -> Gate {
        let items = |name: &str| node.get(name).map(Node::items).unwrap_or_default();
        let boxes =
            gate.boxes.iter().zip(items("boxes")).map(|(text, node)| (text.clone(), self.place(node)));
        let boxes = named_boxes(boxes.collect());
        let fields = gate.evidence.iter().zip(items("evidence")).map(|(field, node)| self.field(field, node));
        let fields = fields.collect();
        let commands = gate.commands.iter().zip(items("commands")).map(|(command, node)| {
            let captures = command.counts.iter();
            let captures =
                captures.map(|(name, pattern)| Capture { name: name.clone(), pattern: pattern.clone() });
            Command {
                command: command.run.clone(),
                exit_code: command.exits_with,
                captures: captures.collect(),
                place: self.place(node),
            }
        });
        let commands = commands.collect();
        let rules = gate.rules.iter().zip(items("rules")).map(|(rule, node)| Rule {
            condition: self.condition(rule.rule.clone(), node.get("rule").unwrap_or(node)),
            message: rule.message.clone(),
        });
        Gate {
            lenient: gate.lenient,
            broken: None,
            boxes,
            fields,
            commands,
            rules: rules.collect(),
            approval: gate.approval.map(|_| Approval {
                question: String::new(),
                place: self.place(node.get("approval").unwrap_or(node)),
            }),
        }
    }

    fn field(&mut self, field: &FieldDocument, node: &Node) -> Field {
        let mut checks = Vec::new();
        let nodes = node.get("checks").map(Node::items).unwrap_or_default();
        for (text, node) in field.checks.iter().zip(nodes) {
            match gate_line::checks(text) {
                Ok(found) => {
                    checks.extend(found.into_iter().map(|check| FieldCheck { check, message: None }));
                }
                Err(error) => {
                    let fault = Fault::error(error.code, self.place(node), error.message);
                    self.faults.push(fault.with_optional_hint(error.hint));
                }
            }
        }
        Field {
            name: field.name.clone(),
            kind: field.kind,
            optional: field.optional,
            checks,
            description: field.description.clone(),
            place: self.place(node.get("name").unwrap_or(node)),
        }
    }

    fn condition(&self, source: String, node: &Node) -> Condition {
        Condition { source, place: self.place(node) }
    }

    fn place(&self, node: &Node) -> Place {
        shape::place(self.file, node)
    }
}
