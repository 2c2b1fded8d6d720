//! What one line of a `tasks.md` says about its structure.

use crate::{
    markdown::{Line, LineKind},
    workflow::parts::{leading_number, numbered_phase, numbered_task, plain},
};

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// `Phase 1: Frame`.
    Phase(u32, String),
    /// `Task 1.2: Tie`.
    Task(String, String),
    /// `Phase 1 Validation Gate:`, with the number when there is one.
    Gate(Option<u32>),
    /// `**Estimated Time:** 1 hour`.
    Key(Key, String),
    /// Another label in bold: `**Traceability:** …`.
    Label,
    /// A heading that is none of these.
    Heading(String),
    /// Nothing about structure.
    None,
}

/// The keys that mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Description,
    Time,
    Dependencies,
    Criteria,
}

/// What a line says.
pub(super) fn sign(line: &Line, text: &str) -> Sign {
    let (body, is_heading) = match line.kind {
        LineKind::Heading => (line.content.of(text).trim_matches('#').trim(), true),
        LineKind::Item { body, .. } => (body.of(text), false),
        LineKind::Text => (line.content.of(text), false),
        _ => return Sign::None,
    };
    let words = plain(body);
    if is_heading && words.bytes().all(|byte| matches!(byte, b'=' | b'-')) {
        return Sign::None; // the line below a heading that makes it one
    }
    // An emoji before the words is an ornament.
    let words = match is_heading {
        true => words.trim_start_matches(|c: char| !c.is_alphanumeric()).to_owned(),
        false => words,
    };
    let is_bold = body.starts_with("**") || body.starts_with("__");
    let label = label(body);
    let could_be_label = is_heading || label.is_some();
    if could_be_label && let Some(number) = gate(label.as_deref().unwrap_or(&words)) {
        return Sign::Gate(number);
    }
    if let Some((number, title)) = numbered_phase(&words) {
        return Sign::Phase(number, title);
    }
    if let Some((id, title)) = numbered_task(&words) {
        return Sign::Task(id, title);
    }
    if let Some((name, value)) = words.split_once(':').or(is_heading.then_some((words.as_str(), "")))
        && let Some(key) = key(name)
    {
        return Sign::Key(key, value.trim().to_owned());
    }
    // As a heading it sums up a whole document.
    let is_of_task = label.as_deref().is_some_and(|label| label.eq_ignore_ascii_case("success criteria"));
    if !is_heading && (is_of_task || heads_criteria(line, &words)) {
        return Sign::Key(Key::Criteria, String::new());
    }
    if is_heading {
        Sign::Heading(words)
    } else if is_bold && label.is_some() && !matches!(line.kind, LineKind::Item { check: Some(_), .. }) {
        Sign::Label
    } else {
        Sign::None
    }
}

/// The name before a colon: `**Name:** …`, `**Name**: …`, `Name:`.
fn label(body: &str) -> Option<String> {
    let words = plain(body);
    let (name, value) = words.split_once(':')?;
    let is_bold = body.starts_with("**") || body.starts_with("__");
    (name.chars().count() <= 60 && (is_bold || value.is_empty())).then(|| name.trim().to_owned())
}

/// Whether a line of text is nothing but the words above a list of criteria, with no colon.
fn heads_criteria(line: &Line, words: &str) -> bool {
    line.kind == LineKind::Text && key(words) == Some(Key::Criteria)
}

fn key(name: &str) -> Option<Key> {
    let name = name.trim().to_lowercase();
    Some(match name.as_str() {
        "objective" | "goal" | "purpose" | "description" => Key::Description,
        "estimated time" | "estimated duration" | "estimate" | "estimated effort" | "duration" | "time"
        | "effort" => Key::Time,
        "dependencies" | "dependency" | "depends on" | "depends" | "requires" | "prerequisites"
        | "blocked by" => Key::Dependencies,
        "acceptance criteria" | "acceptance criterion" | "criteria" | "done when" | "definition of done" => {
            Key::Criteria
        }
        _ => return None,
    })
}

/// Whether these words head a gate, and of which phase.
fn gate(words: &str) -> Option<Option<u32>> {
    let words = words.trim_end_matches(':').trim();
    // `Validation Gate (Final)`
    let words =
        words.strip_suffix(')').and_then(|inner| inner.rsplit_once('(')).map_or(words, |(before, _)| before);
    let lower = words.trim().to_lowercase();
    let (number, rest) = match lower.strip_prefix("phase ").and_then(leading_number) {
        Some((number, rest)) => (Some(number), rest.trim_start_matches([':', '-', '–', '—', ' ']).to_owned()),
        None => (None, lower),
    };
    const NAMES: [&str; 9] = [
        "validation gate",
        "gate",
        "phase gate",
        "quality gate",
        "validation gates",
        "checkpoint",
        "checkpoint validation",
        "phase validation gate",
        "exit criteria",
    ];
    NAMES.contains(&rest.trim()).then_some(number)
}

