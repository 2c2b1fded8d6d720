//! The lines of a gate in our own Markdown, and the checks of a field in YAML and JSON.
//!
//! ```text
//! `test_path` (path, exists): the new test
//! check: `cargo test` exits with 101, counts `total` by `(\d+) passed`
//! rule: `fixed <= total` or "more fixed than there are"
//! approval: person
//! lenient: true
//! ```

use super::{
    model::{Approval, Capture, Check, Command, Condition, Field, FieldCheck, FieldType, Place, Rule},
    named_check::{FIELD_TYPES, Parameters, UnreadableCheck, field_type, named_check},
};
use crate::text::nearest;
use serde_json::Value;

/// What one line of a gate says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum GateLine {
    Field(Field),
    Command(Command),
    Rule(Rule),
    Approval(Approval),
    Lenient(bool),
    /// None of these: a thing to see to.
    Box,
}

/// Why a line can't be read, and how far into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    /// Bytes before the place.
    pub(super) at: usize,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

const KEYWORDS: [&str; 4] = ["check", "rule", "approval", "lenient"];

/// Reads a line, without its list marker and box. Places inside it are counted on from `place`.
pub(super) fn read(line: &str, place: &Place) -> Result<GateLine, Unreadable> {
    let inside = |at: usize| shifted(place, line, at);
    if line.starts_with('`') {
        return field(line, place).map(GateLine::Field);
    }
    let Some((word, rest)) = line.split_once(':') else { return Ok(GateLine::Box) };
    let rest_at = word.len() + 1 + (rest.len() - rest.trim_start().len());
    let rest = rest.trim();
    match word.trim() {
        "check" => {
            command(rest, &inside(rest_at)).map(GateLine::Command).map_err(|error| error.after(rest_at))
        }
        "rule" => rule(rest, rest_at, &inside).map(GateLine::Rule),
        "approval" => approval(rest, place).map(GateLine::Approval).map_err(|error| error.after(rest_at)),
        "lenient" => match rest {
            "true" => Ok(GateLine::Lenient(true)),
            "false" => Ok(GateLine::Lenient(false)),
            _ => Err(bad(rest_at, "bad-gate-line", "`lenient` is true or false")),
        },
        other => match nearest(other, KEYWORDS) {
            Some(near) => Err(Unreadable {
                hint: Some(format!("did you mean `{near}:`?")),
                ..bad(0, "bad-gate-line", &format!("there is no `{other}:` in a gate"))
            }),
            None => Ok(GateLine::Box),
        },
    }
}

/// The name of the field that a line is about, readable or not.
pub(super) fn field_name(line: &str) -> Option<&str> {
    code(line, 0).map(|(name, _)| name)
}

/// The checks of a field: `exists, min_length 3`.
pub(super) fn checks(text: &str) -> Result<Vec<Check>, Unreadable> {
    let mut checks = Vec::new();
    for (at, part) in parts(text)? {
        checks.push(check(part).map_err(|error| Unreadable {
            at,
            code: "bad-check",
            message: error.message,
            hint: error.hint,
        })?);
    }
    Ok(checks)
}

/// `` `name` (type, optional, check …): description ``
fn field(line: &str, place: &Place) -> Result<Field, Unreadable> {
    let (name, after) =
        code(line, 0).ok_or_else(|| bad(0, "bad-gate-line", "the name has no closing backtick"))?;
    let open = line[after..].find('(').filter(|gap| line[after..after + gap].trim().is_empty());
    let open = open.map(|gap| after + gap + 1).ok_or_else(|| Unreadable {
        hint: Some(format!("write `{name}` (string): what it is")),
        ..bad(after, "bad-gate-line", &format!("the field `{name}` has no type"))
    })?;
    let length =
        closing(&line[open..]).ok_or_else(|| bad(open, "bad-gate-line", "the bracket is not closed"))?;
    let description = line[open + length + 1..].trim_start().trim_start_matches([':', '-', '–', '—']).trim();
    let mut field = Field {
        name: name.to_owned(),
        kind: FieldType::Any,
        optional: false,
        checks: Vec::new(),
        description: description.to_owned(),
        place: place.clone(),
    };
    let parts = parts(&line[open..open + length]).map_err(|error| error.after(open))?;
    if parts.is_empty() {
        return Err(unknown_type(open, ""));
    }
    for (number, (at, part)) in parts.into_iter().enumerate() {
        let at = open + at;
        if number == 0 {
            field.kind = field_type(part)
                .filter(|_| FIELD_TYPES.contains(&part))
                .ok_or_else(|| unknown_type(at, part))?;
        } else if part == "optional" {
            field.optional = true;
        } else {
            let check = check(part).map_err(|error| Unreadable {
                at,
                code: "bad-check",
                message: error.message,
                hint: error.hint,
            })?;
            field.checks.push(FieldCheck { check, message: None });
        }
    }
    Ok(field)
}

