//! Which lines of two versions are the same line.
//!
//! Patience matching in bounded time: lines that stand once in both versions are paired by their
//! longest common subsequence, and what lies between the pairs is looked at again. What is left
//! without such lines is compared exhaustively when it is small; otherwise the n-th occurrence of a
//! line is paired with the n-th. So two wholly different files, or files of one line a million
//! times, cost n log n, where a minimal diff costs n².

/// The most pairs of lines that are compared exhaustively.
const MOST_PAIRS: usize = 1 << 12;

/// How often a gap between pairs is looked at again.
const DEEPEST: u8 = 24;

/// For each of `base`, the position of the same line in `side`; ascending.
pub(in crate::document) fn align(base: &[u32], side: &[u32]) -> Vec<Option<usize>> {
    let universe = base.iter().chain(side).max().map_or(0, |&id| id as usize + 1);
    let mut matched = vec![None; base.len()];
    let mut tally = Tally { seen: vec![Seen::default(); universe] };
    let mut open = vec![Gap { base: (0, base.len()), side: (0, side.len()), depth: 0 }];
    while let Some(gap) = open.pop() {
        let gap = gap.trimmed(base, side, &mut matched);
        let (lines, others) = (gap.base.1 - gap.base.0, gap.side.1 - gap.side.0);
        if lines == 0 || others == 0 {
            continue;
        }
        if lines * others <= MOST_PAIRS {
            exhaustively(base, side, gap, &mut matched);
            continue;
        }
        let unique = if gap.depth < DEEPEST { tally.unique(base, side, gap) } else { Vec::new() };
        if unique.is_empty() {
            for (line, other) in ascending(&tally.occurrences(base, side, gap)) {
                matched[line] = Some(other);
            }
            continue;
        }
        let (mut line, mut other) = (gap.base.0, gap.side.0);
        for (next_line, next_other) in ascending(&unique) {
            matched[next_line] = Some(next_other);
            open.push(Gap { base: (line, next_line), side: (other, next_other), depth: gap.depth + 1 });
            (line, other) = (next_line + 1, next_other + 1);
        }
        open.push(Gap { base: (line, gap.base.1), side: (other, gap.side.1), depth: gap.depth + 1 });
    }
    matched
}

/// Lines of both versions, from and to.
#[derive(Clone, Copy)]
struct Gap {
    base: (usize, usize),
    side: (usize, usize),
    depth: u8,
}

impl Gap {
    /// Pairs what both begin and end with.
    fn trimmed(mut self, base: &[u32], side: &[u32], matched: &mut [Option<usize>]) -> Self {
        let is_open = |gap: &Self| gap.base.0 < gap.base.1 && gap.side.0 < gap.side.1;
        while is_open(&self) && base[self.base.0] == side[self.side.0] {
            matched[self.base.0] = Some(self.side.0);
            self.base.0 += 1;
            self.side.0 += 1;
        }
        while is_open(&self) && base[self.base.1 - 1] == side[self.side.1 - 1] {
            self.base.1 -= 1;
            self.side.1 -= 1;
            matched[self.base.1] = Some(self.side.1);
        }
        self
    }
}

/// How often a line has been seen in a gap, and where last.
#[derive(Clone, Copy, Default)]
struct Seen {
    base: u32,
    side: u32,
    place: usize,
}

/// One entry a line; all zero between uses.
struct Tally {
    seen: Vec<Seen>,
}

impl Tally {
    /// Pairs of lines that stand once in both, in the order of `side`.
    fn unique(&mut self, base: &[u32], side: &[u32], gap: Gap) -> Vec<(usize, usize)> {
        for line in gap.base.0..gap.base.1 {
            let seen = &mut self.seen[base[line] as usize];
            seen.base += 1;
            seen.place = line;
        }
        for &id in &side[gap.side.0..gap.side.1] {
            self.seen[id as usize].side += 1;
        }
        let pairs = (gap.side.0..gap.side.1).filter_map(|other| {
            let seen = self.seen[side[other] as usize];
            (seen.base == 1 && seen.side == 1).then_some((seen.place, other))
        });
        let pairs = pairs.collect();
        self.forget(base, side, gap);
        pairs
    }

