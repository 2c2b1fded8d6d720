//! What to do now, as an agent is told: the engine's guidance, and what closes each thing in it.

use super::{answer::Answer, fence, open_project::Reading};
use crate::engine::{Closing, Guidance, Lack, PendingKind, PendingStep, Turn};
use serde_json::{Value, json};

/// Questions, constraints and waiting steps that one answer has; resources have all of them.
const SHOWN: usize = 8;

/// The steps of a phase in one answer, in bytes. Longer ones are cut between lines.
const STEPS: usize = 4_096;

/// Something that the agent can say is done, by the name it is given for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Close {
    /// What `done` takes.
    pub(super) name: String,
    pub(super) act: Act,
    /// When it is to be said, word for word.
    pub(super) when: Option<String>,
}

/// What saying so leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// A step of a rule is closed with what the agent reports.
    Report(String),
    /// The commands of a step that waits under this id are run.
    RunStep(String),
    /// The project's checks are run.
    RunChecks,
    /// What this rule's trigger asks for is so.
    Judge(String),
    /// A step of the plan is ticked.
    Tick(String),
    /// State keys are set.
    Set(Vec<(String, String)>),
}

/// All that the agent can close. What waits for a person is not among it.
pub(super) fn closes(reading: &Reading) -> Vec<Close> {
    let guidance = &reading.guidance;
    let close = |name: String, act| Close { name, act, when: None };
    let mut found: Vec<Close> = guidance
        .pending
        .iter()
        .filter_map(|step| {
            let act = match step.kind {
                PendingKind::Run => Act::RunStep(step.id.clone()),
                PendingKind::Delegate => Act::Report(step.id.clone()),
                PendingKind::Ask => return None,
            };
            Some(close(step.id.clone(), act))
        })
        .collect();
    if guidance.checks.is_some() {
        found.push(close("checks".into(), Act::RunChecks));
    }
    let open = &reading.contents().open_steps;
    found.extend(open.iter().map(|step| close(format!("plan: {}", step.text), Act::Tick(step.text.clone()))));
    let phase = guidance.phase.as_deref().unwrap_or("-");
    let by_agent = guidance.closings.iter().filter(|closing| closing.by == Turn::Agent);
    found.extend(by_agent.map(|closing| Close {
        name: closing_name(phase, closing),
        act: Act::Set(closing.assignments.clone()),
        when: closing.when.clone(),
    }));
    let judged = guidance.questions.iter();
    found.extend(judged.map(|it| close(format!("judge {}", it.rule), Act::Judge(it.rule.clone()))));
    found
}

/// `ANALYZE: Phase=BLUEPRINT, Status=RUNNING`. The phase in front keeps it from closing another one,
/// into which somebody has gone on meanwhile.
fn closing_name(phase: &str, closing: &Closing) -> String {
    let keys: Vec<String> = closing.assignments.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("{phase}: {}", keys.join(", "))
}

/// What to do now. `did` is what the same call has led to.
pub(super) fn answer(reading: &Reading, did: &[String]) -> Answer {
    let guidance = &reading.guidance;
    let is_busy = guidance.turn == Turn::Agent && guidance.pending.is_empty();
    position(reading)
        .with("did", did)
        .with("do", if is_busy { steps(guidance) } else { Vec::new() })
        .with("waiting", waiting_steps(guidance, SHOWN))
        .with("needs", needs(guidance))
        .with("close", if guidance.turn == Turn::Person { Vec::new() } else { shown_closes(reading) })
        .with("begin", begin(guidance))
        .with(
            "asked",
            shown(&guidance.questions, SHOWN, |it| json!({ "rule": it.rule, "so": fence::line(&it.text) })),
        )
        .with("heed", shown(&guidance.constraints, SHOWN, |it| json!(fence::line(&it.text))))
        .with("revision", reading.documents.state.revision.short())
}

/// Whose turn it is, phase, status, item, and how far the items are.
pub(super) fn position(reading: &Reading) -> Answer {
    let guidance = &reading.guidance;
    let turn = match guidance.turn {
        Turn::Agent => "agent",
        Turn::Person => "person",
        Turn::Nobody => "nobody",
    };
    let (done, all) = (guidance.done, guidance.done + guidance.left);
    Answer::default()
        .with("turn", turn)
        .with("phase", guidance.phase.as_deref().map(fence::line))
        .with("status", guidance.status.as_deref().map(fence::line))
        .with("item", guidance.item.as_deref().map(fence::span))
        .with("item_id", guidance.item_id.as_deref().map(fence::line))
        .with("items", if all > 0 { format!("{done} of {all} done") } else { String::new() })
}

/// The steps of the phase, in at most [`STEPS`] bytes.
pub(super) fn steps(guidance: &Guidance) -> Vec<String> {
    let mut left = STEPS;
    let lines = guidance.steps.iter().map(|step| fence::line(step));
    let kept: Vec<String> = lines
        .take_while(|line| {
            let fits = line.len() <= left;
            left = left.saturating_sub(line.len());
            fits
        })
        .collect();
    let rest = guidance.steps.len() - kept.len();
    kept.into_iter().chain((rest > 0).then(|| format!("… {rest} more: rulemark://rules"))).collect()
}

/// The first steps that wait for somebody.
pub(super) fn waiting_steps(guidance: &Guidance, most: usize) -> Vec<Value> {
    shown(&guidance.pending, most, waiting)
}

fn waiting(step: &PendingStep) -> Value {
    let whom = match step.kind {
        PendingKind::Run => "run",
        PendingKind::Ask => "person",
        PendingKind::Delegate => "agent",
    };
    let text: Vec<String> = step.text.lines().map(fence::line).collect();
    json!({ "id": step.id, "for": whom, "text": text.join("\n"), "rule": step.clause.rule })
}

/// What a gate still needs.
pub(super) fn needs(guidance: &Guidance) -> Vec<Value> {
    let lacks = [&guidance.approval, &guidance.checks].into_iter().flatten();
    lacks.map(|Lack { what, remedy }| json!({ "what": fence::line(what), "how": remedy })).collect()
}

/// What the agent is offered: of the plan only the next step.
fn shown_closes(reading: &Reading) -> Vec<Value> {
    let mut steps = 0;
    let closes = closes(reading).into_iter().filter(|close| match close.act {
        Act::Tick(_) => {
            steps += 1;
            steps == 1
        }
        // Questions name their rule themselves.
        Act::Judge(_) => false,
        _ => true,
    });
    closes
        .take(SHOWN)
        .map(|close| {
            let name = fence::line(&close.name);
            match close.when {
                Some(when) => json!({ "done": name, "when": fence::line(&when) }),
                None => json!({ "done": name }),
            }
        })
        .collect()
}

fn begin(guidance: &Guidance) -> Option<String> {
    let is_over = guidance.turn == Turn::Nobody;
    let upcoming = guidance.upcoming.as_deref().map(|item| format!("the next item is {}", fence::span(item)));
    let add = "`state` with `add` names the next task";
    (guidance.needs_item || is_over).then(|| add.to_owned()).or(upcoming)
}

fn shown<T>(list: &[T], most: usize, told: impl Fn(&T) -> Value) -> Vec<Value> {
    let rest = list.len().saturating_sub(most);
    let more = (rest > 0).then(|| json!(format!("… {rest} more: rulemark://rules")));
    list.iter().take(most).map(told).chain(more).collect()
}
