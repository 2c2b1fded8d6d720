//! Commands that gates ask for, which take their time: whoever answers the call runs them, and goes on with
//! others meanwhile.
//!
//! ```text
//! advance ──▶ Run(order: commands, claim) ──▶ the caller runs them ──▶ advance with how they went ──▶ Answer
//! ```

use super::{
    Action,
    failure::{Failure, FailureKind, Retry},
};
use crate::{
    disk::{FileSystem as _, LocalFileSystem, Workspace},
    engine::NamedCommand,
    evidence::TreeState,
    process::{End, Watch},
    runtime::{CheckRun, Checks, Error},
    workflow::{
        Answer,
        session::{Session, SessionId},
    },
};
use jiff::civil::DateTime;
use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    fs::File,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How far a call has come.
#[derive(Debug)]
pub enum Advance {
    /// This is the answer.
    Answer(Map<String, Value>),
    /// Commands of a gate are to be run first.
    Run(Box<GateOrder>),
}

/// Trusted commands that a gate asks for.
#[derive(Debug)]
pub struct GateOrder {
    /// The commands, each with the line to be run.
    pub commands: Vec<(NamedCommand, String)>,
    /// What runs them.
    pub checks: Checks,
    /// Kept while they run: no other call has them run for the same phase.
    pub claim: Claim,
}

/// How the commands of a gate went.
#[derive(Debug)]
pub struct GateRuns {
    runs: Vec<CheckRun>,
    /// Why the rest did not run.
    failure: Option<String>,
    _claim: Claim,
}

/// How much of a command's output the gate gets to see, in bytes.
const OUTPUT: u64 = 1 << 20;

impl GateOrder {
    /// Runs the commands while the caller waits.
    #[must_use]
    pub fn run(self, watch: &mut dyn Watch) -> GateRuns {
        let Self { commands, mut checks, claim } = self;
        let (mut runs, mut failure) = (Vec::new(), None);
        for (command, line) in &commands {
            match checks.run_line(command, line, watch) {
                Ok(run) => runs.push(run),
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        GateRuns::new(claim, runs, failure)
    }
}

impl GateRuns {
    /// How the commands went that were ordered with `claim`; `failure` is why the rest did not run.
    #[must_use]
    pub fn new(claim: Claim, runs: Vec<CheckRun>, failure: Option<Error>) -> Self {
        Self { runs, failure: failure.map(|error| error.to_string()), _claim: claim }
    }

    /// What the gate is told of a command. A run speaks of the files that were there while it ran, and of no
    /// others.
    pub(super) fn answer(&self, workspace: &Workspace, line: &str) -> Answer {
        let Some(run) = self.runs.iter().find(|run| run.command.line == line) else {
            let why = self.failure.clone();
            return Answer::Refused(why.unwrap_or_else(|| "a command before it was stopped".to_owned()));
        };
        let (before, after) = match &run.tree {
            Ok(tree) => tree,
            Err(why) => return Answer::Void(format!("it can't be said which files it speaks of: {why}")),
        };
        let now = TreeState::of(workspace);
        if before != after || !now.is_ok_and(|now| now == *after) {
            let when = if before == after { "since" } else { "while it did" };
            return Answer::Void(format!(
                "files changed {when}, so it speaks of none of them; call again when nobody writes"
            ));
        }
        let output = File::open(&run.output).and_then(|file| LocalFileSystem.read(&file, OUTPUT));
        let output = output.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        let code = match run.conclusion.end {
            End::Exited(code) => Some(code),
            _ => None,
        };
        Answer::Ran { code, output }
    }
}

/// The phases whose commands run, with the time at which they began.
#[derive(Clone, Debug, Default)]
pub(super) struct Claims(Arc<Mutex<BTreeMap<(String, u32), DateTime>>>);

/// The right to have the commands of a phase's gate run, until it is dropped.
#[derive(Debug)]
pub struct Claim {
    claims: Claims,
    phase: (String, u32),
}

impl Claims {
    /// Claims a phase, or says who has it.
    pub(super) fn claim(&self, session: &Session, number: u32, at: DateTime) -> Result<Claim, Failure> {
        let phase = (session.head.id.as_str().to_owned(), number);
        let mut claims = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(began) = claims.get(&phase) {
            return Err(taken(&session.head.id, number, *began));
        }
        claims.insert(phase.clone(), at);
        Ok(Claim { claims: self.clone(), phase })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.claims.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.phase);
    }
}

fn taken(id: &SessionId, phase: u32, began: DateTime) -> Failure {
    let message = format!(
        "the commands of phase {phase}'s gate run already, for a call that came at {} and has no answer yet",
        began.strftime("%H:%M:%S")
    );
    let mut failure = Failure::new(FailureKind::Conflict, message, Action::GetPhase)
        .of_session(id.as_str())
        .fix("wait for that answer; when it was lost, ask how the session stands, and call again if need be");
    failure.retry = Retry::Now;
    failure
}

/// Nobody looks on.
pub(super) struct Quiet;

impl Watch for Quiet {
    fn printed(&mut self, _: &[u8]) {}

    fn goes_on(&mut self, _: Duration) -> bool {
        true
    }
}
