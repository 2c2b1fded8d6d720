//! Rules against a snapshot: what fires, what it writes, what waits.
//!
//! [`advance`] is pure. Time, ids and everything else that is not in the two files come in with
//! the [`Event`] or the [`Snapshot`].
//!
//! A run goes in rounds. Each round looks at one snapshot: `evaluate` decides the triggers,
//! `perform` lets the armed clauses read it and say what they write, `working` applies the
//! writes in the order of the file. Rounds follow until nothing fires.

mod claims;
mod clash;
mod commands;
mod endless;
mod evaluate;
mod events;
mod evidence;
mod gates;
mod guidance;
mod inspect;
mod limits;
mod model;
mod perform;
mod plan;
mod run;
mod settling;
mod sources;
mod step_runs;
mod summary;
mod wishes;
mod working;

pub use claims::{Claim, claims};
pub use commands::{COMMIT, NamedCommand, Purpose, commands};
pub use events::{EVENTS, EventName, awaited_names};
pub use evidence::{
    CheckEnd, CheckResult, ChecksReport, Evidence, Standing, Verdict, duration, runs_in_words,
};
pub use guidance::{Closing, Guidance, Heed, Lack, Progress, Question, Turn, guidance, progress};
pub use inspect::inspect;
pub use limits::{LIMITS, Limit, Limits};
pub use model::{
    ApprovalMode, Cause, ClauseId, ClauseMemory, Due, Effect, Event, FileFact, Files, Firing, GateSettings,
    Memory, OnViolation, Outcome, PendingKind, PendingStep, Settings, Settled, Snapshot, StepResult,
    SummaryMode,
};
pub use plan::{PlanGate, completes_unplanned, plan_gate, plan_revision, unapproved_plan};
pub use run::{GATES, advance, settle};
pub use sources::{ClosedSources, closed_sources, keeps_rules};
pub use step_runs::{StepRun, runs_of};
pub use summary::sentence_about as changelog_sentence;
pub use wishes::asks_for_checks;
