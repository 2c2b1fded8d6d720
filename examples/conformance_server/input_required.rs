//! Tools that need something of the client first, and are called again with it (2026-07-28).

use crate::content;
#[expect(deprecated, reason = "the suite asks for sampling and roots")]
use rmcp::model::{CreateMessageRequest, CreateMessageRequestParams, ListRootsRequest, SamplingMessage};
use rmcp::{
    ErrorData, RoleServer,
    model::{
        CallToolRequestParams, CallToolResponse, ClientCapabilities, ElicitRequest, ElicitRequestParams,
        ElicitationSchema, InputRequest, InputRequests, InputRequiredResult, InputResponses,
        RequestStateCodec,
    },
    service::RequestContext,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is needed, by the key under which it comes back.
pub(crate) type Needs<const N: usize> = [(&'static str, InputRequest); N];

/// An answer that says what is needed, with the state that must come back with it.
pub(crate) fn need<const N: usize>(needs: Needs<N>, state: Option<String>) -> InputRequiredResult {
    let needs: InputRequests = needs.into_iter().map(|(key, request)| (key.to_owned(), request)).collect();
    InputRequiredResult::new(Some(needs), state)
}

/// A question with one field.
pub(crate) fn form(message: &str, field: &str, kind: &str) -> InputRequest {
    let schema = json!({"type": "object", "properties": {field: {"type": kind}}, "required": [field]});
    InputRequest::Elicitation(ElicitRequest::new(form_params(message, schema)))
}

/// A form with the fields of a schema.
pub(crate) fn form_params(message: &str, schema: Value) -> ElicitRequestParams {
    let requested_schema: ElicitationSchema = serde_json::from_value(schema).expect("a schema written here");
    ElicitRequestParams::FormElicitationParams { meta: None, message: message.to_owned(), requested_schema }
}

/// What came back under a key. What is no object is no answer, and is asked for again.
pub(crate) fn answer<'a>(answers: Option<&'a InputResponses>, key: &str) -> Option<&'a Value> {
    answers?.get(key).filter(|answer| answer.is_object())
}

#[expect(deprecated, reason = "the suite asks for sampling and roots")]
fn completion(prompt: &str) -> InputRequest {
    let messages = vec![SamplingMessage::user_text(prompt)];
    InputRequest::CreateMessage(CreateMessageRequest::new(CreateMessageRequestParams::new(messages, 100)))
}

#[expect(deprecated, reason = "the suite asks for sampling and roots")]
fn roots() -> InputRequest {
    InputRequest::ListRoots(ListRootsRequest::default())
}

fn name() -> InputRequest {
    form("What is your name?", "name", "string")
}

/// Calls one of these tools; none if it is another.
pub(crate) fn call(
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
    states: &RequestStateCodec,
) -> Option<Result<CallToolResponse, ErrorData>> {
    let answers = request.input_responses.as_ref();
    let once = |key: &'static str, ask: fn() -> InputRequest| match answer(answers, key) {
        Some(answer) => content::text(format!("got {answer}")).into(),
        None => CallToolResponse::from(need([(key, ask())], None)),
    };
    let called = match request.name.as_ref() {
        "test_input_required_result_elicitation" => Ok(once("user_name", name)),
        "test_input_required_result_sampling" => {
            Ok(once("capital_question", || completion("What is the capital of France?")))
        }
        "test_input_required_result_list_roots" => Ok(once("client_roots", roots)),
        "test_streaming_elicitation" => Ok(once("value", || form("Which value?", "value", "string"))),
        "test_input_required_result_request_state" | "test_input_required_result_tampered_state" => {
            confirmed(request, states)
        }
        "test_input_required_result_multiple_inputs" => all_of_three(request, states),
        "test_input_required_result_multi_round" => two_rounds(request, states),
        "test_input_required_result_capabilities" => {
            Ok(whatever_it_can(answers, &context.meta.client_capabilities().unwrap_or_default()))
        }
        _ => return None,
    };
    Some(called)
}

fn confirmed(
    request: &CallToolRequestParams,
    states: &RequestStateCodec,
) -> Result<CallToolResponse, ErrorData> {
    if stage(request, states)?.is_some() {
        return Ok(content::text("confirmed, state-ok").into());
    }
    let confirm = form("Go on?", "ok", "boolean");
    Ok(need([("confirm", confirm)], Some(sealed(states, "confirm")?)).into())
}

fn all_of_three(
    request: &CallToolRequestParams,
    states: &RequestStateCodec,
) -> Result<CallToolResponse, ErrorData> {
    let answers = request.input_responses.as_ref();
    let has_all = ["user_name", "greeting", "client_roots"].iter().all(|key| answer(answers, key).is_some());
    if stage(request, states)?.is_some() && has_all {
        return Ok(content::text("got all three").into());
    }
    let needs = [("user_name", name()), ("greeting", completion("Greet someone")), ("client_roots", roots())];
    Ok(need(needs, Some(sealed(states, "gather")?)).into())
}

fn two_rounds(
    request: &CallToolRequestParams,
    states: &RequestStateCodec,
) -> Result<CallToolResponse, ErrorData> {
    let (next, needs) = match stage(request, states)?.as_deref() {
        None => ("first", [("step1", name())]),
        Some("first") => ("second", [("step2", form("Which colour?", "color", "string"))]),
        Some(_) => return Ok(content::text("both rounds are done").into()),
    };
    Ok(need(needs, Some(sealed(states, next)?)).into())
}

fn whatever_it_can(answers: Option<&InputResponses>, can: &ClientCapabilities) -> CallToolResponse {
    if answers.is_some() {
        return content::text("got what there is").into();
    }
    let offers = [
        (can.elicitation.is_some(), "user_name", name()),
        (can.sampling.is_some(), "greeting", completion("Greet someone")),
        (can.roots.is_some(), "client_roots", roots()),
    ];
    let able = offers.into_iter().filter(|(can, ..)| *can);
    let needs: InputRequests = able.map(|(_, key, request)| (key.to_owned(), request)).collect();
    if needs.is_empty() {
        return content::text("this client can give nothing").into();
    }
    InputRequiredResult::new(Some(needs), None).into()
}

/// How far the caller has come, by the state it sent back.
fn stage(request: &CallToolRequestParams, states: &RequestStateCodec) -> Result<Option<String>, ErrorData> {
    let Some(state) = &request.request_state else { return Ok(None) };
    let forged = |_| ErrorData::invalid_params("this requestState is not of this server", None);
    let opened: BTreeMap<String, String> = states.open_json(state).map_err(forged)?;
    Ok(opened.get("stage").cloned())
}

fn sealed(states: &RequestStateCodec, stage: &str) -> Result<String, ErrorData> {
    let failed = |error: rmcp::model::RequestStateError| ErrorData::internal_error(error.to_string(), None);
    states.seal_json(&json!({"stage": stage})).map_err(failed)
}
