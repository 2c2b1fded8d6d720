//! What a heading's title says about its section.

use super::{
    Role,
    section_names::{NAMES, RULES},
};
use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

/// How sure a title is of its role: 0 a name without doubt, up to 255 none at all.
pub(super) type Rank = u8;

static BY_NAME: LazyLock<HashMap<&'static str, (Role, Rank)>> = LazyLock::new(|| {
    let names = NAMES.iter().flat_map(|&(role, sure, unsure)| {
        let sure = sure.iter().map(move |&name| (name, (role, 0)));
        sure.chain(unsure.iter().map(move |&name| (name, (role, 10))))
    });
    names.collect()
});

/// The role of a section with this title: the whole of it, then without what stands in brackets, in
/// front of a dash or colon, inside the brackets, one side of an `&`, in front of shouted words.
pub(super) fn role(title: &str) -> (Role, Rank) {
    let plain = normal(title);
    if let Some(found) = exact(&plain) {
        return found;
    }
    let (outside, inside) = without_brackets(&plain);
    let head = head(&outside);
    let ways = [
        (exact(outside.trim()), 1),
        (exact(head), 1),
        (inside.iter().find_map(|part| exact(part)), 2),
        (one_side(head), 3),
        (before_shouting(title), 1),
    ];
    for (found, doubt) in ways {
        if let Some((role, rank)) = found {
            return (role, rank + doubt);
        }
    }
    if speaks_of_rules(&plain) { (Role::Rules, 10) } else { (Role::Other, Rank::MAX) }
}

/// The role that `name` by itself names.
pub(super) fn exact(name: &str) -> Option<(Role, Rank)> {
    BY_NAME.get(name).copied()
}

/// A title without decoration, numbers and pictures, in lower case: `## 1. **State**` is `state`.
pub(super) fn normal(title: &str) -> String {
    let mut plain = String::with_capacity(title.len());
    let mut gap = false;
    for c in title.trim_start_matches(['#', ' ']).chars() {
        match c {
            '*' | '`' | '~' | '\\' | '\u{fe0f}' | '\u{200d}' => {}
            '_' => gap = true,
            c if c.is_whitespace() => gap = true,
            c => {
                let begins = c.is_alphanumeric() || BRACKETS.iter().any(|&(open, _)| open == c);
                if gap && !plain.is_empty() {
                    plain.push(' ');
                }
                gap = false;
                if begins || !plain.is_empty() {
                    plain.extend(c.to_lowercase());
                }
            }
        }
    }
    let without_number = strip_number(&plain);
    let end = without_number.trim_end_matches(|c: char| {
        !(c.is_alphanumeric() || matches!(c, ')' | '）' | ']' | '】' | '」') || is_combining(c))
    });
    if end.len() == plain.len() { plain } else { end.to_owned() }
}

fn is_combining(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

/// `1. x`, `1) x`, `2.3 x`, `IV. x` without the number.
fn strip_number(title: &str) -> &str {
    let number = title.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let behind = number.strip_prefix([')', ':', '、', '：']).unwrap_or(number);
    let had_number = title.starts_with(|c: char| c.is_ascii_digit()) && number.len() < title.len();
    let rest = if had_number { behind } else { title };
    rest.trim_start_matches(|c: char| !(c.is_alphanumeric() || matches!(c, '(' | '（' | '[' | '「' | '【')))
}

const BRACKETS: [(char, char); 5] = [('(', ')'), ('（', '）'), ('[', ']'), ('【', '】'), ('「', '」')];

/// What stands outside and inside brackets.
fn without_brackets(title: &str) -> (Cow<'_, str>, Vec<&str>) {
    if !BRACKETS.iter().any(|&(open, _)| title.contains(open)) {
        return (Cow::Borrowed(title), Vec::new());
    }
    let (mut outside, mut inside) = (String::with_capacity(title.len()), Vec::new());
    let mut rest = title;
    while let Some(at) = rest.find(|c| BRACKETS.iter().any(|&(open, _)| open == c)) {
        let opened = rest[at..].chars().next().unwrap_or('(');
        let close = BRACKETS.iter().find(|&&(open, _)| open == opened).map_or(')', |&(_, close)| close);
        outside.push_str(&rest[..at]);
        let behind = &rest[at + opened.len_utf8()..];
        let end = behind.find(close).unwrap_or(behind.len());
        inside.push(behind[..end].trim());
        rest = behind.get(end + close.len_utf8()..).unwrap_or_default();
    }
    outside.push_str(rest);
    (Cow::Owned(outside.trim().to_owned()), inside)
}

/// What stands in front of a dash or colon.
fn head(title: &str) -> &str {
    let cuts = [" - ", " – ", " — ", ": ", "：", " | ", " / ", "–", "—"];
    let end = cuts.iter().filter_map(|cut| title.find(cut)).min();
    let colon = title.strip_suffix(':').map(str::len);
    title[..end.or(colon).unwrap_or(title.len())].trim()
}

/// `Decisions & Log`: the role that exactly one kind of part has.
fn one_side(title: &str) -> Option<(Role, Rank)> {
    if !title.contains(['&', '+', '/']) && !title.contains(" and ") {
        return None;
    }
    let parts = title.split(['&', '+', '/']).flat_map(|part| part.split(" and "));
    let mut roles = parts.filter_map(|part| exact(part.trim()));
    let first = roles.next()?;
    roles.all(|(role, _)| role == first.0).then_some(first)
}

/// `Rules NEVER REMOVE THIS SECTION!`: the words in front of the shouting.
fn before_shouting(title: &str) -> Option<(Role, Rank)> {
    let is_shouted = |word: &str| {
        word.chars().filter(|c| c.is_uppercase()).count() > 1 && !word.contains(char::is_lowercase)
    };
    let mut end = 0;
    for word in title.split_inclusive(' ') {
        if is_shouted(word.trim()) && end > 0 {
            return exact(&normal(&title[..end]));
        }
        if is_shouted(word.trim()) {
            return None;
        }
        end += word.len();
    }
    None
}

fn speaks_of_rules(title: &str) -> bool {
    RULES.iter().any(|&word| {
        if word.is_ascii() || !word.starts_with(is_unspaced) {
            title.split(|c: char| !c.is_alphanumeric() && c != ' ').any(|part| contains_words(part, word))
        } else {
            title.contains(word)
        }
    })
}

fn contains_words(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let behind = text[at + words.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !behind.is_some_and(char::is_alphanumeric)
    })
}

