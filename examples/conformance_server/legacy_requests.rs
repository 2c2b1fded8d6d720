//! Tools that talk to the client while they run.

use crate::{content, input_required::form_params};
#[expect(deprecated, reason = "the suite asks for what earlier revisions have")]
use rmcp::model::{
    CreateMessageRequestParams, LoggingLevel, LoggingMessageNotificationParam, SamplingMessage,
};
use rmcp::{
    ErrorData, RoleServer,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, ContentBlock,
        ProgressNotificationParam,
    },
    service::{RequestContext, ServiceError},
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

/// A moment: what is sent before and after it comes apart.
const MOMENT: Duration = Duration::from_millis(50);

/// Calls a tool.
pub(crate) async fn call(
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let argument = |name: &str| {
        let value = request.arguments.as_ref().and_then(|arguments| arguments.get(name));
        value.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let done = match request.name.as_ref() {
        "test_tool_with_logging" => log_three_times(context).await,
        "test_logging_tool" => log_if_asked(context).await,
        "test_tool_with_progress" => report_progress(context).await,
        "test_sampling" => sample(context, &argument("prompt")).await,
        "test_elicitation" => {
            let fields = json!({"username": {"type": "string"}, "email": {"type": "string"}});
            let schema = json!({"type": "object", "properties": fields, "required": ["username", "email"]});
            elicit(context, &argument("message"), schema).await
        }
        "test_elicitation_sep1034_defaults" => elicit(context, "Are these right?", with_defaults()).await,
        "test_elicitation_sep1330_enums" => elicit(context, "Which of these?", with_choices()).await,
        "test_reconnection" => {
            sleep(MOMENT * 2).await;
            Ok(content::text("still there"))
        }
        "test_missing_capability" => {
            let can = context.meta.client_capabilities().unwrap_or_default();
            if can.sampling.is_none() {
                return Err(ErrorData::missing_required_client_capability(sampling()));
            }
            Ok(content::text("this client can sample"))
        }
        other => return Err(ErrorData::invalid_params(format!("there is no tool {other}"), None)),
    };
    Ok(done.unwrap_or_else(|error| CallToolResult::error(vec![ContentBlock::text(error.to_string())])).into())
}

#[expect(deprecated, reason = "what is missing may be deprecated")]
fn sampling() -> ClientCapabilities {
    ClientCapabilities::builder().enable_sampling().build()
}

type Done = Result<CallToolResult, ServiceError>;

#[expect(deprecated, reason = "clients before 2026-07-28 are sent logs")]
async fn log_three_times(context: &RequestContext<RoleServer>) -> Done {
    for text in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
        let message = LoggingMessageNotificationParam::new(LoggingLevel::Info, json!(text));
        context.peer.notify_logging_message(message).await?;
        sleep(MOMENT).await;
    }
    Ok(content::text("logged"))
}

#[expect(deprecated, reason = "a request may still ask for logs")]
async fn log_if_asked(context: &RequestContext<RoleServer>) -> Done {
    if let Some(level) = context.meta.log_level() {
        let message = LoggingMessageNotificationParam::new(level, json!("as asked"));
        context.peer.notify_logging_message(message).await?;
    }
    Ok(content::text("done"))
}

async fn report_progress(context: &RequestContext<RoleServer>) -> Done {
    for done in [0.0, 50.0, 100.0] {
        if let Some(token) = context.meta.get_progress_token() {
            let progress = ProgressNotificationParam::new(token.clone(), done).with_total(100.0);
            context.peer.notify_progress(progress).await?;
        }
        sleep(MOMENT).await;
    }
    Ok(content::text("done"))
}

#[expect(deprecated, reason = "clients before 2026-07-28 are asked this way")]
async fn sample(context: &RequestContext<RoleServer>, prompt: &str) -> Done {
    let prompt = CreateMessageRequestParams::new(vec![SamplingMessage::user_text(prompt)], 100);
    let completed = context.peer.create_message(prompt).await?;
    let text = completed.message.content.first().and_then(|block| block.as_text());
    Ok(content::text(format!("LLM response: {}", text.map_or("none", |text| text.text.as_str()))))
}

async fn elicit(context: &RequestContext<RoleServer>, message: &str, schema: Value) -> Done {
    let answer = context.peer.create_elicitation(form_params(message, schema)).await?;
    let (action, said) = (json!(answer.action), json!(answer.content));
    Ok(content::text(format!("User response: action={action}, content={said}")))
}

fn with_defaults() -> Value {
    json!({"type": "object", "properties": {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": true},
    }})
}

fn with_choices() -> Value {
    let titled = |titles: [&str; 3]| -> Vec<Value> {
        let values = ["value1", "value2", "value3"];
        values.iter().zip(titles).map(|(value, title)| json!({"const": value, "title": title})).collect()
    };
    let plain = ["option1", "option2", "option3"];
    json!({"type": "object", "properties": {
        "untitledSingle": {"type": "string", "enum": plain},
        "titledSingle": {"type": "string", "oneOf": titled(["First", "Second", "Third"])},
        "legacyEnum": {
            "type": "string", "enum": ["opt1", "opt2", "opt3"], "enumNames": ["One", "Two", "Three"],
        },
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": plain}},
        "titledMulti": {"type": "array", "items": {"anyOf": titled(["First", "Second", "Third"])}},
    }})
}
