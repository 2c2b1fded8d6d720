//! Small diffs: what changed, and no more of it than a person reads.

use super::{Ink, Line};
use similar::{DiffOp, DiffTag, TextDiff};

/// How much of a change is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The first lines of every change, without context.
    Brief,
    /// Everything, with two lines of context.
    Full,
}

/// Lines of one side of a change that [`Extent::Brief`] shows before it counts the rest.
const BRIEF_LINES: usize = 4;

/// The lines that show how `before` became `after`, `indent` columns in; none when they are equal.
pub(crate) fn diff(before: &str, after: &str, indent: usize, extent: Extent) -> Vec<Line> {
    let diff = TextDiff::from_lines(before, after);
    let context = if extent == Extent::Full { 2 } else { 0 };
    let groups = diff.grouped_ops(context);
    let last = diff.old_len().max(diff.new_len());
    let mut out = Printer { indent, digits: last.to_string().len(), extent, lines: Vec::new() };
    for (at, group) in groups.iter().enumerate() {
        if at > 0 && extent == Extent::Full {
            out.lines.push(Line::indented(indent).ink(Ink::Faint, "⋮"));
        }
        for op in group {
            out.change(op, &diff);
        }
    }
    out.lines
}

struct Printer {
    indent: usize,
    digits: usize,
    extent: Extent,
    lines: Vec<Line>,
}

impl Printer {
    fn change(&mut self, op: &DiffOp, diff: &TextDiff<'_, '_, str>) {
        let old = op.old_range().filter_map(|at| Some((at, diff.old_slice(at)?)));
        let new = op.new_range().filter_map(|at| Some((at, diff.new_slice(at)?)));
        match op.tag() {
            DiffTag::Equal => self.side(' ', Ink::Faint, new),
            DiffTag::Delete => self.side('-', Ink::Bad, old),
            DiffTag::Insert => self.side('+', Ink::Good, new),
            DiffTag::Replace => {
                self.side('-', Ink::Bad, old);
                self.side('+', Ink::Good, new);
            }
        }
    }

    fn side<'t>(&mut self, sign: char, ink: Ink, lines: impl Iterator<Item = (usize, &'t str)>) {
        let lines: Vec<(usize, &str)> = lines.collect();
        let room = if self.extent == Extent::Full { usize::MAX } else { BRIEF_LINES };
        // One line more costs no more than the line that counts it.
        let shown = if lines.len() <= room.saturating_add(1) { lines.len() } else { room };
        for &(at, text) in &lines[..shown] {
            let number = format!("{:>width$} ", at + 1, width = self.digits);
            let text = text.trim_end_matches(['\n', '\r']);
            self.lines
                .push(Line::indented(self.indent).ink(Ink::Faint, number).ink(ink, format!("{sign} {text}")));
        }
        if shown < lines.len() {
            let gap = " ".repeat(self.digits + 1);
            let rest = format!("{sign} … {} more lines", lines.len() - shown);
            self.lines.push(Line::indented(self.indent).text(gap).ink(ink, rest));
        }
    }
}
