//! The real binary is killed, at random moments and at system calls; then it is looked what is left.

use super::environment::Environment;
use rulemark::{
    journal::Journal,
    runtime::Project,
    text::{DocumentId, Revision},
};
use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const STATE: &str = include_str!("../faults/workflow_state.md");
const CONFIG: &str = "# project_config.md\n\n## Goal\nA person's words.\n\n## Changelog\n";

/// What finishes the current item and writes both documents.
const FINISH: [&str; 4] = ["set", "Phase=VALIDATE", "Status=COMPLETED", "-q"];

fn project() -> Environment {
    let environment = Environment::with_state(STATE);
    environment.write("project_config.md", CONFIG);
    succeed(&environment, &["apply", "-q"]);
    environment
}

#[track_caller]
fn succeed(environment: &Environment, arguments: &[&str]) {
    let output = environment.output(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Both documents are whole, though one of them may be ahead of the other.
#[track_caller]
fn require_whole(environment: &Environment, when: &str) {
    let (state, config) = (environment.read("workflow_state.md"), environment.read("project_config.md"));
    let is_whole = state.starts_with("# workflow_state.md\n\nA person wrote this")
        && state.contains("\n## Items\n")
        && state.contains("\n## Log\n")
        && state.contains("\n## ArchiveLog\n")
        && config.starts_with("# project_config.md\n\n## Goal\nA person's words.\n\n## Changelog\n");
    assert!(is_whole, "{when}:\n{state}\n{config}");
}

/// The next run works, and leaves documents and journal that agree, and nothing that nobody knows.
#[track_caller]
fn require_repaired(environment: &Environment, when: &str) {
    succeed(environment, &["apply", "-q"]);
    let (state, config) = (environment.read("workflow_state.md"), environment.read("project_config.md"));
    let project = Project::open(&environment.root()).unwrap();
    assert_eq!(project.verify().unwrap().problems, [""; 0], "{when}");
    let journal = Journal::open_existing(&project.workspace().journal()).unwrap().unwrap();
    for (document, text) in [(DocumentId::State, &state), (DocumentId::Config, &config)] {
        let newest = journal.head(document).unwrap();
        assert_eq!(newest, Some(Revision::of(text)), "{when}: the journal knows another {document:?}");
    }
    let known = journal.displaced().unwrap();
    let folder = project.workspace().displaced();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let place = entry.unwrap().path();
        let place = project.workspace().relative(&place).to_str().unwrap().to_owned();
        assert!(known.iter().any(|file| file.place == place), "{when}: {place} was left behind");
    }
}

#[test]
fn a_kill_at_any_moment_loses_nothing_that_was_done() {
    const KILLS: u64 = 120;
    let environment = project();
    let began = Instant::now();
    succeed(&environment, &["log", "as long as it takes", "-q"]);
    let usual = u64::try_from(began.elapsed().as_micros()).unwrap();
    let (mut done, mut killed) = (Vec::new(), 0);
    for number in 0..KILLS {
        let line = format!("number {number}.");
        let arguments = match number % 3 {
            0 => vec!["log", &line, "-q"],
            1 => vec!["item", "add", &line, "-q"],
            _ => FINISH.to_vec(),
        };
        let mut process =
            environment.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Anywhere in its life, by a stride that meets every part of it.
        let moment = Instant::now() + Duration::from_micros(number * 7_919 % (2 * usual));
        while Instant::now() < moment {
            std::hint::spin_loop();
        }
        process.kill().unwrap();
        if process.wait().unwrap().success() {
            done.extend((number % 3 < 2).then_some(line.clone()));
        } else {
            killed += 1;
        }
        require_whole(&environment, &format!("kill {number}"));
    }
    require_repaired(&environment, "in the end");
    let state = environment.read("workflow_state.md");
    let archived = Project::open(&environment.root()).unwrap().archived_logs(1_000).unwrap();
    for number in 0..KILLS {
        let line = format!("number {number}.");
        let times = state.lines().filter(|it| it.contains(&line)).count();
        let is_kept = times > 0 || archived.iter().any(|log| log.text.contains(&line));
        assert!(is_kept || !done.contains(&line), "{line} was done, and is gone");
    }
    println!("{killed} of {KILLS} processes were killed; {} entries that were done are there", done.len());
    assert!(killed > KILLS / 4, "only {killed} were killed in time: this means little");
}

/// What is tried: the calls that change something on the disk.
const CALLS: [&str; 7] = ["fsync", "fdatasync", "renameat2", "rename", "unlink", "ftruncate", "write"];

#[cfg(target_os = "linux")]
#[test]
fn a_kill_at_any_call_leaves_old_or_new() {
    if !can_trace() {
        println!("skipped: strace is not here, or may not trace");
        return;
    }
    let mut told = Vec::new();
    for call in CALLS {
        let mut position = 1;
        while killed_at(call, position) {
            position += 1;
        }
        told.push(format!("{call} {}", position - 1));
    }
    println!("killed at every one of: {}", told.join(", "));
    assert!(told.iter().any(|it| it == "renameat2 2"), "both documents are exchanged: {told:?}");
}

/// Kills the run that writes both documents at its n-th such call; `false` when it makes fewer.
#[cfg(target_os = "linux")]
fn killed_at(call: &str, position: usize) -> bool {
    let environment = project();
    let before = (environment.read("workflow_state.md"), environment.read("project_config.md"));
    let inject = format!("inject={call}:signal=KILL:when={position}");
    let mut tracing =
        environment.command_by("strace", &["-f", "-qq", "-o", "/dev/null", "-e", &inject], &FINISH);
    let output = tracing.output().unwrap();
    let when = format!("killed at {call} {position}");
    require_whole(&environment, &when);
    require_repaired(&environment, &when);
    let repaired = (environment.read("workflow_state.md"), environment.read("project_config.md"));
    if output.status.success() {
        assert_ne!(repaired, before, "{when}: it was done");
    } else if repaired == before {
        succeed(&environment, &FINISH);
    }
    succeed(&environment, &["undo", "-q"]);
    let undone = (environment.read("workflow_state.md"), environment.read("project_config.md"));
    assert_eq!(undone, before, "{when}, then undone");
    !output.status.success()
}

#[cfg(target_os = "linux")]
fn can_trace() -> bool {
    #[allow(clippy::disallowed_methods, reason = "asks for a tool that may not be there")]
    let traced = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output();
    traced.is_ok_and(|output| output.status.success())
}
