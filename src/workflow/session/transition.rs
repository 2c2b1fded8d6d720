//! What happens to a session: each function answers with the text that is to be, or refuses.

use super::{
    change::{Change, Part},
    head::{Head, Key, SessionStatus},
    id::SessionId,
    line::{json, name, one_line},
    model::{Attempt, AttemptEnd, Kept, Piece, Session, Withdrawal},
};
use crate::{
    text::Revision,
    workflow::{Basis, Definition, Verdict, condition},
};
use jiff::civil::DateTime;
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// What a session begins with.
#[derive(Clone, Copy, Debug)]
pub struct Beginning<'a> {
    /// Its name.
    pub id: &'a SessionId,
    /// What it runs, all phases filled in.
    pub definition: &'a Definition,
    /// The hash under which the definition is kept.
    pub pinned: Revision,
    /// The file that it is about, relative to the workspace.
    pub target: &'a str,
    /// Inputs and options.
    pub options: &'a Map<String, Value>,
    /// The first phase.
    pub phase: u32,
    /// When, in local time.
    pub at: DateTime,
}

/// Evidence for a phase, with what the gate said to it.
#[derive(Clone, Copy, Debug)]
pub struct Submission<'a> {
    /// The phase.
    pub phase: u32,
    /// The hash of the evidence as it came in.
    pub evidence: Revision,
    /// The evidence as it is kept.
    pub values: &'a [(String, Kept)],
    /// What the gate said.
    pub verdict: &'a Verdict,
    /// The phase it leads to when the gate opens; none at the end.
    pub next: Option<u32>,
    /// What to do when it does not.
    pub remedy: &'a str,
    /// When, in local time.
    pub at: DateTime,
}

/// Where a submission finds the session.
#[derive(Clone, Copy, Debug)]
pub enum Standing<'s> {
    /// The phase is open.
    Open,
    /// This very evidence has closed the phase before.
    Passed(&'s Attempt),
}

/// Why something can't happen to a session as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What can't be, and why.
    pub message: String,
    /// The action that can be called instead.
    pub instead: &'static str,
    /// The phase that action would be about, where it is not the open one.
    pub phase: Option<u32>,
    /// What to do, where the action does not say it.
    pub remedy: &'static str,
}

impl Refusal {
    fn new(instead: &'static str, message: impl Into<String>) -> Self {
        Self { message: message.into(), instead, phase: None, remedy: "" }
    }

    fn fix(self, remedy: &'static str) -> Self {
        Self { remedy, ..self }
    }

    fn closed(phase: u32, message: impl Into<String>) -> Self {
        let refusal = Self::new("rollback", message).fix("to do it again, go back to it");
        Self { phase: Some(phase), ..refusal }
    }

    fn completed() -> Self {
        Self::new("get_state", "the session is completed")
            .fix("it stays as it is; `start` begins a new one of the same workflow and file")
    }
}

impl Session {
    /// The text of a new session.
    #[must_use]
    pub fn begin(beginning: &Beginning<'_>) -> String {
        let Beginning { id, definition, target, at, .. } = beginning;
        let head = Head {
            id: (*id).clone(),
            workflow: definition.id.clone(),
            version: definition.version.clone(),
            definition: beginning.pinned,
            target: (*target).to_owned(),
            phase: beginning.phase,
            phases: u32::try_from(definition.phases.len()).unwrap_or(u32::MAX),
            status: SessionStatus::Active,
            created: *at,
            updated: *at,
            revision: 1,
        };
        let mut text = head.to_text();
        // Writing to a string can't fail.
        let _ = write!(text, "\n# {}: {}\n\n## State\n\n", one_line(&definition.name), one_line(target));
        let _ = writeln!(text, "- Workflow: {} {}", definition.id, one_line(&definition.version));
        for (option, value) in beginning.options {
            let _ = writeln!(text, "- Option {}: {}", name(option), json(value));
        }
        text.push_str("\n## Phases\n\n");
        for phase in &definition.phases {
            let _ = writeln!(text, "- [ ] Phase {}: {}", phase.number, one_line(&phase.title));
        }
        let phase = beginning.phase;
        let _ = write!(text, "\n## Evidence\n\n## Errors\n\n## Log\n\n- {at} started at phase {phase}\n");
        text
    }

