//! Holes: places in a text that somebody must fill in before it is written.

use super::vocabulary::Vocabulary;

/// Whether `text` holds a place that somebody must fill in: `{date}`, `<summary>`, `YYYY-MM-DD`,
/// `[timestamp]`. Places that name a State key or the rule are filled when the text is written; boxes
/// and links are text.
pub(super) fn has_hole(text: &str, vocabulary: &Vocabulary) -> bool {
    if ["YYYY", "HH:MM"].iter().any(|template| text.contains(template)) {
        return true;
    }
    let mut rest = text;
    while let Some(at) = rest.find(['[', '{', '<']) {
        let (open, inner) = rest[at..].split_at(1);
        if open == "<" && !inner.starts_with(char::is_alphabetic) {
            rest = inner;
            continue;
        }
        let close = if open == "[" { ']' } else { '}' };
        let Some(end) = inner.find(if open == "<" { '>' } else { close }) else {
            return open == "{" || inner.contains('{');
        };
        let name = inner[..end].trim();
        let is_word = name.len() > 1 && name.starts_with(char::is_lowercase);
        let is_link = inner[end + 1..].starts_with('(');
        let is_text = open == "[" && (is_link || !is_word) && !name.contains(['{', '<']);
        if open == "<" || !(is_text || is_filled(name, vocabulary)) {
            return true;
        }
        rest = &inner[end + 1..];
    }
    false
}

/// Whether what the engine writes for a place of this name is known: a State key, or the rule.
fn is_filled(name: &str, vocabulary: &Vocabulary) -> bool {
    name.eq_ignore_ascii_case("rule")
        || name.starts_with("State.")
        || vocabulary.keys().any(|key| key.eq_ignore_ascii_case(name))
}
