//! The labels inside a rule: `**Trigger:**`, `Action ▶`, `**Constraint:**`.

use crate::text::Span;

/// What stands behind a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    Trigger,
    Action,
    /// `Constraint`, `Permitted`, `Forbidden`.
    Constraint,
}

/// Labels in the languages real files use, in lower case.
const LABELS: &[(&str, Label)] = &[
    ("trigger", Label::Trigger),
    ("triggers", Label::Trigger),
    ("kích hoạt", Label::Trigger),
    ("트리거", Label::Trigger),
    ("触发", Label::Trigger),
    ("触发条件", Label::Trigger),
    ("トリガー", Label::Trigger),
    ("триггер", Label::Trigger),
    ("auslöser", Label::Trigger),
    ("disparador", Label::Trigger),
    ("déclencheur", Label::Trigger),
    ("action", Label::Action),
    ("actions", Label::Action),
    ("hành động", Label::Action),
    ("동작", Label::Action),
    ("액션", Label::Action),
    ("动作", Label::Action),
    ("アクション", Label::Action),
    ("действие", Label::Action),
    ("aktion", Label::Action),
    ("acción", Label::Action),
    ("ação", Label::Action),
    ("constraint", Label::Constraint),
    ("constraints", Label::Constraint),
    ("ràng buộc", Label::Constraint),
    ("제약", Label::Constraint),
    ("permitted", Label::Constraint),
    ("forbidden", Label::Constraint),
];

/// A label is at most this long, in bytes.
const LONGEST: usize = 24;

const SIGNS: &[char] = &[':', '：', '▶', '►', '▸', '➤'];

/// A label that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Labelled {
    pub(super) label: Label,
    /// The label's word.
    pub(super) word: Span,
    /// What follows on the line.
    pub(super) rest: Span,
}

/// Reads the label that `line` begins with.
pub(super) fn read(file: &str, line: Span) -> Option<Labelled> {
    let (word, rest) = split(file, line)?;
    if !may_be_label(word.of(file)) {
        return None;
    }
    let name = word.of(file).to_lowercase();
    let (_, label) = LABELS.iter().find(|(known, _)| *known == name)?;
    Some(Labelled { label: *label, word, rest })
}

/// The word before the sign of something that looks like a label, and whether it is marked as one:
/// `**Trigge:** …`, `Trigge: …`.
pub(super) fn lookalike(file: &str, line: Span) -> Option<(Span, bool)> {
    let (word, rest) = split(file, line)?;
    let is_marked = file[word.end..rest.start].contains(['*', '▶', '►', '▸', '➤']);
    let text = word.of(file);
    let is_word = text.starts_with(|c: char| c.is_ascii_uppercase()) && !text.contains(' ');
    is_word.then_some((word, is_marked))
}

/// The English labels, for suggestions.
pub(super) fn english() -> impl Iterator<Item = &'static str> {
    ["Trigger", "Action", "Actions", "Constraint"].into_iter()
}

/// Finds the first label behind the beginning of `line`: `Trigger: … Action: …`.
pub(super) fn find(file: &str, line: Span) -> Option<(usize, Labelled)> {
    let text = line.of(file);
    text.match_indices(SIGNS).find_map(|(at, _)| {
        let before = text[..at].trim_end_matches(['*', '_', ' ']);
        let start = before.trim_end_matches(|c: char| !c.is_whitespace()).len();
        let decorated = &before[start..];
        if decorated.len() > LONGEST
            || !decorated.trim_start_matches(['*', '_']).starts_with(char::is_uppercase)
        {
            return None;
        }
        let labelled = read(file, Span::new(line.start + start, line.end))?;
        Some((line.start + start, labelled))
    })
}

/// A quick no: whether some label begins like `word`.
fn may_be_label(word: &str) -> bool {
    let first = word.bytes().next().map(|byte| byte.to_ascii_lowercase());
    first.is_some_and(|first| {
        !first.is_ascii() || LABELS.iter().any(|(known, _)| known.as_bytes()[0] == first)
    })
}

/// The undecorated word before the first sign, and what follows.
fn split(file: &str, line: Span) -> Option<(Span, Span)> {
    let text = line.of(file);
    let inner = text.trim_start_matches(['*', '_', '`']);
    if !inner.starts_with(char::is_alphabetic) {
        return None;
    }
    let start = line.start + (text.len() - inner.len());
    let at = inner.char_indices().take_while(|(at, _)| *at <= LONGEST).find(|(_, c)| SIGNS.contains(c))?.0;
    let word = inner[..at].trim_end_matches(['*', '_', '`', ' ']);
    let sign = inner[at..].chars().next().map_or(0, char::len_utf8);
    let behind = inner[at + sign..].trim_start_matches(['*', '_', '`', '\u{fe0f}']);
    let decorated = behind.len() < inner[at + sign..].len();
    // A code span that begins right behind the sign is not decoration: "Trigger:`Phase == INIT`".
    let rest = if decorated && inner[at + sign..].starts_with('`') && start == line.start {
        &inner[at + sign..]
    } else {
        behind
    };
    let rest = Span::new(line.end - rest.len(), line.end).trimmed(file);
    (!word.is_empty()).then(|| (Span::new(start, start + word.len()), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(Label, &str)>) {
        let read = read(text, Span::new(0, text.len()));
        assert_eq!(read.map(|found| (found.label, found.rest.of(text))), expected, "{text}");
    }

    #[test]
    fn labels_in_every_decoration() {
        check("Trigger ▶ `Phase == INIT`", Some((Label::Trigger, "`Phase == INIT`")));
        check("Trigger ► x", Some((Label::Trigger, "x")));
        check("Trigger ▶\u{fe0f} x", Some((Label::Trigger, "x")));
        check("**Trigger:** x", Some((Label::Trigger, "x")));
        check("**Trigger**: `x`", Some((Label::Trigger, "`x`")));
        check("Trigger:`Phase == INIT`", Some((Label::Trigger, "`Phase == INIT`")));
        check("Actions:", Some((Label::Action, "")));
        check("**Constraint:** NO code", Some((Label::Constraint, "NO code")));
        check("**Hành động:** làm", Some((Label::Action, "làm")));
        check("Actionable: no", None);
        check("Trigger the rule: now", None);
        check("", None);
    }

    #[test]
    fn labels_inside_a_line() {
        let text = "Phase == INIT (x: y) **Action:** Ask: what";
        let (at, found) = find(text, Span::new(0, text.len())).unwrap();
        assert_eq!(
            (&text[..at], found.label, found.rest.of(text)),
            ("Phase == INIT (x: y) ", Label::Action, "Ask: what")
        );
        assert_eq!(find("the action: none", Span::new(0, 16)), None);
    }
}
