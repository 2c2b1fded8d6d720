use super::*;
use crate::mcp::{
    Hub, HubLimits,
    dialogue::{Moody, call, initialize_params, modern_meta, request},
};
use serde_json::{Value, json};
use std::net::IpAddr;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, duplex},
    time::{Instant, advance},
};

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A server without a socket, whose clock the test moves.
struct Server {
    exchange: Arc<Exchange<Moody>>,
    shutdown: CancellationToken,
}

/// One answer.
#[derive(Debug)]
struct Reply {
    status: u16,
    headers: String,
    body: String,
}

impl Reply {
    /// The message in the body: all of it, or the last event of a stream.
    fn message(&self) -> Value {
        let event = self.body.lines().rev().find_map(|line| line.strip_prefix("data: "));
        serde_json::from_str(event.unwrap_or(&self.body)).unwrap_or_default()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    fn why(&self) -> String {
        self.message()["error"]["message"].as_str().unwrap_or_default().to_owned()
    }
}

impl Server {
    fn with(change: impl FnOnce(&mut HttpOptions)) -> Self {
        let mut options = HttpOptions::new("127.0.0.1:0".parse().unwrap());
        change(&mut options);
        let (shutdown, hub) = (CancellationToken::new(), Hub::new(HubLimits::default()));
        let exchange = Arc::new(exchange(options, move || Moody::new(&hub), &shutdown));
        Self { exchange, shutdown }
    }

    fn connect(&self) -> DuplexStream {
        let (ours, theirs) = duplex(4096);
        tokio::spawn(connection::serve(theirs, ADDRESS, self.exchange.clone(), self.shutdown.clone()));
        ours
    }

    /// Sends one request on a connection of its own and reads what comes back.
    async fn exchange(&self, head: &str, body: &str) -> Reply {
        reply(&mut BufReader::new(self.send(head, body).await)).await
    }

    async fn send(&self, head: &str, body: &str) -> DuplexStream {
        let mut stream = self.connect();
        let text = format!(
            "{head}\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\
             accept: application/json, text/event-stream\r\ncontent-type: application/json\r\n\r\n{body}",
            body.len(),
        );
        // A server that has heard enough does not read the rest.
        stream.write_all(text.as_bytes()).await.ok();
        stream
    }

    async fn post(&self, headers: &str, message: &Value) -> Reply {
        self.exchange(&format!("POST /mcp HTTP/1.1{headers}"), &message.to_string()).await
    }

    /// The same, where all of a stream is read.
    async fn post_whole(&self, headers: &str, message: &Value) -> Reply {
        let mut reader =
            BufReader::new(self.send(&format!("POST /mcp HTTP/1.1{headers}"), &message.to_string()).await);
        let mut reply = reply(&mut reader).await;
        reader.read_to_string(&mut reply.body).await.unwrap();
        reply
    }

    /// Begins a session and answers its header, for further requests.
    async fn session(&self) -> String {
        self.session_of("2025-11-25").await
    }

