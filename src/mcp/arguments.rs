//! The arguments of a call, checked against the tool's own schema.
//!
//! Schemas are written by hand and small; of JSON Schema they use `type`, `enum`, `properties`,
//! `required` and `items`, and that is what is checked here.

use super::answer::{Refusal, Retry};
use crate::text::nearest;
use rmcp::model::JsonObject;
use serde_json::Value;

/// Arguments that fit their schema.
#[derive(Clone, Debug, Default)]
pub(super) struct Arguments(JsonObject);

impl Arguments {
    /// Takes what a client sent. Whatever is null counts as not there.
    ///
    /// # Errors
    /// When something is missing, unknown, or of another type; all of it is told.
    pub(super) fn checked(given: Option<JsonObject>, schema: &JsonObject) -> Result<Self, Refusal> {
        let mut given = given.unwrap_or_default();
        given.retain(|_, value| !value.is_null());
        let mut flaws = Vec::new();
        object(&given, schema, "", &mut flaws);
        match flaws.is_empty() {
            true => Ok(Self(given)),
            false => Err(Refusal::new(flaws.join("; "), Retry::AfterFix)
                .because("the arguments do not fit the tool's schema; nothing was done")
                .fix(usage(schema))),
        }
    }

    /// Takes what a client sent, for a tool that looks at it itself.
    pub(super) fn unchecked(given: Option<JsonObject>) -> Self {
        Self(given.unwrap_or_default())
    }

    /// All of them.
    pub(super) fn all(&self) -> &JsonObject {
        &self.0
    }

    /// A text; one of nothing but white space counts as not there.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
    }

    /// A flag.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.0.get(name).and_then(Value::as_bool)
    }

    /// An object.
    pub(super) fn object(&self, name: &str) -> Option<&JsonObject> {
        self.0.get(name).and_then(Value::as_object)
    }

    /// Whether it was given, and has something to say.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| match value {
            Value::String(text) => !text.trim().is_empty(),
            Value::Array(list) => !list.is_empty(),
            Value::Object(object) => !object.is_empty(),
            _ => true,
        })
    }

    /// A list of texts.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let list = self.0.get(name).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// The same arguments and one more.
    pub(super) fn with(mut self, name: &str, text: &str) -> Self {
        self.0.insert(name.to_owned(), Value::from(text));
        self
    }

    /// Whether nothing was given.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a schema takes, in a line: `done: string, result: string`.
fn usage(schema: &JsonObject) -> String {
    let known = schema.get("properties").and_then(Value::as_object);
    let known = known.into_iter().flatten().map(|(name, schema)| match kind(schema) {
        Some(kind) => format!("{name}: {kind}"),
        None => name.clone(),
    });
    let known: Vec<String> = known.collect();
    if known.is_empty() {
        "call it without arguments".into()
    } else {
        format!("it takes {}", known.join(", "))
    }
}

fn kind(schema: &Value) -> Option<&str> {
    schema.get("type").and_then(Value::as_str)
}

fn object(given: &JsonObject, schema: &JsonObject, within: &str, flaws: &mut Vec<String>) {
    let known = schema.get("properties").and_then(Value::as_object);
    for (name, value) in given {
        match known.and_then(|known| known.get(name)) {
            Some(schema) => check(value, schema, &format!("{within}{name}"), flaws),
            None if known.is_none() => check(
                value,
                schema.get("additionalProperties").unwrap_or(&Value::Bool(true)),
                &format!("{within}{name}"),
                flaws,
            ),
            None => {
                let names = known.into_iter().flat_map(|known| known.keys()).map(String::as_str);
                let meant = nearest(name, names).map(|name| format!(" (did you mean `{name}`?)"));
                let shown: String = name.chars().take(64).collect();
                flaws.push(format!("`{within}{shown}` is not known{}", meant.unwrap_or_default()));
            }
        }
    }
    let required = schema.get("required").and_then(Value::as_array);
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        if !given.contains_key(name) {
            flaws.push(format!("`{within}{name}` is missing"));
        }
    }
}

fn check(value: &Value, schema: &Value, name: &str, flaws: &mut Vec<String>) {
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        if !choices.contains(value) {
            let choices: Vec<&str> = choices.iter().filter_map(Value::as_str).collect();
            flaws.push(format!("`{name}` is one of {}", choices.join(", ")));
        }
        return;
    }
    let fits = match kind(schema) {
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        _ => true,
    };
    if !fits {
        let expected = kind(schema).unwrap_or("something else");
        flaws.push(format!("`{name}` must be of type {expected}"));
    } else if let (Value::Object(value), Value::Object(schema)) = (value, schema) {
        object(value, schema, &format!("{name}."), flaws);
    } else if let (Value::Array(list), Some(schema)) = (value, schema.get("items")) {
        list.iter().enumerate().for_each(|(at, value)| check(value, schema, &format!("{name}[{at}]"), flaws));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rmcp::model::object;
    use serde_json::json;

    #[test]
    fn what_does_not_fit_is_told() {
        let schema = object(json!({
            "type": "object",
            "properties": {
                "done": { "type": "string" },
                "ok": { "type": "boolean" },
                "get": { "enum": ["items", "log"] },
                "set": { "type": "object", "additionalProperties": { "type": "string" } },
                "steps": { "type": "array", "items": { "type": "string" } },
            },
            "required": ["done"],
        }));
        let check = |given: Value, expected: &str| {
            let found = Arguments::checked(Some(object(given)), &schema);
            let found = match found {
                Ok(_) => String::new(),
                Err(refusal) => {
                    let told = refusal.into_error().data.unwrap();
                    assert_eq!(told["retry"], "after_fix");
                    told["what"].as_str().unwrap().to_owned()
                }
            };
            assert_eq!(found, expected);
        };
        check(json!({ "done": "x", "ok": true, "set": { "Phase": "P" }, "steps": ["a"] }), "");
        check(json!({ "done": "x", "ok": null }), "");
        check(json!({}), "`done` is missing");
        check(json!({ "done": 1 }), "`done` must be of type string");
        check(json!({ "dome": "x", "done": "x" }), "`dome` is not known (did you mean `done`?)");
        check(json!({ "done": "x", "get": "rules" }), "`get` is one of items, log");
        check(json!({ "done": "x", "set": { "Phase": 1 } }), "`set.Phase` must be of type string");
        check(json!({ "done": "x", "steps": ["a", 2] }), "`steps[1]` must be of type string");
        check(
            json!({ "ok": "yes", "set": [] }),
            "`ok` must be of type boolean; `set` must be of type object; `done` is missing",
        );
    }
}
