//! A project as a gate sees it, without a disk: which files there are, which commits, what is uncommitted.

use super::case::{Case, Cheat, Step, filled_fields};
use rulemark::workflow::{Answer, Evidence, Facts, Gate, Question, Scope, Verdict};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Default)]
pub(super) struct World {
    pub(super) files: BTreeSet<String>,
    /// Hashes by name.
    pub(super) commits: BTreeMap<String, String>,
    pub(super) has_uncommitted: bool,
    pub(super) is_refused_by_person: bool,
    pub(super) scope: Scope,
}

impl World {
    pub(super) fn of(case: &Case) -> Self {
        let mut inputs = case.story.inputs.clone();
        for input in &case.definition().inputs {
            if let Some(default) = &input.default {
                inputs.entry(input.name.clone()).or_insert_with(|| default.clone());
            }
        }
        let scope = Scope { inputs, target: case.story.target.clone(), ..Scope::default() };
        Self { scope, ..Self::default() }
    }

    /// The world as it is when `phase` is to be closed, and the honest evidence for that.
    pub(super) fn before(case: &Case, phase: u32) -> (Self, Evidence) {
        let mut world = Self::of(case);
        for step in &case.story.walk {
            match step {
                Step::Commit { commit, files } => world.commit(commit, files),
                Step::Phase { phase: number, evidence } => {
                    let evidence = filled_fields(evidence, &world.commits);
                    if *number == phase {
                        return (world, evidence);
                    }
                    world.scope.earlier.extend(evidence);
                }
            }
        }
        panic!("{}: the walk has no phase {phase}", case.id)
    }

    /// What the gate says to a cheat.
    pub(super) fn cheated(case: &Case, cheat: &Cheat) -> Verdict {
        let (mut world, mut evidence) = Self::before(case, cheat.phase);
        evidence.extend(filled_fields(&cheat.change, &world.commits));
        world.scope.inputs.extend(cheat.inputs.clone());
        world.scope.earlier.extend(filled_fields(&cheat.earlier, &world.commits));
        world.has_uncommitted = !cheat.uncommitted.is_empty();
        let phase = case.definition().phase(cheat.phase).unwrap();
        world.settle(&phase.gate, &evidence)
    }

    pub(super) fn commit(&mut self, name: &str, files: &BTreeMap<String, String>) {
        let hash: String = Sha256::digest(name).iter().map(|byte| format!("{byte:02x}")).collect();
        self.commits.insert(name.to_owned(), hash[..40].to_owned());
        self.files.extend(files.keys().cloned());
    }

    /// Answers what the gate asks until it asks no more.
    pub(super) fn settle(&self, gate: &Gate, evidence: &Evidence) -> Verdict {
        let mut facts = Facts::default();
        loop {
            let verdict = gate.evaluate(evidence, &self.scope, &facts);
            if verdict.needs.is_empty() {
                return verdict;
            }
            for question in verdict.needs {
                let answer = self.answer(&question);
                facts.insert(question, answer);
            }
        }
    }

    fn answer(&self, question: &Question) -> Answer {
        let is_so = |holds| if holds { Answer::Yes } else { Answer::No };
        match question {
            Question::Exists(path) => is_so(self.files.contains(path)),
            Question::Commit(commit) => is_so(self.commits.values().any(|known| known == commit)),
            Question::Approval(_) => is_so(!self.is_refused_by_person),
            // The library's only commands ask git whether something is uncommitted.
            Question::Command(command) if command.starts_with("git diff --quiet HEAD") => {
                Answer::Ran { code: Some(i32::from(self.has_uncommitted)), output: String::new() }
            }
            Question::Command(command) => Answer::Refused(format!("{command} is not known here")),
            Question::Sha256(path) => Answer::Refused(format!("{path} has no content here")),
        }
    }
}

/// Everything that a verdict has against the evidence, a line each.
pub(super) fn complaints(verdict: &Verdict) -> Vec<String> {
    let missing = verdict.missing.iter().map(|missing| format!("`{}` is missing", missing.name));
    missing.chain(verdict.errors.iter().map(|failure| failure.message.clone())).collect()
}

/// Asserts that there is one complaint for each expected part, and no other.
pub(super) fn assert_refused(found: &[String], expected: &[String], about: &str) {
    assert_eq!(found.len(), expected.len(), "{about}: {found:#?}");
    for part in expected {
        assert!(found.iter().any(|complaint| complaint.contains(part)), "{about}: no {part:?} in {found:#?}");
    }
}
