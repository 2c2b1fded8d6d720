//! A client of the real server, over standard input and output.

use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// A server in a process of its own, and this end of its pipes.
pub(crate) struct Client {
    process: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    sent: u64,
    /// Answers that nobody has asked for yet.
    answers: BTreeMap<u64, Value>,
    /// What the server has said by itself.
    pub(super) heard: Vec<Value>,
}

/// What came of a call.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// The tool's own answer.
    Answer(Value),
    /// The protocol's error.
    Error(Value),
}

impl Outcome {
    pub(super) fn answer(&self) -> &Value {
        match self {
            Self::Answer(answer) | Self::Error(answer) => answer,
        }
    }
}

impl Client {
    /// Starts a server on the project in `folder`, with a home of its own, and shakes hands.
    pub(crate) fn start(folder: &Path, home: &Path) -> Self {
        #[allow(clippy::disallowed_methods, reason = "a client starts its server")]
        let mut command = Command::new(env!("CARGO_BIN_EXE_rulemark"));
        command.arg("-C").arg(folder).arg("mcp");
        command.env_clear().env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let (to, from) = (process.stdin.take(), BufReader::new(process.stdout.take().unwrap()));
        let mut client = Self { process, to, from, sent: 0, answers: BTreeMap::new(), heard: Vec::new() };
        let hello = json!({
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": { "name": "cases", "version": "1" },
        });
        client.ask("initialize", &hello).unwrap();
        client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).unwrap();
        client
    }

    /// Calls the one tool.
    pub(crate) fn workflow(&mut self, arguments: &Value) -> Value {
        match self.call("workflow", arguments) {
            Some(Outcome::Answer(answer)) => answer,
            other => {
                let call: String = arguments.to_string().chars().take(300).collect();
                panic!("{call}: {other:?}")
            }
        }
    }

    /// Calls a tool; `None` when the server went before it answered.
    pub(super) fn call(&mut self, tool: &str, arguments: &Value) -> Option<Outcome> {
        let call = self.begin(tool, arguments)?;
        self.outcome(call)
    }

    /// Calls a tool without waiting for its answer; says the call's number.
    pub(super) fn begin(&mut self, tool: &str, arguments: &Value) -> Option<u64> {
        let meta = json!({ "progressToken": "p" });
        self.request("tools/call", &json!({ "name": tool, "arguments": arguments, "_meta": meta }))
    }

    /// What came of a call; `None` when the server went before it answered.
    pub(super) fn outcome(&mut self, call: u64) -> Option<Outcome> {
        let answer = self.answer_to(call)?;
        if let Some(error) = answer.get("error") {
            return Some(Outcome::Error(error.clone()));
        }
        let result = &answer["result"];
        let structured = result["structuredContent"].clone();
        assert!(structured.is_object(), "no structured answer: {answer}");
        // Clients that know no structured answers read the same as text.
        let text: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
        assert_eq!(text, structured);
        let is_error = result["isError"].as_bool().unwrap_or_default();
        if let Some(status) = structured.get("status") {
            assert_eq!(is_error, status == "error", "{answer}");
        }
        Some(Outcome::Answer(structured))
    }

    /// What a tool says that refuses, when it answers in the shape of those about the state file.
    pub(super) fn refusal(&mut self, tool: &str, arguments: &Value) -> Value {
        let answer = self.ask("tools/call", &json!({ "name": tool, "arguments": arguments })).unwrap();
        assert_eq!(answer["result"]["isError"], true, "{answer}");
        serde_json::from_str(answer["result"]["content"][0]["text"].as_str().unwrap()).unwrap()
    }

    /// Takes a call back.
    pub(super) fn cancel(&mut self, call: u64) {
        let params = json!({ "requestId": call });
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params }))
            .unwrap();
    }

    fn ask(&mut self, method: &str, params: &Value) -> Option<Value> {
        let id = self.request(method, params)?;
        self.answer_to(id)
    }

    fn request(&mut self, method: &str, params: &Value) -> Option<u64> {
        self.sent += 1;
        let id = self.sent;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).ok()?;
        Some(id)
    }

    fn answer_to(&mut self, id: u64) -> Option<Value> {
        loop {
            if let Some(answer) = self.answers.remove(&id) {
                return Some(answer);
            }
            let mut line = String::new();
            if self.from.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let message: Value = serde_json::from_str(&line).unwrap();
            match message["id"].as_u64().filter(|_| message.get("method").is_none()) {
                Some(id) => drop(self.answers.insert(id, message)),
                None => self.heard.push(message),
            }
        }
    }

    fn send(&mut self, message: &Value) -> std::io::Result<()> {
        let to = self.to.as_mut().unwrap();
        writeln!(to, "{message}")?;
        to.flush()
    }

    /// Kills the server at once, wherever it is.
    pub(super) fn kill(&mut self) {
        drop((self.process.kill(), self.process.wait()));
    }

    /// The number of the server's process.
    pub(super) fn process(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // A server whose client has gone ends by itself.
        drop(self.to.take());
        drop(self.process.wait());
    }
}
