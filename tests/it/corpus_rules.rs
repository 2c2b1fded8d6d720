//! How much of the rules in real files is understood, held by floors.

#[path = "../../examples/corpus_report/rules.rs"]
mod rules;

use rules::Share;

#[track_caller]
fn at_least(percent: f64, name: &str, share: Share) {
    assert!(share.of > 0, "{name}: nothing was measured");
    assert!(share.percent() >= percent, "{name}: {share}, less than {percent} %");
}

#[test]
fn real_rules_are_understood() {
    let Some(corpus) = super::corpus::corpus() else { return };
    let coverage = rules::measure(&corpus).unwrap();
    at_least(100.0, "rule ids", coverage.ids);
    for class in ['D', 'E'] {
        at_least(95.0, "triggers that can be decided", coverage.triggers[&class]);
    }
    at_least(100.0, "triggers that stay questions", coverage.triggers[&'J']);
    let full = ['1', '2', '3'].map(|class| coverage.actions[&class]);
    let all = full
        .iter()
        .fold(Share::default(), |sum, share| Share { hits: sum.hits + share.hits, of: sum.of + share.of });
    at_least(95.0, "actions that need no agent", all);
    at_least(75.0, "mechanical steps of the other actions", coverage.mechanical);
    for (id, share) in &coverage.shipped {
        at_least(80.0, id, *share);
    }
}
