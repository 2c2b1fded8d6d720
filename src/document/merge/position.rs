//! Where the project is, after two branches.

use super::{Merged, Side, with_keys};
use crate::{
    document::{ItemStatus, Items, WorkflowState},
    text::{Patch, Revision},
};
use std::collections::BTreeMap;

/// The keys that say together where the project is.
const POSITION: [&str; 3] = ["Phase", "Status", "CurrentItem"];

/// What came of merging two branches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BranchMerge {
    /// The document, and the conflicts in it: of the position there are none.
    pub merged: Merged,
    /// Where the two branches stood, if they had gone to different places.
    pub position: Option<Position>,
    /// Ids that two items have now, because each branch added one.
    pub shared_ids: Vec<String>,
}

/// Where two branches stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Whose place the document has.
    pub kept: Side,
    /// The keys of ours that differ from theirs: `Phase: BLUEPRINT, CurrentItem: 3`.
    pub ours: String,
    /// The same of theirs.
    pub theirs: String,
    /// What the current item is now.
    pub current: Current,
}

/// What the current item is after a merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Current {
    /// One that is still to be done, or none.
    Open,
    /// The next open item: each branch was about to begin what the other had finished.
    Next(String),
    /// One that the other branch has finished; where the branches were in it differs.
    Finished,
}

/// Merges two branches of a repository; where both changed the same, ours, the current branch, wins.
///
/// Phase, Status and CurrentItem say together where a branch is, and a branch is at one place: they
/// are taken from one side as a whole, never one by one. That is the side whose current item the
/// other has not finished meanwhile; if that holds for both or neither, the one that moved; if both
/// did, ours. Where both were about to begin an item that the other has finished, in the same phase and
/// status, the next open item is the current one, as the rule that began theirs would have it.
///
/// So two branches that each finished an item meet without a conflict, and nobody is sent back to an
/// item that the other branch has finished. What the other branch said is told, not lost.
#[must_use]
pub fn merge_branches(base: &str, ours: &str, theirs: &str) -> BranchMerge {
    let is_position = |keys: &str| keys.split(' ').all(|key| POSITION.contains(&key));
    let mut merged = with_keys(base, ours, theirs, Side::Ours, is_position);
    if [base, theirs].contains(&ours) || theirs == base {
        return BranchMerge { merged, ..BranchMerge::default() };
    }
    let [before, own, others] = [base, ours, theirs].map(WorkflowState::parse);
    let shared_ids = shared_ids(&merged.text, [&own, &others]);
    let mut position = None;
    if let Some(found) = choose(&before, [&own, &others], &merged.text) {
        let winner = if found.kept == Side::Ours { &own } else { &others };
        merged.text = placed(winner, &merged.text);
        if let Current::Next(item) = &found.current {
            merged.text = with(&merged.text, "CurrentItem", item);
        }
        position = Some(found);
    }
    BranchMerge { merged, position, shared_ids }
}

fn choose(
    before: &WorkflowState<'_>,
    [own, others]: [&WorkflowState<'_>; 2],
    merged: &str,
) -> Option<Position> {
    let (ours, theirs) = (differing(own, others), differing(others, own));
    if ours.is_empty() && theirs.is_empty() {
        return None;
    }
    let merged = WorkflowState::parse(merged);
    let items = merged.items();
    let [own_is_open, other_is_open] = [own, others].map(|side| !is_overtaken(side, &items));
    let [own_moved, other_moved] = [own, others].map(|side| !differing(side, before).is_empty());
    let kept = match (own_is_open, other_is_open) {
        (true, false) => Side::Ours,
        (false, true) => Side::Theirs,
        _ if other_moved && !own_moved => Side::Theirs,
        _ => Side::Ours,
    };
    let current = match (own_is_open, other_is_open) {
        (false, false) => next(&items, own, others).map_or(Current::Finished, Current::Next),
        _ => Current::Open,
    };
    let is_plain = match kept {
        Side::Ours => !other_moved,
        Side::Theirs => !own_moved,
    };
    let is_told = current != Current::Open || !is_plain;
    is_told.then(|| Position { kept, ours: ours.join(", "), theirs: theirs.join(", "), current })
}

/// The next open item, written as the sides write theirs, if both are at the same step.
fn next(items: &Items<'_>, own: &WorkflowState<'_>, others: &WorkflowState<'_>) -> Option<String> {
    if ["Phase", "Status"].iter().any(|name| own.value(name) != others.value(name)) {
        return None;
    }
    let item = items.rows().iter().find(|item| item.state == ItemStatus::Unprocessed)?;
    let current = own.value("CurrentItem").or_else(|| others.value("CurrentItem"))?;
    let is_id = items.matching(current).is_some_and(|it| it.id.as_deref() == Some(current));
    Some(item.id.clone().filter(|_| is_id).unwrap_or_else(|| item.description.clone()))
}

/// Whether a side's current item was open there, and is done in the merged `items`.
fn is_overtaken(side: &WorkflowState<'_>, items: &Items<'_>) -> bool {
    let Some(current) = side.value("CurrentItem") else { return false };
    let state = |items: &Items<'_>| items.matching(current).map(|item| item.state);
    state(&side.items()) == Some(ItemStatus::Unprocessed) && state(items) == Some(ItemStatus::Processed)
}

/// The position keys of `side` that `other` has another value for.
fn differing(side: &WorkflowState<'_>, other: &WorkflowState<'_>) -> Vec<String> {
    let differing = POSITION.into_iter().filter(|name| side.value(name) != other.value(name));
    differing.map(|name| format!("{name}: {}", side.value(name).unwrap_or("null"))).collect()
}

/// `text` at the place where `winner` is.
fn placed(winner: &WorkflowState<'_>, text: &str) -> String {
    POSITION.iter().fold(text.to_owned(), |text, name| {
        let Some(key) = winner.key(name) else { return text };
        let written = key.value_span.of(winner.outline().text());
        let value = key.known_value().unwrap_or(if written.is_empty() { "null" } else { written });
        with(&text, name, value)
    })
}

/// `text` with another value of a key that it has.
fn with(text: &str, name: &str, value: &str) -> String {
    let state = WorkflowState::parse(text);
    let is_other = state.key(name).is_some_and(|key| key.value != value);
    let edits = if is_other { state.set(name, value) } else { Vec::new() };
    let patch = Patch::new(Revision::of(text), edits);
    patch.ok().and_then(|patch| patch.apply(text).ok()).unwrap_or_else(|| text.to_owned())
}

fn shared_ids(merged: &str, sides: [&WorkflowState<'_>; 2]) -> Vec<String> {
    let state = WorkflowState::parse(merged);
    let counts = |state: &WorkflowState<'_>| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for id in state.items().rows().iter().filter_map(|item| item.id.clone()) {
            *counts.entry(id).or_default() += 1;
        }
        counts
    };
    let known = sides.map(counts);
    let is_new =
        |id: &String, count: usize| known.iter().all(|side| side.get(id).is_none_or(|&had| had < count));
    counts(&state)
        .into_iter()
        .filter(|(id, count)| *count > 1 && is_new(id, *count))
        .map(|(id, _)| id)
        .collect()
}
