//! The workflow of this project does what we mean it to.
//!
//! The tests read the real files, so a change of a rule shows up as a change of a snapshot. Look at
//! it with `cargo insta review`, as at any other code.

use rulemark::{
    engine::{GateSettings, OnViolation, Settings},
    testing::{Scenario, run_cases},
};
use std::path::Path;

fn handbook() -> Scenario {
    Scenario::new(include_str!("../workflow_state.md")).config(include_str!("../project_config.md"))
}

/// Every rule is understood: opening the project reports nothing.
#[test]
fn the_files_are_in_order() {
    let story = handbook().open();
    assert!(story.last().reports.is_empty(), "{story}");
}

#[test]
fn a_chapter_from_draft_to_published() {
    let story = handbook()
        .open()
        .log("Wrote three pages")
        .edit(|draft| draft.set("Phase", "REVIEW").set("Status", "READY_FOR_REVIEW"))
        .answer("RULE_REVIEW_01", "fine, but mind the commas")
        .set("Status", "COMPLETED");
    insta::assert_snapshot!(story);
}

/// The editor's no leaves the chapter in review.
#[test]
fn a_chapter_that_is_sent_back() {
    let story = handbook()
        .open()
        .edit(|draft| draft.set("Phase", "REVIEW").set("Status", "READY_FOR_REVIEW"))
        .fail("RULE_REVIEW_01", "too long");
    assert!(story.state().contains("Phase: REVIEW"), "{story}");
    insta::assert_snapshot!(story);
}

#[test]
fn nothing_is_published_unread() {
    let gates = GateSettings { on_violation: OnViolation::Revert, ..GateSettings::default() };
    let story = handbook().settings(Settings { gates, ..Settings::default() }).open().set("Phase", "PUBLISH");
    assert!(story.state().contains("Phase: DRAFT"), "{story}");
    insta::assert_snapshot!(story);
}

/// The same from Markdown, as `rulemark test-rules cases` runs it.
#[test]
fn the_cases_hold() {
    let report = run_cases(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"), false).unwrap();
    assert_eq!(report.failures(), 0, "\n{report}");
}
