//! A block of text in a file of others, between two marks.

use std::ops::Range;

const BEGIN: &str = "<!-- rulemark:begin";
const END: &str = "<!-- rulemark:end -->";

/// The agents a block was written for, and where it stands, marks and last line end included.
struct Block {
    agents: Vec<String>,
    span: Range<usize>,
}

/// `text` with a block of `body` for `agent`: the one that is there is brought up to date, else it comes
/// to the end. `None` when a mark lacks its other half.
pub(super) fn with_block(text: &str, agent: &str, body: &str) -> Option<String> {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let block = find(text)?;
    let mut agents = block.as_ref().map(|block| block.agents.clone()).unwrap_or_default();
    if !agents.iter().any(|it| it == agent) {
        agents.push(agent.to_owned());
    }
    let written = render(&agents, body, newline);
    Some(match block {
        Some(block) => format!("{}{written}{}", &text[..block.span.start], &text[block.span.end..]),
        None if text.is_empty() => written,
        None => {
            let line = if text.ends_with('\n') { "" } else { newline };
            format!("{text}{line}{newline}{written}")
        }
    })
}

/// `text` without the block for `agent`, and without the blank line in front of it when it was the last
/// one it was written for. `None` when a mark lacks its other half.
pub(super) fn without_block(text: &str, agent: &str, body: &str) -> Option<String> {
    let Some(block) = find(text)? else { return Some(text.to_owned()) };
    let agents: Vec<String> = block.agents.iter().filter(|it| *it != agent).cloned().collect();
    if agents.len() == block.agents.len() {
        return Some(text.to_owned());
    }
    let (front, behind) = (&text[..block.span.start], &text[block.span.end..]);
    if !agents.is_empty() {
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        return Some(format!("{front}{}{behind}", render(&agents, body, newline)));
    }
    let front = if behind.is_empty() {
        let line = front.strip_suffix('\n').map(|front| front.strip_suffix('\r').unwrap_or(front));
        line.filter(|front| front.ends_with('\n')).unwrap_or(front)
    } else {
        front
    };
    Some(format!("{front}{behind}"))
}

/// Whether `text` has a block for `agent`.
pub(super) fn has_block(text: &str, agent: &str) -> bool {
    find(text).flatten().is_some_and(|block| block.agents.iter().any(|it| it == agent))
}

/// Whether `text` has a block, or half of one, for whichever agent.
pub(super) fn has_any_block(text: &str) -> bool {
    !matches!(find(text), Some(None))
}

fn render(agents: &[String], body: &str, newline: &str) -> String {
    let agents = agents.join(", ");
    let text = format!(
        "{BEGIN} {agents}: written by `rulemark init --agent`, taken out by `rulemark uninit` -->\n{}\n{END}\n",
        body.trim_end()
    );
    text.replace('\n', newline)
}

/// The block; the outer `None` when a mark lacks its other half.
fn find(text: &str) -> Option<Option<Block>> {
    let line = |mark: &str, from: usize| {
        let at = text[from..].find(mark)? + from;
        (at == 0 || text[..at].ends_with('\n')).then_some(at)
    };
    match (line(BEGIN, 0), text.contains(END)) {
        (None, false) => Some(None),
        (None, true) => None,
        (Some(start), _) => {
            let end = line(END, start)?;
            let names = text[start + BEGIN.len()..].split([':', '\n']).next().unwrap_or_default();
            let behind = &text[end + END.len()..];
            let line_end =
                behind.find('\n').filter(|at| behind[..*at].trim().is_empty()).map_or(0, |at| at + 1);
            let agents = names.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
            Some(Some(Block { agents: agents.collect(), span: start..end + END.len() + line_end }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blocks_come_and_go() {
        let one = with_block("# Mine\n", "codex", "do\n").unwrap();
        assert!(one.starts_with("# Mine\n\n<!-- rulemark:begin codex: ") && one.ends_with("-->\n"), "{one}");
        let two = with_block(&one, "opencode", "do more\n").unwrap();
        assert!(two.contains("begin codex, opencode: ") && two.contains("do more"), "{two}");
        assert_eq!(two.matches(BEGIN).count(), 1);
        assert!(has_block(&two, "codex") && has_block(&two, "opencode") && !has_block(&two, "gemini"));
        let back = without_block(&two, "codex", "do\n").unwrap();
        assert!(back.contains("begin opencode: "), "{back}");
        assert_eq!(without_block(&back, "opencode", "do\n").unwrap(), "# Mine\n");
        assert_eq!(without_block("# Mine\n", "codex", "do").unwrap(), "# Mine\n");
        assert_eq!(with_block("a\n<!-- rulemark:begin x -->\n", "x", "do"), None);
        assert_eq!(with_block("a\n<!-- rulemark:end -->\n", "x", "do"), None);
    }

    proptest! {
        #[test]
        fn what_others_wrote_stays(text in "([a-z# ]{0,8}\r?\n){0,4}", more in "([a-z# ]{0,8}\n){0,3}") {
            let with = with_block(&text, "codex", "do\n").unwrap();
            prop_assert_eq!(with_block(&with, "codex", "do\n").unwrap(), with.clone());
            prop_assert_eq!(without_block(&with, "codex", "do\n").unwrap(), text.clone());
            let grown = format!("{with}{more}");
            prop_assert!(without_block(&grown, "codex", "do\n").unwrap().starts_with(text.trim_end()));
        }
    }
}
