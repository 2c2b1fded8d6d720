//! Summaries without a model: extractive, deterministic (`rule-language.md`, section 5).

use std::cmp::Reverse;

/// Longest quotation in a summary, in characters.
const QUOTE_LIMIT: usize = 200;

/// Words that make a line a finding, and what each is worth. Compared without case, as the beginning
/// of a word.
const FINDINGS: &[(&str, i32)] = &[
    ("fail", 4),
    ("error", 4),
    ("broke", 3),
    ("bug", 3),
    ("block", 3),
    ("decid", 4),
    ("decision", 4),
    ("chose", 3),
    ("because", 2),
    ("root cause", 3),
    ("fixed", 3),
    ("fix", 2),
    ("passed", 2),
    ("passing", 2),
    ("result", 2),
    ("complet", 2),
    ("verified", 2),
    ("found", 2),
    ("test", 1),
    ("warning", 2),
    ("todo", 2),
    ("risk", 2),
    ("❌", 4),
    ("✅", 2),
    ("⚠", 3),
    ("오류", 4),
    ("실패", 4),
    ("결정", 4),
    ("ошибк", 4),
    ("решен", 4),
    ("错误", 4),
    ("失败", 4),
    ("决定", 4),
    ("エラー", 4),
    ("失敗", 4),
    ("決定", 4),
];

/// Beginnings of lines that say that something happened and not what.
const BOILERPLATE: &[&str] = &[
    "read ",
    "log action",
    "log attempt",
    "resumed session",
    "initialized",
    "starting ",
    "state updated",
    "...",
];

/// The best `count` findings of `section`, in their order, each at most 200 characters.
///
/// List items, headings, bold leads and paragraphs are candidates; equal scores keep their order.
#[must_use]
pub(super) fn extract(section: &str, count: usize) -> Vec<String> {
    let mut scored: Vec<(usize, i32, String)> =
        quotable(section).into_iter().enumerate().map(|(place, text)| (place, score(&text), text)).collect();
    scored.sort_by_key(|(place, score, _)| (Reverse(*score), *place));
    scored.truncate(count);
    scored.sort_by_key(|(place, ..)| *place);
    scored.into_iter().map(|(_, _, text)| quote(&text)).collect()
}

/// How many findings [`extract`] chooses from.
#[must_use]
pub(super) fn candidate_count(section: &str) -> usize {
    quotable(section).len()
}

/// What may be quoted: a section of nothing but fenced output gives the lines of that.
fn quotable(section: &str) -> Vec<String> {
    let found = candidates(section);
    if !found.is_empty() {
        return found;
    }
    let lines = section.lines().map(str::trim).filter(|line| !line.is_empty() && !is_fence(line));
    lines.map(str::to_owned).collect()
}

fn is_fence(line: &str) -> bool {
    line.starts_with("```") || line.starts_with("~~~")
}

/// The lines worth quoting: without list markers, heading marks, boxes and fenced code.
fn candidates(section: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let (mut fenced, mut paragraph) = (false, false);
    for line in section.lines() {
        let trimmed = line.trim();
        if is_fence(trimmed) {
            fenced = !fenced;
            paragraph = false;
            continue;
        }
        let bare = strip_marker(trimmed);
        if fenced
            || bare.is_empty()
            || bare.chars().all(|c| matches!(c, '-' | '|' | ':' | '=' | '*' | '_' | ' '))
        {
            paragraph = false;
            continue;
        }
        let starts_new = bare.len() < trimmed.len() || trimmed.starts_with("**") || trimmed.starts_with('|');
        match found.last_mut() {
            Some(last) if paragraph && !starts_new && last.chars().count() < 2 * QUOTE_LIMIT => {
                last.push(' ');
                last.push_str(bare);
            }
            _ => found.push(bare.to_owned()),
        }
        paragraph = true;
    }
    found
}

fn strip_marker(line: &str) -> &str {
    let mut rest = line.trim_start_matches('#').trim_start_matches("> ").trim_start();
    if let Some(item) = ["- ", "* ", "+ ", "• "].iter().find_map(|marker| rest.strip_prefix(marker)) {
        rest = item.trim_start();
    } else if let Some((number, item)) = rest.split_once(['.', ')'])
        && !number.is_empty()
        && number.len() <= 4
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && item.starts_with(' ')
    {
        rest = item.trim_start();
    }
    for check in ["[ ] ", "[x] ", "[X] "] {
        rest = rest.strip_prefix(check).unwrap_or(rest);
    }
    let rest = rest.trim();
    // A line that is one code span; a span at its end is part of what it says.
    let span = rest.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
    span.filter(|inside| !inside.contains('`')).unwrap_or(rest).trim()
}