/// The ids in a list of dependencies; `Phase 2` as `2.*`, ranges whole.
pub(super) fn dependencies(value: &str) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    let mut rest = value;
    let mut after_phase = false;
    let mut range_from: Option<(u32, u32)> = None;
    while let Some(first) = rest.chars().next() {
        let Some((phase, behind)) = leading_number(rest) else {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let word =
                digits + rest[digits..].find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len() - digits);
            let between = rest[..word].trim().to_lowercase();
            after_phase = between.ends_with("phase") || between.ends_with("phases");
            if !matches!(between.as_str(), "-" | "–" | "to" | "through") {
                range_from = None;
            }
            rest = &rest[word.max(first.len_utf8())..];
            continue;
        };
        let number = behind.strip_prefix(['.', '-']).and_then(leading_number);
        match number {
            Some((number, behind)) if !after_phase => {
                let from = range_from.filter(|(of, _)| *of == phase).map_or(number, |(_, from)| from + 1);
                const MOST: u32 = 1_000;
                let numbers = from.min(number)..=number;
                ids.extend(numbers.take(MOST as usize).map(|number| format!("{phase}.{number}")));
                range_from = Some((phase, number));
                rest = behind;
            }
            _ => {
                if after_phase {
                    ids.push(format!("{phase}.*"));
                }
                rest = behind;
            }
        }
    }
    ids.dedup();
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{markdown::Markdown, text::Span};

    fn check(text: &str, expected: &Sign) {
        let markdown = Markdown::parse(text);
        let line = markdown.lines(Span::new(0, text.len())).next().expect("a line");
        assert_eq!(sign(&line, text), *expected, "{text}");
    }

    #[test]
    fn signs() {
        let phase = |number, title: &str| Sign::Phase(number, title.to_owned());
        let task = |id: &str, title: &str| Sign::Task(id.to_owned(), title.to_owned());
        check("## Phase 1: Frame (day 1)", &phase(1, "Frame (day 1)"));
        check("#### **Phase 0** - Groundwork", &phase(0, "Groundwork"));
        check("**Phase 2: Paper**", &phase(2, "Paper"));
        check("## Phase 3", &phase(3, "Phase 3"));
        check("## 🚀 Phase 4: Fly", &phase(4, "Fly"));
        check("### ✅ Task 4.1: Go", &task("4.1", "Go"));
        check(
            "### Phase 1 summary: done by Monday",
            &Sign::Heading("Phase 1 summary: done by Monday".to_owned()),
        );
        check("Phase 1 complete", &Sign::None);
        check("### Task 1.1: Cut the sticks", &task("1.1", "Cut the sticks"));
        check("- [ ] **Task 0.1**: Clear the desk", &task("0.1", "Clear the desk"));
        check("- **Task 1-1**: First thing", &task("1.1", "First thing"));
        check("#### Task 1.2 — Second thing", &task("1.2", "Second thing"));
        check("Task 1.2: Second", &task("1.2", "Second"));
        check("Task 1.2 comes first", &Sign::None);
        check("**Phase 1 Validation Gate:**", &Sign::Gate(Some(1)));
        check("### Phase 2 Validation Gate", &Sign::Gate(Some(2)));
        check("**Checkpoint Validation:**", &Sign::Gate(None));
        check("**Phase 5 Validation Gate (Final):**", &Sign::Gate(Some(5)));
        check("Validation Gate:", &Sign::Gate(None));
        check("The gate is shut", &Sign::None);
        check("**Estimated Time:** 1 hour", &Sign::Key(Key::Time, "1 hour".to_owned()));
        check("  - **Dependencies**: None", &Sign::Key(Key::Dependencies, "None".to_owned()));
        check("Requires: 1.1", &Sign::Key(Key::Dependencies, "1.1".to_owned()));
        check("#### Acceptance Criteria", &Sign::Key(Key::Criteria, String::new()));
        check("Acceptance Criteria:", &Sign::Key(Key::Criteria, String::new()));
        check("Acceptance criteria", &Sign::Key(Key::Criteria, String::new()));
        check("**Success Criteria:**", &Sign::Key(Key::Criteria, String::new()));
        check("## Success Criteria", &Sign::Heading("Success Criteria".to_owned()));
        check("- criteria", &Sign::None);
        check("**Traceability:** FR-1", &Sign::Label);
        check("- [ ] **Bold:** criterion", &Sign::None);
        check("Before advancing to Phase 2:", &Sign::None);
    }

    #[test]
    fn dependency_lists() {
        let check = |value: &str, expected: &[&str]| assert_eq!(dependencies(value), expected, "{value}");
        check("None", &[]);
        check("None (starting from scratch)", &[]);
        check("Task 1.2, Task 1.1", &["1.2", "1.1"]);
        check("1.1 and 1-2", &["1.1", "1.2"]);
        check("Phase 2", &["2.*"]);
        check("Phase 1 complete, Task 2.1", &["1.*", "2.1"]);
        check("Tasks 1.1-1.3", &["1.1", "1.2", "1.3"]);
        check("Tasks 1.1 through 1.3, 2.1", &["1.1", "1.2", "1.3", "2.1"]);
        check("99999999999999999999.1, 2.1", &["2.1"]);
        check("é▶ 1.1", &["1.1"]);
    }
}
