//! A session from beginning to end, as its text.

use super::*;
use crate::{
    text::{Patch, Revision},
    workflow::{
        Basis, Definition, Failure, Finding, Form, Gate, Guidance, Missing, Next, Phase, Place, Question,
        Verdict,
    },
};
use jiff::civil::{DateTime, date};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn at(minute: i8) -> DateTime {
    date(2026, 11, 21).at(16, minute, 5, 0)
}

fn definition() -> Definition {
    let phase = |number: u32, title: &str| Phase {
        number,
        id: None,
        title: title.into(),
        text: String::new(),
        is_template: false,
        tasks: Vec::new(),
        gate: Gate::default(),
        when: None,
        next: Next::Following,
        guidance: Guidance::default(),
        place: Place::default(),
    };
    Definition {
        id: "lamp".into(),
        version: "1.0.0".into(),
        name: "Lamp".into(),
        description: String::new(),
        category: None,
        tags: Vec::new(),
        estimated_duration: None,
        inputs: Vec::new(),
        outputs: Vec::new(),
        preconditions: Vec::new(),
        clarifications: Vec::new(),
        standing_guidance: Vec::new(),
        phases: vec![phase(0, "Brief"), phase(1, "Build"), phase(2, "Wrap")],
        dynamic: None,
        revision: Revision::of(""),
        form: Form::Markdown,
        source: "workflows/lamp.md".into(),
    }
}

fn begun() -> Session {
    let id = SessionId::read("lamp_a").unwrap();
    let options = json!({"colour": "warm", "a `b`": [1, {"x": "<!-- \n ## Log"}]});
    read(Session::begin(&Beginning {
        id: &id,
        definition: &definition(),
        pinned: Revision::of("definition"),
        target: "docs/lamp a.md",
        options: options.as_object().unwrap(),
        phase: 0,
        at: at(0),
    }))
}

#[track_caller]
fn read(text: String) -> Session {
    let session = Session::parse(text).unwrap_or_else(|flaws| panic!("{flaws}"));
    assert_eq!(session.review(None), [], "{}", session.text());
    assert_eq!(Head::parse(session.text()).as_ref(), Ok(&session.head), "the head alone says the same");
    session
}

fn passing() -> Verdict {
    let finding =
        |subject: &str, basis, seen: &str| Finding { subject: subject.into(), basis, seen: seen.into() };
    Verdict {
        findings: vec![
            finding("brief", Basis::Checked, "exists"),
            finding("goals", Basis::Reported, ""),
            finding("cargo test", Basis::Checked, "exited with 0"),
        ],
        ..Verdict::default()
    }
}

fn refusing() -> Verdict {
    Verdict {
        missing: vec![Missing { name: "brief".into(), what: "string: where the brief is".into() }],
        errors: vec![Failure {
            subject: "goals".into(),
            message: "goals should be\nfrom 1 to 5".into(),
            place: Place::default(),
        }],
        ..Verdict::default()
    }
}

fn values() -> Vec<(String, Kept)> {
    let aside = Kept::Aside { text: Revision::of("long"), bytes: 9_000, is_text: true };
    vec![
        ("brief".into(), Kept::Inline(json!("brief.md"))),
        ("goals".into(), Kept::Inline(json!(3))),
        ("log".into(), aside),
    ]
}

fn submission<'a>(
    phase: u32,
    verdict: &'a Verdict,
    values: &'a [(String, Kept)],
    next: Option<u32>,
    minute: i8,
) -> Submission<'a> {
    let evidence = Revision::of(format!("{values:?}"));
    Submission { phase, evidence, values, verdict, next, remedy: "give `brief`", at: at(minute) }
}

/// Completes the open phase.
fn advance(session: &Session, minute: i8) -> Session {
    let phase = session.head.phase;
    let next = Some(phase + 1).filter(|next| *next < 3);
    let (verdict, values) = (passing(), values());
    read(session.record(&submission(phase, &verdict, &values, next, minute)).unwrap())
}

#[test]
fn a_session_is_a_page_that_reads_well() {
    let begun = begun();
    let (verdict, values) = (refusing(), values());
    let refused = read(begun.record(&submission(0, &verdict, &values[1..2], None, 1)).unwrap());
    let passed = advance(&refused, 2);
    let paused = read(passed.pause("back <!-- on\nMonday", at(3)).unwrap());
    insta::assert_snapshot!(paused.text());
    insta::assert_snapshot!(paused.statement());
}

