//! What looks like a rule and is not read as one.

use super::Review;
use crate::{
    document::{Name, Role, Section, odd_name},
    rules::{
        extract::{Unnamed, names_rule},
        id, label,
        source::{self, RuleLineKind},
    },
    text::{Diagnostic, Severity, Span, as_it_looks},
};
use std::collections::HashSet;

/// A suggested id takes no more words of a heading than this.
const MOST_WORDS: usize = 5;

/// A longer heading is cut in messages, in characters.
const LONGEST: usize = 60;

impl Review<'_> {
    /// Headings with a rule's id outside Rules sections, mostly because another heading of the same
    /// level cut the section off. What only tells of rules, as a log does, may name them.
    pub(super) fn rules_outside(&mut self) {
        let sections = self.state.outline().sections();
        let mut open: Vec<&Section> = Vec::new();
        let mut reported = HashSet::new();
        for section in sections {
            while open.last().is_some_and(|outer| outer.body.end <= section.heading.start) {
                open.pop();
            }
            let is_read = section.role == Role::Rules || open.iter().any(|outer| outer.role == Role::Rules);
            let tells = open.iter().any(|outer| tells_of_rules(outer.role));
            if !is_read && !tells && names_rule(self.file, section.title) {
                let stray = open.iter().rev().find(|outer| !names_rule(self.file, outer.title));
                let stray = stray.copied().unwrap_or(section);
                if reported.insert(stray.heading.start) {
                    self.rule_outside(stray, section);
                }
            }
            open.push(section);
        }
    }

    fn rule_outside(&mut self, stray: &Section, rule: &Section) {
        let outline = self.state.outline();
        let message = format!(
            "the rules below `{}` stand outside the Rules section and are not read",
            self.line(stray)
        );
        let diagnostic = Diagnostic::new(Severity::Warning, "rule-outside-rules", stray.title, message);
        let diagnostic = if stray.title == rule.title {
            diagnostic
        } else {
            diagnostic.with_label(rule.title, "the first rule that is not read")
        };
        self.found.push(match outline.section(Role::Rules) {
            Some(rules) => diagnostic.with_hint(format!(
                "move them into `{}`, or make this heading one of a lower level",
                self.line(rules)
            )),
            None => diagnostic.with_hint("put a heading `## Rules` above them"),
        });
    }

    /// A section's heading as written.
    fn line(&self, section: &Section) -> String {
        let first = section.heading.of(self.file).lines().next().unwrap_or_default();
        first.trim().to_owned()
    }

    /// Lines that begin with a rule's id but for characters that are not what they look like. Those
    /// in headings are found with the headings.
    pub(super) fn odd_ids(&mut self) {
        let outline = self.state.outline();
        for section in outline.sections().iter().filter(|section| section.role == Role::Rules) {
            for line in source::lines(outline, section.body) {
                let opens_rule = matches!(line.kind, RuleLineKind::Item | RuleLineKind::Text);
                let id = opens_rule.then(|| self.odd_id(line.body)).flatten();
                self.found.extend(id.and_then(|id| odd_name(self.file, id, Name::RuleId)));
            }
        }
    }

    /// The first word of `line`, when it reads as a rule's id by its looks only.
    fn odd_id(&self, line: Span) -> Option<Span> {
        let ends = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | ':' | '*' | '`' | '[' | ']');
        let content = line.of(self.file);
        let begun = content.trim_start_matches(ends);
        let word =
            begun.split(ends).next().filter(|word| !word.is_ascii() || word.contains(char::is_control))?;
        let start = line.start + (content.len() - begun.len());
        id::read(&as_it_looks(word), 0).map(|_| Span::new(start, start + word.len()))
    }

    /// Triggers and actions below something that is not an id.
    pub(super) fn unnamed(&mut self, unnamed: &[Unnamed]) {
        for Unnamed { head, kind } in unnamed {
            if self.odd_id(*head).is_some() {
                continue;
            }
            let part = match label::read(self.file, *head) {
                Some(_) => head.start,
                None => label::find(self.file, *head).map_or(head.end, |(at, _)| at),
            };
            let title: String = Span::new(head.start, part).of(self.file).chars().take(LONGEST).collect();
            let title = title.trim_end_matches([' ', ':']);
            let name = suggested_id(if part > head.start { title } else { "" });
            let how = match kind {
                RuleLineKind::Heading(level) => "#".repeat(usize::from(*level)) + " " + &name,
                _ => name + ":",
            };
            let message = if title.is_empty() {
                "this trigger or action belongs to no rule, so it is not run".to_owned()
            } else {
                format!("`{title}` has no rule id, so it is not run")
            };
            self.found.push(
                Diagnostic::new(Severity::Warning, "rule-without-id", *head, message)
                    .with_hint(format!("to make it a rule, write `{how}`")),
            );
        }
    }
}

/// Whether a section tells what happened, or what is to happen: ids there define nothing.
fn tells_of_rules(role: Role) -> bool {
    matches!(
        role,
        Role::Plan
            | Role::Log
            | Role::ArchiveLog
            | Role::BlueprintHistory
            | Role::WorkflowHistory
            | Role::Changelog
            | Role::Results
    )
}

/// `When blocked` → `RULE_WHEN_BLOCKED_01`
fn suggested_id(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let words: Vec<String> = words
        .map(str::to_ascii_uppercase)
        .skip_while(|word| word == "RULE" || word == "RULES")
        .take(MOST_WORDS)
        .collect();
    let name = words.join("_");
    if name.is_empty() {
        "RULE_NAME_01".to_owned()
    } else if name.ends_with(|c: char| c.is_ascii_digit()) {
        format!("RULE_{name}")
    } else {
        format!("RULE_{name}_01")
    }
}

