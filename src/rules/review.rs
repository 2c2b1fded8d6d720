//! What is wrong with a file's rules, with hints and fixes.

mod misspelt;
mod near_words;
mod unread;

use super::{
    ast::{Clause, Condition, NewValue, Rule, RuleSet, SectionName, Step, StepKind, Test, Value},
    extract::{Extract, RawRule},
    vocabulary::Vocabulary,
};
use crate::{
    document::WorkflowState,
    text::{Diagnostic, Severity, Span, TextEdit, nearest},
};
use std::collections::HashMap;

/// Everything that is wrong, by position.
pub(super) fn review(
    state: &WorkflowState<'_>,
    vocabulary: &Vocabulary,
    extracted: &Extract,
    set: &RuleSet,
) -> Vec<Diagnostic> {
    let file = state.outline().text();
    let ids = set.rules.iter().rev().map(|rule| (rule.id.as_str(), rule)).collect();
    let mut review = Review {
        file,
        state,
        vocabulary,
        rules: &set.rules,
        ids,
        found: Vec::new(),
        suggestions: 0,
        tried: 0,
    };
    for (raw, rule) in extracted.rules.iter().zip(&set.rules) {
        review.id(raw, rule);
        review.labels(raw, rule);
        review.parts(rule);
    }
    review.borrowed_actions(&set.rules);
    review.rules_outside();
    review.odd_ids();
    review.unnamed(&extracted.unnamed);
    review.state_keys();
    let phases = set.phases.iter().map(|phase| phase.steps.as_slice());
    for clause in set.rules.iter().flat_map(|rule| &rule.clauses) {
        review.near_words(clause);
        if let Some(trigger) = &clause.trigger {
            review.condition(&trigger.condition);
        }
    }
    let actions = set.rules.iter().flat_map(|rule| &rule.clauses).map(|clause| clause.steps.as_slice());
    for steps in actions.chain(phases) {
        review.steps(steps);
    }
    review.found.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.code));
    review.found
}

/// Suggestions come from at most so many words; a file with more is not a person's.
const MOST_COMPARED: usize = 256;

/// Suggestions are made for so many findings; whoever has more has another problem.
const MOST_SUGGESTIONS: usize = 64;

struct Review<'a> {
    file: &'a str,
    state: &'a WorkflowState<'a>,
    vocabulary: &'a Vocabulary,
    rules: &'a [Rule],
    /// The first rule with each id.
    ids: HashMap<&'a str, &'a Rule>,
    found: Vec<Diagnostic>,
    suggestions: usize,
    /// Sentences that were read again with another word.
    tried: usize,
}