fn unknown_type(at: usize, name: &str) -> Unreadable {
    let near = nearest(name, FIELD_TYPES);
    let hint = near.map_or_else(
        || format!("the types are {}", FIELD_TYPES.join(", ")),
        |near| format!("did you mean `{near}`?"),
    );
    Unreadable { hint: Some(hint), ..bad(at, "bad-type", &format!("there is no type `{name}`")) }
}

/// `` `cargo test` exits with 101, counts `total` by `(\d+) passed` ``
fn command(text: &str, place: &Place) -> Result<Command, Unreadable> {
    const FORM: &str = "write check: `command` exits with 0";
    let wrong = |at: usize, message: &str| Unreadable {
        hint: Some(FORM.to_owned()),
        ..bad(at, "bad-gate-line", message)
    };
    let (line, mut at) = code(text, 0).ok_or_else(|| wrong(0, "the command stands in backticks"))?;
    if line.trim().is_empty() {
        return Err(wrong(0, "there is no command"));
    }
    let mut exit_code = 0;
    let rest = text[at..].trim_start();
    if let Some(number) = rest.strip_prefix("exits with") {
        let trimmed = number.trim_start();
        let end = trimmed.find(|c: char| !(c.is_ascii_digit() || c == '-')).unwrap_or(trimmed.len());
        exit_code = trimmed[..end].parse().map_err(|_| wrong(at, "the exit code is no number"))?;
        at = text.len() - trimmed.len() + end;
    }
    let mut captures = Vec::new();
    loop {
        let rest = text[at..].trim_start_matches([',', ' ']);
        at = text.len() - rest.len();
        if rest.is_empty() {
            break;
        }
        let Some(behind) = rest.strip_prefix("counts ") else {
            return Err(wrong(at, &format!("this is not understood: {}", super::check::quoted(rest))));
        };
        let start = text.len() - behind.len();
        let (name, after) =
            code(text, start).ok_or_else(|| wrong(start, "what is counted has a name in backticks"))?;
        let by =
            text[after..].trim_start().strip_prefix("by ").map(|rest| text.len() - rest.trim_start().len());
        let (pattern, end) = by
            .and_then(|by| code(text, by))
            .ok_or_else(|| wrong(after, "the pattern stands in backticks, behind `by`"))?;
        super::check::pattern(pattern)
            .map_err(|why| bad(after, "bad-pattern", &format!("the pattern can't be read: {why}")))?;
        captures.push(Capture { name: name.to_owned(), pattern: pattern.to_owned() });
        at = end;
    }
    Ok(Command { command: line.to_owned(), exit_code, captures, place: place.clone() })
}

/// `` `fixed <= total` or "more fixed than there are" ``
fn rule(text: &str, text_at: usize, place: &dyn Fn(usize) -> Place) -> Result<Rule, Unreadable> {
    const FORM: &str = "write rule: `condition` or \"what is said when it does not hold\"";
    let wrong = |at: usize, message: &str| Unreadable {
        hint: Some(FORM.to_owned()),
        ..bad(text_at + at, "bad-gate-line", message)
    };
    let (source, after) = code(text, 0).ok_or_else(|| wrong(0, "the condition stands in backticks"))?;
    let rest = text[after..].trim();
    let message = match rest.strip_prefix("or ") {
        None if rest.is_empty() => None,
        None => return Err(wrong(after, &format!("this is not understood: {}", super::check::quoted(rest)))),
        Some(message) => {
            let inner = message.trim().strip_prefix('"').and_then(|inner| inner.strip_suffix('"'));
            Some(inner.ok_or_else(|| wrong(after, "the message stands in double quotes"))?.to_owned())
        }
    };
    let marks = text.len() - text.trim_start_matches('`').len();
    Ok(Rule { condition: Condition { source: source.to_owned(), place: place(text_at + marks) }, message })
}

