//! The writes of one round against each other: which rules disagree, and in which order the rest is
//! applied (`rule-language.md`, section 4).

use super::{evaluate::same_word, perform::Performance, working::Write};
use crate::{
    document::Role,
    rules::SectionName,
    text::{Diagnostic, Severity},
};
use std::collections::{BTreeMap, BTreeSet};

/// The writes of a round, each with the number of the performance it belongs to.
pub(super) type Writes = [(usize, Write)];

/// The performances that give one key different values, and a diagnostic for each two of them.
/// Nothing of any of them is applied, also not of one that agrees with one side.
pub(super) fn clashes(writes: &Writes, performances: &[Performance]) -> (BTreeSet<usize>, Vec<Diagnostic>) {
    let mut by_key: BTreeMap<String, Vec<(usize, &str, &str)>> = BTreeMap::new();
    for (at, write) in writes {
        if let Write::Set { key, value } = write
            && !performances[*at].failed
        {
            by_key.entry(key.to_lowercase()).or_default().push((*at, key, value));
        }
    }
    let (mut clashing, mut diagnostics) = (BTreeSet::new(), Vec::new());
    for sets in by_key.values() {
        let &(first, key, value) = &sets[0];
        let others = sets.iter().filter(|(at, _, other)| *at != first && !same_word(value, other));
        let mut told: BTreeSet<usize> = BTreeSet::new();
        for &(at, _, other) in others {
            if told.insert(at) {
                diagnostics.push(disagreement(
                    key,
                    (&performances[first], value),
                    (&performances[at], other),
                ));
            }
        }
        if !told.is_empty() {
            clashing.extend(sets.iter().map(|(at, ..)| *at));
        }
    }
    (clashing, diagnostics)
}

fn disagreement(key: &str, one: (&Performance, &str), two: (&Performance, &str)) -> Diagnostic {
    let message = format!(
        "`{}` sets {key} to `{}` and `{}` sets it to `{}`; neither is applied",
        one.0.clause.rule, one.1, two.0.clause.rule, two.1
    );
    Diagnostic::new(Severity::Error, "conflicting-rules", two.0.rule_span, message)
        .with_label(one.0.rule_span, "the other rule")
        .with_hint("make their triggers exclude each other, or let one rule do both")
}

/// The writes in the order in which they are applied: that of the file, but a section is cleared
/// before another rule adds to it. What is cleared is what the snapshot held; what a rule has just
/// added is not lost by it.
pub(super) fn in_order(writes: &Writes) -> impl Iterator<Item = &(usize, Write)> {
    // Rules may call one section by names of several languages.
    let is_same = |one: &SectionName, other: &SectionName| match (Role::named(&one.0), Role::named(&other.0))
    {
        (Some(one), Some(other)) => one == other,
        _ => one.0.eq_ignore_ascii_case(&other.0),
    };
    let adds_to = move |write: &Write, cleared: &SectionName| match write {
        Write::Log(_) => Role::named(&cleared.0) == Some(Role::Log),
        Write::Insert { section, .. } => is_same(section, cleared),
        _ => false,
    };
    // A rule that itself adds and then clears means it so.
    let goes_first = move |place: usize, by: usize, write: &Write| match write {
        Write::Clear(section) => {
            !writes[..place].iter().any(|(at, earlier)| *at == by && adds_to(earlier, section))
        }
        _ => false,
    };
    let marked =
        writes.iter().enumerate().map(move |(place, pair)| (goes_first(place, pair.0, &pair.1), pair));
    let (first, rest): (Vec<_>, Vec<_>) = marked.partition(|(first, _)| *first);
    first.into_iter().chain(rest).map(|(_, pair)| pair)
}
