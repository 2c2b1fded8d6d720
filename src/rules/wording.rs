//! Tables of wordings, and how they are matched.
//!
//! A wording is written as people write it: `end of [the] [successful] {phase} phase`. Words in
//! `a|b` are alternatives, `[…]` may be missing, `{…}` is a slot.

use super::{
    ast::SectionName,
    lex::{Cursor, Kind, Token},
    vocabulary::{Vocabulary, knows_section},
};
use std::ops::Range;

/// What a slot takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// A phase.
    Phase,
    /// Rule ids, separated by commas.
    Rules,
    /// Files, separated by commas, `or` or `and`.
    Paths,
    /// `@commands`, in parentheses or not.
    Commands,
    /// Quotations, separated by commas or `or`.
    Sayings,
    /// A section.
    Section,
    /// A number.
    Number,
    /// A quotation.
    Quoted,
    /// A code span, whatever is in it.
    Code,
    /// Everything up to `&&`, `||`, `AND` or `OR`.
    Rest,
    /// Everything up to the end.
    Tail,
}

const SLOTS: &[(&str, Slot)] = &[
    ("{phase}", Slot::Phase),
    ("{rules}", Slot::Rules),
    ("{paths}", Slot::Paths),
    ("{commands}", Slot::Commands),
    ("{sayings}", Slot::Sayings),
    ("{section}", Slot::Section),
    ("{number}", Slot::Number),
    ("{quoted}", Slot::Quoted),
    ("{code}", Slot::Code),
    ("{rest}", Slot::Rest),
    ("{tail}", Slot::Tail),
];

#[derive(Clone, Debug)]
enum Element {
    Words(Vec<&'static str>),
    Optional(Vec<Element>),
    Slot(Slot),
}

/// One wording, ready to be matched.
#[derive(Clone, Debug)]
pub(super) struct Wording {
    elements: Vec<Element>,
}

impl Wording {
    /// Reads a wording of a table.
    ///
    /// # Panics
    /// When a slot is unknown: the tables are constants, and a test reads them all.
    pub(super) fn new(text: &'static str) -> Self {
        let mut stack = vec![Vec::new()];
        for mut word in text.split(' ') {
            while let Some(inner) = word.strip_prefix('[') {
                stack.push(Vec::new());
                word = inner;
            }
            let bare = word.trim_end_matches(']');
            let element = if bare.starts_with('{') {
                let slot = SLOTS.iter().find(|(name, _)| *name == bare);
                Element::Slot(slot.expect("wordings name known slots").1)
            } else {
                Element::Words(bare.split('|').collect())
            };
            push(&mut stack, element);
            for _ in bare.len()..word.len() {
                let group = stack.pop().unwrap_or_default();
                push(&mut stack, Element::Optional(group));
            }
        }
        Self { elements: stack.pop().unwrap_or_default() }
    }

    /// The words it may begin with; `None` when it may begin with anything.
    pub(super) fn first_words(&self) -> Option<Vec<&'static str>> {
        let mut words = Vec::new();
        first_words(&self.elements, &mut words).then_some(words)
    }

    /// Matches the tokens at `cursor`, which is moved behind them, or nothing.
    pub(super) fn read<'a, 't>(
        &self,
        cursor: &mut Cursor<'a, 't>,
        vocabulary: &Vocabulary,
    ) -> Option<Found<'a, 't>> {
        let mut slots = Vec::new();
        let rest = Rest { elements: &self.elements, behind: None };
        let end = matches(rest, *cursor, vocabulary, &mut slots)?;
        let matched = cursor.at..end;
        cursor.at = end;
        Some(Found { tokens: cursor.tokens, matched, slots })
    }
}

/// Wordings and what they mean, found by the letter they begin with.
#[derive(Debug)]
pub(super) struct Table<M> {
    entries: Vec<Entry<M>>,
    /// By letter the entries that may begin with it, in order; those of the last may begin with
    /// anything.
    by_letter: [Vec<usize>; LETTERS + 1],
}

#[derive(Debug)]
struct Entry<M> {
    wording: Wording,
    first_words: Option<Vec<&'static str>>,
    meaning: M,
}

