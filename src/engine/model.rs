//! What goes into the engine and what comes out.

use super::evidence::{ChecksReport, Evidence};
use super::limits::Limits;
use crate::text::{Diagnostic, Patch, Revision};
use jiff::civil::DateTime;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// Everything the engine may look at.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot<'a> {
    /// The text of `workflow_state.md`.
    pub state: &'a str,
    /// The text of `project_config.md`; `None` when there is none.
    pub config: Option<&'a str>,
    /// What earlier runs left behind.
    pub memory: &'a Memory,
    /// The project's settings.
    pub settings: &'a Settings,
    /// The other files of the project.
    pub files: &'a dyn Files,
    /// What is known of runs of the checks, and of approvals.
    pub evidence: &'a dyn Evidence,
}

/// The files that rules may ask about besides the two documents. The shell looks at the disk; tests
/// answer from a map.
pub trait Files: fmt::Debug {
    /// What is known of the file that a rule calls `path`; `None` when that can't be said.
    fn fact(&self, path: &str) -> Option<FileFact>;
}

impl Files for BTreeMap<String, FileFact> {
    fn fact(&self, path: &str) -> Option<FileFact> {
        self.get(path).copied()
    }
}

/// What the shell found out about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileFact {
    /// Not there.
    Missing,
    /// There, with nothing but white space.
    Empty,
    /// There.
    Present,
}

/// What `rulemark.toml` decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Name of the state file, as rules write it.
    pub state_path: String,
    /// Name of the config file, as rules write it.
    pub config_path: String,
    /// How phases are guarded.
    pub gates: GateSettings,
    /// Who writes summaries.
    pub summary: SummaryMode,
    /// How much the file may hold.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            state_path: "workflow_state.md".into(),
            config_path: "project_config.md".into(),
            gates: GateSettings::default(),
            summary: SummaryMode::Extract,
            limits: Limits::default(),
        }
    }
}

/// `[gates]` (`rule-language.md`, section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct GateSettings {
    /// What happens when an edit breaks the order of phases.
    pub on_violation: OnViolation,
    /// What approves a plan.
    pub approval: ApprovalMode,
}

/// What approves a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum ApprovalMode {
    /// An edit of State that goes on.
    #[default]
    File,
    /// A person's word, and nothing else.
    Person,
}

/// What happens when an edit breaks the order of phases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum OnViolation {
    /// A diagnostic and a Log line.
    #[default]
    Warn,
    /// The State keys go back; the reason goes to Log.
    Revert,
    /// Nothing.
    Off,
}

/// Who writes summaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum SummaryMode {
    /// The engine: extractive and deterministic.
    #[default]
    Extract,
    /// The agent; twice the threshold falls back to the extract.
    Agent,
}

/// Something that happened, when, and the number that ids made in this run derive from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub cause: Cause,
    /// The local time, to the second.
    pub at: DateTime,
    /// Unique to this event; names of pending steps and archive ids derive from it.
    pub id: u64,
}

/// What may happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The files are no longer what they were, or may not be.
    FilesChanged,
    /// A session or conversation begins.
    SessionStarted,
    /// A command is given: `@analyze`.
    Command(String),
    /// The agent is about to decide or act.
    CycleStarted,
    /// The agent has done or learnt something.
    ActionDone,
    /// A source file was saved.
    SourceSaved(String),
    /// The checks ran, says somebody.
    TestsRan,
    /// The checks ran, and this is how they went.
    ChecksRan(ChecksReport),
    /// The person said this.
    UserSaid(String),
    /// The judgement a rule's trigger asks for is: yes.
    Judged {
        /// The rule's id.
        rule: String,
    },
    /// A pending step is closed.
    Done {
        /// Its id.
        step: String,
        /// How it went.
        result: StepResult,
    },
    /// An event with a name of the project's own.
    Named(String),
}

/// How a pending step went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepResult {
    /// Whether it succeeded, or the person said yes.
    pub success: bool,
    /// What was answered or reported.
    pub text: Option<String>,
}

/// Names a clause: the rule's id and the clause's number in it, from 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClauseId {
    /// The rule.
    pub rule: String,
    /// The clause.
    pub clause: usize,
}

