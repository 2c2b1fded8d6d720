//! The server on standard input and output, one JSON-RPC message a line.
//!
//! What rmcp's own transport leaves to chance is settled here:
//!
//! * A line that is no message, or too long for one, is answered with an error, under the request's own
//!   id where it can be found, and reading goes on. Of a line past the limit nothing is kept.
//! * A batch is taken apart, and answered as one, where the client's revision has batches (2025-03-26).
//! * A request whose id is in use, a second `initialize`, and more requests at once than the limit, are
//!   refused. Notifications and responses before the first request are dropped; rmcp would end.
//! * A client that does not read makes this stop reading, once enough is queued for it. If it then takes
//!   nothing for a while, the connection ends.
//! * The end of the input ends open subscriptions at once, gives running calls a few seconds to answer,
//!   and ends the server.

mod lines;
mod outbox;
mod streams;

pub use streams::{Input, Output, standard_streams};

use self::{
    lines::{Line, Lines},
    outbox::Outbox,
};
use super::{
    Guarded,
    batch::{self, Answers},
    message::{self, Unreadable},
};
use rmcp::{
    ErrorData, RoleServer, ServerHandler, ServiceExt as _,
    model::{
        ClientJsonRpcMessage, ClientNotification, ClientRequest, ProtocolVersion, RequestId,
        ServerJsonRpcMessage, ServerResult,
    },
    service::{QuitReason, ServerInitializeError},
    transport::Transport,
};
use std::{
    collections::{HashSet, VecDeque},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

/// How much a client may ask for, and how long it may take.
#[derive(Clone, Copy, Debug)]
pub struct StdioLimits {
    /// Bytes of one message.
    pub message: usize,
    /// Requests that are not answered yet.
    pub requests: usize,
    /// Bytes that wait for the client to read them, before nothing more is read from it.
    pub queue: usize,
    /// How long a client may take to read something before it is given up.
    pub patience: Duration,
    /// How long the last answers may take to be read after the input has ended.
    pub farewell: Duration,
}

impl Default for StdioLimits {
    fn default() -> Self {
        Self {
            // Evidence of 10 MB, twice as long where every second byte is a line end.
            message: 24 << 20,
            requests: 256,
            queue: 4 << 20,
            patience: Duration::from_secs(60),
            farewell: Duration::from_secs(2),
        }
    }
}

/// Serves a client until it goes away.
///
/// Standard input may be a stream that can only be read by blocking a thread. Shut the runtime down in
/// the background afterwards, or it waits for a line that nobody sends.
///
/// # Errors
/// When the handshake fails, which the client was told, or the server is stuck.
pub async fn serve<H, R, W>(handler: H, streams: (R, W), limits: StdioLimits) -> io::Result<()>
where
    H: ServerHandler,
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let transport = StdioTransport::new(streams.0, streams.1, limits);
    let outbox = transport.outbox.clone();
    let handler = Guarded::new(handler).until(transport.ended.clone());
    let result = match handler.serve(transport).await {
        Ok(running) => match running.waiting().await {
            Ok(QuitReason::JoinError(error)) | Err(error) => Err(io::Error::other(error)),
            Ok(_) => Ok(()),
        },
        Err(ServerInitializeError::ConnectionClosed(_)) => Ok(()),
        Err(error) => Err(io::Error::other(error)),
    };
    // A transport whose handshake failed is dropped, not closed.
    outbox.finish(limits.farewell).await;
    result
}

/// The transport of [`serve`], for rmcp.
#[derive(Debug)]
pub struct StdioTransport<R> {
    lines: Lines<R>,
    outbox: Outbox,
    requests: Arc<Mutex<Requests>>,
    /// What was agreed on by `initialize`.
    revision: Option<ProtocolVersion>,
    /// Messages of a batch that the server has not taken yet.
    taken: VecDeque<ClientJsonRpcMessage>,
    /// Batches that are not answered yet.
    batches: Vec<Answers>,
    limits: StdioLimits,
    has_begun: bool,
    is_initialized: bool,
    ended: CancellationToken,
}

