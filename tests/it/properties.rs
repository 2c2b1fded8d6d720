//! What holds for every text: reading loses nothing, rules touch nothing but what they report, a
//! second run changes nothing, and every run ends.

use proptest::{collection::vec, prelude::*, sample::select};
use rulemark::{
    document::{ProjectConfig, WorkflowState},
    engine::{self, Cause, StepResult},
    markdown::Markdown,
    rules,
    testing::{Change, Input, Scenario, StoryError},
    text::{DocumentId, Patch, Revision, Span},
};

/// Pieces of state files, good and bad. Joined at random they make headings without sections, tables
/// without ends, fences that never close, rules without actions.
const PIECES: [&str; 42] = [
    "# workflow_state.md",
    "_Last updated: 2025-01-01_",
    "---",
    "## State",
    "Phase: VALIDATE",
    "Phase: INIT  ",
    "- **Status**: COMPLETED",
    "Status: RUNNING",
    "CurrentItem: 1",
    "| CurrentItem | null |",
    "## 🔄 Phase & Status",
    "## Plan",
    "1. a step",
    "- [ ] open",
    "- [x] done",
    "## Rules",
    "### [PHASE: ANALYZE]",
    "### [PHASE: VALIDATE]",
    "### RULE_INIT_01",
    "Trigger ▶ `Phase == INIT`",
    "Trigger ▶ `Status == COMPLETED && Items contains unprocessed rows`",
    "Trigger ▶ `length(## Log) > 20 chars`",
    "Trigger ▶ `Phase == VALIDATE && Status == COMPLETED`",
    "Trigger ▶ `Status == RUNNING` or any phase transition",
    "Action ▶ Ask user for first high-level task → `Phase = ANALYZE, Status = RUNNING`.",
    "Action ▶ Set `CurrentItem` to next unprocessed row in **## Items**, clear **## Log**.",
    "Action ▶ Summarise the top 2 findings from **## Log** into **## ArchiveLog**, then clear **## Log**.",
    "Action ▶ Insert the new changelog line immediately after the `## Changelog` heading.",
    "Action ▶ Set `Status = COMPLETED`. Log \"x\".",
    "Action ▶ Attempt auto-fix, then set `Phase = VALIDATE`.",
    "RULE_LOG_ROTATE_01: Log > 20 chars → top 5 lines to ArchiveLog, clear.",
    "## Items",
    "| id | description | status |",
    "|----|-------------|--------|",
    "| 1 | Add a | pending |",
    "| 2 | Fix b\\|c | todo |",
    "## Log",
    "- [2025-01-01 10:00:00] something failed here",
    "## ArchiveLog",
    "```",
    "<!-- a comment",
    "-->",
];

/// Bytes that break assumptions.
const ODD: [&str; 17] = [
    "\u{200b}", "\u{202e}", "о", "", " ", "\t", "\0", "\r", "\u{feff}", "▶", "\u{a0}", "|", "`", "[",
    "  \t- x", "\u{2028}", "==",
];

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => select(PIECES.to_vec()).prop_map(str::to_owned),
        1 => (select(PIECES.to_vec()), select(ODD.to_vec()), any::<prop::sample::Index>()).prop_map(
            |(piece, odd, at)| {
                let at = at.index(piece.chars().count() + 1);
                let at = piece.char_indices().nth(at).map_or(piece.len(), |(at, _)| at);
                format!("{}{odd}{}", &piece[..at], &piece[at..])
            }
        ),
        2 => select(ODD.to_vec()).prop_map(str::to_owned),
        1 => "[ -~▶é\t]{0,30}",
    ]
}

fn text() -> impl Strategy<Value = String> {
    let line_end = select(vec!["\n", "\n", "\r\n", "\n\n"]);
    (vec(line(), 0..40), line_end, any::<bool>(), select(vec!["", "", "", "\u{feff}"])).prop_map(
        |(lines, line_end, ends, mark)| {
            let end = if ends { line_end } else { "" };
            format!("{mark}{}{end}", lines.join(line_end))
        },
    )
}

/// The template that `init` writes, with pieces cut out, doubled or replaced.
fn mutated() -> impl Strategy<Value = String> {
    let cut = (any::<prop::sample::Index>(), 0..60usize, line());
    (vec(cut, 0..6), any::<bool>()).prop_map(|(cuts, crlf)| {
        let template = include_str!("../../templates/workflow_state.md");
        let table = "| -- | ----------- | ------ |\n";
        assert!(template.contains(table), "the template's Items table begins otherwise");
        let mut text =
            template.replace(table, &format!("{table}| 1 | Add a | pending |\n| 2 | Add b | pending |\n"));
        for (at, length, new) in cuts {
            let boundary = |at: usize| (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at));
            let start = boundary(at.index(text.len() + 1)).unwrap();
            let end = boundary(start + length).unwrap().max(start);
            text.replace_range(start..end, &new);
        }
        if crlf { text.replace('\n', "\r\n") } else { text }
    })
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![2 => text(), 1 => mutated(), 1 => any::<String>()]
}

