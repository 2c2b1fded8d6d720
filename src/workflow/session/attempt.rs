//! Attempts as they stand under Evidence.

use super::{
    line::{name, one_line, read_name},
    model::{Attempt, AttemptEnd, Kept, Piece, Undone, Withdrawal},
    read::Flaw,
};
use crate::{text::Revision, workflow::Basis};
use std::fmt::Write as _;

/// What the heading of an attempt begins with.
pub(super) const HEADING: &str = "Phase ";

impl Attempt {
    /// Reads `Phase 1, attempt 2: refused at 2026-11-21T16:10:05, reset at …`.
    pub(super) fn read_heading(heading: &str, line: usize, heading_end: usize) -> Option<Self> {
        let (place, rest) = heading.strip_prefix(HEADING)?.split_once(": ")?;
        let (phase, number) = place.split_once(", attempt ")?;
        let mut parts = rest.split(", ");
        let (end, at) = parts.next()?.rsplit_once(" at ")?;
        let undone = match parts.next() {
            Some(undone) => {
                let (by, at) = undone.rsplit_once(" at ")?;
                Some(Undone { by: Withdrawal::named(by)?, at: at.parse().ok()? })
            }
            None => None,
        };
        Some(Self {
            phase: phase.parse().ok()?,
            number: number.parse().ok()?,
            end: AttemptEnd::named(end)?,
            at: at.parse().ok()?,
            undone,
            evidence: Revision::of(""),
            pieces: Vec::new(),
            missing: Vec::new(),
            problems: Vec::new(),
            warnings: Vec::new(),
            next: None,
            line,
            heading_end,
        })
    }

    /// Takes a line of the list below the heading in. What people wrote there themselves says nothing.
    pub(super) fn read_line(&mut self, body: &str, line: usize) -> Result<(), Flaw> {
        let unreadable = || Flaw::new(line, format!("this can't be read: {}", shortened(body)));
        if let Some(hex) = body.strip_prefix("evidence sha256:") {
            self.evidence = Revision::from_hex(hex).ok_or_else(unreadable)?;
        } else if let Some(rest) = body.strip_prefix("missing ") {
            self.missing.push(named(rest).ok_or_else(unreadable)?);
        } else if let Some(rest) = body.strip_prefix("problem ") {
            self.problems.push(named(rest).ok_or_else(unreadable)?);
        } else if let Some(warning) = body.strip_prefix("warning:") {
            self.warnings.push(warning.trim_start().to_owned());
        } else if let Some(number) = body.strip_prefix("next phase ") {
            self.next = Some(number.parse().map_err(|_| unreadable())?);
        } else if body.starts_with(['`', '"']) {
            self.pieces.push(Piece::read(body).ok_or_else(unreadable)?);
        }
        Ok(())
    }

    /// The heading's words, without what undid it.
    pub(super) fn heading(&self) -> String {
        let Self { phase, number, end, at, .. } = self;
        format!("{HEADING}{phase}, attempt {number}: {} at {at}", end.as_str())
    }

    /// Heading and list, without a blank line before.
    pub(super) fn to_text(&self) -> String {
        let mut text = format!("### {}\n\n- evidence sha256:{}\n", self.heading(), self.evidence);
        let mut line = |words: String| {
            text.push_str("- ");
            text.push_str(&words);
            text.push('\n');
        };
        self.pieces.iter().for_each(|piece| line(piece.to_line()));
        for (of, what) in &self.missing {
            line(format!("missing {}: {}", name(of), one_line(what)));
        }
        for (of, message) in &self.problems {
            line(format!("problem {}: {}", name(of), one_line(message)));
        }
        for warning in &self.warnings {
            line(format!("warning: {}", one_line(warning)));
        }
        if let Some(next) = self.next {
            line(format!("next phase {next}"));
        }
        text
    }
}

impl Piece {
    fn to_line(&self) -> String {
        let mut line = name(&self.name);
        let seen = one_line(&self.seen).replace(')', "]");
        // Writing to a string can't fail.
        let _ = match self.basis {
            Basis::Reported => write!(line, " (reported)"),
            Basis::Checked => write!(line, " (checked: {seen})"),
        };
        if let Some(value) = &self.value {
            let _ = write!(line, ": {}", value.to_line());
        }
        line
    }

    fn read(line: &str) -> Option<Self> {
        let (name, rest) = read_name(line)?;
        let (how, rest) = rest.strip_prefix(" (")?.split_once(')')?;
        let (basis, seen) = match how.strip_prefix("checked: ") {
            Some(seen) => (Basis::Checked, seen.to_owned()),
            None if how == "reported" => (Basis::Reported, String::new()),
            None => return None,
        };
        let value = match rest.strip_prefix(": ") {
            Some(value) => Some(Kept::read(value)?),
            None if rest.is_empty() => None,
            None => return None,
        };
        Some(Self { name, basis, seen, value })
    }
}

fn named(rest: &str) -> Option<(String, String)> {
    let (name, message) = read_name(rest)?;
    Some((name, message.strip_prefix(':')?.trim_start().to_owned()))
}

fn shortened(body: &str) -> String {
    body.chars().take(60).collect()
}
