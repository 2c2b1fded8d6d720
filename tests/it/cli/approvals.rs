//! Approvals: bound to the plan's text, and where the settings say so a person's alone.

use super::environment::Environment;
use rulemark::trust::agent_around;

/// A project whose plan waits for a decision.
fn project(approval: &str, is_vouched: bool) -> Environment {
    let environment = Environment::initialised();
    if is_vouched {
        environment.write("../home/.config/rulemark/config.toml", "[person]\nunattended = true\n");
    }
    environment
        .write("rulemark.toml", format!("[gates]\non_violation = \"revert\"\napproval = \"{approval}\"\n"));
    environment.edit(
        "<!-- The agent writes the plan of the current item here. -->\n",
        "- [ ] Write the greeting\n- [ ] Test it\n",
    );
    for (key, value) in [("Phase", "BLUEPRINT"), ("Status", "NEEDS_PLAN_APPROVAL")] {
        assert_eq!(told(&environment, &["set", "-q", &format!("{key}={value}")]).0, 0);
    }
    environment
}

fn told(environment: &Environment, arguments: &[&str]) -> (i32, String) {
    let output = environment.command(arguments).env("USER", "ada").output().unwrap();
    let text = environment.normalised(&output.stdout) + &environment.normalised(&output.stderr);
    (output.status.code().unwrap_or(-1), text)
}

fn state(environment: &Environment) -> String {
    environment.read("workflow_state.md").lines().skip(3).take(2).collect::<Vec<_>>().join(" ")
}

const WAITING: &str = "Phase: BLUEPRINT Status: NEEDS_PLAN_APPROVAL";
const WORKING: &str = "Phase: CONSTRUCT Status: RUNNING";

#[test]
fn an_edit_approves_and_is_told_apart() {
    let environment = project("file", false);
    let (_, text) = told(&environment, &["next"]);
    assert!(text.contains("rulemark approve\n  rulemark reject \"…\"  says what has to change\n"), "{text}");
    assert!(text.contains("rulemark set Phase=CONSTRUCT Status=RUNNING  approves as well"), "{text}");
    assert_eq!(told(&environment, &["set", "-q", "Phase=CONSTRUCT", "Status=RUNNING"]).0, 0);
    let (_, status) = told(&environment, &["status"]);
    assert!(
        status.contains("plan     approved by an edit of the file  not attested, 2026-01-02"),
        "{status}"
    );
    let (_, history) = told(&environment, &["history"]);
    assert!(history.contains("plan approved by an edit of the file (not attested)"), "{history}");
}

/// A rule that asks, and nobody there who could be a person.
#[test]
fn what_a_rule_asks_a_person_is_a_persons_to_answer() {
    for (approval, is_vouched, expected) in [("person", false, 4), ("person", true, 0), ("file", false, 0)] {
        let environment = project(approval, is_vouched);
        environment.edit(
            "### RULE_DONE_01",
            "### RULE_ASK_01\nTrigger ▶ `Status == BLOCKED`\nAction ▶ Ask the user how it goes on.\n\n### RULE_DONE_01",
        );
        assert_eq!(told(&environment, &["set", "-q", "Status=BLOCKED"]).0, 0);
        let (_, next) = told(&environment, &["next", "--json"]);
        let next: serde_json::Value = serde_json::from_str(&next).unwrap();
        let step = next["pending"][0]["id"].as_str().unwrap_or_else(|| panic!("{next:#}"));
        let (code, text) = told(&environment, &["done", step]);
        assert_eq!(code, expected, "{approval}, vouched for {is_vouched}: {text}");
        let is_refused = text.contains("only a person may answer what a rule asks a person");
        assert_eq!(is_refused, expected == 4, "{text}");
    }
}

#[test]
fn a_person_approves() {
    let environment = project("person", true);
    let (code, text) = told(&environment, &["next", "--exit-code"]);
    assert_eq!(code, 4);
    assert!(text.contains("rulemark approve\n") && !text.contains("rulemark set"), "{text}");
    let (code, text) = told(&environment, &["approve"]);
    assert_eq!(code, 0, "{text}");
    assert_eq!(state(&environment), WORKING);
    let (_, status) = told(&environment, &["status"]);
    assert!(status.contains("plan     approved by ada  attested, 2026-01-02 03:04:05"), "{status}");
    let (_, history) = told(&environment, &["history", "-n", "1"]);
    assert!(history.contains("approve  plan approved by ada"), "{history}");
    environment.edit("- [ ] Write the greeting", "- [x] Write the greeting");
    assert_eq!(told(&environment, &["set", "Phase=VALIDATE"]).0, 0, "a ticked box makes no other plan");
}