fn approval(text: &str, place: &Place) -> Result<Approval, Unreadable> {
    let (who, question) = text.split_once([' ', ',', ':']).unwrap_or((text, ""));
    if who != "person" {
        return Err(Unreadable {
            hint: Some("write approval: person".to_owned()),
            ..bad(0, "bad-gate-line", &format!("only a person approves, not {}", super::check::quoted(who)))
        });
    }
    let question = question.trim_matches([' ', ',', ':', '"', '-', '–', '—']);
    Ok(Approval { question: question.to_owned(), place: place.clone() })
}

/// `in_range 1 5`, `contains "FAILED"`
fn check(text: &str) -> Result<Check, UnreadableCheck> {
    let (name, mut rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let mut values = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return named_check(name, Parameters(values));
        }
        if rest.starts_with('"') {
            let end = quoted_end(rest).unwrap_or(rest.len());
            let value = serde_json::from_str(&rest[..end]).or_else(|_| {
                // A pattern is written as it is: `"^\d+$"` has no valid JSON escape in it.
                Ok::<_, ()>(Value::String(rest[1..end].trim_end_matches('"').to_owned()))
            });
            values.push((None, value.unwrap_or_default()));
            rest = &rest[end..];
        } else {
            let (word, behind) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let value = serde_json::from_str(word).unwrap_or_else(|_| Value::String(word.to_owned()));
            values.push((None, value));
            rest = behind;
        }
    }
}

/// The parts between commas that stand in no quotes, with where each begins.
fn parts(text: &str) -> Result<Vec<(usize, &str)>, Unreadable> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    let mut push = |start: usize, end: usize| {
        let part = &text[start..end];
        let trimmed = part.trim();
        parts.push((start + (part.len() - part.trim_start().len()), trimmed));
    };
    while at < text.len() {
        match text.as_bytes()[at] {
            b'"' => {
                at += quoted_end(&text[at..])
                    .ok_or_else(|| bad(at, "bad-check", "the text in quotes has no end"))?;
            }
            b',' => {
                push(start, at);
                at += 1;
                start = at;
            }
            _ => at += 1,
        }
    }
    push(start, text.len());
    parts.retain(|(_, part)| !part.is_empty());
    Ok(parts)
}

/// The length of the quoted text that `text` begins with.
fn quoted_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    None
}

/// Where the bracket that was opened before `text` closes: quotes and inner brackets count.
fn closing(text: &str) -> Option<usize> {
    let (mut at, mut depth) = (0, 0);
    while at < text.len() {
        match text.as_bytes()[at] {
            b'"' => at += quoted_end(&text[at..])?,
            b'(' => {
                depth += 1;
                at += 1;
            }
            b')' if depth == 0 => return Some(at),
            b')' => {
                depth -= 1;
                at += 1;
            }
            _ => at += 1,
        }
    }
    None
}

/// The code span at `start`, and where it ends.
fn code(text: &str, start: usize) -> Option<(&str, usize)> {
    let rest = text.get(start..)?;
    let marks = rest.len() - rest.trim_start_matches('`').len();
    if marks == 0 {
        return None;
    }
    let fence = &rest[..marks];
    let length = rest[marks..].find(fence)?;
    let inner = &rest[marks..marks + length];
    Some((if marks > 1 { inner.trim() } else { inner }, start + marks + length + marks))
}

fn bad(at: usize, code: &'static str, message: &str) -> Unreadable {
    Unreadable { at, code, message: message.to_owned(), hint: None }
}

/// The place so many bytes into a line.
pub(super) fn shifted(place: &Place, line: &str, at: usize) -> Place {
    let at = (0..=at.min(line.len())).rev().find(|&at| line.is_char_boundary(at)).unwrap_or(0);
    let characters = u32::try_from(line[..at].chars().count()).unwrap_or(0);
    Place { column: place.column + characters, ..place.clone() }
}

