//! Hooks, from the start of the process to the answer, and `doctor` on a project that is set up.

use crate::{commands, document, interleaved, print_row, print_title, project};
use std::{
    env, fs,
    io::Write as _,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tempfile::TempDir;

pub(crate) fn measure() {
    let scratch = TempDir::new().unwrap();
    let empty = commands::empty_binary(scratch.path());
    for (label, size) in [("13 KB", 13_000), ("1 MB", 1_000_000)] {
        print_title(&format!(
            "hooks: one process each on a state file of {label}, against an empty Rust binary"
        ));
        let state = document::generate(size);
        let project = project::with_state(&state);
        let folder = project.path();
        run(&["apply"], folder);
        fs::create_dir(folder.join("src")).unwrap();
        let phase = state.lines().find(|line| line.contains("Phase")).unwrap_or_default();
        let event = |name: &str, tool: &str, input: &str| {
            let cwd = folder.display();
            format!(
                r#"{{"session_id":"s","cwd":"{cwd}","hook_event_name":"{name}","tool_name":"{tool}","tool_input":{input}}}"#
            )
        };
        let source = format!(r#"{{"file_path":"{}/src/a.rs","content":""}}"#, folder.display());
        let to_state = format!(
            r#"{{"file_path":"{}/workflow_state.md","old_string":{phase:?},"new_string":"{phase}X"}}"#,
            folder.display()
        );
        let events = [
            event("PreToolUse", "Write", &source),
            event("PreToolUse", "Bash", r#"{"command":"cat src/a.rs | sed -n 1,5p > /dev/null"}"#),
            event("PreToolUse", "Edit", &to_state),
            event("PostToolUse", "Write", &source),
            event("SessionStart", "", "{}"),
            event("Stop", "", "{}"),
        ];
        let [base, write, shell, edit, after, start, stop] = interleaved(
            101,
            [
                &mut || project::run(&empty, &[], folder),
                &mut || call(&events[0], folder),
                &mut || call(&events[1], folder),
                &mut || call(&events[2], folder),
                &mut || call(&events[3], folder),
                &mut || call(&events[4], folder),
                &mut || call(&events[5], folder),
            ],
        );
        for (label, time) in [
            ("before an edit of a source", write),
            ("before a command", shell),
            ("before an edit of the state", edit),
            ("after an edit", after),
            ("a conversation begins", start),
            ("the agent stops", stop),
        ] {
            print_row(label, time, ("empty binary", base));
        }
    }
    measure_doctor(&empty);
}

fn measure_doctor(empty: &Path) {
    print_title(
        "doctor: a project with two agents set up, six trials of their hooks, against an empty Rust binary",
    );
    let project = project::with_state(&document::generate(13_000));
    let folder = project.path();
    for agent in ["claude-code", "cursor"] {
        run(&["init", "-q", "--agent", agent], folder);
    }
    let tools = Path::new(project::RULEMARK).parent().unwrap();
    let paths = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([tools.to_owned()].into_iter().chain(env::split_paths(&paths))).unwrap();
    let [base, doctor] = interleaved(
        21,
        [&mut || project::run(empty, &[], folder), &mut || {
            let mut command = project::command(Path::new(project::RULEMARK), folder);
            command.arg("doctor").env("PATH", &path);
            let started = Instant::now();
            assert!(command.status().unwrap().success());
            started.elapsed()
        }],
    );
    print_row("doctor", doctor, ("empty binary", base));
}

fn run(arguments: &[&str], folder: &Path) -> Duration {
    project::run(Path::new(project::RULEMARK), arguments, folder)
}

/// From the start of the process to its end, the event written and the answer read.
fn call(event: &str, folder: &Path) -> Duration {
    let mut command = project::command(Path::new(project::RULEMARK), folder);
    command.args(["hook", "claude-code"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let started = Instant::now();
    let mut process = command.spawn().unwrap();
    process.stdin.take().unwrap().write_all(event.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    let time = started.elapsed();
    assert!(output.status.success() && output.stdout.starts_with(b"{"), "{output:?}");
    time
}
