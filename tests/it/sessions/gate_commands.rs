//! Gates that run a command: the server goes on meanwhile, and the command ends with its call.

use super::{
    client::{Client, Outcome},
    workspace::{Workspace, complete, start_lamp},
};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::PathBuf,
};

const SLOW: &str = "\
---
id: slow-gate
version: 1.0.0
name: Slow gate
description: Its gate takes its time.
---
## Phase 1: Wait

Do it.

### Gate
- [ ] `note` (string, non_empty): what was done
- [ ] check: `sh gate.sh` exits with 0

## Phase 2: After it

Do more.

### Gate
- [ ] `note` (string, non_empty): what was done
";

/// A project with a gate whose command says on one pipe that it runs, and ends as another pipe says. What
/// it has started holds the first one, too.
struct Stage {
    workspace: Workspace,
    running: BufReader<File>,
    go: File,
}

impl Stage {
    fn new() -> Self {
        let workspace = Workspace::of_cases();
        let pipe = |name: &str| {
            let path = workspace.home().join(name);
            mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
            // Opened for both, it waits for nobody.
            (File::options().read(true).write(true).open(&path).unwrap(), path)
        };
        let (go, go_path) = pipe("go");
        let (running, running_path) = pipe("running");
        let script = format!(
            "exec 3> '{}'\nsleep 1000 &\necho running >&3\nread code < '{}'\nkill $!\nexit $code\n",
            running_path.display(),
            go_path.display()
        );
        workspace.write("gate.sh", &script);
        workspace.write("workflows/slow-gate.md", SLOW);
        workspace.let_unattended();
        assert!(workspace.output(&["trust", "--workflow", "slow-gate", "--yes"]).status.success());
        Self { workspace, running: BufReader::new(running), go }
    }

    fn start(&self, server: &mut Client) -> String {
        let started = json!({ "action": "start", "workflow_type": "slow-gate", "target_file": "a.md" });
        server.workflow(&started)["session_id"].as_str().unwrap().to_owned()
    }

    /// Comes to the gate, and waits until its command runs.
    fn begin(&mut self, server: &mut Client, id: &str) -> u64 {
        let call = server.begin("workflow", &submit(id)).unwrap();
        self.wait_until_it_runs();
        call
    }

    fn wait_until_it_runs(&mut self) {
        let mut line = String::new();
        self.running.read_line(&mut line).unwrap();
        assert_eq!(line, "running\n");
    }

    fn let_it_end(&mut self, code: i32) {
        writeln!(self.go, "{code}").unwrap();
    }

    /// Waits until nothing of the command is left that could write to its pipe.
    fn wait_until_it_is_gone(&mut self) {
        // This end was opened for writing, too: only another one comes to an end.
        let path = self.pipe();
        self.running = BufReader::new(File::open("/dev/null").unwrap());
        let flags = rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::NONBLOCK;
        let end = rustix::fs::open(&path, flags, Mode::empty()).unwrap();
        rustix::fs::fcntl_setfl(&end, rustix::fs::OFlags::empty()).unwrap();
        File::from(end).read_to_end(&mut Vec::new()).unwrap();
        self.running = BufReader::new(File::options().read(true).write(true).open(&path).unwrap());
    }

    fn pipe(&self) -> PathBuf {
        self.workspace.home().join("running")
    }
}

fn submit(id: &str) -> Value {
    json!({ "action": "complete_phase", "session_id": id, "phase": 1, "evidence": { "note": "done" } })
}

fn about(action: &str, id: &str) -> Value {
    json!({ "action": action, "session_id": id })
}

fn answer(outcome: Option<Outcome>) -> Value {
    match outcome {
        Some(Outcome::Answer(answer)) => answer,
        other => panic!("{other:?}"),
    }
}

