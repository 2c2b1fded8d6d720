//! The server for agents over standard input and output, against a bare rmcp server that echoes.

use crate::{document, interleaved, print_row, print_title, project};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A file that was changed just now is read again at each call; after so long it is not.
const SETTLED: Duration = Duration::from_millis(2_500);

pub(crate) fn measure() {
    build_echo();
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

/// The bare server is a program of its own: within this one it would start as slowly as all of this does.
fn build_echo() {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--locked", "--quiet", "--example", "mcp_echo"]);
    assert!(cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success());
}

fn measure_calls(items: usize, folder: &Path) {
    print_title(&format!("mcp: one call, state of {items} items, against a call of the echo"));
    let (mut echo, _) = Client::start(Side::Echo, folder);
    let (mut own, _) = Client::start(Side::Rulemark, folder);
    own.call("next", &json!({}));
    thread::sleep(SETTLED);
    own.call("state", &json!({ "get": "items" }));
    // A page of items is ten times as long as any other answer, and most of its time goes into its bytes.
    let as_long = json!({ "text": "x".repeat(own.line.len()) });
    let mut times: [Vec<Duration>; 5] = Default::default();
    for _ in 0..2_000 {
        times[0].push(echo.call("echo", &json!({ "text": "hello" })));
        times[1].push(own.call("next", &json!({})));
        times[2].push(own.call("state", &json!({})));
        times[3].push(echo.call("echo", &as_long));
        times[4].push(own.call("state", &json!({ "get": "items" })));
    }
    times.iter_mut().for_each(|times| times.sort_unstable());
    let [short, next, state, long, page] = &times;
    let rows = [
        ("next", next, ("echo", short)),
        ("state", state, ("echo", short)),
        ("state, a page of items", page, ("echo, as long", long)),
    ];
    for (label, taken, (name, base)) in rows {
        for (quantile, at) in [("p50", 1_000), ("p99", 1_980)] {
            print_row(&format!("{label}, {quantile}"), taken[at], (name, base[at]));
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
                let folder_of_programs = Path::new(project::RULEMARK).parent().unwrap();
                project::command(&folder_of_programs.join("examples/mcp_echo"), folder)
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

    fn memory(&self) -> f64 {
        memory(self.server.id())
    }
}

/// Resident memory of a process, in MiB; 0 where the system does not tell.
pub(crate) fn memory(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1_024.0
}

impl Drop for Client {
    fn drop(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }
}
