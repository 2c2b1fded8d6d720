//! The plan and a person's decision about it.

use super::{
    evaluate::{COMPLETED, same_word},
    evidence::{Evidence, Verdict},
    guidance::Lack,
    model::{ApprovalMode, Settings},
    settling::{keys_of, plan_of},
};
use crate::{
    document::WorkflowState,
    rules::{self, Atom, Comparison, Condition, Phase, RuleSet, Test, Value},
    text::Revision,
};
use std::collections::BTreeMap;

/// Words of a step that puts the plan to a person.
const APPROVALS: [&str; 6] = [
    "needs_plan_approval",
    "await user confirmation",
    "await user approval",
    "await approval",
    "wait for approval",
    "wait for user approval",
];

/// Whether a phase puts its plan to a person before it may be left.
pub(super) fn asks_for_approval(phase: &Phase, text: &str) -> bool {
    let steps = phase.span.of(text).replace('\\', "").to_lowercase();
    APPROVALS.iter().any(|words| steps.contains(words))
}

/// Where a decision about the plan is due, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanGate {
    /// The phase that follows a yes, if there is one.
    pub next: Option<String>,
    /// Whether work waits for the decision now.
    pub is_waiting: bool,
    /// Whether there is no plan to decide about.
    pub is_empty: bool,
}

/// How the state stands to the phase that puts its plan to a person; `None` when none does, or it is
/// still to come.
#[must_use]
pub fn plan_gate(state: &WorkflowState<'_>, rules: &RuleSet) -> Option<PlanGate> {
    let text = state.outline().text();
    let asking = rules.phases.iter().position(|phase| asks_for_approval(phase, text))?;
    let current = state.value("Phase")?;
    let at = rules.phases.iter().position(|phase| same_word(&phase.name, current))?;
    let is_waiting = at == asking;
    let next = rules.phases.get(asking + 1).map(|phase| phase.name.clone());
    (at >= asking).then(|| PlanGate { next, is_waiting, is_empty: plan_of(state).trim().is_empty() })
}

/// Whether an edit completes the item before its plan has been carried out: see `left_undone`.
#[must_use]
pub fn completes_unplanned(was: &WorkflowState<'_>, is: &WorkflowState<'_>, rules: &RuleSet) -> bool {
    !left_undone((rules, was), &keys_of(was), is).is_empty()
}

/// The phases that an edit leaves undone by completing the item where its plan is still to be written or
/// decided about: rules that move on at `Status == COMPLETED` would take it for done, and nobody would
/// ever be asked. Where the phase's own steps, or a rule about this very phase, make that status the end
/// of the phase alone, there are none; nor in a file that puts no plan to a person.
pub(super) fn left_undone<'r>(
    (rules, source): (&'r RuleSet, &WorkflowState<'_>),
    before: &BTreeMap<String, String>,
    state: &WorkflowState<'_>,
) -> Vec<&'r str> {
    let is = |value: Option<&str>, word: &str| value.is_some_and(|value| same_word(value, word));
    let was = |key: &str| before.get(key).map(String::as_str);
    let (Some(phase), Some(_)) = (state.value("Phase"), state.value("CurrentItem")) else {
        return Vec::new();
    };
    let is_old = is(was("status"), COMPLETED) && is(was("phase"), phase);
    if is_old || !is(state.value("Status"), COMPLETED) || same_word(phase, COMPLETED) {
        return Vec::new();
    }
    let text = source.outline().text();
    let Some(asking) = rules.phases.iter().position(|phase| asks_for_approval(phase, text)) else {
        return Vec::new();
    };
    let at = rules.phases.iter().position(|known| same_word(&known.name, phase));
    let ends_by_status =
        at.is_some_and(|at| rules.phases[at].span.of(text).contains(COMPLETED)) || follows_on(rules, phase);
    if at.is_some_and(|at| at > asking) || ends_by_status {
        return Vec::new();
    }
    rules.phases[at.map_or(0, |at| at + 1)..].iter().map(|phase| phase.name.as_str()).collect()
}

/// Whether a rule waits for the status COMPLETED in this very phase.
fn follows_on(rules: &RuleSet, phase: &str) -> bool {
    let names = |atom: &Atom, key: &str, word: &str| match &atom.test {
        Test::Compare { key: compared, op: Comparison::Equal, value: Value::Text(value) } => {
            same_word(compared, key) && same_word(value, word)
        }
        Test::Is(value) => same_word(value, word),
        _ => false,
    };
    let both = |condition: &Condition| {
        let atoms = condition.atoms();
        let has = |key: &str, word: &str| atoms.iter().any(|atom| names(atom, key, word));
        has("Phase", phase) && has("Status", COMPLETED)
    };
    let clauses = rules.rules.iter().flat_map(|rule| &rule.clauses);
    clauses.filter_map(|clause| clause.trigger.as_ref()).any(|trigger| both(&trigger.condition))
}

/// Names the plan that an approval speaks of: its text, and the item it is for. Boxes that are ticked,
/// blank lines and spaces at the end of lines make no other plan.
#[must_use]
pub fn plan_revision(state: &WorkflowState<'_>) -> Revision {
    let mut named = String::from(state.value("CurrentItem").unwrap_or_default());
    for line in plan_of(state).lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        named.push('\n');
        let body = line.trim_start_matches(is_before_box);
        let ticked = ["[x]", "[X]"].iter().find_map(|ticked| body.strip_prefix(ticked));
        match ticked {
            Some(rest) => named.extend([&line[..line.len() - body.len()], "[ ]", rest]),
            None => named.push_str(line),
        }
    }
    Revision::of(named)
}

/// What may stand in front of a box.
fn is_before_box(c: char) -> bool {
    c.is_whitespace() || c.is_ascii_digit() || "-*+.)".contains(c)
}

/// The check boxes of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Boxes {
    pub(super) ticked: usize,
    pub(super) open: usize,
}

impl Boxes {
    pub(super) fn of(plan: &str) -> Self {
        let mut boxes = Self { ticked: 0, open: 0 };
        for line in plan.lines() {
            let line = line.trim_start_matches(is_before_box);
            boxes.open += usize::from(line.starts_with("[ ]"));
            boxes.ticked += usize::from(line.starts_with("[x]") || line.starts_with("[X]"));
        }
        boxes
    }
}

/// What the plan lacks that is worked on where only a person's yes counts: it is past the phase that puts
/// it to a person, and the yes to it, as it stands, is not there.
#[must_use]
pub fn unapproved_plan(state: &str, settings: &Settings, evidence: &dyn Evidence) -> Option<Lack> {
    let state = WorkflowState::parse(state);
    let verdict = objectionable(&state, &rules::compile_unreviewed(&state), settings, evidence)?;
    lack(&verdict)
}

/// The verdict on the plan that is worked on, where it is none to work on.
pub(super) fn objectionable(
    state: &WorkflowState<'_>,
    rules: &RuleSet,
    settings: &Settings,
    evidence: &dyn Evidence,
) -> Option<Verdict> {
    if settings.gates.approval == ApprovalMode::File || plan_gate(state, rules)?.is_waiting {
        return None;
    }
    Some(evidence.verdict(plan_revision(state))).filter(|verdict| verdict.objection().is_some())
}

/// What a verdict that is objected to says is missing.
pub(super) fn lack(verdict: &Verdict) -> Option<Lack> {
    Some(Lack { what: verdict.objection()?, remedy: verdict.remedy().to_owned() })
}
