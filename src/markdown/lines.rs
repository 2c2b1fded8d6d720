//! The lines of a file, and what each looks like by itself.

use super::{
    blocks::{BlockKind, Markdown},
    scan::{BYTE_ORDER_MARK, is_blank, line_at},
};
use crate::text::Span;

/// One line inside a section, with what it looks like by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The line with its line end.
    pub span: Span,
    /// The line without line end, indentation and trailing white space.
    pub content: Span,
    /// White space before `content`, in columns (a tab goes to the next multiple of 4).
    pub indent: usize,
    /// What it looks like.
    pub kind: LineKind,
}

/// What a line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// Nothing but white space.
    Blank,
    /// A heading of the outline.
    Heading,
    /// Opens or closes a code fence.
    FenceEdge,
    /// Inside a code fence or front matter.
    Code,
    /// Wholly inside HTML comments.
    Comment,
    /// `---`.
    Break,
    /// A list item's first line; `body` is what follows marker and box.
    Item {
        /// `-`, `*`, `+`, `1.`, `1)`.
        marker: Span,
        /// `[ ]`, `[x]`.
        check: Option<CheckBox>,
        /// The rest of the line.
        body: Span,
    },
    /// A row of pipes: `| a | b |`.
    Row,
    /// `> …`.
    Quote,
    /// Anything else.
    Text,
}

/// A task box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckBox {
    /// The brackets and what is between.
    pub span: Span,
    /// Whether it holds an x or a tick.
    pub ticked: bool,
}

/// The lines of a span; see [`Markdown::lines`].
#[derive(Clone, Debug)]
pub struct Lines<'m> {
    markdown: &'m Markdown<'m>,
    at: usize,
    end: usize,
    block: usize,
    fence: usize,
    in_comment: bool,
}

impl<'m> Lines<'m> {
    pub(super) fn new(markdown: &'m Markdown<'m>, span: Span) -> Self {
        let text = markdown.text();
        let mut at = span.start.min(text.len());
        if at == 0 && text.starts_with(BYTE_ORDER_MARK) {
            at = BYTE_ORDER_MARK.len_utf8();
        } else if at > 0 {
            let before = &text.as_bytes()[..at];
            let begins = match before.last() {
                Some(b'\n') => true,
                Some(b'\r') => text.as_bytes().get(at) != Some(&b'\n'),
                _ => before == BYTE_ORDER_MARK.to_string().as_bytes(),
            };
            if !begins {
                at += line_at(text, at, text.len()).len();
            }
        }
        let blocks = markdown.blocks();
        let block = blocks.partition_point(|block| block.span.end <= at);
        let fence = markdown.nested_fences.partition_point(|fence| fence.end <= at);
        Self { markdown, at, end: span.end.min(text.len()), block, fence, in_comment: false }
    }

    fn kind(&mut self, span: Span, content: Span) -> LineKind {
        let text = self.markdown.text();
        let block = &self.markdown.blocks()[self.block];
        match &block.kind {
            BlockKind::Blank => LineKind::Blank,
            BlockKind::Heading(_) => LineKind::Heading,
            BlockKind::Wrapper => LineKind::FenceEdge,
            BlockKind::Comment => LineKind::Comment,
            BlockKind::Break => LineKind::Break,
            BlockKind::FrontMatter if span.start == block.span.start || span.end == block.span.end => {
                LineKind::FenceEdge
            }
            BlockKind::FrontMatter => LineKind::Code,
            BlockKind::Fence { body, .. } => {
                if body.contains(span.start) {
                    LineKind::Code
                } else {
                    LineKind::FenceEdge
                }
            }
            kind => {
                let is_table = *kind == BlockKind::Table;
                if let Some(edge) = self.nested_fence(span, content) {
                    return edge;
                }
                if self.comment(content.of(text)) {
                    return LineKind::Comment;
                }
                if is_table { LineKind::Row } else { looks_like(text, content) }
            }
        }
    }

    /// Lines of a fence inside a list or quote.
    fn nested_fence(&mut self, span: Span, content: Span) -> Option<LineKind> {
        let fences = &self.markdown.nested_fences;
        while fences.get(self.fence).is_some_and(|fence| fence.end <= span.start) {
            self.fence += 1;
        }
        let fence = fences.get(self.fence).filter(|fence| fence.start < span.end)?;
        let text = self.markdown.text();
        if fence.start >= span.start {
            // ``- ```sh``: the line is the item's as well, and readers want the item.
            let bare = content.of(text).starts_with(['`', '~']);
            return bare.then_some(LineKind::FenceEdge);
        }
        let is_last = fence.end <= span.end;
        let mark = content.of(text).trim_start_matches(['>', ' ']);
        let closes = is_last && (mark.starts_with("```") || mark.starts_with("~~~"));
        Some(if closes { LineKind::FenceEdge } else { LineKind::Code })
    }

    /// Whether the line is wholly inside comments; keeps track of one that goes on.
    fn comment(&mut self, content: &str) -> bool {
        let mut rest = content;
        loop {
            if self.in_comment {
                let Some(end) = rest.find("-->") else { return true };
                self.in_comment = false;
                rest = rest[end + 3..].trim_start();
                if rest.is_empty() {
                    return true;
                }
            }
            let Some(inside) = rest.strip_prefix("<!--") else { return false };
            self.in_comment = true;
            rest = inside;
        }
    }
}

