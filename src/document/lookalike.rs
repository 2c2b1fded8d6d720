//! Lines that a reader takes for the heading of a section, and Markdown does not.

use super::{Outline, Role, title};
use crate::{
    markdown::{Block, BlockKind, LineKind},
    text::{Patch, Span, TextEdit, as_it_looks},
};
use std::collections::HashSet;

/// A line that looks like the heading of a section with a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lookalike {
    /// The role the section would have.
    pub(super) role: Role,
    /// The line from its first `#` on, without its end.
    pub(super) line: Span,
    /// What keeps it from being one.
    pub(super) why: Why,
}

/// What keeps a line from being the heading it looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// Characters that are not seen or are taken for others, in the heading's text.
    OddName,
    /// No space behind the `#`, or one that does not count.
    NoSpace,
    /// It stands in a fence that is never closed; where that opens.
    OpenFence(Span),
    /// It stands in a comment that is never closed; where that opens.
    OpenComment(Span),
    /// It stands right below HTML, without a blank line between.
    Html(Span),
    /// It stands inside a list or quote.
    Nested,
    /// Four columns make it code.
    Indented,
}

impl Outline<'_> {
    /// The lines that look like headings of sections this outline does not have. Only names that
    /// leave no doubt count. A section that is there needs no lookalike: examples may show one.
    pub(super) fn lookalikes(&self) -> Vec<Lookalike> {
        let mut found = Vec::new();
        self.odd_headings(&mut found);
        for block in self.markdown().blocks() {
            self.lookalikes_in(block, &mut found);
        }
        found.retain(|lookalike| self.section(lookalike.role).is_none());
        found.sort_by_key(|lookalike| lookalike.line.start);
        found
    }

    fn odd_headings(&self, found: &mut Vec<Lookalike>) {
        for section in self.sections().iter().filter(|section| section.role == Role::Other) {
            let title = section.title.of(self.text());
            let looks = as_it_looks(title);
            if looks != title
                && let Some(role) = named(&looks)
            {
                found.push(Lookalike { role, line: section.title, why: Why::OddName });
            }
        }
    }

    fn lookalikes_in(&self, block: &Block, found: &mut Vec<Lookalike>) {
        let text = self.text();
        let first_line = || {
            let line = block.span.of(text).lines().next().unwrap_or_default();
            Span::new(block.span.start, block.span.start + line.len()).trimmed(text)
        };
        let is_open_comment = || !block.span.of(text).trim_end().ends_with("-->");
        let why = match &block.kind {
            BlockKind::Paragraph => Why::NoSpace,
            BlockKind::Fence { closed: false, .. } => Why::OpenFence(first_line()),
            BlockKind::Comment if is_open_comment() => Why::OpenComment(first_line()),
            BlockKind::Html if block.span.of(text).contains("<!--") && is_open_comment() => {
                Why::OpenComment(first_line())
            }
            BlockKind::Html => Why::Html(first_line()),
            BlockKind::List | BlockKind::Quote => Why::Nested,
            BlockKind::IndentedCode => Why::Indented,
            _ => return,
        };
        if !block.span.of(text).contains('#') {
            return;
        }
        for line in self.markdown().lines(block.span) {
            let is_hidden = matches!(why, Why::OpenFence(_) | Why::OpenComment(_) | Why::Html(_));
            let is_words = matches!(line.kind, LineKind::Text | LineKind::Quote | LineKind::Item { .. });
            if !is_hidden && !is_words {
                continue;
            }
            let content = line.content.of(text);
            let marks = |c: char| c == ' ' || why == Why::Nested && matches!(c, '>' | '-' | '*' | '+');
            let heading = content.trim_start_matches(marks);
            let name = heading.trim_start_matches('#');
            let level = heading.len() - name.len();
            let is_spaced = name.starts_with([' ', '\t']);
            // In a paragraph a line with a space would be a heading; elsewhere one without is none.
            if !(1..=6).contains(&level) || is_spaced == (why == Why::NoSpace) {
                continue;
            }
            let line = Span::new(line.content.end - heading.len(), line.content.end);
            found.extend(named(&as_it_looks(name)).map(|role| Lookalike { role, line, why }));
        }
    }
}

/// The role that a heading's text names without doubt.
fn named(name: &str) -> Option<Role> {
    let name = name.trim().trim_end_matches('#');
    title::exact(&title::normal(name)).filter(|(_, rank)| *rank == 0).map(|(role, _)| role)
}

/// The line that looks like the section which `patch` adds, if there is one: to a reader the file
/// would have that section twice, and what stands below the first would be lost from sight.
///
/// `before` is what the patch was made for, `after` what comes of it. A patch that mends such a line
/// adds no second one.
pub(super) fn doubled(before: &Outline<'_>, patch: &Patch, after: &Outline<'_>) -> Option<Lookalike> {
    let is_new = |role| before.section(role).is_none() && after.section(role).is_some();
    if !NAMED.iter().any(|&role| is_new(role)) {
        return None;
    }
    let lookalikes = before.lookalikes();
    let touched = lookalikes.iter().filter(|lookalike| is_touched(lookalike, patch.edits()));
    let mended: HashSet<Role> = touched.map(|lookalike| lookalike.role).collect();
    lookalikes.iter().find(|lookalike| is_new(lookalike.role) && !mended.contains(&lookalike.role)).copied()
}

/// Whether one of the edits changes what keeps a line from being a heading: the line, or what hides it.
fn is_touched(lookalike: &Lookalike, edits: &[TextEdit]) -> bool {
    let span = match lookalike.why {
        Why::OpenFence(opening) | Why::OpenComment(opening) | Why::Html(opening) => {
            Span::new(opening.start, lookalike.line.end)
        }
        _ => lookalike.line,
    };
    let first = edits.partition_point(|edit| edit.span.end < span.start);
    // What is put behind the line leaves it as it is.
    edits.get(first).is_some_and(|edit| edit.span.start < span.end)
}

/// The roles that a section can be added for.
const NAMED: [Role; 10] = [
    Role::State,
    Role::Plan,
    Role::Rules,
    Role::Items,
    Role::Log,
    Role::ArchiveLog,
    Role::BlueprintHistory,
    Role::WorkflowHistory,
    Role::Changelog,
    Role::Results,
];
