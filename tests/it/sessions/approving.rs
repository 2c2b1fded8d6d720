//! A phase that a person has to approve: what is approved is the evidence that was handed in.

use super::workspace::Workspace;
use serde_json::{Value, json};
use std::process::Output;

const PLAN: &str = "\
---
id: plan-first
version: 1.0.0
name: Plan first
description: A plan that a person has seen.
---
## Phase 1: Plan

Say in `plan` what you are going to do.

### Gate
- [ ] `plan` (string, non_empty): what will be done
- [ ] approval: person
";

#[test]
fn an_approval_is_of_the_evidence_that_was_handed_in() {
    let workspace = Workspace::of_cases();
    workspace.let_unattended();
    workspace.write("workflows/plan-first.md", PLAN);
    let mut server = workspace.serve();
    let started = json!({ "action": "start", "workflow_type": "plan-first", "target_file": "a.md" });
    let id = server.workflow(&started)["session_id"].as_str().unwrap().to_owned();
    let mut submit = |plan: &str| {
        let evidence = json!({ "plan": plan });
        server.workflow(
            &json!({ "action": "complete_phase", "session_id": id, "phase": 1, "evidence": evidence }),
        )
    };

    let too_early = approve(&workspace, &id);
    assert_eq!(too_early.status.code(), Some(3));
    assert!(said(&too_early).contains("nothing has been handed in"), "{}", said(&too_early));

    assert_waits(&submit("mend the lamp"));
    assert!(approve(&workspace, &id).status.success());
    assert_waits(&submit("sell the lamp"));
    // What was approved still is; asking for something else in between has not spent it.
    let passed = submit("mend the lamp");
    assert_eq!(passed["workflow_complete"], true, "{passed}");
}

fn assert_waits(answer: &Value) {
    assert_eq!(answer["checkpoint_passed"], false, "{answer}");
    assert!(answer["error"].as_str().unwrap().contains("a person has to approve this evidence"), "{answer}");
}

fn approve(workspace: &Workspace, session: &str) -> Output {
    workspace.output(&["approve", "--session", session])
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
