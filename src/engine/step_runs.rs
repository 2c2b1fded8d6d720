//! The commands that a waiting step of a rule stands for.

use super::{
    commands::{COMMIT, NamedCommand, Purpose},
    model::PendingStep,
    summary,
};
use crate::{
    document::WorkflowState,
    rules::{Command, RuleSet, Step, StepKind},
};

/// One command that a step stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRun {
    /// The command, as the files name it: what is trusted.
    pub command: NamedCommand,
    /// The line to be run: a commit has got its message.
    pub line: String,
}

/// The commands that `step` stands for, among those that the files name; `None` when the rule no longer
/// says so, or a command it asks for is not there.
#[must_use]
pub fn runs_of(
    step: &PendingStep,
    state: &WorkflowState<'_>,
    rules: &RuleSet,
    named: &[NamedCommand],
) -> Option<Vec<StepRun>> {
    let rule = rules.rules.iter().find(|rule| rule.id == step.clause.rule)?;
    let clause = rule.clauses.get(step.clause.clause)?;
    let mut runs: Vec<StepRun> = Vec::new();
    let mut add = |command: &NamedCommand, line: String| {
        if !runs.iter().any(|known| known.line == line) {
            runs.push(StepRun { command: command.clone(), line });
        }
    };
    let own = |line: &str| {
        let is_own = |it: &&NamedCommand| it.purpose == Purpose::Step(rule.id.clone()) && it.line == line;
        named.iter().find(is_own)
    };
    for step_of_rule in waiting(&clause.steps, &step.path, step.steps)? {
        match &step_of_rule.kind {
            StepKind::Run(Command::Checks(kinds)) => {
                let mut of_kind =
                    named.iter().filter(|it| kinds.iter().any(|kind| it.is_of(*kind))).peekable();
                of_kind.peek()?;
                of_kind.for_each(|command| add(command, command.line.clone()));
            }
            StepKind::Run(Command::Line(line)) => add(own(line)?, line.clone()),
            StepKind::Run(Command::Commit) => {
                add(own(COMMIT)?, format!("{COMMIT} -m {}", quoted(&message(step, state)?)));
            }
            _ => return None,
        }
    }
    (!runs.is_empty()).then_some(runs)
}

/// The steps at a place of a clause.
fn waiting<'s>(steps: &'s [Step], path: &[usize], count: usize) -> Option<&'s [Step]> {
    match *path {
        [at] => steps.get(at..at + count),
        [at, branch, ref rest @ ..] => match &steps.get(at)?.kind {
            StepKind::If { then, otherwise, .. } => {
                waiting(if branch == 0 { then } else { otherwise }, rest, count)
            }
            _ => None,
        },
        [] => None,
    }
}

/// The commit's message: a sentence about the item that the step was asked for.
fn message(step: &PendingStep, state: &WorkflowState<'_>) -> Option<String> {
    let current = step.item.as_deref().or(state.value("CurrentItem"))?;
    let items = state.items();
    let described = items.matching(current).map_or(current, |item| item.description.as_str());
    Some(summary::sentence_about(described)).filter(|message| !message.is_empty())
}

/// A word that a shell, and whoever reads the line without one, takes as it is.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::Launch,
        engine::{ClauseId, PendingKind, commands},
        rules,
    };

    fn runs(action: &str, config: Option<&str>) -> Option<Vec<String>> {
        let text = format!(
            "## State\nPhase: A\nCurrentItem: Don't panic\n\n## Rules\n### RULE_X_01\nTrigger ▶ `Phase == A`\n\
             Action ▶ {action}\n\n## Items\n- [ ] Don't panic\n"
        );
        let state = WorkflowState::parse(&text);
        let rules = rules::compile(&state);
        let named = commands(&state, &rules, config);
        let steps = rules.rules[0].clauses[0].steps.len();
        let step = PendingStep {
            id: "p1".into(),
            clause: ClauseId { rule: "RULE_X_01".into(), clause: 0 },
            path: vec![0],
            kind: PendingKind::Run,
            text: String::new(),
            steps,
            lapses: false,
            since: jiff::civil::date(2026, 1, 2).at(3, 4, 5, 0),
            item: None,
        };
        Some(runs_of(&step, &state, &rules, &named)?.into_iter().map(|run| run.line).collect())
    }

    #[test]
    fn a_step_stands_for_the_commands_it_names() {
        let config = "## Checks\n- Test: `cargo test`\n- Lint: `cargo clippy`\n- Format: `cargo fmt`\n";
        let lines = |lines: &[&str]| Some(lines.iter().map(|&line| line.to_owned()).collect::<Vec<_>>());
        assert_eq!(runs("run test / linter commands", Some(config)), lines(&["cargo test", "cargo clippy"]));
        assert_eq!(runs("run the tests", Some(config)), lines(&["cargo test"]));
        assert_eq!(runs("run the tests", None), None, "there are none");
        assert_eq!(runs("run the build", Some(config)), None);
        let commit = runs("Execute `git add .` and `git commit`.", None).unwrap();
        assert_eq!(commit, ["git add .", "git commit -m 'Don'\\''t panic'"]);
        let Launch::Direct(words) = Launch::of(&commit[1]) else { panic!("no shell is needed") };
        assert_eq!(words, ["git", "commit", "-m", "Don't panic"]);
    }
}
