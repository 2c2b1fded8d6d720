//! How much a file may hold before its rules no longer run.

use crate::{
    document::{Role, WorkflowState},
    rules::RuleSet,
    text::{Diagnostic, LineIndex, Severity, Span},
};

/// `[limits]`. Beyond one of them no rule runs, and nothing is forgotten: what was about to happen
/// happens when the file is back inside. Reading and editing by command go on; only a file that is too
/// large is not read at all.
///
/// Work grows in proportion to the text, so its size alone bounds what a hostile file costs. The other
/// limits tell a file that went wrong (a program that logs into it, a merge gone mad) from one that
/// grew, while a person can still look at it. The defaults are 20 and more times what the largest of
/// 1,104 real files and older versions holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a document.
    pub file_size: usize,
    /// Bytes of a line, its end not counted.
    pub line_length: usize,
    /// Lists and quotes around each other.
    pub nesting: usize,
    /// Triggers in all rules together; a rule without one counts once.
    pub rules: usize,
    /// Items.
    pub items: usize,
    /// Clauses that fire in one run.
    pub firings: usize,
}

/// One of the [`Limits`].
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// What `rulemark.toml` calls it.
    pub name: &'static str,
    /// What holds without a setting.
    pub default: usize,
    /// The most that can be set.
    pub most: usize,
    /// Its place.
    pub of: fn(&mut Limits) -> &mut usize,
}

/// All limits, with what real files need.
pub const LIMITS: [Limit; 6] = [
    // The largest real file has 212,192 bytes. Reading takes eight times the size in memory for prose, 48
    // times for brackets and list marks alone (50 MB measured): 0.8 GB at the default.
    Limit { name: "file_size", default: 16_000_000, most: 1 << 30, of: |limits| &mut limits.file_size },
    // The longest real line has 1,485 bytes; a minified file or a base64 picture is one line.
    Limit { name: "line_length", default: 100_000, most: 1 << 30, of: |limits| &mut limits.line_length },
    // Real files nest lists up to 5 deep. `markdown` reads no more than 64 marks of one line.
    Limit { name: "nesting", default: 32, most: 60, of: |limits| &mut limits.nesting },
    // Real files have up to 32 triggers.
    Limit { name: "rules", default: 1_000, most: 100_000, of: |limits| &mut limits.rules },
    // Real files have up to 468 items.
    Limit { name: "items", default: 10_000, most: 1_000_000, of: |limits| &mut limits.items },
    // Runs over real files fire up to 4 clauses; all rules may fire once and once more.
    Limit { name: "firings", default: 64, most: 10_000, of: |limits| &mut limits.firings },
];

impl Default for Limits {
    fn default() -> Self {
        let mut limits = Self { file_size: 0, line_length: 0, nesting: 0, rules: 0, items: 0, firings: 0 };
        for limit in &LIMITS {
            *(limit.of)(&mut limits) = limit.default;
        }
        limits
    }
}

/// What a state file has too much of, if anything. The size is the shell's to look at, the firings a
/// run's.
pub(super) fn exceeded(state: &WorkflowState<'_>, rules: &RuleSet, limits: &Limits) -> Option<Diagnostic> {
    long_line(state, limits.line_length)
        .or_else(|| deep_nesting(state, limits.nesting))
        .or_else(|| many_rules(rules, limits.rules))
        .or_else(|| many_items(state, limits.items))
}

fn long_line(state: &WorkflowState<'_>, limit: usize) -> Option<Diagnostic> {
    let text = state.outline().text();
    if text.len() <= limit {
        return None;
    }
    let ends = memchr::memchr_iter(b'\n', text.as_bytes()).chain([text.len()]);
    let mut start = 0;
    for end in ends {
        let line = text[start..end].strip_suffix('\r').unwrap_or(&text[start..end]);
        if line.len() > limit {
            let message =
                format!("this line has {} bytes; no rule runs on lines of more than {limit}", line.len());
            let first = line.chars().next().map_or(0, char::len_utf8);
            let span = Span::new(start, start + first);
            return Some(refusal("line-too-long", span, message, "break the line", "line_length"));
        }
        start = end + 1;
    }
    None
}

