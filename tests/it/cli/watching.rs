//! The watcher and the demo, in processes of their own.

use super::{
    environment::Environment,
    hostile::{HOSTILE, unsafe_parts},
};
use std::{
    io::{BufRead as _, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

/// A machine under load may take its time; a hang must still end.
const DEADLINE: Duration = Duration::from_secs(30);

/// A process whose lines are read as they come. It is ended with the test.
pub(super) struct Running {
    child: Child,
    lines: Receiver<String>,
    seen: String,
}

impl Running {
    pub(super) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = lines(child.stdout.take().unwrap());
        Self { child, lines, seen: String::new() }
    }

    /// Reads on until a line holds `wanted`.
    pub(super) fn await_line(&mut self, wanted: &str) {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("`{wanted}` was not printed:\n{}", self.seen);
            };
            self.seen.push_str(&line);
            self.seen.push('\n');
            if line.contains(wanted) {
                return;
            }
        }
    }

    pub(super) fn interrupt(mut self) -> (Option<i32>, String) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        let deadline = Instant::now() + DEADLINE;
        while let Ok(line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            self.seen.push_str(&line);
            self.seen.push('\n');
        }
        (self.child.wait().unwrap().code(), std::mem::take(&mut self.seen))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn lines(output: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

#[test]
fn what_is_told_is_harmless() {
    let environment = Environment::initialised();
    let mut watcher = Running::start(environment.command(&["watch", "--color", "always"]));
    watcher.await_line("watching");
    environment.edit("Add a greeting", &format!("Add {HOSTILE}"));
    watcher.await_line("u{1b}");
    let (_, told) = watcher.interrupt();
    assert_eq!(unsafe_parts(&told), [""; 0]);
}

#[test]
fn runs_are_told_as_they_happen() {
    let environment = Environment::initialised();
    let mut watcher = Running::start(environment.command(&["watch"]));
    watcher.await_line("watching");
    environment.edit("Phase: ANALYZE", "Phase: VALIDATE");
    watcher.await_line("Phase ANALYZE → VALIDATE");
    environment.edit("Status: RUNNING", "Status: COMPLETED");
    watcher.await_line("Status RUNNING → COMPLETED");
    watcher.await_line("RULE_ITERATE_01");
    watcher.await_line("+ - Added a greeting");
    let second = environment.run(&["watch"]);
    assert!(second.contains("-- exit code 3"), "{second}");
    let state = environment.run(&["status"]);
    assert!(state.contains("running") && !state.contains("not running"), "{state}");
    let (code, seen) = watcher.interrupt();
    assert_eq!(code, Some(0), "{seen}");
    assert!(seen.ends_with("stopped\n"), "{seen}");
    assert!(environment.run(&["status"]).contains("not running"));
    assert!(
        environment
            .read("workflow_state.md")
            .contains("Phase: ANALYZE\nStatus: READY\nCurrentItem: Write the guide")
    );
}

/// An editor that empties the file before it fills it, and takes its time.
#[test]
fn a_half_saved_file_is_waited_for() {
    let environment = Environment::initialised();
    environment.write("rulemark.toml", "[watch]\nquiet_ms = 20\nmax_ms = 50\n");
    environment.edit("Phase: ANALYZE", "Phase: VALIDATE");
    environment.edit("Status: RUNNING", "Status: COMPLETED");
    let mut watcher = Running::start(environment.command(&["watch"]));
    watcher.await_line("RULE_ITERATE_01");
    // The last line of that run, so that nothing of it is taken for what follows.
    let whole = {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let text = environment.read("workflow_state.md");
            if text.contains("Write the guide")
                && environment.run(&["history", "-n", "1"]).contains("RULE_ITERATE_01")
            {
                break text;
            }
            assert!(Instant::now() < deadline, "no run was recorded:\n{text}");
        }
    };
    let runs = environment.run(&["history"]);
    environment.write("workflow_state.md", "");
    watcher.await_line("workflow_state.md is empty; waiting for its content");
    assert_eq!(environment.read("workflow_state.md"), "");
    let applied = environment.run(&["apply"]);
    assert!(applied.contains("is empty") && applied.ends_with("-- exit code 3\n"), "{applied}");
    environment.write("workflow_state.md", &whole);
    watcher.await_line("can be read again");
    assert_eq!(environment.run(&["history"]), runs, "nothing fires twice");
    std::fs::remove_file(environment.root().join("workflow_state.md")).unwrap();
    watcher.await_line("there is no");
    environment.write("workflow_state.md", b"## State\nPhase: \xff\n");
    watcher.await_line("UTF-8");
    environment.write("workflow_state.md", &whole);
    watcher.await_line("can be read again");
    assert_eq!(watcher.interrupt().0, Some(0));
    assert_eq!(environment.run(&["history"]), runs, "nothing fires twice");
    assert_eq!(environment.read("workflow_state.md"), whole);
}

#[test]
fn the_watch_lock_comes_back() {
    let environment = Environment::initialised();
    let mut watcher = Running::start(environment.command(&["watch"]));
    watcher.await_line("watching");
    let deadline = Instant::now() + DEADLINE;
    // Its first look may be writing the journal just now.
    while std::fs::remove_dir_all(environment.root().join(".rulemark")).is_err() {
        assert!(Instant::now() < deadline, "the folder can't be removed");
    }
    while environment.run(&["status"]).contains("not running") {
        assert!(Instant::now() < deadline, "the lock did not come back");
        thread::sleep(Duration::from_millis(10));
    }
    let second = environment.run(&["watch"]);
    assert!(second.contains("is watched already") && second.ends_with("-- exit code 3\n"), "{second}");
    environment.edit("Phase: ANALYZE", "Phase: VALIDATE");
    watcher.await_line("Phase ANALYZE → VALIDATE");
    assert_eq!(watcher.interrupt().0, Some(0));
}

#[test]
fn the_demo_ends_by_itself_and_cleans_up() {
    let environment = Environment::empty();
    let scratch = environment.root().join("scratch");
    std::fs::create_dir(&scratch).unwrap();
    let mut command = environment.command(&["demo", "--fast"]);
    command.env("TMPDIR", &scratch);
    let mut demo = Running::start(command);
    for line in [
        "RULE_INIT_01",
        "RULE_BLUEPRINT_ARCHIVE_01",
        "RULE_LOG_ROTATE_01",
        "RULE_ITERATE_01",
        "RULE_SUMMARY_01",
        "skipped",
        "your turn",
    ] {
        demo.await_line(line);
    }
    assert_eq!(demo.child.wait().unwrap().code(), Some(0));
    assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0, "the demo left something behind");
}
