//! Words for the agent: short, one line each, and nothing in them that a file could hide.

use crate::{engine::Lack, runtime::Error, text::is_unsafe_to_print};

/// The longest line that a file may add, in characters.
const LONGEST: usize = 200;

/// One line of text from a file: without control characters, cut to size.
pub(super) fn line(text: &str) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut shown: String = flat.chars().filter(|c| !is_unsafe_to_print(*c)).take(LONGEST).collect();
    if flat.chars().count() > LONGEST {
        shown.push('…');
    }
    shown
}

/// `text` in at most `bytes`, cut between lines where that leaves anything.
pub(super) fn within(text: &str, bytes: usize) -> String {
    const MORE: &str = "\n… `rulemark next` says it all";
    if text.len() <= bytes {
        return text.to_owned();
    }
    let mut end = bytes.saturating_sub(MORE.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let end = text[..end].rfind('\n').unwrap_or(end);
    format!("{}{MORE}", &text[..end])
}

/// An error, its causes and what to do about it, on one line.
pub(super) fn failure(error: &Error) -> String {
    let mut text = line(&error.to_string());
    for hint in error.hints() {
        text = format!("{text} ({hint})");
    }
    text
}

/// What an agent is told when a gate could not be looked at.
pub(super) fn fails_closed(failure: &str) -> String {
    format!(
        "refused, because Rulemark could not judge it: {failure}. Nothing was changed. Tell the person; \
         `rulemark doctor` says what is wrong"
    )
}

/// What stands in the way, and what helps.
pub(super) fn lack(lack: &Lack) -> String {
    let what = line(&lack.what);
    let mut letters = what.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}: {}", letters.as_str(), lack.remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_lines() {
        assert_eq!(line("a\n\n  b\u{1b}[31m\u{202e}c"), "a b[31mc");
        assert_eq!(line(&"ä".repeat(300)).chars().count(), LONGEST + 1);
    }

    #[test]
    fn what_is_too_long_ends_with_a_line() {
        assert_eq!(within("a\nb", 10), "a\nb");
        let text = "0123456789\n".repeat(10);
        let cut = within(&text, 60);
        assert!(cut.len() <= 60 && cut.starts_with("0123456789\n") && cut.ends_with("says it all"), "{cut}");
        assert!(within(&"ä".repeat(100), 61).len() <= 61);
    }
}