/// What the engine must remember from one run to the next; the journal keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The state at the end of the last run; `None` before the first.
    pub settled: Option<Settled>,
    /// What is known of each clause.
    pub clauses: BTreeMap<ClauseId, ClauseMemory>,
    /// Steps that wait for somebody.
    pub pending: Vec<PendingStep>,
    /// A plan that was overwritten and not archived yet.
    pub replaced_plan: Option<String>,
    /// Finished items of a file that has no place to say so, by description.
    pub processed: BTreeSet<String>,
    /// The checks are to run, and have not yet.
    pub due: Option<Due>,
}

/// Checks that are to run because a phase's steps ask for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The phase.
    pub phase: String,
    /// Since when.
    pub since: DateTime,
}

/// The state at the end of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Revision of the state file.
    pub state: Revision,
    /// Revision of the config file, if there is one.
    pub config: Option<Revision>,
    /// The State keys and their values, undecorated; keys in lower case.
    pub keys: BTreeMap<String, String>,
    /// The body of Plan.
    pub plan: String,
    /// Names the text of the Rules sections; `None` where it was not written down.
    pub rules: Option<Revision>,
}

/// What is known of a clause.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClauseMemory {
    /// Whether its trigger held when the last run settled.
    pub held: bool,
    /// `CurrentItem` and the keys its trigger reads, with their values when it last fired.
    pub fired_on: Option<BTreeMap<String, String>>,
}

/// Whom a pending step waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PendingKind {
    /// A command to be run.
    Run,
    /// A person.
    Ask,
    /// The agent.
    Delegate,
}

/// A step that waits, and the rest of its clause with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingStep {
    /// What `rulemark done` takes.
    pub id: String,
    /// Whose step it is.
    pub clause: ClauseId,
    /// The positions of the step in its clause: index in the list, then in `then` (0) or
    /// `otherwise` (1) of an `If`, and so on.
    pub path: Vec<usize>,
    /// Whom it waits for.
    pub kind: PendingKind,
    /// What is to be done, word for word; several lines when several steps wait together.
    pub text: String,
    /// How many steps of the list wait together; 0 when the step could not be done yet and is tried
    /// again.
    pub steps: usize,
    /// Whether it lapses when the trigger no longer holds.
    pub lapses: bool,
    /// When it was asked.
    pub since: DateTime,
    /// `CurrentItem` when it was asked.
    pub item: Option<String>,
}

/// One clause that fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    /// Which.
    pub clause: ClauseId,
    /// In which round of the run, from 1.
    pub round: usize,
    /// What was done, a line each, for people.
    pub done: Vec<String>,
}

/// A wish that only the shell can grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Tell the person.
    Tell {
        /// Which rule says it.
        rule: String,
        /// What, word for word.
        text: String,
    },
    /// The project's checks are to run: see [`Memory::due`].
    ChecksDue,
    /// An edit of State went on from where a plan is approved, and so approved the plan with this
    /// [revision](super::plan_revision).
    TakenForApproved {
        /// The plan.
        plan: Revision,
    },
    /// A step now waits: it is in [`Memory::pending`] under this id.
    Waits {
        /// The pending step's id.
        id: String,
    },
}

/// What an event leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Edits of the state file.
    pub state: Patch,
    /// Edits of the config file; `None` when there is no such file.
    pub config: Option<Patch>,
    /// What the shell should do.
    pub effects: Vec<Effect>,
    /// What was found wrong on the way.
    pub diagnostics: Vec<Diagnostic>,
    /// What fired, in order.
    pub firings: Vec<Firing>,
    /// What to remember.
    pub memory: Memory,
}

impl Outcome {
    /// The outcome in which nothing happens.
    #[must_use]
    pub fn unchanged(snapshot: &Snapshot<'_>) -> Self {
        Self {
            state: Patch::empty(Revision::of(snapshot.state)),
            config: snapshot.config.map(|config| Patch::empty(Revision::of(config))),
            effects: Vec::new(),
            diagnostics: Vec::new(),
            firings: Vec::new(),
            memory: snapshot.memory.clone(),
        }
    }

    /// Whether it changes a file.
    #[must_use]
    pub fn writes(&self) -> bool {
        !self.state.is_empty() || self.config.as_ref().is_some_and(|patch| !patch.is_empty())
    }
}
