//! `Key: value` in one line, in all its decorations.

use super::super::inline::is_picture;
use super::names;
use crate::text::Span;

/// A key and its value, not yet read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    /// The name without decoration and `State.`.
    pub(super) name: Span,
    /// Behind the separator and the decoration that the name shares.
    pub(super) from: usize,
    /// What follows from there, without white space around it.
    pub(super) raw: Span,
    /// Whether other pairs stand in the same line.
    pub(super) shares_line: bool,
    /// Whether it says `State.` in front.
    pub(super) is_qualified: bool,
}

/// The longest name in bytes; and, in words.
const LONGEST_NAME: usize = 80;
const MOST_WORDS: usize = 5;

/// Reads the pairs in `line`, whose indentation, list marker and box are not part of it.
pub(super) fn pairs(text: &str, line: Span, out: &mut Vec<Pair>) {
    let line = undecorated_start(text, line);
    if read_run(text, line, out) {
        return;
    }
    if let Some(pair) = pair(text, line) {
        if let Some(separator) = segments(text, pair) {
            for segment in split(text, line, separator) {
                out.extend(self::pair(text, segment).map(|pair| Pair { shares_line: true, ..pair }));
            }
        } else {
            out.push(pair);
        }
    }
}

/// `│ … │` without its box, and a picture in front of the key.
fn undecorated_start(text: &str, line: Span) -> Span {
    let mut inside = line.of(text);
    let quote = inside.trim_start_matches(['>', ' ']);
    inside = quote;
    let boxed = inside.trim_start_matches(is_box);
    if boxed.len() < inside.len() {
        let end = inside.trim_end().trim_end_matches(is_box).trim_end();
        let start = line.end - boxed.len();
        let end = (line.end - inside.len() + end.len()).max(start);
        return Span::new(start, end).trimmed(text);
    }
    let rest = inside.trim_start_matches(|c: char| is_picture(c) || c == ' ');
    Span::new(line.end - rest.len(), line.end)
}

/// The side of a drawn box.
pub(super) fn is_box(c: char) -> bool {
    matches!(c, '│' | '┃' | '║' | '▏' | '▕')
}

/// One `key: value` that goes to the end of the line.
fn pair(text: &str, line: Span) -> Option<Pair> {
    let content = line.of(text);
    let opened = content.trim_start_matches(['*', '_', '`', '~']);
    let decoration = &content[..content.len() - opened.len()];
    let (at, separator) = separator(content)?;
    let before = &content[decoration.len()..at];
    let name = before.trim_end().trim_end_matches(['*', '_', '`', '~']).trim();
    let closed = before.trim_end().len() > before.trim_end().trim_end_matches(['*', '_', '`', '~']).len();
    let (name, is_qualified) = match name.get(..6) {
        Some(state) if state.eq_ignore_ascii_case("state.") => (&name[6..], true),
        _ => (name, false),
    };
    if !is_name(name) {
        return None;
    }
    let mut behind = &content[at + separator.len_utf8()..];
    let mut end = line.end;
    if !closed && !decoration.is_empty() {
        let closing: String = decoration.chars().rev().collect();
        if let Some(rest) = behind.strip_prefix(&*closing) {
            behind = rest;
        } else if let Some(rest) = behind.trim_end().strip_suffix(&*closing) {
            end = line.end - (behind.len() - rest.len());
            behind = rest;
        }
    }
    let known = names::canonical(name).is_some();
    let spaced = behind.is_empty() || behind.starts_with(char::is_whitespace) || separator == '：';
    let fits = match separator {
        '=' => is_qualified || known,
        _ => spaced || (known && !behind.starts_with([':', '/', '\\'])) || closed_tight(decoration, behind),
    };
    let start = line.start + decoration.len() + content[decoration.len()..].find(name)?;
    let from = end - behind.len();
    let raw = Span::new(from, end).trimmed(text);
    let name = Span::new(start, start + name.len());
    fits.then_some(Pair { name, from, raw, shares_line: false, is_qualified })
}

/// `**Key:**value`: the decoration sets the key off as well as a space.
fn closed_tight(decoration: &str, behind: &str) -> bool {
    !decoration.is_empty() && !behind.starts_with([':', '/', '\\'])
}

/// Where the name ends: the first colon or equals sign near the beginning.
fn separator(content: &str) -> Option<(usize, char)> {
    for (at, c) in content.char_indices() {
        if at > LONGEST_NAME {
            return None;
        }
        match c {
            ':' | '：' => return Some((at, c)),
            '=' => {
                let behind = content[at + 1..].chars().next();
                let before = content[..at].chars().next_back();
                let is_operator =
                    matches!(behind, Some('=' | '>')) || matches!(before, Some('!' | '<' | '>'));
                return (!is_operator).then_some((at, c));
            }
            _ => {}
        }
    }
    None
}

fn is_name(name: &str) -> bool {
    name.starts_with(char::is_alphabetic)
        && name.split_whitespace().count() <= MOST_WORDS
        && !name.contains(|c| {
            matches!(c, ',' | ';' | '!' | '?' | '"' | '<' | '>' | '{' | '}' | '[' | ']' | '|' | '`')
        })
        && !name.contains("**")
}