    /// Whether evidence for `phase` can be taken now.
    ///
    /// # Errors
    /// When the phase is another one, or the session is paused or completed; the same evidence that
    /// closed a phase is never refused.
    pub fn standing(&self, phase: u32, evidence: Revision) -> Result<Standing<'_>, Refusal> {
        if let Some(attempt) = self.passed(phase)
            && (phase != self.head.phase || self.head.status == SessionStatus::Completed)
        {
            if attempt.evidence == evidence {
                return Ok(Standing::Passed(attempt));
            }
            let message = format!("phase {phase} is complete, with other evidence");
            return Err(match self.is_open() {
                true => Refusal::closed(phase, message),
                false => Refusal { message, ..Refusal::completed() },
            });
        }
        self.expect_active()?;
        self.expect_phase(phase)?;
        Ok(Standing::Open)
    }

    /// Whether the last evidence that was refused at `phase` is this.
    #[must_use]
    pub fn refused_last(&self, phase: u32, evidence: Revision) -> bool {
        let last = self.attempts_at(phase).next_back();
        last.is_some_and(|last| !last.end.opens() && last.evidence == evidence)
    }

    /// The refused attempt that said the same already: then nothing is to be written.
    #[must_use]
    pub fn repeated(&self, submission: &Submission<'_>) -> Option<&Attempt> {
        let last = self.attempts_at(submission.phase).next_back()?;
        let new = self.attempt(submission);
        let is_same = !new.end.opens()
            && last.end == new.end
            && last.evidence == new.evidence
            && last.missing == new.missing
            && last.problems == new.problems;
        is_same.then_some(last)
    }

    /// The text with one more attempt at the open phase; when the gate opens, at the next phase.
    ///
    /// # Errors
    /// As [`Session::standing`].
    pub fn record(&self, submission: &Submission<'_>) -> Result<String, Refusal> {
        self.expect_active()?;
        self.expect_phase(submission.phase)?;
        let attempt = self.attempt(submission);
        let Submission { phase, at, next, .. } = *submission;
        let mut change = Change::of(self);
        change.add_block(Part::Evidence, &attempt.to_text());
        let number = attempt.number;
        let log = if attempt.end.opens() {
            change.tick(phase, true);
            match next {
                Some(next) => {
                    change.head(Key::Phase, &next.to_string());
                    self.revisit(&mut change, next, at);
                    format!(
                        "- {at} phase {phase} {}, attempt {number}; on to phase {next}\n",
                        attempt.end.as_str()
                    )
                }
                None => {
                    change.head(Key::Status, SessionStatus::Completed.as_str());
                    format!("- {at} phase {phase} {}, attempt {number}; completed\n", attempt.end.as_str())
                }
            }
        } else {
            let message = one_line(&refusal_in_words(&attempt));
            let error = format!(
                "- {at}, phase {phase}, attempt {number}: {message}\n  - do: {}\n",
                one_line(submission.remedy)
            );
            change.add_lines(Part::Errors, &error);
            format!("- {at} phase {phase} refused, attempt {number}\n")
        };
        change.add_lines(Part::Log, &log);
        Ok(change.finish(at))
    }

    /// What a submission is as an attempt.
    #[must_use]
    pub fn attempt(&self, submission: &Submission<'_>) -> Attempt {
        let Submission { phase, evidence, values, verdict, next, at, .. } = *submission;
        let end = match (verdict.passes(), verdict.warnings.is_empty()) {
            (true, true) => AttemptEnd::Passed,
            (true, false) => AttemptEnd::PassedWithWarnings,
            (false, _) => AttemptEnd::Refused,
        };
        let before = self.attempts.iter().filter(|attempt| attempt.phase == phase).count();
        let lines = |pairs: &mut dyn Iterator<Item = (&String, &String)>| {
            pairs.map(|(of, what)| (of.clone(), one_line(what))).collect()
        };
        Attempt {
            phase,
            number: u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1),
            end,
            at,
            undone: None,
            evidence,
            pieces: pieces(verdict, values),
            missing: lines(&mut verdict.missing.iter().map(|it| (&it.name, &it.what))),
            problems: lines(&mut verdict.errors.iter().map(|it| (&it.subject, &it.message))),
            warnings: verdict.warnings.iter().map(|warning| one_line(warning)).collect(),
            next: next.filter(|_| end.opens()),
            line: 0,
            heading_end: 0,
        }
    }

    /// The text, paused.
    ///
    /// # Errors
    /// When it is not active.
    pub fn pause(&self, note: &str, at: DateTime) -> Result<String, Refusal> {
        self.expect_active()?;
        let note = one_line(note);
        let behind = if note.is_empty() { String::new() } else { format!(": {note}") };
        let mut change = Change::of(self);
        change.head(Key::Status, SessionStatus::Paused.as_str());
        change.add_lines(Part::State, &format!("- Paused at {at}{behind}\n"));
        change.add_lines(Part::Log, &format!("- {at} paused{behind}\n"));
        Ok(change.finish(at))
    }

    /// The text, active again.
    ///
    /// # Errors
    /// When it is not paused.
    pub fn resume(&self, note: &str, at: DateTime) -> Result<String, Refusal> {
        match self.head.status {
            SessionStatus::Paused => {}
            SessionStatus::Active => return Err(Refusal::new("get_phase", "the session is active already")),
            SessionStatus::Completed => return Err(Refusal::completed()),
        }
        let note = one_line(note);
        let behind = if note.is_empty() { String::new() } else { format!(": {note}") };
        let mut change = Change::of(self);
        change.head(Key::Status, SessionStatus::Active.as_str());
        if let Some(pause) = self.layout.pause {
            change.remove(pause);
        }
        change.add_lines(Part::Log, &format!("- {at} resumed{behind}\n"));
        Ok(change.finish(at))
    }

    /// The text, back at an earlier phase; what came of that phase and those behind it no longer counts.
    ///
    /// # Errors
    /// When it is not active, or `to` is no earlier phase that was closed.
    pub fn roll_back(&self, to: u32, at: DateTime) -> Result<String, Refusal> {
        self.expect_active()?;
        let from = self.head.phase;
        let (Some(target), Some(current)) = (self.position(to), self.position(from)) else {
            let message = format!("there is no phase {to} to go back to; the session is at phase {from}");
            return Err(Refusal::new("get_state", message));
        };
        if target >= current {
            let message = format!("phase {to} is not before phase {from}, and a rollback only goes back");
            return Err(Refusal::new("get_state", message));
        }
        if self.passed(to).is_none() {
            let message = format!("phase {to} was never worked on, so there is no going back to it");
            return Err(Refusal::new("get_state", message));
        }
        let mut change = Change::of(self);
        change.head(Key::Phase, &to.to_string());
        self.withdraw(&mut change, to, at);
        change.add_lines(Part::Log, &format!("- {at} rolled back from phase {from} to phase {to}\n"));
        Ok(change.finish(at))
    }

    /// The text with the open phase begun anew; with `reset` what was said for it no longer counts.
    ///
    /// # Errors
    /// When it is not active, or the phase is not the open one.
    pub fn retry(&self, phase: u32, reset: bool, at: DateTime) -> Result<String, Refusal> {
        self.expect_active()?;
        self.expect_phase(phase)?;
        let mut change = Change::of(self);
        if reset {
            for attempt in self.attempts_at(phase) {
                change.extend_heading(attempt.heading_end, &withdrawn(Withdrawal::Reset, at));
            }
        }
        let how = if reset { ", without its evidence" } else { "" };
        change.add_lines(Part::Log, &format!("- {at} phase {phase} tried again{how}\n"));
        Ok(change.finish(at))
    }

    /// The pieces of evidence that a rollback to this phase takes away: phase and name.
    #[must_use]
    pub fn cleared_by(&self, to: u32) -> Vec<(u32, String)> {
        let cleared = self.standing_from(to).filter(|attempt| attempt.end.opens());
        cleared
            .flat_map(|attempt| attempt.pieces.iter().map(|piece| (attempt.phase, piece.name.clone())))
            .collect()
    }

    /// A workflow may lead back to where it was; what was done there no longer counts.
    fn revisit(&self, change: &mut Change<'_>, next: u32, at: DateTime) {
        if self.passed(next).is_some() {
            self.withdraw(change, next, at);
        }
    }

    fn withdraw(&self, change: &mut Change<'_>, from: u32, at: DateTime) {
        for attempt in self.standing_from(from) {
            change.extend_heading(attempt.heading_end, &withdrawn(Withdrawal::RolledBack, at));
        }
        let start = self.position(from).unwrap_or(usize::MAX);
        for line in self.phases.iter().skip(start) {
            change.tick(line.number, false);
        }
    }

    /// The attempts that count at this phase and those behind it.
    fn standing_from(&self, phase: u32) -> impl Iterator<Item = &Attempt> {
        let start = self.position(phase);
        self.attempts
            .iter()
            .filter(move |attempt| attempt.undone.is_none() && self.position(attempt.phase) >= start)
    }

    fn position(&self, phase: u32) -> Option<usize> {
        self.phases.iter().position(|line| line.number == phase)
    }

    fn expect_active(&self) -> Result<(), Refusal> {
        match self.head.status {
            SessionStatus::Active => Ok(()),
            SessionStatus::Paused => Err(Refusal::new("resume", "the session is paused")),
            SessionStatus::Completed => Err(Refusal::completed()),
        }
    }

    fn expect_phase(&self, phase: u32) -> Result<(), Refusal> {
        let open = self.head.phase;
        if phase == open {
            return Ok(());
        }
        let message = format!("phase {phase} is not open; the session is at phase {open}");
        Err(match self.passed(phase) {
            Some(_) => Refusal::closed(phase, message),
            None if self.position(phase).is_some() => {
                Refusal::new("get_phase", message).fix("close the phases before it first")
            }
            None => Refusal::new("get_phase", message).fix("the workflow has no such phase"),
        })
    }
}

