//! Judging a tree by a JSON Schema: everything that is wrong with it, each with its place.
//!
//! The schemas are those that schemars makes of our own Rust types, so only what those use is known here.
//! After a tree has passed, serde turns it into the type; that never fails but for a bug of ours.

use super::{
    fault::Fault,
    model::Place,
    tree::{Key, Node, SyntaxError, Tree},
};
use crate::text::nearest;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The Draft 7 schema of a type.
#[must_use]
pub fn schema_of<T: JsonSchema>() -> Value {
    SchemaSettings::draft07().into_generator().into_root_schema_for::<T>().to_value()
}

/// What to make of names that a type does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnknownNames {
    /// An error: our own forms, where it is a slip of the pen.
    Refused,
    /// A warning: others' forms, where it is something that we do not carry over.
    Lost,
}

/// Reads a tree as a `T`, with everything that is wrong with it; the value only when it can be made.
pub(super) fn decode<T: JsonSchema + DeserializeOwned>(
    node: &Node,
    file: &str,
    unknown: UnknownNames,
) -> (Option<T>, Vec<Fault>) {
    let schema = schema_of::<T>();
    let mut judge = Judge::new(&schema, file, unknown);
    judge.value(node, &schema, "");
    let mut faults = judge.faults;
    if faults.iter().any(Fault::is_error) {
        return (None, faults);
    }
    match serde_json::from_value(node.to_value()) {
        Ok(value) => (Some(value), faults),
        Err(error) => {
            faults.push(Fault::error("bad-value", place(file, node), error.to_string()));
            (None, faults)
        }
    }
}

/// Reads a tree in which nothing but names is wrong, as its author may have meant it: an unknown name as the
/// known one that it is near to, and without it where it is near to none. What else is wrong can be said then
/// too. `None` where the tree can't be read like that either.
pub(super) fn decode_as_meant<T: JsonSchema + DeserializeOwned>(
    node: &Node,
    file: &str,
) -> Option<(T, Node)> {
    let schema = schema_of::<T>();
    let mut judge = Judge::new(&schema, file, UnknownNames::Refused);
    judge.value(node, &schema, "");
    let meant = renamed(node, &judge.unknown_names);
    let (value, _) = decode(&meant, file, UnknownNames::Refused);
    Some((value?, meant))
}

/// The same tree with other names.
fn renamed(node: &Node, names: &[UnknownName]) -> Node {
    let tree = match &node.tree {
        Tree::Map(entries) => {
            let mut kept: Vec<(Key, Node)> = Vec::with_capacity(entries.len());
            for (key, value) in entries {
                let unknown = names.iter().find(|name| name.key == *key);
                let name = match unknown {
                    None => key.name.clone(),
                    Some(UnknownName { meant: Some(meant), .. }) => meant.clone(),
                    Some(UnknownName { meant: None, .. }) => continue,
                };
                // What stands there under its own name is what was meant by it.
                if unknown.is_none() || !entries.iter().any(|(key, _)| key.name == name) {
                    kept.push((Key { name, ..key.clone() }, renamed(value, names)));
                }
            }
            Tree::Map(kept)
        }
        Tree::List(items) => Tree::List(items.iter().map(|item| renamed(item, names)).collect()),
        other => other.clone(),
    };
    Node { tree, ..*node }
}

/// A syntax error as a fault.
pub(super) fn syntax_fault(code: &'static str, file: &str, form: &str, error: &SyntaxError) -> Fault {
    let place = Place { file: file.to_owned(), line: error.line, column: error.column };
    Fault::error(code, place, format!("this is no {form} that can be read: {}", error.message))
}

/// The place of a node in a file.
pub(super) fn place(file: &str, node: &Node) -> Place {
    Place { file: file.to_owned(), line: node.line, column: node.column }
}

struct Judge<'s> {
    root: &'s Value,
    file: &'s str,
    unknown: UnknownNames,
    faults: Vec<Fault>,
    unknown_names: Vec<UnknownName>,
}

/// A name that a type does not have.
struct UnknownName {
    key: Key,
    /// The name that is near to it.
    meant: Option<String>,
}

impl<'s> Judge<'s> {
    fn new(root: &'s Value, file: &'s str, unknown: UnknownNames) -> Self {
        Self { root, file, unknown, faults: Vec::new(), unknown_names: Vec::new() }
    }

