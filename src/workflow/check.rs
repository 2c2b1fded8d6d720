//! The types of evidence and the named checks, applied to one value.
//!
//! Nothing is converted: `true` is no number, `"3"` is no integer, and neither is `2.5` or `2.0`.

use super::{
    evidence::{Answer, Facts, Question},
    model::{Check, FieldCheck, FieldType, Input},
};
use regex::{Regex, RegexBuilder};
use serde_json::{Number, Value};
use std::{cmp::Ordering, sync::LazyLock};

/// What comes of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Holds,
    /// What is wrong, as a sentence's end: "has to be above 0, not 0".
    Fails(String),
    /// The shell has to find these out first.
    Asks(Vec<Question>),
}

impl Input {
    /// What is wrong with a value that is given for it: it is of another type.
    #[must_use]
    pub fn fault(&self, value: &Value) -> Option<String> {
        type_fault(self.kind, value)
    }
}

/// What is wrong with the type of `value`.
pub(super) fn type_fault(kind: FieldType, value: &Value) -> Option<String> {
    let wrong = || Some(format!("has to be {}, not {}", article(kind), shown(value)));
    let text_fault = |fault: fn(&str) -> Option<String>| match value.as_str() {
        Some(text) => fault(text),
        None => wrong(),
    };
    match kind {
        FieldType::Any => None,
        FieldType::String if value.is_string() => None,
        FieldType::Integer if value.is_i64() || value.is_u64() => None,
        FieldType::Number if value.is_number() => None,
        FieldType::Boolean if value.is_boolean() => None,
        FieldType::List if value.is_array() => None,
        FieldType::Object if value.is_object() => None,
        FieldType::Path => text_fault(path_fault),
        FieldType::Commit => text_fault(commit_fault),
        FieldType::Url => text_fault(url_fault),
        _ => wrong(),
    }
}

impl FieldType {
    /// What is wrong with a value that has to be of this type, as the end of a sentence; nothing is
    /// converted.
    #[must_use]
    pub fn fault(self, value: &Value) -> Option<String> {
        type_fault(self, value)
    }
}

/// Applies a check; in the author's own words where it fails and there are some.
pub(super) fn apply(check: &FieldCheck, value: &Value, facts: &Facts) -> Outcome {
    match (outcome(&check.check, value, facts), &check.message) {
        (Outcome::Fails(_), Some(message)) => Outcome::Fails(message.clone()),
        (outcome, _) => outcome,
    }
}

/// What a fact says about a field, when the shell has found it out.
pub(super) fn asked(question: Question, facts: &Facts) -> Outcome {
    let (no, path) = match &question {
        Question::Commit(commit) => ("is not a commit of this repository", commit),
        Question::Exists(path) => ("is not there", path),
        Question::Sha256(path) => ("is no file that can be read", path),
        Question::Command(subject) | Question::Approval(subject) => ("is not so", subject),
    };
    match facts.get(&question) {
        None => Outcome::Asks(vec![question]),
        Some(Answer::No) => Outcome::Fails(format!("names {}, which {no}", quoted(path))),
        Some(Answer::Refused(why) | Answer::Void(why)) => {
            Outcome::Fails(format!("names {}: {why}", quoted(path)))
        }
        Some(Answer::Yes | Answer::Hash(_) | Answer::Ran { .. }) => Outcome::Holds,
    }
}

/// The regular expression of a pattern, bounded in what it may take.
pub(super) fn pattern(source: &str) -> Result<Regex, String> {
    const MOST_BYTES: usize = 1 << 20;
    RegexBuilder::new(source).size_limit(MOST_BYTES).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "the pattern is too big".to_owned(),
        other => {
            let text = other.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.trim_start_matches("error: ").to_owned()
        }
    })
}

/// A value in a message: text in quotes, and nothing long.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(value) => format!("the boolean {value}"),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("the text {}", quoted(text)),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// Text in quotes, cut where it is long, without control characters.
pub(super) fn quoted(text: &str) -> String {
    const MOST: usize = 60;
    let cut: String = text.chars().take(MOST).map(|c| if c.is_control() { '·' } else { c }).collect();
    let more = if text.chars().nth(MOST).is_some() { "…" } else { "" };
    format!("\"{cut}{more}\"")
}