#[test]
fn an_edit_is_no_persons_word() {
    let environment = project("person", false);
    for arguments in [&["set", "Phase=CONSTRUCT"][..], &["set", "Phase=CONSTRUCT", "Status=RUNNING"]] {
        let (code, text) = told(&environment, arguments);
        assert_eq!(code, 3, "{text}");
        assert!(text.contains("phase BLUEPRINT was left, and no person has approved this plan"), "{text}");
        assert_eq!(state(&environment), WAITING);
    }
    environment.edit("Phase: BLUEPRINT\nStatus: NEEDS_PLAN_APPROVAL", "Phase: CONSTRUCT\nStatus: RUNNING");
    told(&environment, &["apply"]);
    assert_eq!(state(&environment), WAITING, "by hand it is taken back as well");
    for (name, value) in
        [("X", ""), ("CLAUDECODE", "1"), ("CODEX_THREAD_ID", "7"), ("OPENCODE", "1"), ("GEMINI_CLI", "1")]
    {
        for arguments in [&["approve"][..], &["reject", "no"]] {
            let output = environment.command(arguments).env(name, value).output().unwrap();
            let text = environment.normalised(&output.stderr);
            let reason =
                if value.is_empty() { "there is no terminal to ask at" } else { "this shell was started by" };
            assert!(text.contains(reason) || agent_around().is_some(), "{name}: {text}");
            assert_eq!(output.status.code(), Some(4), "{name}: {text}");
        }
    }
    assert_eq!(state(&environment), WAITING);
    // What the project says about persons is nothing to go by.
    environment.write("rulemark.toml", "[gates]\napproval = \"person\"\n[person]\nunattended = true\n");
    assert_eq!(told(&environment, &["approve"]).0, 2);
}

#[test]
fn an_agent_hears_at_once_that_its_plan_needs_a_new_yes() {
    let environment = project("person", true);
    assert_eq!(told(&environment, &["approve", "-q"]).0, 0);
    let ask = |event: &str, more: &str| {
        let event = format!("{{\"hook_event_name\":\"{event}\",\"session_id\":\"s\",\"cwd\":\".\"{more}}}");
        environment.write("../event.json", event);
        let event = std::fs::File::open(environment.root().join("../event.json")).unwrap();
        let output = environment.command(&["hook", "claude-code"]).stdin(event).output().unwrap();
        environment.normalised(&output.stdout)
    };
    let edit = |path: &str| {
        format!(
            ",\"tool_name\":\"Edit\",\"tool_input\":{{\"file_path\":\"{path}\",\"old_string\":\"a\",\"new_string\":\"b\"}}"
        )
    };
    let shell = ",\"tool_name\":\"Bash\",\"tool_input\":{\"command\":\"echo x > src/a.rs\"}";
    assert_eq!(ask("PreToolUse", &edit("src/a.rs")), "{}");
    assert_eq!(ask("PreToolUse", shell), "{}");
    assert!(ask("Stop", "").contains("There is work left"));
    environment.edit("- [ ] Test it", "- [ ] Delete the tests");
    let lack = "he plan is not the one that ada has approved";
    assert!(ask("PostToolUse", &edit("workflow_state.md")).contains(lack));
    let refused = ask("PreToolUse", &edit("src/a.rs"));
    assert!(refused.contains("\"deny\"") && refused.contains(lack), "{refused}");
    let refused = ask("PreToolUse", shell);
    assert!(refused.contains("\"deny\"") && refused.contains(lack), "{refused}");
    assert!(ask("SessionStart", ",\"source\":\"compact\"").contains(lack));
    assert_eq!(ask("Stop", ""), "{}", "it may wait for the person");
    // The plan that was approved is approved.
    environment.edit("- [ ] Delete the tests", "- [x] Test it");
    assert_eq!(ask("PreToolUse", &edit("src/a.rs")), "{}");
    // A rejected one is the agent's to change.
    assert_eq!(told(&environment, &["reject", "-q", "no greeting"]).0, 0);
    assert!(
        ask("PreToolUse", &edit("src/a.rs")).contains("ada has rejected this plan. To do: change the plan")
    );
    assert!(ask("Stop", "").contains("da has rejected this plan: change the plan as Log says"));
}

