//! The limit of the log, to the character.

use rulemark::testing::{Scenario, Story};

/// A project whose Log holds exactly `length` characters, many of them longer than a byte.
fn with_log_of(length: usize) -> Scenario {
    let findings = "- Read the module list\n- Decided to keep SQLite because it is one file\n\
        - The test of `parser.rs` failed at line 7\n- Fixed the off-by-one in `parser.rs`\n\
        - All 42 tests pass ✅\n- Looked around\n";
    let mut log = findings.to_owned();
    while log.chars().count() + 60 < length {
        log.push_str("- ▶ nothing to see here, the eleventh line of many\n");
    }
    let missing = length - log.chars().count() - 2;
    log.push_str(&format!("- {}", "é".repeat(missing)));
    assert_eq!(log.chars().count(), length);
    Scenario::new(format!(
        "## State\nPhase: CONSTRUCT\nStatus: RUNNING\n\n## Rules\n### RULE_LOG_ROTATE_01\n\
        Trigger ▶ `length(## Log) > 5 000 chars`\n\
        Action ▶ Summarise the top 5 findings from **## Log** into **## ArchiveLog**, then clear **## Log**.\n\n\
        ## Log\n<!-- newest last -->\n\n{log}\n\n## ArchiveLog\n<!-- summaries -->\n"
    ))
}

#[test]
fn exactly_five_thousand_characters_stay() {
    let story = with_log_of(5_000).open();
    assert_eq!(story.last().fired(), [""; 0]);
    assert!(!story.last().outcome.writes());
}

#[test]
fn one_more_rotates_the_log() {
    let story = with_log_of(5_001).open();
    assert_eq!(story.last().fired(), ["RULE_LOG_ROTATE_01"]);
    insta::assert_snapshot!(sections_after_rules(&story), @r"
    ## Log
    <!-- newest last -->

    ## ArchiveLog
    <!-- summaries -->
    **2026-01-05 09:00:00** – 5 of 101 from Log

    - Decided to keep SQLite because it is one file
    - The test of `parser.rs` failed at line 7
    - Fixed the off-by-one in `parser.rs`
    - All 42 tests pass ✅
    - Looked around
    ");
}

#[test]
fn the_character_may_come_by_an_edit() {
    let story = with_log_of(5_000).open().replace("Looked around", "Looked around!");
    assert_eq!(story.last().fired(), ["RULE_LOG_ROTATE_01"]);
    let story = story.restart();
    assert_eq!(story.last().fired(), [""; 0]);
}

/// What was cleared can be brought back from the run's own edits.
#[test]
fn a_rotated_log_is_not_lost() {
    let story = with_log_of(5_001).open();
    let step = story.last();
    let back = step.outcome.state.invert(step.state_before()).unwrap();
    assert_eq!(back.apply(story.state()).unwrap(), step.state_before());
}

fn sections_after_rules(story: &Story) -> &str {
    let at = story.state().find("\n## Log\n").unwrap();
    &story.state()[at + 1..]
}
