//! Words of a command line, as far as they are known before it runs.

use std::collections::BTreeMap;

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Letters that stand there.
    Text(String),
    /// The value of a variable.
    Variable(String),
    /// What only running it would tell.
    Unknown,
    /// `*`, unquoted.
    Star,
    /// `?` or `[…]`, unquoted.
    One,
    /// `~`, at the beginning.
    Home,
}

/// A word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word(pub(super) Vec<Piece>);

impl Word {
    pub(super) fn push(&mut self, c: char) {
        // These three stand for something else in a pattern; nobody names a file so.
        if matches!(c, ANY | STAR | ONE) {
            return self.0.push(Piece::Unknown);
        }
        match self.0.last_mut() {
            Some(Piece::Text(text)) => text.push(c),
            _ => self.0.push(Piece::Text(c.into())),
        }
    }

    /// What it is, when every letter of it stands there.
    pub(super) fn literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The letters it begins with.
    pub(super) fn beginning(&self) -> &str {
        match self.0.first() {
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }
}

const ANY: char = '\u{1}';
const STAR: char = '\u{2}';
const ONE: char = '\u{3}';

/// What a word may come to: letters, and places where anything may stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pattern(String);

impl Pattern {
    /// Anything.
    pub(crate) fn anything() -> Self {
        Self(ANY.into())
    }

    /// Exactly `text`.
    pub(crate) fn exactly(text: &str) -> Self {
        Self(text.replace([ANY, STAR, ONE], "?"))
    }

    /// The text, when there is only one that it can be.
    pub(crate) fn exact(&self) -> Option<&str> {
        (!self.0.contains([ANY, STAR, ONE])).then_some(self.0.as_str())
    }

    /// The letters in front of the first unknown.
    pub(crate) fn beginning(&self) -> &str {
        self.0.split([ANY, STAR, ONE]).next().unwrap_or_default()
    }

    /// The letters behind the last unknown.
    pub(crate) fn ending(&self) -> &str {
        self.0.rsplit([ANY, STAR, ONE]).next().unwrap_or_default()
    }

    /// Whether a letter of it is known.
    pub(crate) fn says_something(&self) -> bool {
        self.0.contains(|c| !matches!(c, ANY | STAR | ONE | '/' | '.'))
    }

    /// Whether it may come to `text`.
    pub(crate) fn may_be(&self, text: &str) -> bool {
        // Two pointers and one way back: a later star makes an earlier one's choice final, but only
        // where both match the same letters, so `STAR` is read as the wider `ANY`.
        let (pattern, text): (Vec<char>, Vec<char>) = (self.0.chars().collect(), text.chars().collect());
        let (mut p, mut t) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        while t < text.len() {
            match pattern.get(p) {
                Some(&(ANY | STAR)) => {
                    retry = Some((p + 1, t));
                    p += 1;
                }
                Some(&c) if c == text[t] || c == ONE => (p, t) = (p + 1, t + 1),
                _ => match retry {
                    Some((after, from)) => {
                        retry = Some((after, from + 1));
                        (p, t) = (after, from + 1);
                    }
                    None => return false,
                },
            }
        }
        pattern[p..].iter().all(|c| matches!(*c, ANY | STAR))
    }

    /// It, below `folder`; as it is when it begins at the root.
    pub(crate) fn below(&self, folder: &Self) -> Self {
        let folder = folder.0.trim_end_matches('/');
        if self.0.starts_with('/') { self.clone() } else { Self(format!("{folder}/{}", self.0)) }
    }

    /// What stands behind `prefix`, if it begins so.
    pub(crate) fn strip_prefix(&self, prefix: &str) -> Option<Self> {
        self.0.strip_prefix(prefix).map(|rest| Self(rest.to_owned()))
    }

    /// Its last component.
    pub(crate) fn file_name(&self) -> Self {
        Self(self.0.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned())
    }

    /// It as people read it, with `…` for what is unknown.
    pub(crate) fn shown(&self) -> String {
        self.0.replace([ANY, STAR, ONE], "…")
    }
}

/// What variables are worth, at one place of a command line.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables(BTreeMap<String, Option<Pattern>>);

impl Variables {
    /// Sets a variable. One that is set a second time may be either from here on.
    pub(super) fn set(&mut self, name: &str, value: Option<Pattern>) {
        let value = if self.0.contains_key(name) { None } else { value };
        self.0.insert(name.to_owned(), value);
    }

    /// Sets a variable of the shell's own, which changes with the folder.
    pub(super) fn replace(&mut self, name: &str, value: Option<Pattern>) {
        self.0.insert(name.to_owned(), value);
    }

    /// What `word` may come to.
    pub(super) fn expand(&self, word: &Word) -> Pattern {
        let known = |name: &str| {
            let value = self.0.get(name).and_then(Option::as_ref)?;
            // What a shell would split or expand again is nothing to rely on.
            value.exact().filter(|value| !value.contains(|c: char| c.is_whitespace() || "*?[".contains(c)))
        };
        let mut pattern = String::new();
        for piece in &word.0 {
            match piece {
                Piece::Text(text) => pattern.push_str(text),
                Piece::Variable(name) => match known(name) {
                    Some(value) => pattern.push_str(value),
                    None => pattern.push(ANY),
                },
                Piece::Home => pattern.push_str(known("HOME").unwrap_or("\u{1}")),
                Piece::Unknown => pattern.push(ANY),
                Piece::Star => pattern.push(STAR),
                Piece::One => pattern.push(ONE),
            }
        }
        Pattern(pattern)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_may_come_to_what_fits() {
        let check = |pattern: &[Piece], text: &str, expected: bool| {
            let pattern = Variables::default().expand(&Word(pattern.to_vec()));
            assert_eq!(pattern.may_be(text), expected, "{} {text}", pattern.shown());
        };
        let text = |text: &str| Piece::Text(text.into());
        check(&[text("a")], "a", true);
        check(&[text("a")], "ab", false);
        check(&[], "", true);
        check(&[Piece::Star, text(".md")], "workflow_state.md", true);
        check(&[Piece::Star, text(".md")], "workflow_state.mdx", false);
        check(
            &[text("w"), Piece::Unknown, text("_"), Piece::One, text("tate.md")],
            "workflow_state.md",
            true,
        );
        check(&[Piece::Unknown], "", true);
        check(&[Piece::One], "", false);
        check(&[Piece::Star, text("b"), Piece::Star, text("c")], "abbbd", false);
    }

    #[test]
    fn variables_are_known_until_they_change() {
        let mut variables = Variables::default();
        let word = Word(vec![Piece::Variable("A".into()), Piece::Text("/x".into())]);
        assert_eq!(variables.expand(&word).exact(), None);
        variables.set("A", Some(Pattern::exactly("src")));
        assert_eq!(variables.expand(&word).exact(), Some("src/x"));
        variables.set("A", Some(Pattern::exactly("docs")));
        assert_eq!(variables.expand(&word).exact(), None);
        variables.replace("B", Some(Pattern::exactly("a b")));
        assert_eq!(variables.expand(&Word(vec![Piece::Variable("B".into())])).exact(), None);
    }
}
