//! Two versions of a document that go back to a third, as one.
//!
//! Nothing that either side wrote is lost, and the result never holds conflict markers. What belongs
//! together follows from the document:
//!
//! * Sections are paired by their role, others by their titles. A section that one side removed and
//!   the other left alone is gone; one that either side added stays.
//! * A State key is paired by its name, an item by its id (by its description when a side numbered
//!   the items anew), a row of another table by its first cell, a list item by its text. What stands
//!   in such a line is merged value by value: cells, boxes.
//! * Log, archive and histories are entries: both sides' stay, in the order of their dates where all
//!   have one, otherwise theirs after ours. The Changelog is a set as well: no entry comes twice.
//! * Everything else goes by lines. What both sides inserted at one place is kept, ours first.
//!
//! A conflict is where both sides changed the same value or line differently, or one changed what
//! the other deleted. Then one side wins in the text ([`Side`]; a change always wins over a
//! deletion), and the conflict holds what all three said.
//!
//! Line ends, a byte order mark and the final line end are merged as well: a file that one side
//! converted as a whole stays converted, with the other side's lines in its line ends.
//!
//! Time grows with the length of the versions times its logarithm, whatever they hold.

pub(super) mod align;
mod entries;
mod fields;
pub(super) mod lines;
pub(super) mod names;
mod places;
mod position;
mod reading;
pub(super) mod sections;
mod taking;
mod three_way;
mod walk;

#[cfg(test)]
mod tests;

pub use position::{BranchMerge, Current, Position, merge_branches};
pub use reading::has_read;
pub use taking::take_ours;

use lines::{Ending, Version};
use std::collections::HashMap;
use three_way::Merge;

/// One of the two versions that are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The first: the current branch, what Rulemark wrote.
    Ours,
    /// The second: the other branch, what somebody else wrote.
    Theirs,
}

/// What came of a merge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// The merged document.
    pub text: String,
    /// Where both sides said something about the same, in the order of the document.
    pub conflicts: Vec<Conflict>,
}

/// A place where only one of two changes could stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Where, for a person: `State: Phase`, `Plan`, `Items 3`.
    pub place: String,
    /// What stood there before both changes.
    pub base: String,
    /// What ours made of it; empty if ours deleted it.
    pub ours: String,
    /// What theirs made of it; empty if theirs deleted it.
    pub theirs: String,
}

/// Merges what `ours` and `theirs` made of `base`; where both changed the same, `prefer` wins.
#[must_use]
pub fn merge(base: &str, ours: &str, theirs: &str, prefer: Side) -> Merged {
    with_keys(base, ours, theirs, prefer, |_| false)
}

/// [`merge`] without conflicts in the lines whose keys `is_settled` says are settled otherwise.
fn with_keys(base: &str, ours: &str, theirs: &str, prefer: Side, is_settled: fn(&str) -> bool) -> Merged {
    if ours == base || ours == theirs {
        return Merged { text: theirs.to_owned(), conflicts: Vec::new() };
    }
    if theirs == base {
        return Merged { text: ours.to_owned(), conflicts: Vec::new() };
    }
    // Two files that go back to nothing have in common what they have in common.
    let common = base.trim().is_empty().then(|| in_common(ours, theirs));
    let versions = [common.as_deref().unwrap_or(base), ours, theirs].map(Version::read);
    let [base, ours, theirs] = &versions;
    let mut merge = Merge {
        versions: [base, ours, theirs],
        ending: Ending::of([base, ours, theirs]),
        prefer,
        is_settled,
        written: Vec::new(),
        conflicts: Vec::new(),
    };
    for place in places::places(&versions) {
        merge.place(&place);
    }
    Merged { text: merge.ending.write(&merge.written), conflicts: merge.conflicts }
}

/// The lines that both texts have, in order.
fn in_common(ours: &str, theirs: &str) -> String {
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let versions = [ours, theirs].map(|text| text.split_inclusive('\n').collect::<Vec<&str>>());
    let [ids, other_ids] = versions.each_ref().map(|lines| {
        let contents = lines.iter().map(|line| line.trim_end_matches(['\n', '\r']));
        let mut ids: Vec<u32> = Vec::with_capacity(lines.len());
        for content in contents {
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            ids.push(*numbers.entry(content).or_insert(next));
        }
        ids
    });
    let matched = align::align(&ids, &other_ids);
    versions[0].iter().zip(matched).filter(|(_, other)| other.is_some()).map(|(line, _)| *line).collect()
}
