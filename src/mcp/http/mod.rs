//! The server on HTTP: `POST`, `GET` and `DELETE` of `/mcp`, as the protocol's "streamable HTTP".
//!
//! rmcp speaks it. What stands around it here, from the outside in:
//!
//! * `connection`: HTTP/1.1 over one TCP stream. Limits on the request's head and on the time it takes,
//!   which is also how long an unused connection stays open; a client that does not read is cut off.
//! * `exchange`: one request: how often its address may ask (`rates`), the name and the page it comes by
//!   and the token (`access`), the length of its body and the time that takes.
//! * `batch`: a request that holds several messages.
//! * `sessions`: of clients before 2026-07-28: how many, and until when one that nobody uses is kept.
//!
//! Whatever is refused is answered with a status and a JSON-RPC error that says what to do (`refusal`).

mod access;
mod batch;
mod connection;
mod exchange;
mod rates;
mod refusal;
mod sessions;

pub use access::{Token, TokenError};

use self::{access::Access, exchange::Exchange, rates::Rates, sessions::Sessions};
use super::Guarded;
use rmcp::{
    ServerHandler,
    transport::{
        StreamableHttpServerConfig, StreamableHttpService,
        streamable_http_server::session::local::{LocalSessionManager, SessionConfig},
    },
};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::{interval, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// How much clients may ask for, and how long they may take.
#[derive(Clone, Copy, Debug)]
pub struct HttpLimits {
    /// Connections at once.
    pub connections: usize,
    /// Sessions at once; the one that was not used for longest makes room for another.
    pub sessions: usize,
    /// How long a session is kept that has no open request or stream.
    pub session_idle: Duration,
    /// Bytes of a request's body.
    pub body: usize,
    /// Bodies of over 256 KiB that are read at once; others wait.
    pub large_bodies: usize,
    /// Bytes of a request's head; at least 8 KiB.
    pub head: usize,
    /// Headers of a request.
    pub headers: usize,
    /// How long a request's head may take, counted from when the connection is free for it.
    pub head_time: Duration,
    /// How long a request's body may take.
    pub body_time: Duration,
    /// How long a client may take to read something before it is cut off.
    pub write_time: Duration,
    /// Requests of one address each second, in the long run.
    pub rate: u32,
    /// Requests of one address at once.
    pub burst: u32,
    /// How long open requests may go on once the server is asked to end.
    pub farewell: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connections: 512,
            sessions: 256,
            session_idle: Duration::from_secs(30 * 60),
            // As long as a message on standard input.
            body: 24 << 20,
            large_bodies: 4,
            head: 16 << 10,
            headers: 64,
            head_time: Duration::from_secs(30),
            body_time: Duration::from_secs(30),
            write_time: Duration::from_secs(60),
            rate: 1_000,
            burst: 10_000,
            farewell: Duration::from_secs(2),
        }
    }
}

/// Where to listen, and to whom.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// The address and port; port 0 is any that is free.
    pub address: SocketAddr,
    /// What every request must carry. Needed for addresses that others can reach.
    pub token: Option<Token>,
    /// Names of this server beside `localhost` and addresses, with or without a port.
    pub hosts: Vec<String>,
    /// Origins beside this server's own whose pages may use it, as `scheme://host[:port]`.
    pub origins: Vec<String>,
    /// How much clients may ask for.
    pub limits: HttpLimits,
}

impl HttpOptions {
    /// The usual limits at an address, without a token.
    pub fn new(address: SocketAddr) -> Self {
        Self { address, token: None, hosts: Vec::new(), origins: Vec::new(), limits: HttpLimits::default() }
    }
}

/// Why the server can't begin.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address is not `HOST:PORT`.
    #[error(
        "`{0}` is no address to listen at: give a port, as in `8080`, or an IP address and a port, as in `127.0.0.1:8080`"
    )]
    Address(String),
    /// Others could connect, and nothing would tell them from the person who started it.
    #[error("{0} can be reached by others, so requests need a token, and none is set")]
    NoToken(SocketAddr),
    /// The system does not let it listen there.
    #[error("can't listen at {0}")]
    Listen(SocketAddr, #[source] io::Error),
}

/// Reads an address to listen at: a port of this machine, `localhost:PORT`, or `IP:PORT`.
///
/// # Errors
/// When it is none of these.
pub fn parse_address(text: &str) -> Result<SocketAddr, HttpError> {
    let local = |port: &str| Some(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port.parse().ok()?));
    let named = text.strip_prefix("localhost:").or_else(|| text.strip_prefix(':')).unwrap_or(text);
    local(named).or_else(|| text.parse().ok()).ok_or_else(|| HttpError::Address(text.to_owned()))
}

