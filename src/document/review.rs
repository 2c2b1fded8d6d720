//! What is wrong with a document's sections and names, whatever its rules say.

use super::{
    Outline, ProjectConfig, Role, Section, WorkflowState, conflict_markers,
    lookalike::{self, Lookalike, Why},
    title,
};
use crate::text::{Diagnostic, DocumentId, Oddity, Patch, Severity, Span, TextEdit, as_it_looks, oddities};
use std::collections::{HashMap, HashSet};

/// More findings of one kind tell a person nothing new.
const MOST: usize = 64;

impl WorkflowState<'_> {
    /// What is wrong with the sections and keys, by position.
    #[must_use]
    pub fn review(&self) -> Vec<Diagnostic> {
        let mut found = review(self.outline());
        let keys = self.keys().iter();
        for key in keys.take(MOST) {
            found.extend(odd_name(self.outline().text(), key.name_span, Name::Key));
            if OWN_KEYS.contains(&key.name.as_str()) {
                found.extend(odd_name(self.outline().text(), key.value_span, Name::Value));
            }
        }
        sorted(found)
    }
}

/// The keys whose values are names.
const OWN_KEYS: [&str; 3] = ["Phase", "Status", "CurrentItem"];

impl ProjectConfig<'_> {
    /// What is wrong with the sections, by position.
    #[must_use]
    pub fn review(&self) -> Vec<Diagnostic> {
        let found = review(self.outline()).into_iter();
        sorted(found.map(|found| found.in_document(DocumentId::Config)).collect())
    }
}

/// Why `patch` must not be applied to `text`, if it must not: a reader would see a section twice, of
/// which Markdown sees one. What such a line hides is mended first.
#[must_use]
pub fn doubled_section(text: &str, patch: &Patch) -> Option<Diagnostic> {
    // Sections begin with their heading; most patches write none.
    if !patch.edits().iter().any(|edit| edit.new_text.contains('#')) {
        return None;
    }
    let after = patch.apply(text).ok()?;
    let lookalike = lookalike::doubled(&Outline::parse(text), patch, &Outline::parse(&after))?;
    let mut told = tell(text, &lookalike);
    told.severity = Severity::Error;
    told.message.push_str("; a second one is not made");
    Some(told)
}

fn review(outline: &Outline<'_>) -> Vec<Diagnostic> {
    let text = outline.text();
    let mut mended = HashSet::new();
    let lookalikes = outline.lookalikes().into_iter().take(MOST).map(|lookalike| {
        let mut told = tell(text, &lookalike);
        // Of several only one can be the section.
        told.fix = told.fix.filter(|_| mended.insert(lookalike.role));
        told
    });
    let mut found: Vec<Diagnostic> = lookalikes.collect();
    let told: Vec<Span> = found.iter().map(|found| found.span).collect();
    let headings = outline.sections().iter().filter(|section| !told.contains(&section.title));
    found.extend(headings.filter_map(|section| odd_name(text, section.title, Name::Heading)).take(MOST));
    found.extend(doubles(outline).into_iter().take(MOST));
    found.extend(conflict_markers::review(outline));
    found
}

fn sorted(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort_by_key(|found| found.span.start);
    found
}

/// What is said of a line that is no heading.
fn tell(text: &str, lookalike: &Lookalike) -> Diagnostic {
    let line = lookalike.line.of(text);
    let shown = shortened(&as_it_looks(line));
    let (code, why, hint) = match lookalike.why {
        Why::OddName => {
            let title = format!("this heading looks like `{shown}`, but is not");
            let found = Diagnostic::new(Severity::Warning, "odd-characters", lookalike.line, title);
            return mended_name(text, lookalike.line, found);
        }
        Why::NoSpace => ("no-heading", "has no space behind its `#`", "write a space behind the `#`"),
        Why::OpenFence(_) => {
            ("hidden-section", "stands in a code fence that is never closed", "close the fence above it")
        }
        Why::OpenComment(_) => (
            "hidden-section",
            "stands in a comment that is never closed",
            "close the comment above it with `-->`",
        ),
        Why::Html(_) => ("hidden-section", "is part of the HTML right above it", "put a blank line above it"),
        Why::Nested => ("no-heading", "stands inside a list or quote", "begin the line with its `#`"),
        Why::Indented => ("no-heading", "is code by its indentation", "begin the line with its `#`"),
    };
    let severity = if code == "hidden-section" { Severity::Error } else { Severity::Warning };
    let message = format!("`{shown}` {why}, so it is not read as a heading");
    let found = Diagnostic::new(severity, code, lookalike.line, message).with_hint(hint);
    match lookalike.why {
        Why::OpenFence(opening) | Why::OpenComment(opening) => found.with_label(opening, "opened here"),
        Why::NoSpace => {
            let level = line.len() - line.trim_start_matches('#').len();
            let name = as_it_looks(&line[level..]).trim().to_owned();
            let heading = format!("{} {name}", &line[..level]);
            let edit = TextEdit::replace(lookalike.line, heading.as_str());
            found.with_fix(format!("write `{}`", shortened(&heading)), vec![edit])
        }
        _ => found,
    }
}

