//! Tools that go on as tasks for clients that have them (the tasks extension).

use crate::{
    content,
    input_required::{answer, form, need},
};
use rmcp::{
    ErrorData, RoleServer,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, ContentBlock,
        CreateTaskResult,
    },
    service::RequestContext,
    task_manager::{TaskContext, TaskExit, TaskManager, TaskOptions},
};
use serde_json::Value;
use std::{pin::Pin, time::Duration};
use tokio::time::sleep;

/// What becomes of a task.
type Outcome = Result<CallToolResult, TaskExit>;

/// A task at work.
type Work = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Whether a tool can or must be a task.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Call,
    Either,
    Task,
}

const TOOLS: [(&str, Form); 7] = [
    ("greet", Form::Call),
    ("slow_compute", Form::Either),
    ("protocol_error_job", Form::Either),
    ("failing_job", Form::Task),
    ("confirm_delete", Form::Task),
    ("multi_input", Form::Task),
    ("test_tool_with_task", Form::Task),
];

fn form_of(tool: &str) -> Option<Form> {
    TOOLS.iter().find(|(name, _)| *name == tool).map(|(_, form)| *form)
}

/// Whether this is one of these tools.
pub(crate) fn is_one(tool: &str) -> bool {
    form_of(tool).is_some()
}

/// Calls one of these tools.
pub(crate) async fn call(
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
    tasks: &TaskManager,
) -> Result<CallToolResponse, ErrorData> {
    let has_tasks = context.client_capabilities().is_some_and(|can| can.supports_tasks());
    let form_of_tool = form_of(&request.name);
    if form_of_tool == Some(Form::Task) && !has_tasks {
        let needed = ClientCapabilities::builder().enable_tasks().build();
        return Err(ErrorData::missing_required_client_capability(needed));
    }
    let known = answer(request.input_responses.as_ref(), "user_name");
    if request.name == "test_tool_with_task" && known.is_none() {
        return Ok(need([("user_name", form("What is your name?", "name", "string"))], None).into());
    }
    let job = Job { tool: request.name.to_string(), said: said(request, known) };
    if !has_tasks || form_of_tool == Some(Form::Call) {
        return job.finish().await.map(Into::into);
    }
    let task = tasks.spawn(TaskOptions::default(), move |context| Box::pin(job.run(context)) as Work);
    Ok(CreateTaskResult::new(task).into())
}

fn said(request: &CallToolRequestParams, known: Option<&Value>) -> Value {
    match known {
        Some(answer) => answer["content"].clone(),
        None => Value::Object(request.arguments.clone().unwrap_or_default()),
    }
}

/// What a tool was asked to do.
struct Job {
    tool: String,
    said: Value,
}

impl Job {
    /// Does it as a task, which may ask and be cancelled.
    async fn run(self, context: TaskContext) -> Outcome {
        let value = |question: &str| form(question, "value", "string");
        match self.tool.as_str() {
            "confirm_delete" => {
                let question = format!("Delete {}?", self.said["filename"]);
                let answer = context.request_input("confirm", form(&question, "confirm", "boolean")).await?;
                Ok(content::text(format!("confirmed: {}", answer["content"]["confirm"])))
            }
            "multi_input" => {
                let (first, second) = tokio::join!(
                    context.request_input("input-a", value("The first?")),
                    context.request_input("input-b", value("The second?")),
                );
                let (first, second) = (first?, second?);
                Ok(content::text(format!("{} {}", first["content"]["value"], second["content"]["value"])))
            }
            _ => tokio::select! {
                () = context.cancelled() => Err(TaskExit::Cancelled),
                done = self.finish() => done.map_err(TaskExit::Error),
            },
        }
    }

    /// Does it in one go.
    async fn finish(&self) -> Result<CallToolResult, ErrorData> {
        let name = self.said["name"].as_str().unwrap_or("friend");
        match self.tool.as_str() {
            "greet" => Ok(content::text(format!("Hello, {name}!"))),
            "slow_compute" => {
                let seconds = self.said["seconds"].as_f64().unwrap_or(1.0).clamp(0.0, 60.0);
                sleep(Duration::from_secs_f64(seconds)).await;
                Ok(content::text(format!("{} is done", self.said["label"])))
            }
            "failing_job" => {
                sleep(Duration::from_millis(500)).await;
                Ok(CallToolResult::error(vec![ContentBlock::text("it failed, as it should")]))
            }
            "protocol_error_job" => {
                sleep(Duration::from_millis(200)).await;
                Err(ErrorData::internal_error("it failed, as it should", None))
            }
            _ => {
                sleep(Duration::from_millis(200)).await;
                Ok(content::text(format!("Hello, {name}! (later)")))
            }
        }
    }
}
