//! The commands that write.

use super::environment::Environment;
use insta::assert_snapshot;

#[test]
fn init_makes_files_and_never_overwrites() {
    let environment = Environment::empty();
    environment.write("project_config.md", "mine\n");
    assert_snapshot!(environment.story(&[&["init", "--dry-run"], &["init"], &["init"]]));
    assert_eq!(environment.read("project_config.md"), "mine\n");
    assert_eq!(
        environment.read("workflow_state.md"),
        include_str!("../../../templates/workflow_state.md"),
        "the template is written as it is"
    );
}

#[test]
fn a_whole_item() {
    let environment = Environment::initialised();
    assert_snapshot!(environment.story(&[
        &["status"],
        &["next"],
        &["log", "found", "the", "template"],
        &["set", "Phase=BLUEPRINT"],
        &["set", "Status=NEEDS_PLAN_APPROVAL"],
        &["next"],
        &["next", "--exit-code", "-q"],
        &["set", "Phase=CONSTRUCT", "Status=RUNNING"],
        &["set", "Phase=VALIDATE"],
        &["set", "Status=COMPLETED"],
        &["item", "list"],
        &["item", "done"],
        &["history"],
        &["diff"],
    ]));
    assert_snapshot!("a_whole_item_state", environment.read("workflow_state.md"));
    assert_snapshot!("a_whole_item_config", environment.read("project_config.md"));
}

#[test]
fn undo_leads_back_and_redo_forward() {
    let environment = Environment::initialised();
    let before = environment.read("workflow_state.md");
    environment.run(&["set", "Phase=BLUEPRINT"]);
    let after = environment.read("workflow_state.md");
    assert_ne!(before, after);
    let told = environment.run(&["undo"]);
    assert_eq!(environment.read("workflow_state.md"), before);
    let told = format!("{told}\n{}", environment.run(&["redo"]));
    assert_eq!(environment.read("workflow_state.md"), after);
    assert_snapshot!(format!("{told}\n{}", environment.run(&["history", "-n", "3"])));
}

#[test]
fn a_dry_run_shows_and_writes_nothing() {
    let environment = Environment::initialised();
    environment.edit("Phase: ANALYZE", "Phase: VALIDATE");
    environment.edit("Status: RUNNING", "Status: COMPLETED");
    let before = environment.read("workflow_state.md");
    assert_snapshot!(environment.story(&[&["apply", "--dry-run"], &["apply", "--dry-run", "--json"]]));
    assert_eq!(environment.read("workflow_state.md"), before);
    let applied = environment.run(&["apply"]);
    assert!(applied.contains("RULE_ITERATE_01"), "{applied}");
    assert_ne!(environment.read("workflow_state.md"), before);
}

#[test]
fn apply_twice_fires_once() {
    let environment = Environment::initialised();
    environment.edit("Phase: ANALYZE", "Phase: VALIDATE");
    environment.edit("Status: RUNNING", "Status: COMPLETED");
    environment.run(&["apply"]);
    let after = environment.read("workflow_state.md");
    assert_snapshot!(environment.run(&["apply"]));
    assert_eq!(environment.read("workflow_state.md"), after);
}

const WAITING: &str = "\
## State
Phase: BUILD
Status: RUNNING
CurrentItem: null

## Rules
### [PHASE: BUILD]
1. Build it.

### RULE_BROKEN_01
Trigger ▶ `Status == FAILED`
Action ▶
1. Ask the user what to do.
2. Set `Status = RUNNING`.

### RULE_DEPLOY_01
Trigger ▶ user command `@deploy`
Action ▶ Deploy to the test server.

### RULE_STUCK_01
Trigger ▶ `Phase == BUILD` and AI determines the plan can't work
Action ▶ Set `Status = STUCK`.

## Log
";

#[test]
fn steps_wait_and_are_closed() {
    let environment = Environment::with_state(WAITING);
    environment.run(&["apply"]);
    let waiting = environment.run(&["set", "Status=FAILED"]);
    let next = environment.run(&["next"]);
    let json = environment.output(&["next", "--json"]).stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let id = json["pending"][0]["id"].as_str().unwrap().to_owned();
    let exit = environment.run(&["next", "--exit-code", "-q", "--json"]);
    assert!(exit.ends_with("-- exit code 4\n"), "{exit}");
    let wrong = environment.run(&["done", "nope"]);
    let done = environment.run(&["done", &id, "--note", "try again"]);
    assert_snapshot!([waiting, next, wrong, done].join("\n"));
    assert!(environment.read("workflow_state.md").contains("Status: RUNNING"));
}