impl<R: AsyncRead + Send + Unpin> StdioTransport<R> {
    /// A transport over any two streams.
    pub fn new<W>(input: R, output: W, limits: StdioLimits) -> Self
    where
        W: AsyncWrite + Send + Unpin + 'static,
    {
        Self {
            lines: Lines::new(input, limits.message),
            outbox: Outbox::new(output, limits.queue, limits.patience),
            requests: Arc::default(),
            revision: None,
            taken: VecDeque::new(),
            batches: Vec::new(),
            limits,
            has_begun: false,
            is_initialized: false,
            ended: CancellationToken::new(),
        }
    }

    /// The next line that the client sent while it also reads; an error once it does not.
    async fn next_line(&mut self) -> io::Result<Line> {
        let (outbox, lines) = (&self.outbox, &mut self.lines);
        tokio::select! {
            biased;
            () = outbox.closed() => Ok(Line::End),
            line = async { outbox.room().await?; lines.next().await } => line,
        }
    }

    /// What of a line is for the server; `None` when it was dealt with.
    fn admit(&mut self, line: Line) -> Option<ClientJsonRpcMessage> {
        match line {
            Line::Oversized(id) => self.refuse(too_long(self.limits.message), id),
            Line::Whole(line) if batch::is_one(&line) => {
                self.admit_batch(&line);
                return self.taken.pop_front();
            }
            Line::Whole(line) => match self.admit_message(message::read(&line)) {
                Ok(message) => return message,
                Err((error, id)) => self.refuse(*error, id),
            },
            Line::End => {}
        }
        None
    }

    /// Takes a batch apart, for `taken`.
    fn admit_batch(&mut self, line: &[u8]) {
        let elements = match batch::read(line, self.revision.as_ref().map(ProtocolVersion::as_str)) {
            Ok(elements) => elements,
            Err(error) => return self.refuse(error, None),
        };
        // Where a later message of the batch cancels an earlier one, it looks here.
        self.batches.push(Answers::default());
        for element in elements {
            let admitted = self.admit_message(element.message);
            let Some(answers) = self.batches.last_mut() else { return };
            match admitted {
                Ok(Some(message)) => {
                    if let ClientJsonRpcMessage::Request(request) = &message {
                        answers.expect(request.id.clone());
                    }
                    self.taken.push_back(message);
                }
                Ok(None) => {}
                Err((error, id)) => answers
                    .add(&ServerJsonRpcMessage::error(*error, id))
                    .unwrap_or_else(|error| tracing::debug!(%error, "a refusal without a text")),
            }
        }
        self.batches.last_mut().into_iter().for_each(Answers::end);
        self.send_complete();
    }

    /// Sends the answers of the batches that have all of theirs.
    fn send_complete(&mut self) {
        for answers in self.batches.extract_if(.., |answers| answers.are_complete()) {
            if let Some(text) = answers.text()
                && let Err(error) = self.outbox.push(&text)
            {
                tracing::debug!(%error, "could not answer a batch");
            }
        }
    }

