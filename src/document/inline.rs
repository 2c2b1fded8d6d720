//! Text inside a line: decoration and line ends.

use crate::text::Span;

/// The line end that `text` uses; `\n` without one.
pub(super) fn line_end(text: &str) -> &'static str {
    match text.bytes().position(|byte| byte == b'\n') {
        Some(at) if at > 0 && text.as_bytes()[at - 1] == b'\r' => "\r\n",
        None if text.contains('\r') => "\r",
        _ => "\n",
    }
}

/// `text` as one line: white space with a line end in it becomes one space.
pub(super) fn one_line(text: &str) -> String {
    let mut lines = text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |joined, line| joined + " " + line)
}

/// The part of `span` inside its decoration: `**`, `__`, `*`, `_`, `~~`, `` ` `` and quotes around the
/// whole, and pictures (`✅`) in front and behind.
pub(super) fn bare(text: &str, span: Span) -> Span {
    let mut span = span.trimmed(text);
    loop {
        let inside = span.of(text);
        let next = unwrap(inside).or_else(|| without_pictures(inside));
        match next {
            Some((start, end)) => span = Span::new(span.start + start, span.start + end).trimmed(text),
            None => return span,
        }
    }
}

const PAIRS: [&str; 8] = ["***", "**", "__", "~~", "``", "`", "*", "_"];

/// Offsets of what stands inside one pair of marks around the whole of `text`.
fn unwrap(text: &str) -> Option<(usize, usize)> {
    PAIRS.iter().find_map(|mark| {
        let inside = text.strip_prefix(mark)?.strip_suffix(mark)?;
        let is_whole = !inside.trim().is_empty() && !inside.contains(mark);
        is_whole.then_some((mark.len(), text.len() - mark.len()))
    })
}

/// Offsets of `text` without pictures at its ends.
fn without_pictures(text: &str) -> Option<(usize, usize)> {
    let picture = |c: char| is_picture(c) || c == ' ';
    let start = text.len() - text.trim_start_matches(picture).len();
    let end = text.trim_end_matches(picture).len();
    (start < end && (start > 0 || end < text.len())).then_some((start, end))
}

/// Emoji, dingbats, arrows and the marks that modify them; not the lines of drawn boxes.
pub(super) fn is_picture(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{24ff}' | '\u{2580}'..='\u{2bff}' | '\u{fe0f}' | '\u{200d}' | '\u{20e3}' | '\u{1f000}'..='\u{1faff}')
}

/// `text` without decoration, wherever it stands: for comparing, not for writing.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let mut previous = ' ';
    while let Some(c) = characters.next() {
        let next = characters.peek().copied().unwrap_or(' ');
        let keep = match c {
            '`' => false,
            '*' => previous == ' ' && next == ' ',
            '~' => previous != '~' && next != '~',
            '_' => previous.is_alphanumeric() && next.is_alphanumeric(),
            '\\' => !next.is_ascii_punctuation(),
            _ => true,
        };
        if keep {
            out.push(c);
        } else if c == '\\' {
            out.extend(characters.next());
        }
        previous = c;
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_text() {
        let check = |text: &str, expected: &str| {
            assert_eq!(bare(text, Span::new(0, text.len())).of(text), expected, "{text}");
        };
        check("**a**", "a");
        check(" `READY`  ", "READY");
        check("✅ **COMPLETED** 🎉", "COMPLETED");
        check("**✅ `A`**", "A");
        check("_a_b_", "_a_b_");
        check("**a** and **b**", "**a** and **b**");
        check("IN_PROGRESS", "IN_PROGRESS");
        check("****", "****");
        check("✅", "✅");
    }

    #[test]
    fn plain_text() {
        let check = |text: &str, expected: &str| assert_eq!(plain(text), expected, "{text}");
        check("**Add** `sync` (repost)", "Add sync (repost)");
        check("a_b _c_ d\\_e", "a_b c d_e");
        check("2 * 3 ~~x~~", "2 * 3 x");
    }

    #[test]
    fn line_ends() {
        assert_eq!(line_end("a\r\nb"), "\r\n");
        assert_eq!(line_end("a\nb\r\n"), "\n");
        assert_eq!(line_end("a\rb"), "\r");
        assert_eq!(line_end(""), "\n");
        assert_eq!(one_line(" a \r\n\n b\tc "), "a b\tc");
    }
}
