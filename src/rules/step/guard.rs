//! What steps depend on: `If clean, …`, `If more items:`, `… if failures`.

use super::Context;
use crate::rules::{
    ast::Guard,
    lex::{Cursor, Kind, Token, lex},
    trigger::{decidable, without_stop},
    wording::read_section,
};
use crate::text::Span;

/// Wordings of guards that ask how it went so far, behind `if`, `on`, `upon` or `when`.
const GUARDS: &[(&str, Guard)] = &[
    ("not found", Guard::Found(false)),
    ("it is not found", Guard::Found(false)),
    ("none found", Guard::Found(false)),
    ("found", Guard::Found(true)),
    ("it is found", Guard::Found(true)),
    ("there are no more items", Guard::ItemsLeft(false)),
    ("no more items remain", Guard::ItemsLeft(false)),
    ("no more items", Guard::ItemsLeft(false)),
    ("no items left", Guard::ItemsLeft(false)),
    ("there are more items", Guard::ItemsLeft(true)),
    ("more items remain", Guard::ItemsLeft(true)),
    ("more items exist", Guard::ItemsLeft(true)),
    ("more items", Guard::ItemsLeft(true)),
    ("items left", Guard::ItemsLeft(true)),
    ("items remain", Guard::ItemsLeft(true)),
    ("no issues are found", Guard::Issues(false)),
    ("no issues found", Guard::Issues(false)),
    ("no issues", Guard::Issues(false)),
    ("issues are found", Guard::Issues(true)),
    ("issues found", Guard::Issues(true)),
    ("issues", Guard::Issues(true)),
    ("success of all steps", Guard::Succeeded(true)),
    ("all tests pass", Guard::Succeeded(true)),
    ("all checks pass", Guard::Succeeded(true)),
    ("tests pass", Guard::Succeeded(true)),
    ("checks pass", Guard::Succeeded(true)),
    ("all pass", Guard::Succeeded(true)),
    ("it succeeds", Guard::Succeeded(true)),
    ("successful", Guard::Succeeded(true)),
    ("success", Guard::Succeeded(true)),
    ("clean", Guard::Succeeded(true)),
    ("tests fail", Guard::Succeeded(false)),
    ("checks fail", Guard::Succeeded(false)),
    ("it fails", Guard::Succeeded(false)),
    ("fail/complex", Guard::Succeeded(false)),
    ("failures", Guard::Succeeded(false)),
    ("failure", Guard::Succeeded(false)),
    ("fails", Guard::Succeeded(false)),
    ("errors", Guard::Succeeded(false)),
    ("error", Guard::Succeeded(false)),
    ("the user confirms", Guard::Confirmed),
    ("user confirms", Guard::Confirmed),
    ("the user approves", Guard::Confirmed),
    ("user approves", Guard::Confirmed),
    ("user confirmation", Guard::Confirmed),
    ("user approval", Guard::Confirmed),
    ("confirmation", Guard::Confirmed),
    ("approval", Guard::Confirmed),
    ("confirmed", Guard::Confirmed),
    ("approved", Guard::Confirmed),
];

const OPENINGS: &[&str] = &["if", "on", "upon", "when", "once", "after"];

/// Reads the guard that a sentence begins with, and what it guards; `None` as guard for words such
/// as `On completion,` behind which everything is done anyway.
pub(super) fn read<'a, 't>(
    context: Context<'_, '_>,
    tokens: &'a [Token<'t>],
) -> Option<(Option<Guard>, &'a [Token<'t>])> {
    let mut cursor = Cursor::new(tokens);
    if !cursor.one_of(OPENINGS) {
        return None;
    }
    let end = head_end(cursor.rest())? + cursor.at;
    let mut behind = Cursor { tokens, at: end };
    let _separator = behind.kind(Kind::Comma) || behind.kind(Kind::Colon) || behind.kind(Kind::Arrow);
    behind.words("then");
    if behind.at_end() {
        return None;
    }
    let head = &tokens[cursor.at..end];
    if Cursor::new(head).words("completion") && head.len() == 1 {
        return Some((None, behind.rest()));
    }
    Some((Some(asked(context, head)?), behind.rest()))
}

/// Where the guard's own words end.
fn head_end(tokens: &[Token<'_>]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Comma | Kind::Colon | Kind::Arrow if depth == 0 => return Some(at),
            Kind::Word if depth == 0 && token.is("then") => return Some(at),
            _ => {}
        }
    }
    None
}

