//! The rules' memory as JSON: the one place that knows both.

use crate::{
    engine::{ClauseId, ClauseMemory, Due, Memory, PendingKind, PendingStep, Settled},
    text::Revision,
};
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Writes a memory.
pub(super) fn to_json(memory: &Memory) -> String {
    let stored = StoredMemory {
        settled: memory.settled.as_ref().map(StoredSettled::from),
        clauses: memory.clauses.iter().map(StoredClause::from).collect(),
        pending: memory.pending.iter().map(StoredPending::from).collect(),
        replaced_plan: memory.replaced_plan.clone(),
        processed: memory.processed.clone(),
        due: memory
            .due
            .as_ref()
            .map(|due| StoredDue { phase: due.phase.clone(), since: due.since.to_string() }),
    };
    serde_json::to_string(&stored).expect("strings and maps with string keys are JSON")
}

/// Reads what [`to_json`] wrote; says what is wrong with anything else.
pub(super) fn from_json(json: &str) -> Result<Memory, String> {
    let stored: StoredMemory = serde_json::from_str(json).map_err(|error| error.to_string())?;
    Ok(Memory {
        settled: stored.settled.map(Settled::try_from).transpose()?,
        clauses: stored.clauses.into_iter().map(StoredClause::into_parts).collect(),
        pending: stored.pending.into_iter().map(PendingStep::try_from).collect::<Result<_, _>>()?,
        replaced_plan: stored.replaced_plan,
        processed: stored.processed,
        due: stored
            .due
            .map(|due| Ok::<_, String>(Due { since: time(&due.since)?, phase: due.phase }))
            .transpose()?,
    })
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredMemory {
    settled: Option<StoredSettled>,
    clauses: Vec<StoredClause>,
    pending: Vec<StoredPending>,
    replaced_plan: Option<String>,
    #[serde(default)]
    processed: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due: Option<StoredDue>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredDue {
    phase: String,
    since: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredSettled {
    state: String,
    config: Option<String>,
    keys: BTreeMap<String, String>,
    plan: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rules: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredClause {
    rule: String,
    clause: usize,
    held: bool,
    fired_on: Option<BTreeMap<String, String>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredPending {
    id: String,
    rule: String,
    clause: usize,
    path: Vec<usize>,
    kind: String,
    text: String,
    steps: usize,
    lapses: bool,
    since: String,
    item: Option<String>,
}

/// What the kinds of pending steps are called.
const KINDS: [(PendingKind, &str); 3] =
    [(PendingKind::Run, "run"), (PendingKind::Ask, "ask"), (PendingKind::Delegate, "delegate")];

impl From<&Settled> for StoredSettled {
    fn from(settled: &Settled) -> Self {
        Self {
            state: settled.state.to_string(),
            config: settled.config.map(|revision| revision.to_string()),
            keys: settled.keys.clone(),
            plan: settled.plan.clone(),
            rules: settled.rules.map(|revision| revision.to_string()),
        }
    }
}

impl TryFrom<StoredSettled> for Settled {
    type Error = String;

    fn try_from(stored: StoredSettled) -> Result<Self, String> {
        Ok(Self {
            state: revision(&stored.state)?,
            config: stored.config.as_deref().map(revision).transpose()?,
            keys: stored.keys,
            plan: stored.plan,
            rules: stored.rules.as_deref().map(revision).transpose()?,
        })
    }
}

impl From<(&ClauseId, &ClauseMemory)> for StoredClause {
    fn from((id, memory): (&ClauseId, &ClauseMemory)) -> Self {
        Self {
            rule: id.rule.clone(),
            clause: id.clause,
            held: memory.held,
            fired_on: memory.fired_on.clone(),
        }
    }
}

impl StoredClause {
    fn into_parts(self) -> (ClauseId, ClauseMemory) {
        let id = ClauseId { rule: self.rule, clause: self.clause };
        (id, ClauseMemory { held: self.held, fired_on: self.fired_on })
    }
}

impl From<&PendingStep> for StoredPending {
    fn from(step: &PendingStep) -> Self {
        let kind = KINDS.iter().find(|(kind, _)| *kind == step.kind).map_or("delegate", |(_, name)| name);
        Self {
            id: step.id.clone(),
            rule: step.clause.rule.clone(),
            clause: step.clause.clause,
            path: step.path.clone(),
            kind: kind.to_owned(),
            text: step.text.clone(),
            steps: step.steps,
            lapses: step.lapses,
            since: step.since.to_string(),
            item: step.item.clone(),
        }
    }
}

impl TryFrom<StoredPending> for PendingStep {
    type Error = String;

    fn try_from(stored: StoredPending) -> Result<Self, String> {
        let kind = KINDS.iter().find(|(_, name)| *name == stored.kind);
        Ok(Self {
            id: stored.id,
            clause: ClauseId { rule: stored.rule, clause: stored.clause },
            path: stored.path,
            kind: kind.map(|(kind, _)| *kind).ok_or_else(|| format!("unknown kind `{}`", stored.kind))?,
            text: stored.text,
            steps: stored.steps,
            lapses: stored.lapses,
            since: time(&stored.since)?,
            item: stored.item,
        })
    }
}

pub(super) fn revision(hex: &str) -> Result<Revision, String> {
    Revision::from_hex(hex).ok_or_else(|| format!("`{hex}` is no revision"))
}

pub(super) fn time(text: &str) -> Result<DateTime, String> {
    text.parse().map_err(|error| format!("`{text}` is no time: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection, option, prelude::*, sample};

    fn keys() -> impl Strategy<Value = BTreeMap<String, String>> {
        collection::btree_map(any::<String>(), any::<String>(), 0..4)
    }

    fn settled() -> impl Strategy<Value = Settled> {
        let other = option::of(any::<String>());
        (any::<String>(), other.clone(), keys(), any::<String>(), other).prop_map(
            |(state, config, keys, plan, rules)| Settled {
                state: Revision::of(state),
                config: config.map(Revision::of),
                keys,
                plan,
                rules: rules.map(Revision::of),
            },
        )
    }

    fn clause_id() -> impl Strategy<Value = ClauseId> {
        (any::<String>(), 0..9usize).prop_map(|(rule, clause)| ClauseId { rule, clause })
    }

    fn pending() -> impl Strategy<Value = PendingStep> {
        let kind = sample::select(KINDS.map(|(kind, _)| kind).to_vec());
        let texts = (any::<String>(), any::<String>(), option::of(any::<String>()));
        let place = (clause_id(), collection::vec(0..9usize, 0..4), 1..5usize, any::<bool>());
        (texts, place, kind, 0..3_000_000_000i64).prop_map(|((id, text, item), place, kind, seconds)| {
            let (clause, path, steps, lapses) = place;
            let since = jiff::Timestamp::from_second(seconds).unwrap().to_zoned(jiff::tz::TimeZone::UTC);
            PendingStep { id, clause, path, kind, text, steps, lapses, since: since.datetime(), item }
        })
    }

    fn memory() -> impl Strategy<Value = Memory> {
        let clause =
            (any::<bool>(), option::of(keys())).prop_map(|(held, fired_on)| ClauseMemory { held, fired_on });
        let clauses = collection::btree_map(clause_id(), clause, 0..4);
        let processed = collection::btree_set(any::<String>(), 0..3);
        let pending = collection::vec(pending(), 0..3);
        let due = option::of((any::<String>(), 0..3_000_000_000i64).prop_map(|(phase, seconds)| {
            let since = jiff::Timestamp::from_second(seconds).unwrap().to_zoned(jiff::tz::TimeZone::UTC);
            Due { phase, since: since.datetime() }
        }));
        (option::of(settled()), clauses, pending, option::of(any::<String>()), processed, due).prop_map(
            |(settled, clauses, pending, replaced_plan, processed, due)| Memory {
                settled,
                clauses,
                pending,
                replaced_plan,
                processed,
                due,
            },
        )
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(memory in memory()) {
            prop_assert_eq!(from_json(&to_json(&memory)), Ok(memory));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in
            ["", "{}", "[]", r#"{"settled":null,"clauses":[],"pending":[],"replaced_plan":null,"x":1}"#]
        {
            assert!(from_json(bad).is_err(), "{bad}");
        }
        let good = to_json(&Memory { settled: None, ..Memory::default() });
        assert_eq!(from_json(&good), Ok(Memory::default()));
        let state = Revision::of("").to_string();
        let settled = format!(
            r#"{{"settled":{{"state":"{state}","config":null,"keys":{{}},"plan":""}},"clauses":[],"pending":[],"replaced_plan":null}}"#
        );
        assert!(from_json(&settled).is_ok());
        assert!(from_json(&settled.replace(&state, "abc")).is_err());
    }
}
