//! TOML files of others: a table is added at the end and taken out again, nothing else is touched.

use crate::text::LineIndex;
use serde_json::Value;

/// Why a table can't be read, or not be added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub(super) struct NoToml {
    line: usize,
    column: usize,
    message: String,
}

/// What `path` leads to.
pub(super) fn value(text: &str, path: &[&str]) -> Result<Option<Value>, NoToml> {
    let root: toml::Table = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start.min(text.len()));
        let place = LineIndex::new(text).line_column(at);
        NoToml { line: place.line, column: place.column, message: error.message().trim().to_owned() }
    })?;
    // Everything that TOML can say has a form in JSON.
    let root = serde_json::to_value(root).unwrap_or_default();
    Ok(path.iter().try_fold(&root, |value, key| value.get(key)).cloned())
}

/// `text` with `table` behind it: a header and its lines.
///
/// # Errors
/// When the text is no TOML, or would be none with the table, as where its parent is written inline.
pub(super) fn with_table(text: &str, path: &[&str], table: &str) -> Result<String, NoToml> {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let line = if text.is_empty() || text.ends_with('\n') { "" } else { newline };
    let blank = if text.is_empty() { "" } else { newline };
    let added = format!("{text}{line}{blank}{}", table.replace('\n', newline));
    value(text, path)?;
    match value(&added, path) {
        Ok(Some(_)) => Ok(added),
        _ => Err(NoToml {
            line: LineIndex::new(text).line_column(text.len()).line,
            column: 1,
            message: format!("`{}` can't be added behind what is there", path.join(".")),
        }),
    }
}

/// `text` without `table`, where it stands as [`with_table`] writes it, and without the blank line in front
/// of it when it was the last.
pub(super) fn without_table(text: &str, path: &[&str], table: &str) -> Result<String, NoToml> {
    for newline in ["\n", "\r\n"] {
        let table = table.replace('\n', newline);
        let at_line = |at: &usize| *at == 0 || text[..*at].ends_with('\n');
        for at in text.match_indices(&table).map(|(at, _)| at).filter(at_line) {
            let (front, behind) = (&text[..at], &text[at + table.len()..]);
            let is_last = behind.is_empty();
            let front = front
                .strip_suffix(newline)
                .filter(|front| is_last && (front.is_empty() || front.ends_with('\n')))
                .unwrap_or(front);
            let left = format!("{front}{behind}");
            // The same lines may stand in a text.
            if value(&left, path)?.is_none() {
                return Ok(left);
            }
        }
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const PATH: [&str; 2] = ["servers", "mine"];
    const TABLE: &str = "[servers.mine]\ncommand = \"x\"\n";

    #[test]
    fn a_table_comes_and_goes() {
        for before in [
            "",
            "# mine\n",
            "a = 1 # one\r\n\r\n[servers.other] # theirs\r\ncommand = 'y'\r\n",
            "[servers]\nx.command = \"y\"\n",
            "[[list]]\nservers.mine = 1\n",
            "text = \"\"\"\n[servers.mine]\ncommand = \"x\"\n\"\"\"\n",
        ] {
            let with = with_table(before, &PATH, TABLE).unwrap();
            assert!(with.starts_with(before));
            assert_eq!(value(&with, &PATH).unwrap(), Some(json!({"command": "x"})), "{with}");
            assert_eq!(without_table(&with, &PATH, TABLE).unwrap(), before);
            let more = format!("{with}\n# theirs\n[later]\n");
            let left = without_table(&more, &PATH, TABLE).unwrap();
            assert!(left.starts_with(before) && left.ends_with("\n# theirs\n[later]\n"), "{left}");
        }
    }

    #[test]
    fn what_has_no_room_is_left_alone() {
        let check = |text: &str, expected: &str| {
            assert_eq!(with_table(text, &PATH, TABLE).unwrap_err().to_string(), expected, "{text}");
        };
        check("a = \n", "1:5: string values must be quoted, expected literal string");
        check("servers = { a = 1 }\n", "2:1: `servers.mine` can't be added behind what is there");
        let theirs = "[servers.mine]\ncommand = \"x\"\nmore = 1\n";
        assert_eq!(without_table(theirs, &PATH, "[servers.mine]\ncommand = \"y\"\n").unwrap(), theirs);
    }

    proptest! {
        #[test]
        fn what_others_wrote_stays(text in "(([a-c]{1,3} = [0-9]|# [a-z ]{0,5}|\\[t[a-z]{1,3}\\])?\r?\n){0,5}") {
            prop_assume!(value(&text, &PATH).is_ok());
            let with = with_table(&text, &PATH, TABLE).unwrap();
            prop_assert_eq!(without_table(&with, &PATH, TABLE).unwrap(), text);
        }
    }
}
