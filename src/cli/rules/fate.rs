//! What will happen to a clause, in words.

use crate::rules::{Clause, EventPattern, Step, StepKind, Test};

/// What a clause that nobody has to help begins with.
pub(super) const ALONE: &str = "runs on its own";

/// Whom the steps of an action need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Needs {
    /// A step asks a person.
    person: bool,
    /// A step is the agent's.
    agent: bool,
    /// A step runs a command.
    command: bool,
}

/// Whom `steps` need.
fn needs(steps: &[Step]) -> Needs {
    steps.iter().fold(Needs::default(), |so_far, step| {
        let own = match &step.kind {
            StepKind::Ask => Needs { person: true, ..Needs::default() },
            StepKind::Delegate => Needs { agent: true, ..Needs::default() },
            StepKind::Run(_) => Needs { command: true, ..Needs::default() },
            StepKind::If { then, otherwise, .. } => needs(then).and(needs(otherwise)),
            _ => Needs::default(),
        };
        so_far.and(own)
    })
}

impl Needs {
    fn and(self, other: Self) -> Self {
        Self {
            person: self.person || other.person,
            agent: self.agent || other.agent,
            command: self.command || other.command,
        }
    }
}

/// When the clause fires, and whom it waits for then.
pub(super) fn of(clause: &Clause) -> String {
    let mut text = start(clause);
    let needs = needs(&clause.steps);
    let waits = [(needs.person, "a person"), (needs.agent, "the agent"), (needs.command, "a command")];
    let waits: Vec<&str> = waits.into_iter().filter(|&(needed, _)| needed).map(|(_, whom)| whom).collect();
    if !waits.is_empty() {
        text.push_str(", waits for ");
        text.push_str(&waits.join(" and "));
    }
    text
}

fn start(clause: &Clause) -> String {
    let Some(trigger) = &clause.trigger else { return "runs when called".into() };
    let atoms = trigger.condition.atoms();
    if atoms.iter().any(|atom| atom.test == Test::Judgement) {
        return "runs when somebody says its condition is so".into();
    }
    let mut reported: Vec<String> = Vec::new();
    for atom in atoms {
        if let Test::Event(pattern) = &atom.test
            && let Some(name) = reported_as(pattern)
            && !reported.contains(&name)
        {
            reported.push(name);
        }
    }
    if reported.is_empty() { ALONE.into() } else { format!("runs on {}", reported.join(", ")) }
}

/// The name under which somebody has to report the event; `None` for what the runner sees itself.
fn reported_as(pattern: &EventPattern) -> Option<String> {
    Some(match pattern {
        EventPattern::SessionStarted => "session-start".into(),
        EventPattern::Command(commands) => commands.join(", "),
        EventPattern::CycleStarted => "cycle-start".into(),
        EventPattern::ActionDone => "action-done".into(),
        EventPattern::SourceSaved { .. } => "source-saved".into(),
        EventPattern::TestsRan => "tests-ran".into(),
        EventPattern::UserSaid(_) => "said".into(),
        EventPattern::Named(name) => name.clone(),
        EventPattern::PhaseEntered(_)
        | EventPattern::PhaseLeft(_)
        | EventPattern::TaskStarted
        | EventPattern::FileUpdated(_)
        | EventPattern::ItemsExhausted { .. }
        | EventPattern::PlanOverwritten => return None,
    })
}