    fn value(&mut self, node: &Node, schema: &'s Value, path: &str) {
        let schema = self.resolved(schema);
        if let Some(Value::Array(choices)) = schema.get("anyOf").or_else(|| schema.get("oneOf")) {
            return self.choice(node, choices, path);
        }
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.value(node, part, path);
        }
        if let Some(expected) = schema.get("type").filter(|expected| !has_type(node, expected)) {
            let expected = type_words(expected);
            return self.fault(
                node,
                "bad-type",
                format!("{} has to be {expected}, not {}", named(path), kind(node)),
            );
        }
        if let Some(fixed) = schema.get("const").filter(|fixed| **fixed != node.to_value()) {
            return self.fault(node, "bad-value", format!("{} has to be {fixed}", named(path)));
        }
        if let Some(Value::Array(allowed)) = schema.get("enum") {
            self.allowed(node, allowed, path);
        }
        match &node.tree {
            Tree::String(text) => self.text(node, text, schema, path),
            Tree::Number(number) => {
                let least = schema.get("minimum").and_then(Value::as_f64);
                let most = schema.get("maximum").and_then(Value::as_f64);
                let value = number.as_f64().unwrap_or_default();
                if least.is_some_and(|least| value < least) || most.is_some_and(|most| value > most) {
                    self.fault(node, "bad-value", format!("{} is out of range: {number}", named(path)));
                }
            }
            Tree::List(items) => self.list(node, items, schema, path),
            Tree::Map(entries) => self.map(node, entries, schema, path),
            Tree::Null | Tree::Bool(_) => {}
        }
    }

    fn resolved(&self, schema: &'s Value) -> &'s Value {
        let reference = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
        let target = reference.and_then(|pointer| self.root.pointer(pointer));
        target.map_or(schema, |target| self.resolved(target))
    }

    /// One of several: the first that fits, or else what is wrong by the one of the same type.
    fn choice(&mut self, node: &Node, choices: &'s [Value], path: &str) {
        let names = self.names_among(choices);
        if !names.is_empty() {
            let is_nothing = node.tree == Tree::Null
                && choices.iter().any(|choice| choice.get("type") == Some(&"null".into()));
            if !is_nothing {
                self.allowed(node, &names, path);
            }
            return;
        }
        let mut tries = choices.iter().map(|choice| {
            let mut judge = Judge::new(self.root, self.file, self.unknown);
            judge.value(node, choice, path);
            (choice, judge)
        });
        let mut failed = Vec::new();
        let fits = tries.find_map(|(choice, judge)| {
            if judge.faults.iter().any(Fault::is_error) {
                failed.push((choice, judge));
                None
            } else {
                Some(judge)
            }
        });
        if let Some(judge) = fits {
            return self.take(judge);
        }
        let of_its_type = failed.iter().position(|(choice, _)| {
            self.resolved(choice).get("type").is_some_and(|expected| has_type(node, expected))
        });
        match of_its_type {
            Some(at) => self.take(failed.swap_remove(at).1),
            None => {
                let words: Vec<String> = choices
                    .iter()
                    .filter_map(|choice| self.resolved(choice).get("type"))
                    .map(type_words)
                    .filter(|words| words != "nothing")
                    .collect();
                let message = format!("{} has to be {}, not {}", named(path), words.join(" or "), kind(node));
                self.fault(node, "bad-type", message);
            }
        }
    }

    fn take(&mut self, other: Self) {
        self.faults.extend(other.faults);
        self.unknown_names.extend(other.unknown_names);
    }

    /// The names of an enumeration, when the choice is one: each with its description, or all in a list.
    fn names_among(&self, choices: &'s [Value]) -> Vec<Value> {
        let mut names = Vec::new();
        for choice in choices {
            let choice = self.resolved(choice);
            match (choice.get("const"), choice.get("enum"), choice.get("oneOf")) {
                (Some(name), ..) => names.push(name.clone()),
                (None, Some(Value::Array(all)), _) => names.extend(all.iter().cloned()),
                (None, None, Some(Value::Array(inner))) => names.extend(self.names_among(inner)),
                _ if choice.get("type") == Some(&"null".into()) => {}
                _ => return Vec::new(),
            }
        }
        names
    }

    fn allowed(&mut self, node: &Node, allowed: &[Value], path: &str) {
        let value = node.to_value();
        if allowed.contains(&value) {
            return;
        }
        let words: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
        let near = value.as_str().and_then(|text| nearest(text, words.iter().copied()));
        let message = format!("{} can't be {value}; it is one of {}", named(path), words.join(", "));
        let fault = Fault::error("bad-value", place(self.file, node), message);
        self.faults.push(fault.with_optional_hint(near.map(|near| format!("did you mean `{near}`?"))));
    }

    fn text(&mut self, node: &Node, text: &str, schema: &Value, path: &str) {
        let length = text.chars().count() as u64;
        let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
        if let Some(least) = bound("minLength").filter(|least| length < *least) {
            let message = match length {
                0 => format!("{} must not be empty", named(path)),
                _ => format!("{} has to have at least {least} characters, not {length}", named(path)),
            };
            self.fault(node, "bad-value", message);
        }
        if let Some(most) = bound("maxLength").filter(|most| length > *most) {
            self.fault(
                node,
                "bad-value",
                format!("{} must not have more than {most} characters, and has {length}", named(path)),
            );
        }
        let Some(pattern) = schema.get("pattern").and_then(Value::as_str) else { return };
        if super::check::pattern(pattern).is_ok_and(|regex| !regex.is_match(text)) {
            let value = super::check::quoted(text);
            self.fault(
                node,
                "bad-value",
                format!("{} has to match `{pattern}`, and {value} does not", named(path)),
            );
        }
    }

    fn list(&mut self, node: &Node, items: &[Node], schema: &'s Value, path: &str) {
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        if (items.len() as u64) < least {
            self.fault(node, "bad-value", format!("{} has to have at least {least} items", named(path)));
        }
        if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
            let mut seen = std::collections::HashSet::new();
            for item in items.iter().filter(|item| !seen.insert(item.to_value().to_string())) {
                let value = item.to_value();
                self.fault(item, "duplicate-item", format!("{} has {value} twice", named(path)));
            }
        }
        let Some(of_item) = schema.get("items") else { return };
        for (at, item) in items.iter().enumerate() {
            self.value(item, of_item, &joined(path, &at.to_string()));
        }
    }

    fn map(&mut self, node: &Node, entries: &[(Key, Node)], schema: &'s Value, path: &str) {
        let properties = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        for (key, value) in entries {
            let property = properties.and_then(|properties| properties.get(&key.name));
            match (property, others) {
                (Some(property), _) => self.value(value, property, &joined(path, &key.name)),
                (None, Some(Value::Bool(false)) | None) if properties.is_some() => {
                    let known = properties.into_iter().flat_map(|properties| properties.keys());
                    self.unknown(key, known.map(String::as_str), path);
                }
                (None, Some(schema @ Value::Object(_))) => {
                    self.value(value, schema, &joined(path, &key.name));
                }
                (None, _) => {}
            }
        }
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        for name in required.filter_map(Value::as_str) {
            if !entries.iter().any(|(key, _)| key.name == name) {
                let message =
                    format!("{} lacks `{name}`", if path.is_empty() { "it".to_owned() } else { named(path) });
                self.fault(node, "missing-field", message);
            }
        }
    }

    fn unknown<'k>(&mut self, key: &Key, known: impl Iterator<Item = &'k str>, path: &str) {
        let place = Place { file: self.file.to_owned(), line: key.line, column: key.column };
        let name = joined(path, &key.name);
        self.faults.push(match self.unknown {
            UnknownNames::Refused => {
                let near = nearest(&key.name, known);
                self.unknown_names.push(UnknownName { key: key.clone(), meant: near.map(str::to_owned) });
                Fault::error("unknown-field", place, format!("there is no field `{name}`"))
                    .with_optional_hint(near.map(|near| format!("did you mean `{near}`?")))
            }
            UnknownNames::Lost => {
                Fault::warning("not-carried-over", place, format!("`{name}` is not carried over"))
            }
        });
    }

    fn fault(&mut self, node: &Node, code: &'static str, message: String) {
        self.faults.push(Fault::error(code, place(self.file, node), message));
    }
}

