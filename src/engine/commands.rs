//! The commands that a project's two files name: for its checks, and in the steps of its rules.

use crate::{
    document::{CommandKind, ProjectConfig, WorkflowState, destructive_git},
    rules::{CheckKind, Command, RuleSet, Step, StepKind},
    text::{DocumentId, LineIndex},
};
use std::collections::BTreeSet;

/// A command that the files name. Which of them may run, a person decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedCommand {
    /// What it is for.
    pub purpose: Purpose,
    /// What the file calls it.
    pub label: String,
    /// The command line.
    pub line: String,
    /// The file it stands in.
    pub document: DocumentId,
    /// The line it stands on, from 1.
    pub at: usize,
}

/// What a command is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// One of the project's checks.
    Check(CommandKind),
    /// A step of the rule with this id.
    Step(String),
}

impl Purpose {
    /// In a word: `test`, or the rule's id.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Check(kind) => kind.name(),
            Self::Step(rule) => rule,
        }
    }
}

impl NamedCommand {
    /// Why only a person may run it: the destructive git command in it.
    #[must_use]
    pub fn destructive(&self) -> Option<String> {
        destructive_git(&self.line)
    }

    /// Whether it tells if the work is sound: tests, lint, checks, and what looks at the format
    /// without changing it.
    #[must_use]
    pub fn is_check(&self) -> bool {
        const LOOKS: [&str; 4] = ["--check", "--diff", "--list-different", "--dry-run"];
        match self.purpose {
            Purpose::Check(CommandKind::Test | CommandKind::Lint | CommandKind::Check) => true,
            Purpose::Check(CommandKind::Format) => {
                self.line.split([' ', ':', '=']).any(|word| word == "check" || LOOKS.contains(&word))
            }
            Purpose::Check(CommandKind::Build) | Purpose::Step(_) => false,
        }
    }

    /// Whether a rule that asks for `kind` means it.
    #[must_use]
    pub fn is_of(&self, kind: CheckKind) -> bool {
        let Purpose::Check(own) = self.purpose else { return false };
        match kind {
            CheckKind::Test => own == CommandKind::Test,
            CheckKind::Lint => matches!(own, CommandKind::Lint | CommandKind::Check),
            CheckKind::Format => own == CommandKind::Format,
            CheckKind::Build => own == CommandKind::Build,
        }
    }
}

/// The commands of both files: those of the config first, each file's in its order, none twice.
#[must_use]
pub fn commands(state: &WorkflowState<'_>, rules: &RuleSet, config: Option<&str>) -> Vec<NamedCommand> {
    let mut named: Vec<NamedCommand> = Vec::new();
    let mut known: BTreeSet<(String, String)> = BTreeSet::new();
    let mut add = |command: NamedCommand| {
        if known.insert((command.purpose.name().to_owned(), command.line.clone())) {
            named.push(command);
        }
    };
    if let Some(text) = config {
        let index = LineIndex::new(text);
        for command in ProjectConfig::parse(text).commands() {
            add(NamedCommand {
                purpose: Purpose::Check(command.kind),
                at: index.line_column(command.span.start).line,
                label: command.label,
                line: command.line,
                document: DocumentId::Config,
            });
        }
    }
    let index = LineIndex::new(state.outline().text());
    for rule in &rules.rules {
        let mut steps = Vec::new();
        rule.clauses.iter().for_each(|clause| collect(&clause.steps, &mut steps));
        for (step, line) in steps {
            add(NamedCommand {
                purpose: Purpose::Step(rule.id.clone()),
                label: rule.title.clone().unwrap_or_else(|| rule.id.clone()),
                line: line.to_owned(),
                document: DocumentId::State,
                at: index.line_column(step.span.start).line,
            });
        }
    }
    named
}

/// The line that makes a commit of what is staged; the message comes from the finished item.
pub const COMMIT: &str = "git commit";

fn collect<'r>(steps: &'r [Step], into: &mut Vec<(&'r Step, &'r str)>) {
    for step in steps {
        match &step.kind {
            StepKind::Run(Command::Line(line)) => into.push((step, line)),
            StepKind::Run(Command::Commit) => into.push((step, COMMIT)),
            StepKind::If { then, otherwise, .. } => {
                collect(then, into);
                collect(otherwise, into);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;

    #[test]
    fn both_files_are_read() {
        let state = "## State\nPhase: A\n\n## Rules\n### RULE_GIT_COMMIT_01\nTrigger ▶ `Phase == VALIDATE`\n\
                     Action ▶\n1. Execute `git add .` and `git commit`.\n2. Run `sh -c 'git push'`.\n";
        let config = "## Checks\n- Test: `cargo test`\n- Format: `cargo fmt --check`\n- Format: `cargo fmt`\n\
                      - Tests: `cargo test`\n- Build: `make`\n";
        let state = WorkflowState::parse(state);
        let found = commands(&state, &rules::compile(&state), Some(config));
        let told: Vec<_> =
            found.iter().map(|it| (it.purpose.name(), it.line.as_str(), it.at, it.is_check())).collect();
        assert_eq!(
            told,
            [
                ("test", "cargo test", 2, true),
                ("format", "cargo fmt --check", 3, true),
                ("format", "cargo fmt", 4, false),
                ("build", "make", 6, false),
                ("RULE_GIT_COMMIT_01", "git add .", 8, false),
                ("RULE_GIT_COMMIT_01", "git commit", 8, false),
            ],
            "what is destructive is asked of a person, not named"
        );
        assert!(found.iter().all(|command| command.destructive().is_none()));
    }
}