    /// What of a message is for the server; `None` when nobody has to know that it came.
    ///
    /// # Errors
    /// With what is answered when it is refused, and to which request.
    fn admit_message(
        &mut self,
        message: Result<ClientJsonRpcMessage, Unreadable>,
    ) -> Result<Option<ClientJsonRpcMessage>, (Box<ErrorData>, Option<RequestId>)> {
        let message = match message {
            Ok(message) => message,
            Err(Unreadable::Refused(error, id)) => return Err((error, id)),
            Err(Unreadable::Dropped) => {
                tracing::debug!("dropped a notification that can't be read");
                return Ok(None);
            }
        };
        match &message {
            ClientJsonRpcMessage::Request(request) => {
                let admitted = self.admit_request(&request.id, &request.request);
                admitted.map_err(|error| (Box::new(error), Some(request.id.clone())))?;
                self.has_begun = true;
            }
            _ if !self.has_begun => {
                tracing::debug!("dropped what came before the first request");
                return Ok(None);
            }
            ClientJsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) = &notification.notification
                    && let Some(id) = &cancelled.params.request_id
                {
                    open(&self.requests).cancel(id, self.limits.requests);
                    self.batches.iter_mut().for_each(|answers| _ = answers.forget(id));
                    self.send_complete();
                }
            }
            ClientJsonRpcMessage::Response(_) | ClientJsonRpcMessage::Error(_) => {}
        }
        Ok(Some(message))
    }

    fn admit_request(&mut self, id: &RequestId, request: &ClientRequest) -> Result<(), ErrorData> {
        let mut requests = open(&self.requests);
        let limit = self.limits.requests;
        if requests.open.contains(id) || requests.cancelled.contains(id) {
            return Err(ErrorData::invalid_request(
                format!("the id {id} belongs to a request that has no answer yet; use each id once"),
                None,
            ));
        }
        if requests.open.len() >= limit {
            return Err(ErrorData::invalid_request(
                format!("{limit} requests have no answer yet, which is the limit; send this one again later"),
                None,
            ));
        }
        if matches!(request, ClientRequest::InitializeRequest(_)) {
            if self.is_initialized {
                return Err(ErrorData::invalid_request("this connection is initialized already", None));
            }
            self.is_initialized = true;
        }
        requests.open.insert(id.clone());
        Ok(())
    }

    fn refuse(&self, error: ErrorData, id: Option<RequestId>) {
        tracing::debug!(error = %error.message, "refused a message");
        self.queue(&ServerJsonRpcMessage::error(error, id)).unwrap_or_else(|error| {
            tracing::debug!(%error, "could not tell that a message is refused");
        });
    }

    fn queue(&self, message: &ServerJsonRpcMessage) -> io::Result<()> {
        self.outbox.push(&serde_json::to_vec(message)?)
    }

    /// Sends what the server says; an answer to a message of a batch once all others are there.
    fn say(&mut self, message: &ServerJsonRpcMessage) -> io::Result<()> {
        let answered = match message {
            ServerJsonRpcMessage::Response(response) => {
                if let ServerResult::InitializeResult(agreed) = &response.result {
                    self.revision = Some(agreed.protocol_version.clone());
                }
                Some(&response.id)
            }
            ServerJsonRpcMessage::Error(error) => error.id.as_ref(),
            ServerJsonRpcMessage::Request(_) | ServerJsonRpcMessage::Notification(_) => None,
        };
        if let Some(id) = answered {
            open(&self.requests).open.remove(id);
            if let Some(batch) = self.batches.iter_mut().find_map(|batch| batch.forget(id).then_some(batch)) {
                batch.add(message)?;
                self.send_complete();
                return Ok(());
            }
        }
        self.queue(message)
    }
}

impl<R: AsyncRead + Send + Unpin + 'static> Transport<RoleServer> for StdioTransport<R> {
    type Error = io::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let queued = self.say(&message);
        let outbox = self.outbox.clone();
        async move {
            queued?;
            // Whoever sends a lot waits for the client.
            outbox.room().await
        }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            if let Some(message) = self.taken.pop_front() {
                return Some(message);
            }
            match self.next_line().await {
                Ok(Line::End) => {}
                Ok(line) => match self.admit(line) {
                    Some(message) => return Some(message),
                    None => continue,
                },
                Err(error) => tracing::warn!(%error, "reading from the client failed"),
            }
            self.ended.cancel();
            return None;
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.ended.cancel();
        // What is still open has no answer any more.
        for text in self.batches.drain(..).filter_map(|answers| answers.text()) {
            self.outbox.push(&text)?;
        }
        self.outbox.finish(self.limits.farewell).await;
        Ok(())
    }
}

fn too_long(limit: usize) -> ErrorData {
    let error = format!("a message has at most {limit} bytes here; this one was longer and is dropped");
    ErrorData::invalid_request(error, None)
}

/// The requests that have no answer.
#[derive(Debug, Default)]
struct Requests {
    open: HashSet<RequestId>,
    /// The latest that were cancelled. Their handlers may still run, and rmcp would take what they
    /// return for the answer to another request with the same id.
    cancelled: VecDeque<RequestId>,
}

impl Requests {
    fn cancel(&mut self, id: &RequestId, limit: usize) {
        if self.open.remove(id) {
            self.cancelled.push_back(id.clone());
            if self.cancelled.len() > limit {
                self.cancelled.pop_front();
            }
        }
    }
}

/// The sets are whole between any two statements that hold the lock.
fn open(requests: &Mutex<Requests>) -> MutexGuard<'_, Requests> {
    requests.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
