//! Sentences: where one ends and the next begins.

use crate::text::Span;

/// Words with a full stop that do not end a sentence.
const ABBREVIATIONS: &[&str] =
    &["e.g", "i.e", "etc", "vs", "approx", "no", "resp", "incl", "cf", "z.b", "bzw"];

/// A longer text is handed on whole; this bounds the looking ahead for closing signs.
const LONGEST: usize = 16 * 1024;

/// The sentences of `span`, without white space around them: parted at full stops and semicolons,
/// but not inside code, quotations or parentheses.
pub(super) fn sentences(file: &str, span: Span) -> Vec<Span> {
    if span.len() > LONGEST {
        return vec![span];
    }
    let text = span.of(file);
    let mut parts = Vec::new();
    let mut start = 0;
    let mut nesting = Nesting::default();
    for (at, byte) in text.bytes().enumerate() {
        let is_inside = byte.is_ascii_alphanumeric() || byte == b' ' || (0x80..0xC0).contains(&byte);
        let mut chars = text[if is_inside { text.len() } else { at }..].chars();
        let Some(c) = chars.next() else { continue };
        let next = chars.next();
        nesting.read(text, at, c, next);
        if nesting.is_open() {
            continue;
        }
        let end = match c {
            ';' | '；' => Some(at),
            '.' | '!' | '?' if next.is_none_or(char::is_whitespace) && ends_sentence(text, start, at) => {
                Some(at + 1)
            }
            '。' => Some(at + c.len_utf8()),
            _ => None,
        };
        if let Some(end) = end {
            parts.push(Span::new(span.start + start, span.start + end));
            start = at + c.len_utf8();
        }
    }
    parts.push(Span::new(span.start + start, span.end));
    parts
        .into_iter()
        .map(|part| part.trimmed(file))
        .filter(|part| part.of(file).contains(char::is_alphanumeric))
        .collect()
}

fn ends_sentence(text: &str, start: usize, at: usize) -> bool {
    let before = &text[start..at];
    let word_start = before.trim_end_matches(|c: char| !c.is_whitespace() && c != '(').len();
    let word = &before[word_start..];
    let is_abbreviation =
        word.len() <= 6 && ABBREVIATIONS.iter().any(|known| known.eq_ignore_ascii_case(word));
    let is_number = !word.is_empty() && word_start == 0 && word.bytes().all(|byte| byte.is_ascii_digit());
    let next = text[at + 1..].trim_start().chars().next();
    !is_abbreviation && !is_number && !next.is_some_and(char::is_lowercase)
}

/// Whether a place lies inside code, a quotation or parentheses.
#[derive(Clone, Copy, Debug, Default)]
struct Nesting {
    code: bool,
    quoted: bool,
    parentheses: usize,
}

impl Nesting {
    fn read(&mut self, text: &str, at: usize, c: char, next: Option<char>) {
        match c {
            '`' if next != Some('`') => self.code = !self.code && text[at + 1..].contains('`'),
            _ if self.code => {}
            '"' => self.quoted = !self.quoted && text[at + 1..].contains('"'),
            '“' => self.quoted = text[at..].contains('”'),
            '”' => self.quoted = false,
            _ if self.quoted => {}
            '(' => self.parentheses += usize::from(text[at..].contains(')')),
            ')' => self.parentheses = self.parentheses.saturating_sub(1),
            _ => {}
        }
    }

    fn is_open(self) -> bool {
        self.code || self.quoted || self.parentheses > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let file = format!("é {text}");
        let spans = sentences(&file, Span::new(3, file.len()));
        let parts: Vec<_> = spans.iter().map(|span| span.of(&file)).collect();
        assert_eq!(parts, expected, "{text}");
    }

    #[test]
    fn sentences_end_where_they_end() {
        check(
            "Log the reason. Update X (e.g., to `Y`). Report.",
            &["Log the reason.", "Update X (e.g., to `Y`).", "Report."],
        );
        check("Read `a.md`. Read b.md; log", &["Read `a.md`.", "Read b.md", "log"]);
        check("Say \"Done. Next.\" Then stop.", &["Say \"Done. Next.\" Then stop."]);
        check("Run `git add .` and wait.", &["Run `git add .` and wait."]);
        check("Use e.g. Rust. (One. Two.) Three", &["Use e.g. Rust.", "(One. Two.) Three"]);
        check("Version 1.2. released", &["Version 1.2. released"]);
        check("an open ` tick. and ( paren. Yes", &["an open ` tick. and ( paren.", "Yes"]);
        check("Log > 5 000 chars.", &["Log > 5 000 chars."]);
        check("  ", &[]);
        check("확인한다。 기록한다。", &["확인한다。", "기록한다。"]);
    }
}