/// Whether a sentence begins with a condition of any kind. What such a sentence does must not be done
/// without its condition.
pub(super) fn is_conditional(tokens: &[Token<'_>]) -> bool {
    let mut cursor = Cursor::new(tokens);
    cursor.one_of(OPENINGS)
        || cursor
            .one_of(&["unless", "until", "while", "whenever", "before", "for", "in case", "during", "in"])
}

/// Whether a sentence begins with the word of a guard.
pub(super) fn opens(tokens: &[Token<'_>]) -> bool {
    Cursor::new(tokens).one_of(OPENINGS)
}

/// Whether a colon stands between a guard and what it guards: `If more items: …`.
pub(super) fn announces(tokens: &[Token<'_>]) -> bool {
    opens(tokens) && head_end(tokens).is_some_and(|end| tokens[end].kind == Kind::Colon)
}

/// Where `else B` or `otherwise B` begins behind what is guarded.
pub(super) fn alternative(tokens: &[Token<'_>]) -> Option<usize> {
    let mut depth = 0_usize;
    tokens.iter().enumerate().position(|(at, token)| {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        let is_word = token.kind == Kind::Word && token.code.is_none();
        let parts = is_word && (token.is("otherwise") || token.is("else"));
        parts && depth == 0 && at > 0 && at + 1 < tokens.len()
    })
}

/// What `head`, the words between `if` and the comma, asks.
fn asked(context: Context<'_, '_>, head: &[Token<'_>]) -> Option<Guard> {
    let known = GUARDS.iter().find(|(words, _)| {
        let mut cursor = Cursor::new(head);
        cursor.words(words) && cursor.at_end()
    });
    if let Some((_, guard)) = known {
        return Some(guard.clone());
    }
    let mut cursor = Cursor::new(head);
    if let Some(section) = read_section(&mut cursor)
        && cursor.one_of(&[
            "has content",
            "has existing content",
            "contains content",
            "contains existing content",
            "is not empty",
        ])
        && cursor.at_end()
    {
        return Some(Guard::HasContent(section));
    }
    decidable(context.file, head, context.vocabulary).map(Guard::Holds)
}

/// Reads a guard behind a phrase: `… if failures`, `… if all pass`.
pub(super) fn behind(cursor: &mut Cursor<'_, '_>) -> Option<Guard> {
    let mut ahead = *cursor;
    if !ahead.one_of(&["if", "on", "upon"]) {
        return None;
    }
    let (_, guard) = GUARDS.iter().find(|(words, _)| {
        let mut further = ahead;
        further.words(words)
            && further.peek().is_none_or(|token| {
                matches!(token.kind, Kind::Comma | Kind::Semicolon | Kind::And) || token.is("and")
            })
    })?;
    ahead.one_of(
        &GUARDS.iter().filter(|(_, other)| other == guard).map(|(words, _)| *words).collect::<Vec<_>>(),
    );
    *cursor = ahead;
    Some(guard.clone())
}

/// The guard of a list item that only asks: `If more items:`, `Otherwise:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rules) enum OpenGuard {
    /// This.
    If(Guard),
    /// The opposite of the one before.
    Otherwise,
}

/// Reads a list item that is nothing but a guard.
pub(in crate::rules) fn open_guard(context: Context<'_, '_>, span: Span) -> Option<OpenGuard> {
    let text = span.of(context.file);
    if !text.trim_end_matches(['*', '_', '`', ' ']).ends_with(':') {
        return None;
    }
    let lexed = lex(context.file, span);
    let tokens = without_stop(&lexed.tokens);
    let mut cursor = Cursor::new(tokens);
    if cursor.one_of(&["otherwise", "else"]) {
        return cursor.at_end().then_some(OpenGuard::Otherwise);
    }
    let asks = cursor.one_of(OPENINGS) && !cursor.at_end();
    if !asks {
        return None;
    }
    asked(context, without_then(cursor.rest())).map(OpenGuard::If)
}

/// `If more items, then:`
fn without_then<'a, 't>(head: &'a [Token<'t>]) -> &'a [Token<'t>] {
    match head.split_last() {
        Some((last, before)) if last.kind == Kind::Word && last.is("then") => without_stop(before),
        _ => head,
    }
}

/// Whether an item begins with a condition, understood or not.
pub(in crate::rules) fn is_condition(context: Context<'_, '_>, span: Span) -> bool {
    let lexed = lex(context.file, span);
    Cursor::new(&lexed.tokens).one_of(&["otherwise", "else"]) || is_conditional(&lexed.tokens)
}

/// Whether `second` asks the exact opposite of `first`.
pub(in crate::rules) fn is_negation(first: &Guard, second: &Guard) -> bool {
    match (first, second) {
        (Guard::ItemsLeft(one), Guard::ItemsLeft(other))
        | (Guard::Found(one), Guard::Found(other))
        | (Guard::Succeeded(one), Guard::Succeeded(other))
        | (Guard::Issues(one), Guard::Issues(other)) => one != other,
        _ => false,
    }
}
