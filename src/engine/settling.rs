//! From one settled snapshot to the next: what is remembered of it, and what a difference means.

use super::{
    evaluate::{COMPLETED, Occurrence, keys_read, same_word},
    gates::PhaseOrder,
    model::{ClauseId, ClauseMemory, PendingStep, Settled},
    sources::rules_revision,
    working::Revisions,
};
use crate::{
    document::{Role, WorkflowState},
    rules::{Clause, Condition, RuleSet},
};
use std::collections::{BTreeMap, BTreeSet};

/// The key that says which item is worked on, in lower case.
const ITEM: &str = "currentitem";

/// Which pending steps still wait. One whose trigger is decidable lapses when it no longer holds,
/// provided that it held when the run that asked was over: a rule that resets its own trigger, as
/// the log rotation does, may still have to wait.
pub(super) fn settle_pending(
    pending: &[PendingStep],
    known: &[PendingStep],
    clauses: &BTreeMap<ClauseId, ClauseMemory>,
    rules: &RuleSet,
) -> Vec<PendingStep> {
    if pending.is_empty() {
        return Vec::new();
    }
    let known: BTreeSet<&str> = known.iter().map(|step| step.id.as_str()).collect();
    let mut clause_counts: BTreeMap<&str, usize> = BTreeMap::new();
    for rule in &rules.rules {
        let count = clause_counts.entry(rule.id.as_str()).or_default();
        *count = rule.clauses.len().max(*count);
    }
    let exists = |id: &ClauseId| clause_counts.get(&*id.rule).is_some_and(|count| id.clause < *count);
    pending
        .iter()
        .filter_map(|step| {
            let holds = clauses.get(&step.clause).is_some_and(|memory| memory.held);
            let is_old = known.contains(step.id.as_str());
            if !exists(&step.clause) || (is_old && step.lapses && !holds) {
                return None;
            }
            Some(PendingStep { lapses: step.lapses && holds, ..step.clone() })
        })
        .collect()
}

pub(super) fn clauses_of(rules: &RuleSet) -> impl Iterator<Item = (ClauseId, &Clause)> {
    let mut seen = BTreeSet::new();
    // Of a repeated id the first definition counts; the others carry a diagnostic.
    rules.rules.iter().filter(move |rule| seen.insert(rule.id.as_str())).flat_map(|rule| {
        rule.clauses
            .iter()
            .enumerate()
            .map(|(number, clause)| (ClauseId { rule: rule.id.clone(), clause: number }, clause))
    })
}

/// `CurrentItem` and the keys a condition reads, with their values.
pub(super) fn fingerprint(state: &WorkflowState<'_>, condition: &Condition) -> BTreeMap<String, String> {
    let mut keys = keys_read(condition);
    keys.insert(ITEM.into());
    keys.into_iter()
        .filter_map(|key| state.value(&key).map(|value| (key.clone(), value.to_owned())))
        .collect()
}

/// Whether a clause that fired on `then` may fire again on `now`. No item is not another item: a rule
/// that sets `CurrentItem` to null gives no cause to repeat what was done for the item.
pub(super) fn differ(then: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> bool {
    let is_cleared = |key: &str| key == ITEM && !now.contains_key(key);
    now.iter().any(|(key, value)| then.get(key) != Some(value))
        || then.keys().any(|key| !now.contains_key(key) && !is_cleared(key))
}

/// Whether one of `keys` has another value `now` than `then`.
pub(super) fn differ_in(
    keys: &BTreeSet<String>,
    then: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
) -> bool {
    keys.iter().any(|key| then.get(key) != now.get(key))
}

pub(super) fn keys_of(state: &WorkflowState<'_>) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    for key in state.keys() {
        if let Some(value) = key.known_value() {
            keys.entry(key.name.to_lowercase()).or_insert_with(|| value.to_owned());
        }
    }
    keys
}

pub(super) fn settled(state: &WorkflowState<'_>, (revision, config): Revisions) -> Settled {
    Settled {
        state: revision,
        config,
        keys: keys_of(state),
        plan: plan_of(state),
        rules: Some(rules_revision(state.outline())),
    }
}

/// Of the finished items those that the file still lists.
pub(super) fn still_listed(processed: &BTreeSet<String>, state: &WorkflowState<'_>) -> BTreeSet<String> {
    if processed.is_empty() {
        return BTreeSet::new();
    }
    let items = state.items();
    let listed = items.rows().iter().map(|item| &item.description);
    listed.filter(|description| processed.contains(*description)).cloned().collect()
}

pub(super) fn plan_of(state: &WorkflowState<'_>) -> String {
    let outline = state.outline();
    outline.section(Role::Plan).map(|section| outline.content(section)).unwrap_or_default()
}

/// Whether a plan was replaced by another rather than worked on: fewer than half of its lines are
/// left, boxes and blank lines not counted.
pub(super) fn is_overwritten(before: &str, after: &str) -> bool {
    fn lines(plan: &str) -> impl Iterator<Item = String> + '_ {
        plan.lines()
            .map(|line| line.trim().trim_start_matches(['-', '*', '+']).trim_start())
            .map(|line| {
                ["[ ]", "[x]", "[X]"].iter().find_map(|check| line.strip_prefix(check)).unwrap_or(line).trim()
            })
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
    }
    if before == after {
        return false;
    }
    let left: BTreeSet<String> = lines(after).collect();
    let (mut count, mut kept) = (0_usize, 0_usize);
    for line in lines(before) {
        count += 1;
        kept += usize::from(left.contains(&line));
    }
    count > 0 && 2 * kept < count
}

/// What a change of State keys means: phases entered and left, a task begun.
///
/// A phase is left when it is completed in place (`Status` becomes `COMPLETED`) or when a later one
/// follows it; going on after a completion is not a second end.
pub(super) fn transitions(
    before: &BTreeMap<String, String>,
    state: &WorkflowState<'_>,
    order: Option<&PhaseOrder<'_>>,
) -> Vec<Occurrence> {
    let was = |key: &str| before.get(key).map(String::as_str);
    let is_completed = |status: Option<&str>| status.is_some_and(|status| same_word(status, COMPLETED));
    let differs = |one: Option<&str>, other: Option<&str>| match (one, other) {
        (Some(one), Some(other)) => !same_word(one, other),
        (one, other) => one.is_some() != other.is_some(),
    };
    let mut happened = Vec::new();
    let (phase, status, item) = (state.value("Phase"), state.value("Status"), state.value("CurrentItem"));
    let entered = phase.filter(|_| differs(was("phase"), phase));
    if let (Some(to), Some(from)) = (entered, was("phase"))
        && !is_completed(was("status"))
        && order.map_or_else(|| !PhaseOrder::usual().is_forward(to, from), |order| order.is_forward(from, to))
    {
        happened.push(Occurrence::PhaseLeft(from.to_owned()));
    }
    if let Some(phase) = entered {
        happened.push(Occurrence::PhaseEntered(phase.to_owned()));
    }
    if let Some(phase) = phase
        && is_completed(status)
        && (entered.is_some() || !is_completed(was("status")))
    {
        happened.push(Occurrence::PhaseLeft(phase.to_owned()));
    }
    if entered.is_some() || (item.is_some() && differs(was(ITEM), item)) {
        happened.push(Occurrence::TaskStarted);
    }
    happened
}
