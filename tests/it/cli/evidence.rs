//! Evidence: a phase that asks for the checks is left on a green run of these very files, or not at
//! all.

use super::environment::Environment;
use std::process::Command;

const PLAN: &str = "- [x] write it\n- [x] test it\n";

/// A git repository in CONSTRUCT, whose checks read a source file: they are content as long as `code.txt`
/// says "good".
pub(super) fn project() -> Environment {
    let environment = Environment::empty();
    environment.run(&["init", "-q"]);
    environment.write("../home/.config/rulemark/config.toml", "[person]\nunattended = true\n");
    environment.write("rulemark.toml", "[gates]\non_violation = \"revert\"\n");
    let config = environment.read("project_config.md").replace(
        "## Test Commands\n",
        "## Test Commands\n```sh\n# Unit tests\ngrep -q good code.txt\n# Lint\ntest -f code.txt\n```\n",
    );
    environment.write("project_config.md", config);
    environment.write("code.txt", "good");
    let state = environment.read("workflow_state.md").replace("Phase: INIT", "Phase: CONSTRUCT");
    let state =
        state.replace("Status: READY", "Status: RUNNING").replace("CurrentItem: null", "CurrentItem: Greet");
    let state = state.replace(
        "| -- | ----------- | ------ |",
        "| -- | ----------- | ------ |\n| 1 | Greet | pending |\n| 2 | Part | pending |",
    );
    environment.write("workflow_state.md", state);
    git(&environment, &["init", "-q", "-b", "main"]);
    git(&environment, &["add", "-A"]);
    git(&environment, &["commit", "-q", "-m", "begin"]);
    assert_eq!(told(&environment, &["trust", "--yes", "-q"]).0, 0);
    assert_eq!(told(&environment, &["apply", "-q"]).0, 0);
    environment
}