#[test]
fn a_changed_plan_needs_a_new_yes() {
    let environment = project("person", true);
    assert_eq!(told(&environment, &["approve", "-q"]).0, 0);
    environment.edit("- [ ] Test it", "- [ ] Delete the tests");
    let (code, text) = told(&environment, &["set", "Phase=VALIDATE"]);
    assert_eq!(code, 3, "{text}");
    assert!(
        text.contains("phase CONSTRUCT was left, and the plan is not the one that ada has approved"),
        "{text}"
    );
    let (_, status) = told(&environment, &["status"]);
    assert!(status.contains("approved before it changed by ada"), "{status}");
    let (code, next) = told(&environment, &["next", "--exit-code"]);
    assert_eq!(code, 4, "{next}");
    assert!(next.contains("the plan is not the one that ada has approved"), "{next}");
    assert!(!next.contains("rulemark set"), "{next}");
    assert_eq!(told(&environment, &["approve", "-q"]).0, 0);
    assert_eq!(state(&environment), WORKING, "the yes is to the change; the work goes on");
    assert_eq!(told(&environment, &["set", "Phase=VALIDATE"]).0, 0);
}

#[test]
fn the_next_item_needs_a_plan_of_its_own() {
    let environment = project("person", true);
    assert_eq!(told(&environment, &["approve", "-q"]).0, 0);
    told(&environment, &["set", "-q", "Phase=VALIDATE"]);
    told(&environment, &["set", "-q", "Status=COMPLETED"]);
    assert_eq!(state(&environment), "Phase: ANALYZE Status: READY");
    told(&environment, &["set", "-q", "Phase=BLUEPRINT"]);
    let (code, text) = told(&environment, &["set", "Phase=CONSTRUCT"]);
    assert_eq!(code, 3, "the plan of the item before was approved, not this one's: {text}");
}

#[test]
fn a_rejected_plan_is_told_and_held() {
    for approval in ["file", "person"] {
        let environment = project(approval, true);
        let (code, text) = told(&environment, &["reject", "name", "the files"]);
        assert_eq!(code, 0, "{text}");
        assert_eq!(state(&environment), "Phase: BLUEPRINT Status: RUNNING");
        let log = environment.read("workflow_state.md");
        assert!(log.contains("[2026-01-02 03:04:05] Plan rejected by ada: name the files"), "{log}");
        let (_, status) = told(&environment, &["status"]);
        assert!(status.contains("rejected by ada: name the files"), "{status}");
        let (code, text) = told(&environment, &["set", "Phase=CONSTRUCT"]);
        assert_eq!(code, 3, "{text}");
        assert!(text.contains("ada has rejected this plan"), "{text}");
        environment.edit("- [ ] Test it", "- [ ] Test it in tests/greet.rs");
        let (code, _) = told(&environment, &["set", "Phase=CONSTRUCT"]);
        assert_eq!(code, if approval == "file" { 0 } else { 3 }, "another plan");
    }
}

#[test]
fn nothing_to_decide() {
    let environment = Environment::initialised();
    environment.write("../home/.config/rulemark/config.toml", "[person]\nunattended = true\n");
    let (code, text) = told(&environment, &["approve"]);
    assert!(code == 2 && text.contains("no phase of the file puts its plan to a person"), "{text}");
    told(&environment, &["set", "-q", "Phase=BLUEPRINT"]);
    let (code, text) = told(&environment, &["approve"]);
    assert!(code == 2 && text.contains("there is no plan yet"), "{text}");
}

#[test]
fn claims_are_told_from_runs() {
    let environment = project("file", true);
    environment.write("project_config.md", "## Tests\n```sh\ntrue\n```\n");
    told(&environment, &["trust", "--yes", "-q"]);
    let path = "/usr/local/bin:/usr/bin:/bin";
    assert!(environment.command(&["test", "-q"]).env("PATH", path).status().unwrap().success());
    told(&environment, &["log", "-q", "All tests pass, 42 passed"]);
    told(&environment, &["log", "-q", "Wrote the tests"]);
    let (_, status) = told(&environment, &["status"]);
    let claimed: Vec<&str> = status.lines().filter(|line| line.starts_with("claimed")).collect();
    assert_eq!(claimed.len(), 1, "{status}");
    assert!(claimed[0].contains("All tests pass, 42 passed  in Log, and no run is known"), "{status}");
}
