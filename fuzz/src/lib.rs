//! What must hold for every input, a function each. They panic when it does not.

use jiff::civil::{DateTime, date};
use rulemark::{
    document::{
        ProjectConfig, WorkflowState,
        merge::{Side, merge as three_way},
    },
    engine::{self, Cause, StepResult},
    markdown::Markdown,
    rules,
    testing::{Change, Input, Scenario, StoryError},
    text::{Diagnostic, DocumentId, Patch, Revision, Span, TextEdit},
};

/// A target by name, for whoever runs them.
pub type Target = fn(&[u8]);

/// All targets.
pub const TARGETS: [(&str, Target); 4] =
    [("parse", parse), ("rules", rules), ("merge", merge), ("apply", apply)];

/// What stands between the texts of inputs that hold several.
pub const SEPARATOR: &str = "\n%%%\n";

/// Longer texts find nothing that shorter ones don't, and cost more.
const LONGEST: usize = 16_384;

fn text(input: &[u8]) -> String {
    String::from_utf8_lossy(&input[..input.len().min(LONGEST)]).into_owned()
}

fn now() -> DateTime {
    date(2031, 2, 3).at(4, 5, 6, 0)
}

/// The text after edits, which must fit it.
fn edited(text: &str, edits: Vec<TextEdit>) -> String {
    let patch = Patch::new(Revision::of(text), edits).expect("edits of one answer are disjoint");
    patch.apply(text).expect("edits fit the text they were computed from")
}

fn check_span(text: &str, span: Span) {
    assert!(text.get(span.start..span.end).is_some(), "{span:?} does not lie in the text");
}

/// Findings lie in the text, their fixes fit it, and change only lines that the finding names.
fn check_findings(text: &str, found: &[Diagnostic]) {
    let line_start = |at: usize| text[..at].rfind('\n').map_or(0, |end| end + 1);
    let line_end = |at: usize| text[at..].find('\n').map_or(text.len(), |end| at + end);
    for finding in found {
        check_span(text, finding.span);
        finding.labels.iter().for_each(|label| check_span(text, label.span));
        let Some(fix) = &finding.fix else { continue };
        edited(text, fix.edits.clone());
        let named = || finding.labels.iter().map(|label| label.span).chain([finding.span]);
        for edit in &fix.edits {
            let is_named = named()
                .any(|span| line_start(span.start) <= edit.span.start && edit.span.end <= line_end(span.end));
            assert!(is_named, "{finding:?} mends another line");
        }
    }
}

/// A document as Markdown and as the views read and write it.
pub fn parse(input: &[u8]) {
    let text = &*text(input);
    let markdown = Markdown::parse(text);
    let tiles: String = markdown.blocks().iter().map(|block| block.span.of(text)).collect();
    assert_eq!(tiles, text, "the blocks are the text");
    markdown.lines(Span::new(0, text.len())).for_each(|line| check_span(text, line.span));

    let state = WorkflowState::parse(text);
    for key in state.keys() {
        check_span(text, key.name_span);
        check_span(text, key.value_span);
    }
    let items = state.items();
    for item in items.rows() {
        check_span(text, item.span);
        edited(text, items.complete(item));
    }
    for name in ["Phase", "CurrentItem", "CycleCount"] {
        assert!(edited(text, state.set(name, "VALUE")).contains("VALUE"), "{name} is written");
    }
    edited(text, state.log(now(), "one\ntwo"));
    assert!(edited(text, state.log(now(), "an entry")).contains("an entry"), "the log keeps what it is told");
    edited(text, state.touch(now()));
    edited(text, items.add("a | b"));
    assert!(edited(text, items.add("an item")).contains("an item"), "items keep what they are told");
    let outline = state.outline();
    for section in outline.sections().iter().take(32) {
        [section.title, section.heading, section.body].into_iter().for_each(|span| check_span(text, span));
        for edit in outline.clear(section) {
            assert!(section.body.covers(edit.span), "clearing stays in the section");
        }
        for edits in [outline.append(section, "entry"), outline.prepend(section, "entry")] {
            assert!(edited(text, edits).contains("entry"));
        }
    }
    check_findings(text, &state.review());

    let config = ProjectConfig::parse(text);
    config.commands().iter().for_each(|command| check_span(text, command.span));
    let changed = edited(text, config.add_change(now().date(), "a change", true));
    assert!(changed.contains("a change"), "the changelog keeps what it is told");
    check_findings(text, &config.review());
}

