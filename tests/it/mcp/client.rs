//! A client that says what it is told to say, in either era of the protocol.

use crate::cli::environment::Environment;
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
};

/// How a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Era {
    /// It shakes hands, and is asked by requests of the server.
    Handshake,
    /// Each request stands for itself, and what the server wants to know comes as an answer.
    Stateless,
}

impl Era {
    pub(super) const BOTH: [Self; 2] = [Self::Handshake, Self::Stateless];

    fn version(self) -> &'static str {
        match self {
            Self::Handshake => "2025-06-18",
            Self::Stateless => "2026-07-28",
        }
    }
}

/// A client and its server.
pub(super) struct Client {
    pub(super) era: Era,
    capabilities: Value,
    server: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    next: u64,
    /// What the person answers to forms, and what they were asked, newest last.
    pub(super) person: Option<Value>,
    pub(super) asked: Vec<String>,
    /// Notifications that have come.
    pub(super) heard: Vec<Value>,
}

impl Client {
    /// Starts a server in the environment's project.
    pub(super) fn start(
        environment: &Environment,
        era: Era,
        arguments: &[&str],
        capabilities: Value,
    ) -> Self {
        let arguments: Vec<&str> = ["mcp"].iter().chain(arguments).copied().collect();
        Self::of(environment.command(&arguments), era, capabilities)
    }

    /// Starts a server with a command.
    pub(super) fn of(mut command: Command, era: Era, capabilities: Value) -> Self {
        let mut server = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (server.stdin.take(), BufReader::new(server.stdout.take().unwrap()));
        let (asked, heard) = (Vec::new(), Vec::new());
        let mut client =
            Self { era, capabilities, server, input, output, next: 0, person: None, asked, heard };
        if era == Era::Handshake {
            let hello = json!({
                "protocolVersion": era.version(),
                "capabilities": client.capabilities,
                "clientInfo": { "name": "test-client", "version": "1" },
            });
            let answer = client.request("initialize", hello);
            assert_eq!(answer["result"]["protocolVersion"], era.version(), "{answer}");
            client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        }
        client
    }

    /// Sends a line as it is.
    pub(super) fn send_line(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        writeln!(input, "{line}").unwrap();
        input.flush().unwrap();
    }

    pub(super) fn send(&mut self, message: &Value) {
        self.send_line(&message.to_string());
    }

    /// The next message, whatever it is; `None` at the end.
    pub(super) fn receive(&mut self) -> Option<Value> {
        let mut line = String::new();
        let read = self.output.read_line(&mut line).unwrap();
        (read > 0).then(|| {
            let message: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"));
            assert_eq!(message["jsonrpc"], "2.0", "{line}");
            message
        })
    }

    /// Sends a request, without waiting; its id.
    pub(super) fn begin(&mut self, method: &str, mut params: Value) -> u64 {
        self.next += 1;
        if self.era == Era::Stateless {
            let mut about = |name: &str, value: Value| {
                params["_meta"][format!("io.modelcontextprotocol/{name}")] = value;
            };
            about("protocolVersion", json!(self.era.version()));
            about("clientInfo", json!({ "name": "test-client", "version": "1" }));
            about("clientCapabilities", self.capabilities.clone());
        }
        let id = self.next;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// Waits for the answer of a request; meanwhile the person answers forms.
    pub(super) fn answer_of(&mut self, id: u64) -> Value {
        loop {
            let message = self.receive().expect("the server has gone");
            match (message.get("method"), message.get("id")) {
                (None, Some(answered)) => {
                    assert_eq!(answered, &json!(id), "{message}");
                    return message;
                }
                (Some(method), Some(asked)) => {
                    let asked = asked.clone();
                    let result = match method.as_str() {
                        Some("elicitation/create") => self.fill_in(&message["params"]),
                        Some("roots/list") => json!({ "roots": self.capabilities["roots"]["test"] }),
                        _ => panic!("{message}"),
                    };
                    self.send(&json!({ "jsonrpc": "2.0", "id": asked, "result": result }));
                }
                _ => self.heard.push(message),
            }
        }
    }

    /// What a request of the server asks the person, and its id; the answer is for the caller to send.
    pub(super) fn form(&mut self) -> (Value, Value) {
        loop {
            let message = self.receive().expect("the server has gone");
            if message["method"] == "elicitation/create" {
                return (message["id"].clone(), message["params"].clone());
            }
            assert_eq!(message["id"], Value::Null, "{message}");
        }
    }

    /// Sends a request and waits for its answer.
    pub(super) fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params);
        self.answer_of(id)
    }

    /// Calls a tool; where the server wants the person's answer first, calls again with it.
    pub(super) fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        let mut params = json!({ "name": tool, "arguments": arguments });
        loop {
            let answer = self.request("tools/call", params.clone());
            let result = &answer["result"];
            if result["resultType"] != "input_required" {
                return answer;
            }
            let requests = result["inputRequests"].as_object().unwrap();
            let replies = requests
                .iter()
                .map(|(key, request)| (key.clone(), self.fill_in(&request["params"])))
                .collect::<serde_json::Map<String, Value>>();
            params["inputResponses"] = Value::Object(replies);
            params["requestState"] = result["requestState"].clone();
        }
    }

    /// What the person answers to a form: nothing stands for closing it.
    fn fill_in(&mut self, form: &Value) -> Value {
        self.asked.push(form["message"].as_str().unwrap().to_owned());
        let fields = form["requestedSchema"]["properties"].as_object().unwrap();
        match &self.person {
            Some(content) => {
                assert!(
                    content.as_object().unwrap().keys().all(|field| fields.contains_key(field)),
                    "{form}"
                );
                json!({ "action": "accept", "content": content })
            }
            None => json!({ "action": "cancel" }),
        }
    }

    /// The process of the server.
    pub(super) fn process(&self) -> u32 {
        self.server.id()
    }

    /// Goes away, and waits for the server to end.
    pub(super) fn leave(mut self) -> ExitStatus {
        drop(self.input.take());
        self.server.wait().unwrap()
    }

    /// Waits for the server to end by itself.
    pub(super) fn wait(mut self) -> ExitStatus {
        self.server.wait().unwrap()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        drop(self.input.take());
        // A test that failed has left it running; one that has waited for it finds it gone.
        self.server.kill().ok();
        self.server.wait().ok();
    }
}
