//! Which phase comes next.

use super::{
    condition,
    evidence::Evidence,
    model::{Definition, Next, Phase},
    scope::Scope,
};
use crate::text::nearest;
use serde_json::Value;
use std::fmt;

/// Why it can't be said where a workflow goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteError {
    /// The evidence has to say which of several phases is next, and does not; their names.
    Undecided(Vec<String>),
    /// The evidence names a phase that may not come next.
    NotNext {
        /// What it names.
        given: String,
        /// What it may name.
        allowed: Vec<String>,
    },
    /// The condition of a phase can't be evaluated.
    Condition {
        /// The phase's number.
        phase: u32,
        /// Why.
        why: String,
    },
}

impl fmt::Display for RouteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undecided(names) => {
                write!(
                    f,
                    "the evidence has to name the next phase as `{}`: one of {}",
                    Next::FIELD,
                    names.join(", ")
                )
            }
            Self::NotNext { given, allowed } => {
                write!(f, "`{given}` can't be the next phase; it is one of {}", allowed.join(", "))?;
                let near = nearest(given, allowed.iter().map(String::as_str));
                near.map_or(Ok(()), |near| write!(f, "; did you mean `{near}`?"))
            }
            Self::Condition { phase, why } => {
                write!(f, "whether phase {phase} is skipped can't be told: {why}")
            }
        }
    }
}

impl std::error::Error for RouteError {}

impl Definition {
    /// Whether what a phase's evidence has under a name is what later phases see as `earlier`.
    ///
    /// What a gate has asked for stays what that gate was given: a call for a later phase can't say it anew.
    /// A name that no gate asks for (other tools' definitions have such) is anybody's.
    #[must_use]
    pub fn hands_on(&self, number: u32, name: &str) -> bool {
        let asks = |phase: &Phase| phase.gate.names().any(|known| known == name);
        self.phase(number).is_some_and(asks) || !self.phases.iter().any(asks)
    }

    /// The phase that a session begins with; `None` when all of them are skipped.
    ///
    /// # Errors
    /// When the condition of a phase can't be evaluated.
    pub fn first_phase(&self, scope: &Scope) -> Result<Option<&Phase>, RouteError> {
        self.first_that_holds(0, scope)
    }

    /// The phase behind phase `number`, for which `evidence` was given; `None` at the end. It may be an
    /// earlier one, when the author says so. `scope` has the evidence of phase `number` among its earlier.
    ///
    /// # Errors
    /// When there are several and the evidence names none of them, or when the condition of a phase
    /// can't be evaluated.
    pub fn next_phase(
        &self,
        number: u32,
        evidence: &Evidence,
        scope: &Scope,
    ) -> Result<Option<&Phase>, RouteError> {
        let Some(at) = self.phases.iter().position(|phase| phase.number == number) else { return Ok(None) };
        match &self.phases[at].next {
            Next::Following => self.first_that_holds(at + 1, scope),
            Next::End => Ok(None),
            Next::OneOf(numbers) => {
                let next = self.candidate(numbers, evidence)?;
                self.first_that_holds(next, scope)
            }
        }
    }

    /// The index of the phase that the evidence chooses.
    fn candidate(&self, numbers: &[u32], evidence: &Evidence) -> Result<usize, RouteError> {
        let candidates: Vec<(usize, &Phase)> =
            self.phases.iter().enumerate().filter(|(_, phase)| numbers.contains(&phase.number)).collect();
        let names = || candidates.iter().map(|(_, phase)| name(phase)).collect::<Vec<_>>();
        let given = match evidence.get(Next::FIELD) {
            None | Some(Value::Null) => {
                return match candidates.as_slice() {
                    [(only, _)] => Ok(*only),
                    _ => Err(RouteError::Undecided(names())),
                };
            }
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        let fits = |phase: &Phase| phase.id.as_deref() == Some(&given) || phase.number.to_string() == given;
        let found = candidates.iter().find(|(_, phase)| fits(phase)).map(|(at, _)| *at);
        found.ok_or_else(|| RouteError::NotNext { given, allowed: names() })
    }

    /// The first phase from index `at` on whose condition holds.
    fn first_that_holds(&self, at: usize, scope: &Scope) -> Result<Option<&Phase>, RouteError> {
        for phase in self.phases.iter().skip(at) {
            let Some(when) = &phase.when else { return Ok(Some(phase)) };
            match condition::evaluate(&[&when.source], &|name| scope.variable(name)).pop() {
                Some(Ok(true)) => return Ok(Some(phase)),
                Some(Ok(false)) | None => {}
                Some(Err(error)) => {
                    return Err(RouteError::Condition { phase: phase.number, why: error.to_string() });
                }
            }
        }
        Ok(None)
    }
}

fn name(phase: &Phase) -> String {
    phase.id.clone().unwrap_or_else(|| phase.number.to_string())
}