impl Iterator for Lines<'_> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        if self.at >= self.end {
            return None;
        }
        let text = self.markdown.text();
        let line = line_at(text, self.at, text.len());
        let span = Span::new(self.at, self.at + line.len());
        let blocks = self.markdown.blocks();
        while blocks[self.block].span.end <= span.start {
            self.block += 1;
            self.in_comment = false;
        }
        self.at = span.end;
        let content = Span::new(span.start, span.end).trimmed(text);
        let mut indent = 0;
        for c in text[span.start..content.start].chars() {
            indent = if c == '\t' { indent / 4 * 4 + 4 } else { indent + 1 };
        }
        let kind = if is_blank(line) && !matches!(blocks[self.block].kind, BlockKind::Fence { .. }) {
            LineKind::Blank
        } else {
            self.kind(span, content)
        };
        Some(Line { span, content, indent, kind })
    }
}

/// What a line says by itself, inside a block that is not code.
fn looks_like(text: &str, content: Span) -> LineKind {
    let line = content.of(text);
    match line.bytes().next() {
        None => LineKind::Blank,
        Some(b'|') => LineKind::Row,
        Some(b'>') => LineKind::Quote,
        _ => match list_marker(line) {
            Some(width) => item(text, content, width),
            None => LineKind::Text,
        },
    }
}

/// The length of the list marker that `line` begins with, without the white space behind it.
#[must_use]
pub fn list_marker(line: &str) -> Option<usize> {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let width = match line.as_bytes().get(digits)? {
        b'-' | b'*' | b'+' if digits == 0 => 1,
        b'.' | b')' if (1..=9).contains(&digits) => digits + 1,
        _ => return None,
    };
    line[width..].chars().next().is_none_or(char::is_whitespace).then_some(width)
}

fn item(text: &str, content: Span, marker: usize) -> LineKind {
    let marker = Span::new(content.start, content.start + marker);
    let mut body = Span::new(marker.end, content.end).trimmed(text);
    let check = check_box(body.of(text)).map(|(length, ticked)| {
        let span = Span::new(body.start, body.start + length);
        body = Span::new(span.end, content.end).trimmed(text);
        CheckBox { span, ticked }
    });
    LineKind::Item { marker, check, body }
}

/// The length of the task box at the beginning of `text`, and whether it is ticked.
fn check_box(text: &str) -> Option<(usize, bool)> {
    let (inside, behind) = text.strip_prefix('[')?.split_once(']')?;
    let ticked = match inside.trim() {
        "" if inside.chars().count() <= 1 => false,
        "~" | "/" | "-" | ">" => false,
        "x" | "X" | "✓" | "✔" | "✔️" | "✅" | "☑" | "√" => true,
        _ => return None,
    };
    behind.chars().next().is_none_or(char::is_whitespace).then_some((inside.len() + 2, ticked))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One letter a line.
    fn letters(text: &str) -> String {
        let markdown = Markdown::parse(text);
        let lines = markdown.lines(Span::new(0, text.len()));
        lines
            .map(|line| match line.kind {
                LineKind::Blank => '_',
                LineKind::Heading => 'H',
                LineKind::FenceEdge => 'F',
                LineKind::Code => 'c',
                LineKind::Comment => '!',
                LineKind::Break => '=',
                LineKind::Item { check: Some(CheckBox { ticked: true, .. }), .. } => 'x',
                LineKind::Item { check: Some(_), .. } => 'o',
                LineKind::Item { .. } => '-',
                LineKind::Row => '|',
                LineKind::Quote => '>',
                LineKind::Text => 't',
            })
            .collect()
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(letters(text), expected, "{text:?}");
    }

    #[test]
    fn kinds() {
        check("# a\n\nb\n- c\n  d\n1) e\n***\n", "H_t-t-=");
        check("```\n- a\n\n```\n- b\n", "Fcc F-".replace(' ', "").as_str());
        check("- a\n  ```\n  - b\n\n  ```\n  - c\n", "-Fc_F-");
        check("- [ ] a\n- [x] b\n- [X]\n- [y] c\n- []\n- [~] d\n", "oxx-oo");
        check("| a |\n| b |\n", "||");
        check("a | b\n--|--\n1 | 2\n", "|||");
        check("> a\nb\n", ">t");
        check("<!-- a\nb\n-->\n- c\n  <!-- d -->\n  <!-- e\n  f --> g\n", "!!!-!!t");
        check("---\na: b\n---\n```\n", "FcFF");
        check("**a**\n*b*\n-c\n1.d\n", "tttt");
    }

    #[test]
    fn lines_begin_inside_the_span() {
        let text = "ab\ncd\r\nef";
        let markdown = Markdown::parse(text);
        let starts = |start, end| {
            markdown.lines(Span::new(start, end)).map(|line| line.span.start).collect::<Vec<_>>()
        };
        assert_eq!(starts(0, 9), [0, 3, 7]);
        assert_eq!(starts(1, 4), [3]);
        assert_eq!(starts(6, 7), Vec::<usize>::new());
        assert_eq!(starts(7, 99), [7]);
    }

    #[test]
    fn parts_of_an_item() {
        let text = "\t - [x]  **a**: b  \n";
        let markdown = Markdown::parse(text);
        let line = markdown.lines(Span::new(0, text.len())).next().expect("one line");
        assert_eq!((line.indent, line.content.of(text)), (5, "- [x]  **a**: b"));
        // Four columns: code for CommonMark, but a person's item all the same.
        let LineKind::Item { marker, check, body } = line.kind else { panic!("{line:?}") };
        assert_eq!((marker.of(text), body.of(text)), ("-", "**a**: b"));
        assert_eq!(check.map(|check| check.span.of(text)), Some("[x]"));
    }
}
