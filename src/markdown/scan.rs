//! From pulldown-cmark's events to blocks without gaps.

use super::{
    blocks::{Block, BlockKind, Heading},
    depth,
};
use crate::text::Span;
use memchr::{memchr2, memrchr2};
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';

/// Blocks up to a place in the text.
pub(super) struct Blocks<'t> {
    text: &'t str,
    blocks: Vec<Block>,
    nested_fences: Vec<Span>,
    deepest: Nesting,
}

/// What a text is made of.
pub(super) struct Parts {
    pub(super) blocks: Vec<Block>,
    /// Fenced code inside lists and quotes.
    pub(super) nested_fences: Vec<Span>,
    pub(super) deepest: Nesting,
}

/// How deep lists and quotes stand inside each other. What goes deeper than documents do is not read
/// as lists and quotes any more, so no text is deeper than some two hundred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nesting {
    /// How many there are around the innermost, itself included; 0 without any.
    pub depth: usize,
    /// Where the innermost begins.
    pub at: usize,
}

impl<'t> Blocks<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            blocks: Vec::with_capacity(text.len() / 64),
            nested_fences: Vec::new(),
            deepest: Nesting::default(),
        }
    }

    /// The end of what is tiled.
    pub(super) fn at(&self) -> usize {
        self.blocks.last().map_or(0, |block| block.span.end)
    }

    pub(super) fn push(&mut self, end: usize, kind: BlockKind) {
        let start = self.at();
        if start < end {
            self.blocks.push(Block { span: Span::new(start, end), kind });
        }
    }

    /// Fills a gap: blank lines, and what pulldown-cmark reports no event for (link definitions).
    pub(super) fn fill_to(&mut self, end: usize) {
        while self.at() < end {
            let mut run_end = self.at();
            let blank = is_blank(line_at(self.text, run_end, end));
            while run_end < end {
                let line = line_at(self.text, run_end, end);
                if is_blank(line) != blank {
                    break;
                }
                run_end += line.len();
            }
            self.push(run_end, if blank { BlockKind::Blank } else { BlockKind::Paragraph });
        }
    }

    /// Reads the text up to `end` as Markdown.
    pub(super) fn scan(&mut self, end: usize) {
        let base = self.at();
        let (mut depth, mut nesting) = (0_usize, 0_usize);
        let text = depth::bounded(&self.text[base..end]);
        let parser = Parser::new_ext(&text, Options::ENABLE_TABLES);
        for (event, range) in parser.into_offset_iter() {
            match event {
                Event::Start(tag) => {
                    if matches!(tag, Tag::List(_) | Tag::BlockQuote(_)) {
                        nesting += 1;
                        if nesting > self.deepest.depth {
                            self.deepest = Nesting { depth: nesting, at: base + range.start };
                        }
                    }
                    if depth == 0 {
                        self.block(Span::from(range).shifted(base), end, &tag);
                    } else if let Tag::CodeBlock(CodeBlockKind::Fenced(_)) = tag {
                        self.nested_fences.push(Span::from(range).shifted(base));
                    }
                    depth += 1;
                }
                Event::End(tag) => {
                    depth = depth.saturating_sub(1);
                    if matches!(tag, TagEnd::List(_) | TagEnd::BlockQuote(_)) {
                        nesting = nesting.saturating_sub(1);
                    }
                }
                Event::Rule if depth == 0 => {
                    let span = self.whole_lines(Span::from(range).shifted(base), end);
                    self.fill_to(span.start);
                    self.push(span.end, BlockKind::Break);
                }
                _ => {}
            }
        }
        self.fill_to(end);
    }

    pub(super) fn finish(self) -> Parts {
        Parts { blocks: self.blocks, nested_fences: self.nested_fences, deepest: self.deepest }
    }

    fn block(&mut self, range: Span, limit: usize, tag: &Tag<'_>) {
        let mut span = self.whole_lines(range, limit);
        let kind = match tag {
            Tag::CodeBlock(CodeBlockKind::Fenced(_)) => self.fence(span),
            Tag::Heading { level, .. } => {
                let text = heading_text(self.text, span);
                if *level == HeadingLevel::H2 && self.is_no_heading(span, text) {
                    let underline = last_line(self.text, span);
                    self.fill_to(span.start);
                    self.push(underline.start, BlockKind::Paragraph);
                    self.push(underline.end, BlockKind::Break);
                    return;
                }
                BlockKind::Heading(Heading { level: *level as u8, text })
            }
            other => {
                span = without_blank_end(self.text, span);
                match other {
                    Tag::CodeBlock(CodeBlockKind::Indented) => BlockKind::IndentedCode,
                    Tag::HtmlBlock if is_comments(span.of(self.text)) => BlockKind::Comment,
                    Tag::HtmlBlock => BlockKind::Html,
                    Tag::BlockQuote(_) => BlockKind::Quote,
                    Tag::List(_) => BlockKind::List,
                    Tag::Table(_) => BlockKind::Table,
                    _ => BlockKind::Paragraph,
                }
            }
        };
        self.fill_to(span.start);
        self.push(span.end, kind);
    }

    /// `range` from the beginning of its first line to the end of its last, behind what is tiled.
    fn whole_lines(&self, range: Span, limit: usize) -> Span {
        let bytes = self.text.as_bytes();
        let at = self.at();
        let mut start = range.start.max(at);
        while start > at && matches!(bytes[start - 1], b' ' | b'\t') {
            start -= 1;
        }
        let mut end = range.end.clamp(start, limit);
        let ended = end > start && matches!(bytes[end - 1], b'\n' | b'\r') && {
            !(bytes[end - 1] == b'\r' && end < limit && bytes[end] == b'\n')
        };
        if !ended {
            end += line_at(self.text, end, limit).len();
        }
        Span::new(start, end)
    }

    fn fence(&self, span: Span) -> BlockKind {
        let opening = line_at(self.text, span.start, span.end);
        let mark = opening.trim_start_matches([' ', '\t']);
        let fence = mark.chars().next().unwrap_or('`');
        let rest = mark.trim_start_matches(fence);
        let width = mark.len() - rest.len();
        let behind = span.start + opening.len();
        let info = Span::new(behind - rest.len(), behind).trimmed(self.text);
        let mut body = Span::new(behind, span.end);
        let closing = last_line(self.text, span);
        let bare = closing.of(self.text).trim();
        let closed = closing.start >= behind && bare.len() >= width && bare.chars().all(|c| c == fence);
        if closed {
            body.end = closing.start;
        }
        BlockKind::Fence { info, body, closed }
    }

    /// Real files set sections off with `---` directly below a paragraph, where CommonMark sees an
    /// underlined heading: key lines, several lines, and sentences are none.
    fn is_no_heading(&self, span: Span, text: Span) -> bool {
        let text = text.of(self.text);
        if !last_line(self.text, span).of(self.text).trim_start().starts_with('-') || text.is_empty() {
            return false;
        }
        let ends_sentence = text.ends_with(['.', ':', ';', '。', '：', '*', '_', '|']);
        let is_atx = span.of(self.text).trim_start().starts_with('#');
        !is_atx && (text.contains(['\n', '\r', ':', '：']) || ends_sentence || text.starts_with('|'))
    }
}

