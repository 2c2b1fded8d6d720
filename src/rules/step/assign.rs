//! Assignments: ``Set `Phase = ANALYZE`, `Status = READY` ``.

use super::forms::is_verb;
use crate::{
    document::Role,
    rules::{
        ast::{Assignment, Comparison, NewValue, Step, StepKind},
        lex::{Cursor, Kind, Token},
        trigger::without_state,
        vocabulary::{Vocabulary, knows_status},
        wording::{is_path, is_rule_id, read_section, skip_note},
    },
};

const VERBS: &[&str] =
    &["set", "reset", "update", "change", "switch", "transition", "move", "advance", "auto-advance", "put"];

/// First words of what moves on to the next item.
const MOVES: &[&str] = &["increment", "select", "choose", "pick", "take", "start", "load", "proceed", "go"];

/// Words that stand for a moment, which somebody must look up.
const MOMENTS: &[&str] = &["today", "now", "yesterday", "tomorrow", "timestamp", "datetime"];

/// Words that say what item comes next.
const NEXT_ITEM: &[&str] = &[
    "next unprocessed row",
    "next unprocessed item",
    "next unprocessed task",
    "next pending row",
    "next pending item",
    "next pending task",
    "next remaining item",
    "next available item",
    "next open item",
    "next item",
    "next row",
    "next task",
    "next",
];

/// Reads assignments with or without their verb; `before` are the steps of the same sentence.
pub(super) fn read(
    cursor: &mut Cursor<'_, '_>,
    vocabulary: &Vocabulary,
    before: &[Step],
) -> Option<Vec<StepKind>> {
    let start = *cursor;
    let read = with_verb(cursor, vocabulary).or_else(|| {
        *cursor = start;
        bare(cursor, vocabulary, before)
    });
    if read.is_none() {
        *cursor = start;
    }
    read.map(|assignments| vec![StepKind::Set(assignments)])
}

fn with_verb(cursor: &mut Cursor<'_, '_>, vocabulary: &Vocabulary) -> Option<Vec<Assignment>> {
    let from = *cursor;
    if !from.peek().is_some_and(|first| VERBS.iter().chain(MOVES).any(|verb| first.is(verb))) {
        return None;
    }
    if cursor.words("increment") {
        let key = key(cursor, vocabulary)?;
        let by = if cursor.words("by") { cursor.take()?.thousandths()? / 1000 } else { 1 };
        return Some(vec![Assignment { key, value: NewValue::Plus(by) }]);
    }
    if (cursor.one_of(&[
        "select",
        "choose",
        "pick",
        "take",
        "start",
        "load",
        "move to",
        "proceed to",
        "go to",
        "advance to",
    ])) && next_item(cursor)
    {
        return Some(vec![current_item()]);
    }
    *cursor = from;
    let reset = cursor.peek().is_some_and(|token| token.is("reset"));
    if !cursor.one_of(VERBS) {
        return None;
    }
    let moves = !from
        .peek()
        .is_some_and(|token| ["set", "reset", "update", "change", "put"].iter().any(|verb| token.is(verb)));
    let behind_verb = *cursor;
    if !moves && let Some(pairs) = pairs(cursor, vocabulary, true) {
        return Some(pairs);
    }
    *cursor = behind_verb;
    if reset {
        return Some(initial(cursor));
    }
    if moves && !cursor.words("to") {
        return None;
    }
    cursor.one_of(&["the phase to", "the status to"]);
    values(cursor, vocabulary)
}

/// `Phase = ANALYZE, Status = READY`; `the next item`; the value behind a Set of the same sentence.
fn bare(cursor: &mut Cursor<'_, '_>, vocabulary: &Vocabulary, before: &[Step]) -> Option<Vec<Assignment>> {
    let start = *cursor;
    let equals = start.rest().get(1).is_some_and(is_equals);
    if equals && let Some(pairs) = pairs(cursor, vocabulary, false) {
        return Some(pairs);
    }
    *cursor = start;
    if next_item(cursor) {
        return Some(vec![current_item()]);
    }
    *cursor = start;
    if let Some(key) = last_key(before) {
        // `set Status = BLOCKED_TEST if failures, TESTS_PASSED if success`
        let value = value(cursor, &key)?;
        let word = start.peek().is_some_and(|token| vocabulary.is_bare_value(token.text));
        return word.then(|| vec![Assignment { key, value }]);
    }
    values(cursor, vocabulary)
}