/// The body of a Rules section.
pub fn rules(input: &[u8]) {
    let text =
        format!("## State\nPhase: ANALYZE\nStatus: READY\n\n## Rules\n{}\n\n## Log\n- x\n", text(input));
    let state = WorkflowState::parse(&text);
    let set = rules::compile(&state);
    for rule in &set.rules {
        check_span(&text, rule.span);
        check_span(&text, rule.id_span);
        rule.clauses.iter().for_each(|clause| check_span(&text, clause.span));
    }
    check_findings(&text, &set.diagnostics);
    check_findings(&text, &engine::inspect(&state, &engine::Settings::default()));
    let runnable = rules::compile_runnable(&state);
    assert_eq!(runnable.rules, set.rules, "what runs is what is shown");
    assert_eq!(rules::compile(&WorkflowState::parse(&text)), set, "reading twice is reading once");
}

/// Three versions of a document, with [`SEPARATOR`] between.
pub fn merge(input: &[u8]) {
    let whole = text(input);
    let mut parts = whole.splitn(3, SEPARATOR);
    let mut part = || parts.next().unwrap_or_default();
    let (base, ours, theirs) = (part(), part(), part());
    for prefer in [Side::Ours, Side::Theirs] {
        assert_eq!(three_way(base, base, theirs, prefer).text, theirs, "only theirs changed");
        assert_eq!(three_way(base, ours, base, prefer).text, ours, "only ours changed");
        assert_eq!(three_way(base, ours, ours, prefer).text, ours, "both changed the same");
        let merged = three_way(base, ours, theirs, prefer);
        for mark in ["<<<<<<< ", ">>>>>>> "] {
            let had = [base, ours, theirs].iter().any(|version| version.contains(mark));
            assert!(had || !merged.text.contains(mark), "a document never holds conflict markers");
        }
    }
}

/// A state file, a config file, and what happens, a line each, with [`SEPARATOR`] between.
///
/// [`Scenario`] checks after every event that the edits fit, that no other byte changed, that the
/// outcome is always the same, and that a second pass does nothing.
pub fn apply(input: &[u8]) {
    let whole = text(input);
    let mut parts = whole.splitn(3, SEPARATOR);
    let mut part = || parts.next().unwrap_or_default();
    let (state, config, events) = (part(), part(), part());
    let mut story = Scenario::new(state).config(config).try_open().unwrap_or_else(|error| panic!("{error}"));
    for line in events.lines().take(6) {
        match story.perform(event(line)) {
            Ok(_) | Err(StoryError::Edit(_) | StoryError::NoSuchStep(_)) => {}
            Err(broken) => panic!("{broken}\n{story}\n{}", story.state()),
        }
    }
}

fn event(line: &str) -> Input {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let rest = rest.to_owned();
    match word {
        "set" => {
            let (key, value) = rest.split_once('=').unwrap_or((&rest, ""));
            Input::Edit(vec![Change::Set { key: key.into(), value: value.into() }])
        }
        "log" => Input::Edit(vec![Change::Log(rest)]),
        "add" => Input::Edit(vec![Change::AddItem(rest)]),
        "state" => Input::Edit(vec![Change::Save { document: DocumentId::State, text: rest }]),
        "config" => Input::Edit(vec![Change::Save { document: DocumentId::Config, text: rest }]),
        "done" | "failed" => {
            let result = StepResult { success: word == "done", text: Some("because".into()) };
            Input::Close { step: rest, result }
        }
        "restart" => Input::Restart,
        "forget" => Input::Forget,
        "said" => Input::Emit(Cause::UserSaid(rest)),
        "judged" => Input::Emit(Cause::Judged { rule: rest }),
        "session" => Input::Emit(Cause::SessionStarted),
        "cycle" => Input::Emit(Cause::CycleStarted),
        "tests" => Input::Emit(Cause::TestsRan),
        _ => Input::Emit(Cause::Command(line.to_owned())),
    }
}
