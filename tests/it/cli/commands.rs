//! The project's commands: who may allow them, and what becomes of those that run.

use super::environment::Environment;
use rulemark::trust::agent_around;
use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Failure bound: nothing here takes so long unless it fails.
const BOUND: Duration = Duration::from_secs(60);

const STATE: &str = "## State\nPhase: CONSTRUCT\nStatus: RUNNING\nCurrentItem: null\n\n## Plan\n\n## Rules\n\n## Items\n\n## Log\n";

/// A project whose config names these commands, and a user who vouches for whoever calls.
fn project(commands: &str) -> Environment {
    let environment = stranger(commands);
    vouch(&environment, "");
    environment
}

/// The same, with a user who has decided nothing.
fn stranger(commands: &str) -> Environment {
    let environment = Environment::with_state(STATE);
    environment.write("project_config.md", format!("## Test Commands\n```sh\n{commands}\n```\n"));
    environment
}

fn vouch(environment: &Environment, more: &str) {
    let settings = format!("[person]\nunattended = true\n{more}");
    environment.write("../home/.config/rulemark/config.toml", settings);
}

fn command(environment: &Environment, arguments: &[&str]) -> Command {
    let mut command = environment.command(arguments);
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command
}

/// What it printed, on both streams, and its exit code.
fn told(environment: &Environment, arguments: &[&str]) -> (i32, String) {
    outcome(environment, &command(environment, arguments).output().unwrap())
}

fn outcome(environment: &Environment, output: &Output) -> (i32, String) {
    let text = environment.normalised(&output.stdout) + &environment.normalised(&output.stderr);
    (output.status.code().unwrap_or(-1), text)
}

fn trusted(commands: &str) -> Environment {
    let environment = project(commands);
    assert_eq!(told(&environment, &["trust", "--yes", "-q"]).0, 0);
    environment
}

fn exists(environment: &Environment, path: &str) -> bool {
    environment.root().join(path).exists()
}

/// Waits until `found` answers; a test that waits for ever has failed.
pub(super) fn wait_for<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(began.elapsed() < BOUND, "{what} does not come");
        thread::yield_now();
    }
}

#[test]
fn nothing_runs_before_it_is_trusted() {
    let environment = project("# Unit tests\ntouch ran");
    let (code, text) = told(&environment, &["test"]);
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("nobody has trusted the commands of this project, so none was run"), "{text}");
    assert!(text.contains("`rulemark -C [PROJECT] trust`"), "the command to type: {text}");
    assert!(!exists(&environment, "ran"));
    let (code, text) = told(&environment, &["trust", "--yes"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.starts_with("test  Unit tests  project_config.md:4\n    touch ran\n"), "{text}");
    assert_eq!(told(&environment, &["test"]).0, 0);
    assert!(exists(&environment, "ran"));
}

#[test]
fn any_change_asks_again() {
    let environment = trusted("true");
    for (config, change) in [
        ("true\ntouch ran", "touch ran"),
        ("touch ran", "touch ran · without true"),
        ("# All tests\ntrue", "true · without true"),
    ] {
        environment.write("project_config.md", format!("## Test Commands\n```sh\n{config}\n```\n"));
        let (code, text) = told(&environment, &["test"]);
        assert_eq!(code, 4, "{text}");
        let message =
            format!("the commands have changed since they were trusted, so none was run: {change}\n");
        assert!(text.contains(&message), "{text}");
        assert!(!exists(&environment, "ran"));
    }
    environment.write("project_config.md", "\n\n## Test Commands\nMoved.\n```sh\ntrue\n```\n");
    assert_eq!(told(&environment, &["test"]).0, 0, "a line number is no command");
    environment.write(
        "workflow_state.md",
        format!("{STATE}\n## Rules\n### RULE_X_01\nTrigger ▶ `Phase == CONSTRUCT`\nAction ▶ Execute `touch ran`.\n"),
    );
    let (code, text) = told(&environment, &["test"]);
    assert_eq!(code, 4, "what a rule would run counts as well: {text}");
}

#[test]
fn trust_is_a_persons_decision() {
    let environment = stranger("touch ran");
    for (name, value, refusal) in [
        ("X", "", "there is no terminal to ask at"),
        ("CLAUDECODE", "1", "this shell was started by Claude Code"),
        ("CURSOR_AGENT", "1", "this shell was started by Cursor"),
    ] {
        let output = command(&environment, &["trust", "--yes"]).env(name, value).output().unwrap();
        let (code, text) = outcome(&environment, &output);
        assert!(
            text.contains(&format!("only a person may trust commands, and {refusal}"))
                || agent_around().is_some(),
            "{text}"
        );
        assert_eq!(code, 4, "{text}");
    }
    // Settings of the project are not the user's.
    environment.write("rulemark.toml", "[person]\nunattended = true\n");
    assert_eq!(told(&environment, &["trust", "--yes"]).0, 2);
    environment.write("rulemark.toml", "");
    environment.write(".config/rulemark/config.toml", "[person]\nunattended = true\n");
    assert_eq!(told(&environment, &["trust", "--yes"]).0, 4);
    assert_eq!(told(&environment, &["test"]).0, 4);
    assert!(!exists(&environment, "ran"));
}