fn score(line: &str) -> i32 {
    let lower = line.to_lowercase();
    let words: i32 =
        FINDINGS.iter().filter(|(word, _)| begins_a_word(&lower, word)).map(|(_, worth)| worth).sum();
    let digits = i32::from(lower.bytes().any(|byte| byte.is_ascii_digit()));
    let file_name = i32::from(lower.split([' ', '`', '(', ')', ',']).any(looks_like_path));
    let bold = i32::from(line.starts_with("**"));
    let boilerplate = BOILERPLATE.iter().any(|start| after_date(&lower).starts_with(start));
    words + digits + 2 * file_name + bold - if boilerplate { 5 } else { 0 }
}

/// Whether `word` stands in `text` at the beginning of a word.
fn begins_a_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| !text[..at].ends_with(char::is_alphabetic))
}

fn looks_like_path(word: &str) -> bool {
    word.rsplit_once('.').is_some_and(|(stem, ending)| {
        !stem.is_empty()
            && (1..=5).contains(&ending.len())
            && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && ending.bytes().any(|byte| byte.is_ascii_alphabetic())
    })
}

/// What follows a leading `[2025-03-26 17:55:00]` or `2025-03-26:`.
fn after_date(line: &str) -> &str {
    line.trim_start_matches(|c: char| c.is_ascii_digit() || " []():-*–,.t".contains(c))
}

/// At most [`QUOTE_LIMIT`] characters, cut at a word.
fn quote(text: &str) -> String {
    if text.chars().count() <= QUOTE_LIMIT {
        return text.to_owned();
    }
    let cut = text.char_indices().nth(QUOTE_LIMIT - 1).map_or(text.len(), |(at, _)| at);
    let head = &text[..cut];
    let head = head.rfind(char::is_whitespace).filter(|&at| at > cut / 2).map_or(head, |at| &head[..at]);
    format!("{}…", head.trim_end())
}

/// Imperatives that begin an item, and their past form.
const PAST_FORMS: &[(&str, &str)] = &[
    ("add", "Added"),
    ("adjust", "Adjusted"),
    ("allow", "Allowed"),
    ("analyse", "Analysed"),
    ("analyze", "Analyzed"),
    ("build", "Built"),
    ("change", "Changed"),
    ("clean", "Cleaned"),
    ("configure", "Configured"),
    ("connect", "Connected"),
    ("convert", "Converted"),
    ("create", "Created"),
    ("define", "Defined"),
    ("delete", "Deleted"),
    ("deploy", "Deployed"),
    ("describe", "Described"),
    ("design", "Designed"),
    ("document", "Documented"),
    ("draft", "Drafted"),
    ("drop", "Dropped"),
    ("enable", "Enabled"),
    ("enhance", "Enhanced"),
    ("ensure", "Ensured"),
    ("explain", "Explained"),
    ("expose", "Exposed"),
    ("extend", "Extended"),
    ("extract", "Extracted"),
    ("finish", "Finished"),
    ("fix", "Fixed"),
    ("generate", "Generated"),
    ("handle", "Handled"),
    ("implement", "Implemented"),
    ("improve", "Improved"),
    ("include", "Included"),
    ("integrate", "Integrated"),
    ("introduce", "Introduced"),
    ("investigate", "Investigated"),
    ("make", "Made"),
    ("merge", "Merged"),
    ("migrate", "Migrated"),
    ("move", "Moved"),
    ("optimise", "Optimised"),
    ("optimize", "Optimized"),
    ("parse", "Parsed"),
    ("prepare", "Prepared"),
    ("publish", "Published"),
    ("refactor", "Refactored"),
    ("release", "Released"),
    ("remove", "Removed"),
    ("rename", "Renamed"),
    ("replace", "Replaced"),
    ("resolve", "Resolved"),
    ("review", "Reviewed"),
    ("rewrite", "Rewrote"),
    ("simplify", "Simplified"),
    ("split", "Split"),
    ("support", "Supported"),
    ("test", "Tested"),
    ("update", "Updated"),
    ("upgrade", "Upgraded"),
    ("validate", "Validated"),
    ("verify", "Verified"),
    ("wire", "Wired"),
    ("write", "Wrote"),
];

