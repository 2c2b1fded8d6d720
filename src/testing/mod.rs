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
//! [`run_cases`] does the same from Markdown files, for projects without Rust: the text of a story
//! *is* the language of those files.

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
