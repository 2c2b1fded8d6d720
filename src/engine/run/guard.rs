//! What the gates make of an edit, and what a run of the checks leads to.

use super::{Reading, Run};
use crate::{
    document::WorkflowState,
    engine::{
        evaluate::{Occurrence, same_word},
        evidence::{ChecksReport, Standing, Verdict},
        gates::{self, PhaseOrder},
        model::{ApprovalMode, Cause, Due, Effect, OnViolation, Settled},
        plan::{Boxes, asks_for_approval, left_undone, plan_revision},
        settling::{keys_of, plan_of, transitions},
        sources::rules_revision,
        wishes::CheckedPhase,
        working::Write,
    },
    rules::{Phase, RuleSet},
    text::{Diagnostic, Severity, Span},
};

/// Codes of the diagnostics with which a gate refuses an edit, where the settings say so.
pub const GATES: [&str; 3] = ["skipped-phase", "unchecked-phase", "unapproved-plan"];

/// Why an edit is against a gate.
struct Violation {
    code: &'static str,
    reason: String,
    /// What to do: where the edit was taken back, and where it stands.
    remedies: [String; 2],
}

impl Run<'_> {
    /// Holds the edit that led here against the gates; answers whether it was taken back.
    ///
    /// An edit that changes the rules can't make use of the change: it is held against the rules as they
    /// were, too.
    pub(super) fn guard(&mut self, now: &Reading<'_>, before: &Settled) -> bool {
        let reaction = self.snapshot.settings.gates.on_violation;
        if reaction == OnViolation::Off {
            return false;
        }
        let has_new_rules = before.rules.is_some_and(|it| it != rules_revision(now.state.outline()));
        let earlier = has_new_rules.then(|| self.snapshot.evidence.state_at(before.state)).flatten();
        let earlier = earlier.as_deref().map(Reading::of);
        let state = &now.state;
        let violation = self.violation(now, before, state).or_else(|| {
            let violation = self.violation(earlier.as_ref()?, before, state)?;
            let reason = format!("{} (by the rules as they were before this edit)", violation.reason);
            Some(Violation { reason, ..violation })
        });
        let lost = earlier.map(|earlier| lost_gates(&earlier, now)).unwrap_or_default();
        if !lost.is_empty() {
            self.diagnostics.push(
                Diagnostic::new(Severity::Warning, "gate-removed", Span::default(), lost.join("; "))
                    .with_hint("rules are a person's to change; `rulemark diff` shows the change"),
            );
        }
        let lost = lost.into_iter();
        let Some(Violation { code, reason, remedies: [reverted, standing] }) = violation else {
            self.violation = lost.reduce(|all, one| format!("{all}; {one}"));
            return false;
        };
        let logged = |reason: String| lost.fold(reason, |all, one| format!("{all}; {one}"));
        let span = state.key("Phase").map_or(Span::default(), |key| key.value_span);
        let hint = if reaction == OnViolation::Revert { reverted } else { standing };
        self.diagnostics.push(Diagnostic::new(Severity::Warning, code, span, &*reason).with_hint(hint));
        if reaction == OnViolation::Warn {
            self.violation = Some(logged(reason));
            return false;
        }
        self.effects.retain(|effect| !matches!(effect, Effect::TakenForApproved { .. }));
        let from = before.keys.get("phase").map_or("", String::as_str);
        self.violation = Some(logged(format!("{reason}; reverted to {from}")));
        for (key, value) in &before.keys {
            if state.value(key).is_none_or(|now| !same_word(value, now)) {
                let key = state.key(key).map_or(key, |found| &found.name).clone();
                self.working.write(&Write::Set { key, value: value.clone() });
            }
        }
        true
    }

    /// What is against a gate of `book` in an edit that leads from `before` to `state`.
    fn violation(
        &mut self,
        book: &Reading<'_>,
        before: &Settled,
        state: &WorkflowState<'_>,
    ) -> Option<Violation> {
        let order = PhaseOrder::of(&book.rules)?;
        skipped(&order, before, state)
            .or_else(|| completed_early(book, before, state))
            .or_else(|| self.unapproved(book, &order, before, state))
            .or_else(|| self.unchecked(book, &order, before, state))
    }

    /// A phase that puts its plan to a person is left, and nobody who counts has approved it. Where only a
    /// person counts, the same holds for the phases behind it: a plan that changes needs a new yes.
    fn unapproved(
        &mut self,
        Reading { rules, state: source }: &Reading<'_>,
        order: &PhaseOrder<'_>,
        before: &Settled,
        state: &WorkflowState<'_>,
    ) -> Option<Violation> {
        let left = transitions(&before.keys, state, Some(order)).into_iter().find_map(|it| match it {
            Occurrence::PhaseLeft(phase) => {
                rules.phases.iter().position(|known| same_word(&known.name, &phase))
            }
            _ => None,
        })?;
        let text = source.outline().text();
        let asks = |phase: &Phase| asks_for_approval(phase, text);
        let mode = self.snapshot.settings.gates.approval;
        let is_asked = match mode {
            ApprovalMode::File => asks(&rules.phases[left]),
            ApprovalMode::Person => rules.phases[..=left].iter().any(asks),
        };
        if !is_asked {
            return None;
        }
        let plan = plan_revision(state);
        let verdict = self.snapshot.evidence.verdict(plan);
        let is_rejected = matches!(verdict, Verdict::Rejected { .. });
        if mode == ApprovalMode::File && !is_rejected {
            if !matches!(verdict, Verdict::Approved { .. }) {
                self.effects.push(Effect::TakenForApproved { plan });
            }
            return None;
        }
        let (name, objection) = (&rules.phases[left].name, verdict.objection()?);
        let remedy = verdict.remedy();
        Some(Violation {
            code: "unapproved-plan",
            reason: format!("phase {name} was left, and {objection}"),
            remedies: [format!("the phase is {name} again; {remedy}"), remedy.to_owned()],
        })
    }

    /// A phase that asks for the checks is left, and they are not green on the files as they are.
    fn unchecked(
        &self,
        Reading { rules, state: source }: &Reading<'_>,
        order: &PhaseOrder<'_>,
        before: &Settled,
        state: &WorkflowState<'_>,
    ) -> Option<Violation> {
        let left = transitions(&before.keys, state, Some(order)).into_iter().find_map(|it| match it {
            Occurrence::PhaseLeft(phase) => CheckedPhase::named(rules, source, &phase),
            _ => None,
        })?;
        let standing = self.snapshot.evidence.checks();
        let (name, objection, remedy) = (&left.phase.name, standing.objection()?, standing.remedy());
        Some(Violation {
            code: "unchecked-phase",
            reason: format!("phase {name} was left, and {objection}"),
            remedies: [format!("the phase is {name} again; {remedy}"), remedy.to_owned()],
        })
    }

    /// Takes in a run of the checks: it goes to Log, and green ones close the phase that waited for them.
    pub(super) fn take_checks(
        &mut self,
        report: &ChecksReport,
        rules: &RuleSet,
        state: &WorkflowState<'_>,
    ) -> Vec<Occurrence> {
        if let Some(entry) = report.entry() {
            self.working.write(&Write::Log(entry));
        }
        self.memory.due = None;
        let mut happened = vec![Occurrence::TestsRan];
        let is_closed = report.standing == Standing::Green;
        let Some(phase) = CheckedPhase::current(rules, state).filter(|_| is_closed) else { return happened };
        for (key, value) in phase.closing(&plan_of(state)) {
            self.working.write(&Write::Set { key, value });
        }
        let after = WorkflowState::parse(self.working.state());
        happened.extend(transitions(&keys_of(state), &after, PhaseOrder::of(rules).as_ref()));
        happened
    }

    /// Whether the checks are to run now, seen from the end of the run: a box of the plan was ticked where
    /// they are to run after each change, or a phase that asks for them once was entered or worked in.
    pub(super) fn due(&mut self, rules: &RuleSet, state: &WorkflowState<'_>) -> Option<Due> {
        let kept = self.memory.due.take();
        let before = self.snapshot.memory.settled.as_ref()?;
        let name = state.value("Phase")?;
        let is_entered = before.keys.get("phase").is_none_or(|before| !same_word(before, name));
        let is_foreign = self.is_foreign_edit();
        if !is_entered && !is_foreign && kept.is_none() {
            return None;
        }
        let phase = CheckedPhase::current(rules, state)?;
        let kept = kept.filter(|due| same_word(&due.phase, name));
        // Checks that have just run have seen every edit so far.
        let is_seen = matches!(self.event.cause, Cause::ChecksRan(_));
        let has_ticked = || Boxes::of(&plan_of(state)).ticked > Boxes::of(&before.plan).ticked;
        let is_new = match phase.after_each {
            true => !is_entered && !is_seen && has_ticked(),
            false => is_entered || is_foreign && !is_seen,
        };
        if kept.is_some() || !is_new || !self.names_checks(rules, state) {
            return kept;
        }
        self.effects.push(Effect::ChecksDue);
        Some(Due { phase: phase.phase.name, since: self.event.at })
    }

    /// Whether the project names any check.
    fn names_checks(&self, rules: &RuleSet, state: &WorkflowState<'_>) -> bool {
        let config = self.working.config().map(|config| &**config);
        crate::engine::commands(state, rules, config).iter().any(|command| command.is_check())
    }
}