#[cfg(test)]
mod tests {
    use crate::{document::WorkflowState, rules::compile};

    #[track_caller]
    fn check(file: &str, expected: &[(&str, &str)]) {
        let set = compile(&WorkflowState::parse(file));
        let found: Vec<_> = set
            .diagnostics
            .iter()
            .filter(|found| matches!(found.code, "rule-outside-rules" | "rule-without-id"))
            .map(|found| (found.span.of(file), found.hint.as_deref().unwrap_or_default()))
            .collect();
        assert_eq!(found, expected, "{file}");
    }

    #[test]
    fn rules_outside_of_rules() {
        let rule = "Trigger: x\nAction: Log action.\n";
        let hint = "move them into `## Rules`, or make this heading one of a lower level";
        check(
            &format!(
                "## Rules\n### RULE_A\n{rule}## Something\n### RULE_B\n{rule}### 📌 RULE_C\n{rule}#### RULE_D\n"
            ),
            &[("Something", hint)],
        );
        check(
            &format!("## Rules\n### RULE_A\n{rule}## One\n### RULE_B\n{rule}## Two\n### RULE_C\n{rule}"),
            &[("One", hint), ("Two", hint)],
        );
        check(&format!("## Rules\n## RULE_B\n{rule}"), &[]);
        check(&format!("## Notes\n### RULE_B\n{rule}"), &[("Notes", "put a heading `## Rules` above them")]);
        check(&format!("### RULE_B\n{rule}"), &[("RULE_B", "put a heading `## Rules` above them")]);
        for telling in ["Log", "ArchiveLog", "Plan", "Blueprint History", "Workflow History", "Changelog"] {
            check(&format!("## Rules\n### RULE_A\n{rule}## {telling}\n### RULE_B\nfired\n"), &[]);
        }
        check(&format!("## Rules\n### RULE_A\n{rule}## Notes\nRULE_A is old.\n### About RULE_A\n"), &[]);
    }

    #[test]
    fn rules_without_ids() {
        let rule = "Trigger: x\nAction: Log action.\n";
        let write = |name: &str| format!("to make it a rule, write `{name}`");
        for (head, title, name) in [
            ("### 규칙_B", "규칙_B", "### RULE_B_01"),
            ("### When blocked", "When blocked", "### RULE_WHEN_BLOCKED_01"),
            ("### 규칙", "규칙", "### RULE_NAME_01"),
            ("### Rule_Init_01", "Rule_Init_01", "### RULE_INIT_01"),
            ("### When blocked\nPlain words.\n", "When blocked", "### RULE_WHEN_BLOCKED_01"),
            ("**When blocked:**", "**When blocked:**", "RULE_WHEN_BLOCKED_01:"),
        ] {
            let file = format!("## Rules\n### RULE_A\n{rule}\n---\n{head}\n{rule}### RULE_C\n{rule}");
            check(&file, &[(title, &write(name))]);
        }
        check(
            &format!("## Rules\n### One\n{rule}### Two\n**Action:** x\n"),
            &[("One", &write("### RULE_ONE_01")), ("Two", &write("### RULE_TWO_01"))],
        );
        check(&format!("## Rules\n{rule}"), &[("Trigger: x", &write("RULE_NAME_01:"))]);
        check(
            "## Rules\n### When blocked: Trigger: x Action: y\n",
            &[("When blocked: Trigger: x Action: y", &write("### RULE_WHEN_BLOCKED_01"))],
        );
        check("## Rules\n---\n**Phase: `START`**\n- **Action:**\n  1. Log action.\n", &[]);
        check(&format!("## Rules\n### [PHASE: ANALYZE]\n{rule}### Notes\nWords. Constraint: none.\n"), &[]);
    }

    /// An id with a character that only looks like one of its own.
    #[test]
    fn ids_that_only_look_like_ones() {
        for (rule, odd, fixed) in [
            ("RULE_\u{200b}A_01: Phase == A → clear Log", "RULE_\u{200b}A_01", "RULE_A_01"),
            ("- **RULE_A\u{200b}_01**: Phase == A → clear Log", "RULE_A\u{200b}_01", "RULE_A_01"),
            ("**RULE_А_01:**\nTrigger: x\nAction: y", "RULE_А_01", "RULE_A_01"),
            ("RULE_INIT_\u{202e}10: Phase == A → clear Log", "RULE_INIT_\u{202e}10", "RULE_INIT_10"),
            ("ＲULE_A_01:\nTrigger: x\nAction: y", "ＲULE_A_01", "RULE_A_01"),
        ] {
            let file = format!("## Rules\n### RULE_FIRST_01\nTrigger: x\nAction: y\n\n---\n\n{rule}\n");
            let set = compile(&WorkflowState::parse(&file));
            let found: Vec<_> =
                set.diagnostics.iter().filter(|found| found.code == "odd-characters").collect();
            assert_eq!(found.len(), 1, "{rule}: {:#?}", set.diagnostics);
            let edit = &found[0].fix.as_ref().unwrap().edits[0];
            assert_eq!((edit.span.of(&file), edit.new_text.as_str()), (odd, fixed), "{rule}");
            assert!(!set.diagnostics.iter().any(|found| found.code == "rule-without-id"), "{rule}");
        }
    }
}
