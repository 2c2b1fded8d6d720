//! Recorded dialogues (`tests/data/mcp/*.jsonl`), replayed in both eras of the protocol.
//!
//! A line is a call of a tool with what it is answered, or something that happens beside:
//!
//! | key | is |
//! | --- | --- |
//! | `given` | how it begins: the tools to offer, files, whether the client can ask the person |
//! | `call`, `with` | a tool and its arguments; `client` is which of several clients calls, from 1 |
//! | `person` | what the person enters into a form that the call shows; without it they close the form |
//! | `asked` | what the form says |
//! | `answer`, `error` | the structured content, and whether the tool refused |
//! | `edit` | a hand edit of the state file: what is replaced by what |
//! | `run` | a command of the user's |
//! | `section`, `is` | what a section of the state file holds then |
//! | `file` | the lines of the state file that a call has taken away and added |
//!
//! `RULEMARK_BLESS=1` writes what is answered into the files.

use super::client::{Client, Era};
use crate::cli::environment::Environment;
use rulemark::document::Outline;
use serde_json::{Map, Value, json};
use similar::{ChangeTag, TextDiff};
use std::{fs, path::Path};

#[test]
fn recorded_dialogues_are_repeated() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mcp");
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 5, "the dialogues were not found");
    let is_blessed = std::env::var_os("RULEMARK_BLESS").is_some();
    let mut failures = Vec::new();
    for file in files {
        for era in Era::BOTH {
            let found = Replay::of(&file, era);
            let wanted = fs::read_to_string(&file).unwrap();
            if found == wanted {
                continue;
            }
            if is_blessed && era == Era::BOTH[0] {
                #[allow(clippy::disallowed_methods, reason = "a blessed dialogue is written")]
                fs::write(&file, &found).unwrap();
                continue;
            }
            let lines = found.lines().zip(wanted.lines()).enumerate().filter(|(_, (is, was))| is != was);
            let told = lines
                .map(|(number, (is, was))| format!("line {}\n  expected {was}\n  found    {is}", number + 1));
            failures.push(format!("{} ({era:?}): {}", file.display(), told.collect::<Vec<_>>().join("\n")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A dialogue that is under way.
struct Replay {
    environment: Environment,
    era: Era,
    tools: String,
    capabilities: Value,
    clients: Vec<Client>,
}

impl Replay {
    /// The lines of a dialogue with what is answered now.
    fn of(file: &Path, era: Era) -> String {
        let (tools, capabilities) = ("default".to_owned(), json!({ "elicitation": {} }));
        let environment = Environment::empty();
        let mut replay = Self { environment, era, tools, capabilities, clients: Vec::new() };
        let mut found = String::new();
        for (number, line) in fs::read_to_string(file).unwrap().lines().enumerate() {
            let step: Map<String, Value> = serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("{}:{}: {error}", file.display(), number + 1));
            found.push_str(&format!("{}\n", Value::Object(replay.step(step))));
        }
        for client in replay.clients.drain(..) {
            assert!(client.leave().success(), "{}", file.display());
        }
        found
    }

    fn step(&mut self, mut step: Map<String, Value>) -> Map<String, Value> {
        if let Some(given) = step.get("given") {
            self.begin(given);
        }
        for (old, new) in step.get("edit").and_then(Value::as_object).into_iter().flatten() {
            self.environment.edit(old, new.as_str().unwrap());
        }
        if let Some(command) = step.get("run").and_then(Value::as_array) {
            let words: Vec<&str> = command.iter().map(|word| word.as_str().unwrap()).collect();
            let output = self.environment.output(&words);
            assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        if let Some(role) = step.get("section").and_then(Value::as_str) {
            let text = self.environment.read("workflow_state.md");
            let outline = Outline::parse(&text);
            let content = outline.named(role).map(|section| outline.content(section)).unwrap_or_default();
            step.insert("is".into(), json!(content));
        }
        if let Some(tool) = step.get("call").and_then(Value::as_str).map(str::to_owned) {
            self.call(&tool, &mut step);
        }
        step
    }

    fn begin(&mut self, given: &Value) {
        if given["init"] != json!(false) {
            self.environment.run(&["init", "-q"]);
        }
        for (path, text) in given["files"].as_object().into_iter().flatten() {
            self.environment.write(path, text.as_str().unwrap());
        }
        if let Some(tools) = given["tools"].as_str() {
            self.tools = tools.to_owned();
        }
        if given["asks"] == json!(false) {
            self.capabilities = json!({});
        }
    }

    fn call(&mut self, tool: &str, step: &mut Map<String, Value>) {
        let before = step.contains_key("file").then(|| self.environment.read("workflow_state.md"));
        let number = step.get("client").and_then(Value::as_u64).unwrap_or(1) as usize;
        while self.clients.len() < number {
            let arguments = ["--tools", &self.tools];
            let client = Client::start(&self.environment, self.era, &arguments, self.capabilities.clone());
            self.clients.push(client);
        }
        let client = &mut self.clients[number - 1];
        client.person = step.get("person").cloned();
        client.asked.clear();
        let arguments = step.get("with").cloned().unwrap_or_else(|| json!({}));
        let message = client.call(tool, &arguments);
        let result = &message["result"];
        let text = result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{message}"));
        let said: Value = serde_json::from_str(text).unwrap();
        // Clients hold structured content to the tool's output schema, also of an error.
        let is_error = result["isError"] == json!(true);
        let structured = if is_error { &Value::Null } else { &said };
        assert_eq!(&result["structuredContent"], structured, "for clients of both kinds");
        for key in ["asked", "answer", "error"] {
            step.shift_remove(key);
        }
        if let [asked] = client.asked.as_slice() {
            step.insert("asked".into(), json!(asked));
        }
        let answer = self.environment.normalised(said.to_string().as_bytes());
        step.insert("answer".into(), serde_json::from_str(&answer).unwrap());
        if is_error {
            step.insert("error".into(), json!(true));
        }
        if let Some(before) = before {
            let after = self.environment.read("workflow_state.md");
            step.insert("file".into(), json!(difference(&before, &after)));
        }
    }
}

/// The lines that a file has lost and gained; whatever else it holds is the same, byte for byte.
fn difference(before: &str, after: &str) -> Vec<String> {
    let lines = TextDiff::from_lines(before, after);
    let changed = lines.iter_all_changes().filter(|line| line.tag() != ChangeTag::Equal);
    changed.map(|line| format!("{}{}", line.tag(), line.value())).collect()
}