/// What is put behind the heading of an attempt that no longer counts.
fn withdrawn(by: Withdrawal, at: DateTime) -> String {
    format!(", {} at {at}", by.as_str())
}

/// The evidence with how each piece is known: first what the gate asks for, then the rest.
fn pieces(verdict: &Verdict, values: &[(String, Kept)]) -> Vec<Piece> {
    // What was counted is what later phases go by.
    let value_of = |name: &str| {
        let counted = verdict.counted.get(name).map(|number| Kept::Inline(number.clone()));
        counted.or_else(|| values.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()))
    };
    let mut pieces: Vec<Piece> = Vec::new();
    for finding in &verdict.findings {
        if pieces.iter().any(|piece| piece.name == finding.subject) {
            continue;
        }
        pieces.push(Piece {
            name: finding.subject.clone(),
            basis: finding.basis,
            seen: one_line(&finding.seen).replace(')', "]"),
            value: value_of(&finding.subject),
        });
    }
    for (name, value) in values {
        if !pieces.iter().any(|piece| piece.name == *name) {
            let (name, value) = (name.clone(), Some(value.clone()));
            pieces.push(Piece { name, basis: Basis::Reported, seen: String::new(), value });
        }
    }
    for piece in &mut pieces {
        if piece.basis == Basis::Reported {
            piece.seen.clear();
        }
    }
    pieces
}

/// What did not hold, in one sentence. A rule's own words say all; so do those that name the field already.
#[must_use]
pub fn problem_in_words(of: &str, message: &str) -> String {
    match condition::is_name(of) && !message.contains(of) {
        true => format!("{of}: {message}"),
        false => message.to_owned(),
    }
}

/// Why an attempt was refused, in one sentence.
pub(super) fn refusal_in_words(attempt: &Attempt) -> String {
    let missing: Vec<&str> = attempt.missing.iter().map(|(name, _)| name.as_str()).collect();
    let mut words = Vec::new();
    if !missing.is_empty() {
        words.push(format!("missing: {}", missing.join(", ")));
    }
    words.extend(attempt.problems.iter().map(|(of, message)| problem_in_words(of, message)));
    words.join("; ")
}
