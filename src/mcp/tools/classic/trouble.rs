//! The tools for what goes wrong.

use super::{
    Stage, edit, enter,
    reply::{answer, call_when, current, finish},
    require_current,
};
use crate::mcp::{answer::Refusal, arguments::Arguments, open_project::OpenProject, tools::Step};
use crate::runtime::UnknownKey;
use serde_json::json;

/// `error_recovery_guidance`: the error goes to Log; how to go on is for the agent to choose.
pub(in crate::mcp::tools) fn error_recovery(
    open: &mut OpenProject,
    arguments: &Arguments,
    _: Vec<String>,
) -> Result<Step, Refusal> {
    require_current(open.look_settled()?, arguments)?;
    let error = arguments.text("error_details").unwrap_or("not described").to_owned();
    let mut did = edit(open, "error", &mut |draft| draft.log(&format!("ERROR: {error}")))?;
    did.insert(0, "wrote the error to Log".into());
    let reading = open.look()?;
    let task = current(&reading.guidance);
    let next = vec![
        call_when("construct_phase_guidance", json!({ "task_description": task }), "it is simply mended"),
        call_when(
            "blueprint_phase_guidance",
            json!({ "task_description": task, "requirements_summary": "<what the error changes>" }),
            "the plan has to change",
        ),
        call_when(
            "escalate_to_user_guidance",
            json!({ "task_description": task, "error_details": "<what the person has to know>" }),
            "only the person can help",
        ),
    ];
    Ok(Step::Answer(answer(reading, did, next)))
}

/// `fix_validation_issues_guidance`: back to building, with the issues in Log.
pub(in crate::mcp::tools) fn fix_validation_issues(
    open: &mut OpenProject,
    arguments: &Arguments,
    _: Vec<String>,
) -> Result<Step, Refusal> {
    require_current(open.look_settled()?, arguments)?;
    let issues = arguments.text("issues").map(|text| format!("Validation issues: {text}"));
    let did = enter(open, "fix validation issues", Stage::Construct, issues)?;
    finish(open, did)
}

/// `escalate_to_user_guidance`: work is blocked until the person says how it goes on.
pub(in crate::mcp::tools) fn escalate(
    open: &mut OpenProject,
    arguments: &Arguments,
    _: Vec<String>,
) -> Result<Step, Refusal> {
    require_current(open.look_settled()?, arguments)?;
    let error = arguments.text("error_details").unwrap_or("not described").to_owned();
    let mut did = edit(open, "escalate", &mut |draft| {
        draft.log(&format!("ESCALATED: {error}"))?;
        draft.set("Status", "BLOCKED", UnknownKey::Add)
    })?;
    did.splice(0..0, ["wrote it to Log".to_owned(), "Status = BLOCKED".to_owned()]);
    finish(open, did)
}
