//! What the rules want to know that does not stand in the two documents.

use crate::{
    disk::Workspace,
    document::WorkflowState,
    engine::FileFact,
    rules::{self, Condition, Guard, RuleSet, Step, StepKind, Test},
};
use std::collections::BTreeMap;

/// Looks up every file that the rules of a state file name.
pub(super) fn gather(workspace: &Workspace, state: &str) -> BTreeMap<String, FileFact> {
    let rules = rules::compile(&WorkflowState::parse(state));
    paths(&rules).into_iter().map(|path| (path.to_owned(), workspace.file_fact(path))).collect()
}

fn paths(rules: &RuleSet) -> Vec<&str> {
    let mut paths = Vec::new();
    for clause in rules.rules.iter().flat_map(|rule| &rule.clauses) {
        if let Some(trigger) = &clause.trigger {
            in_condition(&trigger.condition, &mut paths);
        }
        in_steps(&clause.steps, &mut paths);
    }
    paths
}

fn in_condition<'r>(condition: &'r Condition, paths: &mut Vec<&'r str>) {
    paths.extend(condition.atoms().into_iter().filter_map(|atom| match &atom.test {
        Test::File { path, .. } => Some(path.as_str()),
        _ => None,
    }));
}

fn in_steps<'r>(steps: &'r [Step], paths: &mut Vec<&'r str>) {
    for step in steps {
        match &step.kind {
            StepKind::Read { path } | StepKind::Find { path: Some(path), .. } => paths.push(path),
            StepKind::If { guard, then, otherwise } => {
                if let Guard::Holds(condition) = guard {
                    in_condition(condition, paths);
                }
                in_steps(then, paths);
                in_steps(otherwise, paths);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_rules_name_are_looked_up() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::new(folder.path(), "workflow_state.md", "project_config.md").unwrap();
        std::fs::File::create(folder.path().join("spec.md")).unwrap();
        let state = "## Rules\n### RULE_A_01\nTrigger ▶ `spec.md is missing or empty`\nAction ▶\n\
                     1. Read `docs/guide.md`.\n2. Set `Phase = INIT`.\n";
        let facts = gather(&workspace, state);
        assert_eq!(facts.get("spec.md"), Some(&FileFact::Empty));
        assert_eq!(facts.get("docs/guide.md"), Some(&FileFact::Missing));
        assert_eq!(facts.len(), 2);
    }
}
