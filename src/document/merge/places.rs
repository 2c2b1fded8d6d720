//! Which lines of the three versions are merged together.

use super::{
    Side,
    align::align,
    lines::{Line, Version},
    sections::{self, Kind, Part},
};
use crate::markdown::list_marker;
use std::{collections::HashMap, ops::Range};

/// Three versions of some lines.
#[derive(Clone, Debug)]
pub(super) struct Place<'t> {
    pub(super) title: &'t str,
    pub(super) kind: Kind,
    /// In base, ours and theirs.
    pub(super) lines: [Range<usize>; 3],
    /// Set when the other side removed the section that this one has.
    pub(super) only: Option<Side>,
    /// Whether it is a section that all three have.
    is_section: bool,
}

impl Place<'_> {
    /// Takes in the place below.
    fn join(&mut self, below: &Self) {
        for (lines, below) in self.lines.iter_mut().zip(&below.lines) {
            if lines.start == lines.end {
                *lines = below.clone();
            } else {
                lines.end = lines.end.max(below.end);
            }
        }
        self.kind = Kind::Lines;
        self.only = None;
    }
}

/// The places of a document, top to bottom: sections that all three have, each by itself, and what
/// lies between two of them.
pub(super) fn places<'t>(versions: &[Version<'t>; 3]) -> Vec<Place<'t>> {
    let parts = versions.each_ref().map(|version| &*version.parts);
    let ids = sections::identities(parts);
    let matched = [align(&ids[0], &ids[1]), align(&ids[0], &ids[2])];
    let mut pairing = Pairing { parts, matched, places: Vec::new(), at: [0; 3] };
    for (index, part) in parts[0].iter().enumerate() {
        if let (Some(own), Some(other)) = (pairing.matched[0][index], pairing.matched[1][index]) {
            let here = [index, own, other];
            pairing.between(here);
            let lines = [0, 1, 2].map(|version| parts[version][here[version]].lines.clone());
            pairing.places.push(Place {
                title: part.title,
                kind: part.kind,
                lines,
                only: None,
                is_section: true,
            });
            pairing.at = here.map(|index| index + 1);
        }
    }
    pairing.between(parts.map(<[_]>::len));
    joined(versions, pairing.places)
}

/// Joins places that lines have wandered between because a heading came or went: where a section of
/// one version is nobody's counterpart, its lines may belong to any section of the others.
fn joined<'t>(versions: &[Version<'t>; 3], places: Vec<Place<'t>>) -> Vec<Place<'t>> {
    if places.iter().all(|place| place.is_section) {
        return places;
    }
    let homes = [0, 1, 2].map(|version| homes(&versions[version].lines, version, &places));
    // The last place that each place is to be joined with.
    let mut until: Vec<usize> = (0..places.len()).collect();
    for (one, other) in [(0, 1), (0, 2), (1, 2)] {
        for line in &versions[one].lines {
            let home = |version: usize| *homes[version].get(saying(line))?;
            let (Some(from), Some(to)) = (home(one), home(other)) else { continue };
            if from != to && !(places[from].is_section && places[to].is_section) {
                let first = from.min(to);
                until[first] = until[first].max(from.max(to));
            }
        }
    }
    let mut out: Vec<Place<'t>> = Vec::with_capacity(places.len());
    let mut end = 0;
    for (index, place) in places.into_iter().enumerate() {
        match out.last_mut() {
            Some(last) if index <= end && index > 0 => last.join(&place),
            _ => out.push(place),
        }
        end = end.max(until[index]);
    }
    out
}

/// The place of each line of a version that says something nobody else there says.
fn homes<'t>(lines: &[Line<'t>], version: usize, places: &[Place<'t>]) -> HashMap<&'t str, Option<usize>> {
    let mut homes = HashMap::new();
    for (index, place) in places.iter().enumerate() {
        for line in &lines[place.lines[version].clone()] {
            if line.content.contains(char::is_alphanumeric) {
                homes.entry(saying(line)).and_modify(|home| *home = None).or_insert(Some(index));
            }
        }
    }
    homes
}

/// Whether the lines are the same but for their ends.
pub(super) fn says_the_same(one: &[Line<'_>], other: &[Line<'_>]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.content == other.content)
}

struct Pairing<'v, 't> {
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
        if gap[1].is_empty() && self.are_all_in(Side::Theirs, from[0]..to[0]) {
            self.removed(to, Side::Theirs);
        } else if gap[2].is_empty() && self.are_all_in(Side::Ours, from[0]..to[0]) {
            self.removed(to, Side::Ours);
        } else {
            self.places.push(Place {
                title: first.title,
                kind: Kind::Lines,
                lines,
                only: None,
                is_section: false,
            });
        }
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
            self.places.push(Place { title: part.title, kind: Kind::Lines, lines, only, is_section: false });
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