/// `Phase:INIT Status:READY Item:null`: nothing but pairs without a space behind the colon.
fn read_run(text: &str, line: Span, out: &mut Vec<Pair>) -> bool {
    let content = line.of(text);
    if !content.as_bytes().windows(2).any(|pair| pair[0] == b':' && !pair[1].is_ascii_whitespace()) {
        return false;
    }
    let first = out.len();
    let mut at = 0;
    while at < content.len() {
        let rest = &content[at..];
        let Some(colon) = rest.find([':', ' ']).filter(|&end| rest.as_bytes()[end] == b':') else { break };
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        let name = &rest[..colon];
        if !name.starts_with(char::is_alphabetic) || !name.chars().all(is_word) {
            break;
        }
        let value = &rest[colon + 1..];
        let length = token_length(value);
        let start = line.start + at;
        out.push(Pair {
            name: Span::new(start, start + colon),
            from: start + colon + 1,
            raw: Span::new(start + colon + 1, start + colon + 1 + length),
            shares_line: true,
            is_qualified: false,
        });
        let behind = &value[length..];
        at = content.len() - behind.trim_start().len();
    }
    let is_run = at >= content.len() && out.len() - first > 1;
    if !is_run {
        out.truncate(first);
    }
    is_run
}

/// The length of the word or quoted text that `value` begins with.
fn token_length(value: &str) -> usize {
    if let Some(inside) = value.strip_prefix('"') {
        let mut escaped = false;
        for (at, c) in inside.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => return at + 2,
                _ => {}
            }
        }
    }
    value.find(char::is_whitespace).unwrap_or(value.len())
}

/// What separates the pairs of a line like `**Phase**: A | **Status**: B`, where at least two of them
/// are known.
fn segments(text: &str, first: Pair) -> Option<&'static str> {
    names::canonical(first.name.of(text))?;
    [" | ", " · ", ", ", "; "].into_iter().find(|separator| {
        let mut has_known = false;
        let others = split(text, first.raw, separator).skip(1);
        let mut others = others.map(|part| pair(text, part));
        others.all(|pair| {
            has_known |= pair.is_some_and(|pair| names::canonical(pair.name.of(text)).is_some());
            pair.is_some()
        }) && has_known
    })
}

/// The parts of `span` between separators, without white space around them.
fn split<'s>(text: &'s str, span: Span, separator: &'s str) -> impl Iterator<Item = Span> + 's {
    let mut start = span.start;
    span.of(text).split(separator).map(move |part| {
        let part = Span::new(start, start + part.len());
        start = part.end + separator.len();
        part.trimmed(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &[(&str, &str)]) {
        let mut found = Vec::new();
        pairs(line, Span::new(0, line.len()).trimmed(line), &mut found);
        let found: Vec<_> = found.iter().map(|pair| (pair.name.of(line), pair.raw.of(line))).collect();
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn one_pair() {
        check("Phase: INIT  ", &[("Phase", "INIT")]);
        check("Phase:INIT", &[("Phase", "INIT")]);
        check("**Phase**: A", &[("Phase", "A")]);
        check("**Phase:** `A`", &[("Phase", "`A`")]);
        check("**Phase: A**", &[("Phase", "A")]);
        check("`Phase`: A", &[("Phase", "A")]);
        check("✅ **Phase**: X", &[("Phase", "X")]);
        check("State.Status = COMPLETED", &[("Status", "COMPLETED")]);
        check("**State.Status**: X", &[("Status", "X")]);
        check("`State.Phase = X`", &[("Phase", "X")]);
        check("フェーズ（Phase）: CONSTRUCT", &[("フェーズ（Phase）", "CONSTRUCT")]);
        check("阶段：构建", &[("阶段", "构建")]);
        check("État actuel : prêt", &[("État actuel", "prêt")]);
        check("│  Phase       : A — B   │", &[("Phase", "A — B")]);
        check("CurrentItem:", &[("CurrentItem", "")]);
        check("Cycle Count: 3", &[("Cycle Count", "3")]);
        check("> **Status:** x", &[("Status", "x")]);
    }

    #[test]
    fn several_pairs() {
        check(
            "Phase:INIT Status:READY Item:null  ",
            &[("Phase", "INIT"), ("Status", "READY"), ("Item", "null")],
        );
        check("Phase:A Item:\"b c\" X:", &[("Phase", "A"), ("Item", "\"b c\""), ("X", "")]);
        check("**Phase**: A | **Status**: B", &[("Phase", "A"), ("Status", "B")]);
        check("Phase: A, Status: B", &[("Phase", "A"), ("Status", "B")]);
        check("Phase: A, B", &[("Phase", "A, B")]);
    }

    #[test]
    fn no_pairs() {
        for line in [
            "",
            "text",
            "https://a.b",
            "a == b",
            "x = 1",
            "12:30 lunch",
            "std::fmt",
            "- ",
            "see [a]: b",
            "C:\\x",
            "one two three four five six: seven",
            "lint:0",
            ": a",
            "**: a",
            "Phase",
        ] {
            check(line, &[]);
        }
    }
}
