//! What looks like a rule and is not read as one.

use super::Review;
use crate::{
    document::{Role, Section},
    rules::{
        extract::{Unnamed, names_rule},
        label,
        source::RuleLineKind,
    },
    text::{Diagnostic, Severity, Span},
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

    /// Triggers and actions below something that is not an id.
    pub(super) fn unnamed(&mut self, unnamed: &[Unnamed]) {
        for Unnamed { head, kind } in unnamed {
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
}