fn deep_nesting(state: &WorkflowState<'_>, limit: usize) -> Option<Diagnostic> {
    let deepest = state.outline().markdown().deepest();
    (deepest.depth > limit).then(|| {
        let message =
            format!("lists and quotes are nested {} deep here; no rule runs beyond {limit}", deepest.depth);
        refusal("nested-too-deep", Span::empty(deepest.at), message, "take some of them out", "nesting")
    })
}

fn many_rules(rules: &RuleSet, limit: usize) -> Option<Diagnostic> {
    let mut count = 0;
    let last = rules.rules.iter().find(|rule| {
        count += rule.clauses.len().max(1);
        count > limit
    })?;
    let message = format!("no more than {limit} rules may stand in one file; this is one too many");
    Some(refusal("too-many-rules", last.id_span, message, "remove rules, or join them", "rules"))
}

fn many_items(state: &WorkflowState<'_>, limit: usize) -> Option<Diagnostic> {
    // An item takes a line; most files are done by this.
    let section = state.outline().section(Role::Items).filter(|section| section.body.len() > limit)?;
    let items = state.items();
    let first = items.rows().get(limit)?;
    let line = LineIndex::new(state.outline().text()).line_column(section.heading.start).line;
    let message = format!(
        "there are {} items below line {line}; no rule runs with more than {limit}",
        items.rows().len()
    );
    Some(refusal("too-many-items", first.span, message, "move finished items to another file", "items"))
}

fn refusal(code: &'static str, span: Span, message: String, hint: &str, name: &str) -> Diagnostic {
    Diagnostic::new(Severity::Error, code, span, message)
        .with_hint(format!("{hint}, or raise `{name}` under [limits] in rulemark.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;

    /// What is said of `text`, and the line of the place, with each limit at 3.
    #[track_caller]
    fn check(text: &str, expected: Option<(&str, usize)>) {
        let three = Limits { file_size: 3, line_length: 99, nesting: 3, rules: 3, items: 3, firings: 3 };
        let state = WorkflowState::parse(text);
        let found = exceeded(&state, &rules::compile(&state), &three);
        let found = found.map(|it| (it.code, LineIndex::new(text).line_column(it.span.start).line));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn each_limit() {
        let long = |length| format!("# a\n{}\r\nb\n", "é".repeat(length));
        check(&long(49), None);
        check(&long(50), Some(("line-too-long", 2)));
        check("- a\n  - b\n    - c\n", None);
        check("- a\n  - b\n    - c\n      > d\n", Some(("nested-too-deep", 4)));
        check(&"> ".repeat(49), Some(("nested-too-deep", 1)));
        let rules = |count: usize| {
            let rule = |number| format!("### RULE_{number}\nTrigger ▶ x\nAction ▶ y\n");
            format!("## Rules\n{}", (0..count).map(rule).collect::<String>())
        };
        check(&rules(3), None);
        check(&rules(4), Some(("too-many-rules", 11)));
        check(
            &format!("## Rules\n### RULE_A\n{}", "Trigger ▶ x\nAction ▶ y\n".repeat(4)),
            Some(("too-many-rules", 2)),
        );
        let items = |count| format!("## Items\n{}", "- [ ] a\n".repeat(count));
        check(&items(3), None);
        check(&items(4), Some(("too-many-items", 5)));
    }

    #[test]
    fn every_limit_has_a_place_of_its_own() {
        let mut limits = Limits::default();
        for (number, limit) in LIMITS.iter().enumerate() {
            assert_eq!(*(limit.of)(&mut limits), limit.default, "{} shares its place", limit.name);
            assert!(limit.default <= limit.most, "{}", limit.name);
            *(limit.of)(&mut limits) = number;
        }
    }
}
