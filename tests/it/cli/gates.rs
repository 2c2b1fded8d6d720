//! What the gates make of an act: phase × act × setting, through the file, through the hook, and both.
//!
//! `tests/data/gates/acts.md` is the table, to be read like code; with `RULEMARK_BLESS=1` it is written.
//! *Through the file*: somebody does it, and the rules run. *Through the hook*: an agent asks first, and
//! nothing follows. *Both*: it asks, does what is not refused, and asks again behind it.

use super::{environment::Environment, hooks};
use serde_json::{Value, json};
use std::{fs, path::Path, thread};

const PHASES: [&str; 6] = ["INIT", "ANALYZE", "BLUEPRINT", "CONSTRUCT", "VALIDATE", "COMPLETED"];
/// The columns: settings under `[gates]`.
const SETTINGS: [&str; 4] = [
    "on_violation = \"warn\"",
    "on_violation = \"revert\"",
    "on_violation = \"revert\"\napproval = \"person\"",
    "on_violation = \"off\"",
];

/// What somebody does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    EditSource,
    EditPlan,
    EditRules,
    WeakenRules,
    NextPhase,
    SkipPhase,
    ClaimTests,
    Approve,
    ShellEdit,
}

const ACTS: [(Act, &str); 9] = [
    (Act::EditSource, "edit a source"),
    (Act::EditPlan, "edit the plan"),
    (Act::EditRules, "edit a rule"),
    (Act::WeakenRules, "take approval and tests out of the rules, and go on"),
    (Act::NextPhase, "go to the next phase"),
    (Act::SkipPhase, "skip a phase"),
    (Act::ClaimTests, "claim that the tests passed, and go on"),
    (Act::Approve, "run `rulemark approve`"),
    (Act::ShellEdit, "`sed -i` the state file"),
];

/// What becomes of it, the mildest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Allowed,
    Warned,
    Reverted,
    Refused,
}

impl Fate {
    fn word(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Warned => "warned",
            Self::Reverted => "reverted",
            Self::Refused => "refused",
        }
    }
}

#[test]
fn acts_meet_the_fate_that_the_table_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/gates/acts.md");
    let found = table();
    if std::env::var_os("RULEMARK_BLESS").is_some() {
        #[allow(clippy::disallowed_methods, reason = "a table is no state file")]
        fs::write(&file, &found).unwrap();
        return;
    }
    let expected = fs::read_to_string(&file).unwrap();
    let differing: Vec<String> = expected
        .lines()
        .zip(found.lines())
        .filter(|(expected, found)| expected != found)
        .map(|(expected, found)| format!("expected {expected}\nfound    {found}"))
        .collect();
    assert!(differing.is_empty() && expected.len() == found.len(), "{}", differing.join("\n\n"));
}

fn table() -> String {
    let mut table = String::from(
        "# What becomes of an act\n\nThe project names a test command that nobody has trusted or run. For each \
        `on_violation`: through the file · through the hook · through both. `-` where the act makes no sense.\n\n\
        | phase | act | warn | revert | revert, `approval = \"person\"` | off |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for phase in PHASES {
        let rows = thread::scope(|scope| {
            let rows = ACTS.map(|(act, name)| scope.spawn(move || row(phase, act, name)));
            rows.map(|row| row.join().unwrap())
        });
        table.push_str(&rows.concat());
    }
    table
}

fn row(phase: &str, act: Act, name: &str) -> String {
    let event = event(act, phase);
    let cells = SETTINGS.map(|setting| match &event {
        Some(event) => fates(act, phase, setting, event).map(Fate::word).join(" · "),
        None => "-".to_owned(),
    });
    format!("| {phase} | {name} | {} |\n", cells.join(" | "))
}