/// The changelog sentence for a finished item: its description's first sentence on one line, in the
/// past form when it begins with a known imperative. Decoration around the first word stays.
#[must_use]
pub fn sentence_about(description: &str) -> String {
    let line = description.split_whitespace().collect::<Vec<_>>().join(" ");
    let sentence = first_sentence(&line);
    let start = sentence.find(|c: char| c.is_alphanumeric()).unwrap_or(0);
    let end = sentence[start..].find(|c: char| !c.is_alphabetic()).map_or(sentence.len(), |at| start + at);
    let word = sentence[start..end].to_lowercase();
    match PAST_FORMS.iter().find(|(imperative, _)| *imperative == word) {
        // `Build: …` and `Test-Suite …` are no imperatives.
        Some((_, past)) if sentence[end..].starts_with(' ') => {
            format!("{}{past}{}", &sentence[..start], &sentence[end..])
        }
        _ => sentence.to_owned(),
    }
}

/// Up to the first full stop that ends a sentence; the stop itself goes.
fn first_sentence(line: &str) -> &str {
    let end = line
        .match_indices(". ")
        .map(|(at, _)| at)
        .find(|&at| {
            let word = line[..at].rsplit(' ').next().unwrap_or_default();
            let next_is_capital = line[at + 2..].trim_start().starts_with(char::is_uppercase);
            next_is_capital
                && word.chars().count() > 1
                && !word.contains('.')
                && !word.bytes().all(|b| b.is_ascii_digit())
        })
        .unwrap_or(line.len());
    let sentence = line[..end].trim_end();
    if sentence.ends_with("..") { sentence } else { sentence.strip_suffix('.').unwrap_or(sentence) }
}

/// What the agent logged as `Summary: …`; the last one counts.
#[must_use]
pub(super) fn logged_summary(log: &str) -> Option<&str> {
    log.lines().rev().find_map(|line| {
        let bare = strip_marker(line.trim());
        let bare = after_date(bare).trim_start_matches("**");
        let head = bare.get(.."summary".len())?;
        let rest = bare["summary".len()..].trim_start_matches("**");
        if !head.eq_ignore_ascii_case("summary") {
            return None;
        }
        let text = rest.strip_prefix(':')?.trim_start_matches("**").trim().trim_end_matches('`');
        (!text.is_empty()).then_some(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences() {
        for (description, expected) in [
            ("Add a login form", "Added a login form"),
            ("**Add sync (repost + delete)** command", "**Added sync (repost + delete)** command"),
            ("Fix the parser. It fails on CRLF.", "Fixed the parser"),
            ("Support e.g. tabs. And more", "Supported e.g. tabs"),
            ("Write project_config.md v1.2", "Wrote project_config.md v1.2"),
            ("Build: use two cores", "Build: use two cores"),
            ("Login form", "Login form"),
            ("로그인 화면 추가", "로그인 화면 추가"),
            ("one\n  line", "one line"),
            ("", ""),
        ] {
            assert_eq!(sentence_about(description), expected, "{description}");
        }
    }

    #[test]
    fn the_agents_own_summary() {
        for (log, expected) in [
            ("- did things\n- Summary: all parsed\n- more", Some("all parsed")),
            ("- [2026-01-02 03:04:05] **Summary:** one\n- summary: two", Some("two")),
            ("- summary of things", None),
            ("Summary:", None),
        ] {
            assert_eq!(logged_summary(log), expected, "{log}");
        }
    }

    #[test]
    fn findings_come_first_and_keep_their_order() {
        let log = "- Read project_config.md\n- Decided to use SQLite because of WAL\n- looked around\n\
                   - cargo test: 3 failed in src/lib.rs\n- **Result**: all tests passed\n- went on\n";
        assert_eq!(
            extract(log, 3),
            [
                "Decided to use SQLite because of WAL",
                "cargo test: 3 failed in src/lib.rs",
                "**Result**: all tests passed"
            ]
        );
        assert_eq!(extract(log, 3), extract(log, 3));
        assert_eq!(extract("plain\nparagraph\n\nsecond", 5), ["plain paragraph", "second"]);
        assert_eq!(extract("```\nerror: no such file\n```", 5), ["error: no such file"]);
        assert_eq!(extract("", 5), Vec::<String>::new());
    }

    #[test]
    fn quotes_are_cut_at_a_word() {
        let long = "word ".repeat(80);
        let quoted = extract(&long, 1);
        assert!(quoted[0].chars().count() <= QUOTE_LIMIT && quoted[0].ends_with("word…"), "{quoted:?}");
        let unbroken = "▶".repeat(500);
        assert_eq!(extract(&unbroken, 1)[0].chars().count(), QUOTE_LIMIT);
    }
}