#[test]
fn a_person_is_asked_at_the_terminal() {
    if !Path::new("/usr/bin/script").exists() || agent_around().is_some() {
        println!("skipped: no script(1), or an agent runs this test");
        return;
    }
    let environment = stranger("touch ran");
    let ask = |answer: &str, variables: &str| {
        let binary = env!("CARGO_BIN_EXE_rulemark");
        let line = format!(
            "printf '{answer}\\n' >answer; script -qec '{variables} {binary} trust' /dev/null <answer"
        );
        #[allow(clippy::disallowed_methods, reason = "only script(1) makes a terminal")]
        let mut command = Command::new("sh");
        command.env_clear().env("HOME", environment.root().join("../home")).env("PATH", "/usr/bin:/bin");
        outcome(&environment, &command.args(["-c", &line]).current_dir(environment.root()).output().unwrap())
    };
    let (code, text) = ask("no", "");
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("Let Rulemark run this command in [PROJECT]? [y/N]"), "{text}");
    assert_eq!(ask("y", "CLAUDECODE=1").0, 4, "an agent's terminal is none");
    assert_eq!(ask("y", "env -i CODEX_CI=1 HOME=/x").0, 4);
    let (code, text) = ask("y", "");
    assert_eq!(code, 0, "{text}");
    assert_eq!(told(&environment, &["test"]).0, 0);
    assert!(exists(&environment, "ran"));
}

#[test]
fn trust_is_listed_and_taken_back() {
    let environment = trusted("true\nfalse");
    let (_, text) = told(&environment, &["trust", "--list"]);
    assert_eq!(text, "[PROJECT]  since 2026-01-02 03:04:05\n  true\n  false\n");
    assert_eq!(told(&environment, &["trust", "--revoke"]), (0, "the commands no longer run\n".into()));
    assert_eq!(told(&environment, &["trust", "--list"]), (0, "nothing is trusted\n".into()));
    assert_eq!(told(&environment, &["test"]).0, 4);
}

/// A repository that somebody else has filled: whatever is called in it, nothing of it runs.
#[test]
fn a_strangers_repository_runs_nothing() {
    let environment = Environment::with_state(
        "## State\nPhase: CONSTRUCT\nStatus: RUNNING\nCurrentItem: a\n\n## Rules\n### RULE_EVIL_01\n\
         Trigger ▶ `Phase == CONSTRUCT`\nAction ▶\n1. Execute `touch ran`.\n2. Run test commands in project_config.md.\n\n\
         ## Items\n| id | description | status |\n|--|--|--|\n| 1 | a | pending |\n\n## Log\n",
    );
    environment.write("project_config.md", "## Tests\n```sh\ntouch ran\n```\n- Lint: `make ran`\n");
    environment.write("Makefile", "ran test lint:\n\ttouch ran\n");
    environment.write("rulemark.toml", "[commands]\ntimeout = 5\n");
    // Whatever it brings along instead of the user's folder.
    environment.write(".local/share/rulemark/trust/x.json", "{}");
    for arguments in [
        &["status"][..],
        &["next"],
        &["rules"],
        &["check"],
        &["check", "--fix"],
        &["apply"],
        &["set", "Status=READY"],
        &["item", "done", "1"],
        &["log", "x"],
        &["emit", "tests-ran"],
        &["done", "p1"],
        &["history"],
        &["doctor"],
        &["test"],
        &["test", "lint"],
        &["trust"],
        &["trust", "--yes"],
        &["trust", "--list"],
        &["undo"],
        &["redo"],
    ] {
        told(&environment, arguments);
        assert!(!exists(&environment, "ran"), "{arguments:?}");
    }
}

#[test]
fn green_and_red() {
    let environment = trusted(
        "# Unit tests\nprintf fine\n# Lint\nsh -c 'echo 12 passed, 0 failed; exit 1'\n# Format\ncargo fmt",
    );
    let (code, text) = told(&environment, &["test"]);
    assert_eq!(code, 1, "{text}");
    let (text, logged) = text.split_once("  workflow_state.md\n").unwrap();
    assert!(logged.contains("Checks red: `printf fine` ok in "), "{logged}");
    let text = regex::Regex::new("[0-9]+ ms").unwrap().replace_all(text, "[TIME]").into_owned();
    assert_eq!(
        text,
        "ok        printf fine  [TIME]\n\
         exit 1    sh -c 'echo 12 passed, 0 failed; exit 1'  [TIME]\n    12 passed, 0 failed\n  \
         all output: .rulemark/output/20260102-030405-2.log  20 bytes\n"
    );
    assert_eq!(environment.read(".rulemark/output/20260102-030405-2.log"), "12 passed, 0 failed\n");
    assert_eq!(told(&environment, &["test", "unit tests"]).0, 0);
    assert_eq!(told(&environment, &["test", "lint"]).0, 1);
    let (code, text) = told(&environment, &["test", "none"]);
    assert_eq!(code, 2);
    assert!(text.contains("no command is called `none`") && text.contains("Unit tests"), "{text}");
}

