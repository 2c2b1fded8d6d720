//! What only the person can answer: the question, the form it comes in, and what follows from the answer.
//!
//! The model can't answer for the person: no argument of a tool is taken for the person's word. An
//! answer counts when the client sends it as the answer of a form, for exactly what the form has shown: a
//! plan that has changed meanwhile is asked about again. What such an answer attests is written at
//! [`is_person_behind_client`](crate::trust::is_person_behind_client), and stands with the decision in the
//! journal.

use super::{
    answer::{Answer, Refusal, Retry},
    fence, guide,
    open_project::{OpenProject, Reading},
    told,
};
use crate::{
    document::{Role, WorkflowState},
    engine::{Cause, Closing, Guidance, PendingKind, StepResult, Turn, plan_revision},
    journal::Via,
    runtime::{Decider, Decision, Error, ErrorKind, StateDraft, UnknownKey},
    text::Revision,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A question for the person.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) question: Question,
    /// What the person reads.
    pub(super) message: String,
    /// Where the client can't ask: who is to do what.
    otherwise: Result<Answer, Refusal>,
}

/// What is asked about. It travels with the form and comes back with the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Question {
    /// Whether the plan with this revision is approved.
    Plan(String),
    /// What the step that waits under this id asks. No other ever has the same id.
    Step(String),
    /// Whether work goes on by setting keys.
    GoOn {
        /// Where it stands still: what [`POSITION`] holds.
        from: [Option<String>; 3],
        /// The keys to be set.
        set: Vec<(String, String)>,
    },
}

/// What the person answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) is_yes: bool,
    pub(super) text: Option<String>,
    /// The client that the answer came through, in its own words.
    pub(super) client: String,
}

/// The keys that say where the work is.
const POSITION: [&str; 3] = ["Phase", "Status", "CurrentItem"];

/// The longest plan that a form shows, in bytes.
const PLAN: usize = 4_096;

impl Ask {
    /// What the person has to answer now, if it is their turn and there is something to answer.
    pub(super) fn of(reading: &Reading, did: &[String]) -> Option<Self> {
        let guidance = &reading.guidance;
        let state = WorkflowState::parse(&reading.documents.state.text);
        let step = guidance.pending.iter().find(|step| step.kind == PendingKind::Ask);
        let closing = guidance.closings.iter().find(|closing| closing.by == Turn::Person);
        let (question, message) = if let Some(step) = step {
            let text: Vec<String> = step.text.lines().map(fence::line).collect();
            (Question::Step(step.id.clone()), format!("{} asks:\n{}", step.clause.rule, text.join("\n")))
        } else if guidance.decision.is_some() || guidance.approval.is_some() {
            let item = guidance.item.as_deref().map(|item| format!(" of {}", fence::span(item)));
            let plan = shown_plan(&state);
            let message = format!("Approve the plan{}?\n{plan}", item.unwrap_or_default());
            (Question::Plan(plan_revision(&state).to_string()), message)
        } else {
            let closing = closing?;
            let status = guidance.status.as_deref().map(fence::span).unwrap_or_default();
            let assignments = going_on(guidance, &closing.assignments);
            let keys = assignments.iter().map(|(key, value)| format!("{key}={value}"));
            let keys = fence::line(&keys.collect::<Vec<_>>().join(", "));
            let question = Question::GoOn { from: position(&state), set: assignments };
            (question, format!("The status is {status}. Go on with {keys}?"))
        };
        let otherwise = guide::answer(reading, did).with("person", for_person(reading, &question));
        Some(Self { question, message, otherwise: Ok(otherwise) })
    }

    /// The same question, with something else to say where nobody answers it.
    pub(super) fn otherwise(self, otherwise: Result<Answer, Refusal>) -> Self {
        Self { otherwise, ..self }
    }

    /// The answer for a client that can't ask, or whose person has not answered.
    ///
    /// # Errors
    /// What the tool refuses without an answer.
    pub(super) fn unanswered(self) -> Result<Answer, Refusal> {
        self.otherwise
    }
}

impl Question {
    /// The form, as a JSON Schema of primitive fields.
    pub(super) fn form(&self) -> Value {
        match self {
            Self::Plan(_) => json!({
                "type": "object",
                "properties": {
                    "approve": { "type": "boolean", "title": "Approve the plan" },
                    "feedback": { "type": "string", "title": "What has to change, if not" },
                },
                "required": ["approve"],
            }),
            Self::Step(_) => json!({
                "type": "object",
                "properties": {
                    "approve": { "type": "boolean", "title": "Yes, or done", "default": true },
                    "feedback": { "type": "string", "title": "Answer" },
                },
                "required": ["approve"],
            }),
            Self::GoOn { .. } => json!({
                "type": "object",
                "properties": {
                    "approve": { "type": "boolean", "title": "Go on" },
                    "feedback": { "type": "string", "title": "What the agent has to know" },
                },
                "required": ["approve"],
            }),
        }
    }

