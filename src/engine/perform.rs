//! Performing the steps of the clauses that fire in one round.
//!
//! Steps read the round's snapshot; what they write is collected and applied by the run, in the
//! order of the file (`rule-language.md`, section 4).

mod steps;
mod wording;

use super::{
    evaluate::{Asker, Occurrence, View},
    model::{ClauseId, Effect, Event, Memory, PendingKind, PendingStep, StepResult},
    working::Write,
};
use crate::{
    rules::{self, Class, Clause, Guard, LogText, Rule, RuleSet, Step, StepKind},
    text::{Diagnostic, Severity, Span},
};
use std::collections::BTreeSet;
use wording::{counted, one_line};

/// What one clause did in a round.
#[derive(Debug)]
pub(super) struct Performance {
    pub(super) clause: ClauseId,
    pub(super) rule_span: Span,
    pub(super) done: Vec<String>,
    /// Why nothing of it may be applied.
    pub(super) failed: bool,
}

/// One round: the clauses that fire on one snapshot.
pub(super) struct Round<'a> {
    pub(super) view: &'a View<'a>,
    pub(super) rules: &'a RuleSet,
    pub(super) event: &'a Event,
    pub(super) memory: &'a mut Memory,
    /// What the clauses did, in the order in which they began.
    pub(super) performances: Vec<Performance>,
    /// What they write, in the order in which they did, with the number of the performance.
    pub(super) writes: Vec<(usize, Write)>,
    pub(super) effects: Vec<Effect>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// What the writes of this round make happen in the next.
    pub(super) raised: Vec<Occurrence>,
    /// Clauses that other rules called: what is raised in this round is no news to them.
    pub(super) called: BTreeSet<ClauseId>,
    depth: usize,
}

/// Where the steps of a clause have got to.
enum Flow {
    Done,
    /// A step waits; its path is in the pending step.
    Waits,
    /// The rest is not to be done.
    Ends,
}

/// What the steps of one clause know while they run.
struct Progress<'a> {
    rule: &'a Rule,
    number: usize,
    clause: &'a Clause,
    /// Where in the clause the current list of steps is.
    path: Vec<usize>,
    result: Option<StepResult>,
    /// The item the clause fired on, if that was in an earlier run.
    item: Option<String>,
    found: Option<bool>,
    /// The errors of the last consistency check.
    issues: Option<Vec<String>>,
    performance: usize,
}

impl<'a> Round<'a> {
    pub(super) fn new(
        view: &'a View<'a>,
        rules: &'a RuleSet,
        event: &'a Event,
        memory: &'a mut Memory,
    ) -> Self {
        Self {
            view,
            rules,
            event,
            memory,
            performances: Vec::new(),
            writes: Vec::new(),
            effects: Vec::new(),
            diagnostics: Vec::new(),
            raised: Vec::new(),
            called: BTreeSet::new(),
            depth: 0,
        }
    }

    /// Performs a clause from its beginning. A pending step of an earlier firing is superseded.
    pub(super) fn fire(&mut self, rule: &'a Rule, number: usize) {
        let id = ClauseId { rule: rule.id.clone(), clause: number };
        if self.has_performed(&id) {
            return;
        }
        self.memory.pending.retain(|pending| pending.clause != id);
        if self.depth > 0 {
            self.called.insert(id);
        }
        let mut progress = self.begin(rule, number, None);
        self.perform_from(&mut progress, &rule.clauses[number].steps, 0);
    }

    /// Closes a pending step and carries out the rest of its rule.
    pub(super) fn close(&mut self, id: &str, result: &StepResult) {
        let Some(at) = self.memory.pending.iter().position(|pending| pending.id.eq_ignore_ascii_case(id))
        else {
            let message = format!("nothing waits under the id `{id}`");
            let hint = "`rulemark next` lists what waits";
            self.diagnostics.push(
                Diagnostic::new(Severity::Error, "unknown-step", Span::default(), message).with_hint(hint),
            );
            return;
        };
        let pending = self.memory.pending.remove(at);
        if !self.resume(&pending, result) {
            let rule = &pending.clause.rule;
            let message = format!("`{rule}` was changed since it asked; the rest of it is not carried out");
            let span = self.rules.rule(rule).map_or(Span::default(), |rule| rule.id_span);
            self.diagnostics.push(Diagnostic::new(Severity::Warning, "rule-changed", span, message));
        }
    }