fn input() -> impl Strategy<Value = Input> {
    let set = |key: &'static str, values: Vec<&'static str>| {
        select(values).prop_map(move |value| {
            Input::Edit(vec![Change::Set { key: key.to_owned(), value: value.to_owned() }])
        })
    };
    let rule = "RULE_INIT_01";
    let close = |success| Input::Close {
        step: rule.to_owned(),
        result: StepResult { success, text: Some("because\n| of\u{0}this".to_owned()) },
    };
    prop_oneof![
        2 => set("Status", vec!["COMPLETED", "RUNNING", "a|b\nc", "", "null"]),
        2 => set("Phase", vec!["INIT", "VALIDATE", "ANALYZE", "## Log", "`"]),
        1 => any_text().prop_map(|text| Input::Edit(vec![Change::Save { document: DocumentId::State, text }])),
        1 => any_text().prop_map(|text| Input::Edit(vec![Change::Save { document: DocumentId::Config, text }])),
        1 => "[ -~\n|]{0,40}".prop_map(|text| Input::Edit(vec![Change::Log(text)])),
        1 => "[ -~\n|]{0,40}".prop_map(|text| Input::Edit(vec![Change::AddItem(text)])),
        1 => select(vec![Cause::SessionStarted, Cause::CycleStarted, Cause::ActionDone, Cause::TestsRan])
            .prop_map(Input::Emit),
        1 => Just(Input::Emit(Cause::Command("@validate".into()))),
        1 => Just(Input::Emit(Cause::Judged { rule: rule.into() })),
        1 => select(vec![close(true), close(false), Input::Restart, Input::Forget]),
    ]
}

/// Looks at everything the views offer; spans must lie on character boundaries of the text.
fn look_at_everything(text: &str) {
    let inside = |span: Span| assert!(text.get(span.start..span.end).is_some(), "{span:?} of {text:?}");
    let markdown = Markdown::parse(text);
    let tiles: String = markdown.blocks().iter().map(|block| block.span.of(text)).collect();
    assert_eq!(tiles, text, "the blocks are the text");
    markdown.lines(Span::new(0, text.len())).for_each(|line| inside(line.span));
    let state = WorkflowState::parse(text);
    let outline = state.outline();
    for section in outline.sections() {
        [section.title, section.heading, section.body].into_iter().for_each(inside);
        assert!(outline.characters(section) <= text.chars().count());
        for edit in outline.clear(section) {
            inside(edit.span);
            assert!(section.body.covers(edit.span), "clearing stays in the section");
        }
    }
    for key in state.keys() {
        [key.name_span, key.value_span].into_iter().for_each(inside);
    }
    state.items().rows().iter().for_each(|item| inside(item.span));
    ProjectConfig::parse(text).commands().iter().for_each(|command| inside(command.span));
    let rules = rules::compile(&state);
    rules.rules.iter().for_each(|rule| inside(rule.span));
    engine::inspect(&state, &engine::Settings::default()).iter().for_each(|found| inside(found.span));
}

/// The findings of both documents' reviews, with the text after each fix: a fix changes only lines that
/// its finding names, and what it changes is no longer found there.
fn look_at_fixes(text: &str) {
    let found = engine::inspect(&WorkflowState::parse(text), &engine::Settings::default());
    let line_start = |at: usize| text[..at].rfind('\n').map_or(0, |end| end + 1);
    let line_end = |at: usize| text[at..].find('\n').map_or(text.len(), |end| at + end);
    for finding in found.into_iter().chain(ProjectConfig::parse(text).review()) {
        let Some(fix) = &finding.fix else { continue };
        let named: Vec<Span> = finding.labels.iter().map(|label| label.span).chain([finding.span]).collect();
        for edit in &fix.edits {
            let is_named = |span: &Span| {
                line_start(span.start) <= edit.span.start && edit.span.end <= line_end(span.end)
            };
            assert!(named.iter().any(is_named), "{finding:?} mends another line of {text:?}");
        }
        let patch = Patch::new(Revision::of(text), fix.edits.clone()).unwrap();
        let after = patch.apply(text).unwrap();
        assert_ne!(after, text, "{finding:?} mends nothing");
        let first = patch.edits()[0].span.start;
        let behind = text.len() - patch.edits().last().unwrap().span.end;
        assert_eq!(after[..first], text[..first], "what stands before a fix stays");
        assert!(after.ends_with(&text[text.len() - behind..]), "what stands behind a fix stays");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn reading_loses_nothing(text in any_text()) {
        look_at_everything(&text);
        look_at_fixes(&text);
    }

    /// [`Scenario`] checks after every event that the edits fit, that nothing else changed, and that
    /// a second pass does nothing. An edit that can't be made, or a step that does not wait, is the
    /// generator's fault.
    #[test]
    fn runs_end_and_keep_their_promises(
        state in any_text(),
        config in proptest::option::of(any_text()),
        inputs in vec(input(), 0..6),
    ) {
        let scenario = Scenario::new(state);
        let scenario = match config {
            Some(config) => scenario.config(config),
            None => scenario,
        };
        let mut story = scenario.try_open()?;
        for input in inputs {
            match story.perform(input) {
                Ok(_) | Err(StoryError::Edit(_) | StoryError::NoSuchStep(_)) => {}
                Err(broken) => prop_assert!(false, "{broken}\n{story}\n{}", story.state()),
            }
        }
    }
}