pub(super) fn article(kind: FieldType) -> &'static str {
    match kind {
        FieldType::String => "text (a string)",
        FieldType::Integer => "an integer",
        FieldType::Number => "a number",
        FieldType::Boolean => "a boolean (true or false)",
        FieldType::List => "a list",
        FieldType::Object => "an object",
        FieldType::Path => "a path in the workspace",
        FieldType::Commit => "a commit",
        FieldType::Url => "an http or https address (a url)",
        FieldType::Any => "a value",
    }
}

fn outcome(check: &Check, value: &Value, facts: &Facts) -> Outcome {
    match check {
        Check::Exists => every_path(value, |path| asked(Question::Exists(path), facts)),
        Check::Sha256(expected) => every_path(value, |path| hash_of(&path, expected.as_deref(), facts)),
        Check::All(checks) => all(checks.iter().map(|check| apply(check, value, facts))),
        Check::Any(checks) => any(checks.iter().map(|check| apply(check, value, facts))),
        Check::Not(check) => match apply(check, value, facts) {
            Outcome::Holds => Outcome::Fails(
                check.message.clone().unwrap_or_else(|| "has what it must not have".to_owned()),
            ),
            Outcome::Fails(_) => Outcome::Holds,
            asks @ Outcome::Asks(_) => asks,
        },
        _ => reported_fault(check, value).map_or(Outcome::Holds, Outcome::Fails),
    }
}

/// What is wrong with `value` by a check that only has to look at it.
fn reported_fault(check: &Check, value: &Value) -> Option<String> {
    match check {
        Check::NonEmpty
        | Check::ListNotEmpty
        | Check::MinLength(_)
        | Check::MaxLength(_)
        | Check::ListMinLength(_) => length_fault(check, value),
        Check::Positive
        | Check::NonNegative
        | Check::Negative
        | Check::InRange(..)
        | Check::GreaterThan(_)
        | Check::LessThan(_)
        | Check::Between(..) => number_fault(check, value),
        Check::Equals(expected) => {
            (!same(value, expected)).then(|| format!("has to be {expected}, not {}", shown(value)))
        }
        Check::NotEquals(other) => same(value, other).then(|| format!("must not be {other}")),
        Check::HasFields(_) | Check::ValidStructure(_) => structure_fault(check, value),
        Check::AllItemsType(kind) => items_fault(*kind, value),
        _ => match value.as_str() {
            Some(text) => text_fault(check, text),
            None => Some(format!("has to be text, not {}", shown(value))),
        },
    }
}

fn length_fault(check: &Check, value: &Value) -> Option<String> {
    let must_be_list = matches!(check, Check::ListNotEmpty | Check::ListMinLength(_));
    let (length, unit) = match value {
        Value::String(text) if !must_be_list => {
            // Blanks at the ends say nothing: they don't make a text long enough.
            let says = matches!(check, Check::NonEmpty | Check::MinLength(_));
            let counted = if says { text.trim() } else { text };
            (counted.chars().count() as u64, "characters")
        }
        Value::Array(items) => (items.len() as u64, "items"),
        Value::Object(fields) if !must_be_list => (fields.len() as u64, "fields"),
        other if must_be_list => return Some(format!("has to be a list, not {}", shown(other))),
        // Whether there is something in a number or a boolean is no question.
        Value::Number(_) | Value::Bool(_) if matches!(check, Check::NonEmpty) => return None,
        other => return Some(format!("has to be text, a list or an object, not {}", shown(other))),
    };
    match check {
        Check::NonEmpty | Check::ListNotEmpty => (length == 0).then(|| "must not be empty".to_owned()),
        Check::MinLength(least) | Check::ListMinLength(least) => {
            (length < *least).then(|| format!("has to have at least {least} {unit}, not {length}"))
        }
        Check::MaxLength(most) => {
            (length > *most).then(|| format!("must not have more than {most} {unit}, and has {length}"))
        }
        _ => None,
    }
}

