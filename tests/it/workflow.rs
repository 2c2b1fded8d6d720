//! Definitions in `tests/data/workflows`: what each form comes to, and everything that is wrong with the
//! wrong ones. And the published schema.

use rulemark::{
    library::bundle_at,
    workflow::{Bundle, Gate, Reading, published_schema},
};
use std::{fmt::Write as _, fs, path::Path};

fn read(path: &Path) -> Reading {
    let name = path.file_name().unwrap().to_str().unwrap();
    Bundle::of_file(name, fs::read_to_string(path).unwrap()).read()
}

fn faults(reading: &Reading) -> String {
    reading.faults.iter().fold(String::new(), |said, fault| said + &fault.to_string() + "\n")
}

#[test]
fn everything_that_is_wrong_is_said() {
    insta::glob!("../data/workflows/faults", "*.*", |path| {
        let reading = read(path);
        assert!(reading.definition.is_none(), "{} is refused", path.display());
        insta::assert_snapshot!(faults(&reading));
    });
}

#[test]
fn what_is_probably_not_meant_is_warned_of() {
    insta::glob!("../data/workflows/warnings", "*.*", |path| {
        let reading = read(path);
        assert!(reading.definition.is_some(), "{} is read", path.display());
        insta::assert_snapshot!(faults(&reading));
    });
}

/// Of a folder that its metadata does not know there is no line to name.
#[test]
fn what_is_wrong_in_a_folder_is_said_with_its_line() {
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/workflows/folders");
    let mut said = String::new();
    for name in ["broken", "odd"] {
        let reading = bundle_at(&folders.join(name), &folders, name).unwrap().read();
        assert!(reading.definition.is_none(), "{name} is refused");
        writeln!(said, "{}", faults(&reading)).unwrap();
    }
    insta::assert_snapshot!(said);
}

#[test]
fn each_form_comes_to_the_same_model() {
    insta::glob!("../data/workflows/forms", "*.*", |path| {
        let reading = read(path);
        let mut said = faults(&reading);
        let definition = reading.definition.unwrap_or_else(|| panic!("{said}"));
        writeln!(said, "{} {} ({}): {}", definition.id, definition.version, definition.form, definition.name)
            .unwrap();
        for input in &definition.inputs {
            writeln!(said, "input {} {:?} {:?} {:?}", input.name, input.kind, input.required, input.default)
                .unwrap();
        }
        writeln!(said, "standing {:?}", definition.standing_guidance).unwrap();
        for phase in &definition.phases {
            writeln!(said, "\n{} {:?} {} → {:?}", phase.number, phase.id, phase.title, phase.next).unwrap();
            if let Some(when) = &phase.when {
                writeln!(said, "when {} ({})", when.source, when.place).unwrap();
            }
            writeln!(said, "{}", phase.text.trim_end()).unwrap();
            for task in &phase.tasks {
                writeln!(said, "task {} {}: {:?} {:?}", task.number, task.title, task.text, task.steps)
                    .unwrap();
            }
            writeln!(said, "{:?}", phase.guidance).unwrap();
            gate(&phase.gate, &mut said);
        }
        insta::assert_snapshot!(said);
    });
}

fn gate(gate: &Gate, said: &mut String) {
    writeln!(said, "gate{}", if gate.lenient { ", lenient" } else { "" }).unwrap();
    for field in &gate.fields {
        let checks: Vec<_> = field.checks.iter().map(|check| (&check.check, &check.message)).collect();
        writeln!(said, "  {} {:?} {checks:?} {:?}", field.name, field.kind, field.description).unwrap();
    }
    for check_box in &gate.boxes {
        writeln!(said, "  box {}: {}", check_box.name, check_box.text).unwrap();
    }
    for command in &gate.commands {
        writeln!(said, "  `{}` {} {:?}", command.command, command.exit_code, command.captures).unwrap();
    }
    for rule in &gate.rules {
        writeln!(said, "  rule {} {:?}", rule.condition.source, rule.message).unwrap();
    }
    if let Some(approval) = &gate.approval {
        writeln!(said, "  approval {:?}", approval.question).unwrap();
    }
}

/// Agents, editors and people read the committed one.
#[test]
fn the_committed_schema_is_the_published_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/workflow.schema.json");
    let published = published_schema();
    if std::env::var_os("RULEMARK_BLESS").is_some() {
        #[allow(clippy::disallowed_methods, reason = "a blessed file is no state file")]
        fs::write(&path, &published).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), published, "RULEMARK_BLESS=1 writes it anew");
    assert!(published.contains("\"$schema\": \"http://json-schema.org/draft-07/schema#\""));
}

/// Size and depth that no author needs, in every form: each is refused, and soon.
#[test]
fn hostile_definitions_are_refused() {
    let front = "---\nid: abc\nversion: 1.0.0\nname: n\ndescription: d\n---\n";
    let bomb = (1..12).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, level| {
        format!("{text}a{level}: &a{level} [{}]\n", format!("*a{},", level - 1).repeat(9))
    });
    let condition = format!(
        "{front}## Phase 1: A\n### Gate\n- [ ] rule: `{}{} == []`\n",
        "[".repeat(2_000),
        "]".repeat(2_000)
    );
    let long = format!("{front}## Phase 1: A\n### Gate\n- [ ] rule: `{}1 == 1`\n", "1 == 1 && ".repeat(500));
    let phases: String = (1..2_000).map(|number| format!("## Phase {number}: A\n\nx\n\n")).collect();
    for (name, text) in [
        ("large.md", "x".repeat(10 << 20)),
        ("large.yaml", "x".repeat(10 << 20)),
        ("large.json", "[".repeat(10 << 20)),
        ("deep.yaml", "[".repeat(100_000)),
        ("deep.json", "[".repeat(100_000)),
        ("deep.md", format!("---\na: {}\n---\n", "[".repeat(100_000))),
        ("bomb.yaml", bomb.clone()),
        ("bomb.md", format!("---\n{bomb}---\n")),
        ("nul.md", format!("{front}## Phase 1: \0\n")),
        ("nul.yaml", "id: \0\n".to_owned()),
        ("condition.md", condition),
        ("long.md", long),
        ("phases.md", format!("{front}{phases}")),
        ("template.md", format!("{front}## Phase 1: A\n\n{{{{ {}1 }}}}\n", "(".repeat(10_000))),
        ("empty.md", String::new()),
        ("empty.yaml", String::new()),
        ("empty.json", String::new()),
        ("other.txt", "x".to_owned()),
    ] {
        let reading = Bundle::of_file(name, text).read();
        assert!(reading.definition.is_none() && !reading.faults.is_empty(), "{name}");
    }
}
