//! One request and its answer.

use super::{
    HttpLimits,
    access::Access,
    rates::Rates,
    refusal::{Answer, Refusal},
    sessions::{Sessions, Visit},
};
use crate::mcp::{
    Guarded, batch,
    message::{self, MessageIdScan, Unreadable},
};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::{
    HeaderMap, Method, Request, StatusCode,
    body::{Body, Bytes, Frame, SizeHint},
    header::CONTENT_TYPE,
    http::request::Parts,
};
use rmcp::{
    ErrorData, ServerHandler,
    model::RequestId,
    transport::{StreamableHttpService, streamable_http_server::session::local::LocalSessionManager},
};
use serde_json::Value;
use std::{
    error::Error,
    net::IpAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

/// Where the server is.
pub(super) const PATH: &str = "/mcp";

/// The header that names a session.
pub(super) const SESSION: &str = "mcp-session-id";

/// The header that names the protocol's revision.
const REVISION: &str = "mcp-protocol-version";

/// Bytes from which on a body is large.
pub(super) const LARGE: u64 = 256 << 10;

/// The first revision that has no sessions.
const STATELESS: &str = "2026-07-28";

/// All that it takes to answer requests.
pub(super) struct Exchange<H> {
    pub(super) access: Access,
    pub(super) rates: Rates,
    pub(super) sessions: Arc<Sessions>,
    pub(super) service: StreamableHttpService<Guarded<H>, LocalSessionManager>,
    /// One permit for each large body that is read at the moment.
    pub(super) large: Semaphore,
    pub(super) limits: HttpLimits,
}

impl<H: ServerHandler> Exchange<H> {
    /// Answers one request, which came from `address`.
    pub(super) async fn answer<B>(&self, request: Request<B>, address: IpAddr) -> Answer
    where
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        self.try_answer(request, address).await.unwrap_or_else(|refusal| Answer::from(*refusal))
    }

    async fn try_answer<B>(&self, request: Request<B>, address: IpAddr) -> Result<Answer, Box<Refusal>>
    where
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        self.admit(&request, address)?;
        let (head, body) = request.into_parts();
        // Until the handler has the message, it stands in memory twice.
        let _large = self.expect_room_for(&body).await?;
        let body = self.collect(body).await?;
        if batch::is_one(&body) && head.method == Method::POST {
            return self.answer_batch(&head, &body, address).await;
        }
        let id = MessageIdScan::of(&body).request().cloned();
        let visit = self.visit(&head, &body, id.clone()).await;
        let visit = visit.map_err(|error| Refusal::of_message(error, id))?;
        let is_new = text(&head.headers, SESSION).is_none();
        if is_new {
            self.make_room_for(&head.method, &head.headers).await?;
        }
        let is_json = text(&head.headers, CONTENT_TYPE.as_str()).is_some_and(|kind| kind.contains("json"));
        let is_delete = head.method == Method::DELETE;
        let mut answer = self.service.handle(Request::from_parts(head, Full::new(body.clone()))).await;
        if is_delete && answer.status() == StatusCode::ACCEPTED {
            // The session has ended; "accepted" makes clients warn that it may not.
            *answer.status_mut() = StatusCode::NO_CONTENT;
        }
        if answer.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE
            && is_json
            && let Err(Unreadable::Refused(error, id)) = message::read(&body)
        {
            return Err(Refusal::of_message(*error, id).into());
        }
        if is_new && answer.headers().contains_key(SESSION) {
            answer = self.note_agreed(answer).await;
        }
        Ok(answer.map(|body| Visited { body, visit }.boxed()))
    }

    /// Notes that the session which a request names is used by a message of it. There is none of a request
    /// that names no session.
    ///
    /// # Errors
    /// When the message is a request whose id is in use.
    pub(super) async fn visit(
        &self,
        head: &Parts,
        message: &[u8],
        id: Option<RequestId>,
    ) -> Result<Option<Visit>, ErrorData> {
        let Some(session) = text(&head.headers, SESSION) else { return Ok(None) };
        let visit = self.sessions.visit(session, id).await.map_err(|_in_use| {
            let error = "this id belongs to a request of this session that has no answer yet, or was cancelled; \
                         use each id once";
            ErrorData::invalid_request(error, None)
        })?;
        if let Some(cancelled) = message::cancelled(message) {
            self.sessions.cancel(session, &cancelled);
        }
        Ok(visit)
    }

    /// Notes what a new session has agreed on, which its first answer says.
    async fn note_agreed(&self, answer: Answer) -> Answer {
        let (head, body) = answer.into_parts();
        let Ok(body) = body.collect().await;
        let body = body.to_bytes();
        if let (Some(session), Some(revision)) = (text(&head.headers, SESSION), agreed(&body)) {
            self.sessions.agree(session, revision);
        }
        Answer::from_parts(head, Full::new(body).boxed())
    }

    /// Counts a message of an address.
    pub(super) fn take_rate(&self, address: IpAddr) -> Result<(), Box<Refusal>> {
        self.rates.take(address).map_err(|wait| {
            let message = "too many requests from this address; wait a little";
            Refusal::for_now(StatusCode::TOO_MANY_REQUESTS, wait, message).into()
        })
    }

    fn admit<B>(&self, request: &Request<B>, address: IpAddr) -> Result<(), Box<Refusal>> {
        self.take_rate(address)?;
        self.access.check(request.headers()).map_err(Refusal::from)?;
        if request.uri().path() != PATH {
            return Err(Refusal::new(
                StatusCode::NOT_FOUND,
                format!("nothing is here; the server is at {PATH}"),
            )
            .into());
        }
        Ok(())
    }

    /// Waits until a body may be read that is large, or does not say that it isn't: connections times the
    /// longest body is more than a machine has.
    async fn expect_room_for<B: Body>(&self, body: &B) -> Result<Option<SemaphorePermit<'_>>, Box<Refusal>> {
        if body.size_hint().upper().is_some_and(|most| most <= LARGE) {
            return Ok(None);
        }
        match timeout(self.limits.body_time, self.large.acquire()).await {
            Ok(permit) => Ok(permit.ok()),
            Err(_elapsed) => {
                let limit = self.limits.large_bodies;
                let message =
                    format!("{limit} requests of over {LARGE} bytes are being read; try again later");
                Err(Refusal::for_now(StatusCode::SERVICE_UNAVAILABLE, Duration::from_secs(5), message).into())
            }
        }
    }

    async fn collect<B>(&self, body: B) -> Result<Bytes, Box<Refusal>>
    where
        B: Body,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let HttpLimits { body: most, body_time, .. } = self.limits;
        match timeout(body_time, Limited::new(body, most).collect()).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("a request has at most {most} bytes here"),
            )
            .into()),
            Ok(Err(error)) => {
                Err(Refusal::new(StatusCode::BAD_REQUEST, format!("the request broke off: {error}")).into())
            }
            Err(_elapsed) => Err(Refusal::new(
                StatusCode::REQUEST_TIMEOUT,
                format!("the request was not complete after {} s", body_time.as_secs()),
            )
            .into()),
        }
    }

    /// Makes room for a session if this request may begin one.
    async fn make_room_for(&self, method: &Method, headers: &HeaderMap) -> Result<(), Box<Refusal>> {
        let is_stateless = text(headers, REVISION).is_some_and(|revision| revision >= STATELESS);
        if method != Method::POST || is_stateless {
            return Ok(());
        }
        self.sessions.make_room().await.map_err(|_full| {
            let limit = self.limits.sessions;
            let wait = Duration::from_secs(5);
            let message = format!("all {limit} sessions are in use; end one, or try again later");
            Refusal::for_now(StatusCode::SERVICE_UNAVAILABLE, wait, message).into()
        })
    }
}

/// The revision that the answer to `initialize` names; the answer may be the last event of a stream.
fn agreed(body: &[u8]) -> Option<String> {
    let body = std::str::from_utf8(body).ok()?;
    let event =
        body.lines().rev().find_map(|line| line.strip_prefix("data: {")).map(|rest| format!("{{{rest}"));
    let message: Value = serde_json::from_str(event.as_deref().unwrap_or(body)).ok()?;
    Some(message["result"]["protocolVersion"].as_str()?.to_owned())
}

pub(super) fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// A body that keeps its session in use until it is sent, or nobody takes it any more.
pub(super) struct Visited<B> {
    pub(super) body: B,
    pub(super) visit: Option<Visit>,
}

impl<B: Body + Unpin> Body for Visited<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if matches!(frame, Poll::Ready(None)) || frame.is_ready() && self.body.is_end_stream() {
            self.visit.iter_mut().for_each(Visit::answered);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
