//! One run: from an event to a fixed point.

mod guard;

pub use guard::GATES;

use super::{
    clash, endless,
    evaluate::{Asker, Occurrence, View, keys_read},
    gates::{self, PhaseOrder},
    limits,
    model::{Cause, ClauseId, ClauseMemory, Effect, Event, Firing, Memory, Outcome, Snapshot},
    perform::Round,
    settling::{
        clauses_of, differ, differ_in, fingerprint, is_overwritten, keys_of, plan_of, settle_pending,
        settled, still_listed, transitions,
    },
    working::{Revisions, Working, Write},
};
use crate::{
    document::WorkflowState,
    rules::{self, Class, Condition, RuleSet},
    text::{Diagnostic, DocumentId, Revision, Span},
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

/// Applies the rules of a snapshot to an event.
///
/// Rounds of firing follow until nothing fires. A cycle, or more firings than the settings allow,
/// ends the run with a diagnostic and without any change. A file beyond the settings' other limits is
/// not run at all: the outcome is a diagnostic, and the memory stays what it was, so that what has
/// happened is still news when the file is back inside.
#[must_use]
pub fn advance(snapshot: &Snapshot<'_>, event: &Event) -> Outcome {
    let reading = Reading::of(snapshot.state);
    if let Some(excess) = limits::exceeded(&reading.state, &reading.rules, &snapshot.settings.limits) {
        return Outcome { diagnostics: vec![excess], ..Outcome::unchanged(snapshot) };
    }
    let revisions = (Revision::of(snapshot.state), snapshot.config.map(Revision::of));
    Run::new(snapshot, event, revisions).into_outcome(&reading)
}

/// The memory with which the snapshot counts as settled: whatever holds has fired. After an undo,
/// nothing must be done again.
#[must_use]
pub fn settle(snapshot: &Snapshot<'_>) -> Memory {
    let Reading { state, rules } = Reading::of(snapshot.state);
    let view = View::new(snapshot, &state, &[]);
    let mut memory = snapshot.memory.clone();
    memory.clauses = held(&evaluated(&view, &rules), &state)
        .into_iter()
        .map(|(id, keys)| (id, ClauseMemory { held: true, fired_on: Some(keys) }))
        .collect();
    memory.settled = Some(settled(&state, (Revision::of(snapshot.state), snapshot.config.map(Revision::of))));
    memory
}

/// State keys, in lower case, and their values.
type Keys = BTreeMap<String, String>;

/// A state file with its rules.
struct Reading<'t> {
    state: WorkflowState<'t>,
    rules: RuleSet,
}

impl<'t> Reading<'t> {
    fn of(text: &'t str) -> Self {
        let state = WorkflowState::parse(text);
        let rules = rules::compile_runnable(&state);
        Self { state, rules }
    }
}

/// The run under way.
struct Run<'a> {
    snapshot: &'a Snapshot<'a>,
    event: &'a Event,
    /// Of the files as the run found them.
    revisions: Revisions,
    working: Working<'a>,
    memory: Memory,
    effects: Vec<Effect>,
    diagnostics: Vec<Diagnostic>,
    firings: Vec<Firing>,
    /// How many writes the rounds have asked for.
    writes: usize,
    /// Clauses that fired or clashed in this run: they are not tried again on the same keys.
    spent: BTreeMap<ClauseId, Keys>,
    /// What the gates have to say in Log. It is written when nothing fires any more, behind whatever
    /// clears the Log.
    violation: Option<String>,
    /// Clauses that were called in the round before.
    called: BTreeSet<ClauseId>,
    /// Clauses that disagreed: they have not fired, and are told again until they agree.
    clashed: BTreeSet<ClauseId>,
    /// Where the rounds began; to come back to one of these is to go in circles.
    seen: BTreeMap<Revisions, usize>,
}

/// How a round went.
enum RoundEnd {
    /// Nothing fired. These clauses' triggers hold.
    Settled(Vec<(ClauseId, Keys)>),
    /// Something fired; these things happened by it.
    Fired(Vec<Occurrence>),
    /// The run goes in circles, or does not end.
    Endless(Diagnostic),
}

impl<'a> Run<'a> {
    fn new(snapshot: &'a Snapshot<'a>, event: &'a Event, revisions: Revisions) -> Self {
        Self {
            snapshot,
            event,
            revisions,
            working: Working::new(snapshot, revisions, event.at),
            memory: snapshot.memory.clone(),
            effects: Vec::new(),
            diagnostics: Vec::new(),
            firings: Vec::new(),
            writes: 0,
            spent: BTreeMap::new(),
            violation: None,
            called: BTreeSet::new(),
            clashed: BTreeSet::new(),
            seen: BTreeMap::new(),
        }
    }

