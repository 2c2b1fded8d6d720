//! A state file to its rules.

use super::{
    action::{self, Piece},
    ast::{Clause, Condition, Constraint, Phase, Rule, RuleForm, RuleSet, Trigger},
    condensed,
    extract::{Extract, Opening, RawPhase, RawRule, extract},
    label::{self, Label},
    review,
    source::{RuleLine, RuleLineKind},
    step::Context,
    trigger,
    vocabulary::Vocabulary,
};
use crate::{document::WorkflowState, text::Span};

/// Reads the rules of a state file.
#[must_use]
pub fn compile(state: &WorkflowState<'_>) -> RuleSet {
    let extracted = extract(state.outline());
    let compiler = Compiler::new(state, &extracted);
    let mut set = compiler.whole(&extracted);
    set.diagnostics = review::review(state, &compiler.vocabulary, &extracted, &set);
    set
}

/// As [`compile`], without looking for what is wrong: no diagnostics.
#[must_use]
pub fn compile_unreviewed(state: &WorkflowState<'_>) -> RuleSet {
    let extracted = extract(state.outline());
    Compiler::new(state, &extracted).whole(&extracted)
}

/// As [`compile`], but only what the engine runs: phases without their steps, and no diagnostics. A
/// third less work, for what is done on every save.
#[must_use]
pub fn compile_runnable(state: &WorkflowState<'_>) -> RuleSet {
    let extracted = extract(state.outline());
    let compiler = Compiler::new(state, &extracted);
    let rules = compiler.rules(&extracted);
    let phases = extracted.phases.iter().map(|raw| compiler.bare_phase(raw)).collect();
    RuleSet { rules, phases, diagnostics: Vec::new() }
}

/// One phase with its steps, of a file of which [`compile_runnable`] has told the phases.
#[must_use]
pub fn compile_phase(state: &WorkflowState<'_>, phase: &Phase) -> Option<Phase> {
    let extracted = extract(state.outline());
    let compiler = Compiler::new(state, &extracted);
    let raw = extracted.phases.iter().find(|raw| compiler.bare_phase(raw).name_span == phase.name_span)?;
    Some(compiler.phase(raw))
}

/// A labelled part of a rule.
struct Part<'l> {
    label: Label,
    /// What stands behind the label on its line.
    first: Span,
    lines: &'l [RuleLine],
}

struct Compiler<'t> {
    file: &'t str,
    vocabulary: Vocabulary,
}

impl<'t> Compiler<'t> {
    fn new(state: &WorkflowState<'t>, extracted: &Extract) -> Self {
        let file = state.outline().text();
        let names = extracted.phases.iter().map(|phase| phase.name.of(file).replace('\\', ""));
        // As the file writes them, and as the workflow calls them.
        let keys = state.keys().iter().map(|key| (key.name_span.of(file), key.name.as_str()));
        Self { file, vocabulary: Vocabulary::new(names, keys) }
    }

    fn whole(&self, extracted: &Extract) -> RuleSet {
        let phases = extracted.phases.iter().map(|raw| self.phase(raw)).collect();
        RuleSet { rules: self.rules(extracted), phases, diagnostics: Vec::new() }
    }

    fn rules(&self, extracted: &Extract) -> Vec<Rule> {
        extracted.rules.iter().map(|raw| self.rule(raw)).collect()
    }

    fn phase(&self, raw: &RawPhase) -> Phase {
        let pieces = action::pieces(self.file, None, &raw.lines);
        Phase { steps: action::steps(self.context(None), &pieces), ..self.bare_phase(raw) }
    }

    fn bare_phase(&self, raw: &RawPhase) -> Phase {
        let name = raw.name.of(self.file).replace('\\', "");
        Phase { name, name_span: raw.name, span: raw.span, steps: Vec::new() }
    }

    fn rule(&self, raw: &RawRule) -> Rule {
        let inline = label::find(self.file, raw.head);
        let (head, inline) = match inline {
            Some((at, found)) => (Span::new(raw.head.start, at).trimmed(self.file), Some(found)),
            None => (raw.head, None),
        };
        let first = raw.lines.iter().position(|line| is_labelled(self.file, line)).unwrap_or(raw.lines.len());
        let mut rule = Rule {
            id: raw.id.name.clone(),
            id_span: raw.id.span,
            span: raw.span,
            title: None,
            form: RuleForm::Constraint,
            clauses: Vec::new(),
            constraints: Vec::new(),
        };
        if inline.is_none() && first == raw.lines.len() {
            self.condensed(raw, head, &mut rule);
            return rule;
        }
        rule.title = (!head.is_empty()).then(|| head.of(self.file).trim_end_matches(['*', '_']).to_owned());
        let mut parts = Vec::new();
        let (preamble, below) = raw.lines.split_at(first);
        let mut own = preamble;
        if let Some(found) = inline {
            self.inline(found, own, &mut parts);
            own = &[];
        }
        self.parts(below, &mut parts);
        self.preamble(own, &mut rule);
        self.labelled(&parts, &mut rule);
        let has_trigger = rule.clauses.iter().any(|clause| clause.trigger.is_some());
        rule.form = match raw.opening {
            _ if rule.clauses.is_empty() => RuleForm::Constraint,
            _ if inline.is_some() && has_trigger => RuleForm::OneLine,
            Opening::Heading(_) => RuleForm::Heading,
            Opening::Text(_) => RuleForm::Label,
            Opening::Item(_) => RuleForm::Bullet,
        };
        rule
    }

