//! What may stand around the document: a fence around the whole file, and front matter.

use super::scan::{is_blank, line_at};
use crate::text::Span;

/// The opening and closing lines of a fence that holds the whole document from `start` on.
///
/// Agents asked for a file often answer with a fence around it and write that to disk. Inside, inner
/// fences are read as pairs, so they don't end it; the last line of the file has to be left over. An
/// opening fence whose document begins neither with a heading nor with front matter is an ordinary
/// code block, and so is one that is followed by text after CommonMark's own closing line.
pub(super) fn find(text: &str, start: usize) -> (Option<Span>, Option<Span>) {
    let mut at = start;
    while at < text.len() {
        let line = line_at(text, at, text.len());
        if !is_blank(line) {
            break;
        }
        at += line.len();
    }
    let opening = line_at(text, at, text.len());
    let open = Span::new(at, at + opening.len());
    let Some(fence) = Fence::of(opening) else { return (None, None) };
    let is_markdown = ["markdown", "md", "mdc"].iter().any(|name| fence.info.eq_ignore_ascii_case(name));
    if !is_markdown && !fence.info.is_empty() {
        return (None, None);
    }
    let inside = Inside::read(text, open.end, &fence);
    let is_document = if is_markdown {
        inside.heading_first && (inside.close.is_some() || !inside.closes_early)
    } else {
        inside.heading_first && inside.headings_before_fences > 1 && inside.close.is_some()
    };
    if is_document { (Some(open), inside.close) } else { (None, None) }
}

/// The end of the front matter that begins at `start`.
pub(super) fn front_matter(text: &str, start: usize) -> Option<usize> {
    let opening = line_at(text, start, text.len());
    let (mark, is_entry): (&str, fn(&str) -> bool) = match opening.trim_end() {
        "---" => ("---", is_yaml_line),
        "+++" => ("+++", is_toml_line),
        _ => return None,
    };
    let mut at = start + opening.len();
    let mut keys = 0;
    while at < text.len() {
        let line = line_at(text, at, text.len());
        at += line.len();
        let bare = line.trim_end();
        if bare == mark || (bare == "..." && mark == "---") {
            return (keys > 0).then_some(at);
        }
        if !is_entry(bare) || (keys == 0 && is_blank(line)) {
            return None;
        }
        keys += usize::from(bare.contains([':', '=']));
    }
    None
}

/// A key, something below a key, a list item, a comment, or a blank line.
fn is_yaml_line(line: &str) -> bool {
    let key = line.split_once(':').is_some_and(|(key, value)| {
        !key.is_empty()
            && (value.is_empty() || value.starts_with([' ', '\t']))
            && !key.starts_with(['*', '>', '|', '`'])
    });
    key || line.is_empty() || line.starts_with([' ', '\t', '#', '-', ']', '}'])
}

fn is_toml_line(line: &str) -> bool {
    line.is_empty() || line.starts_with([' ', '\t', '#', '[', ']']) || line.contains('=')
}

struct Fence<'t> {
    mark: u8,
    width: usize,
    info: &'t str,
}

impl<'t> Fence<'t> {
    fn of(line: &'t str) -> Option<Self> {
        let bare = line.trim_start_matches(' ');
        let mark = *bare.as_bytes().first()?;
        if !matches!(mark, b'`' | b'~') || line.len() - bare.len() > 3 {
            return None;
        }
        let width = bare.bytes().take_while(|&byte| byte == mark).count();
        let info = bare[width..].trim();
        (width >= 3 && !info.contains('`')).then_some(Self { mark, width, info })
    }

    fn closes(&self, open: &Self) -> bool {
        self.mark == open.mark && self.width >= open.width && self.info.is_empty()
    }
}

/// What stands inside a fence that may hold the document.
struct Inside {
    heading_first: bool,
    headings_before_fences: usize,
    /// Whether CommonMark ends the outer fence before the last line.
    closes_early: bool,
    /// The last line, when it closes the outer fence and nothing else.
    close: Option<Span>,
}

impl Inside {
    fn read(text: &str, start: usize, outer: &Fence<'_>) -> Self {
        let end = start + text[start..].trim_end().len();
        let mut inside =
            Self { heading_first: false, headings_before_fences: 0, closes_early: false, close: None };
        let mut inner: Option<Fence<'_>> = None;
        let (mut at, mut is_first, mut fences) = (start, true, 0);
        while at < end {
            let line = line_at(text, at, text.len());
            let span = Span::new(at, at + line.len());
            at = span.end;
            let is_heading = inner.is_none() && is_heading(line);
            if !is_blank(line) {
                inside.heading_first |= is_first && (is_heading || line.trim_end() == "---");
                is_first = false;
            }
            inside.headings_before_fences += usize::from(is_heading && fences == 0);
            let Some(fence) = Fence::of(line) else { continue };
            fences += 1;
            match inner.take() {
                Some(open) if fence.closes(&open) => {}
                Some(open) => inner = Some(open),
                None if at >= end && fence.closes(outer) => inside.close = Some(span),
                None => {
                    inside.closes_early |= fence.closes(outer);
                    inner = Some(fence);
                }
            }
        }
        inside.closes_early |= inner.is_some();
        inside
    }
}

fn is_heading(line: &str) -> bool {
    let rest = line.trim_start_matches('#');
    let level = line.len() - rest.len();
    (1..=6).contains(&level) && rest.starts_with([' ', '\t', '\r', '\n'])
}
