//! Folders that have definitions of workflows, and no state file: sessions need none.

use super::{client::Outcome, workspace::Workspace};
use serde_json::json;
use std::{fs, io::Write as _, process::Stdio};

/// A folder with `workflows/` and nothing else that says it is a project.
fn only_workflows() -> Workspace {
    let workspace = Workspace::of_cases();
    fs::remove_file(workspace.root.join("rulemark.toml")).unwrap();
    fs::remove_dir_all(workspace.root.join("specs")).unwrap();
    workspace
}

#[test]
fn a_folder_of_workflows_is_a_project() {
    let workspace = only_workflows();
    fs::create_dir_all(workspace.root.join("docs/deep")).unwrap();
    let listed = workspace.output_in("docs/deep", &["workflow", "list"]);
    assert!(String::from_utf8_lossy(&listed.stdout).contains("lamp_v1"), "{listed:?}");
    let started = workspace.json(&["session", "start", "lamp_v1", "a.md", "--json"]);
    let id = started["session_id"].as_str().unwrap();
    assert!(workspace.session(id).exists());
    let refused = workspace.output(&["-C", "docs/deep", "session", "list"]);
    assert_eq!(refused.status.code(), Some(2), "who names a folder means that one: {refused:?}");
}

#[test]
fn agents_run_workflows_there_and_are_told_what_the_state_needs() {
    let workspace = only_workflows();
    let mut server = workspace.serve();
    let started =
        server.workflow(&json!({ "action": "start", "workflow_type": "lamp_v1", "target_file": "a.md" }));
    assert_eq!(started["status"], "success", "{started}");
    assert_eq!(server.workflow(&json!({ "action": "list_sessions" }))["count"], 1);
    for tool in ["next", "state"] {
        let told = server.refusal(tool, &json!({}));
        let root = workspace.root.canonicalize().unwrap();
        assert_eq!(told["what"], format!("there is no {}/workflow_state.md", root.display()));
        assert!(told["how"].as_str().unwrap().starts_with("`rulemark init"), "{told}");
    }
    let listed = server.call("workflow_list", &json!({})).unwrap();
    assert!(matches!(&listed, Outcome::Answer(list) if list.to_string().contains("lamp_v1")), "{listed:?}");
}

/// A hook that can't judge denies; here there is nothing to judge by.
#[test]
fn hooks_let_be_what_has_no_rules() {
    let workspace = only_workflows();
    let root = workspace.root.display().to_string();
    let event = json!({
        "hook_event_name": "PreToolUse", "session_id": "s", "cwd": root, "tool_name": "Write",
        "tool_input": { "file_path": format!("{root}/a.rs"), "content": "x" },
    });
    let ask = || {
        let mut child =
            workspace.command(".", &["hook", "claude-code"]).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(event.to_string().as_bytes()).unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    };
    assert_eq!(ask(), "{}");
    workspace.said(&["session", "start", "lamp_v1", "a.md"]);
    assert_eq!(ask(), "{}", "also with sessions");
    workspace.said(&["init", "-q"]);
    workspace.said(&["set", "Phase=ANALYZE"]);
    fs::remove_file(workspace.root.join("workflow_state.md")).unwrap();
    let denied = ask();
    assert!(denied.contains("\"deny\""), "a state file that was there is missed: {denied}");
}

#[test]
fn others_folders_of_that_name_are_no_projects() {
    let workspace = only_workflows();
    fs::remove_dir_all(workspace.root.join("workflows")).unwrap();
    fs::create_dir_all(workspace.root.join("workflows")).unwrap();
    workspace.write("workflows/ci.yml", "name: CI\non: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n");
    workspace.write("workflows/README.md", "# How we work\n");
    let output = workspace.output(&["session", "list"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("no workflow_state.md, rulemark.toml, .rulemark/ or workflows/ in"), "{said}");
    // What is a project wins over a folder of workflows below it.
    workspace.write("rulemark.toml", "");
    let below = workspace.root.join(".github");
    fs::create_dir_all(&below).unwrap();
    fs::rename(workspace.root.join("workflows"), below.join("workflows")).unwrap();
    workspace.write(".github/workflows/lamp.md", "---\nid: lamp\nversion: 1.0.0\nname: Lamp\ndescription: d\n---\n## Phase 1: A\n\nx\n\n### Gate\n- [ ] done\n");
    let started = workspace.output_in(".github", &["session", "start", "bug-fix", "a.rs", "issue=x"]);
    assert!(started.status.success(), "{started:?}");
    assert!(workspace.root.join(".rulemark/sessions").is_dir() && !below.join(".rulemark").exists());
}
