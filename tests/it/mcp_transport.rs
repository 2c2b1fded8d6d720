//! `rulemark mcp` as a client meets it: a process, its pipes, its port.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::OpenOptionsExt as _,
    process::{Child, Command, Output, Stdio},
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long something that must happen may take.
const PATIENCE: Duration = Duration::from_secs(30);

const TOKEN: &str = "a-token-of-thirty-two-characters";

/// A project, and a home that holds nothing.
struct Project(TempDir);

impl Project {
    fn new() -> Self {
        let project = Self(TempDir::new().unwrap());
        let made = project.rulemark(&["init"]).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        project
    }

    fn rulemark(&self, arguments: &[&str]) -> Command {
        let folder = self.0.path().join("project");
        fs::create_dir_all(&folder).unwrap();
        #[expect(clippy::disallowed_methods, reason = "a client starts its server")]
        let mut command = Command::new(env!("CARGO_BIN_EXE_rulemark"));
        command.args(arguments).current_dir(folder).env_clear().env("HOME", self.0.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Serves at a port that the system chooses.
    fn serve(&self, arguments: &[&str]) -> Served {
        let mut all = vec!["mcp", "--http", "127.0.0.1:0"];
        all.extend(arguments);
        let mut process = self.rulemark(&all).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let address = url.trim().strip_prefix("http://").and_then(|url| url.strip_suffix("/mcp"));
        Served { address: address.expect("a URL").to_owned(), process }
    }

    /// Writes lines to a server on standard input and output, and returns what it says until it ends.
    fn converse(&self, lines: &[String]) -> (Vec<Value>, Output) {
        let mut process = self.rulemark(&["mcp"]).stdin(Stdio::piped()).spawn().unwrap();
        let mut input = process.stdin.take().unwrap();
        let writer = thread::scope(|scope| {
            scope.spawn(|| {
                lines.iter().for_each(|line| input.write_all(format!("{line}\n").as_bytes()).unwrap());
                drop(input);
            });
            process.wait_with_output().unwrap()
        });
        let text = String::from_utf8(writer.stdout.clone()).unwrap();
        let said = text.lines().map(|line| serde_json::from_str(line).expect("only JSON-RPC")).collect();
        (said, writer)
    }
}

/// A server, ended with the test.
struct Served {
    address: String,
    process: Child,
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// An answer.
#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    /// The message: the body, or the last event of a stream.
    fn message(&self) -> Value {
        let event = self.body.lines().rev().find_map(|line| line.strip_prefix("data: "));
        serde_json::from_str(event.unwrap_or(&self.body)).unwrap_or_default()
    }

    fn session(&self) -> String {
        let header = self.head.lines().find_map(|line| line.strip_prefix("mcp-session-id: "));
        format!("mcp-session-id: {}\r\n", header.expect("a session"))
    }
}

impl Served {
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends a body with further headers (each with its line end).
    fn post(&self, headers: &str, body: &str) -> Reply {
        let host = if headers.contains("host:") { "" } else { "host: localhost\r\n" };
        let length = body.len();
        let text = format!(
            "POST /mcp HTTP/1.1\r\n{host}{headers}connection: close\r\ncontent-length: {length}\r\n\
             accept: application/json, text/event-stream\r\ncontent-type: application/json\r\n\r\n{body}"
        );
        let mut stream = self.connect();
        // A server that has heard enough does not read the rest.
        stream.write_all(text.as_bytes()).ok();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).ok();
        let reply = String::from_utf8_lossy(&reply);
        let (head, body) = reply.split_once("\r\n\r\n").unwrap_or_default();
        let status = head.split(' ').nth(1).map_or(0, |status| status.parse().unwrap());
        Reply { status, head: head.to_owned(), body: body.to_owned() }
    }

    fn request(&self, headers: &str, message: &Value) -> Reply {
        self.post(headers, &message.to_string())
    }

    fn begin(&self) -> String {
        let reply = self.request("", &initialize());
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.session()
    }
}

fn message(id: i64, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

fn initialize() -> Value {
    initialize_as("2025-11-25")
}

fn initialize_as(revision: &str) -> Value {
    let client = json!({"name": "test", "version": "1"});
    let params = json!({"protocolVersion": revision, "capabilities": {}, "clientInfo": client});
    message(0, "initialize", &params)
}

#[test]
fn foreign_pages_and_names_are_refused() {
    let project = Project::new();
    let server = project.serve(&["--allow-origin", "https://app.example"]);
    let check = |headers: &str, status| {
        let reply = server.request(headers, &initialize());
        assert_eq!(reply.status, status, "{headers}: {reply:?}");
    };
    check("", 200);
    check("origin: http://localhost\r\n", 200);
    check("origin: https://app.example\r\n", 200);
    check("origin: http://evil.example\r\n", 403);
    check("origin: null\r\n", 403);
    check("host: evil.example\r\n", 403);
    check("host: evil.example\r\norigin: http://evil.example\r\n", 403);
}

#[test]
fn a_token_is_wanted_where_others_can_connect() {
    let project = Project::new();
    let refused = project.rulemark(&["mcp", "--http", "0.0.0.0:0"]).output().unwrap();
    let why = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(3), "{why}");
    assert!(why.contains("0.0.0.0:0 can be reached by others") && why.contains("--token-file"), "{why}");

    let file = project.0.path().join("token");
    let mut options = fs::OpenOptions::new();
    let mut token = options.write(true).create_new(true).mode(0o600).open(&file).unwrap();
    token.write_all(TOKEN.as_bytes()).unwrap();
    let server = project.serve(&["--token-file", file.to_str().unwrap()]);
    assert_eq!(server.request("", &initialize()).status, 401);
    assert_eq!(server.request(&format!("authorization: Bearer {TOKEN}x\r\n"), &initialize()).status, 401);
    assert_eq!(server.request(&format!("authorization: Bearer {TOKEN}\r\n"), &initialize()).status, 200);
}

#[test]
fn what_is_too_large_or_no_message_is_refused_and_survived() {
    let project = Project::new();
    let server = project.serve(&[]);
    let large = server.post("", &"a".repeat(32 << 20));
    // The connection may break while the rest is still being sent.
    assert!(matches!(large.status, 0 | 413), "{large:?}");
    let no_message = server.post("", "not json");
    assert_eq!((no_message.status, &no_message.message()["error"]["code"]), (400, &json!(-32700)));
    assert_eq!(server.post(&format!("x: {}\r\n", "a".repeat(100_000)), "").status, 431);
    server.begin();
}

#[test]
fn clients_that_dawdle_hold_up_nobody() {
    let project = Project::new();
    let server = project.serve(&[]);
    let dawdling: Vec<TcpStream> = (0..100)
        .map(|number| {
            let mut stream = server.connect();
            let texts = [
                "",
                "POST /mcp HTTP/1.1\r\nhost: loc",
                "POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{",
            ];
            stream.write_all(texts[number % texts.len()].as_bytes()).unwrap();
            stream
        })
        .collect();
    server.begin();
    drop(dawdling);
}

#[test]
fn a_session_that_nobody_uses_ends() {
    let project = Project::new();
    let server = project.serve(&["--session-idle", "0"]);
    let session = server.begin();
    let begun = Instant::now();
    while server.request(&session, &message(1, "ping", &json!({}))).status != 404 {
        assert!(begun.elapsed() < PATIENCE, "the session does not end");
    }
}

#[test]
fn a_hundred_clients_at_once_are_all_answered() {
    const CLIENTS: i64 = 100;
    let project = Project::new();
    let server = project.serve(&[]);
    let together = Barrier::new(CLIENTS as usize);
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (server, together) = (&server, &together);
            scope.spawn(move || {
                together.wait();
                let session = server.begin();
                for id in 1..=3 {
                    let id = client * 10 + id;
                    let reply = server.request(&session, &message(id, "tools/list", &json!({})));
                    assert_eq!((reply.status, &reply.message()["id"]), (200, &json!(id)), "{reply:?}");
                    assert!(reply.message()["result"]["tools"].is_array(), "{reply:?}");
                }
            });
        }
    });
}

