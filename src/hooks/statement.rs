//! Where the project is, in a few lines: what a conversation begins with, and what is left to do.

use super::{after, occasion::Reply, protocol::Heard, stop, wording};
use crate::{
    document::{WorkflowState, plan_steps},
    engine::{self, Cause, Guidance, OnViolation, Turn},
    runtime::{Documents, Error, Project},
};

/// The longest statement, in bytes.
const BYTES: usize = 1_024;

/// How many steps of a phase are shown.
const STEPS: usize = 6;

/// A conversation begins: the rules that wait for that run, and the statement is made.
pub(super) fn at_start(project: &mut Project, heard: &Heard, is_new: bool) -> Result<Reply, Error> {
    stop::prompted(project, heard)?;
    if is_new {
        let ran = after::told(&project.run(Cause::SessionStarted)?, None);
        if let Reply::Remark(ran) = ran {
            let documents = project.read()?;
            let text = format!("{}\n{ran}", statement(project, &documents)?);
            return Ok(Reply::Remark(wording::within(&text, BYTES)));
        }
    }
    let documents = project.read()?;
    Ok(Reply::Remark(statement(project, &documents)?))
}

/// Phase, item, plan and next step.
fn statement(project: &Project, documents: &Documents) -> Result<String, Error> {
    let guidance = project.guidance(documents)?;
    let state = project.workspace().relative(project.workspace().state()).display().to_string();
    let mut lines = vec![
        format!("This project keeps its workflow in {state}; Rulemark runs the rules in it."),
        position(&guidance),
    ];
    lines.extend(plan(&documents.state.text).map(|plan| plan.line()));
    let named = project.settings().hooks.edit_phases.as_deref();
    let is_off = project.settings().engine.gates.on_violation == OnViolation::Off;
    if let Some(closed) = engine::closed_sources(&documents.state.text, named).filter(|_| !is_off) {
        let open: Vec<String> = closed.open.iter().map(|phase| wording::line(phase)).collect();
        lines.push(format!("Sources can't be edited now, only in {}.", open.join(", ")));
    }
    lines.extend(next(&guidance));
    Ok(wording::within(&lines.join("\n"), BYTES))
}

/// Phase, status and item.
pub(super) fn position(guidance: &Guidance) -> String {
    let mut parts = vec![format!("Phase {}", wording::line(guidance.phase.as_deref().unwrap_or("none")))];
    parts.extend(guidance.status.as_ref().map(|status| format!("status {}", wording::line(status))));
    parts.extend(guidance.item.as_ref().map(|item| format!("item: {}", wording::line(item))));
    let all = guidance.done + guidance.left;
    parts.extend((all > 0).then(|| format!("{} of {all} items done", guidance.done)));
    parts.join(" · ")
}

/// What is to be done now, and what closes it.
pub(super) fn next(guidance: &Guidance) -> Vec<String> {
    let mut lines = Vec::new();
    match guidance.turn {
        Turn::Nobody => {
            return vec!["All items are done. `rulemark item add \"…\"` names the next task.".into()];
        }
        Turn::Person => lines.push("A person has to decide first; ask, and wait.".into()),
        Turn::Agent => {
            lines.extend(guidance.steps.iter().take(STEPS).map(|step| format!("  {}", wording::line(step))));
        }
    }
    lines.extend(guidance.approval.as_ref().map(wording::lack));
    for step in &guidance.pending {
        lines.push(format!("Waits: {} (when done: `rulemark done {}`)", wording::line(&step.text), step.id));
    }
    if guidance.needs_item {
        lines.push("Name the next task: `rulemark item add \"…\"`".into());
    }
    let closing = guidance.closings.first().filter(|closing| closing.by == Turn::Agent);
    if let Some(closing) = closing {
        let keys = closing.assignments.iter().map(|(key, value)| format!("{key}={}", wording::line(value)));
        lines.push(format!("When done: `rulemark set {}`", keys.collect::<Vec<_>>().join(" ")));
    }
    lines
}

/// A plan's boxes.
pub(super) struct Plan {
    done: usize,
    open: usize,
    /// The first step that is open.
    next: Option<String>,
}

impl Plan {
    pub(super) fn line(&self) -> String {
        let next = self.next.as_ref().map(|next| format!("; next: {next}")).unwrap_or_default();
        format!("Plan: {} of {} steps done{next}", self.done, self.done + self.open)
    }
}

/// The plan of a state file, if it has boxes to tick.
pub(super) fn plan(text: &str) -> Option<Plan> {
    let steps = plan_steps(WorkflowState::parse(text).outline());
    let done = steps.iter().filter(|step| step.is_done).count();
    let next = steps.iter().find(|step| !step.is_done).map(|step| wording::line(&step.text));
    (!steps.is_empty()).then(|| Plan { done, open: steps.len() - done, next })
}
