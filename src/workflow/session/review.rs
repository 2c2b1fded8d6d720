//! What people may change in a session, and what they may not.

use super::model::{Attempt, PhaseLine, Session};

/// A change that nobody may make by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tampering {
    /// The line, from 1.
    pub line: usize,
    /// What was changed, and what to do instead.
    pub message: String,
}

impl Session {
    /// What can't stay of this text. `written` is the session as Rulemark wrote it last, if that is
    /// known; without it the text is only held to what it says itself.
    ///
    /// Notes, the log, sections of one's own, and a tick where the gate has passed are everybody's.
    #[must_use]
    pub fn review(&self, written: Option<&Self>) -> Vec<Tampering> {
        let mut found = self.contradictions();
        if let Some(written) = written.filter(|written| written.text != self.text) {
            found.extend(self.changes_from(written));
        }
        found.sort_by_key(|tampering| tampering.line);
        found.dedup();
        found
    }

    /// Ticks and the phase in the head follow from the attempts.
    fn contradictions(&self) -> Vec<Tampering> {
        let mut found = Vec::new();
        for line in &self.phases {
            let number = line.number;
            let message = match (line.is_ticked, self.passed(number).is_some()) {
                (true, false) => format!(
                    "phase {number} is ticked, but its gate has never passed; clear the box, and close the phase \
                     with complete_phase"
                ),
                (false, true) => format!(
                    "phase {number} has passed its gate, but its box is clear; tick it, and take the phase back \
                     with rollback"
                ),
                _ => continue,
            };
            found.push(Tampering { line: line.line, message });
        }
        let last = self.attempts.iter().rev().find(|attempt| attempt.end.opens() && attempt.undone.is_none());
        let (key, message) = match last.map(|last| last.next) {
            Some(Some(next)) if next != self.head.phase || !self.is_open() => {
                let key = if next == self.head.phase { "status" } else { "phase" };
                (key, format!("the session is at phase {next}, by what stands under Evidence"))
            }
            Some(None) if self.is_open() => {
                ("status", "the last gate has passed: the session is completed".to_owned())
            }
            None if !self.is_open() => {
                ("status", "no gate has passed, so the session is not completed".to_owned())
            }
            _ => return found,
        };
        found.push(Tampering { line: self.line_of_key(key), message });
        found
    }

    /// The line of the front matter with this key.
    fn line_of_key(&self, key: &str) -> usize {
        let mut lines = self.text.lines().zip(1..).skip(1).take_while(|(line, _)| *line != "---");
        let found = lines.find(|(line, _)| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')));
        found.map_or(1, |(_, line)| line)
    }

    /// The first line that is not as it was.
    fn first_change(&self, written: &Self) -> usize {
        let same = self.text.lines().zip(written.text.lines()).take_while(|(new, old)| new == old);
        same.count() + 1
    }

    fn changes_from(&self, written: &Self) -> Vec<Tampering> {
        let mut found = Vec::new();
        let mut refuse =
            |line: usize, message: &str| found.push(Tampering { line, message: message.to_owned() });
        if written.text.starts_with(&self.text) {
            refuse(self.text.lines().count(), "the file is cut short: what stood behind this line is gone");
        }
        if self.head != written.head {
            refuse(self.first_change(written), "the front matter was changed; only the actions change it");
        }
        if self.options != written.options || self.pause != written.pause {
            let line = if self.head == written.head { self.first_change(written) } else { 1 };
            refuse(line, "State was changed; only the actions change it");
        }
        let is_same_phase = |(index, phase): (usize, &PhaseLine)| {
            let was = written.phases.get(index);
            was.is_some_and(|was| was.number == phase.number && was.title == phase.title)
        };
        let changed = self.phases.iter().enumerate().find(|phase| !is_same_phase(*phase));
        if changed.is_some() || self.phases.len() != written.phases.len() {
            let last = self.phases.last().map_or(1, |phase| phase.line);
            let line = changed.map_or(last, |(_, phase)| phase.line);
            refuse(line, "the phases were changed; they are those of the workflow");
        }
        for (index, attempt) in self.attempts.iter().enumerate() {
            let was = written.attempts.get(index);
            if !was.is_some_and(|was| same(was, attempt)) {
                refuse(
                    attempt.line,
                    "this attempt was changed or added by hand; evidence comes with complete_phase",
                );
            }
        }
        if self.attempts.len() < written.attempts.len() {
            refuse(self.text.lines().count(), "attempts under Evidence are gone; every attempt is kept");
        }
        if self.errors.len() < written.errors.len() {
            refuse(self.text.lines().count(), "entries under Errors are gone; every refusal is kept");
        }
        found
    }
}

/// Whether two attempts say the same, wherever they stand.
fn same(one: &Attempt, other: &Attempt) -> bool {
    let plain = |attempt: &Attempt| Attempt { line: 0, heading_end: 0, ..attempt.clone() };
    plain(one) == plain(other)
}