    /// Writes down what the person answered, and lets the rules go on; says what came of it.
    pub(super) fn settle(&self, open: &mut OpenProject, reply: Reply) -> Result<Vec<String>, Refusal> {
        match self {
            Self::Plan(plan) => decide(open, plan, reply),
            Self::Step(step) => {
                let waits = open.look()?.guidance.pending.iter().any(|pending| pending.id == *step);
                if !waits {
                    return Ok(vec![format!("{step} no longer waits for an answer, so this one is dropped")]);
                }
                let result = StepResult { success: reply.is_yes, text: reply.text };
                let run = open.project.run(Cause::Done { step: step.clone(), result })?;
                told::did(&run, open.project.settings())
            }
            Self::GoOn { from, set } => go_on(open, from, set, &reply),
        }
    }
}

/// What has come of asking whether work goes on, unless somebody has moved it meanwhile.
fn go_on(
    open: &mut OpenProject,
    from: &[Option<String>; 3],
    set: &[(String, String)],
    reply: &Reply,
) -> Result<Vec<String>, Refusal> {
    let at = open.project.now();
    let said = match (reply.is_yes, reply.text.as_deref()) {
        (true, None) => "The person says: go on".to_owned(),
        (true, Some(text)) => format!("The person says: go on. {text}"),
        (false, None) => "The person says: not yet".to_owned(),
        (false, Some(text)) => format!("The person says: not yet. {text}"),
    };
    let run = open.project.edit("go on", Cause::FilesChanged, &mut |documents| {
        if position(&WorkflowState::parse(&documents.state.text)) != *from {
            return Err(has_changed());
        }
        let mut draft = StateDraft::new(documents, at);
        draft.log(&said)?;
        let mut set = set.iter().filter(|_| reply.is_yes);
        set.try_for_each(|(key, value)| draft.set(key, value, UnknownKey::Add))?;
        Ok(draft.into_edits())
    })?;
    let mut did = vec![fence::span(&said)];
    did.extend(told::did(&run, open.project.settings())?);
    Ok(did)
}

fn position(state: &WorkflowState<'_>) -> [Option<String>; 3] {
    POSITION.map(|key| state.value(key).map(str::to_owned))
}

fn has_changed() -> Error {
    Error::Caller {
        kind: ErrorKind::Conflict,
        message: "what was asked about has changed since it was shown".into(),
        hints: vec!["call the tool again: what is open now is asked; nothing was written".into()],
    }
}

fn decide(open: &mut OpenProject, plan: &str, reply: Reply) -> Result<Vec<String>, Refusal> {
    let Some(plan) = Revision::from_hex(plan) else {
        return Err(Refusal::new("the question names no plan", Retry::Now));
    };
    let is_attested = open.is_person_behind_client();
    let by = format!("{}, through {}", crate::trust::user_name(), fence::line(&reply.client));
    let decider = Decider { by: by.clone(), via: Via::Elicitation, is_attested, plan: Some(plan) };
    let decision = match reply.is_yes {
        true => Decision::Approve,
        false => Decision::Reject(reply.text.unwrap_or_else(|| "no reason given".into())),
    };
    let run = open.project.decide(&decider, &decision)?;
    let mut did = vec![match &decision {
        Decision::Approve => format!("the plan was approved by {by}"),
        Decision::Reject(feedback) => format!("the plan was rejected by {by}: {}", fence::span(feedback)),
    }];
    did.extend(told::did(&run, open.project.settings())?);
    Ok(did)
}

/// What the person can do where nobody can ask them.
pub(super) fn for_person(reading: &Reading, question: &Question) -> Value {
    let command = |words: &str| format!("rulemark -C {} {words}", reading.root);
    match question {
        Question::Plan(_) => json!({
            "what": "decides about the plan",
            "commands": [command("approve"), command("reject \"…\"")],
        }),
        Question::Step(id) => {
            json!({ "what": "answers the question", "commands": [command(&format!("done {id} --note \"…\""))] })
        }
        Question::GoOn { set, .. } => {
            let set = Closing { assignments: set.clone(), by: Turn::Person, when: None };
            json!({ "what": "lets the work go on", "commands": [command(&set.command())] })
        }
    }
}

/// What lets the work go on: where it is blocked, it stays in its phase.
fn going_on(guidance: &Guidance, closing: &[(String, String)]) -> Vec<(String, String)> {
    let is_blocked = guidance.status.as_deref().is_some_and(|it| it.to_uppercase().starts_with("BLOCKED"));
    closing.iter().filter(|(key, _)| !is_blocked || key == "Status").cloned().collect()
}

/// The plan, fenced, in at most [`PLAN`] bytes.
fn shown_plan(state: &WorkflowState<'_>) -> String {
    let outline = state.outline();
    let plan = outline.section(Role::Plan).map(|section| outline.content(section)).unwrap_or_default();
    if plan.len() <= PLAN {
        return fence::block(&plan);
    }
    let mut end = PLAN;
    while !plan.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}\n(the rest stands in the state file)", fence::block(&plan[..end]))
}
