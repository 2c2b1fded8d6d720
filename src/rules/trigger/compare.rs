//! Comparisons of State keys: `Phase == VALIDATE`, `Status is READY or RUNNING`.

use super::{Parser, ends_well, joined, without_state};
use crate::rules::{
    ast::{Comparison, Condition, EventPattern, Test, Value},
    lex::{Kind, Token},
    vocabulary::{is_common_phase, knows_section, knows_status},
    wording::is_path,
};

impl<'a, 't> Parser<'a, 't> {
    pub(super) fn compare(&mut self) -> Option<Test> {
        let is_file = self.cursor.peek().is_some_and(is_path);
        let key = self.read_key()?;
        let is_key = self.vocabulary.key(&[&key]).is_some();
        let names_something_else =
            || knows_section(&key) || is_common_phase(&key) || self.vocabulary.phases().contains(&key);
        if !is_key && (is_file || names_something_else()) {
            return None;
        }
        if self.cursor.one_of(&["exists", "is set"]) && is_key {
            return Some(Test::Compare { key, op: Comparison::NotEqual, value: Value::Null });
        }
        let mut op = self.comparison()?;
        if self.cursor.words("not") {
            op = Comparison::NotEqual;
        }
        let value = self.value(op)?;
        if key.eq_ignore_ascii_case("CurrentItem")
            && matches!(&value, Value::Text(word) if knows_status(word))
        {
            // The status of an item stands in its row, not in the key that names it.
            return None;
        }
        let end = self.phase_end(&key, op, &value);
        self.key = (op == Comparison::Equal).then(|| key.clone());
        Some(end.unwrap_or(Test::Compare { key, op, value }))
    }

    /// `Phase == BLUEPRINT (end, …)`: the phase is left.
    fn phase_end(&mut self, key: &str, op: Comparison, value: &Value) -> Option<Test> {
        let mut ahead = self.cursor;
        let Value::Text(phase) = value else { return None };
        if !key.eq_ignore_ascii_case("phase")
            || op != Comparison::Equal
            || !ahead.kind(Kind::Open)
            || !ahead.words("end")
        {
            return None;
        }
        while !ahead.kind(Kind::Close) {
            ahead.take()?;
        }
        self.cursor = ahead;
        Some(Test::Event(EventPattern::PhaseLeft(Some(phase.clone()))))
    }

    fn read_key(&mut self) -> Option<String> {
        for count in [3, 2] {
            let words = self
                .cursor
                .rest()
                .get(..count)
                .filter(|words| words.iter().all(|word| word.kind == Kind::Word));
            let Some(words) = words else { continue };
            let texts: Vec<&str> = words.iter().map(|word| word.text).collect();
            if let Some(key) = self.vocabulary.key(&texts) {
                self.cursor.at += count;
                return Some(key.to_owned());
            }
        }
        let token = self.cursor.take().filter(|token| token.kind == Kind::Word)?;
        Some(without_state(token))
    }

    pub(super) fn comparison(&mut self) -> Option<Comparison> {
        if let Some(Token { kind: Kind::Compare(op), .. }) = self.cursor.peek() {
            self.cursor.at += 1;
            return Some(*op);
        }
        const WORDS: &[(&str, Comparison)] = &[
            ("is greater than", Comparison::Greater),
            ("is more than", Comparison::Greater),
            ("is longer than", Comparison::Greater),
            ("is larger than", Comparison::Greater),
            ("has more than", Comparison::Greater),
            ("exceeds", Comparison::Greater),
            ("is at least", Comparison::GreaterOrEqual),
            ("is less than", Comparison::Less),
            ("is below", Comparison::Less),
            ("is not equal to", Comparison::NotEqual),
            ("is equal to", Comparison::Equal),
            ("is not", Comparison::NotEqual),
            ("isn't", Comparison::NotEqual),
            ("không phải là", Comparison::NotEqual),
            ("equals", Comparison::Equal),
            ("is", Comparison::Equal),
            ("là", Comparison::Equal),
        ];
        WORDS.iter().find(|(words, _)| self.cursor.words(words)).map(|(_, op)| *op)
    }

    fn value(&mut self, op: Comparison) -> Option<Value> {
        let token = self.cursor.take()?;
        let text = token.plain();
        let ordered = !matches!(op, Comparison::Equal | Comparison::NotEqual);
        let value = match token.kind {
            Kind::Number => Value::Number(token.thousandths()?),
            _ if ordered => return None,
            Kind::Quoted => Value::Text(text),
            Kind::Word if ["null", "none", "empty", "nil"].iter().any(|word| token.is(word)) => Value::Null,
            Kind::Word => match text.strip_suffix('*') {
                Some(start) => Value::Prefix(start.to_owned()),
                None => Value::Text(text),
            },
            _ => return None,
        };
        Some(value)
    }

    /// `Status = READY/RUNNING`, `Status == READY, RUNNING`, `Status is not READY or RUNNING`: any of
    /// these values, or none of them.
    pub(super) fn alternatives(
        &mut self,
        key: &str,
        op: Comparison,
        value: Value,
        tokens: &[Token<'_>],
    ) -> Option<Condition> {
        let test = |value| Test::Compare { key: key.to_owned(), op, value };
        let first = self.made(test(value.clone()), tokens);
        let Value::Text(text) = value else { return Some(first) };
        let mut parts = vec![first];
        if text.contains('/') && text.split('/').all(|word| self.may_be_value(key, word)) {
            if !text.split('/').all(|word| self.fits(key, word)) {
                return None;
            }
            parts = text.split('/').map(|word| self.made(test(Value::Text(word.into())), tokens)).collect();
        }
        while let Some(token) = self.next_value(key) {
            let value = Value::Text(token.plain());
            parts.push(self.made(test(value), std::slice::from_ref(token)));
        }
        let join = if op == Comparison::Equal { Condition::Any } else { Condition::All };
        Some(joined(parts, join))
    }

    /// One more value behind `or`, or behind a comma if it is one of the same key.
    fn next_value(&mut self, key: &str) -> Option<&'a Token<'t>> {
        let mut ahead = self.cursor;
        let comma = ahead.kind(Kind::Comma);
        let or = ahead.kind(Kind::Or) || ahead.one_of(&["or", "hoặc"]);
        let token = ahead.take()?;
        let text = token.plain();
        let is_value = match token.kind {
            Kind::Quoted => or,
            Kind::Word if or => self.may_be_value(key, &text),
            Kind::Word => comma && self.vocabulary.is_bare_value(&text) && self.fits(key, &text),
            _ => false,
        };
        if !is_value || !ends_well(&mut ahead.clone()) {
            return None;
        }
        self.cursor = ahead;
        Some(token)
    }

    /// Whether `word` can be one more value of `key`.
    fn may_be_value(&self, key: &str, word: &str) -> bool {
        let is_open_set = ["phase", "status"].iter().any(|name| key.eq_ignore_ascii_case(name));
        let in_capitals = word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        self.vocabulary.is_bare_value(word) || (is_open_set && in_capitals)
    }

    /// Whether `word` is not a status where a phase is compared, and the other way round.
    fn fits(&self, key: &str, word: &str) -> bool {
        let (phase, status) = (self.vocabulary.knows_phase(word), knows_status(word));
        match key.to_ascii_lowercase().as_str() {
            "phase" => phase || !status,
            "status" => status || !phase,
            _ => true,
        }
    }
}
