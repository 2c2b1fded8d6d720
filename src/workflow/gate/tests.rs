use super::*;
use crate::workflow::model::{Approval, Broken, Capture, FieldCheck};
use serde_json::json;

fn field(name: &str, kind: FieldType, checks: Vec<Check>) -> Field {
    Field {
        name: name.to_owned(),
        kind,
        optional: false,
        checks: checks.into_iter().map(|check| FieldCheck { check, message: None }).collect(),
        description: String::new(),
        place: Place::default(),
    }
}

fn rule(source: &str, message: Option<&str>) -> Rule {
    Rule {
        condition: Condition { source: source.to_owned(), place: Place::default() },
        message: message.map(str::to_owned),
    }
}

fn evidence(value: Value) -> Evidence {
    let Value::Object(evidence) = value else { panic!("evidence is an object") };
    evidence
}

/// What the gate says, a line for each finding: `- missing`, `! error`, `~ warning`, `? question`.
fn said(gate: &Gate, given: Value, facts: &Facts) -> Vec<String> {
    let verdict = gate.evaluate(&evidence(given), &Scope::default(), facts);
    let missing = verdict.missing.iter().map(|missing| format!("- {}: {}", missing.name, missing.what));
    let errors = verdict.errors.iter().map(|failure| format!("! {}", failure.message));
    let warnings = verdict.warnings.iter().map(|warning| format!("~ {warning}"));
    let needs = verdict.needs.iter().map(|question| format!("? {question:?}"));
    missing.chain(errors).chain(warnings).chain(needs).collect()
}

fn tests_gate() -> Gate {
    Gate {
        fields: vec![
            field("total", FieldType::Integer, vec![Check::Positive]),
            field("failed", FieldType::Integer, vec![Check::NonNegative]),
        ],
        rules: vec![
            rule("failed <= total", Some("more failures than tests")),
            rule("failed == 0", Some("failing tests block this phase")),
        ],
        ..Gate::default()
    }
}

#[test]
fn a_gate_says_everything_that_is_wrong() {
    let check =
        |given, expected: &[&str]| assert_eq!(said(&tests_gate(), given, &Facts::default()), expected);
    check(json!({"total": 4, "failed": 0}), &[]);
    check(json!({"total": 4, "failed": 1}), &["! failing tests block this phase"]);
    check(
        json!({"total": 4, "failed": 9}),
        &["! more failures than tests", "! failing tests block this phase"],
    );
    check(json!({}), &["- total: an integer", "- failed: an integer"]);
    check(
        json!({"total": 4, "faild": 0}),
        &["- failed: an integer (`faild` is given, which is not the same)"],
    );
    // A rule says nothing about what is wrong already, and all it can about the rest.
    check(
        json!({"total": "4", "failed": 1}),
        &["! `total` has to be an integer, not the text \"4\"", "! failing tests block this phase"],
    );
    check(
        json!({"total": 0, "failed": null}),
        &["- failed: an integer", "! `total` has to be above 0, not 0"],
    );
}

#[test]
fn a_lenient_gate_lets_missing_pass_and_nothing_else() {
    let gate = Gate { lenient: true, ..tests_gate() };
    let check = |given, expected: &[&str]| assert_eq!(said(&gate, given, &Facts::default()), expected);
    check(
        json!({"total": 4}),
        &[
            "~ `failed` is missing: an integer",
            "~ rule `failed <= total` was not judged: `failed` is missing",
            "~ rule `failed == 0` was not judged: `failed` is missing",
        ],
    );
    check(json!({"total": 4, "failed": 1}), &["! failing tests block this phase"]);
    check(
        json!({"total": 4, "failed": -1}),
        &["! `failed` has to be 0 or above, not -1", "! failing tests block this phase"],
    );
}

#[test]
fn a_broken_gate_stays_shut_however_lenient() {
    let place = Place { file: "gate-definition.yaml".to_owned(), line: 3, column: 2 };
    let broken = Some(Broken { place: place.clone(), message: "not YAML".to_owned() });
    let gate = Gate { lenient: true, broken, ..Gate::default() };
    let verdict = gate.evaluate(&Evidence::new(), &Scope::default(), &Facts::default());
    assert!(!verdict.passes());
    assert_eq!(verdict.errors[0].place, place);
    assert_eq!(verdict.errors[0].message, "this gate can't be read, so it stays shut: not YAML");
}

#[test]
fn rules_that_cannot_be_judged_refuse() {
    let gate = Gate {
        fields: vec![Field { optional: true, ..field("note", FieldType::String, vec![]) }],
        rules: vec![rule("size(note) > 3", None), rule("!has(evidence.note) || evidence.note != 'x'", None)],
        ..Gate::default()
    };
    let found = said(&gate, json!({}), &Facts::default());
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("! the rule `size(note) > 3` does not hold: "), "{found:?}");
    assert_eq!(said(&gate, json!({"note": "long enough"}), &Facts::default()), Vec::<String>::new());
    let broken = Gate { rules: vec![rule("note ==", Some("own words"))], ..Gate::default() };
    assert!(said(&broken, json!({}), &Facts::default())[0].starts_with("! own words (rule `note ==`: "));
}

