//! JSON files of others, changed in place: comments, order and indentation stay.

mod read;

pub(super) use read::NoJson;

use read::{Kind, Node, Reader, expected, parse};
use serde::Serialize as _;
use serde_json::{Value, ser::PrettyFormatter};

/// An element of a list: as JSON, unless there are comments in it, and the texts behind a key in it.
pub(super) type Element = (Option<Value>, Vec<String>);

/// The elements of the list at `path`, with the texts that stand in them behind `key`.
pub(super) fn elements(text: &str, path: &[&str], key: &str) -> Result<Vec<Element>, NoJson> {
    let root = parse(text)?;
    let Some(Node { kind: Kind::Array(nodes), .. }) = root.at(path) else { return Ok(Vec::new()) };
    let element = |node: &Node| {
        let mut texts = Vec::new();
        node.texts(key, &mut texts);
        let texts = texts.into_iter().map(str::to_owned).collect();
        (serde_json::from_str(&text[node.span.clone()]).ok(), texts)
    };
    Ok(nodes.iter().map(element).collect())
}

/// The keys of the object at `path`.
pub(super) fn keys(text: &str, path: &[&str]) -> Result<Vec<String>, NoJson> {
    let root = parse(text)?;
    Ok(match root.at(path).map(|node| &node.kind) {
        Some(Kind::Object(members)) => members.iter().map(|it| it.key.clone()).collect(),
        _ => Vec::new(),
    })
}

/// The value at `path`, comments left out.
pub(super) fn value(text: &str, path: &[&str]) -> Result<Option<Value>, NoJson> {
    Ok(parse(text)?.at(path).map(|node| node.value(text)))
}

/// Adds `value` at the end of the list at `path`; what is missing on the way is made.
pub(super) fn push(text: &str, path: &[&str], value: &Value) -> Result<String, NoJson> {
    let root = parse(text)?;
    match root.at(path) {
        Some(node) if matches!(node.kind, Kind::Array(_)) => Ok(insert(text, node, None, value)),
        Some(node) => Err(expected(text, node.span.start, "a list")),
        None => set_missing(text, path, &Value::Array(vec![value.clone()])),
    }
}

/// Sets what `path` leads to, unless it is there; what is missing on the way is made.
pub(super) fn set_missing(text: &str, path: &[&str], value: &Value) -> Result<String, NoJson> {
    let root = parse(text)?;
    let known = (0..=path.len()).rev().find_map(|length| Some((length, root.at(&path[..length])?)));
    let (length, node) = known.unwrap_or((0, &root));
    match (&node.kind, path[length..].split_first()) {
        (_, None) => Ok(text.to_owned()),
        (Kind::Object(_), Some((key, rest))) => {
            let wrap = |inner, key: &&str| Value::Object([((*key).to_owned(), inner)].into_iter().collect());
            Ok(insert(text, node, Some(key), &rest.iter().rev().fold(value.clone(), wrap)))
        }
        _ => Err(expected(text, node.span.start, "an object")),
    }
}

/// Removes the member that `path` leads to, and objects on the way that nothing is left in.
pub(super) fn remove_member(text: &str, path: &[&str]) -> Result<String, NoJson> {
    let Some((key, parent)) = path.split_last() else { return Ok(text.to_owned()) };
    let names = keys(text, parent)?;
    remove(text, parent, &|at| names[at] == *key)
}

/// Removes the elements of the list, or the members of the object, at `path` for which `is_meant` holds
/// (their number), and lists and objects on the way that nothing is left in.
pub(super) fn remove(text: &str, path: &[&str], is_meant: &dyn Fn(usize) -> bool) -> Result<String, NoJson> {
    let root = parse(text)?;
    let Some(node) = root.at(path) else { return Ok(text.to_owned()) };
    let children = node.children();
    let mut text = text.to_owned();
    let mut left = children.len();
    for at in (0..children.len()).rev().filter(|at| is_meant(*at)) {
        text = without(&text, path, at)?;
        left -= 1;
    }
    for length in (0..path.len()).rev() {
        if left > 0 || children.is_empty() {
            break;
        }
        let root = parse(&text)?;
        let Some(parent) = root.at(&path[..length]) else { break };
        let Kind::Object(members) = &parent.kind else { break };
        let Some(at) = members.iter().position(|it| it.key == path[length]) else { break };
        left = members.len() - 1;
        text = without(&text, &path[..length], at)?;
    }
    Ok(text)
}

