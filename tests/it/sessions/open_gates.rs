//! Phases that nothing closes: whoever begins, checks or completes one is told.

use super::workspace::Workspace;
use serde_json::json;

const SPEC: &str = "\
# Lantern: tasks

## Phase 1: Frame

### Task 1.1: Cut

- [ ] Eight sticks

**Validation Gate:**
- [ ] It stands

## Phase 2: Paper HIDDEN

### Task 2.1: Glue

- [ ] No gap
";

#[test]
fn a_specification_without_a_gate_is_warned_of() {
    let workspace = Workspace::of_cases();
    std::fs::create_dir_all(workspace.root.join("specs/open")).unwrap();
    workspace.write("specs/open/tasks.md", SPEC);
    let output = workspace.output(&["workflow", "check", "specs/open/tasks.md"]);
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let warning = "specs/open/tasks.md:12:1: warning: phase 2 has no validation gate: any call closes it";
    assert!(said.contains(warning), "{said}");
    assert_eq!(workspace.output(&["workflow", "check", "specs/open"]).stdout, output.stdout, "or its folder");

    let mut server = workspace.serve();
    let start = json!({
        "action": "start", "workflow_type": "spec_run_v1", "target_file": "a.md",
        "options": { "spec_path": "specs/open" },
    });
    let started = server.workflow(&start);
    let expected = "specs/open/tasks.md:12:1: phase 2 has no validation gate: any call closes it";
    assert_eq!(started["warnings"], json!([expected]), "{started}");
    assert!(!started.to_string().contains("HIDDEN"), "nothing else of a later phase is told: {started}");

    let id = started["session_id"].as_str().unwrap().to_owned();
    let mut answers = Vec::new();
    loop {
        let state = server.workflow(&json!({ "action": "get_phase", "session_id": id }));
        let boxes = state["phase_content"]["checkpoint"]["boxes"].as_array().cloned().unwrap_or_default();
        let names = boxes.iter().map(|it| (it["name"].as_str().unwrap().to_owned(), json!(true)));
        let fields = state["phase_content"]["checkpoint"]["evidence"].as_array().cloned().unwrap_or_default();
        let fields = fields.iter().map(|it| (it["name"].as_str().unwrap().to_owned(), json!(true)));
        let evidence: serde_json::Map<_, _> = names.chain(fields).collect();
        let phase = &state["current_phase"];
        let call =
            json!({ "action": "complete_phase", "session_id": id, "phase": phase, "evidence": evidence });
        let answer = server.workflow(&call);
        assert_eq!(answer["checkpoint_passed"], true, "{answer}");
        assert_eq!(server.workflow(&call), answer, "said again to whoever asks again");
        answers.push(answer["warnings"].clone());
        if answer["workflow_complete"] == true {
            break;
        }
    }
    let unchecked = json!(["the phase has no gate: nothing was checked"]);
    assert_eq!(answers.pop(), Some(unchecked.clone()));
    assert!(!answers.contains(&unchecked), "{answers:?}");
    assert!(workspace.read(&id).contains("nothing was checked"), "it stands in the session");
    assert_eq!(started["resumed"], false);
}

#[test]
fn inputs_are_of_their_types() {
    let workspace = Workspace::of_cases();
    let typed = "---\nid: typed\nversion: 1.0.0\nname: Typed\ndescription: d\ninputs:\n  issue: { type: string, required: true }\n  strict: { type: boolean, default: false }\n---\n## Phase 1: A\n\n{{ inputs.issue }}\n\n### Gate\n- [ ] done\n";
    workspace.write("workflows/typed.md", typed);
    let mut server = workspace.serve();
    let mut start = |options: serde_json::Value| {
        server.workflow(&json!({
            "action": "start", "workflow_type": "typed", "target_file": "a.md", "options": options,
        }))
    };
    let refused = start(json!({ "issue": 7, "strict": "no" }));
    assert_eq!(refused["error_type"], "ValidationError", "{refused}");
    let error = refused["error"].as_str().unwrap();
    assert!(error.contains("`issue` has to be text (a string), not 7"), "{error}");
    assert!(error.contains("`strict` has to be a boolean"), "{error}");
    assert_eq!(start(json!({ "issue": "7", "strict": true }))["status"], "success");
    // On the command line a number is text where text is wanted.
    let said = workspace.said(&["session", "start", "typed", "b.md", "issue=7", "strict=true"]);
    assert!(said.contains("\n7\n"), "{said}");
}

