//! Trying a hook: events that must be refused, and events that must not.

use super::protocol::{Moment, Protocol, Tool};
use serde_json::{Value, json};
use std::path::Path;

/// An event to try a hook with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// What the agent would be about to do.
    pub act: &'static str,
    /// The event, as the agent sends it.
    pub event: String,
    /// Whether it must be refused.
    pub is_forbidden: bool,
}

impl Protocol {
    /// For every gate an act that is forbidden in every phase and one that is allowed in every one, in the
    /// project in `root`. Nothing is done by them.
    #[must_use]
    pub fn trials(&self, root: &Path) -> Vec<Trial> {
        let folder = root.to_string_lossy();
        let reserved = root.join("rulemark.toml");
        let free = root.parent().unwrap_or(root).join("rulemark-trial.txt");
        let tool = |wanted| self.tools.iter().find(|(_, tool)| *tool == wanted).map(|(name, _)| *name);
        let mut trials = Vec::new();
        for row in self.events {
            let mut add = |act, is_forbidden, more: Value| {
                let mut event = json!({ "hook_event_name": row.name });
                for (pointer, value) in [
                    (self.fields.session, "trial"),
                    (self.fields.folder, &*folder),
                    (self.fields.root, &*folder),
                ] {
                    set(&mut event, pointer, value);
                }
                if let (Value::Object(event), Value::Object(more)) = (&mut event, more) {
                    event.extend(more);
                }
                trials.push(Trial { act, event: event.to_string(), is_forbidden });
            };
            match row.moment {
                Moment::BeforeTool => {
                    for (act, is_forbidden, path) in
                        [("an edit of the settings", true, &reserved), ("an edit outside", false, &free)]
                    {
                        let input = json!({ "file_path": path.to_string_lossy(), "content": "" });
                        add(act, is_forbidden, json!({ "tool_name": tool(Tool::Edit), "tool_input": input }));
                    }
                }
                Moment::BeforeCommand => {
                    for (act, is_forbidden, command) in [
                        ("a redirection to the settings", true, "echo > rulemark.toml"),
                        ("`ls`", false, "ls"),
                    ] {
                        add(act, is_forbidden, json!({ "command": command }));
                    }
                }
                _ => {}
            }
        }
        trials
    }

    /// Whether an answer keeps the agent from what it is about to do.
    #[must_use]
    pub fn is_refusal(&self, answer: &[u8]) -> bool {
        let Ok(answer) = serde_json::from_slice::<Value>(answer) else { return false };
        let decision =
            answer.pointer("/hookSpecificOutput/permissionDecision").or_else(|| answer.get("permission"));
        decision.and_then(Value::as_str) == Some("deny")
    }
}

/// Sets what a pointer of one or two parts leads to; the second part is the first of a list.
fn set(event: &mut Value, pointer: &str, value: &str) {
    let mut parts = pointer.split('/').skip(1);
    let Some(name) = parts.next() else { return };
    event[name] = if parts.next().is_some() { json!([value]) } else { json!(value) };
}
