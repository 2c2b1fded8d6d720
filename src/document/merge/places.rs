//! Which lines of the three versions are merged together.

use super::{
    Side,
    align::align,
    lines::{Line, Version},
    sections::{self, Kind, Part},
};
use crate::markdown::list_marker;
use std::{collections::HashSet, ops::Range};

/// Three versions of some lines.
#[derive(Clone, Debug)]
pub(super) struct Place<'t> {
    pub(super) title: &'t str,
    pub(super) kind: Kind,
    /// In base, ours and theirs.
    pub(super) lines: [Range<usize>; 3],
    /// Set when the other side removed the section that this one has.
    pub(super) only: Option<Side>,
}

/// The places of a document, top to bottom: sections that all three have, each by itself, and what
/// lies between two of them.
pub(super) fn places<'t>(versions: &[Version<'t>; 3]) -> Vec<Place<'t>> {
    let parts = versions.each_ref().map(|version| &*version.parts);
    let ids = sections::identities(parts);
    let matched = [align(&ids[0], &ids[1]), align(&ids[0], &ids[2])];
    let mut pairing = Pairing { versions, parts, matched, places: Vec::new(), at: [0; 3] };
    for (index, part) in parts[0].iter().enumerate() {
        if let (Some(own), Some(other)) = (pairing.matched[0][index], pairing.matched[1][index]) {
            let here = [index, own, other];
            pairing.between(here);
            let lines = [0, 1, 2].map(|version| parts[version][here[version]].lines.clone());
            pairing.places.push(Place { title: part.title, kind: part.kind, lines, only: None });
            pairing.at = here.map(|index| index + 1);
        }
    }
    pairing.between(parts.map(<[_]>::len));
    if has_moved(versions, &pairing.places) {
        let lines = versions.each_ref().map(|version| 0..version.lines.len());
        return vec![Place { title: "", kind: Kind::Lines, lines, only: None }];
    }
    pairing.places
}

/// Whether a section that one side changed and the other has no longer lives on there below another
/// heading: then the headings say nothing about the two versions, and only their lines do.
fn has_moved(versions: &[Version<'_>; 3], places: &[Place<'_>]) -> bool {
    let says = |line: &&Line<'_>| line.content.contains(char::is_alphanumeric);
    [(Side::Ours, 1, 2), (Side::Theirs, 2, 1)].into_iter().any(|(keeper, kept, removed)| {
        let changed = places.iter().filter(|place| place.only == Some(keeper)).filter_map(|place| {
            let [before, after] =
                [0, kept].map(|version| &versions[version].lines[place.lines[version].clone()]);
            (!says_the_same(before, after)).then_some(before)
        });
        let mut changed = changed.flatten().filter(says).peekable();
        if changed.peek().is_none() {
            return false;
        }
        let left: HashSet<&str> = versions[removed].lines.iter().filter(says).map(saying).collect();
        changed.any(|line| left.contains(saying(line)))
    })
}

/// Whether the lines are the same but for their ends.
pub(super) fn says_the_same(one: &[Line<'_>], other: &[Line<'_>]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.content == other.content)
}

struct Pairing<'v, 't> {
    versions: &'v [Version<'t>; 3],
    parts: [&'v [Part<'t>]; 3],
    /// The section of ours and theirs that each section of the base became.
    matched: [Vec<Option<usize>>; 2],
    places: Vec<Place<'t>>,
    /// The next section of base, ours and theirs.
    at: [usize; 3],
}

impl<'t> Pairing<'_, 't> {
    /// What stands in front of the sections `to`.
    fn between(&mut self, to: [usize; 3]) {
        let from = self.at;
        let gap: [&[Part<'t>]; 3] = [0, 1, 2].map(|version| &self.parts[version][from[version]..to[version]]);
        let Some(first) = gap.iter().find_map(|parts| parts.first()) else { return };
        let lines = gap.map(|parts| match parts {
            [] => 0..0,
            [first, ..] => first.lines.start..parts.last().map_or(0, |last| last.lines.end),
        });
        if self.is_split_anew(&lines)
            && let Some(before) = self.places.last_mut()
        {
            for (before, lines) in before.lines.iter_mut().zip(lines) {
                before.end = before.end.max(lines.end);
            }
            before.kind = Kind::Lines;
        } else if gap[1].is_empty() && self.are_all_in(Side::Theirs, from[0]..to[0]) {
            self.removed(to, Side::Theirs);
        } else if gap[2].is_empty() && self.are_all_in(Side::Ours, from[0]..to[0]) {
            self.removed(to, Side::Ours);
        } else {
            self.places.push(Place { title: first.title, kind: Kind::Lines, lines, only: None });
        }
    }

    /// Whether a heading came or went in the middle of a section: then lines that a version has
    /// behind the heading belong to the section before it in another.
    fn is_split_anew(&self, gap: &[Range<usize>; 3]) -> bool {
        let Some(before) = self.places.last() else { return false };
        let [above, below] = [&before.lines, gap].map(|ranges| {
            [0, 1, 2].map(|version| {
                let lines = &self.versions[version].lines[ranges[version].clone()];
                lines.iter().map(saying).filter(|line| line.contains(char::is_alphanumeric)).collect()
            })
        });
        let moved = |from: usize, to: usize| {
            let [above, below]: [&[HashSet<&str>; 3]; 2] = [&above, &below];
            below[from].iter().any(|line| above[to].contains(line) && !above[from].contains(line))
        };
        let pairs = [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)];
        pairs.into_iter().any(|(from, to)| moved(from, to))
    }

    fn are_all_in(&self, side: Side, base: Range<usize>) -> bool {
        let matched = &self.matched[if side == Side::Ours { 0 } else { 1 }];
        matched[base].iter().all(Option::is_some)
    }

    /// Sections that the side other than `keeper` has no longer, and those that `keeper` added.
    fn removed(&mut self, to: [usize; 3], keeper: Side) {
        let version = if keeper == Side::Ours { 1 } else { 2 };
        let matched: Vec<Option<usize>> = {
            let mut base_of = vec![None; to[version] - self.at[version]];
            for base in self.at[0]..to[0] {
                if let Some(index) = self.matched[version - 1][base] {
                    base_of[index - self.at[version]] = Some(base);
                }
            }
            base_of
        };
        for (offset, base) in matched.into_iter().enumerate() {
            let part = &self.parts[version][self.at[version] + offset];
            let mut lines = [0..0, 0..0, 0..0];
            lines[version] = part.lines.clone();
            if let Some(base) = base {
                lines[0] = self.parts[0][base].lines.clone();
            }
            let only = base.map(|_| keeper);
            self.places.push(Place { title: part.title, kind: Kind::Lines, lines, only });
        }
    }
}

/// What a line is recognised by, whether it stands in a fence or not: the longest cell of a row, a
/// list item without marker and box.
fn saying<'t>(line: &Line<'t>) -> &'t str {
    let content = line.content.trim();
    if content.starts_with('|') {
        let cells = content.split('|').map(str::trim);
        return cells.max_by_key(|cell| cell.len()).unwrap_or_default();
    }
    let Some(marker) = list_marker(content) else { return content };
    let body = content[marker..].trim_start();
    let boxed = body.strip_prefix('[').and_then(|body| body.split_once("] "));
    boxed.filter(|(mark, _)| mark.chars().count() <= 1).map_or(body, |(_, body)| body)
}
