//! What a guidance tool answers: what it did, what to do, and the next call.

use super::{Stage, stage};
use crate::{
    engine::{Guidance, Turn},
    mcp::{
        answer::{Answer, Refusal},
        ask::{self, Ask},
        fence, guide,
        open_project::{OpenProject, Reading},
        tools::{Step, Then},
    },
};
use rmcp::model::CallToolResult;
use serde_json::{Value, json};

/// A whole result in JSON, in bytes: text and structured content together.
pub(in crate::mcp) const WHOLE: usize = 2_048;

/// The longest description that a next call is filled in with, in characters; a longer one is named by its
/// item's id.
const DESCRIPTION: usize = 80;

/// What to do now, after what the call did; the person is asked where it is their turn.
pub(in crate::mcp) fn finish(open: &mut OpenProject, did: Vec<String>) -> Result<Step, Refusal> {
    let turn = open.look_settled()?.guidance.turn;
    let did: Vec<String> = open.since().into_iter().chain(did).collect();
    let may_ask = open.may_ask()?;
    let reading = open.latest()?;
    let Some(ask) = Ask::of(reading, &did).filter(|_| turn == Turn::Person) else {
        return Ok(Step::Answer(answer(reading, did, next_calls(reading))));
    };
    let person = ask::for_person(reading, &ask.question);
    let told = answer(reading, did.clone(), next_calls(reading)).with("person", person);
    let ask = ask.otherwise(Ok(told));
    Ok(if may_ask { Step::Ask(Box::new(ask), Then::Classic(did)) } else { Step::Answer(ask.unanswered()?) })
}

/// An answer in at most [`WHOLE`] bytes.
pub(super) fn answer(reading: &Reading, did: Vec<String>, next: Vec<Value>) -> Answer {
    let next = Value::from(next);
    let guidance = &reading.guidance;
    let is_busy = guidance.turn == Turn::Agent && guidance.pending.is_empty();
    let steps = if is_busy { guide::steps(guidance) } else { Vec::new() };
    within(did, steps, |did, steps| {
        Answer::default()
            .with("did", did)
            .with("phase", guidance.phase.as_deref().map(short))
            .with("status", guidance.status.as_deref().map(short))
            .with("item", guidance.item.as_deref().map(|item| fence::span(&cut(item))))
            .with("do", steps)
            .with("waiting", guide::waiting_steps(guidance, 2))
            .with("needs", guide::needs(guidance))
            .with("next", next.clone())
    })
}

/// Leaves out steps, then what was done, from behind, until the whole fits.
pub(super) fn within(
    mut did: Vec<String>,
    mut steps: Vec<String>,
    make: impl Fn(&[String], &[String]) -> Answer,
) -> Answer {
    const MORE: &str = "… more: rulemark://rules";
    loop {
        let answer = make(&did, &steps);
        let size = serde_json::to_vec(&CallToolResult::from(answer.clone())).map_or(0, |json| json.len());
        if size <= WHOLE {
            return answer;
        }
        if steps.last().is_some_and(|last| last == MORE) {
            steps.pop();
        }
        if steps.pop().is_some() {
            if !steps.is_empty() {
                steps.push(MORE.to_owned());
            }
        } else if did.pop().is_none() {
            return answer;
        }
    }
}

fn short(text: &str) -> String {
    fence::line(&cut(text))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(DESCRIPTION) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// A call with its arguments.
pub(super) fn call(tool: &str, arguments: impl Into<Value>) -> Value {
    object([("tool", tool.into()), ("arguments", arguments.into())])
}

/// The same, with what it depends on.
pub(super) fn call_when(tool: &str, arguments: impl Into<Value>, when: &str) -> Value {
    object([("tool", tool.into()), ("arguments", arguments.into()), ("when", when.into())])
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// What the current item is called in a call: fenced, or by its id.
pub(super) fn current(guidance: &Guidance) -> String {
    match (&guidance.item, &guidance.item_id) {
        (Some(item), _) if item.chars().count() <= DESCRIPTION => fence::span(item),
        (Some(_), Some(id)) => fence::line(id),
        (Some(item), None) => fence::span(&cut(item)),
        (None, _) => "Action: brief description".into(),
    }
}

/// The calls that come next, where the project is.
pub(super) fn next_calls(reading: &Reading) -> Vec<Value> {
    let guidance = &reading.guidance;
    let task = json!({ "task_description": current(guidance) });
    if let Some(step) = guidance.pending.first() {
        let arguments = json!({ "action": "next", "options": step.id, "context": "<result>" });
        return match guidance.turn {
            Turn::Agent => vec![call_when("workflow_guidance", arguments, "the waiting step is done")],
            Turn::Person | Turn::Nobody => Vec::new(),
        };
    }
    match guidance.turn {
        Turn::Nobody => return vec![call("finalize_workflow_guidance", json!({}))],
        Turn::Person if guidance.decision.is_some() => {
            let feedback = json!({ "task_description": current(guidance), "feedback": "<feedback>" });
            return vec![
                call_when("construct_phase_guidance", task, "the person has approved"),
                call_when("revise_blueprint_guidance", feedback, "the person wants changes"),
            ];
        }
        Turn::Person => return vec![call_when("construct_phase_guidance", task, "the person lets it go on")],
        Turn::Agent => {}
    }
    if guidance.needs_item || guidance.item.is_none() {
        return vec![match &guidance.upcoming {
            Some(_) => call("iterate_next_item_guidance", json!({})),
            None => call("init_workflow_guidance", task),
        }];
    }
    match stage(reading) {
        None => vec![call("analyze_phase_guidance", task)],
        Some(Stage::Analyze) => {
            let arguments =
                json!({ "task_description": current(guidance), "requirements_summary": "<your summary>" });
            vec![call("blueprint_phase_guidance", arguments)]
        }
        Some(Stage::Blueprint) => {
            let phase = guidance.phase.as_deref().map(short);
            let arguments =
                json!({ "phase": phase, "status": "NEEDS_PLAN_APPROVAL", "plan": "- [ ] <step>" });
            vec![call("update_workflow_state_guidance", arguments)]
        }
        Some(Stage::Construct) => vec![call("validate_phase_guidance", task)],
        Some(Stage::Validate) => {
            let issues = json!({ "task_description": current(guidance), "issues": "<issues>" });
            vec![
                call_when("complete_workflow_guidance", task, "all is well"),
                call_when("fix_validation_issues_guidance", issues, "it is not"),
            ]
        }
    }
}
