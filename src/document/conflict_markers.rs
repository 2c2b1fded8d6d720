//! What git leaves in a file that it could not merge.

use super::{Outline, Role};
use crate::{
    markdown::BlockKind,
    text::{Diagnostic, Severity, Span},
};
use memchr::memmem;

/// The lines of a conflict, in their order. Between the first and the second may stand what both began with.
const MARKERS: [&str; 3] = ["<<<<<<<", "=======", ">>>>>>>"];

/// The first line of the first conflict that git left in a text: until somebody has decided, it says two
/// things at once. A closed fence may show one, except where State, rules and items stand in fences.
#[must_use]
pub fn conflict_markers(text: &str) -> Option<Span> {
    // Few texts have any of these letters.
    memmem::find(text.as_bytes(), MARKERS[0].as_bytes())?;
    let mut outline = None;
    conflicts(text).into_iter().find_map(|(first, whole)| {
        let outline = outline.get_or_insert_with(|| Outline::parse(text));
        (!is_shown(outline, whole)).then_some(first)
    })
}

/// The finding that a text has them.
pub(super) fn review(outline: &Outline<'_>) -> Option<Diagnostic> {
    let span = conflict_markers(outline.text())?;
    let message = "git could not merge this place; until somebody has, no rule runs";
    Some(
        Diagnostic::new(Severity::Error, "conflict-markers", span, message).with_hint(
            "keep what holds and delete the three lines with the marks; `rulemark init --git` lets git merge these \
             files by key, item and log entry",
        ),
    )
}

/// The first line of each conflict, and all of it.
fn conflicts(text: &str) -> Vec<(Span, Span)> {
    let mut found = Vec::new();
    let (mut at, mut next, mut first) = (0, 0, Span::default());
    for line in text.split_inclusive('\n') {
        let span = Span::new(at, at + line.trim_end().len());
        at += line.len();
        if is_marker(line, MARKERS[0]) {
            (first, next) = (span, 1);
        } else if next > 0 && is_marker(line, MARKERS[next]) {
            next = (next + 1) % MARKERS.len();
            if next == 0 {
                found.push((first, Span::new(first.start, span.end)));
            }
        }
    }
    found
}

/// The seven letters, and a name behind a space or nothing.
fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| rest.trim_end().is_empty() || rest.starts_with(' '))
}

/// Whether a fence only shows it.
fn is_shown(outline: &Outline<'_>, whole: Span) -> bool {
    let contains = |outer: Span| outer.start <= whole.start && whole.end <= outer.end;
    let blocks = outline.markdown().blocks();
    let is_fenced = blocks
        .iter()
        .any(|it| matches!(it.kind, BlockKind::Fence { body, closed: true, .. } if contains(body)));
    let counts = |role| outline.section(role).is_some_and(|section| contains(section.body));
    is_fenced && ![Role::State, Role::Rules, Role::Items].into_iter().any(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFLICT: &str = "<<<<<<< HEAD\nPhase: A\n=======\nPhase: B\n>>>>>>> other\n";

    #[test]
    fn conflicts_are_found_where_they_stand() {
        let check = |text: &str, expected: Option<usize>| {
            let line = conflict_markers(text).map(|span| text[..span.start].lines().count() + 1);
            assert_eq!(line, expected, "{text}");
        };
        check(CONFLICT, Some(1));
        check(&format!("## State\n{CONFLICT}## Log\n"), Some(2));
        check(&format!("## State\r\n{}", CONFLICT.replace('\n', "\r\n")), Some(2));
        check("## Log\n<<<<<<< a\n||||||| base\nx\n=======\n>>>>>>> b", Some(2));
        check("## Log\n<<<<<<<\n=======\n>>>>>>>\n", Some(2));
        // One side of it opens a fence.
        check("## Log\n<<<<<<< a\n```\n=======\n>>>>>>> b\n```\n", Some(2));
        check(&format!("## State\n```yaml\n{CONFLICT}```\n"), Some(3));
        check(&format!("## Log\n```\n{CONFLICT}```\n{CONFLICT}"), Some(9));
        // What is none.
        check(&format!("## Log\n```\n{CONFLICT}```\n"), None);
        check("## Log\nTitle\n=======\n<<<<<<< see\n", None);
        check("## Log\n<<<<<<<< a\n=======\n>>>>>>> b\n", None);
        check("## Log\n    <<<<<<< a\n=======\n>>>>>>> b\n", None);
        check("## Log\n<<<<<<< a\n>>>>>>> b\n", None);
        check("", None);
    }
}
