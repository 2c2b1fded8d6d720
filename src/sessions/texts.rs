//! What a workflow takes from a specification.

use crate::{
    disk::{ReadError, read_text},
    runtime::Project,
    workflow::{Definition, tasks::TaskList},
};

/// How many warnings are told at the start of a session.
const TOLD: usize = 5;

/// The largest specification, in bytes.
const SPECIFICATION: u64 = 2 << 20;

/// The definition with the phases that come from the specification at `path`, a folder or its `tasks.md`; and
/// what to know before it is run. What is wrong is said in words.
pub(super) fn filled(
    project: &Project,
    definition: &Definition,
    path: &str,
) -> Result<(Definition, Vec<String>), String> {
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
    let spec = TaskList::read(&shown, &text);
    let filled = definition.with_spec(&spec).map_err(|faults| {
        let faults: Vec<String> = faults.iter().take(5).map(ToString::to_string).collect();
        format!("the specification can't be run: {}", faults.join("; "))
    })?;
    let mut warnings: Vec<String> =
        spec.open_gates().take(TOLD).map(|fault| format!("{}: {}", fault.place, fault.message)).collect();
    match spec.open_gates().count().saturating_sub(TOLD) {
        0 => {}
        more => warnings
            .push(format!("{more} more phases have none; `rulemark workflow check {shown}` lists them")),
    }
    Ok((filled, warnings))
}