    /// Runs to the end. `first` is the snapshot's state file; it is read anew only once it differs.
    fn into_outcome(mut self, first: &Reading<'_>) -> Outcome {
        let mut occurrences = self.what_happened(first);
        let mut number = 0;
        let held = loop {
            number += 1;
            let end = match self.working.state().clone() {
                Cow::Borrowed(_) => self.round(number, first, &occurrences),
                Cow::Owned(text) => self.round(number, &Reading::of(&text), &occurrences),
            };
            match end {
                RoundEnd::Settled(held) => match self.violation.take() {
                    Some(reason) => {
                        self.working.write(&Write::Log(reason));
                        occurrences = Vec::new();
                    }
                    None => break held,
                },
                RoundEnd::Fired(next) => occurrences = next,
                RoundEnd::Endless(diagnostic) => return self.give_up(diagnostic),
            }
        };
        let is_due = self.working.has_changed() || self.is_foreign_edit();
        let held = Some(held).filter(|_| !(is_due && self.working.write(&Write::Touch)));
        if let Some(diagnostic) = self.working.doubled_section(self.snapshot) {
            return self.give_up(diagnostic);
        }
        match self.working.state().clone() {
            Cow::Borrowed(_) => self.finish(first, held),
            Cow::Owned(text) => self.finish(&Reading::of(&text), held),
        }
    }

    /// Whether somebody else has changed the state file since the last run settled.
    fn is_foreign_edit(&self) -> bool {
        self.snapshot.memory.settled.as_ref().is_some_and(|settled| settled.state != self.revisions.0)
    }

    /// What the event means, and what the files say has happened since the last settled snapshot.
    fn what_happened(&mut self, reading: &Reading<'_>) -> Vec<Occurrence> {
        let mut happened = match &self.event.cause {
            Cause::FilesChanged | Cause::Done { .. } => Vec::new(),
            Cause::SessionStarted => vec![Occurrence::SessionStarted],
            Cause::Command(command) => vec![Occurrence::Command(command.clone())],
            Cause::CycleStarted => vec![Occurrence::CycleStarted],
            Cause::ActionDone => vec![Occurrence::ActionDone],
            Cause::SourceSaved(_) => vec![Occurrence::SourceSaved],
            Cause::TestsRan => vec![Occurrence::TestsRan],
            Cause::ChecksRan(report) => self.take_checks(report, &reading.rules, &reading.state),
            Cause::UserSaid(words) => vec![Occurrence::UserSaid(words.clone())],
            Cause::Judged { rule } => vec![Occurrence::Judged(rule.clone())],
            Cause::Named(name) => vec![Occurrence::Named(name.clone())],
        };
        let Some(before) = &self.snapshot.memory.settled else { return happened };
        if self.revisions.0 != before.state {
            happened.push(Occurrence::FileUpdated(DocumentId::State));
        }
        if self.revisions.1 != before.config {
            happened.push(Occurrence::FileUpdated(DocumentId::Config));
        }
        if self.revisions.0 == before.state {
            return happened;
        }
        if is_overwritten(&before.plan, &plan_of(&reading.state)) {
            self.memory.replaced_plan = Some(before.plan.clone());
            happened.push(Occurrence::PlanOverwritten);
        }
        if !self.guard(reading, before) {
            let order = PhaseOrder::of(&reading.rules);
            happened.extend(transitions(&before.keys, &reading.state, order.as_ref()));
        }
        happened
    }