#[test]
fn what_was_written_is_read() {
    let begun = begun();
    assert_eq!(begun.options["a `b`"], json!([1, {"x": "<!-- \n ## Log"}]));
    assert_eq!((begun.head.target.as_str(), begun.head.revision), ("docs/lamp a.md", 1));
    let passed = advance(&begun, 2);
    assert_eq!(passed.head.revision, 2);
    assert_eq!(passed.completed_phases(), [0]);
    let attempt = passed.passed(0).unwrap();
    assert_eq!((attempt.end, attempt.next, attempt.number), (AttemptEnd::Passed, Some(1), 1));
    let names: Vec<(&str, &str)> =
        attempt.pieces.iter().map(|piece| (piece.name.as_str(), piece.seen.as_str())).collect();
    assert_eq!(names, [("brief", "exists"), ("goals", ""), ("cargo test", "exited with 0"), ("log", "")]);
    assert_eq!(attempt.pieces[3].value, Some(values()[2].1.clone()));
}

#[test]
fn the_same_evidence_is_the_same_call() {
    let (verdict, values) = (refusing(), values());
    let refusal = submission(0, &verdict, &values[1..2], None, 1);
    let refused = read(begun().record(&refusal).unwrap());
    assert!(refused.repeated(&Submission { at: at(9), ..refusal }).is_some());
    assert!(refused.repeated(&Submission { evidence: Revision::of("other"), ..refusal }).is_none());
    let passed = advance(&refused, 2);
    let attempt = passed.passed(0).unwrap();
    assert!(matches!(passed.standing(0, attempt.evidence), Ok(Standing::Passed(_))));
    assert!(passed.standing(0, Revision::of("other")).is_err());
    assert!(passed.standing(2, attempt.evidence).is_err());
}

#[test]
fn a_session_goes_from_phase_to_phase_and_ends() {
    let done = advance(&advance(&advance(&begun(), 1), 2), 5);
    assert_eq!(done.head.status, SessionStatus::Completed);
    assert_eq!(done.completed_phases(), [0, 1, 2]);
    let refusals = [
        done.pause("", at(6)).unwrap_err(),
        done.resume("", at(6)).unwrap_err(),
        done.roll_back(0, at(6)).unwrap_err(),
        done.retry(2, false, at(6)).unwrap_err(),
    ];
    assert!(refusals.iter().all(|refusal| refusal.message.contains("completed")), "{refusals:?}");
    let metrics = done.metrics();
    assert_eq!((metrics.progress, metrics.attempts, metrics.seconds), ((3, 3), (3, 3), 300));
    assert_eq!(metrics.phases[2], PhaseTime { phase: 2, seconds: 180, attempts: 1 });
}

#[test]
fn a_rollback_keeps_what_was_there() {
    let at_two = advance(&advance(&begun(), 1), 2);
    assert_eq!(at_two.cleared_by(1).len(), 4);
    let back = read(at_two.roll_back(0, at(3)).unwrap());
    assert_eq!((back.head.phase, back.completed_phases().len()), (0, 0));
    assert_eq!(back.attempts.len(), 2);
    let runs = back.runs();
    let statuses: Vec<RunStatus> = runs.iter().map(|run| run.status).collect();
    assert_eq!(statuses, [RunStatus::RolledBack, RunStatus::RolledBack, RunStatus::Open]);
    assert_eq!(runs[2].started_at, at(3));
    for (to, message) in [(7, "no phase 7"), (0, "not before"), (2, "not before")] {
        let refusal = back.roll_back(to, at(4)).unwrap_err();
        assert!(refusal.message.contains(message), "{refusal:?}");
    }
    assert_eq!(advance(&back, 5).passed(0).unwrap().number, 2);
}

#[test]
fn a_workflow_may_lead_back() {
    let at_two = advance(&advance(&begun(), 1), 2);
    let (verdict, values) = (passing(), values());
    let again = read(at_two.record(&submission(2, &verdict, &values, Some(1), 3)).unwrap());
    assert_eq!(again.head.phase, 1);
    assert_eq!(again.completed_phases(), [0, 2], "what was just done stands");
}

