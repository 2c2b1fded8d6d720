//! Parts of an author's Markdown that a listing or an answer needs by themselves.

use crate::{
    markdown::{Line, LineKind, Markdown},
    text::Span,
};

/// The first heading's text, or `None`.
pub(super) fn first_heading(text: &str) -> Option<String> {
    let markdown = Markdown::parse(text);
    let (_, heading) = markdown.headings().next()?;
    Some(plain(heading.text.of(text)))
}

/// A title without what numbers it: `Phase 1: Reproduce` is `Reproduce`, `Task 1.2 — Tie` is `Tie`.
pub(super) fn without_label(title: &str, label: &str) -> String {
    let rest = title
        .get(..label.len())
        .filter(|start| start.eq_ignore_ascii_case(label))
        .map(|_| &title[label.len()..]);
    let Some(rest) = rest else { return title.to_owned() };
    let rest = rest.trim_start();
    let number = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-'))).unwrap_or(rest.len());
    if !rest.starts_with(|first: char| first.is_ascii_digit()) {
        return title.to_owned();
    }
    let rest = rest[number..].trim_start_matches([':', '.', '-', '–', '—', ' ', ')']).trim();
    if rest.is_empty() { title.to_owned() } else { rest.to_owned() }
}

/// Text without the marks of bold, italics and code around all of it.
pub(super) fn plain(text: &str) -> String {
    text.replace("**", "").replace("__", "").trim().trim_matches('`').trim().to_owned()
}

/// The items of a text's numbered list: the one headed "Steps", or the first. Each with the lines
/// that belong to it, in the author's words.
pub(super) fn steps(text: &str) -> Vec<String> {
    let markdown = Markdown::parse(text);
    let lines: Vec<Line> = markdown.lines(Span::new(0, text.len())).collect();
    let is_heading = |line: &Line| {
        let words = plain(line.content.of(text).trim_start_matches('#'));
        let words = words.trim_end_matches(':').trim();
        matches!(line.kind, LineKind::Heading | LineKind::Text)
            && ["steps", "execution steps", "execution"].iter().any(|name| words.eq_ignore_ascii_case(name))
    };
    let start = lines.iter().position(is_heading).unwrap_or(0);
    let Some(first) = lines[start..].iter().position(|line| is_numbered(line, text)) else {
        return Vec::new();
    };
    let lines = &lines[start + first..];
    let indent = lines[0].indent;
    let mut steps: Vec<String> = Vec::new();
    for line in lines {
        let content = line.content.of(text);
        match line.kind {
            LineKind::Item { body, .. } if line.indent <= indent => {
                if !is_numbered(line, text) {
                    break;
                }
                steps.push(body.of(text).to_owned());
            }
            LineKind::Heading | LineKind::Break => break,
            LineKind::Blank => continue,
            _ if line.indent <= indent => break,
            _ => {
                if let Some(last) = steps.last_mut() {
                    last.push('\n');
                    last.push_str(content);
                }
            }
        }
    }
    steps
}

fn is_numbered(line: &Line, text: &str) -> bool {
    matches!(line.kind, LineKind::Item { marker, .. } if marker.of(text).starts_with(|c: char| c.is_ascii_digit()))
}

/// `Phase 1: Frame (day 1)`. Words right behind the number make it a summary, not a phase.
pub(super) fn numbered_phase(words: &str) -> Option<(u32, String)> {
    let rest = words.get(..6).filter(|start| start.eq_ignore_ascii_case("phase ")).map(|_| &words[6..])?;
    let (number, rest) = leading_number(rest.trim_start())?;
    let title = title(rest)?;
    Some((number, if title.is_empty() { format!("Phase {number}") } else { title }))
}

/// `Task 1.2 — Second thing`; `1-2` is `1.2`.
pub(super) fn numbered_task(words: &str) -> Option<(String, String)> {
    let rest = words.get(..5).filter(|start| start.eq_ignore_ascii_case("task ")).map(|_| &words[5..])?;
    let (phase, rest) = leading_number(rest.trim_start())?;
    let (number, rest) = leading_number(rest.strip_prefix(['.', '-'])?)?;
    let id = format!("{phase}.{number}");
    let title = title(rest)?;
    let title = if title.is_empty() { format!("Task {id}") } else { title };
    Some((id, title))
}

/// `1.2 Title` of phase 1, where it is clear from elsewhere that it stands for a task.
pub(super) fn bare_task(words: &str, phase: u32) -> Option<(String, String)> {
    let (of, rest) = leading_number(words)?;
    let (number, rest) = leading_number(rest.strip_prefix('.')?)?;
    let rest = rest.trim_start_matches([':', '.', ')']);
    let title = rest.strip_prefix(' ')?.trim();
    (of == phase && !title.is_empty()).then(|| (format!("{of}.{number}"), title.to_owned()))
}

/// What follows a number, when it is set off from it.
fn title(rest: &str) -> Option<String> {
    let trimmed = rest.trim_start();
    let set_off = trimmed.trim_start_matches([':', '.', '-', '–', '—', ')']);
    (trimmed.is_empty() || set_off.len() < trimmed.len()).then(|| set_off.trim().to_owned())
}

/// The number that a text begins with, and the rest.
pub(super) fn leading_number(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    Some((text[..digits].parse().ok()?, &text[digits..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        let check =
            |title: &str, label: &str, expected: &str| assert_eq!(without_label(title, label), expected);
        check("Phase 1: Reproduce", "Phase", "Reproduce");
        check("phase 0 - Groundwork", "Phase", "Groundwork");
        check("Task 1.2 — Tie the frame", "Task", "Tie the frame");
        check("Task 1-1", "Task", "Task 1-1");
        check("Phases of the moon", "Phase", "Phases of the moon");
        check("Reproduce", "Phase", "Reproduce");
        check("Phase", "Phase", "Phase");
    }

    #[test]
    fn numbered_steps() {
        let check = |text: &str, expected: &[&str]| assert_eq!(steps(text), expected, "{text}");
        check(
            "Do.\n\nSteps:\n1. one\n2. two\n   more\n   - sub\n\n3. three\n\nend\n4. no\n",
            &["one", "two\nmore\n- sub", "three"],
        );
        check("1. a\n2. b\n\n**Steps:**\n1. c\n", &["c"]);
        check("## Steps\n\n1) a\n\n## More\n1) b\n", &["a"]);
        check("```\n1. code\n```\n- a\n", &[]);
        check("", &[]);
    }
}