/// What phases asked for and no longer ask for.
fn lost_gates(earlier: &Reading<'_>, now: &Reading<'_>) -> Vec<String> {
    let approves = |book: &Reading<'_>, name: &str| {
        let phase = book.rules.phases.iter().find(|phase| same_word(&phase.name, name));
        phase.is_some_and(|phase| asks_for_approval(phase, book.state.outline().text()))
    };
    let checks =
        |book: &Reading<'_>, name: &str| CheckedPhase::named(&book.rules, &book.state, name).is_some();
    let mut lost = Vec::new();
    for Phase { name, .. } in &earlier.rules.phases {
        if approves(earlier, name) && !approves(now, name) {
            lost.push(format!("the rules no longer ask for an approval in phase {name}"));
        }
        if checks(earlier, name) && !checks(now, name) {
            lost.push(format!("the rules no longer ask for the checks in phase {name}"));
        }
    }
    lost
}

/// The order of phases is not kept.
fn skipped(order: &PhaseOrder<'_>, before: &Settled, state: &WorkflowState<'_>) -> Option<Violation> {
    let from = before.keys.get("phase")?;
    Some(Violation {
        code: "skipped-phase",
        reason: gates::violation(order, from, state.value("Phase"))?,
        remedies: [
            format!("the phase is {from} again; do its steps first (`rulemark next`)"),
            format!("go back with `rulemark set Phase={from}`, or set `gates.on_violation` in rulemark.toml"),
        ],
    })
}

/// The item is completed before its plan has been decided about and carried out.
fn completed_early(book: &Reading<'_>, before: &Settled, state: &WorkflowState<'_>) -> Option<Violation> {
    let undone = left_undone((&book.rules, &book.state), &before.keys, state);
    let (from, phase) = (before.keys.get("phase")?, state.value("Phase")?);
    if undone.is_empty() {
        return None;
    }
    Some(Violation {
        code: "skipped-phase",
        reason: format!("phase {phase} was left by completing the item, and skipped {}", undone.join(", ")),
        remedies: [
            format!("the phase is {from} again; do its steps first (`rulemark next`)"),
            "take it back with `rulemark undo`, or set `gates.on_violation` in rulemark.toml".to_owned(),
        ],
    })
}