#[test]
fn a_pause_and_its_end_leave_only_the_log() {
    let begun = begun();
    let paused = read(begun.pause("lunch", at(1)).unwrap());
    assert_eq!(paused.pause.as_ref().map(|pause| pause.note.as_str()), Some("lunch"));
    assert_eq!(paused.paused_seconds(at(2)), 60);
    let (verdict, values) = (passing(), values());
    assert!(paused.record(&submission(0, &verdict, &values, Some(1), 2)).is_err());
    let resumed = read(paused.resume("", at(2)).unwrap());
    assert_eq!((resumed.pause, resumed.head.revision), (None, 3));
    assert_eq!(resumed.options, begun.options);
}

#[test]
fn a_retry_may_leave_the_evidence_out() {
    let (verdict, values) = (refusing(), values());
    let refused = read(begun().record(&submission(0, &verdict, &values[1..2], None, 1)).unwrap());
    let again = read(refused.retry(0, false, at(2)).unwrap());
    assert_eq!(again.attempts_at(0).count(), 1);
    let reset = read(again.retry(0, true, at(3)).unwrap());
    assert_eq!((reset.attempts_at(0).count(), reset.errors.len()), (0, 1));
    assert!(reset.retry(1, false, at(4)).is_err());
}

#[test]
fn only_what_must_change_does() {
    let begun = begun();
    let by_hand =
        format!("{}\n## Notes\n\nours\t \n", begun.text().replace("## Log\n", "## Log\n\nmind the gap\n"));
    for text in [
        by_hand.clone(),
        by_hand.replace('\n', "\r\n"),
        format!("\u{feff}{by_hand}"),
        by_hand.trim_end().into(),
    ] {
        let session = read(text.clone());
        assert_eq!(session.review(Some(&begun)), []);
        let next = advance(&session, 1);
        let patch = Patch::between(&text, next.text());
        let untouched = patch.edits().iter().all(|edit| {
            let old = edit.span.of(&text);
            old.is_empty()
                || ["phase: ", "updated: ", "revision: ", "- [ ] Phase 0"]
                    .iter()
                    .any(|line| old.contains(line))
        });
        assert!(untouched, "{patch:?}");
        assert_eq!(next.text().contains("\r\n"), text.contains("\r\n"));
        let ends = next.text().matches('\n').count() == next.text().matches("\r\n").count();
        assert!(ends || !text.contains("\r\n"), "one kind of line end");
    }
}

#[test]
fn what_people_may_not_change_is_told_with_its_line() {
    let session = advance(&begun(), 1);
    let check = |from: &str, to: &str, (place, message): (&str, &str)| {
        let text = session.text().replacen(from, to, 1);
        assert_ne!(text, session.text(), "{from}");
        let found: Vec<(usize, String)> = match Session::parse(text.clone()) {
            Ok(changed) => {
                changed.review(Some(&session)).into_iter().map(|it| (it.line, it.message)).collect()
            }
            Err(flaws) => flaws.0.into_iter().map(|flaw| (flaw.line, flaw.message)).collect(),
        };
        let line = text.lines().position(|line| line.contains(place)).map(|index| index + 1);
        let is_told = |(at, told): &(usize, String)| told.contains(message) && Some(*at) == line;
        assert!(found.iter().any(is_told), "{to}, line {line:?}: {found:?}");
    };
    check("- [ ] Phase 1", "- [x] Phase 1", ("- [x] Phase 1", "its gate has never passed"));
    check("- [x] Phase 0", "- [ ] Phase 0", ("- [ ] Phase 0", "its box is clear"));
    check("phase: 1", "phase: 2", ("phase: 2", "is at phase 1"));
    check("status: active", "status: completed", ("status: completed", "is at phase 1"));
    check("status: active", "status: done", ("status:", "`status` should be"));
    check("target: \"docs/lamp a.md\"", "target: b.md", ("target:", "the front matter was changed"));
    check("\"warm\"", "\"cold\"", ("\"cold\"", "State was changed"));
    check("Phase 2: Wrap", "Phase 2: Rap", ("Rap", "the phases were changed"));
    check("attempt 1: passed at", "attempt 1: refused at", ("attempt 1", "changed or added by hand"));
    check("(reported): 3", "(reported): 4", ("attempt 1", "changed or added by hand"));
    check("(reported): 3", "(reported): three", ("three", "can't be read"));
    let forged = "### Phase 1, attempt 1: passed at 2026-11-21T16:00:05\n\n- next phase 2\n\n## Errors\n";
    check("## Errors\n", forged, ("Phase 1, attempt", "changed or added by hand"));
    check("\n## Log", "\n## Lag", ("on to phase 1", "`## Log` is missing"));
    check("session: lamp_a\n", "", ("---", "has no `session`"));
}

