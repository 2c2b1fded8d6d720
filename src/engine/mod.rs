//! Rules against a snapshot: what fires, what it writes, what waits.
//!
//! [`advance`] is pure. Time, ids and everything else that is not in the two files come in with
//! the [`Event`] or the [`Snapshot`].

mod model;

pub use model::{
    Approval, Cause, ClauseId, ClauseMemory, Effect, Event, FileFact, Firing, GateSettings, Memory,
    OnViolation, Outcome, PendingKind, PendingStep, Settings, Settled, Snapshot, StepResult, SummaryMode,
};

/// Applies the rules of a snapshot to an event.
#[must_use]
pub fn advance(snapshot: &Snapshot<'_>, event: &Event) -> Outcome {
    let _ = event;
    Outcome::unchanged(snapshot)
}
