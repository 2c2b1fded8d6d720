//! What is done to sessions on purpose or by accident: each is refused or survived.

use super::workspace::{Workspace, complete, good_evidence, start_lamp};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs};

fn submit(session: &str, phase: u64, evidence: &Value) -> Value {
    json!({ "action": "complete_phase", "session_id": session, "phase": phase, "evidence": evidence })
}

#[test]
fn large_evidence_goes_aside_and_too_much_is_refused() {
    let workspace = Workspace::of_cases();
    let mut server = workspace.serve();
    let id = start_lamp(&mut server, "a.md");
    let refused = server.workflow(&submit(&id, 0, &json!({ "goals": 3, "log": "x".repeat(11 << 20) })));
    assert_eq!((&refused["status"], &refused["error_type"]), (&json!("error"), &json!("ValidationError")));
    assert!(refused["error"].as_str().unwrap().contains("10 MB"), "{refused}");
    assert!(refused.to_string().len() < 2_000);
    assert_eq!(server.workflow(&json!({ "action": "get_errors", "session_id": id }))["error_count"], 0);

    let long = format!("begins so {}", "y".repeat(8 << 20));
    let evidence = json!({ "brief_path": "brief.md", "goals": 3, "log": long });
    let passed = server.workflow(&submit(&id, 0, &evidence));
    assert_eq!(passed["checkpoint_passed"], true, "{passed}");
    assert!(workspace.read(&id).len() < 3_000, "the session itself stays small");
    let state = server.workflow(&json!({ "action": "get_state", "session_id": id }));
    let shown = &state["artifacts"]["0"]["log"];
    assert_eq!(shown["bytes"], long.len());
    assert!(shown["excerpt"].as_str().unwrap().starts_with("begins so "), "{shown}");
    let aside = workspace.root.join(".rulemark/sessions/texts").join(shown["sha256"].as_str().unwrap());
    assert_eq!(fs::read_to_string(aside).unwrap(), long);
    let again = server.workflow(&submit(&id, 0, &evidence));
    assert_eq!(again, passed, "the same evidence is the same call");
}

#[test]
fn repeating_a_call_changes_nothing() {
    let workspace = Workspace::of_cases();
    let mut server = workspace.serve();
    let id = start_lamp(&mut server, "a.md");
    let refused = server.workflow(&submit(&id, 0, &json!({ "goals": 3 })));
    let text = workspace.read(&id);
    // The order of names says nothing.
    assert_eq!(server.workflow(&submit(&id, 0, &json!({ "goals": 3 }))), refused);
    assert_eq!(workspace.read(&id), text);
    let passed = complete(&mut server, &id, 0);
    let text = workspace.read(&id);
    let evidence = json!({ "goals": 3, "brief_path": "brief.md" });
    assert_eq!(server.workflow(&submit(&id, 0, &evidence)), passed);
    complete(&mut server, &id, 1);
    let last = complete(&mut server, &id, 2);
    assert_eq!(last["workflow_complete"], true, "{last}");
    assert_eq!(complete(&mut server, &id, 0), passed, "also when the session has gone on");
    assert_eq!(complete(&mut server, &id, 2), last);
    assert!(workspace.read(&id).starts_with(text.split_once("phase:").unwrap().0));
}

#[test]
fn a_stale_revision_is_a_conflict_and_nothing_is_written() {
    let workspace = Workspace::of_cases();
    let (mut one, mut other) = (workspace.serve(), workspace.serve());
    let id = start_lamp(&mut one, "a.md");
    let seen = other.workflow(&json!({ "action": "get_phase", "session_id": id }))["revision"].clone();
    complete(&mut one, &id, 0);
    let text = workspace.read(&id);
    for call in [
        json!({ "action": "pause", "session_id": id, "revision": seen }),
        json!({ "action": "rollback", "session_id": id, "to_phase": 0, "revision": seen }),
        json!({ "action": "delete_session", "session_id": id, "revision": seen }),
        json!({ "action": "complete_phase", "session_id": id, "phase": 1, "evidence": good_evidence(1), "revision": seen }),
    ] {
        let refused = other.workflow(&call);
        assert_eq!(refused["error_type"], "ConflictError", "{refused}");
        assert_eq!(refused["revision"], 2);
    }
    assert_eq!(workspace.read(&id), text);
}