    /// Carries on behind a pending step that was closed. Answers whether its clause still has it.
    fn resume(&mut self, pending: &PendingStep, result: &StepResult) -> bool {
        let position = self.rules.rules.iter().find(|rule| rule.id == pending.clause.rule);
        let Some(rule) = position else { return false };
        let Some(clause) = rule.clauses.get(pending.clause.clause) else { return false };
        if !still_says(&clause.steps, &pending.path, pending) {
            return false;
        }
        let mut progress = self.begin(rule, pending.clause.clause, Some(result.clone()));
        progress.item.clone_from(&pending.item);
        let refused = !result.success;
        let answer = result.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let verdict = if result.success { "done" } else { "failed" };
        self.note(&progress, format!("{verdict}: {}", one_line(&pending.text)));
        let is_logged_by_rule = pending.kind == PendingKind::Run && logs_result(&clause.steps);
        if (answer.is_some() || refused) && !is_logged_by_rule {
            let said = answer.unwrap_or(if pending.kind == PendingKind::Ask { "no" } else { "failed" });
            let asked = one_line(&pending.text);
            self.write(&progress, Write::Log(format!("{}: {said}", asked.trim_end_matches(['.', ':']))));
        }
        self.resume_in(&mut progress, &clause.steps, &pending.path, pending.steps, refused);
        true
    }

    /// Finds the list that waited, and carries on behind the steps that did.
    fn resume_in(
        &mut self,
        progress: &mut Progress<'a>,
        steps: &'a [Step],
        path: &[usize],
        waited: usize,
        refused: bool,
    ) -> Flow {
        match *path {
            [at] => {
                // A person's no, a failure, ends the rule unless it says what then.
                let behind = steps.get(at + waited..).unwrap_or_default();
                if refused && !answers_failure(behind) {
                    self.note(progress, "the rest of the rule is dropped".into());
                    return Flow::Ends;
                }
                self.perform_from(progress, steps, at + waited)
            }
            [at, branch, ref rest @ ..] => {
                let Some(StepKind::If { then, otherwise, .. }) = steps.get(at).map(|step| &step.kind) else {
                    return Flow::Ends;
                };
                let list = if branch == 0 { then } else { otherwise };
                progress.path.extend([at, branch]);
                let flow = self.resume_in(progress, list, rest, waited, refused);
                progress.path.truncate(progress.path.len() - 2);
                match flow {
                    Flow::Done => self.perform_from(progress, steps, at + 1),
                    stopped => stopped,
                }
            }
            [] => Flow::Ends,
        }
    }

