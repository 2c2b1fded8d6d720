//! What a workflow asks for, in words, and what it takes from a specification.

use crate::{
    disk::{ReadError, read_text},
    runtime::Project,
    workflow::{Definition, FieldCheck, Input, tasks::TaskList},
};
use serde_json::Value;

/// What must hold for a field, in words.
pub(super) fn check_in_words(check: &FieldCheck) -> Option<String> {
    check.message.clone()
}

/// What is wrong with the value of an input.
pub(super) fn input_fault(_: &Input, _: &Value) -> Option<String> {
    None
}

/// The largest specification, in bytes.
const SPECIFICATION: u64 = 2 << 20;

/// The definition with the phases that come from the specification at `path`, a folder or its `tasks.md`.
/// What is wrong is said in words.
pub(super) fn filled(project: &Project, definition: &Definition, path: &str) -> Result<Definition, String> {
    let root = project.workspace().root();
    let folder = root.join(path);
    let (file, shown) = match folder.is_dir() {
        true => (folder.join("tasks.md"), format!("{}/tasks.md", path.trim_end_matches('/'))),
        false => (folder, path.to_owned()),
    };
    let text = read_text(&file, root, SPECIFICATION).map_err(|error| match error {
        ReadError::Outside { .. } => format!("{shown} leads out of the workspace"),
        error => error.to_string(),
    })?;
    let text = text.ok_or_else(|| format!("there is no {shown}"))?;
    definition.with_spec(&TaskList::read(&shown, &text)).map_err(|faults| {
        let faults: Vec<String> = faults.iter().take(5).map(ToString::to_string).collect();
        format!("the specification can't be run: {}", faults.join("; "))
    })
}