#[test]
fn two_servers_lose_no_step_of_each_other() {
    const SESSIONS: usize = 4;
    const ROUNDS: u64 = 12;
    let workspace = Workspace::of_cases();
    let ids: Vec<String> = {
        let mut server = workspace.serve();
        (0..SESSIONS).map(|number| start_lamp(&mut server, &format!("f-{number}.md"))).collect()
    };
    std::thread::scope(|scope| {
        for name in ["one", "other"] {
            let (workspace, ids) = (&workspace, &ids);
            scope.spawn(move || {
                let mut server = workspace.serve();
                for round in 0..ROUNDS {
                    for id in ids {
                        let evidence = json!({ "goals": 9, "by": format!("{name} {round}") });
                        let refused = server.workflow(&submit(id, 0, &evidence));
                        assert_eq!(refused["error_type"], "ValidationError", "{refused}");
                    }
                }
            });
        }
    });
    for id in &ids {
        let text = workspace.read(id);
        let said: BTreeSet<&str> =
            text.lines().filter(|line| line.starts_with("- `by` (reported)")).collect();
        assert_eq!(said.len() as u64, 2 * ROUNDS, "{text}");
        assert!(text.contains(&format!("\nrevision: {}\n", 1 + 2 * ROUNDS)));
    }
}

#[test]
fn a_killed_server_leaves_the_old_session_or_the_new_one() {
    super::disturbance::kill_loop(&Workspace::of_cases(), &json!({ "n": 30 })).unwrap();
}

#[test]
fn people_write_into_a_session_and_nothing_of_theirs_is_lost() {
    let workspace = Workspace::of_cases();
    let mut server = workspace.serve();
    let id = start_lamp(&mut server, "a.md");
    let path = format!(".rulemark/sessions/{id}.md");
    let mine = workspace.read(&id).replace("## Log\n", "## Notes\n\nask Ann\t \n\n## Log\n\nmind the gap\n");
    workspace.write(&path, &mine);
    assert_eq!(complete(&mut server, &id, 0)["status"], "success");
    let text = workspace.read(&id);
    assert!(text.contains("## Notes\n\nask Ann\t \n\n## Log\n\nmind the gap\n"), "{text}");

    workspace.write(&path, &text.replace("- [ ] Phase 2", "- [x] Phase 2"));
    let line = text.lines().position(|line| line.starts_with("- [ ] Phase 2")).unwrap() + 1;
    let refused = complete(&mut server, &id, 1);
    assert!(
        refused["error"].as_str().unwrap().contains(&format!("line {line}: phase 2 is ticked")),
        "{refused}"
    );
    assert!(refused["remediation"].as_str().unwrap().contains("session repair"), "{refused}");
    let forged =
        text.replace("## Errors", "### Phase 1, attempt 1: passed at 2026-11-21T16:00:00\n\n## Errors");
    workspace.write(&path, &forged);
    assert_eq!(complete(&mut server, &id, 1)["error_type"], "StateError");
    workspace.write(&path, &text);
    assert_eq!(complete(&mut server, &id, 1)["status"], "success");
}

#[test]
fn an_edit_in_place_shows_in_the_next_listing() {
    let workspace = Workspace::of_cases();
    let mut server = workspace.serve();
    let ids: Vec<String> = (0..3).map(|number| start_lamp(&mut server, &format!("f-{number}.md"))).collect();
    server.workflow(&json!({ "action": "list_sessions" }));
    let broken = workspace.read(&ids[1]).replace("status: active", "status: completed");
    workspace.write(&format!(".rulemark/sessions/{}.md", ids[1]), &broken);
    let listed = server.workflow(&json!({ "action": "list_sessions" }));
    let of = |id: &str| {
        let found = listed["sessions"].as_array().unwrap().iter().find(|entry| entry["session_id"] == id);
        found.unwrap()["status"].as_str().unwrap().to_owned()
    };
    assert_eq!([of(&ids[0]), of(&ids[1]), of(&ids[2])], ["active", "failed", "active"]);
    fs::remove_file(workspace.session(&ids[2])).unwrap();
    assert_eq!(server.workflow(&json!({ "action": "list_sessions" }))["count"], 2);
}