fn joined(path: &str, part: &str) -> String {
    if path.is_empty() { part.to_owned() } else { format!("{path}/{part}") }
}

fn named(path: &str) -> String {
    if path.is_empty() { "the document".to_owned() } else { format!("`{path}`") }
}

fn has_type(node: &Node, expected: &Value) -> bool {
    let fits = |expected: &str| match (&node.tree, expected) {
        (Tree::Null, "null")
        | (Tree::Bool(_), "boolean")
        | (Tree::Number(_), "number")
        | (Tree::String(_), "string")
        | (Tree::List(_), "array")
        | (Tree::Map(_), "object") => true,
        (Tree::Number(number), "integer") => number.is_i64() || number.is_u64(),
        _ => false,
    };
    match expected {
        Value::String(expected) => fits(expected),
        Value::Array(any) => any.iter().filter_map(Value::as_str).any(fits),
        _ => true,
    }
}

fn type_words(expected: &Value) -> String {
    let word = |name: &str| match name {
        "null" => "nothing",
        "boolean" => "true or false",
        "number" => "a number",
        "integer" => "an integer",
        "string" => "text",
        "array" => "a list",
        _ => "a map of names",
    };
    match expected {
        Value::Array(any) => {
            let names = any.iter().filter_map(Value::as_str).filter(|name| *name != "null");
            names.map(word).collect::<Vec<_>>().join(" or ")
        }
        other => word(other.as_str().unwrap_or_default()).to_owned(),
    }
}

fn kind(node: &Node) -> String {
    match &node.tree {
        Tree::Map(_) => "a map of names".to_owned(),
        _ => super::check::shown(&node.to_value()),
    }
}