const LETTERS: usize = 26;

impl<M: Copy> Table<M> {
    /// Reads the wordings of a table.
    pub(super) fn new(wordings: &[(&'static str, M)]) -> Self {
        let mut by_letter: [Vec<usize>; LETTERS + 1] = std::array::from_fn(|_| Vec::new());
        let mut entries = Vec::new();
        for (at, &(text, meaning)) in wordings.iter().enumerate() {
            let wording = Wording::new(text);
            let first_words = wording.first_words();
            let letters: Vec<usize> = match &first_words {
                Some(words) => words.iter().map(|word| letter(word)).collect(),
                None => (0..=LETTERS).collect(),
            };
            for letter in letters {
                if by_letter[letter].last() != Some(&at) {
                    by_letter[letter].push(at);
                }
            }
            entries.push(Entry { wording, first_words, meaning });
        }
        Self { entries, by_letter }
    }

    /// The first answer that `read` gives to a wording that matches at `cursor`, which is moved
    /// behind it.
    pub(super) fn find<'a, 't, T>(
        &self,
        cursor: &mut Cursor<'a, 't>,
        vocabulary: &Vocabulary,
        read: impl Fn(M, &Found<'a, 't>, &mut Cursor<'a, 't>) -> Option<T>,
    ) -> Option<T> {
        let first = cursor.peek()?;
        self.by_letter[letter(first.text)].iter().find_map(|&at| {
            let entry = &self.entries[at];
            if entry.first_words.as_ref().is_some_and(|words| !words.iter().any(|word| first.is(word))) {
                return None;
            }
            let mut ahead = *cursor;
            let found = entry.wording.read(&mut ahead, vocabulary)?;
            let answer = read(entry.meaning, &found, &mut ahead)?;
            *cursor = ahead;
            Some(answer)
        })
    }

    /// Whether a wording of the table begins with the word `token`; articles do not count.
    pub(super) fn begins_with(&self, token: &Token<'_>) -> bool {
        let entries = self.by_letter[letter(token.text)].iter().map(|&at| &self.entries[at]);
        let mut words = entries.filter_map(|entry| entry.first_words.as_ref()).flatten();
        words.any(|word| word.len() > 3 && token.is(word))
    }
}

/// The number of the letter that `word` begins with; the last for any other sign.
fn letter(word: &str) -> usize {
    match word.bytes().next().map(|byte| byte.to_ascii_lowercase()) {
        Some(byte @ b'a'..=b'z') => usize::from(byte - b'a'),
        _ => LETTERS,
    }
}

fn push(stack: &mut [Vec<Element>], element: Element) {
    if let Some(group) = stack.last_mut() {
        group.push(element);
    }
}

/// Collects first words; whether all ways to begin are words.
fn first_words(elements: &[Element], words: &mut Vec<&'static str>) -> bool {
    for element in elements {
        match element {
            Element::Words(alternatives) => {
                words.extend(alternatives);
                return true;
            }
            Element::Optional(inner) => {
                if !first_words(inner, words) {
                    return false;
                }
            }
            Element::Slot(_) => return false,
        }
    }
    false
}

/// Elements still to be matched: those of the innermost group, and what stands behind it.
#[derive(Clone, Copy)]
struct Rest<'e> {
    elements: &'e [Element],
    behind: Option<&'e Rest<'e>>,
}

/// The end of the first way in which `rest` matches. Optional groups are tried with their words
/// first; their number in one wording is small and fixed, so this is linear in the tokens.
fn matches(
    rest: Rest<'_>,
    mut cursor: Cursor<'_, '_>,
    vocabulary: &Vocabulary,
    slots: &mut Vec<(Slot, Range<usize>)>,
) -> Option<usize> {
    let Some((first, elements)) = rest.elements.split_first() else {
        return match rest.behind {
            Some(behind) => matches(*behind, cursor, vocabulary, slots),
            None => Some(cursor.at),
        };
    };
    let rest = Rest { elements, behind: rest.behind };
    match first {
        Element::Words(alternatives) => {
            let token = cursor.take()?;
            let plain = !matches!(token.kind, Kind::Quoted | Kind::Hole);
            let found = plain && alternatives.iter().any(|word| token.is(word));
            if found { matches(rest, cursor, vocabulary, slots) } else { None }
        }
        Element::Optional(inner) => {
            let known = slots.len();
            let with = Rest { elements: inner, behind: Some(&rest) };
            matches(with, cursor, vocabulary, slots).or_else(|| {
                slots.truncate(known);
                matches(rest, cursor, vocabulary, slots)
            })
        }
        Element::Slot(slot) => {
            let start = cursor.at;
            read_slot(*slot, &mut cursor, vocabulary)?;
            slots.push((*slot, start..cursor.at));
            matches(rest, cursor, vocabulary, slots)
        }
    }
}

fn read_slot(slot: Slot, cursor: &mut Cursor<'_, '_>, vocabulary: &Vocabulary) -> Option<()> {
    match slot {
        Slot::Phase => {
            let token = cursor.take()?;
            (token.kind == Kind::Word && vocabulary.may_be_phase(token.text)).then_some(())
        }
        Slot::Rules => list(cursor, |cursor| cursor.take().is_some_and(|token| is_rule_id(token.text))),
        Slot::Paths => list(cursor, |cursor| {
            let found = cursor.take().is_some_and(is_path);
            if found {
                skip_note(cursor);
            }
            found
        }),
        Slot::Commands => {
            let open = cursor.kind(Kind::Open);
            list(cursor, |cursor| {
                let found = cursor.take().is_some_and(|token| token.text.starts_with('@'));
                if found {
                    cursor.kind(Kind::Plus);
                }
                found
            })?;
            (!open || cursor.kind(Kind::Close)).then_some(())
        }
        Slot::Sayings => list(cursor, |cursor| cursor.kind(Kind::Quoted)),
        Slot::Section => read_section(cursor).map(|_| ()),
        Slot::Number => cursor.kind(Kind::Number).then_some(()),
        Slot::Quoted => cursor.kind(Kind::Quoted).then_some(()),
        Slot::Code => {
            let span = cursor.peek()?.code?;
            while cursor.peek().is_some_and(|token| token.code == Some(span)) {
                cursor.at += 1;
            }
            Some(())
        }
        Slot::Rest => {
            let start = cursor.at;
            while cursor.peek().is_some_and(|token| !is_strong_connective(token)) {
                cursor.at += 1;
            }
            (cursor.at > start).then_some(())
        }
        Slot::Tail => {
            let start = cursor.at;
            cursor.at = cursor.tokens.len();
            (cursor.at > start).then_some(())
        }
    }
}

/// Reads `one` as often as commas, `or`, `and` and `|` go on.
fn list<'a, 't>(cursor: &mut Cursor<'a, 't>, one: impl Fn(&mut Cursor<'a, 't>) -> bool) -> Option<()> {
    if !one(cursor) {
        return None;
    }
    loop {
        let mut ahead = *cursor;
        let comma = ahead.kind(Kind::Comma);
        let word = ahead.one_of(&["or", "and"]) || ahead.kind(Kind::Or) || ahead.kind(Kind::And);
        if !(comma || word) || !one(&mut ahead) {
            return Some(());
        }
        *cursor = ahead;
    }
}

/// Whether it joins conditions whatever stands around it.
pub(super) fn is_strong_connective(token: &Token<'_>) -> bool {
    matches!(token.kind, Kind::And | Kind::Or)
        || (token.kind == Kind::Word && matches!(token.text, "AND" | "OR" | "VÀ" | "HOẶC"))
}

/// Whether it is a rule's id.
pub(super) fn is_rule_id(text: &str) -> bool {
    text.strip_prefix("RULE_").or_else(|| text.strip_prefix("RULE\\_")).is_some_and(|name| !name.is_empty())
}

/// Whether it is a file's path: it has a slash or an extension.
pub(super) fn is_path(token: &Token<'_>) -> bool {
    let text = token.text;
    let extension = text.rsplit_once('.').is_some_and(|(name, extension)| {
        !extension.is_empty()
            && extension.len() <= 5
            && extension.chars().all(char::is_alphanumeric)
            && (!name.is_empty() || token.code.is_some())
    });
    let state_key = text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("State."));
    token.kind == Kind::Word
        && !text.starts_with('@')
        && !state_key
        && (text.starts_with("./") || text.starts_with('/') || extension)
}

