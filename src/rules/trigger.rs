//! Triggers: text to conditions.

mod compare;

use super::{
    ast::{
        Atom, Class, Comparison, Condition, EventPattern, FileTest, LengthUnit, SectionName, Test, Trigger,
        Value,
    },
    events,
    lex::{Cursor, Kind, Lexed, Token, extent, lex},
    vocabulary::Vocabulary,
    wording::{Table, is_path, is_strong_connective, read_section, skip_note},
};
use crate::text::Span;
use std::sync::LazyLock;

/// Parentheses nested deeper than this are not a condition that anybody wrote.
const DEEPEST: usize = 8;

/// Wordings about items, and whether there must be one.
const ITEMS: &[(&str, bool)] = &[
    (
        "{section} contains|contain|has|have [any] unprocessed|pending|remaining|open|more rows|items|entries|tasks",
        true,
    ),
    (
        "{section} contains|contain|has|have no [more] [unprocessed|pending|remaining|open] rows|items|entries|tasks [left]",
        false,
    ),
    ("no [more] [unprocessed|pending|remaining|open] items|rows|tasks [left|remain|exist]", false),
    ("[there] [are] unprocessed|pending|remaining|more items|rows|tasks [left|remain|exist|available]", true),
    ("items left|remain|remaining", true),
    ("items", true),
];

static ITEM_TABLE: LazyLock<Table<bool>> = LazyLock::new(|| Table::new(ITEMS));

/// Words before a condition that say nothing.
const OPENINGS: &[&str] =
    &["when", "whenever", "if", "on", "upon", "once", "in", "during", "triggered when", "triggered by"];

/// Reads a trigger.
pub(super) fn parse(file: &str, span: Span, vocabulary: &Vocabulary) -> Trigger {
    let span = span.trimmed(file);
    let lexed = lex(file, span);
    let condition = condition(file, span, &lexed, vocabulary);
    Trigger { condition, text: span.of(file).to_owned(), span }
}

/// Reads all of `lexed`, which was read from `span`, as a condition.
pub(super) fn condition(file: &str, span: Span, lexed: &Lexed<'_>, vocabulary: &Vocabulary) -> Condition {
    let tokens = without_stop(&lexed.tokens);
    let mut parser = Parser { file, cursor: Cursor::new(tokens), vocabulary, depth: 0, key: None };
    let start = parser.cursor;
    parser.cursor.one_of(&["on", "upon"]);
    if let Some(test) = parser.event()
        && parser.cursor.at_end()
    {
        return parser.made(test, tokens);
    }
    parser.cursor = start;
    parser.cursor.one_of(OPENINGS);
    if parser.cursor.at_end() {
        return judgement(file, span);
    }
    let read = parser.any();
    match read {
        Some(condition)
            if parser.cursor.at_end()
                && !matches!(&condition, Condition::Atom(Atom { test: Test::Judgement, .. })) =>
        {
            condition
        }
        _ => judgement(file, span),
    }
}

/// Reads the tokens as a condition if the files alone decide it.
pub(super) fn decidable(file: &str, tokens: &[Token<'_>], vocabulary: &Vocabulary) -> Option<Condition> {
    let mut parser = Parser { file, cursor: Cursor::new(tokens), vocabulary, depth: 0, key: None };
    let read = parser.any()?;
    (parser.cursor.at_end() && read.class() == Class::State).then_some(read)
}

/// `>3000 chars`, in a rule about the log: how long Log is.
pub(super) fn bare_length(file: &str, span: Span) -> Option<Condition> {
    let lexed = lex(file, span);
    let [Token { kind: Kind::Compare(op), .. }, limit, unit] = lexed.tokens.as_slice() else { return None };
    let unit = if ["chars", "characters"].iter().any(|word| unit.is(word)) {
        LengthUnit::Characters
    } else if unit.is("lines") {
        LengthUnit::Lines
    } else {
        return None;
    };
    let limit = limit.whole()?;
    let test = Test::Length { section: SectionName("Log".into()), op: *op, limit, unit };
    Some(Condition::Atom(Atom { test, text: span.of(file).to_owned(), span }))
}

/// The tokens without a full stop or colon at the end.
pub(super) fn without_stop<'a, 't>(tokens: &'a [Token<'t>]) -> &'a [Token<'t>] {
    let mut end = tokens.len();
    while end > 0 && matches!(tokens[end - 1].kind, Kind::Stop | Kind::Colon | Kind::Semicolon | Kind::Comma)
    {
        end -= 1;
    }
    &tokens[..end]
}

