//! Rule ids, also those that a Markdown formatter has damaged.

use crate::text::Span;

/// An id as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RuleId {
    /// As it was meant.
    pub(super) name: String,
    /// Where it stands.
    pub(super) span: Span,
}

impl RuleId {
    /// Whether it stands otherwise than it was meant.
    pub(super) fn is_damaged(&self, file: &str) -> bool {
        self.span.of(file) != self.name
    }
}

/// Reads the id at `at`: `RULE_INIT_01`, `RULE\_INIT\_01`, `RULE*INIT_01`, `RULE\*INIT_01`.
pub(super) fn read(file: &str, at: usize) -> Option<RuleId> {
    let rest = file.get(at..)?;
    let body = rest.strip_prefix("RULE")?;
    let mut name = String::from("RULE");
    let mut len = "RULE".len();
    for (offset, c) in body.char_indices() {
        let behind = &body[offset + c.len_utf8()..];
        match c {
            'A'..='Z' | '0'..='9' if name.len() > 4 => name.push(c),
            '_' => name.push('_'),
            '\\' if behind.starts_with(['_', '*']) => continue,
            '*' if behind.starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit()) => {
                name.push('_');
            }
            _ => break,
        }
        len = "RULE".len() + offset + 1;
    }
    while name.ends_with('_') {
        name.pop();
        len -= 1 + usize::from(rest[..len - 1].ends_with('\\'));
    }
    let behind = rest[len..].chars().next();
    let is_whole = !behind.is_some_and(|c| c.is_alphanumeric());
    (name.len() > "RULE_".len() && is_whole).then(|| RuleId { name, span: Span::new(at, at + len) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(&str, &str)>) {
        let read = read(text, 0);
        let found = read.as_ref().map(|id| (id.name.as_str(), id.span.of(text)));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn ids_whole_and_damaged() {
        check("RULE_INIT_01:", Some(("RULE_INIT_01", "RULE_INIT_01")));
        check("RULE_FLOW", Some(("RULE_FLOW", "RULE_FLOW")));
        check("RULE_X:** On", Some(("RULE_X", "RULE_X")));
        check("RULE\\_X\\_2 (NEW)", Some(("RULE_X_2", "RULE\\_X\\_2")));
        check("RULE*INIT_02:", Some(("RULE_INIT_02", "RULE*INIT_02")));
        check("RULE\\*PROCESS_ITEM_01:", Some(("RULE_PROCESS_ITEM_01", "RULE\\*PROCESS_ITEM_01")));
        check("RULE_A**", Some(("RULE_A", "RULE_A")));
        check("RULE_A_", Some(("RULE_A", "RULE_A")));
        check("RULES", None);
        check("RULE EXECUTION", None);
        check("RULE_", None);
        check("RULE_init", None);
        check("RULE*", None);
    }
}