/// Words at the beginning of a parenthesis that only explains.
const NOTES: &[&str] = &["e.g", "eg", "i.e", "ie", "for", "see", "generated", "default", "start", "template"];

/// Skips a parenthesis that explains and changes nothing.
pub(super) fn skip_note(cursor: &mut Cursor<'_, '_>) -> bool {
    let mut ahead = *cursor;
    if !ahead.kind(Kind::Open) || !ahead.peek().is_some_and(|token| NOTES.iter().any(|note| token.is(note))) {
        return false;
    }
    let mut depth = 1;
    while let Some(token) = ahead.take() {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            *cursor = ahead;
            return true;
        }
    }
    false
}

/// Reads `## Log`, `**## 6. Log**`, or the name of a section that is known without `##`.
pub(super) fn read_section(cursor: &mut Cursor<'_, '_>) -> Option<SectionName> {
    let mut ahead = *cursor;
    ahead.words("the");
    let marked = ahead.kind(Kind::Section);
    if ahead.peek().is_some_and(|token| token.kind == Kind::Number)
        && ahead.tokens.get(ahead.at + 1).is_some_and(|token| token.kind == Kind::Stop)
    {
        ahead.at += 2;
    }
    let first = ahead.take().filter(|token| token.kind == Kind::Word)?;
    let mut name = first.plain();
    while let Some(next) = ahead.peek() {
        let goes_on = next.kind == Kind::Word
            && next.code == first.code
            && next.text.starts_with(char::is_uppercase)
            && (marked || knows_section(&format!("{name} {}", next.text)));
        if !goes_on {
            break;
        }
        name = format!("{name} {}", next.plain());
        ahead.at += 1;
    }
    if !marked && !knows_section(&name) {
        return None;
    }
    ahead.one_of(&["section", "heading", "table"]);
    *cursor = ahead;
    Some(SectionName(name))
}

