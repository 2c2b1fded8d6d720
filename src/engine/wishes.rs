//! What a phase's steps ask for, besides what the agent does: runs of the checks, and the State edit
//! that a good run allows.

use super::{
    evaluate::{COMPLETED, same_word},
    guidance::awaits_person,
    plan::Boxes,
};
use crate::{
    document::WorkflowState,
    rules::{self, CheckKind, Command, Guard, NewValue, Phase, RuleSet, Step, StepKind},
};

/// A phase that asks for runs of the project's checks.
#[derive(Clone, Debug)]
pub(super) struct CheckedPhase {
    pub(super) phase: Phase,
    /// Whether they are to run after each change, and not only once.
    pub(super) after_each: bool,
}

/// Who is told to run something.
const VERBS: [&str; 8] = ["run", "rerun", "re-run", "running", "runs", "execute", "pass", "passes"];

/// What is run that speaks of the work.
const CHECKS: [&str; 14] = [
    "test",
    "tests",
    "testing",
    "lint",
    "linter",
    "linters",
    "linting",
    "typecheck",
    "checks",
    "suite",
    "suites",
    "e2e",
    "pytest",
    "clippy",
];

impl CheckedPhase {
    /// The phase with this name, if its steps ask for the checks.
    pub(super) fn named(rules: &RuleSet, state: &WorkflowState<'_>, name: &str) -> Option<Self> {
        let phase = rules.phases.iter().find(|phase| same_word(&phase.name, name))?;
        // Most phases do not, and their steps need not be read for that.
        if !words(&phase.span.of(state.outline().text()).to_lowercase()).any(|word| CHECKS.contains(&word)) {
            return None;
        }
        let phase = rules::compile_phase(state, phase)?;
        let mut wishes = phase.steps.iter().filter(|step| asks(step));
        let first = wishes.next()?;
        let after_each = std::iter::once(first).chain(wishes).any(|step| is_after_each(&step.text));
        Some(Self { phase, after_each })
    }

    /// The phase that the state is in, if it asks for the checks and is being worked in.
    pub(super) fn current(rules: &RuleSet, state: &WorkflowState<'_>) -> Option<Self> {
        let is_over = state.value("Status").is_some_and(|status| same_word(status, COMPLETED));
        if is_over || awaits_person(state) {
            return None;
        }
        Self::named(rules, state, state.value("Phase")?)
    }

    /// The State keys that a good run of the checks sets, as the phase's steps say: "If clean, set …".
    /// While the plan has open boxes, or none at all where work goes step by step, there are none.
    pub(super) fn closing(&self, plan: &str) -> Vec<(String, String)> {
        let Boxes { ticked, open } = Boxes::of(plan);
        if open > 0 || (self.after_each && ticked == 0) {
            return Vec::new();
        }
        let guarded = self.phase.steps.iter().filter_map(|step| match &step.kind {
            StepKind::If { guard: Guard::Succeeded(true) | Guard::Issues(false), then, .. } => Some(then),
            _ => None,
        });
        let sets = guarded.flatten().filter_map(|step| match &step.kind {
            StepKind::Set(assignments) => Some(assignments),
            _ => None,
        });
        let known = sets.flatten().filter_map(|assignment| match &assignment.value {
            NewValue::Literal(value) => Some((assignment.key.clone(), value.clone())),
            _ => None,
        });
        known.collect()
    }
}

/// Whether the phase that the state is in asks for runs of the checks, and is being worked in.
#[must_use]
pub fn asks_for_checks(state: &WorkflowState<'_>) -> bool {
    CheckedPhase::current(&rules::compile_runnable(state), state).is_some()
}

/// Whether a step asks for a run of the checks.
fn asks(step: &Step) -> bool {
    match &step.kind {
        StepKind::Run(Command::Checks(kinds)) => {
            kinds.iter().any(|kind| matches!(kind, CheckKind::Test | CheckKind::Lint))
        }
        StepKind::If { then, otherwise, .. } => then.iter().chain(otherwise).any(asks),
        StepKind::Set(_) | StepKind::Ask => false,
        _ => step.text.split(['.', ';', '\n']).any(|sentence| {
            let sentence = sentence.to_lowercase();
            let mut words = words(&sentence);
            words.any(|word| VERBS.contains(&word)) && words.any(|word| CHECKS.contains(&word))
        }),
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '-')).filter(|word| !word.is_empty())
}

fn is_after_each(text: &str) -> bool {
    let text = text.to_lowercase();
    ["after each", "after every", "each change", "every change", "atomic change", "each step", "every step"]
        .iter()
        .any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_that_ask_for_the_checks() {
        let check = |steps: &str, expected: Option<bool>| {
            let text = format!("## State\nPhase: P\n\n## Rules\n### [PHASE: P]\n{steps}\n\n## Items\n");
            let state = WorkflowState::parse(&text);
            let found = CheckedPhase::named(&rules::compile_runnable(&state), &state, "p");
            assert_eq!(found.map(|found| found.after_each), expected, "{steps}");
        };
        check("1. After each change, run the test commands in `project_config.md` and log.", Some(true));
        check("1. Run all test commands in `project_config.md` once more.", Some(false));
        check(
            "1. After every atomic change run test / linter commands specified in `project_config.md`.",
            Some(true),
        );
        check("- Rerun full test suite & any E2E checks", Some(false));
        check("1. Follow approved plan; run tests; log; set `VALIDATE`", Some(false));
        check("1. Run lint, typecheck, and tests via repo scripts", Some(false));
        check("1. Read the tests. Run the app.", None);
        check("1. Write a plan that names the tests.", None);
        check("1. Set `Status = RUNNING`.", None);
    }

    #[test]
    fn a_good_run_closes_a_phase_whose_plan_is_done() {
        let state = "## State\nPhase: P\n\n## Rules\n### [PHASE: STEPWISE]\n1. After each change, run the tests.\n\
                     2. On success of all steps, set `Phase = VALIDATE`.\n\n### [PHASE: VALIDATE]\n1. Run all tests.\n\
                     2. If clean, set `Status = COMPLETED`.\n3. Set `Status = X`.\n\n## Items\n";
        let state = WorkflowState::parse(state);
        let rules = rules::compile_runnable(&state);
        let check = |phase: &str, plan: &str, expected: &[&str]| {
            let closing = CheckedPhase::named(&rules, &state, phase).unwrap().closing(plan);
            let told: Vec<String> = closing.iter().map(|(key, value)| format!("{key}={value}")).collect();
            assert_eq!(told, expected, "{phase}: {plan}");
        };
        check("STEPWISE", "- [x] a\n  1. [X] b\n", &["Phase=VALIDATE"]);
        check("STEPWISE", "- [x] a\n- [ ] b\n", &[]);
        check("STEPWISE", "1. a\n2. b\n", &[]);
        check("VALIDATE", "1. a\n", &["Status=COMPLETED"]);
        check("VALIDATE", "- [ ] a\n", &[]);
    }
}