fn last_key(before: &[Step]) -> Option<String> {
    let assignments = match &before.last()?.kind {
        StepKind::If { then, .. } => return last_key(then),
        StepKind::Set(assignments) => assignments,
        _ => return None,
    };
    assignments.last().map(|assignment| assignment.key.clone())
}

/// `Phase = ANALYZE, Status = READY and CurrentItem to the next item`
fn pairs(cursor: &mut Cursor<'_, '_>, vocabulary: &Vocabulary, has_verb: bool) -> Option<Vec<Assignment>> {
    let mut assignments = vec![pair(cursor, vocabulary)?];
    loop {
        let mut ahead = *cursor;
        let comma = ahead.kind(Kind::Comma) || ahead.kind(Kind::Semicolon);
        let and = ahead.words("and") || ahead.kind(Kind::And);
        let equals = ahead.rest().get(1).is_some_and(is_equals);
        let reads = (comma || and) && (equals || (has_verb && !ahead.peek().is_some_and(is_verb)));
        let next = if reads { pair(&mut ahead, vocabulary) } else { None };
        match next {
            Some(next) => assignments.push(next),
            None => return Some(assignments),
        }
        *cursor = ahead;
    }
}

fn pair(cursor: &mut Cursor<'_, '_>, vocabulary: &Vocabulary) -> Option<Assignment> {
    cursor.words("the");
    let key = key(cursor, vocabulary)?;
    let from = *cursor;
    if cursor.words("accordingly") && key.eq_ignore_ascii_case("phase") {
        return Some(Assignment { key, value: NewValue::FromEvent });
    }
    *cursor = from;
    if let Some(value) = example(cursor, &key) {
        return Some(Assignment { key, value });
    }
    *cursor = from;
    if cursor.peek().is_some_and(is_equals) {
        cursor.at += 1;
    } else if !cursor.one_of(&["back to", "to", "as", "thành", "là"]) {
        return None;
    }
    let value = value(cursor, &key)?;
    skip_note(cursor);
    Some(Assignment { key, value })
}

/// `Update State.Phase (e.g., to BLUEPRINT_REVISE)`: the example is what is done.
fn example(cursor: &mut Cursor<'_, '_>, key: &str) -> Option<NewValue> {
    cursor.one_of(&["appropriately", "accordingly"]);
    if !cursor.kind(Kind::Open) || !cursor.one_of(&["e.g", "eg", "for example"]) {
        return None;
    }
    cursor.kind(Kind::Stop);
    cursor.kind(Kind::Comma);
    cursor.words("to");
    let value = value(cursor, key)?;
    cursor.kind(Kind::Close).then_some(value)
}

fn is_equals(token: &Token<'_>) -> bool {
    token.kind == Kind::Compare(Comparison::Equal)
}

/// A key; one of several words or in another language is one that State has.
fn key(cursor: &mut Cursor<'_, '_>, vocabulary: &Vocabulary) -> Option<String> {
    for count in [3, 2] {
        let Some(words) = cursor.rest().get(..count) else { continue };
        let Some(code) = words[0].code else { break };
        let texts: Vec<&str> = words
            .iter()
            .filter(|word| word.kind == Kind::Word && word.code == Some(code))
            .map(|word| word.text)
            .collect();
        if texts.len() == count
            && let Some(key) = vocabulary.key(&texts)
        {
            cursor.at += count;
            return Some(key.to_owned());
        }
    }
    let token = cursor
        .take()
        .filter(|token| token.kind == Kind::Word && !is_path(token) && !is_rule_id(token.text))?;
    let key = without_state(token);
    let known = if key.is_ascii() { None } else { vocabulary.key(&[&key]) };
    Some(known.map_or(key.clone(), str::to_owned))
}