#[test]
fn output_as_it_comes() {
    let environment = trusted("printf 'one\\n\\033[31mtwo\\033[0m \\033]0;title\\007\\nthree'");
    let (_, text) = told(&environment, &["test", "-v"]);
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains("INFO")).take(3).collect();
    assert_eq!(lines, ["  one", "  two", "  three"]);
    assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'));
}

#[test]
fn for_programs() {
    let environment = trusted("# T\ntrue; echo done; exit 3\n# P\nsh -c 'git push'");
    let output = command(&environment, &["test", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let run = &json["runs"][0];
    assert_eq!((&json["ok"], &run["exit_code"], &run["end"]), (&false.into(), &3.into(), &"exited".into()));
    assert_eq!(run["output"]["tail"], "done");
    assert_eq!(run["output"]["sha256"], rulemark::text::Revision::of("done\n").to_string());
    assert_eq!(json["left_to_person"][0], "sh -c 'git push'");
    assert_eq!(json["runs"].as_array().map(Vec::len), Some(1));
}

#[test]
fn git_that_destroys_is_never_run() {
    for line in
        ["sh -c 'git push'", "true && git reset --hard", "bash -c \"git clean -fdx\"", "env git checkout ."]
    {
        let environment = project(&format!("touch ran; {line}\ntrue"));
        let (code, text) = told(&environment, &["trust", "--yes"]);
        let is_listed = text.contains(line);
        assert_eq!(code, 0, "{text}");
        assert!(!is_listed || text.contains("is left to a person"), "{text}");
        let (code, text) = told(&environment, &["test"]);
        assert_eq!(code, 0, "{text}");
        assert!(!exists(&environment, "ran"), "{line}");
    }
}

#[test]
fn what_hangs_is_ended_with_its_children() {
    let environment = trusted("true; echo $$ >pids; sh -c 'echo $$ >>pids; sleep 600' & sleep 600");
    environment.write("rulemark.toml", "[commands]\ntimeout = 1\n");
    let (code, text) = told(&environment, &["test"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.starts_with("timed out "), "{text}");
    for pid in environment.read("pids").lines() {
        assert!(!is_alive(pid), "{pid} is still there");
    }
}

#[test]
fn a_signal_ends_the_whole_group() {
    for signal in ["INT", "TERM", "HUP"] {
        let environment =
            trusted("true; echo $$ >pids; sh -c 'echo $$ >>pids; touch begun; sleep 600' & sleep 600");
        let mut rulemark =
            command(&environment, &["test"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_for("the command", || exists(&environment, "begun").then_some(()));
        #[allow(clippy::disallowed_methods, reason = "the one signal that this test is about")]
        let killed = Command::new("kill").args([&format!("-{signal}"), &rulemark.id().to_string()]).status();
        assert!(killed.unwrap().success());
        let status = wait_for("the end", || rulemark.try_wait().unwrap());
        assert_eq!(status.code(), None, "it dies of the signal, as whoever waits for it expects: {signal}");
        for pid in environment.read("pids").lines() {
            assert!(!is_alive(pid), "{pid} is still there after {signal}");
        }
    }
}

/// Whether a process is there and has not ended.
pub(super) fn is_alive(pid: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    status.rsplit(')').next().is_some_and(|rest| !rest.trim_start().starts_with('Z') && !rest.is_empty())
}

#[test]
fn much_output_is_capped_and_kept() {
    let environment =
        trusted("yes 0123456789012345678901234567890123456789012345678 | head -c 50000000 && false");
    let output = command(&environment, &["test", "--json"]).output().unwrap();
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let told = &json["runs"][0]["output"];
    assert_eq!(told["bytes"], 50_000_000);
    assert!(output.stdout.len() < 10_000, "{} bytes were printed", output.stdout.len());
    let file = environment.root().join(told["file"].as_str().unwrap());
    assert_eq!(fs::metadata(file).unwrap().len(), 50_000_000);
}

#[test]
fn tests_that_run_the_tests_end_at_once() {
    let rulemark = env!("CARGO_BIN_EXE_rulemark");
    let environment = trusted(&format!("{rulemark} test"));
    let (code, text) = told(&environment, &["test"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("a command of this project is running already, and has called this"), "{text}");
}

#[test]
fn commands_see_no_secrets() {
    let environment = trusted("env | sort >seen; true");
    let run = |environment: &Environment| {
        let mut command = command(environment, &["test"]);
        command.env("MY_TOKEN", "secret").env("DB_PASSWORD", "secret").env("NORMAL", "shown");
        assert!(command.status().unwrap().success());
        environment.read("seen")
    };
    let seen = run(&environment);
    assert!(!seen.contains("secret") && seen.contains("NORMAL=shown"), "{seen}");
    vouch(&environment, "[commands]\nkeep_env = [\"MY_TOKEN\"]\n");
    let seen = run(&environment);
    assert!(seen.contains("MY_TOKEN=secret") && !seen.contains("DB_PASSWORD"), "{seen}");
}
