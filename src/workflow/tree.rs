//! YAML and JSON as one tree that knows where each part of it stands.
//!
//! Reading stops at nothing that is only wrong in meaning: the tree is judged as a whole afterwards, so
//! that all that is wrong is said at once.

mod json;

pub use json::read_json;

use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};
use serde_json::{Map, Number, Value};
use serde_saphyr::{Options, Spanned};
use std::fmt;

/// The largest file that is read, in bytes. The largest definition known has 60 KB.
pub const LARGEST: usize = 2 << 20;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub tree: Tree,
    /// Line, from 1; 0 when it is not known.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// A value. Names keep the order and the place they were written in.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// `null`, `~`, or nothing.
    Null,
    /// `true` or `false`; `yes` and `no` are text.
    Bool(bool),
    /// A number, as it was written.
    Number(Number),
    /// Text.
    String(String),
    /// A list.
    List(Vec<Node>),
    /// Names with values; no name twice.
    Map(Vec<(Key, Node)>),
}

/// A name and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The name; numbers and the like as they are written.
    pub name: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// Why a text is no YAML or JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Line, from 1; 0 when it is not known.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What the reader says.
    pub message: String,
}

impl Node {
    /// The value of a name, for a map.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Tree::Map(entries) = &self.tree else { return None };
        entries.iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }

    /// The text, for text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.tree {
            Tree::String(text) => Some(text),
            _ => None,
        }
    }

    /// The items, for a list.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.tree {
            Tree::List(items) => items,
            _ => &[],
        }
    }

    /// The entries, for a map.
    #[must_use]
    pub fn entries(&self) -> &[(Key, Self)] {
        match &self.tree {
            Tree::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The same value without its places.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match &self.tree {
            Tree::Null => Value::Null,
            Tree::Bool(value) => Value::Bool(*value),
            Tree::Number(number) => Value::Number(number.clone()),
            Tree::String(text) => Value::String(text.clone()),
            Tree::List(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Tree::Map(entries) => {
                let fields = entries.iter().map(|(key, node)| (key.name.clone(), node.to_value()));
                Value::Object(fields.collect::<Map<_, _>>())
            }
        }
    }
}

/// Reads YAML: one document, no name twice in a map, `yes` is text, and bounded in what aliases can make
/// of it.
///
/// # Errors
/// When it is not YAML, or goes over a bound.
pub fn read_yaml(text: &str) -> Result<Node, SyntaxError> {
    bounded(text)?;
    let read: Result<Spanned<Tree>, _> = serde_saphyr::from_str_with_options(text, options());
    read.map(Node::from).map_err(|error| {
        let (line, column) =
            error.location().map_or((0, 0), |place| (narrow(place.line()), narrow(place.column())));
        SyntaxError { line, column, message: in_words(&error.without_snippet().to_string()) }
    })
}

/// What the parser says, without its place, which is said beside it, and without advice to programmers.
fn in_words(message: &str) -> String {
    let line = first_line(message);
    let words = line.split_once(", set DuplicateKeyPolicy").map_or(line.as_str(), |(words, _)| words);
    let is_place = |place: &str| {
        place
            .split_once(", column ")
            .is_some_and(|(line, column)| line.parse::<u32>().is_ok() && column.parse::<u32>().is_ok())
    };
    match words.rsplit_once(" at line ") {
        Some((words, place)) if is_place(place) => words.to_owned(),
        _ => words.to_owned(),
    }
}

/// What is wrong with a text that has to be YAML.
pub(super) fn yaml_fault(text: &str) -> Option<String> {
    read_yaml(text).err().map(|error| error.message)
}

fn bounded(text: &str) -> Result<(), SyntaxError> {
    let fault = |message: String| Err(SyntaxError { line: 0, column: 0, message });
    if text.len() > LARGEST {
        return fault(format!("it has {} bytes; {LARGEST} are the most", text.len()));
    }
    if text.contains('\0') {
        return fault("it has NUL bytes in it".to_owned());
    }
    Ok(())
}

fn options() -> Options {
    serde_saphyr::options! {
        strict_booleans: true,
        budget: serde_saphyr::budget! {
            max_depth: 24,
            flow_nesting_limit: 24,
            max_documents: 1,
            max_nodes: 100_000,
            max_aliases: 1_000,
            max_anchors: 1_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 10_000,
            max_replay_stack_depth: 16,
        },
    }
}

fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Messages of readers go on with excerpts; ours have their own.
fn first_line(message: &str) -> String {
    message.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it can't be read").to_owned()
}

impl From<Spanned<Tree>> for Node {
    fn from(spanned: Spanned<Tree>) -> Self {
        let place = spanned.referenced;
        Self { tree: spanned.value, line: narrow(place.line()), column: narrow(place.column()) }
    }
}

impl<'d> Deserialize<'d> for Tree {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'d> Visitor<'d> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_some<D: Deserializer<'d>>(self, from: D) -> Result<Tree, D::Error> {
        Tree::deserialize(from)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Tree, E> {
        Number::from_f64(value).map(Tree::Number).ok_or_else(|| E::custom("a number has to be finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::String(value))
    }

    fn visit_seq<A: de::SeqAccess<'d>>(self, mut from: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = from.next_element::<Spanned<Tree>>()? {
            items.push(item.into());
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: de::MapAccess<'d>>(self, mut from: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = from.next_entry::<Spanned<String>, Spanned<Tree>>()? {
            let place = key.referenced;
            let key = Key { name: key.value, line: narrow(place.line()), column: narrow(place.column()) };
            entries.push((key, value.into()));
        }
        Ok(Tree::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn yaml_keeps_types_and_places() {
        let node = read_yaml("a: no\nb: [1, 2.0, '3', true]\nc:\n  é: {d: ~}\n1: x\n").expect("YAML");
        assert_eq!(
            node.to_value(),
            json!({"a": "no", "b": [1, 2.0, "3", true], "c": {"é": {"d": null}}, "1": "x"})
        );
        let items = node.get("b").expect("b").items();
        assert_eq!((items[2].line, items[2].column), (2, 13));
        let (key, _) = &node.entries()[2];
        assert_eq!((key.line, key.column), (3, 1));
        let inner = node.get("c").and_then(|c| c.get("é")).expect("é");
        assert_eq!((inner.line, inner.column), (4, 6));
    }

    #[test]
    fn yaml_faults_have_a_place() {
        let fault = |text: &str| read_yaml(text).expect_err("not YAML");
        assert_eq!(fault("a: 1\nb: 2\na: 3\n").line, 3);
        assert_eq!(fault("a: 1\na: 3\n").message, "duplicate mapping key: a");
        assert_eq!(fault("a: 1\n b: [2\n").line, 2);
        assert!(fault("a: .nan\n").message.contains("finite") || fault("a: .nan\n").line == 1);
        assert!(fault("a\0").message.contains("NUL"));
        assert!(fault("a: 1\n---\nb: 2\n").message.contains("document"), "{:?}", fault("a: 1\n---\nb: 2\n"));
    }

    #[test]
    fn hostile_yaml_is_bounded() {
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..12 {
            let before = format!("*a{},", level - 1).repeat(9);
            bomb.push_str(&format!("a{level}: &a{level} [{before}]\n"));
        }
        for text in
            [bomb, "[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000), " ".repeat(LARGEST + 1)]
        {
            assert!(read_yaml(&text).is_err(), "{}", &text[..20]);
        }
    }
}
