//! What a session is, once it is read.

use super::{
    change::Layout,
    head::{Head, SessionStatus},
};
use crate::{
    text::{Revision, Span},
    workflow::Basis,
};
use jiff::civil::DateTime;
use serde_json::{Map, Value};

/// A session as it stands in its file.
#[derive(Clone, Debug)]
pub struct Session {
    /// What a listing shows.
    pub head: Head,
    /// What it was started with: inputs and options.
    pub options: Map<String, Value>,
    /// Since when it is paused, and why.
    pub pause: Option<Pause>,
    /// The phases, in order, as the check list has them.
    pub phases: Vec<PhaseLine>,
    /// What was said at the gates, in order.
    pub attempts: Vec<Attempt>,
    /// What was refused, in order.
    pub errors: Vec<ErrorRecord>,
    /// The lines of the log, without their markers.
    pub log: Vec<String>,
    pub(super) text: String,
    pub(super) layout: Layout,
}

/// Since when a session waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// When it began to.
    pub at: DateTime,
    /// Why, or what to go on with; may be empty.
    pub note: String,
}

/// A line of the check list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseLine {
    /// The phase's number.
    pub number: u32,
    /// Its title.
    pub title: String,
    /// Whether its box is ticked.
    pub is_ticked: bool,
    /// The line of the file, from 1.
    pub line: usize,
    pub(super) tick: Span,
}

/// One attempt to pass a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The phase whose gate it was.
    pub phase: u32,
    /// The how-manieth attempt at it, from 1.
    pub number: u32,
    /// How it ended.
    pub end: AttemptEnd,
    /// When.
    pub at: DateTime,
    /// Whether it still counts.
    pub undone: Option<Undone>,
    /// The hash of the evidence as it came in: the same evidence is the same call.
    pub evidence: Revision,
    /// The evidence, each piece with how it is known.
    pub pieces: Vec<Piece>,
    /// What the evidence lacked: name, and what it is.
    pub missing: Vec<(String, String)>,
    /// What did not hold: what it is about, and why.
    pub problems: Vec<(String, String)>,
    /// What a lenient gate let pass.
    pub warnings: Vec<String>,
    /// The phase that it led to; none at the end, and when it was refused.
    pub next: Option<u32>,
    /// The line of its heading, from 1.
    pub line: usize,
    pub(super) heading_end: usize,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttemptEnd {
    /// The gate opened.
    Passed,
    /// A lenient gate opened, and what was missing is on record.
    PassedWithWarnings,
    /// The gate stayed shut.
    Refused,
}

/// That an attempt no longer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undone {
    /// Why.
    pub by: Withdrawal,
    /// Since when.
    pub at: DateTime,
}

/// Why an attempt no longer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Withdrawal {
    /// The session went back to this phase or one before it.
    RolledBack,
    /// The phase began anew, without its evidence.
    Reset,
}

/// One piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// A field's or box's name, or the command.
    pub name: String,
    /// How it is known.
    pub basis: Basis,
    /// What Rulemark saw when it looked.
    pub seen: String,
    /// What the agent said; none where nobody had to say anything.
    pub value: Option<Kept>,
}

/// A value as the session keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// In the document itself.
    Inline(Value),
    /// In a file beside it, by its hash.
    Aside {
        /// The SHA-256 of the file.
        text: Revision,
        /// Its length.
        bytes: u64,
        /// Whether it is the text itself, or the value as JSON.
        is_text: bool,
    },
}

/// A refusal, as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorRecord {
    /// The phase whose gate refused.
    pub phase: u32,
    /// The attempt that it refused.
    pub attempt: u32,
    /// When.
    pub at: DateTime,
    /// What was wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl Session {
    /// The text of its file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The attempts at a phase's gate that still count, in order.
    pub fn attempts_at(&self, phase: u32) -> impl DoubleEndedIterator<Item = &Attempt> {
        self.attempts.iter().filter(move |attempt| attempt.phase == phase && attempt.undone.is_none())
    }

    /// The attempt by which a phase was closed, if it still counts.
    #[must_use]
    pub fn passed(&self, phase: u32) -> Option<&Attempt> {
        self.attempts_at(phase).rev().find(|attempt| attempt.end.opens())
    }

    /// The phases that are closed, in the order of the check list.
    #[must_use]
    pub fn completed_phases(&self) -> Vec<u32> {
        let numbers = self.phases.iter().map(|phase| phase.number);
        numbers.filter(|number| self.passed(*number).is_some()).collect()
    }

    /// The title of a phase; empty for one that there is not.
    #[must_use]
    pub fn title_of(&self, phase: u32) -> &str {
        self.phases.iter().find(|line| line.number == phase).map_or("", |line| line.title.as_str())
    }

    /// Whether it can still be worked on.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.head.status != SessionStatus::Completed
    }
}

impl AttemptEnd {
    /// Whether the gate opened.
    #[must_use]
    pub fn opens(self) -> bool {
        self != Self::Refused
    }

    /// Its words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::PassedWithWarnings => "passed with warnings",
            Self::Refused => "refused",
        }
    }

    pub(super) fn named(words: &str) -> Option<Self> {
        [Self::Passed, Self::PassedWithWarnings, Self::Refused].into_iter().find(|end| end.as_str() == words)
    }
}

impl Withdrawal {
    /// Its words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RolledBack => "rolled back",
            Self::Reset => "reset",
        }
    }

    pub(super) fn named(words: &str) -> Option<Self> {
        [Self::RolledBack, Self::Reset].into_iter().find(|by| by.as_str() == words)
    }
}