    /// The same, of a revision of the protocol.
    async fn session_of(&self, revision: &str) -> String {
        let mut params = initialize_params();
        params["protocolVersion"] = json!(revision);
        let reply = self.post("", &request(0, "initialize", params)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        format!("\r\nmcp-session-id: {}", reply.header("mcp-session-id").unwrap())
    }
}

/// Reads an answer: of a stream the first message.
async fn reply(stream: &mut BufReader<DuplexStream>) -> Reply {
    let (mut headers, mut body) = (String::new(), String::new());
    while !headers.ends_with("\r\n\r\n") {
        if stream.read_line(&mut headers).await.unwrap() == 0 {
            break;
        }
    }
    let status = headers.split(' ').nth(1).map_or(0, |status| status.parse().unwrap());
    if headers.contains("text/event-stream") {
        while !(body.contains("data: {") && body.ends_with("\n\n")) {
            if stream.read_line(&mut body).await.unwrap() == 0 {
                break;
            }
        }
    } else {
        stream.read_to_string(&mut body).await.unwrap();
    }
    Reply { status, headers, body }
}

fn modern_call(id: i64, tool: &str) -> Value {
    request(id, "tools/call", json!({"name": tool, "_meta": modern_meta()}))
}

/// The headers that 2026-07-28 wants beside what the body says.
fn modern(tool: &str) -> String {
    format!("\r\nmcp-protocol-version: 2026-07-28\r\nmcp-method: tools/call\r\nmcp-name: {tool}")
}

#[tokio::test(start_paused = true)]
async fn both_eras_are_served() {
    let server = Server::with(|_| {});
    let session = server.session().await;
    let legacy = server.post(&session, &call(1, "echo")).await;
    assert_eq!(legacy.message()["result"]["content"][0]["text"], "echo", "{legacy:?}");
    let modern = server.post(&modern("echo"), &modern_call(1, "echo")).await;
    assert_eq!(modern.message()["result"]["content"][0]["text"], "echo", "{modern:?}");
}

#[tokio::test(start_paused = true)]
async fn foreign_names_and_pages_are_refused_before_anything_is_read() {
    let server = Server::with(|_| {});
    let initialize = request(0, "initialize", initialize_params());
    let origin = server.post("\r\norigin: http://evil.example", &initialize).await;
    assert_eq!(origin.status, 403);
    assert!(origin.why().contains("pages of \"http://evil.example\""), "{origin:?}");
    // With a second name beside the right one, too.
    let host = server.post("\r\nhost: evil.example", &initialize).await;
    assert_eq!(host.status, 403, "{host:?}");
    let own = server.post("\r\norigin: http://localhost", &initialize).await;
    assert_eq!(own.status, 200, "{own:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_with_a_token_wants_it() {
    let server = Server::with(|options| options.token = Some(Token::new("0123456789abcdef").unwrap()));
    let initialize = request(0, "initialize", initialize_params());
    let none = server.post("", &initialize).await;
    assert_eq!((none.status, none.header("www-authenticate")), (401, Some("Bearer realm=\"mcp\"")));
    assert!(none.why().contains("wants its token"), "{none:?}");
    let wrong = server.post("\r\nauthorization: Bearer 0123456789abcdeX", &initialize).await;
    assert_eq!(wrong.status, 401);
    let right = server.post("\r\nauthorization: Bearer 0123456789abcdef", &initialize).await;
    assert_eq!(right.status, 200);
}

#[tokio::test]
async fn others_are_let_in_only_with_a_token() {
    let error = HttpServer::bind(HttpOptions::new("0.0.0.0:0".parse().unwrap())).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "0.0.0.0:0 can be reached by others, so requests need a token, and none is set"
    );
}

#[test]
fn an_address_is_a_port_or_an_ip_and_a_port() {
    let check = |text, expected: Option<&str>| {
        let address = parse_address(text).ok().map(|address| address.to_string());
        assert_eq!(address.as_deref(), expected, "{text}");
    };
    check("8080", Some("127.0.0.1:8080"));
    check(":8080", Some("127.0.0.1:8080"));
    check("localhost:8080", Some("127.0.0.1:8080"));
    check("0.0.0.0:80", Some("0.0.0.0:80"));
    check("[::1]:80", Some("[::1]:80"));
    check("127.0.0.1", None);
    check("example.com:80", None);
    check("99999", None);
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_is_refused() {
    let server = Server::with(|options| options.limits.body = 1000);
    let body = server.exchange("POST /mcp HTTP/1.1", &"a".repeat(1001)).await;
    assert_eq!(body.status, 413, "{body:?}");
    assert!(body.why().contains("at most 1000 bytes"), "{body:?}");
    let head = server.exchange(&format!("POST /mcp HTTP/1.1\r\nx: {}", "a".repeat(20_000)), "").await;
    assert_eq!(head.status, 431, "{head:?}");
    let many = server.exchange(&format!("POST /mcp HTTP/1.1{}", "\r\nx: a".repeat(100)), "").await;
    assert_eq!(many.status, 431, "{many:?}");
}

#[tokio::test(start_paused = true)]
async fn bodies_that_are_no_message_are_answered() {
    let server = Server::with(|_| {});
    let check = async |body: &str, code: i64, id: Value| {
        let reply = server.exchange("POST /mcp HTTP/1.1", body).await;
        let message = reply.message();
        assert_eq!(
            (reply.status, &message["error"]["code"], &message["id"]),
            (400, &json!(code), &id),
            "{reply:?}"
        );
    };
    check("not json", -32700, Value::Null).await;
    check("[]", -32600, Value::Null).await;
    check("{\"jsonrpc\":\"1.0\",\"id\":4,\"method\":\"ping\"}", -32600, json!(4)).await;
    let elsewhere = server.exchange("POST / HTTP/1.1", "{}").await;
    assert_eq!(elsewhere.status, 404);
    assert!(elsewhere.why().contains("the server is at /mcp"), "{elsewhere:?}");
}

/// The clock only moves when everything waits, so what is measured is what the server waited.
#[tokio::test(start_paused = true)]
async fn clients_that_dawdle_are_cut_off() {
    let server = Server::with(|_| {});
    let limits = HttpLimits::default();
    let check = async |sent: &str, status: u16, expected: Duration| {
        let mut stream = server.connect();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let before = Instant::now();
        let reply = reply(&mut BufReader::new(stream)).await;
        let waited = before.elapsed();
        assert_eq!(reply.status, status, "{sent}: {reply:?}");
        assert!(waited >= expected && waited < expected + Duration::from_secs(1), "{sent}: {waited:?}");
    };
    // Nothing at all, half a head, half a body.
    check("", 0, limits.head_time).await;
    check("POST /mcp HTTP/1.1\r\nhost: loc", 0, limits.head_time).await;
    check("POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{", 408, limits.body_time).await;
}

#[tokio::test(start_paused = true)]
async fn large_bodies_take_turns() {
    let server = Server::with(|options| options.limits.large_bodies = 1);
    let session = server.session().await;
    let announced = "POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\n{";
    // Two that announce a large body and dawdle: the second has its turn when the first is cut off.
    let mut dawdlers = [server.connect(), server.connect()];
    for dawdler in &mut dawdlers {
        dawdler.write_all(announced.as_bytes()).await.unwrap();
        sleep(Duration::from_secs(1)).await;
    }
    let before = Instant::now();
    assert_eq!(server.post(&session, &call(1, "echo")).await.status, 200);
    assert_eq!(before.elapsed(), Duration::ZERO, "what is small does not wait");
    let third = server.exchange("POST /mcp HTTP/1.1", &"a".repeat(1_000_000)).await;
    assert_eq!((third.status, third.header("retry-after")), (503, Some("5")), "{third:?}");
    assert!(third.why().contains("1 requests of over 262144 bytes"), "{third:?}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_cut_off() {
    let server = Server::with(|_| {});
    let session = server.session().await;
    let mut stream = server.connect();
    let body = call(1, "large").to_string();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nhost: localhost{session}\r\ncontent-length: {}\r\n\
         accept: application/json, text/event-stream\r\ncontent-type: application/json\r\n\r\n{body}",
        body.len(),
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let before = Instant::now();
    // Writing fails once the other side is gone; until then it fills the wire.
    while stream.write_all(&[b' '; 100]).await.is_ok() {}
    assert_eq!(before.elapsed().as_secs(), HttpLimits::default().write_time.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_session_that_nobody_uses_ends() {
    let server = Server::with(|_| {});
    let (used, abandoned) = (server.session().await, server.session().await);
    let expire = async || server.exchange.sessions.expire().await;
    expire().await;
    advance(HttpLimits::default().session_idle / 2).await;
    assert_eq!(server.post(&used, &call(1, "echo")).await.status, 200);
    advance(HttpLimits::default().session_idle / 2).await;
    expire().await;
    assert_eq!(server.post(&used, &call(2, "echo")).await.status, 200);
    assert_eq!(server.post(&abandoned, &call(2, "echo")).await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn a_session_with_an_open_stream_is_in_use() {
    let server = Server::with(|_| {});
    let session = server.session().await;
    let mut stream = server.connect();
    let get = format!("GET /mcp HTTP/1.1\r\nhost: localhost{session}\r\naccept: text/event-stream\r\n\r\n");
    stream.write_all(get.as_bytes()).await.unwrap();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    assert!(line.contains("200"), "{line}");
    advance(HttpLimits::default().session_idle * 2).await;
    server.exchange.sessions.expire().await;
    assert_eq!(server.post(&session, &call(1, "echo")).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_its_client_ends_is_gone() {
    let server = Server::with(|_| {});
    let session = server.session().await;
    assert_eq!(server.exchange(&format!("DELETE /mcp HTTP/1.1{session}"), "").await.status, 204);
    assert_eq!(server.post(&session, &call(1, "echo")).await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn one_session_makes_room_for_another() {
    let server = Server::with(|options| options.limits.sessions = 2);
    let oldest = server.session().await;
    server.exchange.sessions.expire().await;
    advance(Duration::from_secs(1)).await;
    let older = server.session().await;
    let newest = server.session().await;
    assert_eq!(server.post(&oldest, &call(1, "echo")).await.status, 404);
    for session in [older, newest] {
        assert_eq!(server.post(&session, &call(1, "echo")).await.status, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn sessions_in_use_are_not_ended_for_new_ones() {
    let server = Server::with(|options| options.limits.sessions = 1);
    let session = server.session().await;
    let wait = call(1, "wait");
    let waiting = server.post(&session, &wait);
    let refused = async {
        // The other request is on its way once everything waits.
        sleep(Duration::from_secs(1)).await;
        server.post("", &request(0, "initialize", initialize_params())).await
    };
    tokio::select! {
        reply = waiting => panic!("{reply:?}"),
        reply = refused => {
            assert_eq!((reply.status, reply.header("retry-after")), (503, Some("5")), "{reply:?}");
            assert!(reply.why().contains("all 1 sessions are in use"), "{reply:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_in_use_is_refused() {
    let server = Server::with(|_| {});
    let session = server.session().await;
    let wait = call(1, "wait");
    let waiting = server.post(&session, &wait);
    let refused = async {
        sleep(Duration::from_secs(1)).await;
        server.post(&session, &call(1, "echo")).await
    };
    tokio::select! {
        reply = waiting => panic!("{reply:?}"),
        reply = refused => {
            assert_eq!(reply.status, 400, "{reply:?}");
            assert!(reply.why().contains("this id belongs to a request"), "{reply:?}");
        }
    }
    assert_eq!(server.post(&session, &call(2, "echo")).await.status, 200);
}

fn cancel(id: i64) -> Value {
    json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}})
}

/// What a cancelled request's handler returns must not become the answer of another with its id.
#[tokio::test(start_paused = true)]
async fn a_cancelled_request_ends_without_an_answer_and_its_id_is_not_used_again() {
    let server = Server::with(|_| {});
    let session = server.session().await;
    let stubborn = call(1, "stubborn");
    let waiting = server.post(&session, &stubborn);
    let cancelled = async {
        sleep(Duration::from_secs(1)).await;
        assert_eq!(server.post(&session, &cancel(1)).await.status, 202);
    };
    let before = Instant::now();
    let (ended, ()) = tokio::join!(waiting, cancelled);
    assert_eq!((ended.status, ended.message(), before.elapsed().as_secs()), (200, Value::Null, 1));
    let again = server.post(&session, &call(1, "slow")).await;
    assert_eq!(again.status, 400, "{again:?}");
    assert!(again.why().contains("use each id once"), "{again:?}");
    // Of one that is answered or unknown there is nothing to cancel.
    assert_eq!(server.post(&session, &call(2, "echo")).await.status, 200);
    for id in [2, 3] {
        assert_eq!(server.post(&session, &cancel(id)).await.status, 202);
        let reply = server.post(&session, &call(id, "echo")).await;
        assert_eq!(reply.message()["result"]["content"][0]["text"], "echo", "{reply:?}");
    }
}

/// To go away does not cancel: the handler still has an answer, which nobody else may get.
#[tokio::test(start_paused = true)]
async fn the_id_of_a_request_whose_client_went_away_is_not_used_again() {
    let server = Server::with(|_| {});
    let session = server.session().await;
    let stubborn = call(1, "stubborn");
    tokio::select! {
        reply = server.post(&session, &stubborn) => panic!("{reply:?}"),
        () = sleep(Duration::from_secs(1)) => {}
    }
    let again = server.post(&session, &call(1, "slow")).await;
    assert_eq!(again.status, 400, "{again:?}");
    assert_eq!(server.post(&session, &call(2, "echo")).await.status, 200);
}

/// The messages of a stream, by their ids.
fn messages(reply: &Reply) -> Vec<(Value, Value)> {
    let events = reply.body.lines().filter_map(|line| line.strip_prefix("data: {"));
    let messages = events.map(|rest| serde_json::from_str::<Value>(&format!("{{{rest}")).unwrap());
    let mut messages: Vec<(Value, Value)> =
        messages.map(|message| (message["id"].clone(), message)).collect();
    messages.sort_by_key(|(id, _)| id.to_string());
    messages
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_answered_in_one_stream() {
    let server = Server::with(|_| {});
    let session = server.session_of("2025-03-26").await;
    let note = json!({"jsonrpc": "2.0", "method": "notifications/unheard"});
    let batch = json!([call(1, "slow"), note, call(2, "echo"), {"foo": 1}, call(2, "echo"), call(3, "none")]);
    let reply = server.post_whole(&session, &batch).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/event-stream")), "{reply:?}");
    let messages = messages(&reply);
    let ids: Vec<&Value> = messages.iter().map(|(id, _)| id).collect();
    assert_eq!(ids, [&json!(1), &json!(2), &json!(2), &json!(3), &Value::Null], "{reply:?}");
    assert_eq!(messages[0].1["result"]["content"][0]["text"], "slow");
    let second = messages.iter().filter(|(id, message)| *id == 2 && message["error"].is_object());
    assert_eq!(second.count(), 1, "{reply:?}");
    assert_eq!(messages[3].1["error"]["code"], -32602);
    assert_eq!(server.post(&session, &call(4, "echo")).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_wants_no_answer_is_accepted() {
    let server = Server::with(|_| {});
    let session = server.session_of("2025-03-26").await;
    let waiting = call(1, "wait");
    let waiting = server.post(&session, &waiting);
    let accepted = async {
        sleep(Duration::from_secs(1)).await;
        let answer = json!({"jsonrpc": "2.0", "id": 99, "result": {}});
        let batch = json!([{"jsonrpc": "2.0", "method": "notifications/unheard"}, answer, cancel(1)]);
        server.post(&session, &batch).await
    };
    let (ended, accepted) = tokio::join!(waiting, accepted);
    assert_eq!((accepted.status, accepted.body.as_str()), (202, ""), "{accepted:?}");
    assert_eq!(ended.message(), Value::Null, "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn batches_are_for_sessions_whose_revision_has_them() {
    let server = Server::with(|_| {});
    let refused = async |session: &str, batch: &Value, expected: &str| {
        let reply = server.post(session, batch).await;
        assert_eq!((reply.status, &reply.message()["id"]), (400, &Value::Null), "{reply:?}");
        assert!(reply.why().contains(expected), "{reply:?}");
    };
    let batch = json!([call(1, "echo")]);
    for revision in ["2024-11-05", "2025-06-18", "2025-11-25"] {
        refused(&server.session_of(revision).await, &batch, revision).await;
    }
    refused("", &batch, "has agreed on none").await;
    refused("", &json!([request(0, "initialize", initialize_params())]), "`initialize` does by itself").await;
    refused(&modern("echo"), &json!([modern_call(1, "echo")]), "send each message by itself").await;
    assert_eq!(server.post("\r\nmcp-session-id: gone", &batch).await.status, 404);
    let session = server.session_of("2025-03-26").await;
    refused(&session, &json!([]), "holds no message").await;
    refused(&session, &Value::from(vec![call(1, "echo"); 101]), "at most 100 messages").await;
    let again = json!([request(0, "initialize", initialize_params())]);
    let reply = server.post_whole(&session, &again).await;
    assert_eq!(messages(&reply)[0].1["error"]["message"], "`initialize` is never part of a batch");
}

#[tokio::test(start_paused = true)]
async fn a_batch_counts_as_often_as_it_has_messages() {
    let server = Server::with(|options| (options.limits.rate, options.limits.burst) = (1, 4));
    let session = server.session_of("2025-03-26").await;
    let batch = json!([call(1, "echo"), call(2, "echo"), call(3, "echo")]);
    assert_eq!(server.post_whole(&session, &batch).await.status, 200);
    assert_eq!(server.post(&session, &call(4, "echo")).await.status, 429);
    advance(Duration::from_secs(2)).await;
    assert_eq!(server.post(&session, &batch).await.status, 429);
}

#[tokio::test(start_paused = true)]
async fn an_address_that_asks_too_often_is_told_to_wait() {
    let server = Server::with(|options| (options.limits.rate, options.limits.burst) = (1, 2));
    let session = server.session().await;
    assert_eq!(server.post(&session, &call(1, "echo")).await.status, 200);
    let refused = server.post(&session, &call(2, "echo")).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")), "{refused:?}");
    advance(Duration::from_secs(1)).await;
    assert_eq!(server.post(&session, &call(2, "echo")).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_answered_in_both_eras() {
    let server = Server::with(|_| {});
    let session = server.session().await;
    let legacy = server.post(&session, &call(1, "panic")).await;
    assert!(legacy.why().contains("a bug in the server"), "{legacy:?}");
    assert_eq!(server.post(&session, &call(2, "echo")).await.status, 200);
    let modern = server.post(&modern("panic"), &modern_call(1, "panic")).await;
    assert!(modern.why().contains("a bug in the server"), "{modern:?}");
}