/// What the agent would send before it does it.
fn event(act: Act, phase: &str) -> Option<Value> {
    let at = PHASES.iter().position(|it| *it == phase)?;
    let replace = |pairs: &[(&str, &str)]| {
        let edits: Vec<Value> =
            pairs.iter().map(|(old, new)| json!({ "old_string": old, "new_string": new })).collect();
        ("MultiEdit", json!({ "file_path": "[PROJECT]/workflow_state.md", "edits": edits }))
    };
    let line = format!("Phase: {phase}");
    let next = |by: usize| PHASES.get(at + by).map(|to| format!("Phase: {to}"));
    let (tool, input) = match act {
        Act::EditSource => {
            ("Write", json!({ "file_path": "[PROJECT]/src/main.rs", "content": "fn main() { }\n" }))
        }
        Act::EditPlan => replace(&[("## Plan\n", "## Plan\n- [ ] Greet\n")]),
        Act::EditRules => replace(&[("No plan and no code yet.", "Code at once.")]),
        Act::WeakenRules => replace(&[
            ("Set `Status = NEEDS_PLAN_APPROVAL` and await user confirmation.", "Set `Phase = CONSTRUCT`."),
            ("After each change, run the test commands in", "Read"),
            ("Run all test commands in", "Read"),
            (&line, &next(1)?),
        ]),
        Act::NextPhase => replace(&[(&line, &next(1)?)]),
        Act::SkipPhase => replace(&[(&line, &next(2)?)]),
        Act::ClaimTests => replace(&[("## Log\n", "## Log\n- All tests passed.\n"), (&line, &next(1)?)]),
        Act::Approve => ("Bash", json!({ "command": "rulemark approve" })),
        Act::ShellEdit => {
            ("Bash", json!({ "command": "sed -i 's/^Status: .*/Status: COMPLETED/' workflow_state.md" }))
        }
    };
    Some(
        json!({ "session_id": "s", "cwd": "[PROJECT]", "hook_event_name": "PreToolUse", "tool_name": tool, "tool_input": input }),
    )
}

fn fates(act: Act, phase: &str, setting: &str, event: &Value) -> [Fate; 3] {
    let settings = format!("[gates]\n{setting}\n");
    let config = "## Test Commands\n```sh\ntrue\n```\n\n## Changelog\n";
    let project = || hooks::project(phase, &[("rulemark.toml", &settings), ("project_config.md", config)]);
    let by_file = {
        let project = project();
        through_file(act, &project, event, &|| project.run(&["apply"]))
    };
    let project = project();
    let ask = |name: &str| {
        let root = project.root().canonicalize().unwrap();
        let event =
            event.to_string().replace("PreToolUse", name).replace("[PROJECT]", root.to_str().unwrap());
        let output = hooks::call(&project, "claude-code", &event);
        String::from_utf8(output.stdout).unwrap()
    };
    let answer = ask("PreToolUse");
    let by_hook = if answer.contains("\"deny\"") {
        Fate::Refused
    } else if answer.contains("additionalContext") {
        Fate::Warned
    } else {
        Fate::Allowed
    };
    let by_both = match by_hook {
        Fate::Refused => Fate::Refused,
        fate => fate.max(through_file(act, &project, event, &|| ask("PostToolUse"))),
    };
    [by_file, by_hook, by_both]
}

/// Does it, lets the rules run, and looks what is left of it.
fn through_file(act: Act, project: &Environment, event: &Value, run: &dyn Fn() -> String) -> Fate {
    if act == Act::Approve {
        let output = project.output(&["approve"]);
        return if output.status.success() { Fate::Allowed } else { Fate::Refused };
    }
    let input = &event["tool_input"];
    let path = if act == Act::EditSource { "src/main.rs" } else { "workflow_state.md" };
    let before = project.read(path);
    let done = match (input["content"].as_str(), input["edits"].as_array()) {
        (Some(content), _) => content.to_owned(),
        (None, Some(edits)) => edits.iter().fold(before.clone(), |text, edit| {
            let (old, new) = (edit["old_string"].as_str().unwrap(), edit["new_string"].as_str().unwrap());
            assert!(text.contains(old), "{old:?} is not in\n{text}");
            text.replacen(old, new, 1)
        }),
        (None, None) => before.lines().fold(String::new(), |text, line| {
            let line = if line.starts_with("Status: ") { "Status: COMPLETED" } else { line };
            text + line + "\n"
        }),
    };
    project.write(path, &done);
    let told = run();
    let after = project.read(path);
    let state = |text: &str| {
        let lines = text.lines().skip_while(|line| *line != "## State").take(4);
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    if told.contains("phase") && state(&after) == state(&before) && state(&done) != state(&before) {
        Fate::Reverted
    } else if told.contains("warning: phase") || told.contains("warning: the rules no longer ask") {
        Fate::Warned
    } else {
        Fate::Allowed
    }
}