#[test]
fn rules_see_inputs_and_earlier_evidence_which_evidence_cannot_fake() {
    let gate = Gate {
        rules: vec![rule("total >= earlier.total && inputs.strict && target == 'a.md'", None)],
        ..Gate::default()
    };
    let scope = Scope {
        inputs: evidence(json!({"strict": true})),
        earlier: evidence(json!({"total": 4})),
        target: "a.md".to_owned(),
    };
    let passes = |given| gate.evaluate(&evidence(given), &scope, &Facts::default()).passes();
    assert!(passes(json!({"total": 4})));
    assert!(!passes(json!({"total": 3})));
    assert!(!passes(json!({"total": 3, "earlier": {"total": 1}, "inputs": {"strict": true}})));
}

#[test]
fn boxes_are_done_by_name_or_by_text() {
    let check_box =
        CheckBox { name: "frame_folds".to_owned(), text: "Frame folds".to_owned(), place: Place::default() };
    let gate = Gate { boxes: vec![check_box], ..Gate::default() };
    let check = |given, expected: &[&str]| assert_eq!(said(&gate, given, &Facts::default()), expected);
    for done in [json!(true), json!("seen it fold"), json!(["photo.png"]), json!({"by": "me"})] {
        check(json!({"frame_folds": done}), &[]);
        check(json!({"Frame folds": done}), &[]);
    }
    for open in [json!(false), json!(null)] {
        check(json!({"frame_folds": open}), &["- frame_folds: Frame folds"]);
    }
    check(json!({}), &["- frame_folds: Frame folds"]);
    check(
        json!({"frame_folds": 1}),
        &["! `frame_folds` has to be true, or words that show it, not 1: Frame folds"],
    );
    check(
        json!({"frame_folds": " "}),
        &["! `frame_folds` has to be true, or words that show it, not the text \" \": Frame folds"],
    );
}

/// Files first, then commands, then a person; and nothing at all while the evidence does not hold.
#[test]
fn questions_come_in_steps() {
    let command = Command {
        command: "cargo test".to_owned(),
        exit_code: 0,
        captures: vec![Capture { name: "passed".to_owned(), pattern: r"(\d+) passed".to_owned() }],
        place: Place::default(),
    };
    let gate = Gate {
        fields: vec![
            field("path", FieldType::Path, vec![Check::Exists, Check::Sha256(None)]),
            field("fix", FieldType::Commit, vec![]),
            field("note", FieldType::String, vec![Check::NonEmpty]),
        ],
        commands: vec![command],
        rules: vec![rule("passed >= 4", Some("tests are missing"))],
        approval: Some(Approval { question: "release it".to_owned(), place: Place::default() }),
        ..Gate::default()
    };
    let bad = json!({"path": "a", "fix": "0123abc", "note": ""});
    // What the agent says of a number that is counted does not count.
    let good = json!({"path": "a", "fix": "0123abc", "note": "n", "passed": 99});
    let mut facts = Facts::default();
    assert_eq!(said(&gate, bad, &facts), ["! `note` must not be empty"]);
    let exists = Question::Exists("a".to_owned());
    let hash = Question::Sha256("a".to_owned());
    let commit = Question::Commit("0123abc".to_owned());
    let run = Question::Command("cargo test".to_owned());
    let approval = Question::Approval("release it".to_owned());
    let needs = |facts: &Facts| gate.evaluate(&evidence(good.clone()), &Scope::default(), facts).needs;
    assert_eq!(needs(&facts), [exists.clone(), hash.clone(), commit.clone()]);
    facts.insert(exists, Answer::Yes);
    facts.insert(hash, Answer::Hash("ab".to_owned()));
    facts.insert(commit, Answer::Yes);
    assert_eq!(needs(&facts), std::slice::from_ref(&run));
    let ran = |code, output: &str| Answer::Ran { code, output: output.to_owned() };
    for (answer, expected) in [
        (ran(Some(101), "boom\n\n"), "! `cargo test` exited with 101, not with 0; its last line: \"boom\""),
        (ran(None, ""), "! `cargo test` was ended by a signal or the time limit"),
        (Answer::Refused("nobody trusted it".to_owned()), "! `cargo test` was not run: nobody trusted it"),
        (
            Answer::Void("files changed while it did".to_owned()),
            "! `cargo test` ran, but its run doesn't count: files changed while it did",
        ),
        (ran(Some(0), "1 passed\n2 passed"), "! tests are missing"),
        (
            ran(Some(0), "fine"),
            "! `passed` can't be counted in the output of `cargo test`: the pattern `(\\d+) passed` matches nothing in it",
        ),
    ] {
        facts.insert(run.clone(), answer);
        assert_eq!(said(&gate, good.clone(), &facts), [expected]);
    }
    facts.insert(run, ran(Some(0), "3 passed\n2 passed"));
    assert_eq!(needs(&facts), std::slice::from_ref(&approval));
    facts.insert(approval.clone(), Answer::No);
    assert_eq!(said(&gate, good.clone(), &facts), ["! a person has not approved this phase"]);
    facts.insert(approval, Answer::Yes);
    let verdict = gate.evaluate(&evidence(good), &Scope::default(), &facts);
    assert!(verdict.passes());
    let findings: Vec<_> = verdict
        .findings
        .iter()
        .map(|finding| (finding.subject.as_str(), finding.basis, finding.seen.as_str()))
        .collect();
    assert_eq!(
        findings,
        [
            ("path", Basis::Checked, "exists, sha256 ab"),
            ("fix", Basis::Checked, "is in the repository"),
            ("note", Basis::Reported, ""),
            ("cargo test", Basis::Checked, "exited with 0"),
            ("passed", Basis::Checked, "counted 5"),
            ("approval", Basis::Checked, "a person approved"),
        ]
    );
}