#[test]
fn others_are_answered_while_the_command_of_a_gate_runs() {
    let mut stage = Stage::new();
    let mut server = stage.workspace.serve();
    let (id, other) = (stage.start(&mut server), start_lamp(&mut server, "b.md"));
    let call = stage.begin(&mut server, &id);

    assert_eq!(complete(&mut server, &other, 0)["checkpoint_passed"], true);
    let state = server.workflow(&about("get_state", &id));
    assert_eq!((&state["status"], &state["current_phase"]), (&json!("success"), &json!(1)), "{state}");
    let mut elsewhere = stage.workspace.serve();
    assert_eq!(complete(&mut elsewhere, &other, 1)["checkpoint_passed"], true, "nothing is locked");
    let second = server.workflow(&submit(&id));
    assert_eq!(second["error_type"], "ConflictError", "{second}");
    assert_eq!(second["retry"], "now");
    assert!(second["error"].as_str().unwrap().contains("the commands of phase 1's gate run already"));

    stage.let_it_end(0);
    let passed = answer(server.outcome(call));
    assert_eq!((&passed["checkpoint_passed"], &passed["next_phase"]), (&json!(true), &json!(2)), "{passed}");
    assert!(stage.workspace.read(&id).contains("exited with 0"));
    let progress: Vec<&str> = server.heard.iter().filter_map(|it| it["params"]["message"].as_str()).collect();
    assert!(progress[0] == "sh gate.sh" && progress[1].starts_with("`sh gate.sh`: ok"), "{progress:?}");
    // The same call again is answered without the command: it would never end.
    assert_eq!(server.workflow(&submit(&id)), passed);
}

#[test]
fn a_command_that_fails_keeps_the_gate_shut() {
    let mut stage = Stage::new();
    let mut server = stage.workspace.serve();
    let id = stage.start(&mut server);
    let call = stage.begin(&mut server, &id);
    stage.let_it_end(3);
    let refused = answer(server.outcome(call));
    assert!(
        refused["error"].as_str().unwrap().contains("`sh gate.sh` exited with 3, not with 0"),
        "{refused}"
    );
    let call = stage.begin(&mut server, &id);
    stage.let_it_end(0);
    assert_eq!(answer(server.outcome(call))["checkpoint_passed"], true);
}

#[test]
fn a_cancelled_call_ends_the_command_and_leaves_the_session() {
    let mut stage = Stage::new();
    let mut server = stage.workspace.serve();
    let id = stage.start(&mut server);
    let before = stage.workspace.read(&id);
    let call = stage.begin(&mut server, &id);
    server.cancel(call);
    stage.wait_until_it_is_gone();
    assert_eq!(stage.workspace.read(&id), before, "what was stopped counts for nothing");
    stage.let_it_end(0);
    let passed = loop {
        let answer = server.workflow(&submit(&id));
        // The command has ended, and its call may be about to.
        if answer["error_type"] != "ConflictError" {
            break answer;
        }
    };
    assert_eq!(passed["checkpoint_passed"], true, "{passed}");
}

#[test]
fn a_command_ends_with_the_server() {
    let mut stage = Stage::new();
    let mut server = stage.workspace.serve();
    let id = stage.start(&mut server);
    stage.begin(&mut server, &id);
    drop(server);
    stage.wait_until_it_is_gone();
}

#[test]
fn a_command_speaks_of_the_files_that_are_there_when_it_ends() {
    let mut stage = Stage::new();
    let mut server = stage.workspace.serve();
    let id = stage.start(&mut server);
    let call = stage.begin(&mut server, &id);
    stage.workspace.write("meanwhile.txt", "news");
    stage.let_it_end(0);
    let refused = answer(server.outcome(call));
    let error = refused["error"].as_str().unwrap();
    assert!(
        error.contains("`sh gate.sh` ran, but its run doesn't count: files changed while it did"),
        "{error}"
    );
}

#[test]
fn a_session_that_somebody_moved_meanwhile_is_decided_as_it_is() {
    let mut stage = Stage::new();
    let mut server = stage.workspace.serve();
    let id = stage.start(&mut server);
    let call = stage.begin(&mut server, &id);
    assert!(stage.workspace.output(&["session", "pause", &id]).status.success());
    stage.let_it_end(0);
    let refused = answer(server.outcome(call));
    assert_eq!(refused["error_type"], "StateError", "{refused}");
    assert!(!fs::read_to_string(stage.workspace.session(&id)).unwrap().contains("attempt 1"));
    server.workflow(&about("resume", &id));

    let call = stage.begin(&mut server, &id);
    server.workflow(&about("pause", &id));
    let resumed = server.workflow(&about("resume", &id));
    assert_eq!(resumed["status"], "success", "{resumed}");
    stage.let_it_end(0);
    assert_eq!(answer(server.outcome(call))["checkpoint_passed"], true, "the run still counts");
}

#[test]
fn a_person_sees_what_runs() {
    let mut stage = Stage::new();
    let id = stage.start(&mut stage.workspace.serve());
    stage.let_it_end(0);
    let output = stage.workspace.output(&["session", "complete", &id, "1", "note=done"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{output:?}");
    assert!(said.contains("running `sh gate.sh`"), "{said}");
}
