//! JSON with places. serde_json says whether a text is JSON; this says where its parts stand.

use super::{Key, Node, SyntaxError, Tree, bounded, narrow};
use crate::text::LineIndex;
use serde::de::IgnoredAny;

/// Reads JSON: no name twice in an object, and nested at most 128 levels.
///
/// # Errors
/// When it is not JSON, or goes over a bound.
pub fn read_json(text: &str) -> Result<Node, SyntaxError> {
    bounded(text)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| SyntaxError {
        line: narrow(error.line() as u64),
        column: narrow(error.column() as u64),
        message: error.to_string(),
    })?;
    let mut scanner = Scanner { text, lines: LineIndex::new(text), at: 0 };
    scanner.value()
}

/// Walks over a text that is known to be JSON. The recursion is bounded by serde_json's.
struct Scanner<'t> {
    text: &'t str,
    lines: LineIndex<'t>,
    at: usize,
}

impl Scanner<'_> {
    fn value(&mut self) -> Result<Node, SyntaxError> {
        self.skip_space();
        let start = self.at;
        let tree = match self.peek() {
            Some(b'{') => Tree::Map(self.entries()?),
            Some(b'[') => Tree::List(self.items()?),
            Some(b'"') => Tree::String(self.string()?),
            _ => self.literal()?,
        };
        let (line, column) = self.place(start);
        Ok(Node { tree, line, column })
    }

    fn entries(&mut self) -> Result<Vec<(Key, Node)>, SyntaxError> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut names = std::collections::HashSet::new();
        self.at += 1;
        loop {
            self.skip_space_and(b',');
            if self.peek() != Some(b'"') {
                self.at += 1;
                return Ok(entries);
            }
            let (line, column) = self.place(self.at);
            let name = self.string()?;
            if !names.insert(name.clone()) {
                let message = format!("the name `{name}` stands twice in one object");
                return Err(SyntaxError { line, column, message });
            }
            self.skip_space_and(b':');
            entries.push((Key { name, line, column }, self.value()?));
        }
    }

    fn items(&mut self) -> Result<Vec<Node>, SyntaxError> {
        let mut items = Vec::new();
        self.at += 1;
        loop {
            self.skip_space_and(b',');
            if self.peek() == Some(b']') {
                self.at += 1;
                return Ok(items);
            }
            items.push(self.value()?);
        }
    }

    fn string(&mut self) -> Result<String, SyntaxError> {
        let rest = &self.text.as_bytes()[self.at + 1..];
        let mut length = 0;
        while let Some(byte) = rest.get(length) {
            match byte {
                b'"' => break,
                b'\\' => length += 2,
                _ => length += 1,
            }
        }
        let start = self.at;
        self.at = (start + length + 2).min(self.text.len());
        self.parsed(start)
    }

    fn literal(&mut self) -> Result<Tree, SyntaxError> {
        let start = self.at;
        let rest = &self.text.as_bytes()[start..];
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b']' | b'}');
        self.at += rest.iter().position(is_end).unwrap_or(rest.len());
        self.parsed(start).map(|value: serde_json::Value| match value {
            serde_json::Value::Bool(value) => Tree::Bool(value),
            serde_json::Value::Number(number) => Tree::Number(number),
            _ => Tree::Null,
        })
    }

    /// The scalar from `start` to where the scanner is.
    fn parsed<T: serde::de::DeserializeOwned>(&self, start: usize) -> Result<T, SyntaxError> {
        serde_json::from_str(&self.text[start..self.at]).map_err(|error| {
            let (line, column) = self.place(start);
            SyntaxError { line, column, message: error.to_string() }
        })
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn skip_space_and(&mut self, mark: u8) {
        self.skip_space();
        if self.peek() == Some(mark) {
            self.at += 1;
            self.skip_space();
        }
    }

    fn place(&self, offset: usize) -> (u32, u32) {
        let place = self.lines.line_column(offset);
        (narrow(place.line as u64), narrow(place.column as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_values_and_places() {
        let text = "{\"a\": [1, 2.0, -3e2, true, null, \"\\ud83d\\ude00 \\\" é\"],\n \"é▶\" : {\"b\":{}, \"c\":[ ]}}";
        let node = read_json(text).expect("JSON");
        assert_eq!(node.to_value(), serde_json::from_str::<serde_json::Value>(text).expect("JSON"));
        let inner = node.get("é▶").expect("é▶");
        assert_eq!((inner.line, inner.column), (2, 9));
        let (key, value) = &inner.entries()[1];
        assert_eq!((key.name.as_str(), key.column, value.column), ("c", 18, 22));
    }

    #[test]
    fn json_faults_have_a_place() {
        let fault = |text: &str| read_json(text).expect_err("not JSON");
        assert_eq!(fault("{\"id\": \"abc\"").line, 1);
        assert!(fault("{\"id\": \"abc\"").message.contains("line 1"));
        let twice = fault("{\"a\": 1,\n \"a\": 2}");
        assert_eq!((twice.line, twice.column), (2, 2));
        assert!(twice.message.contains("twice"));
        for text in [
            "[".repeat(200_000),
            "{\"a\":".repeat(200_000),
            " ".repeat(super::super::LARGEST + 1),
            "\0".to_owned(),
        ] {
            fault(&text);
        }
    }
}