fn judgement(file: &str, span: Span) -> Condition {
    Condition::Atom(Atom { test: Test::Judgement, text: span.of(file).to_owned(), span })
}

struct Parser<'a, 't> {
    file: &'t str,
    cursor: Cursor<'a, 't>,
    vocabulary: &'a Vocabulary,
    depth: usize,
    /// The key compared last: `Status is READY or COMPLETED` means it twice.
    key: Option<String>,
}

impl<'a, 't> Parser<'a, 't> {
    fn any(&mut self) -> Option<Condition> {
        let mut parts = vec![self.all()?];
        while self.or() {
            parts.push(self.all()?);
        }
        Some(joined(parts, Condition::Any))
    }

    fn all(&mut self) -> Option<Condition> {
        let mut parts = vec![self.atom()?];
        while self.and() {
            parts.push(self.atom()?);
        }
        Some(joined(parts, Condition::All))
    }

    fn or(&mut self) -> bool {
        let mut ahead = self.cursor;
        ahead.kind(Kind::Comma);
        let found = ahead.kind(Kind::Or) || ahead.one_of(&["or", "hoặc"]);
        if found {
            self.cursor = ahead;
        }
        found
    }

    fn and(&mut self) -> bool {
        let mut ahead = self.cursor;
        let comma = ahead.kind(Kind::Comma);
        if comma && (ahead.words("or") || ahead.kind(Kind::Or)) {
            return false;
        }
        let found = ahead.kind(Kind::And)
            || ahead.kind(Kind::Plus)
            || ahead.one_of(&["and", "và", "but", "while"])
            || comma;
        if found {
            self.cursor = ahead;
        }
        found
    }

    fn atom(&mut self) -> Option<Condition> {
        if self.cursor.at_end() {
            return None;
        }
        self.known().or_else(|| self.unknown())
    }

    /// An atom that is understood up to the next connective.
    fn known(&mut self) -> Option<Condition> {
        let start = self.cursor;
        let read = self.grouped().or_else(|| self.test());
        let read = read.filter(|_| self.ends_well());
        if read.is_none() {
            self.cursor = start;
        }
        read
    }

    /// Skips what only explains; whether the atom ends here.
    fn ends_well(&mut self) -> bool {
        ends_well(&mut self.cursor)
    }

    fn grouped(&mut self) -> Option<Condition> {
        let start = self.cursor;
        self.depth += 1;
        let read = (self.depth <= DEEPEST).then(|| self.grouped_inside()).flatten();
        self.depth -= 1;
        if read.is_none() {
            self.cursor = start;
        }
        read
    }

    fn grouped_inside(&mut self) -> Option<Condition> {
        if self.cursor.kind(Kind::Not) || self.cursor.words("not") {
            return self.known().map(|inner| Condition::Not(Box::new(inner)));
        }
        if !self.cursor.kind(Kind::Open) {
            return None;
        }
        let inner = self.any()?;
        self.cursor.kind(Kind::Close).then_some(inner)
    }

    fn test(&mut self) -> Option<Condition> {
        let start = self.cursor.at;
        let readers: [fn(&mut Self) -> Option<Test>; 7] = [
            Self::items,
            Self::length,
            Self::emptiness,
            Self::file_test,
            Self::compare,
            Self::bare,
            Self::event,
        ];
        let from = self.cursor;
        let test = readers.iter().find_map(|read| {
            self.cursor = from;
            let test = read(self)?;
            let mut ahead = self.cursor;
            ends_well(&mut ahead).then_some(test)
        })?;
        let tokens = &self.cursor.tokens[start..self.cursor.at];
        match test {
            Test::Is(words) if words.contains('/') => Some(self.both(&words, tokens)),
            Test::Compare { key, op: op @ (Comparison::Equal | Comparison::NotEqual), value } => {
                self.alternatives(&key, op, value, tokens)
            }
            test => Some(self.made(test, tokens)),
        }
    }

