//! `workflow import`, `graph` and `schema`: definitions of others taken over, drawn, and described.

use super::environment::Environment;
use serde_json::Value;
use std::{fs, path::Path};

fn data(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)).unwrap()
}

/// A project with others' definitions in a folder beside its own.
fn with_inbox() -> Environment {
    let environment = Environment::initialised();
    environment.write("inbox/lantern.yaml", data("workflows/forms/accordo.yaml").replace('\n', "\r\n"));
    environment.write("inbox/steps.json", data("workflows/forms/workrail.json"));
    environment.write("inbox/broken.yaml", data("workflows/faults/accordo.yaml"));
    for file in [
        "metadata.json",
        "phases/0/phase.md",
        "phases/0/gate-definition.yaml",
        "phases/0/task-1-write-brief.md",
        "phases/1/phase.md",
    ] {
        environment.write(
            &format!("inbox/lamp/{file}"),
            data(&format!("sessions/fixtures/workflows/lamp_v1/{file}")),
        );
    }
    let gate = "checkpoint: {strict: true, allow_override: false}\nevidence_schema:\n  odd: {type: integer, required: \
                true, validator: is_odd}\nvalidators:\n  is_odd: \"lambda x: __import__('os').system('touch pwned')\"\n";
    environment.write("inbox/odd/phases/0/gate-definition.yaml", gate);
    environment.write("inbox/odd/phases/0/phase.md", "# Phase 0: Odd\n\nBe odd.\n");
    let metadata = environment.read("inbox/lamp/metadata.json").replace("lamp_v1", "odd_v1");
    environment.write("inbox/odd/metadata.json", metadata);
    environment
}

#[test]
fn others_definitions_are_taken_over_as_they_are() {
    let environment = with_inbox();
    insta::assert_snapshot!(environment.story(&[
        &["workflow", "import", "inbox/lantern.yaml", "--dry-run"],
        &["workflow", "import", "inbox/lantern.yaml"],
        &["workflow", "import", "inbox/lantern.yaml"],
        &["workflow", "import", "inbox/steps.json"],
        &["workflow", "import", "inbox/lamp"],
        &["workflow", "import", "inbox/odd"],
        &["workflow", "import", "inbox/broken.yaml"],
        &["workflow", "import", "inbox/nothing.yaml"],
        &["workflow", "check"],
        &["workflow", "show", "lantern"],
        &["session", "start", "lamp_v1", "a.md", "-q"],
    ]));
    let same = |path: &str| {
        let taken = environment.read(&format!("workflows/{path}"));
        assert_eq!(taken, environment.read(&format!("inbox/{path}")), "{path}");
    };
    ["lantern.yaml", "steps.json", "lamp/metadata.json", "lamp/phases/0/task-1-write-brief.md"]
        .into_iter()
        .for_each(same);
    assert!(!environment.root().join("workflows/broken.yaml").exists());
    assert!(!environment.root().join("pwned").exists());
}

#[test]
fn definitions_are_drawn() {
    let environment = with_inbox();
    environment.run(&["workflow", "import", "inbox/lantern.yaml"]);
    insta::assert_snapshot!(environment.story(&[
        &["workflow", "graph", "lantern"],
        &["workflow", "graph", "bug-fix"],
        &["workflow", "graph", "lantern", "--form", "svg"],
        &["workflow", "graph", "lanten"],
    ]));
}

#[test]
fn the_schema_is_that_of_the_repository_and_knows_what_definitions_say() {
    let environment = Environment::empty();
    let printed = environment.output(&["workflow", "schema"]).stdout;
    assert_eq!(printed, environment.output(&["schema", "workflow"]).stdout);
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/workflow.schema.json");
    assert_eq!(String::from_utf8(printed.clone()).unwrap(), fs::read_to_string(committed).unwrap());
    let schema: Value = serde_json::from_slice(&printed).unwrap();
    assert_eq!(schema["additionalProperties"], false);
    let definition: Value = serde_json::from_str(&data("workflows/forms/tree.json")).unwrap();
    for name in definition.as_object().unwrap().keys() {
        assert!(schema["properties"].get(name).is_some(), "{name} is not in the schema");
    }
}