    /// Evaluates all triggers on one snapshot and lets the armed clauses fire together.
    fn round(&mut self, number: usize, reading: &Reading<'_>, occurrences: &[Occurrence]) -> RoundEnd {
        let began = self.working.revisions();
        let Reading { state, rules } = reading;
        let (config, memory_before) = (self.working.config().cloned(), self.memory.clone());
        let snapshot = Snapshot {
            state: state.outline().text(),
            config: config.as_deref(),
            memory: &memory_before,
            ..*self.snapshot
        };
        let view = View::new(&snapshot, state, occurrences);
        let triggers = evaluated(&view, rules);
        let armed = self.armed(&triggers, state);
        let limit = self.snapshot.settings.limits.firings;
        if self.firings.len() + armed.len() > limit {
            let names = armed.iter().map(|(id, _)| id.rule.as_str()).collect();
            let last = armed.last().and_then(|(id, _)| rules.rule(&id.rule));
            let span = last.map_or(Span::default(), |rule| rule.id_span);
            return RoundEnd::Endless(endless::too_many_firings(limit, &names, span));
        }
        let mut round = Round::new(&view, rules, self.event, &mut self.memory);
        if number == 1
            && let Cause::Done { step, result } = &self.event.cause
        {
            round.close(step, result);
        }
        for (id, _) in &armed {
            if let Some(rule) = rules.rules.iter().find(|rule| rule.id == id.rule) {
                round.fire(rule, id.clause);
            }
        }
        let (performances, writes, raised) = (round.performances, round.writes, round.raised);
        self.writes += writes.len();
        if self.writes > limit * endless::WRITES_PER_FIRING {
            let names = performances.iter().map(|it| it.clause.rule.as_str()).collect();
            let span = performances.last().map_or(Span::default(), |it| it.rule_span);
            let diagnostic = endless::too_many_writes(limit * endless::WRITES_PER_FIRING, &names, span);
            return RoundEnd::Endless(diagnostic);
        }
        self.called = round.called;
        self.effects.append(&mut round.effects);
        self.diagnostics.append(&mut round.diagnostics);
        if performances.is_empty() {
            return RoundEnd::Settled(held(&triggers, state));
        }
        self.spent.extend(armed);
        let (clashing, diagnostics) = clash::clashes(&writes, &performances);
        self.diagnostics.extend(diagnostics);
        for (at, write) in clash::in_order(&writes) {
            if !performances[*at].failed && !clashing.contains(at) {
                self.working.write(write);
            }
        }
        for (at, performance) in performances.into_iter().enumerate() {
            if clashing.contains(&at) || performance.failed {
                self.memory.pending.retain(|pending| {
                    pending.clause != performance.clause || memory_before.pending.contains(pending)
                });
                self.effects.retain(
                    |effect| !matches!(effect, Effect::Tell { rule, .. } if *rule == performance.clause.rule),
                );
                self.memory.replaced_plan.clone_from(&memory_before.replaced_plan);
                self.clashed.extend(clashing.contains(&at).then_some(performance.clause));
                continue;
            }
            self.firings.push(Firing { clause: performance.clause, round: number, done: performance.done });
        }
        self.after_round(reading, began, raised)
    }

