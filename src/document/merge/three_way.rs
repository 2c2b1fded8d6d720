//! Three versions of the lines of one part, as one.

use super::{
    Conflict, Side,
    align::align,
    entries,
    lines::{Ending, Line, Name, Version, Written},
    names,
    places::{Place, says_the_same},
    sections::Kind,
    walk::Walk,
};
use crate::document::inline;
use std::ops::Range;

/// What all parts of a merge share.
pub(super) struct Merge<'m, 't> {
    pub(super) versions: [&'m Version<'t>; 3],
    pub(super) ending: Ending,
    pub(super) prefer: Side,
    /// Whether a line with these State keys is settled by whoever asked for the merge.
    pub(super) is_settled: fn(&str) -> bool,
    pub(super) written: Vec<Written<'t>>,
    pub(super) conflicts: Vec<Conflict>,
}

impl<'t> Merge<'_, 't> {
    /// Writes the merged lines of `place`.
    pub(super) fn place(&mut self, place: &Place<'t>) {
        let lines = [0, 1, 2].map(|index| &self.versions[index].lines[place.lines[index].clone()]);
        let [base, ours, theirs] = lines;
        if let Some(keeper) = place.only {
            return self.removed(place.title, keeper, lines);
        }
        if is_same(base, ours) {
            return self.side(Side::Theirs, theirs);
        }
        if is_same(base, theirs) || is_same(ours, theirs) {
            return self.side(Side::Ours, ours);
        }
        let ids = names::identities(lines);
        let [mut own, mut others] = [align(&ids[0], &ids[1]), align(&ids[0], &ids[2])];
        pair_reworded(base, ours, &mut own);
        pair_reworded(base, theirs, &mut others);
        if place.kind == Kind::Lines {
            let rewritten = [replaced(&own, ours.len()), replaced(&others, theirs.len())];
            part_with(base, ours, &mut own, &rewritten[1]);
            part_with(base, theirs, &mut others, &rewritten[0]);
        }
        let order = is_descending(lines);
        let walk = Walk::new(self, place, lines, [own, others]);
        if place.kind == Kind::Lines { walk.lines(order) } else { walk.entries(order) }
    }

    /// A section that only `keeper` still has stays if it was changed.
    fn removed(&mut self, title: &str, keeper: Side, lines: [&[Line<'t>]; 3]) {
        let kept = if keeper == Side::Ours { lines[1] } else { lines[2] };
        if says_the_same(kept, lines[0]) {
            return;
        }
        self.side(keeper, kept);
        self.conflict(title, None, lines);
    }

    pub(super) fn side(&mut self, side: Side, lines: &[Line<'t>]) {
        for line in lines {
            self.line_of(side, line);
        }
    }

    pub(super) fn line_of(&mut self, side: Side, line: &Line<'t>) {
        let version = self.versions[if side == Side::Ours { 1 } else { 2 }];
        let end = self.ending.for_line(version, line.end);
        self.written.push(Written { content: line.content.into(), end });
    }

    /// Notes a conflict in the section `title`, in `line` if it is only one.
    pub(super) fn conflict(&mut self, title: &str, line: Option<&Line<'t>>, versions: [&[Line<'t>]; 3]) {
        let name = line.and_then(|line| line.name.as_ref());
        let title = inline::plain(title);
        let place = match name {
            Some(Name::Keys(keys)) if title.is_empty() => keys.clone(),
            Some(Name::Keys(keys)) => format!("{title}: {keys}"),
            Some(Name::Item(id, _)) if !id.is_empty() => format!("{title} {id}"),
            Some(Name::Item(_, description)) => format!("{title}: {description}"),
            _ if title.is_empty() => "top of the file".to_owned(),
            _ => title,
        };
        let [base, ours, theirs] = versions.map(text);
        self.conflicts.push(Conflict { place, base, ours, theirs });
    }
}

fn text(lines: &[Line<'_>]) -> String {
    lines.iter().flat_map(|line| [line.content, line.end]).collect()
}

pub(super) fn is_same(one: &[Line<'_>], other: &[Line<'_>]) -> bool {
    let same = |(one, other): (&Line<'_>, &Line<'_>)| one.content == other.content && one.end == other.end;
    one.len() == other.len() && one.iter().zip(other).all(same)
}

/// Pairs lines that stand in each other's place and look alike.
fn pair_reworded(base: &[Line<'_>], side: &[Line<'_>], matched: &mut [Option<usize>]) {
    for hunk in hunks(matched, side.len()) {
        if hunk.base.len() == hunk.side.len() {
            for (line, other) in hunk.base.zip(hunk.side) {
                if names::is_reworded(&base[line], &side[other]) {
                    matched[line] = Some(other);
                }
            }
        }
    }
}

/// For each line of the base whether the side put something else in its place.
fn replaced(matched: &[Option<usize>], side: usize) -> Vec<bool> {
    let mut replaced = vec![false; matched.len()];
    for hunk in hunks(matched, side).iter().filter(|hunk| !hunk.side.is_empty()) {
        replaced[hunk.base.clone()].fill(true);
    }
    replaced
}

/// A line that one side changed and the other put something else in the place of is replaced by
/// both.
fn part_with(base: &[Line<'_>], side: &[Line<'_>], matched: &mut [Option<usize>], replaced: &[bool]) {
    for (line, other) in matched.iter_mut().enumerate() {
        if replaced[line] && other.is_some_and(|other| side[other].content != base[line].content) {
            *other = None;
        }
    }
}

/// Lines of the base that a side has no longer, and what it has in their place.
#[derive(Clone, Debug)]
pub(super) struct Hunk {
    pub(super) base: Range<usize>,
    pub(super) side: Range<usize>,
}

impl Hunk {
    pub(super) fn replaces(&self) -> bool {
        !self.base.is_empty() && !self.side.is_empty()
    }
}

pub(super) fn hunks(matched: &[Option<usize>], side: usize) -> Vec<Hunk> {
    let mut hunks = Vec::new();
    let (mut line, mut other) = (0, 0);
    let pairs = matched.iter().enumerate().filter_map(|(line, other)| Some((line, (*other)?)));
    for (next_line, next_other) in pairs.chain([(matched.len(), side)]) {
        if line < next_line || other < next_other {
            hunks.push(Hunk { base: line..next_line, side: other..next_other });
        }
        (line, other) = (next_line + 1, next_other + 1);
    }
    hunks
}

/// Whether the newest entries stand first, as far as the first two dates that differ tell.
fn is_descending(versions: [&[Line<'_>]; 3]) -> bool {
    let order = versions.iter().find_map(|lines| {
        let mut dates = lines.iter().filter_map(entries::stamp);
        let first = dates.next()?;
        dates.find(|&date| date != first).map(|date| date < first)
    });
    order.unwrap_or(false)
}
