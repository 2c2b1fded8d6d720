//! A hundred clients at once over HTTP: is every call answered, and how long does the slowest wait?

use crate::{document, mcp, print_title, project, readable};
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Stdio},
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

const CLIENTS: usize = 100;

/// Calls of each client.
const CALLS: usize = 20;

pub(crate) fn measure() {
    print_title(&format!("http: {CLIENTS} clients at once, each with a session and {CALLS} calls of `next`"));
    let project = project::with_state(&document::generate(13_000));
    let server = Server::start(project.path());
    let together = Barrier::new(CLIENTS);
    let began = Instant::now();
    let mut times: Vec<Option<Duration>> = thread::scope(|scope| {
        let client = || {
            together.wait();
            let session = server.begin();
            (0..CALLS).map(|_| server.next(&session)).collect::<Vec<_>>()
        };
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    let took = began.elapsed();
    times.sort_unstable();
    let failed = times.iter().filter(|time| time.is_none()).count();
    let at = |share: usize| times[times.len() * share / 100].map_or_else(|| "failed".into(), readable);
    println!(
        "  {} calls in {}, {failed} failed; p50 {}, p99 {}",
        times.len(),
        readable(took),
        at(50),
        at(99)
    );
    println!("  memory of the server {:>25.1} MiB", mcp::memory(server.process.id()));
}

struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let mut command = project::command(Path::new(project::RULEMARK), folder);
        command.args(["mcp", "--http", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let address = url.trim().trim_start_matches("http://").trim_end_matches("/mcp").to_owned();
        Self { process, address }
    }

    /// The header of a new session.
    fn begin(&self) -> String {
        let params = json!({
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "bench", "version": "1" },
        });
        let (head, _) = self.post("", "initialize", &params);
        let session = head.lines().find_map(|line| line.strip_prefix("mcp-session-id: ")).unwrap();
        format!("mcp-session-id: {session}\r\n")
    }

    /// How long a call took; `None` when it was not answered as it should be.
    fn next(&self, session: &str) -> Option<Duration> {
        let began = Instant::now();
        let (_, body) = self.post(session, "tools/call", &json!({ "name": "next", "arguments": {} }));
        body.contains("\"structuredContent\"").then(|| began.elapsed())
    }

    fn post(&self, headers: &str, method: &str, params: &Value) -> (String, String) {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let length = body.len();
        let request = format!(
            "POST /mcp HTTP/1.1\r\nhost: localhost\r\n{headers}connection: close\r\ncontent-length: {length}\r\n\
             accept: application/json, text/event-stream\r\ncontent-type: application/json\r\n\r\n{body}"
        );
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").unwrap_or_default();
        (head.to_owned(), body.to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}