#[test]
fn a_step_that_no_longer_waits_is_told() {
    let environment = Environment::with_state(WAITING);
    environment.run(&["apply"]);
    let waiting = environment.run(&["set", "Status=FAILED"]);
    let (_, id) = waiting.rsplit_once("rulemark done ").unwrap_or_else(|| panic!("{waiting}"));
    let id = id.lines().next().unwrap();
    let told = environment.run(&["set", "Status=RUNNING"]);
    let expected = format!("  {id} no longer waits: Ask the user what to do.  (RULE_BROKEN_01)\n");
    assert!(told.contains(&expected), "{told}");
    assert!(!environment.run(&["apply"]).contains("no longer waits"));
}

#[test]
fn events_are_reported_by_name() {
    let environment = Environment::with_state(WAITING);
    environment.run(&["apply"]);
    assert_snapshot!(environment.story(&[
        &["emit", "session-start"],
        &["emit", "session-strat"],
        &["emit", "@deploy"],
        &["emit", "@deplyo"],
        &["emit", "judge"],
        &["emit", "judge", "RULE_STUK_01"],
        &["emit", "judge", "RULE_STUCK_01"],
        &["emit", "tests-ran", "now"],
    ]));
}

#[test]
fn keys_are_spelled_as_the_file_does() {
    let environment = Environment::with_state("## State\nPhase: BUILD\nStatus: RUNNING\n");
    assert_snapshot!(environment.story(&[
        &["set", "phase=TEST", "State.Status=READY"],
        &["set", "Phsae=TEST"],
        &["set", "Owner=me"],
        &["set", "--new", "Owner=me"],
        &["set", "Phase=TEST"],
        &["set", "Phase"],
    ]));
    assert_eq!(environment.read("workflow_state.md"), "## State\nPhase: TEST\nStatus: READY\nOwner: me\n");
}

#[test]
fn items_are_added_and_finished_by_name() {
    let environment = Environment::with_state("## State\nPhase: BUILD\n\n## Items\n- [ ] one\n- [ ] two\n");
    assert_snapshot!(environment.story(&[
        &["item", "add", "with | and\nnewline"],
        &["item", "done", "two"],
        &["item", "done", "two"],
        &["item", "done", "tow"],
        &["item", "done"],
        &["item", "list"],
    ]));
    assert_snapshot!("items_are_added_and_finished_by_name_state", environment.read("workflow_state.md"));
}

#[test]
fn fixes_are_applied() {
    let environment = Environment::with_state(
        "## State\nPhase: BUILD\nStatus: RUNNING\n\n## Rules\n### RULE\\_READY\\_01\nTrigger ▶ `Status == FAILED`\n\
         Action ▶ Set `Status = READY`.\n",
    );
    assert_snapshot!(environment.story(&[&["check"], &["check", "--fix"], &["check"]]));
    assert_snapshot!("fixes_are_applied_state", environment.read("workflow_state.md"));
}

/// Rules that clash, rules that go in circles, one that writes over what was set.
const QUARRELLING: &str = "\
## State
Phase: A
Status: RUNNING
CurrentItem: null

## Rules
### RULE_ONE_01
Trigger ▶ `Status == CLASH`
Action ▶ Set `Phase = ONE`.

### RULE_TWO_01
Trigger ▶ `Status == CLASH`
Action ▶ Set `Phase = TWO`.

### RULE_ROUND_01
Trigger ▶ `Status == ROUND`
Action ▶ Set `Status = TRIP`.

### RULE_TRIP_01
Trigger ▶ `Status == TRIP`
Action ▶ Set `Status = ROUND`.

### RULE_BACK_01
Trigger ▶ `Status == DONE`
Action ▶ Set `Status = RUNNING`.

## Log
";

#[test]
fn scripts_learn_what_went_wrong() {
    let environment = Environment::with_state(QUARRELLING);
    environment.run(&["apply"]);
    let overwritten = environment.run(&["set", "Status=DONE"]);
    assert!(overwritten.contains("Status is RUNNING, not DONE: RULE_BACK_01 set it"), "{overwritten}");
    assert!(
        !overwritten.contains("nothing to change") && !overwritten.contains("exit code"),
        "{overwritten}"
    );
    for (status, rules) in [("CLASH", "`RULE_ONE_01` sets Phase"), ("ROUND", "RULE_TRIP_01")] {
        environment.edit("Status: RUNNING", &format!("Status: {status}"));
        let told = environment.run(&["apply"]);
        assert!(!told.contains("no rule fires"), "{told}");
        let (_, error) = told.split_once("-- standard error\n").unwrap_or_else(|| panic!("{told}"));
        assert!(error.starts_with("error: ") && error.contains(rules), "{told}");
        assert!(error.ends_with("-- exit code 3\n"), "{told}");
        environment.write("workflow_state.md", QUARRELLING);
        environment.run(&["apply"]);
        let quiet = environment.run(&["set", "-q", &format!("Status={status}")]);
        assert!(quiet.contains("-- standard error\nerror: ") && quiet.contains("exit code 3"), "{quiet}");
        environment.write("workflow_state.md", QUARRELLING);
        environment.run(&["apply"]);
    }
}

