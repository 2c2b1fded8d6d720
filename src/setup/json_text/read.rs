//! JSON with comments and trailing commas, read as values that know where they stand.

use serde_json::Value;
use std::ops::Range;

/// Lists and objects in each other; settings of people have five.
const DEEPEST: usize = 64;

/// Why a text is no JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: expected {expected}")]
pub(in crate::setup) struct NoJson {
    line: usize,
    column: usize,
    expected: &'static str,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Object(Vec<Member>),
    Array(Vec<Node>),
    Text(String),
    Other,
}

#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) key: String,
    /// From the key to the end of the value.
    pub(super) span: Range<usize>,
    pub(super) value: Node,
}

impl Node {
    fn member(&self, key: &str) -> Option<&Node> {
        match &self.kind {
            Kind::Object(members) => members.iter().find(|it| it.key == key).map(|it| &it.value),
            _ => None,
        }
    }

    pub(super) fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.member(key))
    }

    pub(super) fn children(&self) -> Vec<Range<usize>> {
        match &self.kind {
            Kind::Object(members) => members.iter().map(|it| it.span.clone()).collect(),
            Kind::Array(nodes) => nodes.iter().map(|it| it.span.clone()).collect(),
            Kind::Text(_) | Kind::Other => Vec::new(),
        }
    }

    /// It as a value, comments left out; `text` is what it was read from.
    pub(super) fn value(&self, text: &str) -> Value {
        match &self.kind {
            Kind::Object(members) => {
                Value::Object(members.iter().map(|it| (it.key.clone(), it.value.value(text))).collect())
            }
            Kind::Array(nodes) => Value::Array(nodes.iter().map(|it| it.value(text)).collect()),
            Kind::Text(text) => Value::String(text.clone()),
            // It was read as a value before.
            Kind::Other => serde_json::from_str(&text[self.span.clone()]).unwrap_or_default(),
        }
    }

    /// All texts behind `key`, however deep.
    pub(super) fn texts<'n>(&'n self, key: &str, into: &mut Vec<&'n str>) {
        match &self.kind {
            Kind::Object(members) => {
                for member in members {
                    match &member.value.kind {
                        Kind::Text(text) if member.key == key => into.push(text),
                        _ => member.value.texts(key, into),
                    }
                }
            }
            Kind::Array(nodes) => nodes.iter().for_each(|node| node.texts(key, into)),
            Kind::Text(_) | Kind::Other => {}
        }
    }
}

pub(super) fn expected(text: &str, at: usize, expected: &'static str) -> NoJson {
    let place = crate::text::LineIndex::new(text).line_column(at.min(text.len()));
    NoJson { line: place.line, column: place.column, expected }
}

pub(super) fn parse(text: &str) -> Result<Node, NoJson> {
    let mut reader = Reader { text, at: 0 };
    if text.starts_with('\u{feff}') {
        reader.at = '\u{feff}'.len_utf8();
    }
    let node = reader.value(0)?;
    reader.quiet();
    if reader.at < text.len() {
        return Err(expected(text, reader.at, "the end"));
    }
    Ok(node)
}

pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// Skips a comment, if one stands here.
    pub(super) fn comment(&mut self) -> bool {
        let rest = self.rest();
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |at| at + 2)
        } else {
            return false;
        };
        self.at += length;
        true
    }

    /// Skips white space and comments.
    fn quiet(&mut self) {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            if !self.comment() {
                return;
            }
        }
    }

    fn skip(&mut self, token: char) -> bool {
        self.quiet();
        let is_there = self.rest().starts_with(token);
        self.at += if is_there { token.len_utf8() } else { 0 };
        is_there
    }

    fn value(&mut self, depth: usize) -> Result<Node, NoJson> {
        self.quiet();
        let start = self.at;
        if depth > DEEPEST {
            return Err(expected(self.text, start, "fewer lists and objects in each other"));
        }
        let kind = match self.rest().chars().next() {
            Some('{') => self.object(depth)?,
            Some('[') => self.array(depth)?,
            Some('"') => Kind::Text(self.string()?),
            _ => self.other()?,
        };
        Ok(Node { span: start..self.at, kind })
    }

    fn object(&mut self, depth: usize) -> Result<Kind, NoJson> {
        self.at += 1;
        let mut members = Vec::new();
        while !self.skip('}') {
            let start = self.at;
            let key = self.string()?;
            if !self.skip(':') {
                return Err(expected(self.text, self.at, "`:`"));
            }
            let value = self.value(depth + 1)?;
            members.push(Member { key, span: start..self.at, value });
            if !self.skip(',') && !self.rest().starts_with('}') {
                return Err(expected(self.text, self.at, "`,` or `}`"));
            }
        }
        Ok(Kind::Object(members))
    }

    fn array(&mut self, depth: usize) -> Result<Kind, NoJson> {
        self.at += 1;
        let mut nodes = Vec::new();
        while !self.skip(']') {
            nodes.push(self.value(depth + 1)?);
            if !self.skip(',') && !self.rest().starts_with(']') {
                return Err(expected(self.text, self.at, "`,` or `]`"));
            }
        }
        Ok(Kind::Array(nodes))
    }

    fn string(&mut self) -> Result<String, NoJson> {
        let start = self.at;
        let rest = self.rest();
        let mut is_escaped = false;
        let closing = rest.char_indices().skip(1).find(|(_, c)| {
            let closes = *c == '"' && !is_escaped;
            is_escaped = *c == '\\' && !is_escaped;
            closes
        });
        let text = closing.filter(|_| rest.starts_with('"')).map(|(at, _)| &rest[..=at]);
        let length = text.map_or(0, str::len);
        let value = text.and_then(|text| serde_json::from_str(text).ok());
        self.at += length;
        value.ok_or_else(|| expected(self.text, start, "a text in double quotes"))
    }

    fn other(&mut self) -> Result<Kind, NoJson> {
        let rest = self.rest();
        let length = rest.find(|c: char| c.is_whitespace() || ",:]}/".contains(c)).unwrap_or(rest.len());
        if serde_json::from_str::<Value>(&rest[..length]).is_err() {
            return Err(expected(self.text, self.at, "a value"));
        }
        self.at += length;
        Ok(Kind::Other)
    }
}