    /// The clauses whose triggers hold and which are armed (`rule-language.md`, section 4), with the
    /// keys they fire on.
    fn armed(&self, triggers: &[Evaluated<'_>], state: &WorkflowState<'_>) -> Vec<(ClauseId, Keys)> {
        let armed =
            triggers.iter().filter(|trigger| trigger.holds && trigger.has_steps).filter_map(|trigger| {
                let keys = fingerprint(state, trigger.condition);
                let spent = self.spent.get(&trigger.id);
                let remembered = self.snapshot.memory.clauses.get(&trigger.id);
                let is_armed = match (spent, remembered) {
                    // What holds only because of an event fires whenever the event comes; not for a rule
                    // that was called where the event was raised: it has had its turn.
                    _ if !trigger.held => !self.called.contains(&trigger.id),
                    // A rule that moves on to the next item and leaves its trigger true must not go through
                    // all items at once: within a run only the keys that its trigger reads count.
                    (Some(spent), _) => differ_in(&keys_read(trigger.condition), spent, &keys),
                    (None, Some(memory)) => {
                        !memory.held || memory.fired_on.as_ref().is_none_or(|fired| differ(fired, &keys))
                    }
                    (None, None) => true,
                };
                is_armed.then(|| (trigger.id.clone(), keys))
            });
        armed.collect()
    }

    /// The rules that fired from the round `since` on.
    fn fired(&self, since: usize) -> BTreeSet<&str> {
        let recent = self.firings.iter().filter(|firing| firing.round >= since);
        recent.map(|firing| firing.clause.rule.as_str()).collect()
    }

    /// The id of the rule that fired last.
    fn last_rule(&self, rules: &RuleSet) -> Span {
        let last = self.firings.last().and_then(|firing| rules.rule(&firing.clause.rule));
        last.map_or(Span::default(), |rule| rule.id_span)
    }

    /// What the writes of a round lead to, and whether the run still goes anywhere.
    fn after_round(&mut self, reading: &Reading<'_>, began: Revisions, raised: Vec<Occurrence>) -> RoundEnd {
        let Reading { state: before, rules } = reading;
        let limit = self.snapshot.settings.limits.firings;
        if self.firings.len() > limit {
            // Whatever fired in the second half of the rounds is what does not come to rest.
            let half = self.firings.last().map_or(0, |firing| firing.round / 2);
            return RoundEnd::Endless(endless::too_many_firings(
                limit,
                &self.fired(half),
                self.last_rule(rules),
            ));
        }
        let now = self.working.revisions();
        let number = self.firings.last().map_or(0, |firing| firing.round);
        self.seen.entry(began).or_insert(number);
        if let Some(since) = self.seen.get(&now).filter(|_| now != began) {
            return RoundEnd::Endless(endless::cycle(&self.fired(*since), self.last_rule(rules)));
        }
        let after = WorkflowState::parse(self.working.state());
        let order = PhaseOrder::of(rules);
        let mut happened = transitions(&keys_of(before), &after, order.as_ref());
        happened.extend(raised);
        RoundEnd::Fired(happened)
    }

    /// Ends a run that can't be finished: nothing is written. What fired before stays what was fired,
    /// so that the rules are tried, and the fault told, again.
    fn give_up(self, diagnostic: Diagnostic) -> Outcome {
        let mut outcome = Outcome::unchanged(self.snapshot);
        outcome.memory.settled = settle(self.snapshot).settled;
        outcome.diagnostics = self.diagnostics;
        outcome.diagnostics.push(diagnostic);
        outcome
    }

    /// Settles: what must be remembered, and which pending steps have lapsed. `held` is what the last
    /// round found, if the text is still what it looked at.
    fn finish(mut self, reading: &Reading<'_>, held: Option<Vec<(ClauseId, Keys)>>) -> Outcome {
        let Reading { state, rules } = reading;
        let config = self.working.config().cloned();
        let memory_before = std::mem::take(&mut self.memory);
        self.memory.due.clone_from(&memory_before.due);
        let snapshot = Snapshot {
            state: state.outline().text(),
            config: config.as_deref(),
            memory: &memory_before,
            ..*self.snapshot
        };
        let held =
            held.unwrap_or_else(|| self::held(&evaluated(&View::new(&snapshot, state, &[]), rules), state));
        let remembered = &self.snapshot.memory.clauses;
        let clauses: BTreeMap<_, _> = held
            .into_iter()
            .filter(|(id, _)| !self.clashed.contains(id))
            .map(|(id, keys)| {
                let earlier = || remembered.get(&id).and_then(|memory| memory.fired_on.clone());
                let fired_on = if self.spent.contains_key(&id) { Some(keys) } else { earlier() };
                (id, ClauseMemory { held: true, fired_on })
            })
            .collect();
        let pending = settle_pending(&memory_before.pending, &self.snapshot.memory.pending, &clauses, rules);
        if self.is_foreign_edit() {
            self.diagnostics.extend(gates::unknown_phase(state, rules));
        }
        self.effects.retain(|effect| match effect {
            Effect::Waits { id } => pending.iter().any(|pending| pending.id == *id),
            Effect::Tell { .. } | Effect::ChecksDue | Effect::TakenForApproved { .. } => true,
        });
        let due = self.due(rules, state);
        let revisions = self.working.revisions();
        // What is not new is not read again.
        let known = self.snapshot.memory.settled.clone();
        let known = known.filter(|known| (known.state, known.config) == revisions);
        let memory = Memory {
            settled: known.or_else(|| Some(settled(state, revisions))),
            clauses,
            replaced_plan: memory_before.replaced_plan.clone(),
            processed: still_listed(&memory_before.processed, state),
            pending,
            due,
        };
        let (state, config) = self.working.into_patches();
        let Self { effects, diagnostics, firings, .. } = self;
        Outcome { state, config, effects, diagnostics, firings, memory }
    }
}

/// A clause's trigger against one view.
struct Evaluated<'r> {
    id: ClauseId,
    condition: &'r Condition,
    has_steps: bool,
    /// Whether it is known to hold, what has just happened included.
    holds: bool,
    /// Whether it is known to hold without that.
    held: bool,
}

/// The triggers of all clauses, in the order of the file.
fn evaluated<'r>(view: &View<'_>, rules: &'r RuleSet) -> Vec<Evaluated<'r>> {
    let quiet = View::new(view.snapshot, view.state, &[]);
    let triggers = clauses_of(rules).filter_map(|(id, clause)| {
        let condition = &clause.trigger.as_ref()?.condition;
        let decide =
            |view: &View<'_>| view.decide(condition, Asker { rule: &id.rule, called: false }) == Some(true);
        let holds = decide(view);
        let is_certain = view.occurrences.is_empty() || condition.class() == Class::State;
        let held = if is_certain { holds } else { decide(&quiet) };
        Some(Evaluated { condition, has_steps: !clause.steps.is_empty(), holds, held, id })
    });
    triggers.collect()
}

/// The clauses that hold without an event, with the keys they hold on.
fn held(triggers: &[Evaluated<'_>], state: &WorkflowState<'_>) -> Vec<(ClauseId, Keys)> {
    let held = triggers.iter().filter(|trigger| trigger.held);
    held.map(|trigger| (trigger.id.clone(), fingerprint(state, trigger.condition))).collect()
}
