//! Rules under test: before, event, after, and what fired, as one readable text.
//!
//! A project snapshots its own rules in its own `cargo test`:
//!
//! ```
//! use rulemark::testing::Scenario;
//!
//! let story = Scenario::new("## State\nPhase: VALIDATE\nStatus: RUNNING\n")
//!     .config("## Changelog\n")
//!     .open()
//!     .set("Status", "COMPLETED")
//!     .restart();
//! // insta::assert_snapshot!(story);
//! # let _ = story.to_string();
//! ```
//!
//! The clock is fixed and ids count up, so a story is the same on every machine. Every event is also
//! held against what the engine promises whatever the rules say ([`Violation`]).
//!
//! # Case files
//!
//! [`run_cases`] (`rulemark test-rules`) does the same from Markdown files, for projects without Rust:
//! the text of a story *is* the language of those files.
//!
//! ````text
//! # Whatever the case is called
//!
//! Why it matters.
//!
//! ## before
//!
//! ```markdown workflow_state.md
//! …
//! ```
//!
//! ## event
//!
//! - set Status = COMPLETED
//!
//! ## after
//!
//! - fires RULE_SUMMARY_01
//!
//! ```diff project_config.md
//! …
//! ```
//! ````
//!
//! `before` may also hold `project_config.md` and settings (`- gates.on_violation = revert`); `event`
//! and `after` may come again and again. What the first pass does stands under `## opened`; without
//! it, it must do nothing. An `after` tells everything: a rule that fires, a step that waits or a
//! file that changes and is not named there is a failure. A file's change is told as a diff, or, in a
//! fence that is not called `diff`, as its whole new text. The words `crlf`, `bom` and
//! `no-final-line-end` behind a file name say how its text differs from the fence's.
//!
//! | line of `## event` | what happens |
//! | --- | --- |
//! | `- set KEY = VALUE` | a State key is edited, in the file's own spelling |
//! | `- replace "OLD" with "NEW"` | words that stand there once are edited; `in project_config.md` behind it |
//! | `- log TEXT`, `- add item TEXT` | a line is added to Log, a row to Items |
//! | a fence ` ```markdown workflow_state.md ` | the file is saved with this text |
//! | `- emit NAME [TEXT]` | something is reported, as by `rulemark emit` |
//! | `- done STEP [: TEXT]`, `- failed STEP [: TEXT]` | a waiting step is closed; STEP is its id or its rule's |
//! | `- file PATH missing` (`empty`, `present`) | a file that rules ask about goes or comes |
//! | `- restart`, `- forget` | the program starts again, with its journal or without |
//!
//! Edits of one `## event` are saved together; everything else has an event of its own. In diffs a
//! hunk names the heading it is below, and what can't be seen is shown: `␠` for a blank at the end of
//! a line, `␍` for a carriage return, `␉` for a tab.

mod case;
mod case_files;
mod diff;
mod input;
mod input_line;
mod invariants;
mod reaction;
mod scenario;
mod story;

pub use case::{Case, CaseError};
pub use case_files::{CaseResult, Error, Report, Verdict, run_cases};
pub use input::{Change, Draft, Input};
pub use invariants::Violation;
pub use scenario::Scenario;
pub use story::{Finding, Step, Story, StoryError};
