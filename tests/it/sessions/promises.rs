//! What a phase has promised is what its own gate was given: no later call says it anew.

use super::workspace::Workspace;
use serde_json::{Value, json};

const PROMISES: &str = "\
---
id: promises
version: 1.0.0
name: Promises
description: What the first phase says is held against the last.
---
## Phase 1: Promise

Say it.

### Gate
- [ ] `failing` (list): the tests that fail already
- [ ] check: `sh count.sh` exits with 0, counts `total` by `(\\d+) tests`

## Phase 2: Work

Do it.

### Gate
- [ ] `note` (string): what was done

## Phase 3: Show

There were {{ earlier.total }} tests.

### Gate
- [ ] `total_now` (integer): how many tests there are
- [ ] `failing_now` (list): those that fail
- [ ] rule: `total_now >= earlier.total` or \"tests are gone\"
- [ ] rule: `failing_now.all(name, name in earlier.failing)` or \"more fail than before\"
";

/// A session that has come to its last phase; what the calls before have answered.
fn run(first: &Value, second: &Value, last: &Value) -> Value {
    let workspace = Workspace::of_cases();
    workspace.let_unattended();
    workspace.write("workflows/promises.md", PROMISES);
    workspace.write("count.sh", "echo 5 tests\n");
    assert!(workspace.output(&["trust", "--workflow", "promises", "--yes"]).status.success());
    let mut server = workspace.serve();
    let started = json!({ "action": "start", "workflow_type": "promises", "target_file": "a.md" });
    let id = server.workflow(&started)["session_id"].clone();
    let mut answer = Value::Null;
    for (phase, evidence) in [(1, first), (2, second), (3, last)] {
        let call =
            json!({ "action": "complete_phase", "session_id": id, "phase": phase, "evidence": evidence });
        answer = server.workflow(&call);
        assert!(phase == 3 || answer["checkpoint_passed"] == true, "{answer}");
        if phase == 2 {
            let text = &answer["phase_content"]["description"];
            assert!(text.as_str().unwrap().contains("There were 5 tests"), "{text}");
        }
    }
    answer
}

#[test]
fn a_later_phase_does_not_say_anew_what_an_earlier_one_promised() {
    let first = json!({ "failing": ["slow"] });
    let honest = json!({ "total_now": 6, "failing_now": ["slow"] });
    assert_eq!(run(&first, &json!({ "note": "n" }), &honest)["workflow_complete"], true);
    let rewriting = json!({ "note": "n", "failing": ["slow", "new"], "total": 1 });
    let refused = run(&first, &rewriting, &json!({ "total_now": 2, "failing_now": ["new"] }));
    assert_eq!(refused["validation_errors"], json!(["tests are gone", "more fail than before"]), "{refused}");
}

#[test]
fn a_number_that_was_counted_stays_what_it_was_counted_as() {
    let first = json!({ "failing": [], "total": 1 });
    let refused = run(&first, &json!({ "note": "n" }), &json!({ "total_now": 4, "failing_now": [] }));
    assert_eq!(refused["validation_errors"], json!(["tests are gone"]), "{refused}");
}

#[test]
fn what_proves_nothing_of_the_work_is_no_evidence() {
    let workspace = Workspace::of_cases();
    let gate =
        "### Gate\n- [ ] `paths` (list, exists): what was made\n- [ ] `why` (string, min_length 5): why\n";
    let made = format!(
        "---\nid: made\nversion: 1.0.0\nname: Made\ndescription: d\n---\n## Phase 1: A\n\nDo.\n\n{gate}"
    );
    workspace.write("workflows/made.md", &made);
    workspace.write("notes.md", "made\n");
    let mut server = workspace.serve();
    let started = json!({ "action": "start", "workflow_type": "made", "target_file": "a.md" });
    let id = server.workflow(&started)["session_id"].as_str().unwrap().to_owned();
    let mut submit = |path: &str, why: &str| {
        let evidence = json!({ "paths": ["notes.md", path], "why": why });
        server.workflow(
            &json!({ "action": "complete_phase", "session_id": id, "phase": 1, "evidence": evidence }),
        )
    };
    let page = format!(".rulemark/sessions/{id}.md");
    for path in [".", "./", ".rulemark", "./.rulemark/sessions", page.as_str()] {
        let refused = submit(path, "it was wanted").to_string();
        assert!(
            refused.contains("Rulemark's own files and the folder as a whole show nothing"),
            "{path}: {refused}"
        );
    }
    let blank = submit("notes.md", "  \n   ")["error"].to_string();
    assert!(blank.contains("`why` has to have at least 5 characters, not 0"), "{blank}");
    assert_eq!(submit("./workflows", "it was wanted")["workflow_complete"], true);
}
