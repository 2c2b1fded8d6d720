//! The steps of a plan: its check boxes.

use super::{Outline, Role};
use crate::text::{Span, TextEdit};

/// A line of the plan with a box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanStep {
    /// What stands behind the box.
    pub text: String,
    /// Whether the box is ticked.
    pub is_done: bool,
    /// The box, with its brackets.
    box_span: Span,
}

impl PlanStep {
    /// What ticks it.
    #[must_use]
    pub fn tick(&self) -> TextEdit {
        TextEdit::replace(self.box_span, "[x]")
    }
}

/// The boxes below `## Plan`, in order: `- [ ] Write a test`, `2. [x] Run it`.
#[must_use]
pub fn plan_steps(outline: &Outline<'_>) -> Vec<PlanStep> {
    let Some(section) = outline.section(Role::Plan) else { return Vec::new() };
    let mut steps = Vec::new();
    let mut at = section.body.start;
    for line in section.body.of(outline.text()).split_inclusive('\n') {
        steps.extend(step(line, at));
        at += line.len();
    }
    steps
}

/// The box that a line begins with, behind its list marker.
fn step(line: &str, at: usize) -> Option<PlanStep> {
    let unmarked = line.trim_start().trim_start_matches(['-', '*', '+']).trim_start();
    let unnumbered = unmarked.trim_start_matches(|c: char| c.is_ascii_digit());
    let body = if unnumbered.len() < unmarked.len() {
        unnumbered.trim_start_matches(['.', ')', ' '])
    } else {
        unmarked
    };
    let is_done = body.starts_with("[x]") || body.starts_with("[X]");
    if !is_done && !body.starts_with("[ ]") {
        return None;
    }
    let start = at + line.len() - body.len();
    Some(PlanStep { text: body[3..].trim().to_owned(), is_done, box_span: Span::new(start, start + 3) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_steps() {
        let text = "## Plan\nwords [ ] no\n- [ ] one\n  * [x] two\n3. [X] three\n4) [ ] four\r\n[] no\n\n## Log\n- [ ] no\n";
        let outline = Outline::parse(text);
        let found: Vec<String> = plan_steps(&outline)
            .into_iter()
            .map(|step| {
                assert_eq!(step.tick().span.len(), 3);
                assert_eq!(&text[step.tick().span.start..][..1], "[");
                format!("{}{}", if step.is_done { "x " } else { "" }, step.text)
            })
            .collect();
        assert_eq!(found, ["one", "x two", "x three", "four"]);
        assert_eq!(plan_steps(&Outline::parse("## Log\n- [ ] no\n")), []);
    }
}
