//! What is answered to a request that never reaches the handler.

use super::access::Denied;
use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::{
    Response, StatusCode,
    body::Bytes,
    header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE},
};
use rmcp::{
    ErrorData,
    model::{RequestId, ServerJsonRpcMessage},
};
use std::{convert::Infallible, time::Duration};

/// What a server answers with.
pub(super) type Answer = Response<BoxBody<Bytes, Infallible>>;

/// A refusal: its status, and why, for whoever has to mend it.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: ErrorData,
    id: Option<RequestId>,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Refusal {
    /// A refusal that says what is wrong and what to do.
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, error: ErrorData::invalid_request(message.into(), None), id: None, header: None }
    }

    /// A refusal of what the body says.
    pub(super) fn of_message(error: ErrorData, id: Option<RequestId>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, id, header: None }
    }

    /// A refusal that passes with time.
    pub(super) fn for_now(status: StatusCode, wait: Duration, message: impl Into<String>) -> Self {
        let seconds = wait.as_secs_f64().ceil().max(1.0);
        let header = HeaderValue::from_str(&seconds.to_string()).ok().map(|value| (RETRY_AFTER, value));
        Self { header, ..Self::new(status, message) }
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Host(host) => Self::new(
                StatusCode::FORBIDDEN,
                format!("this server is not called {host:?}; allow the name with --allow-host if it is"),
            ),
            Denied::Origin(origin) => Self::new(
                StatusCode::FORBIDDEN,
                format!(
                    "pages of {origin:?} may not use this server; allow them with --allow-origin if they may"
                ),
            ),
            Denied::Token => Self {
                header: Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"mcp\""))),
                ..Self::new(
                    StatusCode::UNAUTHORIZED,
                    "this server wants its token, as `Authorization: Bearer …`; whoever started it has it",
                )
            },
        }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        tracing::debug!(status = %refusal.status, why = %refusal.error.message, "refused a request");
        let message = ServerJsonRpcMessage::error(refusal.error, refusal.id);
        // A message of strings and numbers has a JSON text.
        let text = serde_json::to_vec(&message).unwrap_or_default();
        let mut answer = Response::new(Full::new(Bytes::from(text)).boxed());
        *answer.status_mut() = refusal.status;
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        answer.headers_mut().extend(refusal.header);
        answer
    }
}