#[test]
fn pages_follow_each_other_without_gap_or_double() {
    let workspace = Workspace::of_cases();
    workspace.write("rulemark.toml", "[sessions]\nlimit = 1000\n");
    let mut server = workspace.serve();
    let started: BTreeSet<String> =
        (0..230).map(|number| start_lamp(&mut server, &format!("f-{number}.md"))).collect();
    assert_eq!(started.len(), 230, "names are unique, also within a second");
    let (mut seen, mut cursor, mut pages) = (Vec::new(), Value::Null, Vec::new());
    loop {
        let page = server.workflow(&json!({ "action": "list_sessions", "cursor": cursor }));
        let names = page["sessions"].as_array().unwrap().iter();
        seen.extend(names.map(|entry| entry["session_id"].as_str().unwrap().to_owned()));
        pages.push(page["count"].as_u64().unwrap());
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(pages, [100, 100, 30]);
    assert_eq!(seen.iter().cloned().collect::<BTreeSet<_>>(), started);
}

#[test]
fn a_session_keeps_to_the_definition_it_began_with() {
    let workspace = Workspace::of_cases();
    let mut server = workspace.serve();
    let id = start_lamp(&mut server, "a.md");
    workspace.write("workflows/lamp_v1/phases/1/phase.md", "# Phase 1: Other\n\nMARK-OTHER\n");
    let told = complete(&mut server, &id, 0).to_string();
    assert!(told.contains("MARK-PHASE-1") && !told.contains("MARK-OTHER"), "{told}");
    let new =
        server.workflow(&json!({ "action": "start", "workflow_type": "lamp_v1", "target_file": "b.md" }));
    let new = new["session_id"].as_str().unwrap().to_owned();
    assert!(complete(&mut server, &new, 0).to_string().contains("MARK-OTHER"));
    fs::remove_dir_all(workspace.root.join("workflows/lamp_v1")).unwrap();
    assert_eq!(complete(&mut server, &id, 1)["status"], "success", "also when it is gone");
}

#[test]
fn an_alias_bomb_in_a_gate_is_refused_at_once() {
    let workspace = Workspace::of_cases();
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{before}]\n"));
    }
    let mut server = workspace.serve();
    let id = start_lamp(&mut server, "a.md");
    workspace.write("workflows/lamp_v1/phases/0/gate-definition.yaml", &bomb);
    let refused = complete(&mut server, &id, 0);
    assert_eq!(refused["status"], "error", "{refused}");
    assert!(refused["error"].as_str().unwrap().contains("gate-definition.yaml"), "{refused}");
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_workspace_is_not_followed() {
    use std::os::unix::fs::symlink;
    let workspace = Workspace::of_cases();
    let mut server = workspace.serve();
    symlink("..", workspace.root.join("up")).unwrap();
    for call in [
        json!({ "action": "start", "workflow_type": "lamp_v1", "target_file": "up/x.md" }),
        json!({ "action": "start", "workflow_type": "spec_run_v1", "target_file": "a.md", "options": { "spec_path": "up/specs" } }),
    ] {
        let refused = server.workflow(&call);
        assert_eq!(refused["status"], "error", "{refused}");
        assert!(
            !refused.to_string().contains(workspace.root.parent().unwrap().to_str().unwrap()),
            "{refused}"
        );
    }
    let id = start_lamp(&mut server, "a.md");
    let secret = workspace.home().join("secret.md");
    fs::rename(workspace.session(&id), &secret).unwrap();
    symlink(&secret, workspace.session(&id)).unwrap();
    let refused = server.workflow(&json!({ "action": "get_state", "session_id": id }));
    assert_eq!(refused["error_type"], "PermissionError", "{refused}");
    assert!(!refused.to_string().contains("home"), "{refused}");
}

#[test]
fn without_journal_and_index_the_sessions_go_on() {
    let workspace = Workspace::of_cases();
    let id = {
        let mut server = workspace.serve();
        let id = start_lamp(&mut server, "a.md");
        complete(&mut server, &id, 0);
        id
    };
    for name in [
        "journal.db",
        "journal.db-wal",
        "journal.db-shm",
        "sessions.db",
        "sessions.db-wal",
        "sessions.db-shm",
    ] {
        fs::remove_file(workspace.root.join(".rulemark").join(name)).ok();
    }
    let mut server = workspace.serve();
    assert_eq!(server.workflow(&json!({ "action": "list_sessions" }))["count"], 1);
    assert_eq!(complete(&mut server, &id, 1)["status"], "success");
    workspace.write(".rulemark/sessions.db", "this is no database, and long enough to look like one");
    drop(server);
    assert_eq!(workspace.serve().workflow(&json!({ "action": "list_sessions" }))["count"], 1);
}

#[test]
fn every_action_answers_to_nonsense() {
    let workspace = Workspace::of_cases();
    let mut server = workspace.serve();
    let id = start_lamp(&mut server, "a.md");
    let nonsense = [
        Value::Null,
        json!(""),
        json!(-1),
        json!(1e99),
        json!([]),
        json!({}),
        json!("\u{0}"),
        json!("x".repeat(5_000)),
    ];
    for action in [
        "",
        "start",
        "get_phase",
        "get_task",
        "complete_phase",
        "pause",
        "retry_phase",
        "rollback",
        "list_sessions",
        "delete_session",
    ] {
        for value in &nonsense {
            for parameter in [
                "session_id",
                "phase",
                "evidence",
                "workflow_type",
                "target_file",
                "to_phase",
                "cursor",
                "status",
            ] {
                let mut call = json!({ "action": action, "phase": 7, "task_number": 1, "to_phase": 7 });
                if action != "delete_session" {
                    call["session_id"] = id.as_str().into();
                }
                call[parameter] = value.clone();
                let answer = server.workflow(&call);
                assert!(answer["status"].is_string() && answer["action"].is_string(), "{call}: {answer}");
                assert!(answer.to_string().len() < 20_000, "{call}");
                if answer["status"] == "error" {
                    for field in ["error", "error_type", "remediation", "retry"] {
                        assert!(answer[field].is_string(), "{call}: {answer}");
                    }
                }
            }
        }
    }
    assert_eq!(server.workflow(&json!({ "action": "get_state", "session_id": id }))["current_phase"], 0);
}
