//! What Log says of tests, and who says it.

use super::evidence::{CheckResult, runs_in_words};

/// A line of Log that tells how tests went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The line's number in the Log section, from 1.
    pub line: usize,
    /// What it says.
    pub text: String,
}

/// What is run.
const SUBJECTS: [&str; 16] = [
    "test",
    "tests",
    "suite",
    "lint",
    "linter",
    "linting",
    "clippy",
    "checks",
    "pytest",
    "jest",
    "vitest",
    "typecheck",
    "specs",
    "ci",
    "coverage",
    "e2e",
];

/// How it went.
const RESULTS: [&str; 22] = [
    "pass",
    "passed",
    "passes",
    "passing",
    "green",
    "ok",
    "clean",
    "succeed",
    "succeeded",
    "succeeds",
    "success",
    "successful",
    "successfully",
    "fail",
    "failed",
    "fails",
    "failing",
    "failures",
    "red",
    "broken",
    "✅",
    "✓",
];

/// What makes a sentence one about what is to come, or about how it should be.
const PLANS: [&str; 14] = [
    "should", "must", "will", "would", "todo", "need", "needs", "plan", "until", "if", "when", "run",
    "ensure", "make",
];

/// The lines of a Log that tell how tests went although no run is known that did: `runs` are those that
/// stand in the journal, together as they were logged.
#[must_use]
pub fn claims(log: &str, runs: &[Vec<CheckResult>]) -> Vec<Claim> {
    let known: Vec<String> = runs.iter().map(|run| runs_in_words(run)).collect();
    let is_ours = |line: &str| known.iter().any(|entry| line.contains(entry)) || is_of_a_gate(line);
    let lines = log.lines().enumerate().filter(|(_, line)| claims_result(line) && !is_ours(line));
    lines
        .map(|(at, line)| Claim {
            line: at + 1,
            text: line.trim().trim_start_matches(['-', '*', ' ']).to_owned(),
        })
        .collect()
}

/// Whether a gate has written the line, about the checks.
fn is_of_a_gate(line: &str) -> bool {
    line.contains(" was left, and the checks are ")
}

fn claims_result(line: &str) -> bool {
    let line = line.to_lowercase();
    // An entry of ours that no run is known for is the boldest claim of all.
    if line.contains("checks green:") || line.contains("checks red:") {
        return true;
    }
    line.split(['.', ';', '!', '?']).any(|sentence| {
        let words: Vec<&str> = sentence
            .split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '✅' | '✓')))
            .filter(|word| !word.is_empty())
            .collect();
        let says = |list: &[&str]| words.iter().any(|word| list.contains(word));
        says(&SUBJECTS) && says(&RESULTS) && !says(&PLANS)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::CheckEnd;

    #[test]
    fn results_without_a_run_are_claims() {
        let check = |line: &str, expected: bool| {
            assert_eq!(!claims(line, &[]).is_empty(), expected, "{line}");
        };
        check("- [2026-01-02 03:04:05] All tests pass.", true);
        check("- 12 tests passed, 0 failed", true);
        check("- Lint: ✅", true);
        check("- `cargo clippy` is clean", true);
        check("- Checks green: `cargo test` ok in 3.0 s", true);
        check("- Tests should pass before the next step", false);
        check("- Wrote the tests for the parser", false);
        check("- Decision: greet by name; success is a matter of taste", false);
        check("- phase CONSTRUCT was left, and the checks are red: `x` exit 1 in 3 ms", false);
    }

    #[test]
    fn what_was_run_is_no_claim() {
        let run = vec![CheckResult {
            line: "cargo test".into(),
            end: CheckEnd::Exited(0),
            millis: 3_000,
            tail: String::new(),
            output: String::new(),
        }];
        let log = "- [x] Checks green: `cargo test` ok in 3.0 s\n- Checks green: `cargo test` ok in 4.0 s\n";
        let found = claims(log, &[run]);
        assert_eq!(found, [Claim { line: 2, text: "Checks green: `cargo test` ok in 4.0 s".into() }]);
    }
}
