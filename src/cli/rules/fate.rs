//! What will happen to a clause, in words.

use crate::rules::{Clause, EventPattern, Step, StepKind, Test};

/// What a clause that nobody has to help begins with.
pub(super) const ALONE: &str = "runs on its own";

/// What stands before whom a clause waits for.
pub(super) const WAITS: &str = ", waits for ";

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
    if !clause.steps.iter().any(|step| is_own(step) || needs(std::slice::from_ref(step)) != Needs::default())
    {
        return "does nothing: it has no step to carry out".into();
    }
    let mut text = start(clause);
    if !clause.steps.iter().any(is_own) {
        text = text.replacen("runs", "hands over", 1);
    }
    let needs = needs(&clause.steps);
    let waits = [(needs.person, "a person"), (needs.agent, "the agent"), (needs.command, "a command")];
    let waits: Vec<&str> = waits.into_iter().filter(|&(needed, _)| needed).map(|(_, whom)| whom).collect();
    if !waits.is_empty() {
        text.push_str(WAITS);
        text.push_str(&waits.join(" and "));
    }
    text
}

/// Whether the runner itself does something in the step.
fn is_own(step: &Step) -> bool {
    match &step.kind {
        StepKind::Ask | StepKind::Delegate | StepKind::Run(_) | StepKind::Describe => false,
        StepKind::If { then, otherwise, .. } => then.iter().chain(otherwise).any(is_own),
        _ => true,
    }
}

fn start(clause: &Clause) -> String {
    let Some(trigger) = &clause.trigger else { return "runs when called".into() };
    let atoms = trigger.condition.atoms();
    if atoms.iter().any(|atom| atom.test == Test::Judgement) {
        return "runs on a judgement".into();
    }
    let reported = reported_names(clause);
    if reported.is_empty() { ALONE.into() } else { format!("runs on {}", reported.join(", ")) }
}

/// The commands that report what the clause of `rule` waits for.
pub(super) fn reports(rule: &str, clause: &Clause) -> Vec<String> {
    let mut reports: Vec<String> =
        reported_names(clause).into_iter().map(|name| format!("rulemark emit {name}")).collect();
    let atoms = clause.trigger.as_ref().map_or_else(Vec::new, |trigger| trigger.condition.atoms());
    if atoms.iter().any(|atom| atom.test == Test::Judgement) {
        reports.push(format!("rulemark emit judge {rule}"));
    }
    reports
}

/// What somebody has to report, by the names `rulemark emit` takes, each once.
fn reported_names(clause: &Clause) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for atom in clause.trigger.iter().flat_map(|trigger| trigger.condition.atoms()) {
        let Test::Event(pattern) = &atom.test else { continue };
        for name in reported_as(pattern) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// The names under which somebody has to report the event; none for what the runner sees itself.
fn reported_as(pattern: &EventPattern) -> Vec<String> {
    let name = match pattern {
        EventPattern::Command(commands) => return commands.clone(),
        EventPattern::SessionStarted => "session-start",
        EventPattern::CycleStarted => "cycle-start",
        EventPattern::ActionDone => "action-done",
        EventPattern::SourceSaved { .. } => "source-saved",
        EventPattern::TestsRan => "tests-ran",
        EventPattern::UserSaid(_) => "said",
        EventPattern::Named(name) => name,
        EventPattern::PhaseEntered(_)
        | EventPattern::PhaseLeft(_)
        | EventPattern::TaskStarted
        | EventPattern::FileUpdated(_)
        | EventPattern::ItemsExhausted { .. }
        | EventPattern::PlanOverwritten => return Vec::new(),
    };
    vec![name.to_owned()]
}
