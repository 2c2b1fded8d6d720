//! What has happened so far, as it follows from the attempts.

use super::{
    head::SessionStatus,
    model::{Session, Withdrawal},
};
use jiff::civil::DateTime;

/// One time that a phase was worked on, from when it was handed out to when it was closed, or the
/// session went back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseRun {
    /// The phase.
    pub phase: u32,
    /// What came of it.
    pub status: RunStatus,
    /// The number of the last attempt; 0 before the first.
    pub attempt: u32,
    /// How many attempts there were.
    pub attempts: u32,
    /// When it was handed out.
    pub started_at: DateTime,
    /// When its gate opened.
    pub completed_at: Option<DateTime>,
    /// What a lenient gate let pass.
    pub warnings: Vec<String>,
}

/// What came of working on a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunStatus {
    /// It is being worked on.
    Open,
    /// Its gate has opened.
    Completed,
    /// A lenient gate has opened, and let something pass.
    CompletedWithWarnings,
    /// The session has gone back since.
    RolledBack,
}

impl RunStatus {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "in_progress",
            Self::Completed => "completed",
            Self::CompletedWithWarnings => "completed_with_warnings",
            Self::RolledBack => "rolled_back",
        }
    }
}

/// Time, progress and quality of a session.
#[derive(Clone, Debug, PartialEq)]
pub struct Metrics {
    /// How long each phase took that is done, all its runs together.
    pub phases: Vec<PhaseTime>,
    /// From the beginning to the last write.
    pub seconds: i64,
    /// How many phases are done, and how many there are.
    pub progress: (usize, usize),
    /// How many attempts there were, and how many of them passed.
    pub attempts: (usize, usize),
    /// How many things lenient gates let pass.
    pub warnings: usize,
    /// How often the session went back.
    pub rollbacks: usize,
}

/// How long a phase took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhaseTime {
    /// The phase.
    pub phase: u32,
    /// How long, in seconds.
    pub seconds: i64,
    /// With how many attempts.
    pub attempts: u32,
}

impl PhaseRun {
    /// How long it took; `None` while it goes on.
    #[must_use]
    pub fn seconds(&self) -> Option<i64> {
        self.completed_at.map(|end| seconds_between(self.started_at, end))
    }
}

/// The seconds from one time to another; none when the clock was set back.
pub(super) fn seconds_between(from: DateTime, to: DateTime) -> i64 {
    to.duration_since(from).as_secs().max(0)
}

impl Session {
    /// The seconds from its beginning or pause to `at`.
    #[must_use]
    pub fn paused_seconds(&self, at: DateTime) -> i64 {
        self.pause.as_ref().map_or(0, |pause| seconds_between(pause.at, at))
    }

    /// Each time that a phase was worked on, in order.
    #[must_use]
    pub fn runs(&self) -> Vec<PhaseRun> {
        let mut runs: Vec<PhaseRun> = Vec::new();
        let mut since = self.head.created;
        let mut is_going_on = false;
        for attempt in &self.attempts {
            let went_back = attempt.undone.filter(|undone| undone.by == Withdrawal::RolledBack);
            if !is_going_on || runs.last().is_some_and(|run| run.phase != attempt.phase) {
                // The one before was left by a rollback: that is when this one was handed out.
                since = runs.last().map_or(since, |_| self.left_before(attempt.at, since));
                runs.push(open_run(attempt.phase, since));
            }
            let Some(run) = runs.last_mut() else { continue };
            run.attempt = attempt.number;
            run.attempts += 1;
            is_going_on = !attempt.end.opens();
            if attempt.end.opens() {
                run.completed_at = Some(attempt.at);
                run.warnings.clone_from(&attempt.warnings);
                run.status = match attempt.warnings.is_empty() {
                    true => RunStatus::Completed,
                    false => RunStatus::CompletedWithWarnings,
                };
                since = attempt.at;
            }
            if went_back.is_some() {
                run.status = RunStatus::RolledBack;
            }
        }
        let is_open = self.head.status != SessionStatus::Completed;
        let last =
            runs.last().is_some_and(|run| run.phase == self.head.phase && run.status == RunStatus::Open);
        if is_open && !last {
            let since = self.left_before(self.head.updated, since);
            runs.push(open_run(self.head.phase, since));
        }
        runs
    }

    /// When the session last went back before `at`, if that is later than `since`.
    fn left_before(&self, at: DateTime, since: DateTime) -> DateTime {
        let undone = self.attempts.iter().filter_map(|attempt| attempt.undone);
        let left = undone.filter(|undone| undone.by == Withdrawal::RolledBack && undone.at <= at);
        left.map(|undone| undone.at).max().map_or(since, |left| left.max(since))
    }

    /// Its figures.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        let runs = self.runs();
        let mut phases: Vec<PhaseTime> = Vec::new();
        for run in &runs {
            let Some(seconds) = run.seconds() else { continue };
            match phases.iter_mut().find(|time| time.phase == run.phase) {
                Some(time) => {
                    time.seconds += seconds;
                    time.attempts += run.attempts;
                }
                None => phases.push(PhaseTime { phase: run.phase, seconds, attempts: run.attempts }),
            }
        }
        let mut rollbacks: Vec<DateTime> = self
            .attempts
            .iter()
            .filter_map(|attempt| attempt.undone)
            .filter(|undone| undone.by == Withdrawal::RolledBack)
            .map(|undone| undone.at)
            .collect();
        rollbacks.dedup();
        let passed = self.attempts.iter().filter(|attempt| attempt.end.opens()).count();
        Metrics {
            phases,
            seconds: seconds_between(self.head.created, self.head.updated),
            progress: (self.completed_phases().len(), self.phases.len()),
            attempts: (self.attempts.len(), passed),
            warnings: self.attempts.iter().map(|attempt| attempt.warnings.len()).sum(),
            rollbacks: rollbacks.len(),
        }
    }
}

fn open_run(phase: u32, started_at: DateTime) -> PhaseRun {
    let status = RunStatus::Open;
    PhaseRun { phase, status, attempt: 0, attempts: 0, started_at, completed_at: None, warnings: Vec::new() }
}