    /// Pairs of n-th occurrences, in the order of `side`.
    fn occurrences(&mut self, base: &[u32], side: &[u32], gap: Gap) -> Vec<(usize, usize)> {
        // Chains of the lines with the same id, first to last.
        let mut next = vec![usize::MAX; gap.base.1 - gap.base.0];
        for line in (gap.base.0..gap.base.1).rev() {
            let seen = &mut self.seen[base[line] as usize];
            next[line - gap.base.0] = if seen.base == 0 { usize::MAX } else { seen.place };
            seen.base += 1;
            seen.place = line;
        }
        let mut pairs = Vec::new();
        for other in gap.side.0..gap.side.1 {
            let seen = &mut self.seen[side[other] as usize];
            if seen.base > 0 {
                pairs.push((seen.place, other));
                seen.base -= 1;
                seen.place = next[seen.place - gap.base.0];
            }
        }
        self.forget(base, side, gap);
        pairs
    }

    fn forget(&mut self, base: &[u32], side: &[u32], gap: Gap) {
        for &id in base[gap.base.0..gap.base.1].iter().chain(&side[gap.side.0..gap.side.1]) {
            self.seen[id as usize] = Seen::default();
        }
    }
}

/// The longest part of `pairs` that ascends on both sides; they ascend on the second.
fn ascending(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // The last pair of the best chain of each length, and each pair's predecessor in its chain.
    let mut ends: Vec<usize> = Vec::new();
    let mut before = vec![usize::MAX; pairs.len()];
    for (index, &(line, _)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|&end| pairs[end].0 < line);
        if length > 0 {
            before[index] = ends[length - 1];
        }
        if length == ends.len() {
            ends.push(index);
        } else {
            ends[length] = index;
        }
    }
    let mut chain = Vec::with_capacity(ends.len());
    let mut at = ends.last().copied().unwrap_or(usize::MAX);
    while let Some(&pair) = pairs.get(at) {
        chain.push(pair);
        at = before[at];
    }
    chain.reverse();
    chain
}

/// The longest common subsequence of a small gap.
fn exhaustively(base: &[u32], side: &[u32], gap: Gap, matched: &mut [Option<usize>]) {
    let (lines, others) = (&base[gap.base.0..gap.base.1], &side[gap.side.0..gap.side.1]);
    let width = others.len() + 1;
    let mut longest = vec![0_u16; (lines.len() + 1) * width];
    for (line, id) in lines.iter().enumerate().rev() {
        for (other, other_id) in others.iter().enumerate().rev() {
            longest[line * width + other] = if id == other_id {
                longest[(line + 1) * width + other + 1] + 1
            } else {
                longest[(line + 1) * width + other].max(longest[line * width + other + 1])
            };
        }
    }
    let (mut line, mut other) = (0, 0);
    while line < lines.len() && other < others.len() {
        if lines[line] == others[other] {
            matched[gap.base.0 + line] = Some(gap.side.0 + other);
            line += 1;
            other += 1;
        } else if longest[(line + 1) * width + other] >= longest[line * width + other + 1] {
            line += 1;
        } else {
            other += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ids(text: &str) -> Vec<u32> {
        text.bytes().map(u32::from).collect()
    }

    #[test]
    fn pairs_the_same_lines() {
        for (base, side, expected) in [
            ("", "abc", vec![]),
            ("abc", "abc", vec![Some(0), Some(1), Some(2)]),
            ("abc", "axc", vec![Some(0), None, Some(2)]),
            ("abc", "bc", vec![None, Some(0), Some(1)]),
            ("aaa", "aa", vec![Some(0), Some(1), None]),
            ("abab", "xbay", vec![None, Some(1), Some(2), None]),
        ] {
            assert_eq!(align(&ids(base), &ids(side)), expected, "{base} {side}");
        }
    }

    #[test]
    fn large_gaps_without_unique_lines_take_no_square_time() {
        let base: Vec<u32> = (0..400_000).map(|n| n % 2).collect();
        let side: Vec<u32> = (0..400_000).map(|n| (n * 7 / 3) % 2).collect();
        let matched = align(&base, &side);
        assert!(matched.iter().flatten().count() > 100_000);
        let reversed: Vec<u32> = (0..400_000).rev().collect();
        let upright: Vec<u32> = (0..400_000).collect();
        assert_eq!(align(&upright, &reversed).iter().flatten().count(), 1);
    }

    proptest! {
        #[test]
        fn pairs_ascend_and_are_the_same(
            base in proptest::collection::vec(0_u32..40, 0..200),
            side in proptest::collection::vec(0_u32..40, 0..200),
        ) {
            let matched = align(&base, &side);
            let pairs: Vec<_> = matched.iter().enumerate().filter_map(|(i, j)| Some((i, (*j)?))).collect();
            prop_assert!(pairs.iter().all(|&(i, j)| base[i] == side[j]));
            prop_assert!(pairs.windows(2).all(|pair| pair[0].1 < pair[1].1));
        }
    }
}