/// Letters of scripts that put no space between words.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// Whether a heading is one of a rule, of a phase's steps, or a decorated line between them: such
/// headings belong to the Rules section they stand in, whatever their level.
pub(super) fn is_inside_rules(title: &str) -> bool {
    let bare = title.trim_start_matches(['*', '`', '_', '[', ' ', '\\']);
    let word = |word: &str| bare.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let behind = |length: usize| bare[length..].chars().next();
    let is_rule = bare.starts_with("RULE") && matches!(behind(4), Some('_' | '*' | '\\'));
    let is_phase = word("phase") && title.contains('[') && matches!(behind(5), Some(':' | ' '));
    is_rule || is_phase || is_ruled_line(title)
}

/// `--- Core Workflow Rules ---`, `=====`.
fn is_ruled_line(title: &str) -> bool {
    let Some(first) = title.chars().next() else { return false };
    if !matches!(first, '-' | '=' | '~' | '#' | '─' | '━' | '═' | '—' | '–') {
        return false;
    }
    let run = |c: &char| *c == first;
    title.chars().take_while(run).count() > 2 && title.chars().rev().take_while(run).count() > 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_and_their_roles() {
        let check = |title: &str, expected: Role| assert_eq!(role(title).0, expected, "{title}");
        for title in [
            "State",
            "**State**",
            "1. State",
            "🔄 State",
            "State:",
            "`State`",
            "ステート（State）",
            "🔄 Phase & Status (当前阶段与状态)",
            "Current State",
            "📊 **Aktueller Status**",
            "STATE",
            "현재 상태",
            "2) Состояние",
            "État actuel",
            "workflow\\_state",
            "State – Stream D1",
            "Trạng thái",
        ] {
            check(title, Role::State);
        }
        for title in
            ["Plan", "Plan – Stream D1", "計画（Plan）", "4. Plan", "Plan: the rest", "План", "Kế hoạch"]
        {
            check(title, Role::Plan);
        }
        for title in
            ["Rules NEVER REMOVE THIS SECTION!", "Git Rules", "Rules for AI", "작업 규칙", "ルール（Rules）"]
        {
            check(title, Role::Rules);
        }
        for title in
            ["Items", "5. Items (Context & Resources)", "作業項目リスト（Items）", "Task List", "Aufgaben"]
        {
            check(title, Role::Items);
        }
        for title in
            ["Log", "🔄 Log", "Decisions & Log", "6. Log (Action Log for Current Task)", "Implementation Log"]
        {
            check(title, Role::Log);
        }
        for title in ["ArchiveLog", "8. ArchiveLog", "Archive Log", "Archived Logs"] {
            check(title, Role::ArchiveLog);
        }
        for title in
            ["Changelog", "CHANGELOG", "16. Changelog", "Change Log", "Журнал изменений", "Dziennik zmian"]
        {
            check(title, Role::Changelog);
        }
        check("Workflow History", Role::WorkflowHistory);
        check("Blueprint History", Role::BlueprintHistory);
        check("TokenizationResults", Role::Results);
        for title in [
            "Version Changelog",
            "Backup Log",
            "Current Task",
            "Metrics",
            "Catalog",
            "Planning",
            "",
            "🚀",
            "Statement",
            "Test Results",
            "Next Steps",
            "Log rotation in the API",
            "Planned State Changes",
            "Ruleset viewer",
        ] {
            check(title, Role::Other);
        }
        assert!(role("State").1 < role("Status").1);
        assert!(role("Log").1 < role("Decisions & Log").1);
    }

    #[test]
    fn headings_that_stay_inside_rules() {
        for title in
            ["RULE_A_01", "[PHASE: X]", "**RULE\\_A**", "--- Core Rules ---", "RULE*INIT_02:", "[Phase: x] y"]
        {
            assert!(is_inside_rules(title), "{title}");
        }
        for title in ["Log", "Phase 1: setup", "RULES", "- a -", "Rule of thumb"] {
            assert!(!is_inside_rules(title), "{title}");
        }
    }

    #[test]
    fn every_name_is_in_its_normal_form_and_has_one_role() {
        let all = NAMES.iter().flat_map(|(_, sure, unsure)| sure.iter().chain(*unsure));
        for name in all.clone() {
            assert_eq!(normal(name), *name);
        }
        assert_eq!(all.count(), BY_NAME.len());
    }
}
