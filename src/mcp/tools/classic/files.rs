//! The tools that make and check the files.

use super::{
    edit,
    reply::{WHOLE, answer, call, finish, next_calls},
    task,
};
use crate::{
    document::{ProjectConfig, Role},
    engine::{Cause, changelog_sentence},
    mcp::{
        answer::{Answer, Refusal, Retry},
        arguments::Arguments,
        fence,
        open_project::{Desk, OpenProject},
        told,
        tools::Step,
    },
    runtime::{CONFIG_TEMPLATE, Edits, Error, STATE_TEMPLATE, TEMPLATES},
    text::{LineIndex, Severity},
};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Findings that one answer has; `rulemark check` has all of them.
const SHOWN: usize = 6;

/// `create_workflow_state_file_guidance`: makes the files of a project from templates, never over existing
/// ones, and begins with the task.
pub(in crate::mcp::tools) fn create_state_file(
    desk: &mut Desk,
    roots: &[PathBuf],
    arguments: &Arguments,
) -> Result<Step, Refusal> {
    let folder = folder(desk, roots)?;
    let mut did = Vec::new();
    match desk.project(roots).map(|open| open.project.workspace().state().to_owned()) {
        Ok(state) => {
            let made = STATE_TEMPLATE.create_at(&state)?;
            did.push(format!("{} {}", if made { "made" } else { "kept" }, name(&state)));
        }
        Err(_) => {
            for template in TEMPLATES {
                let made = template.create(&folder)?;
                did.push(format!("{} {}", if made { "made" } else { "kept" }, template.path));
            }
        }
    }
    let open = desk.project(roots)?;
    if let Some(task) = task(arguments) {
        let is_known = {
            let text = &open.look()?.documents.state.text;
            crate::document::WorkflowState::parse(text).items().matching(task).is_some()
        };
        if !is_known {
            did.extend(edit(open, "init", &mut |draft| draft.add_item(task))?);
        }
    }
    finish(open, did)
}

/// `create_project_config_guidance`
pub(in crate::mcp::tools) fn create_project_config(
    desk: &mut Desk,
    roots: &[PathBuf],
    _: &Arguments,
) -> Result<Step, Refusal> {
    let folder = folder(desk, roots)?;
    let project = desk.project(roots);
    let path = match &project {
        Ok(open) => open.project.workspace().config().to_owned(),
        Err(_) => folder.join(CONFIG_TEMPLATE.path),
    };
    let made = CONFIG_TEMPLATE.create_at(&path)?;
    let did = vec![format!("{} {}", if made { "made" } else { "kept" }, name(&path))];
    match project {
        Ok(open) => finish(open, did),
        Err(_) => {
            let task = json!({ "task_description": "Action: brief description" });
            let next = vec![call("create_workflow_state_file_guidance", task)];
            Ok(Step::Answer(Answer::default().with("did", did).with("next", next)))
        }
    }
}

fn folder(desk: &Desk, roots: &[PathBuf]) -> Result<PathBuf, Refusal> {
    let found = desk.folder(roots).map(Path::to_owned);
    found.ok_or_else(|| Refusal::new("the working directory can't be read", Retry::AfterFix))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// `check_project_config_guidance`: what stands in the config file, and what is missing.
pub(in crate::mcp::tools) fn check_project_config(
    open: &mut OpenProject,
    _: &Arguments,
    _: Vec<String>,
) -> Result<Step, Refusal> {
    let config = open.project.workspace().config().to_owned();
    let reading = open.look()?;
    let Some(text) = reading.documents.config.as_ref().map(|config| config.text.clone()) else {
        return Err(Refusal::new(format!("there is no {}", name(&config)), Retry::AfterFix)
            .because("commands and the changelog stand there")
            .fix("make it with `create_project_config_guidance`")
            .with("next", vec![call("create_project_config_guidance", json!({}))]));
    };
    let parsed = ProjectConfig::parse(&text);
    let mut did: Vec<String> = parsed
        .commands()
        .iter()
        .take(SHOWN)
        .map(|it| format!("command: {}", fence::span(&it.line)))
        .collect();
    if did.is_empty() {
        did.push("it names no commands: put them in a `sh` block under `## Test Commands`".into());
    }
    if parsed.outline().section(Role::Changelog).is_none() {
        did.push("it has no `## Changelog`; the first finished item makes one".into());
    }
    did.extend(
        parsed.review().iter().take(SHOWN).map(|it| format!("{}: {}", it.severity, fence::line(&it.message))),
    );
    Ok(Step::Answer(answer(reading, did, next_calls(reading))))
}

/// `validate_workflow_files_guidance`: what `rulemark check` finds.
pub(in crate::mcp::tools) fn validate_files(
    open: &mut OpenProject,
    _: &Arguments,
    _: Vec<String>,
) -> Result<Step, Refusal> {
    let settings = open.project.settings().clone();
    let reading = open.look()?;
    let found = reading.documents.review(&settings);
    let worth = found.iter().filter(|it| it.severity > Severity::Note);
    let mut did: Vec<String> = Vec::new();
    let mut bytes = 0;
    for it in worth.clone().take(SHOWN) {
        let document = reading.documents.get(it.document).unwrap_or(&reading.documents.state);
        let at = LineIndex::new(&document.text).line_column(it.span.start);
        let hint = it.hint.as_ref().map(|hint| format!(" ({})", fence::line(hint))).unwrap_or_default();
        let file = name(&document.path);
        let line =
            format!("{file}:{}:{}: {}: {}{hint}", at.line, at.column, it.severity, fence::line(&it.message));
        bytes += line.len();
        if bytes > WHOLE / 3 {
            break;
        }
        did.push(line);
    }
    let rest = worth.count() - did.len();
    if rest > 0 {
        did.push(format!("… {rest} more: `rulemark check`"));
    }
    if did.is_empty() {
        did.push("nothing is wrong in the two files".into());
    }
    Ok(Step::Answer(answer(reading, did, next_calls(reading))))
}

/// `changelog_update_guidance`: a line for the task in the config file's Changelog, unless its newest says
/// it already.
pub(in crate::mcp::tools) fn changelog_update(
    open: &mut OpenProject,
    arguments: &Arguments,
    _: Vec<String>,
) -> Result<Step, Refusal> {
    open.look_settled()?;
    let Some(task) = task(arguments) else {
        return Err(Refusal::new("`task_description` is empty", Retry::AfterFix)
            .fix("say what was done, in a sentence"));
    };
    let (sentence, today) = (changelog_sentence(task), open.project.now().date());
    let run = open.project.edit("changelog", Cause::FilesChanged, &mut |documents| {
        let missing = || Error::NoConfig(std::path::PathBuf::from(CONFIG_TEMPLATE.path));
        let config = ProjectConfig::parse(&documents.config.as_ref().ok_or_else(missing)?.text);
        let edits = match config.says_already(&sentence) {
            true => Vec::new(),
            false => config.add_change(today, &sentence, false),
        };
        Ok(Edits { config: edits, ..Edits::default() })
    })?;
    let is_new = run.config.as_ref().is_some_and(|patch| !patch.is_empty());
    let did = if is_new {
        format!("Changelog: {}", fence::span(&sentence))
    } else {
        "it stands there already".into()
    };
    let did = std::iter::once(did).chain(told::did(&run, open.project.settings())?).collect();
    finish(open, did)
}
