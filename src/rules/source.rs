//! The lines of Rules sections, as rules see them.

use crate::{
    document::Outline,
    markdown::{Line, LineKind, list_marker},
    text::Span,
};

/// A line of a Rules section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RuleLine {
    /// The line with its line end.
    pub(super) span: Span,
    /// The content, without marker or `#`.
    pub(super) body: Span,
    /// White space before the line's content, in columns.
    pub(super) indent: usize,
    pub(super) kind: RuleLineKind,
}

/// What a line is to rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RuleLineKind {
    Blank,
    /// A heading of this level.
    Heading(u8),
    /// `---`, or a comment in bold that separates groups: `**# --- Memory Rules ---**`.
    Break,
    /// A list item's first line.
    Item,
    /// Inside an ordinary code fence, or its edges.
    Fence,
    /// Comments, quotes: nothing that a rule is made of.
    Aside,
    Text,
}

/// The lines of one section's body. Its fences are read as rules when it holds nothing else.
pub(super) fn lines(outline: &Outline<'_>, body: Span) -> Vec<RuleLine> {
    let file = outline.text();
    let is_fence = |line: &Line| matches!(line.kind, LineKind::FenceEdge | LineKind::Code);
    let is_nothing = |line: &Line| {
        matches!(line.kind, LineKind::Blank | LineKind::Comment | LineKind::Quote | LineKind::Break)
    };
    let all: Vec<Line> = outline.markdown().lines(body).collect();
    let fenced = all.iter().any(is_fence)
        && all.iter().all(|line| is_fence(line) || is_nothing(line) || is_italic_note(file, line));
    let first = outline.sections().partition_point(|section| section.heading.start < body.start);
    let mut headings = outline.sections()[first..].iter().peekable();
    all.iter()
        .map(|line| {
            while headings.next_if(|section| section.heading.start < line.span.start).is_some() {}
            let heading = headings.peek().filter(|section| section.heading.start == line.span.start);
            let level = heading.map(|section| section.level);
            read(file, line, level, fenced)
        })
        .collect()
}

fn is_italic_note(file: &str, line: &Line) -> bool {
    let content = line.content.of(file);
    line.kind == LineKind::Text && content.starts_with(['*', '_']) && content.ends_with(['*', '_'])
}

fn read(file: &str, line: &Line, level: Option<u8>, fenced: bool) -> RuleLine {
    let content = line.content;
    let (kind, body) = match line.kind {
        LineKind::Blank => (RuleLineKind::Blank, content),
        LineKind::Heading => heading(file, content, level),
        LineKind::FenceEdge if fenced => (RuleLineKind::Aside, content),
        LineKind::Code if fenced => code(file, content),
        LineKind::FenceEdge | LineKind::Code => (RuleLineKind::Fence, content),
        LineKind::Comment | LineKind::Quote => (RuleLineKind::Aside, content),
        LineKind::Break => (RuleLineKind::Break, content),
        LineKind::Item { body, .. } => (RuleLineKind::Item, body),
        LineKind::Row | LineKind::Text => (RuleLineKind::Text, content),
    };
    let separates =
        matches!(kind, RuleLineKind::Text | RuleLineKind::Heading(_)) && is_separator(body.of(file));
    let kind = if separates { RuleLineKind::Break } else { kind };
    RuleLine { span: line.span, body, indent: line.indent, kind }
}

/// A line of a fence that is read as rules.
fn code(file: &str, content: Span) -> (RuleLineKind, Span) {
    let text = content.of(file);
    if text.is_empty() {
        (RuleLineKind::Blank, content)
    } else if text.starts_with('#') && text.trim_start_matches('#').starts_with(' ') {
        heading(file, content, None)
    } else if let Some(width) = list_marker(text) {
        (RuleLineKind::Item, Span::new(content.start + width, content.end).trimmed(file))
    } else {
        (RuleLineKind::Text, content)
    }
}

fn heading(file: &str, content: Span, level: Option<u8>) -> (RuleLineKind, Span) {
    let text = content.of(file);
    let hashes = text.len() - text.trim_start_matches('#').len();
    let level = level.unwrap_or_else(|| u8::try_from(hashes.clamp(1, 6)).unwrap_or(6));
    let inner = text[hashes..].trim();
    let closed = inner.trim_end_matches('#');
    let inner = if closed.ends_with(' ') { closed.trim_end() } else { inner };
    let start = content.start + hashes + (text[hashes..].len() - text[hashes..].trim_start().len());
    (RuleLineKind::Heading(level), Span::new(start, start + inner.len()))
}

/// `**# --- Core Workflow Rules ---**`
fn is_separator(text: &str) -> bool {
    text.trim_start_matches(['*', '_', '#', ' ']).starts_with("---")
}
