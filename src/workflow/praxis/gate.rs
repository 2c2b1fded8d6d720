//! `gate-definition.yaml`. Whatever is wrong with one shuts its gate, and only that.

use crate::{
    text::nearest,
    workflow::{
        bundle::SourceFile,
        condition,
        fault::Fault,
        model::{Broken, Condition, Field, FieldCheck, FieldType, Gate, Place, Rule},
        named_check::{FIELD_TYPES, Parameters, field_type, named_check},
        shape,
        tree::{self, Key, Node, Tree},
    },
};

/// The code of what shuts one gate and leaves the definition to be run.
pub(super) const SHUT: &str = "unreadable-gate";

/// A gate that asks for fields of these names, whatever is in them.
pub(super) fn of_names(names: &[String], place: &Place) -> Gate {
    let field = |name: &String| Field {
        name: name.clone(),
        kind: FieldType::Any,
        optional: false,
        checks: Vec::new(),
        description: String::new(),
        place: place.clone(),
    };
    Gate { fields: names.iter().map(field).collect(), ..Gate::default() }
}

/// Reads a gate, with what shuts it and what is not carried over.
pub(super) fn read(file: &SourceFile) -> (Gate, Vec<Fault>) {
    let mut reader = Reader { file: &file.path, gate: Gate::default(), faults: Vec::new() };
    match tree::read_yaml(&file.text) {
        Ok(node) => reader.root(&node),
        Err(error) => reader.faults.push(shape::syntax_fault(SHUT, &file.path, "YAML", &error)),
    }
    let first = reader.faults.iter().find(|fault| fault.is_error());
    reader.gate.broken = first.map(|fault| Broken {
        place: fault.place.clone(),
        message: match &fault.hint {
            Some(hint) => format!("{}: {}; {hint}", fault.place, fault.message),
            None => format!("{}: {}", fault.place, fault.message),
        },
    });
    (reader.gate, reader.faults)
}

struct Reader<'f> {
    file: &'f str,
    gate: Gate,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn root(&mut self, node: &Node) {
        if !matches!(node.tree, Tree::Map(_)) {
            return self.shut(self.place(node), "a gate is a map of names");
        }
        for (key, value) in node.entries() {
            match key.name.as_str() {
                "checkpoint" => self.checkpoint(value),
                "evidence_schema" => self.fields(value),
                "cross_field_validation" => self.rules(value),
                // Python beside the names; never run, and nothing is lost without it.
                "validators" => {}
                _ => self.lost(key, &key.name),
            }
        }
    }

    fn checkpoint(&mut self, node: &Node) {
        for (key, value) in node.entries() {
            match (key.name.as_str(), &value.tree) {
                ("strict", Tree::Bool(strict)) => self.gate.lenient = !strict,
                ("allow_override", Tree::Bool(_)) => {}
                ("strict" | "allow_override", _) => {
                    self.shut(
                        self.place(value),
                        &format!("`checkpoint/{}` has to be true or false", key.name),
                    );
                }
                _ => self.lost(key, &format!("checkpoint/{}", key.name)),
            }
        }
        if !matches!(node.tree, Tree::Map(_)) {
            self.shut(self.place(node), "`checkpoint` has to be a map of names");
        }
    }

    fn fields(&mut self, node: &Node) {
        if !matches!(node.tree, Tree::Map(_) | Tree::Null) {
            return self.shut(self.place(node), "`evidence_schema` has to be a map of fields");
        }
        for (key, value) in node.entries() {
            self.field(key, value);
        }
    }

    fn field(&mut self, key: &Key, node: &Node) {
        let place = Place { file: self.file.to_owned(), line: key.line, column: key.column };
        let mut field = Field {
            name: key.name.clone(),
            kind: FieldType::Any,
            optional: false,
            checks: Vec::new(),
            description: String::new(),
            place,
        };
        if !matches!(node.tree, Tree::Map(_)) {
            return self
                .shut(self.place(node), &format!("the field `{}` has to be a map with a `type`", key.name));
        }
        let mut validator = None;
        let mut parameters = Parameters::default();
        for (inner, value) in node.entries() {
            match (inner.name.as_str(), &value.tree) {
                ("type", Tree::String(name)) => match field_type(name) {
                    Some(kind) => field.kind = kind,
                    None => self.unknown_type(value, name),
                },
                ("required", Tree::Bool(required)) => field.optional = !required,
                ("description", Tree::String(text)) => field.description.clone_from(text),
                ("validator", Tree::String(name)) => validator = Some((name.clone(), self.place(value))),
                ("validator" | "validator_params", Tree::Null) => {}
                ("validator_params", Tree::Map(entries)) => {
                    let named = |(key, value): &(Key, Node)| (Some(key.name.clone()), value.to_value());
                    parameters = Parameters(entries.iter().map(named).collect());
                }
                ("type" | "required" | "description" | "validator" | "validator_params", _) => {
                    let message = format!("`{}/{}` is not what it has to be", key.name, inner.name);
                    self.shut(self.place(value), &message);
                }
                _ => self.lost(inner, &format!("evidence_schema/{}/{}", key.name, inner.name)),
            }
        }
        if let Some((name, place)) = validator {
            match named_check(&name, parameters) {
                Ok(check) => field.checks.push(FieldCheck { check, message: None }),
                Err(error) => {
                    self.faults.push(Fault::error(SHUT, place, error.message).with_optional_hint(error.hint));
                }
            }
        }
        self.gate.fields.push(field);
    }

    fn unknown_type(&mut self, node: &Node, name: &str) {
        let near = nearest(name, FIELD_TYPES);
        let hint = near.map_or_else(
            || format!("the types are {}", FIELD_TYPES.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        self.faults
            .push(Fault::error(SHUT, self.place(node), format!("there is no type `{name}`")).with_hint(hint));
    }

    fn rules(&mut self, node: &Node) {
        if !matches!(node.tree, Tree::List(_) | Tree::Null) {
            return self.shut(self.place(node), "`cross_field_validation` has to be a list");
        }
        for item in node.items() {
            let message = item.get("error_message").and_then(Node::as_str).map(str::to_owned);
            let Some((source, at)) = item.get("expr").and_then(|node| Some((node.as_str()?, node))) else {
                let fault = Fault::error(
                    SHUT,
                    self.place(item),
                    "this rule is a Python lambda, and those are never run",
                );
                self.faults.push(
                    fault.with_hint(
                        "write the same as `expr:`, in CEL: `expr: \"tests_failed <= tests_total\"`",
                    ),
                );
                continue;
            };
            let condition = Condition { source: source.to_owned(), place: self.place(at) };
            if let Some(Err(error)) = condition::names_in(&[source]).pop() {
                self.faults.push(Fault::error(SHUT, condition.place.clone(), error.to_string()));
            }
            self.gate.rules.push(Rule { condition, message });
        }
    }

    fn place(&self, node: &Node) -> Place {
        shape::place(self.file, node)
    }

    fn shut(&mut self, place: Place, message: &str) {
        self.faults.push(Fault::error(SHUT, place, message));
    }

    fn lost(&mut self, key: &Key, name: &str) {
        let place = Place { file: self.file.to_owned(), line: key.line, column: key.column };
        self.faults.push(Fault::warning("not-carried-over", place, format!("`{name}` is not carried over")));
    }
}