fn value(cursor: &mut Cursor<'_, '_>, key: &str) -> Option<NewValue> {
    if next_item(cursor) {
        return Some(NewValue::NextItem);
    }
    let token = cursor.take()?;
    let text = token.plain();
    if without_state(token).eq_ignore_ascii_case(key) {
        let minus = cursor.peek().is_some_and(|sign| sign.text == "-");
        if minus {
            cursor.at += 1;
        } else if !cursor.kind(Kind::Plus) {
            return None;
        }
        let by = cursor.take()?.thousandths()? / 1000;
        return Some(NewValue::Plus(if minus { -by } else { by }));
    }
    let is_hole = text.contains(['*', '[', '{', '<'])
        || text.contains("YYYY")
        || MOMENTS.iter().any(|moment| text.eq_ignore_ascii_case(moment));
    let is_value =
        matches!(token.kind, Kind::Word | Kind::Number | Kind::Quoted) && !is_hole && !is_rule_id(&text);
    is_value.then_some(NewValue::Literal(text))
}

fn next_item(cursor: &mut Cursor<'_, '_>) -> bool {
    let mut ahead = *cursor;
    ahead.words("the");
    if !ahead.one_of(NEXT_ITEM) {
        return false;
    }
    let mut further = ahead;
    if further.one_of(&["in", "from", "of"])
        && read_section(&mut further).is_some_and(|section| Role::named(&section.0) == Some(Role::Items))
    {
        ahead = further;
    }
    *cursor = ahead;
    true
}

fn current_item() -> Assignment {
    Assignment { key: "CurrentItem".into(), value: NewValue::NextItem }
}

/// What `reset` stands for: everything, or the keys that follow.
fn initial(cursor: &mut Cursor<'_, '_>) -> Vec<Assignment> {
    let phase = || Assignment { key: "Phase".into(), value: NewValue::FirstPhase };
    let status = || Assignment { key: "Status".into(), value: NewValue::Literal("READY".into()) };
    let item = || Assignment { key: "CurrentItem".into(), value: NewValue::Literal("null".into()) };
    let from = *cursor;
    cursor.words("the");
    let named = cursor.peek().filter(|token| token.kind == Kind::Word).map(without_state);
    let known = match named.as_deref().map(str::to_lowercase).as_deref() {
        Some("phase") => Some(vec![phase()]),
        Some("status") => Some(vec![status()]),
        Some("currentitem") => Some(vec![item()]),
        Some("state" | "workflow") => Some(vec![phase(), status()]),
        _ => None,
    };
    if let Some(known) = known {
        cursor.at += 1;
        return known;
    }
    *cursor = from;
    vec![phase(), status()]
}

/// Bare phases and statuses: `ANALYZE, RUNNING`.
fn values(cursor: &mut Cursor<'_, '_>, vocabulary: &Vocabulary) -> Option<Vec<Assignment>> {
    let first = bare_value(cursor.take()?, vocabulary)?;
    let mut assignments = vec![first];
    let mut ahead = *cursor;
    if ahead.kind(Kind::Comma) || ahead.words("and") {
        let second = ahead.take().and_then(|token| bare_value(token, vocabulary));
        if let Some(second) = second.filter(|second| second.key != assignments[0].key) {
            assignments.push(second);
            *cursor = ahead;
        }
    }
    Some(assignments)
}

fn bare_value(token: &Token<'_>, vocabulary: &Vocabulary) -> Option<Assignment> {
    let word = token.plain();
    let in_capitals = token.kind == Kind::Word && !word.contains(char::is_lowercase);
    let key = if !in_capitals {
        return None;
    } else if vocabulary.knows_phase(&word) {
        "Phase"
    } else if knows_status(&word) {
        "Status"
    } else {
        return None;
    };
    Some(Assignment { key: key.into(), value: NewValue::Literal(word) })
}