fn git(environment: &Environment, arguments: &[&str]) {
    #[allow(clippy::disallowed_methods, reason = "a test plays the person at git")]
    let mut command = Command::new("git");
    command
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", environment.root().join("../home"));
    for (name, value) in [("AUTHOR", "T"), ("COMMITTER", "T")] {
        command.env(format!("GIT_{name}_NAME"), value).env(format!("GIT_{name}_EMAIL"), "t@example.org");
    }
    let output = command.args(arguments).current_dir(environment.root()).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Exit code, and what was printed on both streams.
pub(super) fn told(environment: &Environment, arguments: &[&str]) -> (i32, String) {
    let output = environment.command(arguments).env("PATH", "/usr/local/bin:/usr/bin:/bin").output().unwrap();
    let text = environment.normalised(&output.stdout) + &environment.normalised(&output.stderr);
    (output.status.code().unwrap_or(-1), text)
}

#[track_caller]
fn refuses(environment: &Environment, reason: &str) {
    let (code, text) = told(environment, &["set", "Phase=VALIDATE"]);
    let state = environment.read("workflow_state.md");
    assert!(code == 3 && text.contains(reason), "exit {code}\n{text}");
    assert!(state.contains("Phase: CONSTRUCT\n"), "{state}");
    assert!(state.contains(&format!("phase CONSTRUCT was left, and {reason}")), "Log says it: {state}");
}

#[track_caller]
fn allows(environment: &Environment) {
    let (code, text) = told(environment, &["set", "Phase=VALIDATE"]);
    assert_eq!(code, 0, "{text}");
    assert!(environment.read("workflow_state.md").contains("Phase: VALIDATE\n"));
}

#[test]
fn missing_and_green() {
    let environment = project();
    refuses(&environment, "the checks are missing: `grep -q good code.txt` was not run");
    told(&environment, &["test", "lint", "-q"]);
    refuses(&environment, "the checks are missing: `grep -q good code.txt` was not run");
    assert_eq!(told(&environment, &["test", "-q"]).0, 0);
    allows(&environment);
}

#[test]
fn red() {
    let environment = project();
    environment.write("code.txt", "bad");
    assert_eq!(told(&environment, &["test", "-q"]).0, 1);
    refuses(&environment, "the checks are red: `grep -q good code.txt` exit 1 in ");
    let log = environment.read("workflow_state.md");
    assert!(log.contains("[2026-01-02 03:04:05] Checks red: `grep -q good code.txt` exit 1 in "), "{log}");
}

#[test]
fn green_then_a_file_touched() {
    let environment = project();
    assert_eq!(told(&environment, &["test", "-q"]).0, 0);
    environment.write("code.txt", "good as well");
    refuses(&environment, "the checks are stale: files have changed since `grep -q good code.txt` was run");
    environment.write("code.txt", "good");
    environment.write("new.txt", "");
    refuses(&environment, "the checks are stale");
    std::fs::remove_file(environment.root().join("new.txt")).unwrap();
    allows(&environment);
}

#[test]
fn green_on_another_branch() {
    let environment = project();
    git(&environment, &["checkout", "-q", "-b", "other"]);
    environment.write("code.txt", "good on the other branch");
    git(&environment, &["commit", "-q", "-m", "other", "code.txt"]);
    assert_eq!(told(&environment, &["test", "-q"]).0, 0);
    git(&environment, &["stash", "-q"]);
    git(&environment, &["checkout", "-q", "main"]);
    refuses(&environment, "the checks are stale");
    assert_eq!(told(&environment, &["test", "-q"]).0, 0);
    git(&environment, &["add", "code.txt"]);
    allows(&environment);
}

#[test]
fn what_rulemark_writes_itself_makes_nothing_stale() {
    let environment = project();
    assert_eq!(told(&environment, &["test", "-q"]).0, 0);
    told(&environment, &["log", "a note"]);
    environment.write("project_config.md", environment.read("project_config.md") + "- a change\n");
    allows(&environment);
}

#[test]
fn files_that_change_while_the_checks_run() {
    let environment = project();
    let config =
        environment.read("project_config.md").replace("test -f code.txt", "date +%N >made.txt; true");
    environment.write("project_config.md", config);
    told(&environment, &["trust", "--yes", "-q"]);
    assert_eq!(told(&environment, &["test", "-q"]).0, 0);
    refuses(&environment, "the checks are stale: files");
    environment.write(".gitignore", "made.txt\n");
    assert_eq!(told(&environment, &["test", "-q"]).0, 0);
    allows(&environment);
}

#[test]
fn commands_that_were_exchanged_have_no_evidence() {
    let environment = project();
    assert_eq!(told(&environment, &["test", "-q"]).0, 0);
    let config = environment.read("project_config.md").replace("test -f code.txt", "true");
    environment.write("project_config.md", config);
    refuses(&environment, "the checks are missing: nobody has trusted the commands as they are");
}

#[test]
fn evidence_can_t_be_forged_in_the_file_or_the_journal() {
    let environment = project();
    environment.write("code.txt", "bad");
    assert_eq!(told(&environment, &["test", "-q"]).0, 1);
    let state = environment.read("workflow_state.md");
    environment
        .write("workflow_state.md", state.replace("Checks red", "Checks green").replace("exit 1", "ok"));
    refuses(&environment, "the checks are red");
    let connection = rusqlite::Connection::open(environment.root().join(".rulemark/journal.db")).unwrap();
    let forged =
        connection.execute("UPDATE attested SET record = replace(record, '\"code\":1', '\"code\":0')", []);
    assert!(forged.unwrap() > 0);
    drop(connection);
    refuses(&environment, "the checks are missing: `grep -q good code.txt` was not run");
    let (code, text) = told(&environment, &["history", "verify"]);
    assert!(code == 1 && text.contains("a record of a check with entry"), "{text}");
}

#[test]
fn violations_as_the_settings_say() {
    for (setting, phase, is_logged) in [("warn", "VALIDATE", true), ("off", "VALIDATE", false)] {
        let environment = project();
        environment.write("rulemark.toml", format!("[gates]\non_violation = \"{setting}\"\n"));
        let (code, text) = told(&environment, &["set", "Phase=VALIDATE"]);
        assert_eq!((code, text.contains("the checks are missing")), (0, is_logged), "{text}");
        let state = environment.read("workflow_state.md");
        assert!(state.contains(&format!("Phase: {phase}\n")));
        assert_eq!(state.contains("and the checks are missing"), is_logged);
    }
}

#[test]
fn where_nothing_is_named_nothing_is_asked() {
    let environment = project();
    let config = environment.read("project_config.md");
    let (before, _) = config.split_once("```sh").unwrap();
    environment.write("project_config.md", before);
    allows(&environment);
}

#[test]
fn without_git_the_files_count() {
    let environment = project();
    std::fs::remove_dir_all(environment.root().join(".git")).unwrap();
    assert_eq!(told(&environment, &["test", "-q"]).0, 0);
    environment.write("code.txt", "good as well");
    refuses(&environment, "the checks are stale");
    assert_eq!(told(&environment, &["test", "-q"]).0, 0);
    allows(&environment);
}

/// The shipped flow: ticked and green leads on, green again completes, and the next item begins.
#[test]
fn green_checks_lead_through_the_shipped_flow() {
    let environment = project();
    environment.edit(
        "<!-- The agent writes the plan of the current item here. -->\n",
        "- [x] write it\n- [ ] test it\n",
    );
    assert_eq!(told(&environment, &["test", "-q"]).0, 0);
    assert!(environment.read("workflow_state.md").contains("Phase: CONSTRUCT\n"), "a box is open");
    environment.edit("- [ ] test it", "- [x] test it");
    let (_, text) = told(&environment, &["apply"]);
    assert!(text.contains("checks are due: rulemark test"), "{text}");
    let (code, text) = told(&environment, &["test"]);
    assert_eq!(code, 0, "{text}");
    let state = environment.read("workflow_state.md");
    assert!(state.contains("Phase: VALIDATE\nStatus: RUNNING\n") && state.contains(PLAN), "{state}");
    let (code, text) = told(&environment, &["test"]);
    assert_eq!(code, 0, "{text}");
    let state = environment.read("workflow_state.md");
    assert!(state.contains("Phase: ANALYZE\nStatus: READY\nCurrentItem: Part\n"), "{state}");
    assert!(state.contains("| 1 | Greet | completed |"), "{state}");
    assert!(
        environment.read("project_config.md").ends_with("- Greet\n"),
        "{}",
        environment.read("project_config.md")
    );
}
