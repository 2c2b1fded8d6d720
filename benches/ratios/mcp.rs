//! The server for agents over standard input and output, against a bare rmcp server that echoes.

use crate::{document, interleaved, print_row, print_title, project};
use rmcp::{
    ErrorData, RoleServer, ServerHandler, ServiceExt as _,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ListToolsResult,
        PaginatedRequestParams, ServerCapabilities, ServerConfig,
    },
    service::RequestContext,
};
use serde_json::{Value, json};
use std::{
    env, fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// The argument with which this program is the bare server.
pub(crate) const ECHO: &str = "mcp-echo-server";

/// A file that was changed just now is read again at each call; after so long it is not.
const SETTLED: Duration = Duration::from_millis(2_500);

pub(crate) fn measure() {
    let project = project_with(10);
    print_title("mcp: start of the process to `initialize` answered, against a bare rmcp echo server");
    let [echo, own] = interleaved(
        101,
        [&mut || Client::start(Side::Echo, project.path()).1, &mut || {
            Client::start(Side::Rulemark, project.path()).1
        }],
    );
    print_row("initialize", own, ("echo", echo));
    for items in [10, 1_000] {
        let project = project_with(items);
        measure_calls(items, project.path());
    }
    measure_memory(project.path());
}

fn measure_calls(items: usize, folder: &Path) {
    print_title(&format!("mcp: one call, state of {items} items, against a call of the echo"));
    let (mut echo, _) = Client::start(Side::Echo, folder);
    let (mut own, _) = Client::start(Side::Rulemark, folder);
    own.call("next", &json!({}));
    thread::sleep(SETTLED);
    let mut times: [Vec<Duration>; 4] = Default::default();
    for _ in 0..2_000 {
        times[0].push(echo.call("echo", &json!({ "text": "hello" })));
        times[1].push(own.call("next", &json!({})));
        times[2].push(own.call("state", &json!({})));
        times[3].push(own.call("state", &json!({ "get": "items" })));
    }
    times.iter_mut().for_each(|times| times.sort_unstable());
    for (label, times_of) in
        [("next", &times[1]), ("state", &times[2]), ("state, a page of items", &times[3])]
    {
        for (name, at) in [("p50", 1_000), ("p99", 1_980)] {
            print_row(&format!("{label}, {name}"), times_of[at], ("echo", times[0][at]));
        }
    }
}

fn measure_memory(folder: &Path) {
    print_title("mcp: resident memory");
    let (mut echo, _) = Client::start(Side::Echo, folder);
    let (mut own, _) = Client::start(Side::Rulemark, folder);
    let mut calls = |echo_calls: usize| {
        for _ in 0..echo_calls {
            echo.call("echo", &json!({ "text": "hello" }));
            own.call("next", &json!({}));
        }
        println!(
            "  after {echo_calls:>6} more calls           {:>6.1} MiB   echo {:>6.1} MiB",
            own.memory(),
            echo.memory()
        );
    };
    calls(100);
    calls(5_000);
    calls(5_000);
}

fn project_with(items: usize) -> tempfile::TempDir {
    let project = project::with_state(&document::generate(13_000));
    let state = project.path().join("workflow_state.md");
    let text = fs::read_to_string(&state).unwrap();
    let rows: String = (0..items)
        .map(|id| format!("| {} | Add structured logging to service {id} | pending |\n", 1_000 + id))
        .collect();
    let at = text.find("| --").map(|at| at + text[at..].find('\n').unwrap() + 1).unwrap();
    fs::write(&state, format!("{}{rows}{}", &text[..at], &text[at..])).unwrap();
    project
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Echo,
    Rulemark,
}

struct Client {
    server: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    line: String,
}

impl Client {
    /// Starts a server; how long it took until `initialize` was answered.
    fn start(side: Side, folder: &Path) -> (Self, Duration) {
        let mut command = match side {
            Side::Echo => {
                let mut command = Command::new(env::current_exe().unwrap());
                command.arg(ECHO).current_dir(folder);
                command
            }
            Side::Rulemark => {
                let mut command = project::command(Path::new(project::RULEMARK), folder);
                command.arg("mcp");
                command
            }
        };
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let started = Instant::now();
        let mut server = command.spawn().unwrap();
        let (input, output) = (server.stdin.take().unwrap(), BufReader::new(server.stdout.take().unwrap()));
        let mut client = Self { server, input, output, line: String::new() };
        let hello = json!({
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "bench", "version": "1" },
        });
        client.request("initialize", &hello);
        let time = started.elapsed();
        writeln!(client.input, r#"{{"jsonrpc":"2.0","method":"notifications/initialized"}}"#).unwrap();
        (client, time)
    }

    fn call(&mut self, tool: &str, arguments: &Value) -> Duration {
        self.request("tools/call", &json!({ "name": tool, "arguments": arguments }))
    }

    fn request(&mut self, method: &str, params: &Value) -> Duration {
        let request =
            json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string() + "\n";
        let started = Instant::now();
        self.input.write_all(request.as_bytes()).unwrap();
        self.line.clear();
        self.output.read_line(&mut self.line).unwrap();
        let time = started.elapsed();
        assert!(self.line.contains("\"result\"") && !self.line.contains("\"isError\":true"), "{}", self.line);
        time
    }

    /// Resident memory, in MiB.
    fn memory(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.server.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1_024.0
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }
}

/// A server with one tool, as rmcp makes it.
#[derive(Clone, Debug)]
struct Echo;

impl ServerHandler for Echo {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::default())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let text = request
            .arguments
            .unwrap_or_default()
            .get("text")
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned();
        Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
    }
}

/// Is the bare server, until its client goes away.
pub(crate) fn echo() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        if let Ok(running) = Echo.serve(rmcp::transport::stdio()).await {
            running.waiting().await.unwrap();
        }
    });
    runtime.shutdown_background();
}