    /// The parts of `Trigger: … Action: …` on one line; the lines below belong to the last of them.
    fn inline<'l>(&self, mut found: label::Labelled, below: &'l [RuleLine], parts: &mut Vec<Part<'l>>) {
        while let Some((at, next)) = label::find(self.file, found.rest) {
            let first = Span::new(found.rest.start, at).trimmed(self.file);
            parts.push(Part { label: found.label, first, lines: &[] });
            found = next;
        }
        parts.push(Part { label: found.label, first: found.rest, lines: below });
    }

    fn parts<'l>(&self, lines: &'l [RuleLine], parts: &mut Vec<Part<'l>>) {
        let mut rest = lines;
        while let Some((line, behind)) = rest.split_first() {
            let Some(found) = label::read(self.file, line.body) else {
                rest = behind;
                continue;
            };
            let count = behind.iter().position(|line| is_labelled(self.file, line)).unwrap_or(behind.len());
            let (below, further) = behind.split_at(count);
            self.inline(found, below, parts);
            rest = further;
        }
    }

    /// Words between the id and the first label are shown, like a constraint.
    fn preamble(&self, lines: &[RuleLine], rule: &mut Rule) {
        for piece in action::pieces(self.file, None, lines) {
            rule.constraints.push(self.constraint(piece.whole()));
        }
    }

    fn constraint(&self, span: Span) -> Constraint {
        let span = span.trimmed(self.file);
        Constraint { text: span.of(self.file).to_owned(), span }
    }

    fn labelled(&self, parts: &[Part<'_>], rule: &mut Rule) {
        let mut waiting: Option<Trigger> = None;
        for part in parts {
            match part.label {
                Label::Trigger => {
                    self.unanswered(waiting.take(), rule);
                    waiting = Some(self.trigger(part));
                }
                Label::Action => {
                    let pieces = action::pieces(self.file, Some(part.first), part.lines);
                    let span = extent(part.first, &pieces);
                    let clause = self.clause(waiting.take(), &pieces, span);
                    rule.clauses.push(clause);
                }
                Label::Constraint => {
                    let pieces = action::pieces(self.file, Some(part.first), part.lines);
                    if !pieces.is_empty() {
                        rule.constraints.push(self.constraint(extent(part.first, &pieces)));
                    }
                }
            }
        }
        self.unanswered(waiting.take(), rule);
    }

    /// A trigger without an action is kept, so that it can be shown.
    fn unanswered(&self, trigger: Option<Trigger>, rule: &mut Rule) {
        if let Some(trigger) = trigger {
            let span = trigger.span;
            rule.clauses.push(Clause { trigger: Some(trigger), steps: Vec::new(), span });
        }
    }

    fn clause(&self, trigger: Option<Trigger>, pieces: &[Piece], span: Span) -> Clause {
        let steps = action::steps(self.context(trigger.as_ref()), pieces);
        let span = trigger.as_ref().map_or(span, |trigger| trigger.span.union(span));
        Clause { trigger, steps, span }
    }

    fn context<'a>(&'a self, trigger: Option<&'a Trigger>) -> Context<'a, 'a> {
        Context::new(self.file, &self.vocabulary, trigger.map(|trigger| &trigger.condition))
    }

    /// The condition of a Trigger part; of several list items any one.
    fn trigger(&self, part: &Part<'_>) -> Trigger {
        let pieces = action::pieces(self.file, Some(part.first), part.lines);
        let span = extent(part.first, &pieces);
        let items: Vec<&Piece> = pieces.iter().filter(|piece| piece.is_item()).collect();
        if !part.first.is_empty() || items.len() < 2 || items.len() < pieces.len() {
            return trigger::parse(self.file, span, &self.vocabulary);
        }
        let conditions = items
            .iter()
            .map(|item| trigger::parse(self.file, item.whole(), &self.vocabulary).condition)
            .collect();
        Trigger { condition: Condition::Any(conditions), text: span.of(self.file).to_owned(), span }
    }

    fn condensed(&self, raw: &RawRule, head: Span, rule: &mut Rule) {
        let body = action::pieces(self.file, None, &raw.lines);
        let about_log = raw.id.name.split('_').any(|word| word == "LOG");
        let found = condensed::read(self.file, head, &body, &self.vocabulary, about_log);
        rule.form = match raw.opening {
            _ if found.clauses.is_empty() => RuleForm::Constraint,
            _ if found.has_arrow => RuleForm::Arrow,
            _ => RuleForm::Bullet,
        };
        rule.title = found.title;
        rule.clauses = found.clauses;
        rule.constraints = found.constraints;
        if rule.clauses.is_empty()
            && rule.constraints.is_empty()
            && let Some(title) = &rule.title
        {
            rule.constraints.push(Constraint { text: title.clone(), span: head });
        }
    }
}

fn is_labelled(file: &str, line: &RuleLine) -> bool {
    matches!(line.kind, RuleLineKind::Text | RuleLineKind::Item | RuleLineKind::Heading(_))
        && label::read(file, line.body).is_some()
}

/// From what stands on the label's line to the end of what stands below.
fn extent(first: Span, pieces: &[Piece]) -> Span {
    let mut spans = pieces.iter().map(Piece::whole);
    let start = spans.next().unwrap_or(first);
    spans.fold(start, Span::union)
}

#[cfg(test)]
mod tests;