/// A server that listens, and answers once it is told to serve.
#[derive(Debug)]
pub struct HttpServer {
    listener: TcpListener,
    options: HttpOptions,
}

impl HttpServer {
    /// Begins to listen.
    ///
    /// # Errors
    /// When others could connect without a token, or the system refuses.
    pub async fn bind(options: HttpOptions) -> Result<Self, HttpError> {
        let address = options.address;
        if !address.ip().is_loopback() && options.token.is_none() {
            return Err(HttpError::NoToken(address));
        }
        let listener = TcpListener::bind(address).await.map_err(|error| HttpError::Listen(address, error))?;
        Ok(Self { listener, options })
    }

    /// Where clients connect to.
    ///
    /// # Errors
    /// When the system does not say which port it chose.
    pub fn url(&self) -> io::Result<String> {
        Ok(format!("http://{}{}", self.listener.local_addr()?, exchange::PATH))
    }

    /// Serves until `shutdown` is cancelled; open requests then have a little time to be answered.
    ///
    /// `handler` makes one for each session of a client before 2026-07-28, and one for each request of
    /// a later one.
    pub async fn serve<H: ServerHandler>(
        self,
        handler: impl Fn() -> H + Send + Sync + 'static,
        shutdown: CancellationToken,
    ) {
        let limits = self.options.limits;
        let exchange = Arc::new(exchange(self.options, handler, &shutdown));
        let places = Arc::new(Semaphore::new(limits.connections));
        let mut connections = JoinSet::new();
        let mut expiry = interval((limits.session_idle / 4).max(Duration::from_millis(10)));
        loop {
            let (stream, peer) = tokio::select! {
                () = shutdown.cancelled() => break,
                _ = expiry.tick() => {
                    exchange.sessions.expire().await;
                    continue;
                }
                Some(_ended) = connections.join_next() => continue,
                accepted = self.listener.accept() => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        // Out of file descriptors: some come free when connections end.
                        tracing::warn!(%error, "could not accept a connection");
                        sleep(Duration::from_millis(50)).await;
                        continue;
                    }
                },
            };
            let Ok(place) = places.clone().try_acquire_owned() else {
                turn_away(&stream);
                continue;
            };
            // Answers are small and awaited: waiting for more to send costs 40 ms.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection without TCP_NODELAY");
            }
            let served = connection::serve(stream, peer.ip(), exchange.clone(), shutdown.clone());
            connections.spawn(async move {
                served.await;
                drop(place);
            });
        }
        let farewell = async { while connections.join_next().await.is_some() {} };
        if timeout(limits.farewell, farewell).await.is_err() {
            tracing::debug!("ended with requests unanswered");
        }
    }
}

fn exchange<H: ServerHandler>(
    options: HttpOptions,
    handler: impl Fn() -> H + Send + Sync + 'static,
    shutdown: &CancellationToken,
) -> Exchange<H> {
    let limits = options.limits;
    let manager = Arc::new(session_manager());
    // Names and origins are checked before a body is read, by `access`.
    let config = StreamableHttpServerConfig::default()
        .disable_allowed_hosts()
        .with_json_response(true)
        .with_max_request_body_bytes(limits.body)
        .with_cancellation_token(shutdown.child_token());
    let ended = shutdown.clone();
    let service = StreamableHttpService::new(
        move || Ok(Guarded::new(handler()).until(ended.clone())),
        manager.clone(),
        config,
    );
    Exchange {
        access: Access {
            is_loopback: options.address.ip().is_loopback(),
            token: options.token,
            hosts: options.hosts,
            origins: options.origins,
        },
        rates: Rates::new(limits.rate, limits.burst),
        large: Semaphore::new(limits.large_bodies),
        sessions: Arc::new(Sessions::new(manager, limits.sessions, limits.session_idle)),
        service,
        limits,
    }
}

/// Without rmcp's own time limit: it ends sessions although a stream is open in them.
fn session_manager() -> LocalSessionManager {
    let mut config = SessionConfig::default();
    config.keep_alive = None;
    let mut manager = LocalSessionManager::default();
    manager.session_config = config;
    manager
}

/// Says that there is no place, if that can be done without waiting.
fn turn_away(stream: &TcpStream) {
    const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\n\
        content-type: text/plain\r\ncontent-length: 45\r\n\r\ntoo many connections; close some or try later";
    if let Err(error) = stream.try_write(FULL) {
        tracing::debug!(%error, "could not tell a client that there is no place");
    }
}

#[cfg(test)]
mod tests;
