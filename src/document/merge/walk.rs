//! Going through the base from top to bottom, with both sides beside it.

use super::{
    Side,
    entries::{self, Added, Sides},
    fields::{self, Contest},
    lines::{Line, Name, Written, changed},
    places::Place,
    sections::Kind,
    three_way::{Hunk, Merge, hunks, is_same},
};
use std::{
    collections::{HashMap, HashSet},
    iter::Peekable,
    ops::Range,
    vec::IntoIter,
};

pub(super) struct Walk<'w, 'm, 't> {
    merge: &'w mut Merge<'m, 't>,
    title: &'t str,
    kind: Kind,
    base: &'w [Line<'t>],
    sides: Sides<'w, 't>,
    /// The line that each line of the base became in ours and theirs.
    matched: [Vec<Option<usize>>; 2],
    /// The next line of base, ours and theirs.
    at: [usize; 3],
    /// What ours and theirs added since the last line that was written.
    pending: [Vec<Added>; 2],
    /// Entries that ours added, and theirs may have added elsewhere.
    known: HashMap<Vec<&'t str>, u32>,
    is_descending: bool,
}

impl<'w, 'm, 't> Walk<'w, 'm, 't> {
    pub(super) fn new(
        merge: &'w mut Merge<'m, 't>,
        place: &Place<'t>,
        [base, ours, theirs]: [&'w [Line<'t>]; 3],
        matched: [Vec<Option<usize>>; 2],
    ) -> Self {
        Self {
            merge,
            title: place.title,
            kind: place.kind,
            base,
            sides: Sides { ours, theirs },
            matched,
            at: [0; 3],
            pending: [Vec::new(), Vec::new()],
            known: HashMap::new(),
            is_descending: false,
        }
    }

    /// Keeps every entry that either side added.
    pub(super) fn entries(mut self, is_descending: bool) {
        self.is_descending = is_descending;
        let own = hunks(&self.matched[0], self.sides.ours.len()).into_iter();
        let added: Vec<Added> =
            own.flat_map(|hunk| hunk.side).map(|line| Added { is_ours: true, line }).collect();
        for entry in entries::entries(self.sides, &added) {
            if let Some(key) = self.sole(&entry) {
                *self.known.entry(key).or_default() += 1;
            }
        }
        self.keep_both([self.base.len(), self.sides.ours.len(), self.sides.theirs.len()]);
    }

    /// Applies what either side changed, and lets one win where both changed the same.
    pub(super) fn lines(mut self, is_descending: bool) {
        self.is_descending = is_descending;
        let mut own = hunks(&self.matched[0], self.sides.ours.len()).into_iter().peekable();
        let mut others = hunks(&self.matched[1], self.sides.theirs.len()).into_iter().peekable();
        loop {
            let starts = [own.peek(), others.peek()].map(|hunk| hunk.map(|hunk| hunk.base.start));
            let Some(start) = starts.into_iter().flatten().min() else { break };
            self.untouched(start);
            let inserts = |hunk: Option<&Hunk>| hunk.is_some_and(|hunk| hunk.base == (start..start));
            let region = match (inserts(own.peek()), inserts(others.peek())) {
                (false, false) => Region::next(start, &mut own, &mut others),
                (ours, theirs) => Region {
                    base: start..start,
                    ours: own.next_if(|_| ours).into_iter().collect(),
                    theirs: others.next_if(|_| theirs).into_iter().collect(),
                },
            };
            self.region(&region);
        }
        self.untouched(self.base.len());
    }

    /// Lines that all three have.
    fn untouched(&mut self, until: usize) {
        while self.at[0] < until {
            let [line, own, other] = self.at;
            self.in_all(line, own, other);
            self.at = [line + 1, own + 1, other + 1];
        }
    }

    fn region(&mut self, region: &Region) {
        let until = region.until(self.at);
        let ours = &self.sides.ours[self.at[1]..until[1]];
        let theirs = &self.sides.theirs[self.at[2]..until[2]];
        if !region.ours.is_empty() && is_same(ours, theirs) {
            self.merge.side(Side::Ours, ours);
        } else if region.is_contested() {
            let (side, lines) = match self.merge.prefer {
                Side::Ours => (Side::Ours, ours),
                Side::Theirs => (Side::Theirs, theirs),
            };
            self.conflict(None, [&self.base[region.base.clone()], ours, theirs]);
            self.merge.side(side, lines);
        } else {
            self.deleted_and_replaced(region);
            self.keep_both(until);
        }
        self.at = until;
    }

    /// Notes where one side deleted what the other put something else in the place of.
    fn deleted_and_replaced(&mut self, region: &Region) {
        for (hunks, others, is_ours) in
            [(&region.ours, &region.theirs, true), (&region.theirs, &region.ours, false)]
        {
            let mut others = others.iter().peekable();
            for hunk in hunks.iter().filter(|hunk| hunk.replaces()) {
                while others.next_if(|other| other.base.end <= hunk.base.start).is_some() {}
                if others.peek().is_some_and(|other| overlap(&hunk.base, &other.base)) {
                    let base = &self.base[hunk.base.clone()];
                    let lines = if is_ours { self.sides.ours } else { self.sides.theirs };
                    let side = &lines[hunk.side.clone()];
                    self.conflict(None, if is_ours { [base, side, &[]] } else { [base, &[], side] });
                }
            }
        }
    }

    /// Keeps what either side added and leaves out what either deleted. What one deleted and the
    /// other changed stays.
    fn keep_both(&mut self, until: [usize; 3]) {
        for line in self.at[0]..until[0] {
            let pair = [self.matched[0][line], self.matched[1][line]];
            for (side, matched) in pair.into_iter().enumerate() {
                if let Some(matched) = matched {
                    self.collect(side, matched);
                    self.at[side + 1] = matched + 1;
                }
            }
            match pair {
                [Some(own), Some(other)] => {
                    self.flush();
                    self.in_all(line, own, other);
                }
                [Some(own), None] => self.deleted_elsewhere(line, Side::Ours, &self.sides.ours[own]),
                [None, Some(other)] => self.deleted_elsewhere(line, Side::Theirs, &self.sides.theirs[other]),
                [None, None] => {}
            }
        }
        self.collect(0, until[1]);
        self.collect(1, until[2]);
        self.flush();
        self.at = until;
    }

    /// A line of the base that only `side` still has.
    fn deleted_elsewhere(&mut self, line: usize, side: Side, kept: &'w Line<'t>) {
        let base = &self.base[line];
        if base.content == kept.content {
            return;
        }
        self.flush();
        self.merge.line_of(side, kept);
        if self.kind == Kind::Lines {
            let (base, kept) = (std::slice::from_ref(base), std::slice::from_ref(kept));
            let versions = if side == Side::Ours { [base, kept, &[]] } else { [base, &[], kept] };
            self.conflict(Some(&base[0]), versions);
        }
    }

    /// A line that all three have, in the version that follows from theirs.
    fn in_all(&mut self, line: usize, own: usize, other: usize) {
        let versions = [&self.base[line], &self.sides.ours[own], &self.sides.theirs[other]];
        let merged = fields::merged(versions, self.merge.prefer);
        let [base, ours, theirs] = versions;
        let end = changed(base.end, ours.end, theirs.end);
        let end = [end, base.end, ours.end, theirs.end].into_iter().find(|end| !end.is_empty()).unwrap_or("");
        self.merge.written.push(Written { content: merged.content, end });
        let is_told = match merged.conflict {
            None => false,
            Some(Contest::Values) => !self.is_settled(base),
            Some(Contest::Rest) => true,
        };
        if is_told {
            self.conflict(Some(base), versions.map(std::slice::from_ref));
        }
    }

    /// Puts the lines of a side up to `until` aside.
    fn collect(&mut self, side: usize, until: usize) {
        let lines = self.at[side + 1]..until;
        let added: Vec<Added> = lines.map(|line| Added { is_ours: side == 0, line }).collect();
        if side == 0 || self.known.is_empty() {
            self.pending[side].extend(added);
            return;
        }
        for entry in entries::entries(self.sides, &added) {
            let times = self.sole(&entry).and_then(|key| self.known.get_mut(&key));
            match times {
                Some(times) if *times > 0 => *times -= 1,
                _ => self.pending[side].extend(entry),
            }
        }
    }

    /// Writes what was put aside.
    fn flush(&mut self) {
        let [mut ours, mut theirs] = std::mem::take(&mut self.pending);
        if self.kind == Kind::Lines && !ours.is_empty() && !theirs.is_empty() {
            self.same_keys(&mut ours, &mut theirs);
        }
        for added in entries::combined(self.sides, &ours, &theirs, self.is_descending) {
            let side = if added.is_ours { Side::Ours } else { Side::Theirs };
            self.merge.line_of(side, self.sides.line(added));
        }
    }

    /// Leaves one line of those with which both sides added the same State key.
    fn same_keys(&mut self, ours: &mut Vec<Added>, theirs: &mut Vec<Added>) {
        let keys = |added: &Added| match &self.sides.line(*added).name {
            Some(Name::Keys(keys)) => Some(keys),
            _ => None,
        };
        let own: HashMap<&String, Added> =
            ours.iter().filter_map(|added| Some((keys(added)?, *added))).collect();
        let pairs = theirs.iter().filter_map(|added| Some((*own.get(keys(added)?)?, *added)));
        let clashes: Vec<(Added, Added)> = pairs
            .filter(|(one, other)| self.sides.line(*one).content != self.sides.line(*other).content)
            .collect();
        let lost: HashSet<Added> = match self.merge.prefer {
            Side::Ours => clashes.iter().map(|(_, other)| *other).collect(),
            Side::Theirs => clashes.iter().map(|(own, _)| *own).collect(),
        };
        ours.retain(|added| !lost.contains(added));
        theirs.retain(|added| !lost.contains(added));
        for (own, other) in clashes {
            let [own, other] = [own, other].map(|added| self.sides.line(added));
            if self.is_settled(own) {
                continue;
            }
            self.conflict(Some(own), [&[], std::slice::from_ref(own), std::slice::from_ref(other)]);
        }
    }

    /// The lines of an entry that is the same wherever it stands: one with a date, or any of a set.
    fn sole(&self, entry: &[Added]) -> Option<Vec<&'t str>> {
        let first = self.sides.line(*entry.first()?);
        let is_sole = match self.kind {
            Kind::Lines => false,
            Kind::Entries => entries::stamp(first).is_some(),
            Kind::Set => true,
        };
        let contents = || entry.iter().map(|&line| self.sides.line(line).content).collect();
        (is_sole && entries::is_listed(self.sides, entry)).then(contents)
    }

    /// Whether whoever asked for the merge sees to the values of the line.
    fn is_settled(&self, line: &Line<'t>) -> bool {
        matches!(&line.name, Some(Name::Keys(keys)) if (self.merge.is_settled)(keys))
    }

    fn conflict(&mut self, line: Option<&Line<'t>>, versions: [&[Line<'t>]; 3]) {
        self.merge.conflict(self.title, line, versions);
    }
}