/// The text without the child number `at` of the list or object at `path`.
fn without(text: &str, path: &[&str], at: usize) -> Result<String, NoJson> {
    let root = parse(text)?;
    let Some(node) = root.at(path) else { return Ok(text.to_owned()) };
    let children = node.children();
    let child = &children[at];
    let mut text = text.to_owned();
    match (children.get(at.wrapping_sub(1)), children.get(at + 1)) {
        (_, Some(next)) => {
            let comma = commas(&text, child.end, next.start).next().unwrap_or(child.end);
            let has_comment = end_of_tokens(&text, comma + 1, next.start) > comma + 1;
            let end = if has_comment { comma + 1 } else { next.start };
            text.replace_range(comma..end, "");
            // In front of the comma stands a comment, if anything.
            text.replace_range(child.clone(), "");
        }
        (before, None) => {
            let from = before.map_or(node.span.start + 1, |before| before.end);
            // What stands between is white space, comments and one comma.
            let quiet = end_of_tokens(&text, from, child.start);
            let comma = commas(&text, from, child.start).next();
            let trailing = commas(&text, child.end, node.span.end - 1).next();
            let behind = trailing.map_or(child.end, |at| at + 1);
            let is_alone = before.is_none() && end_of_tokens(&text, behind, node.span.end - 1) == behind;
            let end = if is_alone { node.span.end - 1 } else { behind };
            text.replace_range(quiet.max(comma.map_or(0, |at| at + 1))..end, "");
            // Where the last one has a comma behind it, the one that is last now keeps its own.
            if let Some(comma) = comma.filter(|_| trailing.is_none()) {
                text.replace_range(comma..=comma, "");
            }
        }
    }
    Ok(text)
}

/// Puts `value`, behind `key` in an object, at the end of `node`.
fn insert(text: &str, node: &Node, key: Option<&str>, value: &Value) -> String {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let (open, close) = (node.span.start + 1, node.span.end - 1);
    let children = node.children();
    let inside = &text[open..close];
    let is_flat = !(inside.contains('\n') || children.is_empty() && is_broad(text));
    let unit = unit(text);
    let outer = line_indent(text, node.span.start);
    let inner = match children.first().filter(|_| !is_flat) {
        Some(child) => line_indent(text, child.start).to_owned(),
        None => format!("{outer}{unit}"),
    };
    let shown = if is_flat { value.to_string() } else { pretty(value, &unit, &inner, newline) };
    let last = children.last().map(|child| child.end);
    let quiet = end_of_tokens(text, last.unwrap_or(open), close);
    let trailing = last.and_then(|last| commas(text, last, close).next());
    let comma = if trailing.is_some() { "," } else { "" };
    let member = match key {
        Some(key) => format!("{}: {shown}{comma}", Value::from(key)),
        None => format!("{shown}{comma}"),
    };
    let mut out = text[..last.unwrap_or(quiet)].to_owned();
    if let Some(last) = last {
        if trailing.is_none() {
            out.push(',');
        }
        out.push_str(&text[last..quiet.max(last)]);
    }
    match (is_flat, last) {
        (true, Some(_)) => out.push_str(&format!(" {member}")),
        (true, None) => out.push_str(&member),
        (false, _) => out.push_str(&format!("{newline}{inner}{member}")),
    }
    let rest = &text[quiet.max(last.unwrap_or(quiet))..];
    // An empty object on one line gets a line for its brace.
    if !is_flat && !text[quiet..close].contains('\n') {
        out.push_str(&format!("{newline}{outer}"));
        out.push_str(rest.trim_start_matches([' ', '\t']));
    } else {
        out.push_str(rest);
    }
    out
}

/// Whether a text is written over several lines, or has nothing in it yet.
fn is_broad(text: &str) -> bool {
    text.trim().contains('\n') || text.trim() == "{}"
}

