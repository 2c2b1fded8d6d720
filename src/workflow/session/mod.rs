//! One run of a workflow, as a Markdown document.
//!
//! A session is a file that people read, keep in git and may write into. [`Session::parse`] reads it;
//! what happens to it ([`Session::begin`], [`Session::record`], [`Session::pause`] …) is a function from
//! the text that was to the text that is to be, which differ only in the bytes that must change.
//!
//! ```text
//! ---                          what a listing needs: workflow, version, target, phase, status,
//! session: …                   times, revision (counts the writes)
//! ---
//! ## State                     options, and whether it is paused
//! ## Phases                    - [x] Phase 1: Reproduce
//! ## Evidence                  ### Phase 1, attempt 2: passed at 2026-11-21T16:10:05
//! ## Errors                    each refusal, with what to do
//! ## Log                       a line an event; people write here too
//! ```
//!
//! Which phases are done follows from the attempts under Evidence alone; ticks and the phase in the
//! head repeat it for people and listings, and [`review`](Session::review) holds them to it.

mod attempt;
mod change;
mod head;
mod history;
mod id;
mod line;
mod model;
mod read;
mod review;
mod statement;
#[cfg(test)]
mod tests;
mod transition;

pub use head::{Head, SessionStatus};
pub use history::{Metrics, PhaseRun, PhaseTime, RunStatus};
pub use id::SessionId;
pub use model::{
    Attempt, AttemptEnd, ErrorRecord, Kept, Pause, PhaseLine, Piece, Session, Undone, Withdrawal,
};
pub use read::{Flaw, Flaws};
pub use review::Tampering;
pub use transition::{Beginning, Refusal, Standing, Submission, problem_in_words};