impl Unreadable {
    fn after(self, bytes: usize) -> Self {
        Self { at: self.at + bytes, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place { file: "w.md".to_owned(), line: 7, column: 7 }
    }

    /// The line in a few words, or what is wrong with it: `column message; hint`.
    fn said(line: &str) -> String {
        match read(line, &place()) {
            Ok(GateLine::Field(field)) => {
                let checks: Vec<String> =
                    field.checks.iter().map(|check| format!("{:?}", check.check)).collect();
                let optional = if field.optional { " optional" } else { "" };
                format!(
                    "{} {:?}{optional} [{}] {}",
                    field.name,
                    field.kind,
                    checks.join(" "),
                    field.description
                )
            }
            Ok(GateLine::Command(command)) => {
                let captures: Vec<String> = command
                    .captures
                    .iter()
                    .map(|capture| format!("{}={}", capture.name, capture.pattern))
                    .collect();
                format!("`{}` {} {}", command.command, command.exit_code, captures.join(" "))
            }
            Ok(GateLine::Rule(rule)) => {
                format!("{} | {} | {:?}", rule.condition.place, rule.condition.source, rule.message)
            }
            Ok(other) => format!("{other:?}"),
            Err(error) => format!(
                "{} {}; {}",
                shifted(&place(), line, error.at).column,
                error.message,
                error.hint.unwrap_or_default()
            ),
        }
    }

    #[test]
    fn lines() {
        let check = |line: &str, expected: &str| assert_eq!(said(line), expected, "{line}");
        check("`test_path` (path, exists): the new test", "test_path Path [Exists] the new test");
        check(
            "`out` (string, contains \"FAILED, (really)\"): its output",
            "out String [ContainsText(\"FAILED, (really)\")] its output",
        );
        check("`n` (integer, optional, in_range 1 5)", "n Integer optional [InRange(Number(1), Number(5))] ");
        check(
            "`words` (string, contains_any \"a\" \"b\", min_length 3) – both",
            "words String [ContainsAny([\"a\", \"b\"]) MinLength(3)] both",
        );
        check("`id` (string, matches \"^v\\d+$\"): it", "id String [MatchesPattern(\"^v\\\\d+$\")] it");
        check("`b` (boolean, equals true): it", "b Boolean [Equals(Bool(true))] it");
        check("`l` (list, all_items_type string): it", "l List [AllItemsType(String)] it");
        check("check: `cargo test` exits with 101", "`cargo test` 101 ");
        check("check: `make`", "`make` 0 ");
        check("check: ``a `b` c`` exits with 0, counts `n` by `(\\d+) ok`", "`a `b` c` 0 n=(\\d+) ok");
        check("rule: `a <= b` or \"say \"this\"\"", "w.md:7:14 | a <= b | Some(\"say \\\"this\\\"\")");
        check("rule: `a <= b`", "w.md:7:14 | a <= b | None");
        check("lenient: true", "Lenient(true)");
        check("Frame folds", "Box");
        check("Note: the frame folds", "Box");
        assert!(said("approval: person").starts_with("Approval(Approval { question: \"\""));
        assert!(said("approval: person: release it").contains("\"release it\""));
    }

    #[test]
    fn what_cannot_be_read_says_where_and_why() {
        let check = |line: &str, expected: &str| assert_eq!(said(line), expected, "{line}");
        check("`x` (sting): it", "12 there is no type `sting`; did you mean `string`?");
        check(
            "`x` (int): it",
            "12 there is no type `int`; the types are string, integer, number, boolean, list, object, path, commit, url, any",
        );
        check(
            "`x` (string, contians \"a\"): it",
            "20 there is no check named `contians`; did you mean `contains`?",
        );
        check(
            "`é` (string, positive 3)",
            "20 the check `positive` takes no further parameter, as 3; `positive` takes no parameters",
        );
        check("`x`: it", "10 the field `x` has no type; write `x` (string): what it is");
        check("`x (string): it", "7 the name has no closing backtick; ");
        check("`x` (string: it", "12 the bracket is not closed; ");
        check("rul: `a`", "7 there is no `rul:` in a gate; did you mean `rule:`?");
        check(
            "rule: a <= b",
            "13 the condition stands in backticks; write rule: `condition` or \"what is said when it does not hold\"",
        );
        check(
            "rule: `a` otherwise",
            "16 this is not understood: \"otherwise\"; write rule: `condition` or \"what is said when it does not hold\"",
        );
        check(
            "check: `a` exits with x",
            "17 the exit code is no number; write check: `command` exits with 0",
        );
        check("check: `a` exits with 0, counts `n` by `(`", "42 the pattern can't be read: unclosed group; ");
        check("approval: agent", "17 only a person approves, not \"agent\"; write approval: person");
        check("lenient: maybe", "16 `lenient` is true or false; ");
    }
}
