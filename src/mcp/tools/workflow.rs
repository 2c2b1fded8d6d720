//! `workflow`: sessions, phase by phase. Its answers have a shape of their own, on the command line too.
//! Beside it the four tools of the Workflow Orchestration System, whose errors are the protocol's.

use super::Step;
use crate::{
    mcp::{
        answer::Refusal,
        arguments::Arguments,
        open_project::OpenProject,
        running::{After, Order},
    },
    sessions::{Advance, GateOrder, GateRuns, OrchestrationTool},
};
use rmcp::{
    ErrorData,
    model::{CallToolResult, ErrorCode},
};

pub(super) fn run(open: &mut OpenProject, arguments: &Arguments, _: Vec<String>) -> Result<Step, Refusal> {
    open.reload_settings()?;
    let reply = open.sessions.advance(&mut open.project, arguments.all(), None);
    Ok(step(reply))
}

/// The same call when the commands of its gate have ended.
pub(in crate::mcp) fn decide(open: &mut OpenProject, arguments: &Arguments, ran: &GateRuns) -> Step {
    step(open.sessions.advance(&mut open.project, arguments.all(), Some(ran)))
}

fn step(reply: Advance) -> Step {
    let answer = match reply {
        Advance::Answer(answer) => answer,
        Advance::Run(order) => {
            let GateOrder { commands, checks, claim } = *order;
            return Step::Run(Box::new(Order { commands, checks, after: After::Decide(claim) }));
        }
    };
    let is_error = answer.get("status").is_some_and(|status| status == "error");
    let answer = serde_json::Value::Object(answer);
    let result =
        if is_error { CallToolResult::structured_error(answer) } else { CallToolResult::structured(answer) };
    Step::Shaped(Box::new(result))
}

pub(super) fn list(open: &mut OpenProject, given: &Arguments, _: Vec<String>) -> Result<Step, Refusal> {
    orchestrate(open, given, OrchestrationTool::List)
}

pub(super) fn get(open: &mut OpenProject, given: &Arguments, _: Vec<String>) -> Result<Step, Refusal> {
    orchestrate(open, given, OrchestrationTool::Get)
}

pub(super) fn next(open: &mut OpenProject, given: &Arguments, _: Vec<String>) -> Result<Step, Refusal> {
    orchestrate(open, given, OrchestrationTool::Next)
}

pub(super) fn validate(open: &mut OpenProject, given: &Arguments, _: Vec<String>) -> Result<Step, Refusal> {
    orchestrate(open, given, OrchestrationTool::Validate)
}

fn orchestrate(open: &mut OpenProject, given: &Arguments, tool: OrchestrationTool) -> Result<Step, Refusal> {
    Ok(match open.sessions.orchestrate(&open.project, tool, given.all()) {
        Ok(answer) => Step::Shaped(Box::new(CallToolResult::structured(answer))),
        Err(error) => {
            let data = Some(error.data);
            Step::Failed(Box::new(ErrorData {
                code: ErrorCode(error.code),
                message: error.message.into(),
                data,
            }))
        }
    })
}