    fn begin(&mut self, rule: &'a Rule, number: usize, result: Option<StepResult>) -> Progress<'a> {
        self.performances.push(Performance {
            clause: ClauseId { rule: rule.id.clone(), clause: number },
            rule_span: rule.id_span,
            done: Vec::new(),
            failed: false,
        });
        Progress {
            rule,
            number,
            clause: &rule.clauses[number],
            path: Vec::new(),
            result,
            item: None,
            found: None,
            issues: None,
            performance: self.performances.len() - 1,
        }
    }

    fn has_performed(&self, id: &ClauseId) -> bool {
        self.performances.iter().any(|performance| performance.clause == *id)
    }

    fn perform_from(&mut self, progress: &mut Progress<'a>, steps: &'a [Step], from: usize) -> Flow {
        let mut at = from;
        while let Some(step) = steps.get(at) {
            match self.perform(progress, steps, at, step) {
                Flow::Done => at += 1,
                stopped => return stopped,
            }
        }
        Flow::Done
    }

    fn perform(&mut self, progress: &mut Progress<'a>, steps: &'a [Step], at: usize, step: &'a Step) -> Flow {
        match &step.kind {
            StepKind::Set(assignments) => return self.assign(progress, at, step, assignments),
            StepKind::Clear(section) => self.clear(progress, section),
            StepKind::Insert { target, position, content } => {
                let writes = self.insertion(progress, step, target, *position, content);
                return self.write_or(progress, at, step, writes);
            }
            StepKind::Archive { from, into, heading } => {
                self.archive(progress, from, into, heading.as_deref());
            }
            StepKind::Summarise { count, from, into } => {
                return self.summarise(progress, at, step, *count, from, into);
            }
            StepKind::Log(text) => {
                let text = self.log_line(progress, text);
                self.note(progress, format!("logged: {text}"));
                self.write(progress, Write::Log(text));
            }
            StepKind::Read { path } => self.read(progress, step, path),
            StepKind::Find { section, path } => self.find(progress, step, section, path.as_deref()),
            StepKind::CheckConsistency => {
                let found = rules::compile(self.view.state).diagnostics;
                let errors = found.into_iter().filter(|found| found.severity == Severity::Error);
                let errors: Vec<String> = errors.map(|error| error.message).collect();
                self.note(progress, format!("checked the file: {}", counted(errors.len(), "error")));
                progress.issues = Some(errors);
            }
            StepKind::Call { rule } => self.call(progress, step, rule),
            StepKind::If { guard, then, otherwise } => {
                let Some(holds) = self.decide_guard(progress, guard) else {
                    return self.wait(progress, PendingKind::Delegate, at, 1, step.text.clone());
                };
                let (branch, list) = if holds { (0, then) } else { (1, otherwise) };
                if !holds && matches!(guard, Guard::ItemsLeft(true)) {
                    self.raise_exhausted(progress);
                }
                progress.path.extend([at, branch]);
                let flow = self.perform_from(progress, list, 0);
                if !matches!(flow, Flow::Waits) {
                    progress.path.truncate(progress.path.len() - 2);
                }
                return flow;
            }
            StepKind::Run(_) => {
                // Commands of one sentence are run, or reported, together.
                let is_same = |next: &&Step| matches!(next.kind, StepKind::Run(_)) && next.span == step.span;
                let together = steps[at..].iter().take_while(is_same).count();
                return self.wait(progress, PendingKind::Run, at, together, step.text.clone());
            }
            StepKind::Ask => return self.wait(progress, PendingKind::Ask, at, 1, step.text.clone()),
            StepKind::Tell => {
                self.note(progress, format!("told the person: {}", one_line(&step.text)));
                self.effects.push(Effect::Tell { rule: progress.rule.id.clone(), text: step.text.clone() });
            }
            StepKind::Delegate => {
                let together =
                    steps[at..].iter().take_while(|step| matches!(step.kind, StepKind::Delegate)).count();
                let text = joined(&steps[at..at + together]);
                return self.wait(progress, PendingKind::Delegate, at, together, text);
            }
            StepKind::Describe => {}
        }
        Flow::Done
    }

    fn decide_guard(&self, progress: &Progress<'a>, guard: &Guard) -> Option<bool> {
        match guard {
            Guard::Holds(condition) => {
                self.view.decide(condition, Asker { rule: &progress.rule.id, called: false })
            }
            Guard::ItemsLeft(wanted) => Some(self.view.items_are_left() == *wanted),
            // Who was asked to search says with the answer whether it was found.
            Guard::Found(wanted) => {
                let answered = progress.result.as_ref().map(|result| result.success);
                progress.found.or(answered).map(|found| found == *wanted)
            }
            Guard::Issues(wanted) => progress.issues.as_ref().map(|issues| issues.is_empty() != *wanted),
            Guard::Succeeded(wanted) => progress.result.as_ref().map(|result| result.success == *wanted),
            Guard::Confirmed => progress.result.as_ref().map(|result| result.success),
            Guard::HasContent(section) => {
                let outline = self.view.state.outline();
                Some(outline.named(&section.0).is_some_and(|found| outline.characters(found) > 0))
            }
        }
    }

    /// Writes what was worked out, or leaves the step to the agent.
    fn write_or(
        &mut self,
        progress: &Progress<'a>,
        at: usize,
        step: &Step,
        writes: Option<Vec<Write>>,
    ) -> Flow {
        match writes {
            Some(_) if self.performances[progress.performance].failed => Flow::Ends,
            Some(writes) => {
                for write in writes {
                    self.write(progress, write);
                }
                Flow::Done
            }
            None => self.wait(progress, PendingKind::Delegate, at, 1, step.text.clone()),
        }
    }

    fn wait(
        &mut self,
        progress: &Progress<'a>,
        kind: PendingKind,
        at: usize,
        steps: usize,
        text: String,
    ) -> Flow {
        let mut path = progress.path.clone();
        path.push(at);
        let mut taken = self.effects.iter().filter(|effect| matches!(effect, Effect::Waits { .. })).count();
        let id = loop {
            let id = format!("p{}{}", self.event.id, letters(taken));
            if self.memory.pending.iter().all(|pending| pending.id != id) {
                break id;
            }
            taken += 1;
        };
        let whom = match kind {
            PendingKind::Ask => "a person",
            PendingKind::Run => "a command",
            PendingKind::Delegate => "the agent",
        };
        self.note(progress, format!("waits for {whom} ({id}): {}", one_line(&text)));
        self.effects.push(Effect::Waits { id: id.clone() });
        self.memory.pending.push(PendingStep {
            id,
            clause: ClauseId { rule: progress.rule.id.clone(), clause: progress.number },
            path,
            kind,
            text,
            steps,
            // Decided when the run settles: see `run::settle_pending`.
            lapses: progress.clause.trigger.as_ref().is_some_and(|it| it.condition.class() == Class::State),
            since: self.event.at,
            item: self.view.state.value("CurrentItem").map(str::to_owned),
        });
        Flow::Waits
    }

    fn raise_exhausted(&mut self, progress: &Progress<'a>) {
        let occurrence = Occurrence::ItemsExhausted(progress.rule.id.clone());
        if !self.raised.contains(&occurrence) {
            self.raised.push(occurrence);
        }
    }

    fn fail(&mut self, progress: &Progress<'a>, diagnostic: Diagnostic) {
        self.performances[progress.performance].failed = true;
        self.diagnostics.push(diagnostic);
    }

    fn write(&mut self, progress: &Progress<'a>, write: Write) {
        self.writes.push((progress.performance, write));
    }

    fn note(&mut self, progress: &Progress<'a>, line: String) {
        self.performances[progress.performance].done.push(line);
    }
}

/// Whether the steps say what is to be done when the one before them has failed.
fn answers_failure(steps: &[Step]) -> bool {
    steps.iter().any(|step| match &step.kind {
        StepKind::If { guard, .. } => {
            matches!(guard, Guard::Succeeded(_) | Guard::Confirmed | Guard::Found(_))
        }
        _ => false,
    })
}

/// Whether one of the steps, at any depth, logs how the step before it went.
fn logs_result(steps: &[Step]) -> bool {
    steps.iter().any(|step| match &step.kind {
        StepKind::Log(text) => *text == LogText::Result,
        StepKind::If { then, otherwise, .. } => logs_result(then) || logs_result(otherwise),
        _ => false,
    })
}

/// The texts of steps that wait together, a line each; steps read from one sentence share its text.
fn joined(steps: &[Step]) -> String {
    let mut texts: Vec<&str> = steps.iter().map(|step| step.text.as_str()).collect();
    texts.dedup();
    texts.join("\n")
}

/// Whether the steps a pending step stands for are still written where it remembers them.
fn still_says(steps: &[Step], path: &[usize], pending: &PendingStep) -> bool {
    match *path {
        [at] if pending.steps == 0 => at < steps.len(),
        [at] => steps.get(at..at + pending.steps).is_some_and(|steps| joined(steps) == pending.text),
        [at, branch, ref rest @ ..] => match steps.get(at).map(|step| &step.kind) {
            Some(StepKind::If { then, otherwise, .. }) => {
                still_says(if branch == 0 { then } else { otherwise }, rest, pending)
            }
            _ => false,
        },
        [] => false,
    }
}

/// `""`, `b`, `c`, …, `z`, `z1`, …: what tells the pending steps of one event apart.
fn letters(number: usize) -> String {
    match u8::try_from(number) {
        Ok(0) => String::new(),
        Ok(small) if small < 26 => char::from(b'a' + small).to_string(),
        _ => format!("z{number}"),
    }
}
