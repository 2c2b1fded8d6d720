//! What is said at a gate, what the shell has found out, and what comes of both.

use super::model::Place;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What an agent says at a gate. Numbers stay as they were written: `2` is an integer, `2.0` is not.
pub type Evidence = Map<String, Value>;

/// Something that only the shell can find out.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Question {
    /// Is there something at this path in the workspace, links resolved? Answered with [`Answer::Yes`]
    /// or [`Answer::No`].
    Exists(String),
    /// The SHA-256 of the file at this path in the workspace. Answered with [`Answer::Hash`] or
    /// [`Answer::No`].
    Sha256(String),
    /// How this command exits on the tree as it is. Answered with [`Answer::Ran`], or
    /// [`Answer::Refused`] when nobody has trusted it.
    Command(String),
    /// Is this commit in the repository?
    Commit(String),
    /// Has a person approved this phase? The words are what is to be approved.
    Approval(String),
}

/// What the shell found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// The hash, in 64 lower-case hex digits.
    Hash(String),
    /// The command ran to its end; `code` is `None` when a signal or the time limit ended it.
    Ran {
        /// Its exit code.
        code: Option<i32>,
        /// What it printed, both streams, as far as it was kept.
        output: String,
    },
    /// The command ran, and it tells nothing; why, and what to do. The gate stays shut.
    Void(String),
    /// It could not be found out; why, and what to do. The gate stays shut.
    Refused(String),
}

/// Answers to questions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts(BTreeMap<Question, Answer>);

impl Facts {
    /// Takes an answer in; a later one to the same question counts.
    pub fn insert(&mut self, question: Question, answer: Answer) {
        self.0.insert(question, answer);
    }

    /// The answer to `question`.
    #[must_use]
    pub fn get(&self, question: &Question) -> Option<&Answer> {
        self.0.get(question)
    }
}

impl FromIterator<(Question, Answer)> for Facts {
    fn from_iter<I: IntoIterator<Item = (Question, Answer)>>(answers: I) -> Self {
        Self(answers.into_iter().collect())
    }
}

/// How a piece of evidence is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// The agent said so.
    Reported,
    /// Rulemark looked.
    Checked,
}

/// A piece of evidence and how it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A field's or box's name, or the command.
    pub subject: String,
    /// How it is known.
    pub basis: Basis,
    /// What was seen, in a few words: `exists`, `exited with 0`; empty for what was only reported.
    pub seen: String,
}

/// Something that the gate asks for and the evidence does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What the evidence is to call it.
    pub name: String,
    /// What it is: its type and the author's words.
    pub what: String,
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// A field's or box's name, the command, or the rule.
    pub subject: String,
    /// What is wrong, and what would be right; the author's own words where there are some.
    pub message: String,
    /// Where the gate asks for it.
    pub place: Place,
}

/// What a gate says to evidence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What the evidence lacks.
    pub missing: Vec<Missing>,
    /// What does not hold.
    pub errors: Vec<Failure>,
    /// What was let pass, by a lenient gate; goes on record.
    pub warnings: Vec<String>,
    /// What the shell has to find out before the gate can open. Empty while the evidence itself does
    /// not hold, so that no command runs for nothing.
    pub needs: Vec<Question>,
    /// The evidence, each piece with how it is known.
    pub findings: Vec<Finding>,
    /// The numbers that were read out of what commands printed, by name. They stand for what the agent says of
    /// the same names.
    pub counted: Evidence,
}

impl Verdict {
    /// Whether the gate opens.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.missing.is_empty() && self.errors.is_empty() && self.needs.is_empty()
    }
}
