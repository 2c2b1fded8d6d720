//! Merges on real history, against plain `git merge-file`.

#[path = "../../examples/merge_history/measure.rs"]
mod measure;
#[path = "../../examples/merge_history/parallel.rs"]
mod parallel;

/// How many real edits there are to one that an unoptimised test merges; the example `merge_history`
/// merges them all.
const STRIDE: usize = 12;

#[test]
fn nothing_is_lost_and_few_merges_conflict() {
    let Some(corpus) = super::corpus::corpus() else { return };
    let merges = measure::measure(&corpus, STRIDE).unwrap();
    println!("{merges}");
    assert_eq!(merges.faults, [""; 0]);
    let sum = |count: fn(&measure::Count) -> usize| merges.counts.values().map(count).sum::<usize>();
    let (all, own, by_lines) = (sum(|it| it.merges), sum(|it| it.conflicts), sum(|it| it.by_lines));
    assert!(all > 2_000 / STRIDE, "{all} merges");
    assert!(own * 5 < by_lines, "{own} conflicts of {all}; {by_lines} of `git merge-file`");
}
