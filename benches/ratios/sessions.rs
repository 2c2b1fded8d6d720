//! Sessions over standard input and output: does anything grow with their number, or with what they keep?

use crate::{mcp, print_row, print_title, project, readable};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How many sessions there are.
const NUMBERS: [usize; 3] = [10, 1_000, 10_000];

/// What is measured.
const CALLS: [&str; 4] = ["start", "complete_phase", "list_sessions, a page", "get_state, 8 MB"];

/// How often each call is measured.
const ROUNDS: usize = 101;

/// How many clients work at the same time.
const CLIENTS: usize = 100;

/// Two phases, evidence asked for.
const WORKFLOW: &str = r#"{
  "workflow_type": "measured", "version": "1.0.0", "name": "Measured", "description": "d", "category": "demo",
  "total_phases": 3, "start_phase": 0,
  "phases": [{"phase_number": 0, "phase_name": "One"}, {"phase_number": 1, "phase_name": "Two"}, {"phase_number": 2, "phase_name": "Three"}]
}"#;

const GATE: &str = "checkpoint: {strict: true}\nevidence_schema:\n  goals: {type: integer, required: true}\n";

pub(crate) fn measure() {
    let folders = NUMBERS.map(|_| workspace());
    let mut clients = folders.each_ref().map(|folder| Client::start(folder.path()));
    for (client, number) in clients.iter_mut().zip(NUMBERS) {
        fill(client, number);
    }
    let mut times: [[Vec<Duration>; CALLS.len()]; NUMBERS.len()] = Default::default();
    for round in 0..ROUNDS {
        for (client, times) in clients.iter_mut().zip(&mut times) {
            times.iter_mut().zip(client.measured(round)).for_each(|(times, taken)| times.push(taken));
        }
    }
    let medians = times.map(|times| times.map(median));
    for ((number, client), taken) in NUMBERS.into_iter().zip(&clients).zip(medians) {
        print_title(&format!(
            "sessions: {number}, five of them with 8 MB of evidence; over stdio, against ten"
        ));
        for ((name, time), base) in CALLS.into_iter().zip(taken).zip(medians[0]) {
            print_row(name, time, ("with ten", base));
        }
        println!("  memory of the server {:>25.1} MiB", mcp::memory(client.process.id()));
    }
    together();
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// A hundred clients, each a server of its own, take a hundred sessions to their end.
fn together() {
    print_title(&format!("sessions: {CLIENTS} clients, each with a process of its own, three phases each"));
    let folder = workspace();
    let ids: Vec<String> = {
        let mut client = Client::start(folder.path());
        (0..CLIENTS).map(|number| client.begin(&format!("f-{number}.md"))).collect()
    };
    let began = Instant::now();
    std::thread::scope(|scope| {
        for id in &ids {
            let folder = folder.path();
            scope.spawn(move || {
                let mut client = Client::start(folder);
                for phase in 0..3 {
                    client.complete(id, phase, &json!({ "goals": 3 }));
                }
            });
        }
    });
    let took = began.elapsed();
    let done =
        Client::start(folder.path()).call(&json!({ "action": "list_sessions", "status": "completed" }));
    println!("  {} of {CLIENTS} completed, {} steps in {}", done["count"], CLIENTS * 3, readable(took));
}

fn workspace() -> TempDir {
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let workflow = folder.path().join("workflows/measured");
    for phase in 0..3 {
        let phases = workflow.join(format!("phases/{phase}"));
        fs::create_dir_all(&phases).unwrap();
        fs::write(phases.join("phase.md"), format!("# Phase {phase}\n\n{}\n", "Do it well. ".repeat(60)))
            .unwrap();
        fs::write(phases.join("gate-definition.yaml"), GATE).unwrap();
    }
    fs::write(workflow.join("metadata.json"), WORKFLOW).unwrap();
    fs::write(folder.path().join("rulemark.toml"), "[sessions]\nlimit = 1000000\n").unwrap();
    folder
}

fn fill(client: &mut Client, number: usize) {
    let blob = "x".repeat(8 << 20);
    for index in 0..number {
        let id = client.begin(&format!("filled-{index}.md"));
        if index < 5 {
            client.complete(&id, 0, &json!({ "goals": 3, "log": blob }));
            client.large = id;
        }
    }
}

struct Client {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    sent: u64,
    /// A session with long evidence.
    large: String,
}

impl Client {
    fn start(folder: &Path) -> Self {
        let mut command = project::command(Path::new(project::RULEMARK), folder);
        command.arg("mcp").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let (to, from) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        let mut client = Self { process, to, from, sent: 0, large: String::new() };
        client.ask(
            "initialize",
            &json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "b", "version": "1" } }),
        );
        writeln!(client.to, "{}", json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))
            .unwrap();
        client
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.sent += 1;
        let id = self.sent;
        writeln!(self.to, "{}", json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .unwrap();
        loop {
            let mut line = String::new();
            assert!(self.from.read_line(&mut line).unwrap() > 0, "the server has gone");
            let answer: Value = serde_json::from_str(&line).unwrap();
            if answer["id"] == id {
                return answer;
            }
        }
    }

    fn call(&mut self, arguments: &Value) -> Value {
        let answer = self.ask("tools/call", &json!({ "name": "workflow", "arguments": arguments }));
        let answer = answer["result"]["structuredContent"].clone();
        assert_eq!(answer["status"], "success", "{arguments}: {answer}");
        answer
    }

    fn begin(&mut self, target: &str) -> String {
        let answer =
            self.call(&json!({ "action": "start", "workflow_type": "measured", "target_file": target }));
        answer["session_id"].as_str().unwrap().to_owned()
    }

    fn complete(&mut self, id: &str, phase: u32, evidence: &Value) {
        self.call(
            &json!({ "action": "complete_phase", "session_id": id, "phase": phase, "evidence": evidence }),
        );
    }

    /// How long each of [`CALLS`] took.
    fn measured(&mut self, round: usize) -> [Duration; CALLS.len()] {
        let large = self.large.clone();
        let began = Instant::now();
        let id = self.begin(&format!("measured-{round}.md"));
        let started = Instant::now();
        self.complete(&id, 0, &json!({ "goals": 3 }));
        let completed = Instant::now();
        self.call(&json!({ "action": "list_sessions" }));
        let listed = Instant::now();
        self.call(&json!({ "action": "get_state", "session_id": large }));
        [started - began, completed - started, listed - completed, listed.elapsed()]
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        drop((self.process.kill(), self.process.wait()));
    }
}
