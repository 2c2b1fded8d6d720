//! Logs that are cleared.

use crate::document::{Role, WorkflowState};
use std::collections::BTreeSet;

/// The content of Log in `before`, when `after` has lost at least half of its lines: it was
/// cleared or rotated, by a rule or by hand, and is kept.
pub(super) fn cleared_log(before: &str, after: &str) -> Option<String> {
    if before == after {
        return None;
    }
    let old = log(before).filter(|log| !log.trim().is_empty())?;
    let new = log(after).unwrap_or_default();
    let kept: BTreeSet<&str> = new.lines().collect();
    let lines = || old.lines().filter(|line| !line.trim().is_empty());
    let gone = lines().filter(|line| !kept.contains(line)).count();
    (2 * gone >= lines().count()).then_some(old)
}

fn log(state: &str) -> Option<String> {
    let state = WorkflowState::parse(state);
    let outline = state.outline();
    outline.section(Role::Log).map(|section| outline.content(section))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: &str, after: &str, expected: Option<&str>) {
        let file = |log: &str| format!("# Workflow\n\n## State\nPhase: INIT\n\n## Log\n{log}");
        assert_eq!(cleared_log(&file(before), &file(after)).as_deref(), expected, "{before:?} → {after:?}");
    }

    #[test]
    fn what_is_cleared_is_kept() {
        check("- a\n- b\n", "- a\n- b\n- c\n", None);
        check("- a\n- b\n- c\n", "- a\n- c\n", None);
        check("- a\n- b\n", "", Some("- a\n- b"));
        check("- a\n- b\n- c\n", "- c\n- d\n", Some("- a\n- b\n- c"));
        check("", "- a\n", None);
    }
}
