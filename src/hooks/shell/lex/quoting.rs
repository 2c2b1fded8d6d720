//! Words: quotes, variables, substitutions, patterns.

use super::{DEEPEST, Event, Lexer, List, lex_into};
use crate::hooks::shell::word::{Piece, Word};

impl Lexer<'_> {
    pub(super) fn in_word(&mut self, list: &mut List, c: char) {
        let is_first = list.word.is_none();
        let mut word = list.word.take().unwrap_or_default();
        match c {
            '\\' => match self.next() {
                Some('\n') | None => {
                    list.word = Some(word).filter(|word| !word.0.is_empty());
                    return;
                }
                Some(c) => {
                    list.is_quoted = true;
                    word.push(c);
                }
            },
            '\'' => {
                list.is_quoted = true;
                self.single_quoted(&mut word);
            }
            '"' => {
                list.is_quoted = true;
                self.double_quoted(&mut word);
            }
            '$' => self.dollar(&mut word, false),
            '`' => {
                self.at -= 1;
                self.backticks();
                word.0.push(Piece::Unknown);
            }
            '*' => word.0.push(Piece::Star),
            '?' => word.0.push(Piece::One),
            '~' if is_first => {
                let is_own = self.peek(0).is_none_or(|c| c == '/' || c.is_whitespace() || ";&|)".contains(c));
                word.0.push(if is_own { Piece::Home } else { Piece::Unknown });
            }
            '[' if !is_first => self.bracket(&mut word),
            '{' => self.brace(&mut word),
            c => word.push(c),
        }
        list.word = Some(word);
    }

    fn single_quoted(&mut self, word: &mut Word) {
        word.0.push(Piece::Text(String::new()));
        while let Some(c) = self.next().filter(|c| *c != '\'') {
            word.push(c);
        }
        merge(word);
    }

    fn double_quoted(&mut self, word: &mut Word) {
        word.0.push(Piece::Text(String::new()));
        while let Some(c) = self.next().filter(|c| *c != '"') {
            match (c, self.peek(0)) {
                ('\\', Some('\n')) => self.at += 1,
                ('\\', Some(c @ ('$' | '`' | '"' | '\\'))) => {
                    self.at += 1;
                    word.push(c);
                }
                ('$', _) => self.dollar(word, true),
                ('`', _) => {
                    self.at -= 1;
                    self.backticks();
                    word.0.push(Piece::Unknown);
                }
                _ => word.push(c),
            }
            if self.is_too_deep {
                return;
            }
        }
        merge(word);
    }

    /// Behind a `$`.
    fn dollar(&mut self, word: &mut Word, in_quotes: bool) {
        match self.peek(0) {
            Some('(') => {
                self.at += 1;
                if self.is_arithmetic() {
                    self.at += 1;
                    self.arithmetic();
                } else {
                    self.inner();
                }
                word.0.push(Piece::Unknown);
            }
            Some('{') => {
                self.at += 1;
                let name = self.braced();
                let is_plain =
                    !name.is_empty() && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric());
                word.0.push(if is_plain { Piece::Variable(name) } else { Piece::Unknown });
            }
            Some('\'') if !in_quotes => {
                self.at += 1;
                self.ansi_quoted(word);
            }
            // A translated string.
            Some('"') if !in_quotes => {
                self.at += 1;
                self.double_quoted(word);
            }
            Some(c) if c == '_' || c.is_ascii_alphabetic() => {
                let mut name = String::new();
                while let Some(c) = self.peek(0).filter(|c| *c == '_' || c.is_ascii_alphanumeric()) {
                    name.push(c);
                    self.at += 1;
                }
                word.0.push(Piece::Variable(name));
            }
            Some(c) if c.is_ascii_digit() || "@*#?$!-".contains(c) => {
                self.at += 1;
                word.0.push(Piece::Unknown);
            }
            _ => word.push('$'),
        }
    }

    /// Behind `${`: what stands inside, up to its brace. What it would run is read as well.
    fn braced(&mut self) -> String {
        let mut inside = String::new();
        let mut open = 1;
        while let Some(c) = self.next() {
            open += usize::from(c == '{');
            open -= usize::from(c == '}');
            if open == 0 {
                break;
            }
            inside.push(c);
        }
        if inside.contains(['$', '`']) {
            self.substitutions(&inside);
        }
        inside
    }

    /// Behind `$'`.
    fn ansi_quoted(&mut self, word: &mut Word) {
        word.0.push(Piece::Text(String::new()));
        while let Some(c) = self.next().filter(|c| *c != '\'') {
            match (c, if c == '\\' { self.next() } else { None }) {
                ('\\', Some(c @ ('\\' | '\'' | '"' | '?'))) => word.push(c),
                ('\\', Some('n')) => word.push('\n'),
                ('\\', Some('t')) => word.push('\t'),
                // A letter by its number could be any.
                ('\\', _) => word.0.push(Piece::Unknown),
                (c, _) => word.push(c),
            }
        }
        merge(word);
    }

    /// At a backtick: the commands up to the next one.
    pub(super) fn backticks(&mut self) {
        self.at += 1;
        let mut inside = String::new();
        while let Some(c) = self.next().filter(|c| *c != '`') {
            match (c, self.peek(0)) {
                ('\\', Some(c @ ('`' | '\\' | '$'))) => {
                    self.at += 1;
                    inside.push(c);
                }
                _ => inside.push(c),
            }
        }
        self.events.push(Event::Open);
        self.is_too_deep |= !lex_into(&inside, self.depth + 1, self.events);
        self.events.push(Event::Close);
    }

    /// The commands that text between double quotes would run.
    pub(super) fn substitutions(&mut self, text: &str) {
        let characters: Vec<char> = text.chars().filter(|c| *c != '"').collect();
        let depth = self.depth + 1;
        let mut lexer =
            Lexer { text: &characters, at: 0, depth, is_too_deep: depth > DEEPEST, events: self.events };
        if !lexer.is_too_deep {
            lexer.double_quoted(&mut Word::default());
        }
        let is_too_deep = lexer.is_too_deep;
        self.is_too_deep |= is_too_deep;
    }

    /// Behind a `[` inside a word: a choice of letters, if it is closed before the word ends.
    fn bracket(&mut self, word: &mut Word) {
        let rest = self.text[self.at..].iter().take(64);
        let closing = rest.take_while(|c| !c.is_whitespace()).position(|c| *c == ']');
        match closing {
            Some(length) => {
                self.at += length + 1;
                word.0.push(Piece::One);
            }
            None => word.push('['),
        }
    }

    /// Behind a `{`: a choice of words, if there is a comma or `..` in it.
    fn brace(&mut self, word: &mut Word) {
        let rest = &self.text[self.at..];
        let end = rest.iter().take(256).position(|c| c.is_whitespace() || *c == '}');
        match end.filter(|end| rest[*end] == '}') {
            Some(end) if rest[..end].contains(&',') || rest[..end].windows(2).any(|it| it == ['.', '.']) => {
                self.at += end + 1;
                word.0.push(Piece::Unknown);
            }
            _ => word.push('{'),
        }
    }
}

/// Makes neighbouring letters one piece.
fn merge(word: &mut Word) {
    let mut merged: Vec<Piece> = Vec::with_capacity(word.0.len());
    for piece in word.0.drain(..) {
        match (merged.last_mut(), piece) {
            (Some(Piece::Text(text)), Piece::Text(more)) => text.push_str(&more),
            (_, piece) => merged.push(piece),
        }
    }
    word.0 = merged;
}
