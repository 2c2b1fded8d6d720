//! The tools that begin, complete and change items.

use super::{
    Stage, edit,
    phases::checked,
    reply::{answer, call, finish, next_calls},
    require_current, stage, task,
};
use crate::{
    document::WorkflowState,
    mcp::{
        answer::{Refusal, Retry},
        arguments::Arguments,
        fence,
        open_project::OpenProject,
        tools::Step,
    },
    rules,
    runtime::UnknownKey,
};
use serde_json::json;

/// `init_workflow_guidance`: the task becomes an item, unless it is one; with no item current, work on it
/// begins.
pub(in crate::mcp::tools) fn init(
    open: &mut OpenProject,
    arguments: &Arguments,
    _: Vec<String>,
) -> Result<Step, Refusal> {
    let Some(task) = task(arguments) else {
        return Err(Refusal::new("`task_description` is empty", Retry::AfterFix)
            .fix("say what is to be done, as in \"Action: brief description\""));
    };
    let mut added = false;
    let mut did = edit(open, "init", &mut |draft| {
        added = WorkflowState::parse(draft.text()).items().matching(task).is_none();
        if added { draft.add_item(task) } else { Ok(()) }
    })?;
    if added {
        did.insert(0, "added the item".into());
    }
    // Files without a rule that begins with the first item.
    let guidance = &open.look_settled()?.guidance;
    if guidance.item.is_none() && guidance.left > 0 {
        did.extend(begin(open, "begin")?);
    }
    finish(open, did)
}

/// Makes the next open item the current one, in the first phase.
fn begin(open: &mut OpenProject, label: &str) -> Result<Vec<String>, Refusal> {
    let mut begun = String::new();
    let mut did = edit(open, label, &mut |draft| {
        let (item, phase) = {
            let state = WorkflowState::parse(draft.text());
            let phase = Stage::Analyze.phase(&rules::compile_unreviewed(&state));
            let items = state.items();
            let open =
                items.rows().iter().find(|item| item.state == crate::document::ItemStatus::Unprocessed);
            (open.map(|item| item.description.clone()), phase)
        };
        let Some(item) = item else { return Ok(()) };
        draft.set("CurrentItem", &item, UnknownKey::Add)?;
        draft.set("Phase", &phase, UnknownKey::Add)?;
        draft.set("Status", "READY", UnknownKey::Add)?;
        begun = item;
        Ok(())
    })?;
    if !begun.is_empty() {
        did.insert(0, format!("began with {}", fence::span(&begun)));
    }
    Ok(did)
}

/// `complete_workflow_guidance`: the item is done, as far as its checks and gates let it be.
pub(in crate::mcp::tools) fn complete(
    open: &mut OpenProject,
    arguments: &Arguments,
    did: Vec<String>,
) -> Result<Step, Refusal> {
    let reading = open.look_settled()?;
    let is_behind = !matches!(stage(reading), None | Some(Stage::Validate));
    if !did.is_empty() && is_behind {
        // Green checks have closed the phase, and the rules have gone on.
        return finish(open, did);
    }
    require_current(reading, arguments)?;
    if is_behind {
        let phase = reading.guidance.phase.as_deref().map(fence::line).unwrap_or_default();
        return Err(Refusal::new(format!("phase {phase} is not the last one"), Retry::AfterFix)
            .because("an item is complete when it has been validated")
            .fix("go on with the calls in `next`")
            .with("next", next_calls(reading)));
    }
    if did.is_empty()
        && reading.guidance.checks.is_some()
        && let Some(step) = checked(open)
    {
        return Ok(step);
    }
    let mut completed = edit(open, "complete", &mut |draft| {
        let needs_mark = WorkflowState::parse(draft.text()).value("Phase").is_none();
        if needs_mark && WorkflowState::parse(draft.text()).value("CurrentItem").is_some() {
            draft.complete_item(None)?;
        }
        draft.set("Status", "COMPLETED", UnknownKey::Add)
    })?;
    completed.insert(0, "Status = COMPLETED".into());
    finish(open, did.into_iter().chain(completed).collect())
}

/// `iterate_next_item_guidance`: the next item, where no rule has moved on to it by itself.
pub(in crate::mcp::tools) fn iterate(
    open: &mut OpenProject,
    _: &Arguments,
    _: Vec<String>,
) -> Result<Step, Refusal> {
    let reading = open.look_settled()?;
    let guidance = &reading.guidance;
    let is = |status: &str| guidance.status.as_deref().is_some_and(|it| it.eq_ignore_ascii_case(status));
    if guidance.left == 0 {
        let next = vec![call("finalize_workflow_guidance", json!({}))];
        return Ok(Step::Answer(answer(reading, vec!["no item is left".into()], next)));
    }
    let is_begun = guidance.item.is_some() && !is("COMPLETED");
    if is_begun && stage(reading) != Some(Stage::Analyze) {
        return Err(Refusal::new("the current item is not completed", Retry::AfterFix)
            .because("items are worked on one after the other")
            .fix("go on with the calls in `next`")
            .with("next", next_calls(reading)));
    }
    let did = if is_begun {
        Vec::new()
    } else {
        let mut did = if guidance.item.is_some() {
            edit(open, "item done", &mut |draft| draft.complete_item(None))?
        } else {
            Vec::new()
        };
        did.extend(begin(open, "iterate")?);
        did
    };
    finish(open, did)
}

/// `finalize_workflow_guidance`: all items are done; the state is as before the first.
pub(in crate::mcp::tools) fn finalize(
    open: &mut OpenProject,
    _: &Arguments,
    _: Vec<String>,
) -> Result<Step, Refusal> {
    let reading = open.look_settled()?;
    if reading.guidance.left > 0 {
        let left = reading.guidance.left;
        return Err(Refusal::new(format!("{left} of the items are not done"), Retry::AfterFix)
            .because("the workflow is finished when all of them are")
            .fix("go on with the calls in `next`")
            .with("next", next_calls(reading)));
    }
    let mut did = edit(open, "finalize", &mut |draft| {
        draft.set("CurrentItem", "null", UnknownKey::Add)?;
        draft.set("Phase", "INIT", UnknownKey::Add)?;
        draft.set("Status", "READY", UnknownKey::Add)
    })?;
    did.insert(0, "Phase = INIT, Status = READY, CurrentItem = null".into());
    finish(open, did)
}