#[test]
fn scripts_learn_that_a_gate_took_their_edit_back() {
    let environment = Environment::initialised();
    environment.run(&["apply"]);
    environment.write("rulemark.toml", "[gates]\non_violation = \"revert\"\n");
    let told = environment.run(&["set", "-q", "Phase=VALIDATE"]);
    assert!(told.contains("error: ") && told.ends_with("-- exit code 3\n"), "{told}");
    assert!(environment.read("workflow_state.md").contains("Phase: ANALYZE"));
    environment.write("rulemark.toml", "[gates]\non_violation = \"warn\"\n");
    let told = environment.run(&["set", "Phase=VALIDATE"]);
    assert!(told.contains("warning: ") && !told.contains("exit code"), "{told}");
}

#[test]
fn an_export_is_one_page() {
    let environment = Environment::initialised();
    let told = environment.run(&["export", "--html", "-o", "page.html"]);
    assert_eq!(told, "$ rulemark export --html -o page.html\nwrote page.html\n");
    let page = environment.read("page.html");
    for expected in ["<!doctype html>", "Add a greeting", "prefers-color-scheme: dark", "0 of 2 items done"] {
        assert!(page.contains(expected), "{expected} is missing:\n{page}");
    }
    assert_eq!(environment.output(&["export", "--html"]).stdout, page.into_bytes());
}

#[test]
fn an_export_replaces_only_exports() {
    let environment = Environment::initialised();
    environment.write("rulemark.toml", "[watch]\nquiet_ms = 50\n");
    environment.write("page.html", "<p>mine");
    environment.write("sub/keep", "");
    let own = ["workflow_state.md", "project_config.md", "rulemark.toml", ".rulemark/journal.db"];
    let before = own.map(|path| std::fs::read(environment.root().join(path)).unwrap());
    let others = ["sub/../workflow_state.md", ".rulemark/new.html"];
    for path in own.into_iter().chain(others) {
        for arguments in [&["export", "--html", "-o", path][..], &["export", "--html", "--force", "-o", path]]
        {
            let told = environment.run(arguments);
            assert!(told.contains("is one of the project's own files"), "{told}");
            assert!(told.ends_with("-- exit code 3\n"), "{told}");
        }
    }
    let after = own.map(|path| std::fs::read(environment.root().join(path)).unwrap());
    assert!(before == after && !environment.root().join(".rulemark/new.html").exists());

    let export = ["export", "--html", "-o", "page.html"];
    let told = environment.run(&export);
    assert!(told.contains("`--force`") && told.ends_with("-- exit code 3\n"), "{told}");
    assert_eq!(environment.read("page.html"), "<p>mine");
    environment.run(&["export", "--html", "--force", "-o", "page.html"]);
    assert!(environment.read("page.html").starts_with("<!doctype html>"));
    assert!(environment.run(&export).ends_with("wrote page.html\n"), "an earlier export is replaced");
}

#[test]
fn what_somebody_overruled_can_be_dropped() {
    let environment = Environment::initialised();
    let old = environment.read("workflow_state.md");
    environment.run(&["set", "-q", "--new", "Status=BLOCKED", "Blocker=no key", "Since=today"]);
    let stale =
        old.replace("Status: RUNNING", "Status: PAUSED").replace("## Log\n", "## Log\n- from the editor\n");
    environment.write("workflow_state.md", stale);
    environment.run(&["apply", "-q"]);
    assert_snapshot!(environment.story(&[
        &["conflicts"],
        &["conflicts", "drop", "4.1"],
        &["conflicts"],
        &["conflicts", "drop", "4.1"],
        &["status"],
        &["history", "-n", "1"],
        &["history", "verify"],
    ]));
    assert!(environment.read("workflow_state.md").contains("Status: PAUSED"));
}

#[test]
fn what_somebody_overruled_is_shown_and_can_be_taken() {
    let environment = Environment::initialised();
    let old = environment.read("workflow_state.md");
    environment.run(&["set", "-q", "--new", "Status=BLOCKED", "Blocker=no key", "Since=today"]);
    // An editor saves the copy it had read before, with changes of its own.
    let stale =
        old.replace("Status: RUNNING", "Status: PAUSED").replace("## Log\n", "## Log\n- from the editor\n");
    environment.write("workflow_state.md", stale);
    assert_snapshot!(environment.story(&[
        &["apply", "-q"],
        &["status"],
        &["conflicts"],
        &["conflicts", "--json"],
        &["conflicts", "take", "9.1"],
        &["conflicts", "drop", "9.1"],
        &["conflicts", "take", "4.1"],
        &["conflicts"],
    ]));
    let state = environment.read("workflow_state.md");
    assert!(state.contains("Status: BLOCKED") && state.contains("- from the editor"), "{state}");
}
