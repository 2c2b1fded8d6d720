//! What the texts and conditions of a workflow can speak of.

use super::evidence::Evidence;
use serde_json::{Map, Value};

/// The values behind `inputs`, `earlier` and `target`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// What the session was started with, defaults filled in: `inputs.issue`.
    pub inputs: Map<String, Value>,
    /// The evidence of the phases that have passed, the later ones over the earlier: `earlier.test_path`.
    pub earlier: Evidence,
    /// What the session works on: `target`.
    pub target: String,
}

impl Scope {
    /// The name of a gate's own evidence, in its rules.
    pub const EVIDENCE: &'static str = "evidence";

    /// The names that mean something in every text and condition, and so can't be fields.
    pub const NAMES: [&'static str; 4] = ["inputs", "earlier", "target", Self::EVIDENCE];

    /// The value of a name; [`Scope::EVIDENCE`] is the gate's own.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<Value> {
        match name {
            "inputs" => Some(Value::Object(self.inputs.clone())),
            "earlier" => Some(Value::Object(self.earlier.clone())),
            "target" => Some(Value::String(self.target.clone())),
            _ => None,
        }
    }
}