    fn made(&self, test: Test, tokens: &[Token<'_>]) -> Condition {
        let span = extent(tokens);
        Condition::Atom(Atom { test, text: span.of(self.file).to_owned(), span })
    }

    /// `VALIDATE/COMPLETED`: phase and status.
    fn both(&self, words: &str, tokens: &[Token<'_>]) -> Condition {
        let mut at = extent(tokens).start;
        let mut parts = Vec::new();
        for word in words.split('/') {
            let span = Span::new(at, at + word.len());
            parts.push(Condition::Atom(Atom {
                test: Test::Is(word.to_owned()),
                text: word.to_owned(),
                span,
            }));
            at = span.end + 1;
        }
        Condition::All(parts)
    }

    /// Everything up to the next connective behind which a condition goes on.
    fn unknown(&mut self) -> Option<Condition> {
        let start = self.cursor.at;
        let mut nested = 0_usize;
        while let Some(token) = self.cursor.peek() {
            match token.kind {
                Kind::Open => nested += 1,
                Kind::Close if nested == 0 && self.depth > 0 => break,
                Kind::Close => nested = nested.saturating_sub(1),
                _ if nested == 0 && self.cursor.at > start && self.goes_on() => break,
                _ => {}
            }
            self.cursor.at += 1;
        }
        let tokens = &self.cursor.tokens[start..self.cursor.at];
        (!tokens.is_empty()).then(|| self.made(Test::Judgement, tokens))
    }

    fn goes_on(&mut self) -> bool {
        let start = self.cursor;
        let strong = start.peek().is_some_and(is_strong_connective);
        let found = strong || ((self.and() || self.or()) && self.known().is_some());
        self.cursor = start;
        found
    }

    fn items(&mut self) -> Option<Test> {
        ITEM_TABLE.find(&mut self.cursor, self.vocabulary, |left, found, ahead| {
            // Open tasks of the plan and open entries of the log are nothing the files tell.
            let of_items = found.section(0).is_none_or(|section| is_items(&section));
            (of_items && ends_well(&mut ahead.clone())).then_some(Test::Items { left })
        })
    }

    fn length(&mut self) -> Option<Test> {
        let called = self.cursor.words("length") || self.cursor.words("size");
        let open = called && (self.cursor.kind(Kind::Open) || self.cursor.words("of"));
        if called && !open {
            return None;
        }
        let marked = self.cursor.peek().is_some_and(|token| token.kind == Kind::Section);
        let section = read_section(&mut self.cursor)?;
        self.cursor.kind(Kind::Close);
        let op = self.comparison()?;
        let limit = self.cursor.take()?.whole()?;
        let lines = self.cursor.one_of(&["lines", "line"]);
        let unit = lines || self.cursor.one_of(&["chars", "characters", "char", "zeichen", "자", "ký tự"]);
        // `Items > 5` counts rows, not characters, and `Log > 3000` is about a key if there is one.
        let measured = lines || unit || called;
        let means_length = marked || self.vocabulary.key(&[&section.0]).is_none();
        if !measured && (is_items(&section) || !means_length) {
            return None;
        }
        let unit = if lines { LengthUnit::Lines } else { LengthUnit::Characters };
        Some(Test::Length { section, op, limit, unit })
    }

    /// `Plan is empty`: what a section holds, unless State has a key of this name.
    fn emptiness(&mut self) -> Option<Test> {
        let marked = self.cursor.peek().is_some_and(|token| token.kind == Kind::Section);
        let section = read_section(&mut self.cursor)?;
        if is_items(&section) || (!marked && self.vocabulary.key(&[&section.0]).is_some()) {
            return None;
        }
        let has_content = ["is not empty", "isn't empty", "has content", "contains content"];
        let op = if self.cursor.one_of(&has_content) {
            Comparison::Greater
        } else if self.cursor.one_of(&["is empty", "has no content"]) {
            Comparison::Equal
        } else {
            let op = self.comparison().filter(|op| *op == Comparison::Equal)?;
            self.cursor.words("empty").then_some(op)?
        };
        Some(Test::Length { section, op, limit: 0, unit: LengthUnit::Characters })
    }

    fn file_test(&mut self) -> Option<Test> {
        let absent = self.cursor.words("no");
        let path = self.cursor.take().filter(|token| is_path(token))?.plain();
        skip_note(&mut self.cursor);
        let missing = ["is missing", "does not exist", "doesn't exist", "missing", "not found", "is absent"];
        let test = if absent {
            self.cursor.one_of(&["exists", "found", "present"]);
            FileTest::Missing
        } else if self.cursor.one_of(&missing) {
            if self.cursor.words("or empty") { FileTest::MissingOrEmpty } else { FileTest::Missing }
        } else if self.cursor.one_of(&["exists", "is present", "is found", "present"]) {
            FileTest::Exists
        } else {
            return None;
        };
        Some(Test::File { path, test })
    }

    fn bare(&mut self) -> Option<Test> {
        let token = self.cursor.take().filter(|token| token.kind == Kind::Word)?;
        let is_value = |word: &str| self.vocabulary.is_bare_value(word);
        if token.text.contains('/') {
            return token.text.split('/').all(is_value).then(|| Test::Is(token.text.to_owned()));
        }
        let text = token.plain();
        let follows_or = self.cursor.at >= 2 && self.cursor.tokens[self.cursor.at - 2].is("or");
        if let (true, Some(key)) = (follows_or && is_value(&text), &self.key) {
            return Some(Test::Compare { key: key.clone(), op: Comparison::Equal, value: Value::Text(text) });
        }
        if is_value(&text) {
            let named = self.cursor.one_of(&["phase", "state", "status"]);
            return (named || self.is_written_as_value(token)).then_some(Test::Is(text));
        }
        None
    }

    /// Whether a word is written as phases and statuses are: `DONE`, `` `done` ``, `in_progress`, or as
    /// a phase that the file defines. `done` and `ready` by themselves are ordinary words.
    fn is_written_as_value(&self, token: &Token<'_>) -> bool {
        !token.text.contains(char::is_lowercase)
            || token.code.is_some()
            || token.text.contains('_')
            || self.vocabulary.phases().iter().any(|phase| phase.eq_ignore_ascii_case(&token.plain()))
    }

    fn event(&mut self) -> Option<Test> {
        let start = self.cursor.at;
        let event = events::read(&mut self.cursor, self.vocabulary, ends_well)?;
        let tokens = &self.cursor.tokens[start..self.cursor.at];
        if let EventPattern::PhaseLeft(Some(phase)) | EventPattern::PhaseEntered(Some(phase)) = &event {
            // `Plan is done` and `build ends` speak of the plan and the build.
            let named = tokens.iter().find(|token| token.plain() == *phase);
            let says_phase = tokens.iter().any(|token| token.is("phase"));
            if !says_phase && !named.is_some_and(|token| self.is_written_as_value(token)) {
                return None;
            }
        }
        Some(Test::Event(event))
    }
}

fn is_items(section: &SectionName) -> bool {
    section.0.eq_ignore_ascii_case("items")
}

/// Skips notes behind an atom; whether the atom ends there.
fn ends_well(cursor: &mut Cursor<'_, '_>) -> bool {
    while skip_note(cursor)
        || cursor.one_of(&["for significant change", "for significant changes", "when applicable"])
    {}
    match cursor.peek() {
        None => true,
        Some(token) => {
            matches!(token.kind, Kind::And | Kind::Or | Kind::Plus | Kind::Comma | Kind::Close)
                || ["and", "or", "và", "hoặc", "but", "while"].iter().any(|word| token.is(word))
        }
    }
}

/// The key without `State.` before it.
pub(super) fn without_state(token: &Token<'_>) -> String {
    let text = token.plain();
    match text.get(..6) {
        Some(start) if start.eq_ignore_ascii_case("state.") => text[6..].to_owned(),
        _ => text,
    }
}

fn joined(mut parts: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}

#[cfg(test)]
mod tests;