fn number_fault(check: &Check, value: &Value) -> Option<String> {
    let Value::Number(number) = value else {
        return Some(format!("has to be a number, not {}", shown(value)));
    };
    let zero = Number::from(0);
    let (holds, rule) = match check {
        Check::Positive => (compare(number, &zero).is_gt(), "above 0".to_owned()),
        Check::NonNegative => (compare(number, &zero).is_ge(), "0 or above".to_owned()),
        Check::Negative => (compare(number, &zero).is_lt(), "below 0".to_owned()),
        Check::GreaterThan(bound) => (compare(number, bound).is_gt(), format!("above {bound}")),
        Check::LessThan(bound) => (compare(number, bound).is_lt(), format!("below {bound}")),
        Check::InRange(least, most) => (
            compare(number, least).is_ge() && compare(number, most).is_le(),
            format!("from {least} to {most}"),
        ),
        Check::Between(above, below) => (
            compare(number, above).is_gt() && compare(number, below).is_lt(),
            format!("above {above} and below {below}"),
        ),
        _ => return None,
    };
    (!holds).then(|| format!("has to be {rule}, not {number}"))
}

/// Exact for integers of any size; JSON numbers are never NaN.
fn compare(a: &Number, b: &Number) -> Ordering {
    let integer =
        |number: &Number| number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    match (integer(a), integer(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal),
    }
}

/// Equality without conversion, but for numbers by their value: `2` is `2.0`, and `1` is not `true`.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => compare(a, b).is_eq(),
        _ => a == b,
    }
}

fn structure_fault(check: &Check, value: &Value) -> Option<String> {
    let Value::Object(fields) = value else {
        return Some(format!("has to be an object, not {}", shown(value)));
    };
    let lacks = |name: &str| format!("lacks the field `{name}`");
    match check {
        Check::HasFields(names) => {
            names.iter().find(|name| !fields.contains_key(*name)).map(|name| lacks(name))
        }
        Check::ValidStructure(structure) => {
            structure.iter().find_map(|(name, kind)| match fields.get(name) {
                None => Some(lacks(name)),
                Some(inner) => {
                    type_fault(*kind, inner).map(|fault| format!("has a field `{name}` that {fault}"))
                }
            })
        }
        _ => None,
    }
}

fn items_fault(kind: FieldType, value: &Value) -> Option<String> {
    let Value::Array(items) = value else {
        return Some(format!("has to be a list, not {}", shown(value)));
    };
    items.iter().enumerate().find_map(|(at, item)| {
        type_fault(kind, item).map(|fault| format!("has an item {} that {fault}", at + 1))
    })
}

fn text_fault(check: &Check, text: &str) -> Option<String> {
    let lower = || text.to_lowercase();
    match check {
        Check::ContainsAny(words) => {
            let lower = lower();
            let found = words.iter().any(|word| lower.contains(&word.to_lowercase()));
            (!found).then(|| format!("has to contain one of {}", listed(words)))
        }
        Check::ContainsText(part) => {
            (!text.contains(part.as_str())).then(|| format!("has to contain {}", quoted(part)))
        }
        Check::NotContainsText(part) => {
            text.contains(part.as_str()).then(|| format!("must not contain {}", quoted(part)))
        }
        Check::MatchesPattern(source) => match pattern(source) {
            Ok(pattern) => (!pattern.is_match(text)).then(|| format!("has to match the pattern `{source}`")),
            Err(why) => Some(format!("can't be checked: the pattern `{source}` can't be read: {why}")),
        },
        Check::YamlParseable => super::tree::yaml_fault(text).map(|why| format!("has to be YAML: {why}")),
        Check::JsonParseable => serde_json::from_str::<serde::de::IgnoredAny>(text)
            .err()
            .map(|why| format!("has to be JSON: {why}")),
        Check::ContainsSuccess => match FAILURES.find(text) {
            Some(failures) => {
                Some(format!("has to tell of success, and counts {}", quoted(failures.as_str())))
            }
            None => (!SUCCESS.is_match(text))
                .then(|| "has to tell of success (\"passed\", \"ok\", \"succeeded\", …)".to_owned()),
        },
        Check::NoErrors => error_in(text).map(|word| format!("tells of an error ({})", quoted(word))),
        _ => None,
    }
}

static SUCCESS: LazyLock<Regex> =
    LazyLock::new(|| fixed(r"(?i)\b(success(ful|fully)?|succeeded|pass(ed|es|ing)?|ok|completed?|clean)\b"));
