//! Nothing read from a file reaches a terminal as more than letters: text that would move the cursor,
//! ring, link, recolour, turn round or hide stands in every field there is, and every command is run.

use super::environment::Environment;
use std::fs;

/// Escape sequences of both kinds, a link, a bell, C1 controls, direction, what nobody sees, DEL.
pub(super) const HOSTILE: &str = "\x1b[2J\x1b[31mH\x1b]8;;http://evil\x07L\x1b]8;;\x1b\\\x08\u{9b}1A\u{85}\u{202e}\u{2066}\u{200b}\u{e0041}\u{7f}\0Z";

/// A state file with `HOSTILE` in every field; `X` marks the places.
fn state() -> String {
    let text = "# TX\n\n_Last updated: 2025-01-01 X_\n\n## State\nPhase: ANALYZE\nStatus: READY\nCurrentItem: 1X\nKeyX: valueX\nPhX: 3\n\n\
        ## Plan\n1. planX\n\n## SectionX\n\n## Rules\n### [PHASE: ANALYZEX]\n1. phase step X\n### [PHASE: ANALYZE]\n1. step X\n\
        ### RULE_ASK_01 titleX\nTrigger ▶ Phase == ANALYZE\nAction ▶ Ask user for X → `Status = RUNNING`.\n\
        ### RULE_TELL_01\nTrigger ▶ Phase == ANALYZE\nAction ▶ Tell the user \"saysX\". Log \"loggedX\".\n\
        ### RULE_JUDGE_01\nTrigger ▶ whenever X seems right\nAction ▶ ponder X\n\
        ### RULE_NEAR_01\nTrigger ▶ `KeyXX == 1` and Phase == ANALYZEXX\nAction ▶ Set `KeXyX = 2`. Trigger RULE_X. clear ## SectioX. Read `X.md`.\n\
        ### RULE_ASK_01\nTrigger ▶ x\n### When X\nTrigger ▶ y\nAction ▶ z\n**TriggerX**: q\n### RULE_BADX_01\nAction ▶ w\n\n\
        ## Items\n| id | description | status |\n|---|---|---|\n| 1X | doX | pending |\n| 2 | otherX | doneX |\n\n\
        ## Log\n- [2025-01-01 10:00:00] wasX\n\n## ArchiveLog\n- oldX\n\n## Log\n- twiceX\n\n##X Plan\n";
    text.replace('X', HOSTILE)
}

fn config() -> String {
    "# CX\n\n## CommandsX\n- testX: `cargo test X`\n```sh\nnpm run lint X # X\n```\n\n## Changelog\n- 2025-01-01: didX\n"
        .replace('X', HOSTILE)
}

/// What in `printed` is more than letters, line ends and our own colours.
pub(super) fn unsafe_parts(printed: &str) -> Vec<String> {
    let colour = regex::Regex::new("\x1b\\[[0-9;]*m").unwrap();
    let told_as_colour = colour.find_iter(printed).map(|found| found.as_str());
    // The hostile text asks for red and nothing else; ours comes with a reset on the same line.
    let rest = colour.replace_all(printed, "");
    let bad = |c: &char| {
        (c.is_control() && *c != '\n')
            || matches!(c, '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}')
    };
    let raw = rest.chars().filter(bad).map(|c| format!("{c:?} in {:?}", line_of(&rest, c)));
    let foreign = told_as_colour.filter(|_| printed.contains("\x1b[31mH")).map(str::to_owned);
    raw.chain(foreign).take(4).collect()
}

fn line_of(text: &str, c: char) -> &str {
    text.lines().find(|line| line.contains(c)).unwrap_or_default()
}

const COMMANDS: &[&[&str]] = &[
    &["check"],
    &["rules"],
    &["rules", "RULE_ASK_01"],
    &["rules", "RULE_NEAR_01"],
    &["apply", "--dry-run"],
    &["apply"],
    &["status"],
    &["next"],
    &["item", "list"],
    &["item", "done", "2"],
    &["item", "done", "none"],
    &["item", "add", "more"],
    &["log"],
    &["log", "text"],
    &["log", "--archived"],
    &["set", "Status=COMPLETED"],
    &["set", "Nokey=1"],
    &["emit", "judged", "RULE_JUDGE_01"],
    &["done", "nothing"],
    &["history"],
    &["history", "verify"],
    &["diff"],
    &["doctor"],
    &["check", "--fix"],
    &["undo"],
    &["redo"],
];

