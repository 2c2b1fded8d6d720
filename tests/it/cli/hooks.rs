//! The hook protocols, as transcripts: `tests/data/hooks/<agent>/*.jsonl`.
//!
//! A line is one event as the agent sends it and the answer that is expected; `…` in an answer stands for
//! any text, `[PROJECT]` for the project's folder. `given` makes a project first: the files of `init`, one
//! item, the phase, and more files; without it the line goes on where the one before ended. What an
//! event says that a tool has done is done before the hook hears of it.
//!
//! With `RULEMARK_BLESS=1` the answers are written into the files, to be read like code.

use super::environment::Environment;
use serde_json::{Map, Value, json};
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

/// Calls a hook as the agent would.
pub(super) fn call(environment: &Environment, agent: &str, event: &str) -> Output {
    let mut command = environment.command(&["hook", agent]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    process.stdin.take().unwrap().write_all(event.as_bytes()).unwrap();
    process.wait_with_output().unwrap()
}

/// A project in this phase, with one item to work on, none before the first phase, and with these files.
pub(super) fn project(phase: &str, files: &[(&str, &str)]) -> Environment {
    let environment = Environment::empty();
    let text = include_str!("../../../templates/workflow_state.md");
    let mut text =
        text.replace("Phase: INIT", &format!("Phase: {phase}")).replace("Status: READY", "Status: RUNNING");
    if phase != "INIT" {
        let row = "| -- | ----------- | ------ |\n";
        text = text.replace("CurrentItem: null", "CurrentItem: Add a greeting");
        text = text.replace(row, &format!("{row}| 1 | Add a greeting | pending |\n"));
    }
    environment.write("workflow_state.md", text);
    environment.write("project_config.md", include_str!("../../../templates/project_config.md"));
    environment.write("src/main.rs", "fn main() {}\n");
    files.iter().for_each(|(path, text)| environment.write(path, text));
    environment.run(&["apply", "-q"]);
    environment
}

#[test]
fn agents_are_answered_as_their_transcripts_say() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/hooks");
    let is_blessed = std::env::var_os("RULEMARK_BLESS").is_some();
    let mut failures = Vec::new();
    let mut count = 0;
    for agent in ["claude-code", "cursor"] {
        for file in files(&data.join(agent)) {
            let (found, failed) = transcript(agent, &file);
            count += 1;
            if is_blessed {
                #[allow(clippy::disallowed_methods, reason = "a transcript is no state file")]
                fs::write(&file, found).unwrap();
            } else {
                failures.extend(failed);
            }
        }
    }
    assert!(count > 8, "the transcripts were not found");
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn an_agent_hears_that_its_copy_was_an_older_one() {
    let environment = project("ANALYZE", &[]);
    let copy = environment.read("workflow_state.md");
    environment.run(&["log", "by somebody else", "-q"]);
    environment.write("workflow_state.md", copy.replace("## Log\n", "## Log\n- by the agent\n"));
    let root = environment.root().canonicalize().unwrap();
    let event = json!({
        "session_id": "1", "cwd": root, "hook_event_name": "PostToolUse", "tool_name": "Write",
        "tool_input": { "file_path": root.join("workflow_state.md"), "content": "" },
    });
    let answer = call(&environment, "claude-code", &event.to_string());
    let told: Value = serde_json::from_slice(&answer.stdout).unwrap();
    let told = &told["hookSpecificOutput"]["additionalContext"];
    let expected = "workflow_state.md was saved from an older version: both sides are kept\n\
                    The files have changed: read them again before you edit them";
    assert_eq!(told, expected);
    let state = environment.read("workflow_state.md");
    assert!(state.contains("by somebody else\n") && state.contains("- by the agent\n"), "{state}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Plays a transcript; answers it with what was answered, and where that is not what was expected.
fn transcript(agent: &str, file: &Path) -> (String, Vec<String>) {
    let mut environment = project("ANALYZE", &[]);
    let (mut found, mut failures) = (String::new(), Vec::new());
    let text = fs::read_to_string(file).unwrap();
    for (number, line) in text.lines().enumerate() {
        let place = format!("{}:{}", file.display(), number + 1);
        let mut step: Map<String, Value> =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{place}: {error}"));
        if let Some(given) = step.get("given") {
            environment = given_project(given);
        }
        let event = step["event"].clone();
        let root = environment.root().canonicalize().unwrap();
        let event = event.as_str().map_or_else(|| event.to_string(), str::to_owned);
        let event = event.replace("[PROJECT]", root.to_str().unwrap());
        if let Ok(event) = serde_json::from_str(&event) {
            has_been_done(&environment, &event);
        }
        let output = call(&environment, agent, &event);
        let answer = environment.normalised(&output.stdout);
        let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|_| json!(answer));
        let mut expected = Map::from_iter([("answer".to_owned(), answer)]);
        if output.status.code() != Some(0) {
            expected.insert("exit".into(), json!(output.status.code()));
        }
        let complaint = environment.normalised(&output.stderr);
        if !complaint.is_empty() {
            expected.insert("complaint".into(), json!(complaint.trim_end()));
        }
        for key in ["answer", "exit", "complaint"] {
            let (is, wanted) = (expected.get(key), step.get(key));
            if !fits(wanted, is) {
                let told = |value: Option<&Value>| value.map_or("nothing".into(), Value::to_string);
                failures.push(format!(
                    "{place}: {key}\n  expected {}\n  found    {}",
                    told(wanted),
                    told(is)
                ));
            }
            // What fits is left as it is: it may be put in fewer words.
            if !fits(wanted, is) {
                step.shift_remove(key);
                step.extend(is.map(|is| (key.to_owned(), is.clone())));
            }
        }
        found.push_str(&format!("{}\n", Value::Object(step)));
    }
    (found, failures)
}

fn given_project(given: &Value) -> Environment {
    let text = |key: &str| given.get(key).and_then(Value::as_str);
    let settings = text("settings").map(|settings| ("rulemark.toml", settings));
    let environment = project(text("phase").unwrap_or("ANALYZE"), settings.as_slice());
    for (path, content) in given.get("files").and_then(Value::as_object).into_iter().flatten() {
        environment.write(path, content.as_str().unwrap());
    }
    for (old, new) in given.get("state").and_then(Value::as_object).into_iter().flatten() {
        environment.edit(old, new.as_str().unwrap());
    }
    if given.get("state").is_some() {
        environment.run(&["apply", "-q"]);
    }
    environment
}

/// Does what the tool of an event behind a tool has done.
fn has_been_done(environment: &Environment, event: &Value) {
    let name = event["hook_event_name"].as_str().unwrap_or_default();
    let input = &event["tool_input"];
    let Some(path) = input["file_path"].as_str().or(input["path"].as_str()) else { return };
    if !name.eq_ignore_ascii_case("PostToolUse") {
        return;
    }
    let path = Path::new(path).strip_prefix(environment.root().canonicalize().unwrap()).unwrap().to_owned();
    let path = path.to_str().unwrap();
    match input["content"].as_str() {
        Some(content) => environment.write(path, content),
        None => {
            let text = environment.read(path);
            let (old, new) = (input["old_string"].as_str().unwrap(), input["new_string"].as_str().unwrap());
            assert!(text.contains(old), "{old:?} is not in {path}");
            environment.write(path, text.replacen(old, new, 1));
        }
    }
}

/// Whether `is` is what was wanted: texts with `…` for whatever stands there.
fn fits(wanted: Option<&Value>, is: Option<&Value>) -> bool {
    match (wanted, is) {
        (Some(Value::String(wanted)), Some(Value::String(is))) => {
            let pattern: Vec<String> = wanted.split('…').map(regex::escape).collect();
            regex::Regex::new(&format!("(?s)^{}$", pattern.join(".*"))).unwrap().is_match(is)
        }
        (Some(Value::Object(wanted)), Some(Value::Object(is))) => {
            wanted.len() == is.len() && wanted.iter().all(|(key, wanted)| fits(Some(wanted), is.get(key)))
        }
        (wanted, is) => wanted == is,
    }
}
