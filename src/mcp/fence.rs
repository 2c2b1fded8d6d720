//! Text of files on its way to an agent: fenced, so that it can't be taken for what the server says.
//!
//! Log and Items hold what agents, people and programs have written, or copied from elsewhere. In an
//! answer it stands between backticks, more of them than it has itself, and without characters that
//! hide. The server's instructions say that what stands there is data.

use crate::text::is_unsafe_to_print;

/// The longest line that a file may add to an answer, in characters.
pub(super) const LONGEST_LINE: usize = 400;

/// The longest message about a refusal, in characters.
const LONGEST_MESSAGE: usize = 1_000;

/// One line as a code span: "`Add login`".
pub(super) fn span(text: &str) -> String {
    let flat = line(text);
    let fence = "`".repeat(longest_run(&flat) + 1);
    let pad = if flat.starts_with('`') || flat.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{flat}{pad}{fence}")
}

/// Lines as a fenced block.
pub(super) fn block(text: &str) -> String {
    let safe: Vec<String> = text.lines().map(harmless).collect();
    let longest = safe.iter().map(|line| longest_run(line)).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    format!("{fence}data\n{}\n{fence}", safe.join("\n"))
}

/// One line: white space as spaces, nothing that hides, cut to size.
pub(super) fn line(text: &str) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    cut(&harmless(&flat))
}

/// A message of ours that may quote what a caller has sent: nothing that hides, and cut to size.
pub(super) fn message(text: &str) -> String {
    let safe: String = text.chars().filter(|c| *c == '\n' || !is_unsafe_to_print(*c)).collect();
    cut_to(&safe, LONGEST_MESSAGE)
}

fn cut(text: &str) -> String {
    cut_to(text, LONGEST_LINE)
}

fn cut_to(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

fn harmless(line: &str) -> String {
    line.chars().filter(|c| *c == '\t' || !is_unsafe_to_print(*c)).collect()
}

fn longest_run(text: &str) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_a_fence() {
        assert_eq!(span("Add login"), "`Add login`");
        assert_eq!(span("a ``b`"), "``` a ``b` ```");
        assert_eq!(span("a\n\u{202e}b\u{1b}[1m"), "`a b[1m`");
        assert_eq!(block("a\n```\nb"), "````data\na\n```\nb\n````");
        assert_eq!(block("- one"), "```data\n- one\n```");
    }

    #[test]
    fn a_line_has_a_length() {
        assert_eq!(line(&"ä".repeat(LONGEST_LINE + 9)).chars().count(), LONGEST_LINE + 1);
    }
}