#[test]
fn every_field_through_every_command() {
    let environment = Environment::with_state(&state());
    environment.write("project_config.md", config());
    let mut seen = 0;
    for command in COMMANDS {
        for extra in
            [&["--color", "always"][..], &["--color", "never", "-vvv"], &["--log-format", "json", "-vvv"]]
        {
            let output = environment.output(&[command, extra].concat());
            for printed in [&output.stdout, &output.stderr] {
                let printed = String::from_utf8(printed.clone()).unwrap();
                let found = unsafe_parts(&printed);
                assert!(found.is_empty(), "{command:?} {extra:?}: {found:#?}\n{}", printed.escape_debug());
                seen += printed.matches("u{1b}").count();
            }
            assert_ne!(output.status.code(), Some(70), "{command:?} is a bug");
        }
    }
    assert!(seen > 100, "the hostile text was hardly printed: {seen} times");
}

#[test]
fn json_of_every_command() {
    let environment = Environment::with_state(&state());
    environment.write("project_config.md", config());
    environment.run(&["apply"]);
    for command in [
        &["check"][..],
        &["rules"],
        &["status"],
        &["next"],
        &["item", "list"],
        &["log"],
        &["history"],
        &["diff"],
        &["apply"],
        &["doctor"],
    ] {
        let output = environment.output(&[command, &["--json"]].concat());
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(unsafe_parts(&printed), [""; 0], "{command:?}");
        serde_json::from_str::<serde_json::Value>(&printed).unwrap();
    }
}

/// Whatever is wrong, saying so is harmless.
#[test]
fn errors_that_quote() {
    let inputs: &[(&str, &str)] = &[
        ("rulemark.toml", "X = 1\n"),
        ("rulemark.toml", "[limits]\n\"X\" = 1\n"),
        ("rulemark.toml", "[gates]\non_violation = \"X\"\n"),
        ("rulemark.toml", "[paths]\nstate = \"X.md\"\n"),
        ("rulemark.toml", "\"\"\"X\n"),
        (".rulemark/lock", "process 1 (X)\n"),
        (".rulemark/journal.db", "X is no database, and long enough to look like one, again and again"),
    ];
    for (file, text) in inputs {
        let environment = Environment::with_state(&state());
        environment.write(file, text.replace('X', HOSTILE));
        for command in [&["status"][..], &["doctor"], &["apply"], &["history"]] {
            for extra in [&["--color", "always"][..], &["-vvv"]] {
                let output = environment.output(&[command, extra].concat());
                for printed in [output.stdout, output.stderr] {
                    let printed = String::from_utf8(printed).unwrap();
                    assert_eq!(
                        unsafe_parts(&printed),
                        [""; 0],
                        "{file} {text} {command:?}: {}",
                        printed.escape_debug()
                    );
                }
            }
        }
    }
}

/// Folders and files may be called anything but NUL and slash.
#[test]
fn names_of_files() {
    let environment = Environment::empty();
    let folder = environment.root().join("a\n\x1b[31mH\u{202e}b");
    fs::create_dir(&folder).unwrap();
    environment.write("a\n\x1b[31mH\u{202e}b/workflow_state.md", state());
    environment.write("a\n\x1b[31mH\u{202e}b/cases/case\n\x1b[31mH.md", "# X\n".replace('X', HOSTILE));
    environment.write(
        "a\n\x1b[31mH\u{202e}b/cases/whole.md",
        "# A\n\n## before\n\n```markdown workflow_state.md\n## State\nPhase: X\n```\n\n## event\n\n- X\n"
            .replace('X', HOSTILE),
    );
    let folder = folder.to_str().unwrap();
    let cases = format!("{folder}/cases");
    let html = format!("{folder}/out.html");
    for command in [
        &["status"][..],
        &["doctor"],
        &["apply"],
        &["history"],
        &["check"],
        &["test-rules", &cases],
        &["export", "--html", "-o", &html],
        &["export", "--html", "-o", folder],
        &["init", folder],
    ] {
        for extra in [&["--color", "always"][..], &["-vvv"]] {
            let output = environment.output(&[&["-C", folder][..], command, extra].concat());
            for printed in [output.stdout, output.stderr] {
                let printed = String::from_utf8(printed).unwrap();
                assert_eq!(unsafe_parts(&printed), [""; 0], "{command:?}: {}", printed.escape_debug());
            }
        }
    }
}

#[test]
fn what_was_typed() {
    let environment = Environment::with_state("## State\nPhase: A\n\n## Log\n");
    for arguments in [
        &[HOSTILE][..],
        &["set", HOSTILE],
        &["item", HOSTILE],
        &["log", HOSTILE],
        &["emit", HOSTILE],
        &["done", HOSTILE],
        &["-C", HOSTILE, "status"],
        &["rules", HOSTILE],
        &["history"],
        &["diff"],
    ] {
        // A NUL can't be typed.
        let arguments: Vec<String> = arguments.iter().map(|it| it.replace('\0', "")).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = environment.output(&[&arguments[..], &["--color", "always"]].concat());
        for printed in [output.stdout, output.stderr] {
            let printed = String::from_utf8(printed).unwrap();
            assert_eq!(unsafe_parts(&printed), [""; 0], "{arguments:?}: {}", printed.escape_debug());
        }
    }
}