#[test]
fn a_file_that_is_cut_short_is_never_taken_for_whole() {
    let (session, before) = (advance(&advance(&begun(), 1), 2), begun());
    for end in 0..session.text().len() - 1 {
        let Some(text) = session.text().get(..end) else { continue };
        if let Ok(cut) = Session::parse(text.to_owned()) {
            assert!(!cut.review(Some(&session)).is_empty(), "{text}");
        }
    }
    assert!(before.review(Some(&session)).len() > 1, "an old version is none either");
}

#[test]
fn what_is_needed_still_refuses() {
    let verdict = Verdict { needs: vec![Question::Exists("a".into())], ..Verdict::default() };
    let session = begun();
    let recorded = read(session.record(&submission(0, &verdict, &[], None, 1)).unwrap());
    assert_eq!(recorded.attempts[0].end, AttemptEnd::Refused);
}

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("## Log\n- x".to_owned()),
        Just("---\nstatus: completed\n---".to_owned()),
        Just("- [x] Phase 2: done".to_owned()),
        Just("```\n~~~".to_owned()),
        Just("<!-- -->\r\n<script>".to_owned()),
        Just("### Phase 1, attempt 1: passed at 2026-11-21T16:10:05".to_owned()),
        "\\PC{0,20}",
        "[`\"\\\\\n\r\t()<>:#*_\\[\\]-]{0,12}",
    ]
}

proptest! {
    /// Whatever agents say, the page stays the page: what goes in comes out, and nothing else changes.
    #[test]
    fn nothing_that_is_said_breaks_the_page(
        texts in prop::collection::vec((hostile(), hostile()), 0..5),
        words in hostile(),
        is_refused: bool,
    ) {
        let mut object = Map::new();
        for (name, value) in &texts {
            object.insert(name.clone(), Value::from(value.as_str()));
        }
        let values: Vec<(String, Kept)> =
            object.iter().map(|(name, value)| (name.clone(), Kept::Inline(value.clone()))).collect();
        let mut verdict = Verdict::default();
        for (name, what) in &texts {
            verdict.findings.push(Finding { subject: name.clone(), basis: Basis::Checked, seen: what.clone() });
            if is_refused {
                verdict.missing.push(Missing { name: name.clone(), what: what.clone() });
                verdict.errors.push(Failure { subject: name.clone(), message: what.clone(), place: Place::default() });
            } else {
                verdict.warnings.push(what.clone());
            }
        }
        let mut definition = definition();
        definition.name = words.clone();
        definition.phases[1].title = words.clone();
        let id = SessionId::read("s").unwrap();
        let begun = Session::parse(Session::begin(&Beginning {
            id: &id, definition: &definition, pinned: Revision::of(""), target: &words, options: &object,
            phase: 0, at: at(0),
        })).unwrap();
        prop_assert_eq!(&begun.options, &object);
        prop_assert_eq!(&begun.head.target, &words);
        let given = Submission { remedy: &words, ..submission(0, &verdict, &values, Some(1), 1) };
        let recorded = Session::parse(begun.record(&given).unwrap()).unwrap();
        prop_assert_eq!(recorded.review(None), Vec::<Tampering>::new());
        let expected = begun.attempt(&given);
        let found = Attempt { line: 0, heading_end: 0, ..recorded.attempts[0].clone() };
        prop_assert_eq!(&found.pieces, &expected.pieces);
        prop_assert_eq!(&found.missing.len(), &expected.missing.len());
        prop_assert_eq!(found.end, expected.end);
        prop_assert_eq!(recorded.attempts.len(), 1);
        let paused = Session::parse(recorded.pause(&words, at(2)).unwrap()).unwrap();
        prop_assert_eq!(paused.options, object);
        prop_assert_eq!(paused.phases.len(), 3);
        prop_assert!(recorded.statement().len() <= 1024);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(---\n)?([a-z]+: .{0,9}\n){0,4}(---\n)?(\\PC{0,20}\n){0,9}") {
        drop(Session::parse(text));
    }
}