fn overlap(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

/// Hunks of both sides that touch the same lines of the base.
struct Region {
    base: Range<usize>,
    ours: Vec<Hunk>,
    theirs: Vec<Hunk>,
}

impl Region {
    /// The hunks from `start` on that overlap, directly or by way of others.
    fn next(
        start: usize,
        ours: &mut Peekable<IntoIter<Hunk>>,
        theirs: &mut Peekable<IntoIter<Hunk>>,
    ) -> Self {
        let mut region = Self { base: start..start + 1, ours: Vec::new(), theirs: Vec::new() };
        loop {
            let end = region.base.end;
            if let Some(hunk) = ours.next_if(|hunk| hunk.base.start < end) {
                region.base.end = end.max(hunk.base.end);
                region.ours.push(hunk);
            } else if let Some(hunk) = theirs.next_if(|hunk| hunk.base.start < end) {
                region.base.end = end.max(hunk.base.end);
                region.theirs.push(hunk);
            } else {
                return region;
            }
        }
    }

    /// Where base, ours and theirs stand behind it.
    fn until(&self, at: [usize; 3]) -> [usize; 3] {
        let end = self.base.end;
        let behind = |hunks: &[Hunk], at_side: usize| match hunks.last() {
            Some(hunk) => hunk.side.end + (end - hunk.base.end),
            None => at_side + (end - at[0]),
        };
        [end, behind(&self.ours, at[1]), behind(&self.theirs, at[2])]
    }

    /// Whether both sides put something else in the place of the same line.
    fn is_contested(&self) -> bool {
        let mut own = self.ours.iter().filter(|hunk| hunk.replaces()).peekable();
        let mut others = self.theirs.iter().filter(|hunk| hunk.replaces()).peekable();
        while let (Some(one), Some(other)) = (own.peek(), others.peek()) {
            if overlap(&one.base, &other.base) {
                return true;
            }
            if one.base.end <= other.base.start {
                own.next()
            } else {
                others.next()
            };
        }
        false
    }
}