/// A longer name is cut in messages, in characters.
const LONGEST: usize = 60;

fn shortened(name: &str) -> String {
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// What a name names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Heading,
    Key,
    Value,
    RuleId,
}

/// A name with characters in it that a reader does not see, or takes for others.
pub(crate) fn odd_name(text: &str, span: Span, name: Name) -> Option<Diagnostic> {
    let odd = oddities(text, span);
    let (first, oddity) = *odd.first()?;
    // Spaces of other kinds separate words in headings as well as the usual one.
    if odd.iter().all(|(_, oddity)| *oddity == Oddity::Space) && name == Name::Heading {
        return None;
    }
    let code_point = first.of(text).chars().next().map_or(0, u32::from);
    let is = match oddity {
        Oddity::Control => "which is a control character".to_owned(),
        Oddity::Direction => "which turns the direction of the text".to_owned(),
        Oddity::Invisible => "which nobody sees".to_owned(),
        Oddity::Space => "which is not the usual space".to_owned(),
        Oddity::Lookalike(letter) => format!("which only looks like `{letter}`"),
    };
    let what = match name {
        Name::Heading => "this heading",
        Name::Key => "this key",
        Name::Value => "this value",
        Name::RuleId => "this rule's id",
    };
    let message = format!("{what} holds U+{code_point:04X}, {is}");
    Some(mended_name(text, span, Diagnostic::new(Severity::Warning, "odd-characters", span, message)))
}

/// Offers to write a name as it looks.
fn mended_name(text: &str, span: Span, found: Diagnostic) -> Diagnostic {
    let name = as_it_looks(span.of(text)).trim().to_owned();
    let shown = shortened(&name);
    if name.is_empty() {
        return found.with_hint("write a name that can be seen");
    }
    found
        .with_hint(format!("no rule finds it by the name `{shown}`"))
        .with_fix(format!("write `{shown}`"), vec![TextEdit::replace(span, name)])
}