/// The line that begins at `start`, with its line end.
pub(super) fn line_at(text: &str, start: usize, limit: usize) -> &str {
    let rest = &text[start..limit];
    match memchr2(b'\n', b'\r', rest.as_bytes()) {
        Some(end) if rest[end..].starts_with("\r\n") => &rest[..end + 2],
        Some(end) => &rest[..=end],
        None => rest,
    }
}

/// The last line inside `span`, with its line end.
pub(super) fn last_line(text: &str, span: Span) -> Span {
    let body = span.of(text);
    let without_end = body.strip_suffix("\r\n").or_else(|| body.strip_suffix(['\n', '\r'])).unwrap_or(body);
    let start = memrchr2(b'\n', b'\r', without_end.as_bytes()).map_or(0, |at| at + 1);
    Span::new(span.start + start, span.end)
}

pub(super) fn is_blank(line: &str) -> bool {
    line.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
}

fn without_blank_end(text: &str, mut span: Span) -> Span {
    loop {
        let last = last_line(text, span);
        if last.start == span.start || !is_blank(last.of(text)) {
            return span;
        }
        span.end = last.start;
    }
}

/// Whether a block of HTML holds nothing but comments.
fn is_comments(html: &str) -> bool {
    let mut rest = html.trim_start();
    loop {
        let Some(inside) = rest.strip_prefix("<!--") else { return rest.is_empty() };
        let Some(end) = inside.find("-->") else { return true };
        rest = inside[end + 3..].trim_start();
    }
}

fn heading_text(text: &str, span: Span) -> Span {
    let whole = span.trimmed(text);
    let inside = whole.of(text);
    let Some(behind) = inside.strip_prefix('#') else {
        let underline = last_line(text, whole);
        return Span::new(whole.start, underline.start).trimmed(text);
    };
    let opened = behind.trim_start_matches('#');
    let start = whole.end - opened.len();
    let without = opened.trim_end_matches('#');
    let closes = without.is_empty() || without.ends_with([' ', '\t']);
    let end = if closes { start + without.len() } else { whole.end };
    Span::new(start, end).trimmed(text)
}