/// What one level is indented by.
fn unit(text: &str) -> String {
    let indented = text.lines().map(|line| &line[..line.len() - line.trim_start().len()]);
    indented.into_iter().find(|indent| !indent.is_empty()).map_or_else(|| "  ".to_owned(), str::to_owned)
}

/// The white space that the line at `at` begins with.
fn line_indent(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    let line = &text[start..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

fn pretty(value: &Value, unit: &str, indent: &str, newline: &str) -> String {
    let mut bytes = Vec::new();
    let formatter = PrettyFormatter::with_indent(unit.as_bytes());
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    // A value of strings, numbers and lists can always be written.
    value.serialize(&mut serializer).ok();
    String::from_utf8_lossy(&bytes).replace('\n', &format!("{newline}{indent}"))
}

/// Where the last comma or comment between two places ends; `from` if there is none.
fn end_of_tokens(text: &str, from: usize, to: usize) -> usize {
    let mut reader = Reader { text, at: from };
    let mut end = from;
    while reader.at < to {
        let before = reader.at;
        if reader.comment() || text[before..].starts_with(',') {
            reader.at = reader.at.max(before + 1);
            end = reader.at;
        } else {
            reader.at += text[before..].chars().next().map_or(1, char::len_utf8);
        }
    }
    end.min(to)
}

/// The commas between two places, comments left out.
fn commas(text: &str, from: usize, to: usize) -> impl Iterator<Item = usize> {
    let mut reader = Reader { text, at: from };
    let mut found = Vec::new();
    while reader.at < to {
        if !reader.comment() {
            found.extend(text[reader.at..].starts_with(',').then_some(reader.at));
            reader.at += text[reader.at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_is_added_and_removed_leaves_the_rest_as_it_was() {
        let check = |before: &str, after: &str| {
            let value = json!({"c": "x"});
            let added = push(before, &["hooks", "Stop"], &value).unwrap();
            assert_eq!(added, after, "{before}");
            let count = elements(&added, &["hooks", "Stop"], "c").unwrap().len();
            let removed = remove(&added, &["hooks", "Stop"], &|at| at + 1 == count).unwrap();
            assert_eq!(removed, before, "taken back from {added}");
        };
        check(
            "{}\n",
            "{\n  \"hooks\": {\n    \"Stop\": [\n      {\n        \"c\": \"x\"\n      }\n    ]\n  }\n}\n",
        );
        check("{\"a\": 1}", "{\"a\": 1, \"hooks\": {\"Stop\":[{\"c\":\"x\"}]}}");
        check(
            "{\n\t\"a\": 1 // one\n}\n",
            "{\n\t\"a\": 1, // one\n\t\"hooks\": {\n\t\t\"Stop\": [\n\t\t\t{\n\t\t\t\t\"c\": \"x\"\n\t\t\t}\n\t\t]\n\t}\n}\n",
        );
        check(
            "{\r\n  \"hooks\": {\r\n    \"Stop\": [\r\n      1\r\n    ]\r\n  }\r\n}",
            "{\r\n  \"hooks\": {\r\n    \"Stop\": [\r\n      1,\r\n      {\r\n        \"c\": \"x\"\r\n      }\r\n    ]\r\n  }\r\n}",
        );
        check("{\"hooks\":{\"Stop\":[1]}}", "{\"hooks\":{\"Stop\":[1, {\"c\":\"x\"}]}}");
    }

    #[test]
    fn elements_in_the_middle_go_without_a_trace() {
        let text = "{ \"a\": [1, {\"c\": \"x\"}, 3] }";
        assert_eq!(remove(text, &["a"], &|at| at == 1).unwrap(), "{ \"a\": [1, 3] }");
        assert_eq!(remove(text, &["a"], &|at| at == 2).unwrap(), "{ \"a\": [1, {\"c\": \"x\"}] }");
        assert_eq!(remove(text, &["b"], &|_| true).unwrap(), text);
        assert_eq!(elements(text, &["a"], "c").unwrap()[1].1, ["x"]);
    }

    #[test]
    fn members_come_and_go_between_those_of_others() {
        let path = ["servers", "mine"];
        let check = |before: &str, after: &str| {
            let added = set_missing(before, &path, &json!({"c": ["x"]})).unwrap();
            assert_eq!(added, after, "{before}");
            assert_eq!(set_missing(&added, &path, &json!(1)).unwrap(), added, "what is there stays");
            assert_eq!(value(&added, &path).unwrap(), Some(json!({"c": ["x"]})));
            assert_eq!(remove_member(&added, &path).unwrap(), before, "taken back from {added}");
        };
        check("{\"servers\": {\"a\": 1}}", "{\"servers\": {\"a\": 1, \"mine\": {\"c\":[\"x\"]}}}");
        check(
            "{\n  \"servers\": {\n    \"a\": {}, // theirs\n  },\n}\n",
            "{\n  \"servers\": {\n    \"a\": {}, // theirs\n    \"mine\": {\n      \"c\": [\n        \"x\"\n      ]\n    },\n  },\n}\n",
        );
        check(
            "{\n  // first\n  \"a\": [1, 2,], /* last */\n}",
            "{\n  // first\n  \"a\": [1, 2,], /* last */\n  \"servers\": {\n    \"mine\": {\n      \"c\": [\n        \"x\"\n      ]\n    }\n  },\n}",
        );
        let text = "{\"servers\": {\n  \"mine\": 1, // of mine\n  // of theirs\n  \"a\": 2\n}}";
        let left = remove_member(text, &path).unwrap();
        assert!(left.contains("// of theirs\n  \"a\": 2") && !left.contains("mine\":"), "{left}");
        assert_eq!(value(&left, &["servers"]).unwrap(), Some(json!({"a": 2})), "{left}");
        let text = "{\"servers\": {\"mine\": 1 /* one, two */, \"a\": 2}}";
        assert_eq!(value(&remove_member(text, &path).unwrap(), &["servers", "a"]).unwrap(), Some(json!(2)));
    }

    #[test]
    fn what_is_no_json_is_left_alone() {
        let check = |text: &str, expected: &str| {
            assert_eq!(push(text, &["a"], &json!(1)).unwrap_err().to_string(), expected, "{text}");
        };
        check("{\"a\": }", "1:7: expected a value");
        check("{\"a\": [}", "1:8: expected a value");
        check("{a: 1}", "1:2: expected a text in double quotes");
        check("{\"a\": 1} x", "1:10: expected the end");
        check("{\"a\": 1\n\"b\": 2}", "2:1: expected `,` or `}`");
        check("[]", "1:1: expected an object");
        check("{\"a\": {}}", "1:7: expected a list");
        assert!(push(&"[".repeat(10_000), &["a"], &json!(1)).is_err());
    }

    proptest! {
        #[test]
        fn whatever_stands_there_comes_back(
            members in prop::collection::vec(("[a-c]{1,2}", prop::sample::select(vec!["1", "\"x\"", "[]", "[1, 2]", "{\"k\": null}"])), 0..4),
            hooks in prop::option::of(prop::sample::select(vec!["{\"Other\": [1]}", "{\n    \"Stop\": [\n      1\n    ]\n  }"])),
            broad in any::<bool>(),
        ) {
            let mut parts: Vec<String> = members.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
            parts.extend(hooks.map(|hooks| format!("\"hooks\": {hooks}")));
            let before = match (broad, parts.is_empty()) {
                (_, true) => "{}".to_owned(),
                (true, false) => format!("{{\n  {}\n}}\n", parts.join(",\n  ")),
                (false, false) => format!("{{{}}}", parts.join(", ")),
            };
            let added = push(&before, &["hooks", "Stop"], &json!({"c": "x"})).unwrap();
            prop_assert!(serde_json::from_str::<Value>(&added).is_ok(), "{}", added);
            let count = elements(&added, &["hooks", "Stop"], "c").unwrap().len();
            prop_assert_eq!(remove(&added, &["hooks", "Stop"], &|at| at + 1 == count).unwrap(), before);
        }
    }
}
