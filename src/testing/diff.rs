//! Changes as text.

use crate::markdown::Markdown;
use similar::{ChangeTag, TextDiff};
use std::fmt::Write as _;

/// The change from `before` to `after` in hunks with one line of context. A hunk's head names the
/// heading above it rather than line numbers: what a reader looks for, and what stays when an
/// unrelated line is added. Characters that can't be seen are shown by a symbol ([`visible`]).
pub(super) fn unified(before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let markdown = Markdown::parse(before);
    let headings: Vec<(usize, &str)> =
        markdown.headings().map(|(span, heading)| (span.start, heading.text.of(before))).collect();
    let offsets: Vec<usize> = std::iter::once(0)
        .chain((0..diff.old_len()).filter_map(|line| diff.old_slice(line)).scan(0, |at, line: &str| {
            *at += line.len();
            Some(*at)
        }))
        .collect();
    let mut out = String::new();
    for group in diff.grouped_ops(1) {
        let changes: Vec<_> = group.iter().flat_map(|op| diff.iter_changes(op)).collect();
        let start = group.first().map_or(0, |op| op.old_range().start);
        let context = changes.iter().take_while(|change| change.tag() == ChangeTag::Equal).count();
        let offset = offsets.get(start + context).copied().unwrap_or(before.len());
        let heading = headings.iter().rev().find(|(at, _)| *at < offset.max(1));
        let _ = writeln!(out, "{}", format!("@@ {}", heading.map_or("", |(_, text)| text)).trim_end());
        for change in changes {
            let sign = match change.tag() {
                ChangeTag::Equal => " ",
                ChangeTag::Delete => "-",
                ChangeTag::Insert => "+",
            };
            let line = format!("{sign}{}", visible(change.value()));
            let _ = writeln!(out, "{}", line.trim_end());
            if !change.value().ends_with('\n') {
                out.push_str("\\ no line end\n");
            }
        }
    }
    out
}

/// A line without its `\n`, with carriage returns, tabs, NULs, byte order marks and trailing blanks
/// made visible, so that no editor strips them from a snapshot.
pub(super) fn visible(line: &str) -> String {
    let line = line.strip_suffix('\n').unwrap_or(line);
    let bare = line.strip_suffix('\r').unwrap_or(line);
    let text = bare.trim_end_matches(' ');
    let mut out = String::with_capacity(line.len());
    for c in text.chars() {
        out.push(match c {
            '\r' => '␍',
            '\t' => '␉',
            '\0' => '␀',
            '\u{feff}' => '␢',
            other => other,
        });
    }
    out.extend(std::iter::repeat_n('␠', bare.len() - text.len()));
    if bare.len() < line.len() {
        out.push('␍');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_cannot_be_seen() {
        let check = |line: &str, expected| assert_eq!(visible(line), expected, "{line:?}");
        check("Status: READY  \n", "Status: READY␠␠");
        check("a\tb\0c\r\n", "a␉b␀c␍");
        check("a \r\n", "a␠␍");
        check("\u{feff}# x", "␢# x");
        check("", "");
        check("  indented ▶\n", "  indented ▶");
    }

    #[test]
    fn names_the_heading_and_one_line_around() {
        let before = "# A\n\none\ntwo\nthree\n\n## B\nx\ny";
        let after = "# A\n\none\n2\nthree\n\n## B\nx\nz";
        assert_eq!(
            unified(before, after).replace("@@ A", "@@").replace("@@ B", "@@"),
            "@@\n one\n-two\n+2\n three\n@@\n x\n-y\n\\ no line end\n+z\n\\ no line end\n"
        );
        assert_eq!(unified(before, before), "");
    }
}
