//! Making text from files harmless: no control character, direction override or invisible character
//! reaches a terminal.

use crate::text::is_unsafe_to_print as is_unsafe;
use std::borrow::Cow;

/// One line of text with every unsafe character spelled out (`\u{1b}`); a tab becomes spaces.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\t' => out.push_str("    "),
            c if is_unsafe(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// JSON in which the unsafe characters that JSON would allow are written as `\u009b`.
///
/// Sound because outside strings JSON is ASCII, and line ends there are the only controls.
pub(crate) fn escape_json(json: &str) -> Cow<'_, str> {
    let foreign = |c: char| c != '\n' && is_unsafe(c);
    if !json.contains(foreign) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 8);
    for c in json.chars() {
        if foreign(c) {
            // Beyond the first 65,536 characters JSON takes two escapes.
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_out_what_a_terminal_would_act_on() {
        let check = |input, expected| assert_eq!(escape(input), expected);
        check("plain ▶ 日本 👩‍💻", "plain ▶ 日本 👩‍💻");
        check("\x1b[31mred", "\\u{1b}[31mred");
        check("a\tb\r", "a    b\\u{d}");
        check("\u{202e}evil\u{2066}\u{9b}\u{7f}", "\\u{202e}evil\\u{2066}\\u{9b}\\u{7f}");
    }

    #[test]
    fn json_stays_the_same_json() {
        let value = serde_json::json!({ "a": "\u{1b}\u{9b}\u{202e}\u{7f}\u{200b}\u{e0041} ▶ 👩‍💻" });
        let text = serde_json::to_string_pretty(&value).expect("plain values");
        let safe = escape_json(&text);
        assert!(!safe.contains(|c: char| c != '\n' && is_unsafe(c)), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).expect("still JSON"), value);
    }
}
