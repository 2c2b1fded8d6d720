//! The lines that a session is written in: what a value and a name look like on one line.

use super::model::Kept;
use crate::text::Revision;
use serde_json::Value;

/// The longest message that is kept, in characters.
const LONGEST: usize = 600;

/// `text` as one line that begins no comment.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ").replace("<!--", "<! --");
    match words.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &words[..at]),
        None => words,
    }
}

/// A JSON value on one line, in which nothing can be taken for Markdown's own.
pub(super) fn json(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c")
}

/// A name in backquotes; one that they can't hold as JSON.
pub(super) fn name(name: &str) -> String {
    let is_plain = !name.is_empty() && name.chars().all(|c| c != '`' && c != '<' && !c.is_control());
    if is_plain { format!("`{name}`") } else { json(&Value::from(name)) }
}

/// The name that `text` begins with, and what follows it.
pub(super) fn read_name(text: &str) -> Option<(String, &str)> {
    if let Some(rest) = text.strip_prefix('`') {
        let (name, rest) = rest.split_once('`')?;
        return Some((name.to_owned(), rest));
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let name = values.next()?.ok()?;
    Some((name, &text[values.byte_offset()..]))
}

impl Kept {
    /// As it stands in a line.
    pub(super) fn to_line(&self) -> String {
        match self {
            Self::Inline(value) => json(value),
            Self::Aside { text, bytes, is_text } => {
                let what = if *is_text { "bytes" } else { "bytes of JSON" };
                format!("sha256:{text} ({bytes} {what})")
            }
        }
    }

    /// Reads what [`Kept::to_line`] wrote.
    pub(super) fn read(line: &str) -> Option<Self> {
        let Some(rest) = line.strip_prefix("sha256:") else {
            return serde_json::from_str(line).ok().map(Self::Inline);
        };
        let (hex, size) = rest.split_once(" (")?;
        let (bytes, what) = size.strip_suffix(')')?.split_once(' ')?;
        let is_text = match what {
            "bytes" => true,
            "bytes of JSON" => false,
            _ => return None,
        };
        Some(Self::Aside { text: Revision::from_hex(hex)?, bytes: bytes.parse().ok()?, is_text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_on_a_line() {
        let aside = Kept::Aside { text: Revision::of("a"), bytes: 5_000, is_text: true };
        for kept in [
            Kept::Inline(serde_json::json!({"a": [1, 2.5, true, null], "b": "x\ny<!-- z"})),
            aside.clone(),
            Kept::Aside { text: Revision::of("b"), bytes: 9_999, is_text: false },
        ] {
            let line = kept.to_line();
            assert!(!line.contains('\n') && !line.contains("<!--"), "{line}");
            assert_eq!(Kept::read(&line), Some(kept));
        }
        assert_eq!(aside.to_line(), format!("sha256:{} (5000 bytes)", Revision::of("a")));
    }

    proptest! {
        #[test]
        fn names_come_back(text in "\\PC*|[`\"\\\\\n<a]{0,6}", rest in "( .{0,9})?") {
            let line = format!("{}{rest}", name(&text));
            prop_assert_eq!(read_name(&line), Some((text, rest.as_str())), "{}", line);
        }
    }
}
