//! What a value says, without its decoration.

use super::super::inline;
use crate::text::Span;

/// A value as it stands in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// What it says; empty for a placeholder.
    pub(super) text: String,
    /// The bytes that say it, inside their decoration.
    pub(super) span: Span,
    /// Prose behind it that goes when it changes: `- Building the platform`.
    pub(super) prose: Span,
    /// The whole of it, decoration and prose included, without a comment behind it.
    pub(super) whole: Span,
}

/// Reads the value in `raw`. Of a name of a phase or status (`is_word`) it takes what a person would
/// call it: `CONSTRUCT` of `CONSTRUCT - Building the platform`.
pub(super) fn read(text: &str, raw: Span, is_word: bool) -> Value {
    let whole = without_comment(text, raw.trimmed(text));
    if let Some((inside, said)) = quoted(text, whole) {
        return Value { text: said, span: inside, prose: Span::empty(inside.end), whole };
    }
    let mut span = inline::bare(text, whole);
    if let Some(inside) = bracketed(span.of(text), is_word) {
        if inside.is_empty() {
            return placeholder(span, whole);
        }
        span = inline::bare(text, Span::new(span.start + 1, span.end - 1));
    }
    if is_hole(span.of(text)) || is_enumeration(span.of(text), is_word) {
        return placeholder(span, whole);
    }
    let mut prose = Span::empty(span.end);
    if is_word {
        let head = head_length(span.of(text));
        let named = Span::new(span.start, span.start + head).trimmed(text);
        prose = Span::new(named.end, span.end);
        span = inline::bare(text, named);
        if prose.is_empty() {
            prose = Span::empty(span.end);
        }
    }
    Value { text: span.of(text).to_owned(), span, prose, whole }
}

/// Whether a value stands for none.
pub(in crate::document) fn is_null(value: &str) -> bool {
    const NULLS: &[&str] = &[
        "",
        "null",
        "none",
        "nil",
        "-",
        "--",
        "—",
        "–",
        "n/a",
        "na",
        "~",
        "undefined",
        "(none)",
        "(null)",
        "無",
        "なし",
        "无",
        "없음",
        "нет",
        "ninguno",
        "ninguna",
        "keine",
        "keiner",
        "aucun",
        "aucune",
        "brak",
        "geen",
        "nessuno",
        "nenhum",
        "không có",
    ];
    let lower = value.trim().to_lowercase();
    NULLS.contains(&&*lower)
}

/// `value` in double quotes, as [`read`] takes it apart again.
pub(super) fn quote(value: &str) -> String {
    format!("\"{}\"", escape(value))
}

/// `value` as it stands between double quotes.
pub(super) fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"")
}

fn placeholder(span: Span, whole: Span) -> Value {
    Value { text: String::new(), span, prose: Span::empty(span.end), whole }
}

/// Without `# comment`, `<!-- comment -->` and the backslash of a hard break.
fn without_comment(text: &str, span: Span) -> Span {
    let value = span.of(text);
    let mut end = value.len();
    let quote_end = quoted_end(value).unwrap_or(0);
    let comment = value[quote_end..].match_indices('#').find(|&(at, _)| {
        let at = at + quote_end;
        let before = value[..at].chars().next_back().is_none_or(char::is_whitespace);
        before && value[at + 1..].chars().next().is_none_or(char::is_whitespace)
    });
    if let Some((at, _)) = comment {
        end = quote_end + at;
    }
    if let Some(at) = value[quote_end..end].find("<!--") {
        end = quote_end + at;
    }
    let rest = value[..end].trim_end();
    let rest = if end == value.len() { rest.strip_suffix('\\').unwrap_or(rest) } else { rest };
    Span::new(span.start, span.start + rest.len()).trimmed(text)
}

/// The offset behind the closing quote of a value that begins with one.
fn quoted_end(value: &str) -> Option<usize> {
    let mark = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut escaped = false;
    for (at, c) in value.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if mark == '"' => escaped = true,
            c if c == mark => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The inside of a value that is quoted as a whole, and what it says.
fn quoted(text: &str, span: Span) -> Option<(Span, String)> {
    let value = span.of(text);
    if quoted_end(value)? != value.len() {
        return None;
    }
    let inside = Span::new(span.start + 1, span.end - 1);
    let mut said = String::with_capacity(inside.len());
    let mut characters = inside.of(text).chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' if value.starts_with('"') => said.extend(characters.next()),
            c => said.push(c),
        }
    }
    let said = said.trim().to_owned();
    // Quotes are how a text in braces is written; two braces are a template's in any case.
    let is_template = said.starts_with("{{") && said.ends_with("}}");
    let said = if is_template { String::new() } else { said };
    Some((inside, said))
}

/// The inside of a value in brackets; empty for a placeholder like `[set automatically]`.
fn bracketed(value: &str, is_word: bool) -> Option<&str> {
    let inside = value.strip_prefix('[')?.strip_suffix(']')?.trim();
    if inside.contains(['[', ']']) {
        return None;
    }
    let says_something = !inside.contains(' ')
        || inside.chars().any(|c| c.is_ascii_digit())
        || (is_word && !inside.contains(char::is_lowercase));
    Some(if says_something { inside } else { "" })
}

