//! Where a workflow goes on behind a phase.

use crate::workflow::{Definition, Evidence, Missing, Next, Phase, Scope, condition};
use serde_json::Value;

/// Where it goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// At the phase with this number.
    To(u32),
    /// Nowhere: it is complete.
    End,
    /// The agent has to say where, in the evidence field [`Next::FIELD`].
    Asks(Missing),
    /// A condition can't be decided; why. Nothing goes on.
    Stuck(String),
}

impl Definition {
    /// Where a session of it begins.
    #[must_use]
    pub fn beginning(&self, scope: &Scope) -> Route {
        self.first_of(0, &Evidence::new(), scope)
    }

    /// Where it goes on when the gate of `phase` has opened on `evidence`.
    #[must_use]
    pub fn route(&self, phase: &Phase, evidence: &Evidence, scope: &Scope) -> Route {
        let choices = match &phase.next {
            Next::End => return Route::End,
            Next::Following => {
                let at = self.phases.iter().position(|known| known.number == phase.number);
                return self.first_of(at.map_or(usize::MAX, |at| at + 1), evidence, scope);
            }
            Next::OneOf(choices) => choices,
        };
        match choices.as_slice() {
            [] => Route::End,
            [only] => self.arrive(*only, evidence, scope),
            _ => match self.chosen(choices, evidence) {
                Some(number) => self.arrive(number, evidence, scope),
                None => Route::Asks(self.question(choices)),
            },
        }
    }

    /// The first phase from this index on whose condition holds.
    fn first_of(&self, from: usize, evidence: &Evidence, scope: &Scope) -> Route {
        for phase in self.phases.iter().skip(from) {
            match holds(phase, evidence, scope) {
                Ok(true) => return Route::To(phase.number),
                Ok(false) => {}
                Err(why) => return Route::Stuck(why),
            }
        }
        Route::End
    }

    /// The phase with this number, or where it leads when its condition does not hold.
    fn arrive(&self, number: u32, evidence: &Evidence, scope: &Scope) -> Route {
        let at = self.phases.iter().position(|phase| phase.number == number);
        match at {
            Some(at) => self.first_of(at, evidence, scope),
            None => Route::Stuck(format!("there is no phase {number} to go on at")),
        }
    }

    fn chosen(&self, choices: &[u32], evidence: &Evidence) -> Option<u32> {
        let number = match evidence.get(Next::FIELD)? {
            Value::Number(number) => u32::try_from(number.as_u64()?).ok()?,
            Value::String(name) => match name.parse() {
                Ok(number) => number,
                Err(_) => self.phase_by_id(name)?.number,
            },
            _ => return None,
        };
        choices.contains(&number).then_some(number)
    }

    fn question(&self, choices: &[u32]) -> Missing {
        let name = |number: &u32| match self.phase(*number).and_then(|phase| phase.id.as_deref()) {
            Some(id) => format!("`{id}`"),
            None => number.to_string(),
        };
        let names: Vec<String> = choices.iter().map(name).collect();
        Missing {
            name: Next::FIELD.to_owned(),
            what: format!("where it goes on: one of {}", names.join(", ")),
        }
    }
}

/// Whether a phase is to be worked on.
fn holds(phase: &Phase, evidence: &Evidence, scope: &Scope) -> Result<bool, String> {
    let Some(condition) = &phase.when else { return Ok(true) };
    let variable = |name: &str| match name {
        Scope::EVIDENCE => Some(Value::Object(evidence.clone())),
        name => scope
            .variable(name)
            .or_else(|| evidence.get(name).cloned())
            .or_else(|| scope.earlier.get(name).cloned())
            .or_else(|| scope.inputs.get(name).cloned()),
    };
    let mut decided = condition::evaluate(&[condition.source.as_str()], &variable);
    match decided.pop() {
        Some(Ok(holds)) => Ok(holds),
        Some(Err(error)) => {
            Err(format!("{}: the condition of phase {}: {error}", condition.place, phase.number))
        }
        None => Ok(true),
    }
}