#[test]
fn two_servers_on_one_project_see_each_others_changes() {
    let project = Project::new();
    let (one, other) = (project.serve(&[]), project.serve(&[]));
    let (in_one, in_other) = (one.begin(), other.begin());
    let call = |arguments: Value| message(1, "tools/call", &json!({"name": "state", "arguments": arguments}));
    let added = one.request(&in_one, &call(json!({"add": ["seen from the other side"]})));
    assert_eq!(added.message()["result"]["isError"], false, "{added:?}");
    let read = other.request(&in_other, &call(json!({"get": "items"})));
    assert!(read.body.contains("seen from the other side"), "{read:?}");
}

#[test]
fn it_ends_when_it_is_asked_to() {
    let project = Project::new();
    let mut server = project.serve(&[]);
    server.begin();
    let process = Pid::from_child(&server.process);
    kill_process(process, Signal::TERM).unwrap();
    assert_eq!(server.process.wait().unwrap().code(), Some(0));
}

#[test]
fn lines_that_are_no_message_are_answered_on_standard_output() {
    let project = Project::new();
    let long = message(7, "tools/call", &json!({"name": "a".repeat(32 << 20)}));
    let list = message(8, "tools/list", &json!({}));
    let lines = [initialize().to_string(), "garbage".to_owned(), long.to_string(), list.to_string()];
    let (said, output) = project.converse(&lines);
    let told: Vec<(&Value, &Value)> = said.iter().map(|said| (&said["id"], &said["error"]["code"])).collect();
    let none = Value::Null;
    assert_eq!(
        told,
        [(&json!(0), &none), (&none, &json!(-32700)), (&json!(7), &json!(-32600)), (&json!(8), &none)]
    );
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

/// Of the revisions, only 2025-03-26 has batches.
#[test]
fn a_batch_goes_through_both_transports() {
    let project = Project::new();
    let call = |id, name| message(id, "tools/call", &json!({"name": name, "arguments": {}}));
    let batch = json!([call(1, "next"), message(2, "tools/list", &json!({})), call(3, "none")]);
    let of = |answers: &[Value], id: i64| -> Value {
        answers.iter().find(|answer| answer["id"] == id).unwrap_or_else(|| panic!("{answers:?}")).clone()
    };
    let check = |answers: &[Value]| {
        assert_eq!(answers.len(), 3, "{answers:?}");
        assert_eq!(of(answers, 1)["result"]["isError"], false);
        assert!(of(answers, 2)["result"]["tools"].is_array());
        assert_eq!(of(answers, 3)["error"]["code"], -32602);
    };
    let (said, output) = project.converse(&[initialize_as("2025-03-26").to_string(), batch.to_string()]);
    assert!(output.status.success(), "{output:?}");
    check(said[1].as_array().unwrap());

    let server = project.serve(&[]);
    let begun = server.request("", &initialize_as("2025-03-26"));
    let answered = server.request(&begun.session(), &batch);
    assert_eq!(answered.status, 200, "{answered:?}");
    let events = answered.body.lines().filter_map(|line| line.strip_prefix("data: {"));
    let answers: Vec<Value> =
        events.map(|rest| serde_json::from_str(&format!("{{{rest}")).unwrap()).collect();
    check(&answers);
}

#[test]
fn it_ends_with_its_input() {
    let (said, output) = Project::new().converse(&[]);
    assert!(said.is_empty() && output.status.success(), "{output:?}");
}