/// Words of a command line have no type; those of a call have.
#[test]
fn evidence_on_the_command_line_is_text_where_text_is_wanted() {
    let workspace = Workspace::of_cases();
    let gate = "### Gate\n- [ ] `note` (string): n\n- [ ] `count` (integer): c\n- [ ] `done` (boolean): d\n";
    let typed = format!(
        "---\nid: typed\nversion: 1.0.0\nname: Typed\ndescription: d\n---\n## Phase 1: A\n\nDo.\n\n{gate}\n## Phase 2: B\n\nDo.\n\n{gate}"
    );
    workspace.write("workflows/typed.md", &typed);
    workspace.said(&["session", "start", "typed", "a.md"]);
    let complete = |more: &[&str]| workspace.output(&[&["session", "complete", "typed", "1"], more].concat());
    for (count, done, why) in [
        ("count=true", "done=true", "`count` has to be an integer, not the boolean true"),
        ("count=1", "done=1", "`done` has to be a boolean"),
    ] {
        let refused = complete(&["note=x", count, done]);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && said.contains(why), "{said}");
    }
    let passed = complete(&["note=123", "count=1", "done=true"]);
    assert!(passed.status.success(), "{passed:?}");
    let page = workspace.said(&["session", "show", "typed"]);
    assert!(page.contains("- `note` (reported): \"123\""), "{page}");
    // The same words are the same evidence, also when the phase has been left.
    let again = complete(&["note=123", "count=1", "done=true"]);
    assert_eq!(again.stdout, passed.stdout, "{again:?}");
    let mut server = workspace.serve();
    let id = server.workflow(&json!({ "action": "list_sessions" }))["sessions"][0]["session_id"].clone();
    let evidence = json!({ "note": 123, "count": 1, "done": true });
    let call = json!({ "action": "complete_phase", "session_id": id, "phase": 2, "evidence": evidence });
    let refused = server.workflow(&call);
    assert_eq!(refused["error_type"], "ValidationError", "a call says what it means: {refused}");
}

/// What the tool for the state file calls so is not ignored here: whoever gives it relies on it.
#[test]
fn a_parameter_of_nearly_that_name_is_asked_about() {
    let workspace = Workspace::of_cases();
    let mut server = workspace.serve();
    let id = super::workspace::start_lamp(&mut server, "a.md");
    let call = json!({ "action": "pause", "session_id": id, "expected_revision": 7 });
    let refused = server.workflow(&call);
    assert_eq!(refused["error"], "pause takes no `expected_revision`", "{refused}");
    assert!(refused["remediation"].as_str().unwrap().contains("did you mean `revision`"), "{refused}");
}

#[test]
fn who_has_no_project_is_told_what_a_workflow_needs() {
    let workspace = Workspace::of_cases();
    let nowhere = workspace.home();
    let mut command = workspace.command(".", &["session", "start", "bug-fix", "a.rs", "issue=x"]);
    let output = command.current_dir(&nowhere).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("hint: for workflows alone an empty rulemark.toml is enough"), "{said}");
}

#[test]
fn who_names_no_session_is_told_where_they_are_listed() {
    let workspace = Workspace::of_cases();
    workspace.said(&["session", "start", "lamp_v1", "a.md"]);
    workspace.said(&["session", "start", "lamp_v1", "b.md"]);
    for (arguments, expected) in [
        (
            &["session", "phase", "nobody"][..],
            "there is no session nobody\n  hint: `rulemark session list` lists them\n",
        ),
        (
            &["session", "show", "nobody"],
            "there is no session nobody\n  hint: `rulemark session list` lists them\n",
        ),
        (&["session", "phase", "lamp"], "2 sessions begin with `lamp`: lamp_v1_b_"),
        (
            &["trust", "--workflow", "nothing"],
            "there is no workflow `nothing`\n  hint: `rulemark workflow list` lists them\n",
        ),
    ] {
        let output = workspace.output(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
}