/// `2 failed`, `1 test failed`, `failures: 3`: whatever passed beside them.
static FAILURES: LazyLock<Regex> = LazyLock::new(|| {
    fixed(
        r"(?i)\b[1-9][0-9]*\s+(tests?\s+|checks?\s+|suites?\s+)?(failed|failures?|failing)\b|\b(failed|failures?|failing)\s*[:=]\s*[1-9]",
    )
});
static ERROR: LazyLock<Regex> = LazyLock::new(|| {
    fixed(
        r"(?i)(?P<none>\b(0|no|zero|without)\s+(\w+\s+)?)?\b(?P<word>errors?|fail(ed|ure|ures|s)?|exceptions?|traceback|panicked|fatal)\b(?P<zero>\s*[:=]\s*0\b)?",
    )
});

/// The first word of an error, unless there is said to be none: `0 failed`, `no errors`, `errors: 0`.
fn error_in(text: &str) -> Option<&str> {
    ERROR
        .captures_iter(text)
        .find(|found| found.name("none").is_none() && found.name("zero").is_none())
        .and_then(|found| found.name("word"))
        .map(|word| word.as_str())
}

#[allow(clippy::unwrap_used, reason = "the patterns are constants of this file, and a test reads each")]
fn fixed(source: &str) -> Regex {
    Regex::new(source).unwrap()
}

fn listed(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", ")
}

/// Applies `check` to a path, or to each path of a list.
fn every_path(value: &Value, check: impl Fn(String) -> Outcome) -> Outcome {
    let one = |value: &Value| match value.as_str() {
        None => Outcome::Fails(format!("has to be a path, not {}", shown(value))),
        Some(path) => match path_fault(path) {
            Some(fault) => Outcome::Fails(fault),
            None => check(path.to_owned()),
        },
    };
    match value {
        Value::Array(items) => all(items.iter().map(one)),
        value => one(value),
    }
}

fn hash_of(path: &str, expected: Option<&str>, facts: &Facts) -> Outcome {
    let question = Question::Sha256(path.to_owned());
    match (facts.get(&question), expected) {
        (Some(Answer::Hash(found)), Some(expected)) if !found.eq_ignore_ascii_case(expected) => {
            Outcome::Fails(format!("names {}, whose SHA-256 is {found}, not {expected}", quoted(path)))
        }
        _ => asked(question, facts),
    }
}

fn all(outcomes: impl Iterator<Item = Outcome>) -> Outcome {
    let mut questions = Vec::new();
    for outcome in outcomes {
        match outcome {
            Outcome::Holds => {}
            fails @ Outcome::Fails(_) => return fails,
            Outcome::Asks(more) => questions.extend(more),
        }
    }
    if questions.is_empty() { Outcome::Holds } else { Outcome::Asks(questions) }
}

fn any(outcomes: impl Iterator<Item = Outcome>) -> Outcome {
    let (mut questions, mut faults) = (Vec::new(), Vec::new());
    for outcome in outcomes {
        match outcome {
            Outcome::Holds => return Outcome::Holds,
            Outcome::Fails(fault) => faults.push(fault),
            Outcome::Asks(more) => questions.extend(more),
        }
    }
    if questions.is_empty() { Outcome::Fails(faults.join("; or ")) } else { Outcome::Asks(questions) }
}

/// A path is written with `/`, relative to the workspace, and stays in it. Links are the shell's affair.
pub(super) fn path_fault(path: &str) -> Option<String> {
    let fault = if path.trim().is_empty() {
        "must not be empty"
    } else if path.contains(char::is_control) {
        "must not have control characters in it"
    } else if path.starts_with(['/', '~', '\\']) || path.get(1..2) == Some(":") {
        "has to be relative to the workspace"
    } else if path.split(['/', '\\']).any(|part| part == "..") {
        "must not lead out of the workspace"
    } else {
        return None;
    };
    Some(format!("{fault} ({})", quoted(path)))
}

fn commit_fault(commit: &str) -> Option<String> {
    let is_hash = (7..=64).contains(&commit.len()) && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    (!is_hash).then(|| format!("has to be a commit's hash, 7 to 64 hex digits, not {}", quoted(commit)))
}

fn url_fault(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let has_host = rest.is_some_and(|rest| {
        !rest.starts_with(['/', '?', '#', ':', '@'])
            && !rest.is_empty()
            && !url.contains(|c: char| c.is_whitespace() || c.is_control())
    });
    (!has_host).then(|| format!("has to be an http or https address, not {}", quoted(url)))
}

#[cfg(test)]
mod tests;