/// `{task}`, `{{task}}`, `<task>`, `${task}`, `…`.
fn is_hole(value: &str) -> bool {
    let value = value.strip_prefix('$').unwrap_or(value);
    let wrapped = |open, close| value.starts_with(open) && value.ends_with(close) && value.len() > 1;
    wrapped('{', '}') || wrapped('<', '>') || matches!(value, "…" | "..." | "?" | "TBD")
}

/// Words to choose from that a template left: `INIT | ANALYZE | BLUEPRINT`.
fn is_enumeration(value: &str, is_word: bool) -> bool {
    let most_words = if is_word { 2 } else { 1 };
    let is_choice = |part: &str| (1..=most_words).contains(&part.split_whitespace().count());
    let choices = value.split('|').count();
    let steps = value.split(['→', '⟶']).count();
    (choices > if is_word { 1 } else { 2 } && value.split('|').all(is_choice)) || (is_word && steps > 2)
}

/// The length of the name that `value` begins with, when prose goes on behind it.
fn head_length(value: &str) -> usize {
    const SEPARATORS: &[&str] =
        &[" - ", " – ", " — ", " (", "（", ": ", "：", ", ", "; ", " → ", " -> ", ". ", " #"];
    let cut = SEPARATORS.iter().filter_map(|&separator| Some((value.find(separator)?, separator))).min();
    let Some((at, separator)) = cut.filter(|&(at, _)| at > 0) else {
        return if is_name(value.trim_end_matches('.')) {
            value.trim_end_matches('.').len()
        } else {
            value.len()
        };
    };
    let head = value[..at].trim();
    let is_number = separator == ". " && head.chars().all(|c| c.is_ascii_digit());
    let is_one_word = !head.contains(char::is_whitespace) && !is_number;
    if is_one_word || is_name(head) || separator.trim_start().starts_with(['(', '（']) {
        at
    } else {
        value.len()
    }
}

/// `READY`, `PHASE 4`, `IN PROGRESS`.
fn is_name(value: &str) -> bool {
    !value.is_empty() && value.contains(char::is_uppercase) && !value.contains(char::is_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, expected: &str, rest: &str) {
        let value = read(raw, Span::new(0, raw.len()), true);
        let mut changed = raw.to_owned();
        changed.replace_range(value.prose.start..value.prose.end, "");
        changed.replace_range(value.span.start..value.span.end, "@");
        assert_eq!((&*value.text, &*changed), (expected, rest), "{raw}");
    }

    #[test]
    fn words_and_what_stays_around_them() {
        check("READY", "READY", "@");
        check(" ANALYZE # Current phase (INIT, …)", "ANALYZE", " @ # Current phase (INIT, …)");
        check("✅ **COMPLETED**", "COMPLETED", "✅ **@**");
        check("`READY`  ", "READY", "`@`  ");
        check("COMPLETED ✓", "COMPLETED", "@ ✓");
        check("[IMPLEMENT]", "IMPLEMENT", "[@]");
        check("[ 1. PLANNING ]", "1. PLANNING", "[ @ ]");
        check("CONSTRUCT - Building the platform", "CONSTRUCT", "@");
        check("`PUSHED` - Ready", "PUSHED", "`@`");
        check("**CONSTRUCT – building**", "CONSTRUCT", "**@**");
        check("MVP Start (focus on auth, and more).", "MVP Start", "@");
        check("PHASE 4 — STANDALONE WINDOW", "PHASE 4", "@");
        check("Foundation Setup", "Foundation Setup", "@");
        check(
            "GitHub Setup Complete, NativeWind Installed",
            "GitHub Setup Complete, NativeWind Installed",
            "@",
        );
        check("IN PROGRESS", "IN PROGRESS", "@");
        check("INIT — READY", "INIT", "@");
        check("COMPLETED.", "COMPLETED", "@");
        check("\"BUILD_IT\"", "BUILD_IT", "\"@\"");
        check("'BUILD' # x", "BUILD", "'@' # x");
        check("INIT\\", "INIT", "@\\");
        check("INIT <!-- x -->", "INIT", "@ <!-- x -->");
        check("\"a \\\"b\\\" \\\\\"", "a \"b\" \\", "\"@\"");
    }

    #[test]
    fn placeholders_are_no_values() {
        for raw in [
            "",
            "INIT | ANALYZE | BLUEPRINT",
            "`Idle` | `Analyze`",
            "{phase}",
            "{{machine.current.phase}}",
            "<phase>",
            "[set automatically]",
            "INIT → ANALYZE → VALIDATE or ROLLBACK",
            "\"{{x}}\"",
            "# comment",
        ] {
            assert_eq!(read(raw, Span::new(0, raw.len()), true).text, "", "{raw}");
        }
    }

    #[test]
    fn sentences_stay_whole() {
        for raw in ["Add sync - with CLI (repost), fast", "Fix issue #12", "Use {x} in a|b", "**Add** it"] {
            assert_eq!(read(raw, Span::new(0, raw.len()), false).text, raw);
        }
    }
}
