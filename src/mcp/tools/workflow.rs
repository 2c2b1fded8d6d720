//! `workflow`: sessions, phase by phase. Its answers have a shape of their own, on the command line too.

use super::Step;
use crate::mcp::{answer::Refusal, arguments::Arguments, open_project::OpenProject};
use rmcp::model::CallToolResult;

pub(super) fn run(open: &mut OpenProject, arguments: &Arguments, _: Vec<String>) -> Result<Step, Refusal> {
    open.reload_settings()?;
    let answer = open.sessions.call(&mut open.project, arguments.all());
    let is_error = answer.get("status").is_some_and(|status| status == "error");
    let answer = serde_json::Value::Object(answer);
    let result =
        if is_error { CallToolResult::structured_error(answer) } else { CallToolResult::structured(answer) };
    Ok(Step::Shaped(Box::new(result)))
}
