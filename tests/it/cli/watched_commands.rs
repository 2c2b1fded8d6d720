//! Commands that rules and phases ask for, run by the watcher while it goes on watching.

use super::{
    commands::{is_alive, wait_for},
    environment::Environment,
    evidence::{project, told},
    watching::Running,
};

fn watch(environment: &Environment) -> Running {
    let mut command = environment.command(&["watch"]);
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
    let mut watcher = Running::start(command);
    watcher.await_line("watching");
    watcher
}

fn await_state(environment: &Environment, wanted: &str) {
    wait_for(wanted, || environment.read("workflow_state.md").contains(wanted).then_some(()));
}

/// The plan of the fixture, with its last box open.
fn plan(environment: &Environment) {
    let placeholder = "<!-- The agent writes the plan of the current item here. -->\n";
    environment.edit(placeholder, "- [x] write it\n- [ ] test it\n");
}

#[test]
fn the_shipped_flow_goes_by_itself() {
    let environment = project();
    let mut watcher = watch(&environment);
    plan(&environment);
    watcher.await_line("Checks green: `grep -q good code.txt` ok");
    assert!(environment.read("workflow_state.md").contains("Phase: CONSTRUCT\n"), "a box is open");
    environment.edit("- [ ] test it", "- [x] test it");
    await_state(&environment, "Phase: ANALYZE\nStatus: READY\nCurrentItem: Part\n");
    let (_, seen) = watcher.interrupt();
    let places: Vec<_> = [
        "running grep -q good code.txt · test -f code.txt",
        "ok        grep",
        "Phase: VALIDATE",
        "RULE_ITERATE_01",
    ]
    .iter()
    .map(|wanted| seen.find(wanted))
    .collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}\n{seen}");
    assert!(environment.read("project_config.md").ends_with("- Greet\n"));
}

#[test]
fn red_checks_lead_nowhere() {
    let environment = project();
    environment.write("code.txt", "bad");
    let mut watcher = watch(&environment);
    environment.edit("<!-- The agent writes the plan of the current item here. -->\n", "- [x] write it\n");
    watcher.await_line("Checks red: `grep -q good code.txt` exit 1");
    assert!(environment.read("workflow_state.md").contains("Phase: CONSTRUCT\n"));
    environment.write("code.txt", "good");
    assert_eq!(told(&environment, &["test", "-q"]).0, 0);
    await_state(&environment, "CurrentItem: Part\n");
}

#[test]
fn nothing_is_run_that_nobody_has_trusted() {
    let environment = project();
    assert_eq!(told(&environment, &["trust", "--revoke"]).0, 0);
    let mut watcher = watch(&environment);
    environment.edit("<!-- The agent writes the plan of the current item here. -->\n", "- [x] write it\n");
    watcher.await_line("waits: nobody has trusted the commands of this project, so none was run");
    watcher.await_line("`rulemark -C ");
    let (_, next) = told(&environment, &["next"]);
    assert!(next.contains("the checks are missing: nobody has trusted the commands as they are"), "{next}");
    assert_eq!(told(&environment, &["trust", "--yes", "-q"]).0, 0);
    environment.write("workflow_state.md", environment.read("workflow_state.md") + "\n");
    await_state(&environment, "CurrentItem: Part\n");
}

/// A command that waits until a file is there.
fn with_slow_checks() -> Environment {
    let environment = project();
    let slow = "echo $$ >pids; sh -c 'echo $$ >>pids; touch begun; sleep 600' & until [ -f go ]; do sleep 0.02; done";
    environment.write("slow.sh", slow);
    environment.write(".gitignore", "pids\nbegun\ngo\n");
    let config = environment.read("project_config.md").replace("test -f code.txt", "sh slow.sh");
    environment.write("project_config.md", config);
    assert_eq!(told(&environment, &["trust", "--yes", "-q"]).0, 0);
    environment
}

fn begun(environment: &Environment) {
    wait_for("the command", || environment.root().join("begun").exists().then_some(()));
}

#[test]
fn the_rules_go_on_while_a_command_runs() {
    let environment = with_slow_checks();
    let mut watcher = watch(&environment);
    plan(&environment);
    begun(&environment);
    environment.edit("| 2 | Part | pending |", "| 2 | Part | pending |\n| 3 | Third | pending |");
    watcher.await_line("Items +1 line");
    assert_eq!(told(&environment, &["log", "-q", "no lock is held"]).0, 0);
    environment.write("go", "");
    watcher.await_line("Checks green");
    for pid in environment.read("pids").lines() {
        assert!(!is_alive(pid), "what a command leaves behind is ended with it");
    }
}

#[test]
fn the_watcher_takes_its_command_along() {
    let environment = with_slow_checks();
    let watcher = watch(&environment);
    plan(&environment);
    begun(&environment);
    let (code, _) = watcher.interrupt();
    assert_eq!(code, Some(0));
    for pid in environment.read("pids").lines() {
        assert!(!is_alive(pid), "{pid} is still there");
    }
    assert!(!environment.read("workflow_state.md").contains("Checks "), "what was stopped has shown nothing");
}

const RULE: &str = "### RULE_TOOL_TEST_RUN_01\n**Trigger:** `Status == READY_TO_TEST`\n**Action:** Instruct Cursor \
                    terminal to run test suite. On completion, log result, set `State.Status = BLOCKED_TEST` if \
                    failures, `TESTS_PASSED` if success.\n\n---\n";

#[test]
fn steps_of_rules_are_carried_out() {
    for (code, status) in [("good", "TESTS_PASSED"), ("bad", "BLOCKED_TEST")] {
        let environment = project();
        environment.write("code.txt", code);
        environment.edit("---\n", RULE);
        assert_eq!(told(&environment, &["apply", "-q"]).0, 0);
        let _watcher = watch(&environment);
        environment.edit("Status: RUNNING", "Status: READY_TO_TEST");
        await_state(&environment, &format!("Status: {status}\n"));
        let state = environment.read("workflow_state.md");
        assert!(
            state.contains("RULE_TOOL_TEST_RUN_01: ") && state.contains("`grep -q good code.txt` "),
            "{state}"
        );
    }
}

#[test]
fn a_rule_commits_what_is_done() {
    let environment = project();
    environment.edit(
        "---\n",
        "### RULE_GIT_COMMIT_01\nTrigger ▶ `Status == READY_TO_COMMIT`\nAction ▶\n1. Execute `git add .` and `git commit`.\n\
         2. Set `Status = RUNNING`.\n\n---\n",
    );
    assert_eq!(told(&environment, &["apply", "-q"]).0, 0);
    assert_eq!(
        told(&environment, &["trust", "--yes", "-q"]).0,
        0,
        "the rule's commands are shown and trusted, too"
    );
    environment.write("../home/.gitconfig", "[user]\nname = T\nemail = t@example.org\n");
    environment.write("code.txt", "good indeed");
    told(&environment, &["set", "-q", "Status=READY_TO_COMMIT"]);
    let (code, text) = told(&environment, &["test", "-q"]);
    assert_eq!(code, 0, "{text}");
    let state = environment.read("workflow_state.md");
    assert!(state.contains("Status: RUNNING\n") && state.contains(" Greet"), "{state}");
    let head = environment.read(".git/logs/HEAD");
    assert!(head.trim_end().ends_with("commit: Greet"), "{head}");
}
