//! Which version a text was made from.
//!
//! Agents and editors read a file, think, and write their whole copy back. When somebody else wrote
//! meanwhile, the copy lacks that, and only a comparison tells a copy of an older version from one whose
//! author took the newer lines out. Lines are compared as multisets: order doesn't matter here.

/// The lines of a text, without the blank ones, each as a hash: what is kept of a version to compare
/// others with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineSet(Vec<u64>);

/// How much a line that is missing weighs against one that was added. People and agents add more than
/// they take out; with 1, a later version than the true one is chosen too often, and what it had more
/// looks deleted (measured in the reliability report, section 2.3).
const MISSING: usize = 8;

impl LineSet {
    /// The lines of `text`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
        let mut hashes: Vec<u64> = lines.map(hash).collect();
        hashes.sort_unstable();
        Self(hashes)
    }

    /// For storing; [`LineSet::from_bytes`] reads it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|hash| hash.to_le_bytes()).collect()
    }

    /// What [`LineSet::to_bytes`] wrote; `None` for anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (hashes, rest) = bytes.as_chunks::<8>();
        let hashes: Vec<u64> = hashes.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
        (rest.is_empty() && hashes.is_sorted()).then_some(Self(hashes))
    }

    /// How far `made` is from having been made out of this version: the lines it has more, and
    /// those it lacks, which weigh more.
    #[must_use]
    pub fn distance_to(&self, made: &Self) -> usize {
        let (mut missing, mut added) = (0, 0);
        for_each_line([&self.0, &made.0], |[here, there]| {
            missing += here.saturating_sub(there);
            added += there.saturating_sub(here);
        });
        added + MISSING * missing
    }

    /// Whether most lines of this version are in `made`. Otherwise that is a new text rather than an
    /// edit of this one.
    #[must_use]
    pub fn is_mostly_in(&self, made: &Self) -> bool {
        let mut missing = 0;
        for_each_line([&self.0, &made.0], |[here, there]| missing += here.saturating_sub(there));
        2 * missing <= self.0.len()
    }

    /// Whether this text knows nothing of a change, of which `before` and `after` are the versions
    /// around it and `head` the newest. Of the lines that the change made more or fewer, and that still
    /// are as it left them, most are here as they were before; and what was added after the change is
    /// not here. `None` when those lines tell nothing: none is as the change left it, or as many are
    /// here as they were before.
    #[must_use]
    pub fn predates(&self, before: &Self, after: &Self, head: &Self) -> Option<bool> {
        let (mut old, mut new) = (0, 0);
        let (mut later, mut later_here) = (0, 0);
        for_each_line([&before.0, &after.0, &head.0, &self.0], |[before, after, head, here]| {
            if before != after && head == after {
                old += usize::from(here.abs_diff(before) < here.abs_diff(after));
                new += usize::from(here.abs_diff(after) < here.abs_diff(before));
            }
            if head > after {
                later += head - after;
                later_here += here.clamp(after, head) - after;
            }
        });
        (old != new).then(|| old > new && (later == 0 || 2 * later_here <= later))
    }
}

/// Walks through sorted lists side by side: how often each hash is in each of them.
fn for_each_line<const N: usize>(mut lists: [&[u64]; N], mut see: impl FnMut([usize; N])) {
    while let Some(next) = lists.iter().filter_map(|list| list.first()).min().copied() {
        see(std::array::from_fn(|at| {
            let count = lists[at].iter().take_while(|hash| **hash == next).count();
            lists[at] = &lists[at][count..];
            count
        }));
    }
}

/// FNV-1a: the same on every machine and in every version, as it is stored.
fn hash(line: &str) -> u64 {
    line.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stored_is_read() {
        let lines = LineSet::of("b\na\n\nb  \r\n");
        assert_eq!(lines.0.len(), 3);
        assert_eq!(LineSet::from_bytes(&lines.to_bytes()), Some(lines));
        assert_eq!(LineSet::from_bytes(&[1]), None);
        assert_eq!(LineSet::from_bytes(&[2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]), None);
    }

    #[test]
    fn the_nearest_version_is_the_base() {
        let versions = ["a\nb\n", "a\nb\nc\n", "a\nB\nc\nd\n"];
        let check = |made: &str, expected: usize| {
            let made = LineSet::of(made);
            let nearest = (0..versions.len())
                .min_by_key(|at| (LineSet::of(versions[*at]).distance_to(&made), versions.len() - at));
            assert_eq!(nearest, Some(expected), "{made:?}");
        };
        check("a\nb\nmine\n", 0);
        check("mine\na\nb\nc\n", 1);
        check("a\nB\nc\nd\nmine\n", 2);
        check("a\nB\nd\n", 2);
        check("a\nb\nx\ny\nz\n", 0);
    }

    #[test]
    fn a_copy_of_an_older_version_is_told_from_an_edit() {
        let (before, after) = ("- [ ] one\n- [ ] two\n", "- [x] one\n- [ ] two\n- logged\n");
        let check = |head: &str, text: &str, expected: Option<bool>| {
            let predates =
                LineSet::of(text).predates(&LineSet::of(before), &LineSet::of(after), &LineSet::of(head));
            assert_eq!(predates, expected, "{text:?}");
        };
        check(after, "- [ ] one\n- [ ] two\nmine\n", Some(true));
        check(after, "- [ ] one\n", Some(true));
        check(after, "- [x] one\n- [ ] two\n- logged\nmine\n", Some(false));
        check(after, "- [x] one\n- [ ] two\n", Some(false));
        check(after, "- [x] one, really\n- [ ] two\n- logged\n", Some(false));
        check("- [x] one\n- [ ] two\n", "- [x] one, really\n- [ ] two\n", None);
        check("- [x] one\n- [ ] two\n- logged\nlater\n", "- [ ] two\nlater\n", Some(false));
        check("- [x] one\n- [ ] two\n- logged\nlater\n", "- [ ] one\n- [ ] two\nmine\n", Some(true));
        check("- [ ] two\n", "- [ ] two\nmine\n", Some(false));
    }

    #[test]
    fn a_change_that_only_adds() {
        let check = |head: &str, text: &str, expected: Option<bool>| {
            let predates = LineSet::of(text).predates(
                &LineSet::of("a\n"),
                &LineSet::of("a\nlogged\n"),
                &LineSet::of(head),
            );
            assert_eq!(predates, expected, "{head:?}, {text:?}");
        };
        check("a\nlogged\n", "a\nmine\n", Some(true));
        check("a\nlogged\n", "a\nlogged\nmine\n", Some(false));
        check("a\n", "a\nmine\n", None);
        check("a\nlogged\nlater\n", "a\nlater\n", Some(false));
    }

    #[test]
    fn a_new_text_is_no_edit() {
        let check = |made: &str, expected| {
            assert_eq!(LineSet::of("a\nb\nc\nd\n").is_mostly_in(&LineSet::of(made)), expected, "{made:?}");
        };
        check("d\na\nx\n", true);
        check("d\nx\ny\n", false);
        check("", false);
    }
}