/// Sections that stand twice in one place, of which one is read and written.
fn doubles(outline: &Outline<'_>) -> Vec<Diagnostic> {
    let text = outline.text();
    let mut open: Vec<usize> = Vec::new();
    let mut first: HashMap<(Option<usize>, Role, u8), &Section> = HashMap::new();
    let mut found = Vec::new();
    for (index, section) in outline.sections().iter().enumerate() {
        while open.last().is_some_and(|&outer| outline.sections()[outer].body.end <= section.heading.start) {
            open.pop();
        }
        let place = (open.last().copied(), section.role, section.level);
        open.push(index);
        let is_single = !matches!(section.role, Role::Other | Role::Rules | Role::Results);
        if !is_single || title::role(section.title.of(text)).1 > 0 {
            continue;
        }
        let Some(earlier) = first.get(&place) else {
            first.insert(place, section);
            continue;
        };
        let read = outline.section(section.role).unwrap_or(earlier);
        let (other, which) = if read == section { (*earlier, "this one") } else { (read, "the other one") };
        let name = shortened(section.title.of(text));
        let message = format!("there is more than one `{name}` here; {which} is read and written");
        found.push(
            Diagnostic::new(Severity::Warning, "duplicate-section", section.title, message)
                .with_label(other.title, "the other one")
                .with_hint("join the two, or give one another name"),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::edited;

    /// What is found: the code, the place, and the line after the fix.
    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str, Option<&str>)]) {
        let found = WorkflowState::parse(text).review();
        let told: Vec<_> = found
            .iter()
            .map(|it| {
                let fixed = it.fix.as_ref().map(|fix| {
                    let after = edited(text, fix.edits.clone());
                    let start = text[..it.span.start].rfind('\n').map_or(0, |at| at + 1);
                    after[start..].lines().next().unwrap_or_default().to_owned()
                });
                (it.code, it.span.of(text), fixed)
            })
            .collect();
        let told: Vec<_> = told.iter().map(|(code, span, fix)| (*code, *span, fix.as_deref())).collect();
        assert_eq!(told, expected, "{text:?}");
    }

    #[test]
    fn headings_that_only_look_like_ones() {
        for (text, expected) in [
            ("##\u{200b} Log\n", ("no-heading", "##\u{200b} Log", Some("## Log"))),
            ("##\u{a0}Log\n- a\n", ("no-heading", "##\u{a0}Log", Some("## Log"))),
            ("a\n##Log\n", ("no-heading", "##Log", Some("## Log"))),
            ("## L\u{200b}og\n", ("odd-characters", "L\u{200b}og", Some("## Log"))),
            ("## Lоg\n", ("odd-characters", "Lоg", Some("## Log"))),
            ("### \u{202e}Log ##\n", ("odd-characters", "\u{202e}Log", Some("### Log ##"))),
            ("## Log\0\n", ("odd-characters", "Log\0", Some("## Log"))),
            ("## Lo\u{c}g\n", ("odd-characters", "Lo\u{c}g", Some("## Log"))),
            ("```\nx\n## Log\n- a\n", ("hidden-section", "## Log", None)),
            ("~~~ sh\n\n## Log ##\n", ("hidden-section", "## Log ##", None)),
            ("<!-- x\n\n## Log\n", ("hidden-section", "## Log", None)),
            ("<div>\n## Log\n</div>\n", ("hidden-section", "## Log", None)),
            ("<pre>\n\n## Log\n", ("hidden-section", "## Log", None)),
            ("<script>\n## Log\n", ("hidden-section", "## Log", None)),
            ("- a\n  ## Log\n", ("no-heading", "## Log", None)),
            ("> ## Log\n", ("no-heading", "## Log", None)),
            ("x\n\n    ## Log\n", ("no-heading", "## Log", None)),
        ] {
            check(text, &[expected]);
            let with_one = format!("{text}\n\n## Log\n- b\n");
            if WorkflowState::parse(&with_one).outline().section(Role::Log).is_some() {
                let found = WorkflowState::parse(&with_one).review();
                assert!(
                    found.iter().all(|found| matches!(found.code, "odd-characters" | "duplicate-section")),
                    "an example beside a real section is none of our business: {with_one:?}"
                );
            }
        }
    }

    #[test]
    fn headings_and_what_is_none_of_them() {
        for text in [
            "## Log\n",
            "\u{feff}## Log\n",
            "## **Log**\n",
            "##\tLog\n",
            "## L&#111;g\n",
            "## [Log](x)\n",
            "## Log\u{a0}\n",
            "Log\n---\n",
            "## 🔄 Log\n",
            "####### Log\n",
            "\\## Log\n",
            "#hashtag and #log\n",
            "a ## Log\n",
            "```\n## Log\n```\n",
            "<!--\n## Log\n-->\n",
            "```\n## Something\n",
            "- # of items\n",
            "- a\n  ```\n  ## Log\n  ```\n",
            "| ## Log |\n",
            "## Журнал\n",
            "## שלום\u{200f}\n",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn odd_names() {
        check(
            "## State\nPha\u{200b}se: A\nStatus: READY\n",
            &[("odd-characters", "Pha\u{200b}se", Some("Phase: A"))],
        );
        check(
            "## State\n- **Ѕtatus**: READY\nPhase: A\n",
            &[("odd-characters", "Ѕtatus", Some("- **Status**: READY"))],
        );
        check(
            "## State\nPhase: PLAN\u{200b}\nStatus: A\n",
            &[("odd-characters", "PLAN\u{200b}", Some("Phase: PLAN"))],
        );
        check("## State\nPhase: A\nNote\u{a0}: b\n", &[]);
        check("## State\n단계: A\n상태: B\n", &[]);
        check(
            "## Rules\n### RULE_\u{200b}A\nTrigger: x\nAction: y\n",
            &[("odd-characters", "RULE_\u{200b}A", Some("### RULE_A"))],
        );
        check("## Notes\u{200b}\n", &[("odd-characters", "Notes\u{200b}", Some("## Notes"))]);
        check("## \u{200b}\n", &[("odd-characters", "\u{200b}", None)]);
    }

    #[test]
    fn sections_that_stand_twice() {
        check("## Log\n- a\n## Plan\n## Log\n- b\n", &[("duplicate-section", "Log", None)]);
        check("## Log\n- a\n### Log\n- b\n", &[]);
        check("# A\n## Log\n- a\n# B\n## Log\n- b\n", &[]);
        check("## Rules\n## Rules\n", &[]);
        check("## State\n\n## State\nPhase: A\n", &[("duplicate-section", "State", None)]);
        let text = "## State\n\n## State\nPhase: A\n";
        assert!(WorkflowState::parse(text).review()[0].message.ends_with("this one is read and written"));
        check("## Log\n## Work Log\n", &[]);
    }

    #[test]
    fn no_second_section_is_made() {
        let at = jiff::civil::date(2026, 1, 2).at(3, 4, 5, 0);
        for (text, is_refused) in [
            ("```\n## Log\n", true),
            ("```\n## Log", true),
            ("<!--\n## Log\n", true),
            ("##\u{200b} Log\n", true),
            ("## Lоg\n", true),
            ("> ## Log\n", true),
            ("```\n## Log\n```\n", false),
            ("## Plan\n", false),
            ("## Log\n```\n", false),
        ] {
            let before = WorkflowState::parse(text);
            let patch = Patch::new(crate::text::Revision::of(text), before.log(at, "x")).unwrap();
            assert_eq!(doubled_section(text, &patch).is_some(), is_refused, "{text:?}");
            // Mending the line itself is what is asked for.
            for found in before.review() {
                let Some(fix) = found.fix else { continue };
                let patch = Patch::new(crate::text::Revision::of(text), fix.edits).unwrap();
                assert_eq!(doubled_section(text, &patch), None, "{text:?}");
            }
        }
    }
}