impl Review<'_> {
    fn id(&mut self, raw: &RawRule, rule: &Rule) {
        if raw.id.is_damaged(self.file) {
            let span = raw.id.span;
            let message = format!("`{}` is not how rule ids are written", span.of(self.file));
            let fix = vec![TextEdit::replace(span, rule.id.as_str())];
            self.found.push(
                Diagnostic::new(Severity::Warning, "damaged-rule-id", span, message)
                    .with_hint("a Markdown formatter took its underscores for emphasis")
                    .with_fix(format!("write the id as `{}`", rule.id), fix),
            );
        }
        let first = self.ids.get(rule.id.as_str()).copied();
        if let Some(first) = first.filter(|first| first.id_span != rule.id_span) {
            let message = format!("`{}` is defined more than once", rule.id);
            self.found.push(
                Diagnostic::new(Severity::Warning, "duplicate-rule-id", rule.id_span, message)
                    .with_label(first.id_span, "first defined here")
                    .with_hint("only the first runs; give this one another id, or remove it"),
            );
        }
    }

    fn parts(&mut self, rule: &Rule) {
        if rule.clauses.is_empty() && rule.constraints.is_empty() {
            let message = format!("`{}` says nothing", rule.id);
            self.found.push(
                Diagnostic::new(Severity::Warning, "empty-rule", rule.id_span, message)
                    .with_hint("add `Trigger ▶ …` and `Action ▶ …`, or remove the rule"),
            );
        }
        for clause in &rule.clauses {
            if clause.steps.is_empty() {
                let message = format!("`{}` has a trigger and no action", rule.id);
                self.found.push(
                    Diagnostic::new(Severity::Warning, "trigger-without-action", rule.id_span, message)
                        .with_label(clause.span, "this trigger starts nothing")
                        .with_hint("add `Action ▶ …` below the trigger"),
                );
            }
        }
        let lone = rule.clauses.iter().filter(|clause| clause.trigger.is_none());
        if !rule.clauses.iter().any(|clause| clause.trigger.is_some()) {
            for clause in lone {
                let message = format!("`{}` has an action and no trigger", rule.id);
                self.found.push(
                    Diagnostic::new(Severity::Warning, "action-without-trigger", rule.id_span, message)
                        .with_label(clause.span, "only another rule can start this")
                        .with_hint("add `Trigger ▶ …` above the action"),
                );
            }
        }
    }

    /// A second action, and a rule right before it that has none: the text of one slipped below the
    /// other.
    fn borrowed_actions(&mut self, rules: &[Rule]) {
        for (at, rule) in rules.iter().enumerate() {
            let has_trigger = rule.clauses.iter().any(|clause| clause.trigger.is_some());
            for clause in rule.clauses.iter().filter(|clause| has_trigger && clause.trigger.is_none()) {
                let message = format!("`{}` has more actions than triggers", rule.id);
                let diagnostic = Diagnostic::new(Severity::Warning, "second-action", clause.span, message);
                let before = at
                    .checked_sub(1)
                    .and_then(|before| rules.get(before))
                    .filter(|before| lacks_action(before));
                self.found.push(match before {
                    Some(before) => diagnostic
                        .with_label(before.id_span, "this rule has none")
                        .with_hint(format!("it seems to belong to `{}`; move it there", before.id)),
                    None => diagnostic.with_hint("give it a trigger of its own, or join the two"),
                });
            }
        }
    }

    fn condition(&mut self, condition: &Condition) {
        for atom in condition.atoms() {
            self.named_in_test(&atom.test, atom.span);
            match &atom.test {
                Test::Compare { key, value: Value::Text(value), .. } if key.eq_ignore_ascii_case("phase") => {
                    self.phase(value, atom.span);
                }
                Test::Length { section, .. } => self.section(section, atom.span),
                _ => {}
            }
            if let Test::Compare { key, .. } = &atom.test {
                self.key(key, atom.span);
            }
        }
    }

    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            self.named_in_step(step);
            match &step.kind {
                StepKind::Set(assignments) => {
                    for assignment in assignments {
                        self.assigned_key(&assignment.key, step.span);
                        if let NewValue::Literal(value) = &assignment.value
                            && assignment.key.eq_ignore_ascii_case("phase")
                        {
                            self.phase(value, step.span);
                        }
                    }
                }
                StepKind::Call { rule } => self.call(rule, step.span),
                StepKind::Clear(section) => self.section(section, step.span),
                StepKind::Summarise { from, into, .. } | StepKind::Archive { from, into, .. } => {
                    self.section(from, step.span);
                    self.section(into, step.span);
                }
                StepKind::If { then, otherwise, .. } => {
                    self.steps(then);
                    self.steps(otherwise);
                }
                _ => {}
            }
        }
    }

    /// A phase that the file does not define, but almost.
    fn phase(&mut self, name: &str, around: Span) {
        let own = self.vocabulary.phases();
        if own.is_empty() || own.iter().any(|phase| phase == name) {
            return;
        }
        let same = own.iter().find(|phase| phase.eq_ignore_ascii_case(name));
        let uniform = !name.contains(char::is_uppercase) || !name.chars().skip(1).any(char::is_uppercase);
        let meant = match same {
            // Case does not matter; `ANALYzE` is a slip all the same.
            Some(_) if uniform => return,
            Some(same) => same.as_str(),
            None if self.vocabulary.knows_phase(name) => return,
            None => {
                let Some(near) = self.near(name, own.iter().map(String::as_str)) else { return };
                near
            }
        };
        let span = self.inside(around, name);
        let diagnostic =
            Diagnostic::new(Severity::Warning, "unknown-phase", span, format!("no phase is called `{name}`"))
                .with_hint(format!("did you mean `{meant}`?"))
                .with_fix(format!("write `{meant}`"), vec![TextEdit::replace(span, meant)]);
        self.found.push(diagnostic);
    }

    /// A key that State does not have, but almost; or a condition that can never hold.
    fn key(&mut self, key: &str, around: Span) {
        let known = ["phase", "status", "currentitem"].iter().any(|always| key.eq_ignore_ascii_case(always));
        if known || self.vocabulary.keys().next().is_none() || self.has_key(key) {
            return;
        }
        let span = self.inside(around, key);
        let diagnostic =
            Diagnostic::new(Severity::Note, "unknown-key", span, format!("State has no key `{key}`"));
        let meant = self.near(key, self.vocabulary.keys());
        self.found.push(match meant {
            Some(near) => diagnostic.with_hint(format!("did you mean `{near}`?")),
            None => diagnostic.with_hint(format!("until State has `{key}`, only a test for null holds")),
        });
    }

    /// Whether State has the key, in whatever language. Of very many keys only the first are compared.
    fn has_key(&self, key: &str) -> bool {
        let is_comparable = self.state.keys().len() <= MOST_COMPARED;
        self.vocabulary.key(&[key]).is_some() || (is_comparable && self.state.key(key).is_some())
    }

    fn call(&mut self, id: &str, span: Span) {
        if self.ids.contains_key(id) {
            return;
        }
        let known = self.rules.iter().map(|rule| rule.id.as_str()).take(MOST_COMPARED);
        let diagnostic = Diagnostic::new(
            Severity::Warning,
            "unknown-rule",
            self.inside(span, id),
            format!("no rule is called `{id}`"),
        );
        let meant = self.near(id, known);
        self.found.push(match meant {
            Some(near) => diagnostic.with_hint(format!("did you mean `{near}`?")),
            None => diagnostic.with_hint("define it, or leave the step out"),
        });
    }

    /// A section that the file does not have, but almost.
    fn section(&mut self, section: &SectionName, around: Span) {
        let outline = self.state.outline();
        if outline.named(&section.0).is_some() {
            return;
        }
        let titles = outline
            .sections()
            .iter()
            .map(|known| known.title.of(self.file).trim_matches(|c: char| !c.is_alphanumeric()));
        let Some(meant) = self.near(&section.0, titles) else { return };
        let span = self.inside(around, &section.0);
        let message = format!("there is no section `{}`", section.0);
        self.found.push(
            Diagnostic::new(Severity::Warning, "unknown-section", span, message)
                .with_hint(format!("did you mean `{meant}`?")),
        );
    }

    /// What `word` was probably meant to be.
    fn near<'k>(&mut self, word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
        self.suggestions += 1;
        if self.suggestions > MOST_SUGGESTIONS { None } else { nearest(word, known) }
    }

    /// Where `word` stands in `around`; all of it when it is written otherwise there.
    fn inside(&self, around: Span, word: &str) -> Span {
        let at = around.of(self.file).find(word);
        at.map_or(around, |at| Span::new(around.start + at, around.start + at + word.len()))
    }
}

fn lacks_action(rule: &Rule) -> bool {
    let unanswered = |clause: &Clause| clause.trigger.is_some() && clause.steps.is_empty();
    !rule.clauses.is_empty() && rule.clauses.iter().all(unanswered)
}
