//! A batch of messages in one request, for sessions whose revision of the protocol has them: each message
//! is handled as a request of its own, and their answers come in one stream.

use super::{
    exchange::{Exchange, SESSION, Visited, text},
    refusal::{Answer, Refusal},
};
use crate::mcp::{
    batch::{self, Element},
    message::Unreadable,
};
use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::{
    Request, Response, StatusCode,
    body::{Body, Bytes, Frame},
    header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue},
    http::request::Parts,
};
use rmcp::{
    ErrorData, ServerHandler,
    model::{RequestId, ServerJsonRpcMessage},
};
use std::{
    collections::VecDeque,
    convert::Infallible,
    net::IpAddr,
    pin::Pin,
    task::{Context, Poll},
};

type AnswerBody = BoxBody<Bytes, Infallible>;

impl<H: ServerHandler> Exchange<H> {
    /// Answers a batch, which came from `address`.
    pub(super) async fn answer_batch(
        &self,
        head: &Parts,
        body: &Bytes,
        address: IpAddr,
    ) -> Result<Answer, Box<Refusal>> {
        let session = text(&head.headers, SESSION);
        if let Some(session) = session
            && !self.sessions.is_open(session).await
        {
            // What tells a client to begin a new one.
            let message = "there is no such session any more; begin one with `initialize`";
            return Err(Refusal::new(StatusCode::NOT_FOUND, message).into());
        }
        let revision = session.and_then(|session| self.sessions.revision(session));
        let elements =
            batch::read(body, revision.as_deref()).map_err(|error| Refusal::of_message(error, None))?;
        // The first has been counted with the request.
        elements.iter().skip(1).try_for_each(|_| self.take_rate(address))?;
        let mut answers = Answers::default();
        for element in elements {
            self.answer_element(head, element, &mut answers).await;
        }
        Ok(answers.into_answer())
    }

    async fn answer_element(&self, head: &Parts, element: Element<'_>, answers: &mut Answers) {
        let id = match element.message {
            Ok(_) => element.request().cloned(),
            Err(Unreadable::Dropped) => return,
            Err(Unreadable::Refused(error, id)) => {
                return answers.add(&ServerJsonRpcMessage::error(*error, id));
            }
        };
        let visit = match self.visit(head, element.text, id.clone()).await {
            Ok(visit) => visit,
            Err(error) => return answers.add(&ServerJsonRpcMessage::error(error, id)),
        };
        let single = Request::from_parts(head.clone(), Full::new(Bytes::copy_from_slice(element.text)));
        let answer = self.service.handle(single).await;
        let is_stream =
            text(answer.headers(), CONTENT_TYPE.as_str()).is_some_and(|kind| kind.contains("event-stream"));
        match (answer.status(), is_stream) {
            (StatusCode::ACCEPTED, _) => {}
            (_, true) => answers.streams.push_back(Visited { body: answer.into_body(), visit }),
            (status, false) => answers.add_refusal(status, answer.into_body(), id).await,
        }
    }
}

/// What is answered to the messages of one batch.
#[derive(Default)]
struct Answers {
    events: VecDeque<Bytes>,
    streams: VecDeque<Visited<AnswerBody>>,
}

impl Answers {
    fn add(&mut self, message: &ServerJsonRpcMessage) {
        // A message of strings and numbers has a JSON text.
        self.add_text(&serde_json::to_string(message).unwrap_or_default());
    }

    fn add_text(&mut self, json: &str) {
        self.events.push_back(Bytes::from(format!("data: {json}\n\n")));
    }

    /// Adds what a single message would have been refused with.
    async fn add_refusal(&mut self, status: StatusCode, body: AnswerBody, id: Option<RequestId>) {
        let Ok(body) = body.collect().await;
        let told = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        if serde_json::from_str::<ServerJsonRpcMessage>(&told).is_ok() {
            return self.add_text(told.trim());
        }
        tracing::debug!(%status, told, "a message of a batch was refused");
        self.add(&ServerJsonRpcMessage::error(ErrorData::invalid_request(told, None), id));
    }

    fn into_answer(self) -> Answer {
        if self.events.is_empty() && self.streams.is_empty() {
            let mut answer = Response::new(Full::new(Bytes::new()).boxed());
            *answer.status_mut() = StatusCode::ACCEPTED;
            return answer;
        }
        let mut answer = Response::new(self.boxed());
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        answer
    }
}

/// The events of all streams as they come; it ends with the last of them.
impl Body for Answers {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(event) = self.events.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(event))));
        }
        for _ in 0..self.streams.len() {
            let Some(mut stream) = self.streams.pop_front() else { break };
            match Pin::new(&mut stream).poll_frame(context) {
                Poll::Ready(None) => {}
                // It is asked again when all others were.
                frame => {
                    self.streams.push_back(stream);
                    if frame.is_ready() {
                        return frame;
                    }
                }
            }
        }
        if self.streams.is_empty() { Poll::Ready(None) } else { Poll::Pending }
    }
}
