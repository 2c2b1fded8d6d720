//! The date of the last change.

use super::{WorkflowState, names};
use crate::{
    document::{Role, stamp::Stamp},
    markdown::LineKind,
    text::{Span, TextEdit},
};
use jiff::civil::DateTime;

/// Brings the date behind `Last updated` to `at`, in the form it has: at the top of the file, in
/// State, or in the last lines.
pub(super) fn touch(state: &WorkflowState<'_>, at: DateTime) -> Vec<TextEdit> {
    let text = state.outline.text();
    let outline = &state.outline;
    let by_key = state.key(names::LAST_UPDATED).map(|key| key.place.line);
    let found = by_key.or_else(|| {
        let closed: Vec<Span> = outline
            .sections()
            .iter()
            .filter(|section| !matches!(section.role, Role::State | Role::Other))
            .map(|section| section.body)
            .collect();
        let lines = outline.markdown().lines(Span::new(0, text.len()));
        let mut lines = lines
            .filter(|line| matches!(line.kind, LineKind::Text | LineKind::Item { .. } | LineKind::Quote));
        let mut bodies = closed.into_iter().peekable();
        lines.find_map(|line| {
            while bodies.next_if(|body| body.end <= line.span.start).is_some() {}
            let is_closed = bodies.peek().is_some_and(|body| body.contains(line.span.start));
            (!is_closed && says_updated(line.content.of(text))).then_some(line.span)
        })
    });
    let Some(line) = found else { return Vec::new() };
    let Some(stamp) = Stamp::find(line.of(text)) else { return Vec::new() };
    let span = Span::new(line.start + stamp.start, line.start + stamp.end);
    let new = stamp.write(at);
    if span.of(text) == new { Vec::new() } else { vec![TextEdit::replace(span, new)] }
}

/// `_Last updated: …_`, `**Last Updated:** …`, `- **last_update**: …`.
fn says_updated(line: &str) -> bool {
    const LONGEST: usize = 120;
    if line.len() > LONGEST {
        return false;
    }
    let bare = line.trim_start_matches(|c: char| !c.is_alphanumeric());
    let Some(colon) = bare.find([':', '：']) else { return false };
    let name = bare[..colon].trim_end_matches(['*', '_', ' ', '`']);
    names::canonical(name) == Some(names::LAST_UPDATED)
}
