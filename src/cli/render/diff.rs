//! Small diffs: what changed, and no more of it than a person reads.

use super::{Ink, Line};
use crate::text::{Patch, Span, TextEdit};
use similar::{DiffTag, TextDiff};

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

/// The lines that show what `patch` does to `before`, `indent` columns in.
///
/// The patch says which lines to look at. A diff of the whole texts would have to guess, and guesses
/// badly when a long log is cleared next to a section that grows.
pub(crate) fn diff(before: &str, patch: &Patch, indent: usize, extent: Extent) -> Vec<Line> {
    let context = if extent == Extent::Full { 2 } else { 0 };
    let (mut removed, mut added) = (0, 0);
    for edit in patch.edits() {
        removed += count_lines(edit.span.of(before));
        added += count_lines(&edit.new_text);
    }
    let lines = before.lines().count();
    let digits = lines.max((lines + added).saturating_sub(removed)).to_string().len();
    let mut printer = Printer { indent, digits, extent, lines: Vec::new() };
    let (mut at, mut old_line, mut new_line) = (0, 0, 0);
    for (number, hunk) in hunks(before, patch, context).into_iter().enumerate() {
        if number > 0 && extent == Extent::Full {
            printer.lines.push(Line::indented(indent).ink(Ink::Faint, "⋮"));
        }
        let skipped = count_lines(&before[at..hunk.span.start]);
        (old_line, new_line) = (old_line + skipped, new_line + skipped);
        let (old, new) = (hunk.span.of(before), hunk.after(before));
        printer.hunk(old, &new, (old_line, new_line));
        (old_line, new_line) = (old_line + count_lines(old), new_line + count_lines(&new));
        at = hunk.span.end;
    }
    printer.lines
}

/// Whole lines, and the edits inside.
struct Hunk<'p> {
    span: Span,
    edits: &'p [TextEdit],
}

impl Hunk<'_> {
    fn after(&self, before: &str) -> String {
        let mut out = String::new();
        let mut at = self.span.start;
        for edit in self.edits {
            out.push_str(&before[at..edit.span.start]);
            out.push_str(&edit.new_text);
            at = edit.span.end;
        }
        out.push_str(&before[at..self.span.end]);
        out
    }
}

fn count_lines(text: &str) -> usize {
    text.bytes().filter(|&byte| byte == b'\n').count()
}

/// The edits, grouped by the lines they touch; groups that touch each other are one.
fn hunks<'p>(before: &str, patch: &'p Patch, context: usize) -> Vec<Hunk<'p>> {
    let edits = patch.edits();
    let mut hunks: Vec<(Span, usize, usize)> = Vec::new();
    for (number, edit) in edits.iter().enumerate() {
        let span = whole_lines(before, edit.span, context);
        match hunks.last_mut() {
            Some((last, _, end)) if span.start <= last.end => {
                *last = last.union(span);
                *end = number + 1;
            }
            _ => hunks.push((span, number, number + 1)),
        }
    }
    hunks.into_iter().map(|(span, start, end)| Hunk { span, edits: &edits[start..end] }).collect()
}

/// The lines that `span` touches, and `context` more on either side.
fn whole_lines(text: &str, span: Span, context: usize) -> Span {
    let start = text[..span.start].rmatch_indices('\n').nth(context).map_or(0, |(at, _)| at + 1);
    let is_behind_line = text[..span.end].ends_with('\n');
    let end = match context.checked_sub(usize::from(is_behind_line)) {
        None if !span.is_empty() => span.end,
        lines => {
            let mut line_ends = text[span.end..].match_indices('\n');
            line_ends.nth(lines.unwrap_or(0)).map_or(text.len(), |(at, _)| span.end + at + 1)
        }
    };
    Span::new(start, end)
}

struct Printer {
    indent: usize,
    digits: usize,
    extent: Extent,
    lines: Vec<Line>,
}

impl Printer {
    /// Prints the lines of a hunk that differ; `first` numbers its first line, before and after.
    fn hunk(&mut self, old: &str, new: &str, first: (usize, usize)) {
        let diff = TextDiff::from_lines(old, new);
        for op in diff.ops() {
            let side = |range: std::ops::Range<usize>, base| range.map(move |at| (base + at, at));
            let old =
                side(op.old_range(), first.0).filter_map(|(line, at)| Some((line, diff.old_slice(at)?)));
            let new =
                side(op.new_range(), first.1).filter_map(|(line, at)| Some((line, diff.new_slice(at)?)));
            match op.tag() {
                DiffTag::Equal if self.extent == Extent::Brief => {}
                DiffTag::Equal => self.side(' ', Ink::Faint, new),
                DiffTag::Delete => self.side('-', Ink::Bad, old),
                DiffTag::Insert => self.side('+', Ink::Good, new),
                DiffTag::Replace => {
                    self.side('-', Ink::Bad, old);
                    self.side('+', Ink::Good, new);
                }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: &str, after: &str, extent: Extent, expected: &[&str]) {
        let lines = diff(before, &Patch::between(before, after), 0, extent);
        let printed: Vec<String> = lines.iter().map(Line::plain).collect();
        assert_eq!(printed, expected);
    }

    #[test]
    fn numbers_are_those_of_each_side() {
        check(
            "a\nb\nc\nd\n",
            "a\nx\ny\nc\nD\n",
            Extent::Brief,
            &["2 - b", "2 + x", "3 + y", "4 - d", "5 + D"],
        );
        check("a\nb", "a\nb\nc", Extent::Brief, &["2 - b", "2 + b", "3 + c"]);
        check("a\n", "a\n", Extent::Brief, &[]);
    }

    #[test]
    fn long_changes_are_counted() {
        let before = "x\n".repeat(9);
        check(&before, "", Extent::Brief, &["1 - x", "2 - x", "3 - x", "4 - x", "  - … 5 more lines"]);
    }

    #[test]
    fn context_surrounds_full_changes() {
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let after = before.replace('2', "two").replace('9', "nine");
        check(
            before,
            &after,
            Extent::Full,
            &["1   1", "2 - 2", "2 + two", "3   3", "4   4", "⋮", "7   7", "8   8", "9 - 9", "9 + nine"],
        );
    }

    #[test]
    fn an_edit_inside_a_line_shows_the_line() {
        let before = "Phase: A\nStatus: B\n";
        let patch =
            Patch::new(crate::text::Revision::of(before), vec![TextEdit::replace(Span::new(7, 8), "X")]);
        let lines = diff(before, &patch.expect("one edit"), 2, Extent::Brief);
        let printed: Vec<String> = lines.iter().map(Line::plain).collect();
        assert_eq!(printed, ["  1 - Phase: A", "  1 + Phase: X"]);
    }
}