/// What a wording matched.
#[derive(Clone, Debug)]
pub(super) struct Found<'a, 't> {
    tokens: &'a [Token<'t>],
    matched: Range<usize>,
    slots: Vec<(Slot, Range<usize>)>,
}

impl<'a, 't> Found<'a, 't> {
    /// The tokens in the `nth` slot of this kind.
    pub(super) fn slot(&self, slot: Slot, nth: usize) -> Option<&'a [Token<'t>]> {
        let (_, range) = self.slots.iter().filter(|(kind, _)| *kind == slot).nth(nth)?;
        Some(&self.tokens[range.clone()])
    }

    /// Whether `word` is among the matched words.
    pub(super) fn says(&self, word: &str) -> bool {
        self.tokens[self.matched.clone()].iter().any(|token| token.kind == Kind::Word && token.is(word))
    }

    /// The word in the first slot of this kind.
    pub(super) fn word(&self, slot: Slot) -> Option<String> {
        self.slot(slot, 0)?.first().map(Token::plain)
    }

    /// The texts of the tokens of `kind` in the first slot of this kind.
    pub(super) fn list(&self, slot: Slot) -> Vec<String> {
        let tokens = self.slot(slot, 0).unwrap_or_default();
        let wanted = |token: &&Token<'_>| match slot {
            Slot::Paths => is_path(token),
            Slot::Commands => token.text.starts_with('@'),
            Slot::Rules => is_rule_id(token.text),
            _ => token.kind == Kind::Quoted,
        };
        tokens.iter().filter(wanted).map(Token::plain).collect()
    }

    /// The section in the `nth` section slot.
    pub(super) fn section(&self, nth: usize) -> Option<SectionName> {
        read_section(&mut Cursor::new(self.slot(Slot::Section, nth)?))
    }
}
