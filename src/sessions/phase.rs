//! What an agent gets to see of a phase: the open one and those before it, never one behind it.

use super::{
    Action, Answer, Work,
    call::Call,
    failure::{Failure, FailureKind},
    state,
};
use crate::workflow::{
    Definition, Evidence, FieldCheck, Gate, Phase, Scope, TemplateError,
    session::{Session, SessionStatus},
};
use serde_json::{Map, Value, json};

impl Work<'_> {
    /// `get_phase`.
    pub(super) fn get_phase(&mut self, call: &Call<'_>) -> Answer {
        let session = self.store.read(&call.session()?)?;
        let definition = self.definition(&session)?;
        let head = &session.head;
        let wanted = call.number("phase")?.unwrap_or(head.phase);
        expect_reached(&session, &definition, wanted)?;
        let mut answer = state::standing(&session);
        answer.insert("revision".into(), head.revision.into());
        answer.insert("phase_content".into(), self.phase_content(&session, &definition, wanted)?);
        answer.insert("artifacts_from_previous_phases".into(), self.artifacts(&session, Some(wanted)));
        Ok(answer)
    }

    /// `get_task`.
    pub(super) fn get_task(&mut self, call: &Call<'_>) -> Answer {
        let session = self.store.read(&call.session()?)?;
        let definition = self.definition(&session)?;
        let (number, task_number) = (call.required_number("phase")?, call.required_number("task_number")?);
        expect_reached(&session, &definition, number)?;
        let phase = phase_of(&definition, &session, number)?;
        let Some(task) = phase.task(task_number) else {
            let last = phase.tasks.len();
            let message = format!("phase {number} has no task {task_number}");
            let failure = Failure::new(FailureKind::NotFound, message, Action::GetTask)
                .of_session(session.head.id.as_str())
                .with_parameter("phase", number);
            return Err(match phase.tasks.first().map(|first| first.number) {
                Some(first) => failure
                    .with_parameter("task_number", first)
                    .fix(format!("its tasks are {first} to {last}")),
                None => Failure::new(FailureKind::NotFound, failure.message.clone(), Action::GetPhase)
                    .of_session(session.head.id.as_str())
                    .fix("the phase has no tasks; its text says all there is"),
            });
        };
        let scope = self.scope(&session, phase)?;
        let text = phase.task_text_in(task, &scope).map_err(|why| unfilled(&session, &why))?;
        let mut answer = Map::new();
        answer.insert("session_id".into(), session.head.id.as_str().into());
        answer.insert("phase".into(), number.into());
        answer.insert("task_number".into(), task_number.into());
        answer.insert("task_name".into(), task.title.as_str().into());
        answer.insert("task_content".into(), text.into());
        answer.insert("execution_steps".into(), task.steps.clone().into());
        Ok(answer)
    }

    /// A phase as an agent gets it.
    pub(super) fn phase_content(
        &mut self,
        session: &Session,
        definition: &Definition,
        number: u32,
    ) -> Result<Value, Failure> {
        let phase = phase_of(definition, session, number)?;
        let scope = self.scope(session, phase)?;
        let text = phase.text_in(&scope).map_err(|why| unfilled(session, &why))?;
        let tasks = phase.tasks.iter().map(|task| {
            let mut entry = json!({ "task_number": task.number, "name": task.title });
            if task.id != task.number.to_string() && !task.id.is_empty() {
                entry["id"] = task.id.as_str().into();
            }
            if let Some(time) = &task.estimated_time {
                entry["estimated_time"] = time.as_str().into();
            }
            if !task.dependencies.is_empty() {
                entry["dependencies"] = task.dependencies.clone().into();
            }
            entry
        });
        let mut content = Map::new();
        content.insert("phase_number".into(), phase.number.into());
        content.insert("title".into(), phase.title.as_str().into());
        content.insert("description".into(), text.into());
        content.insert("tasks".into(), tasks.collect());
        content.insert("checkpoint".into(), checkpoint(&phase.gate));
        if !definition.standing_guidance.is_empty() {
            content.insert("guidance".into(), definition.standing_guidance.clone().into());
        }
        if phase.guidance.requires_confirmation {
            content.insert("requires_confirmation".into(), true.into());
        }
        Ok(content.into())
    }

    /// What the texts and conditions of a phase can speak of.
    pub(super) fn scope(&mut self, session: &Session, phase: &Phase) -> Result<Scope, Failure> {
        if speaks_of_earlier(phase) {
            return self.whole_scope(session, phase);
        }
        Ok(Scope { inputs: session.options.clone(), target: session.head.target.clone(), ..Scope::default() })
    }

    /// The same with all that earlier phases have handed in.
    fn whole_scope(&mut self, session: &Session, phase: &Phase) -> Result<Scope, Failure> {
        let mut scope = Scope {
            inputs: session.options.clone(),
            target: session.head.target.clone(),
            ..Scope::default()
        };
        let definition = self.definition(session)?;
        for line in &session.phases {
            if line.number == phase.number {
                break;
            }
            let Some(attempt) = session.passed(line.number) else { continue };
            for piece in &attempt.pieces {
                let is_handed_on = || definition.hands_on(line.number, &piece.name);
                if let Some(kept) = piece.value.as_ref().filter(|_| is_handed_on()) {
                    scope.earlier.insert(piece.name.clone(), self.store.restore_value(kept)?);
                }
            }
        }
        Ok(scope)
    }

    /// What the conditions and texts of the phases behind this one can speak of when it passes with
    /// `evidence`, out of which commands have `counted` some.
    pub(super) fn scope_behind(
        &mut self,
        session: &Session,
        definition: &Definition,
        phase: &Phase,
        (evidence, counted): (&Evidence, &Evidence),
    ) -> Result<Scope, Failure> {
        let mut scope = match definition.phases.iter().any(speaks_of_earlier) {
            true => self.whole_scope(session, phase)?,
            false => self.scope(session, phase)?,
        };
        let handed_on =
            evidence.iter().chain(counted).filter(|(name, _)| definition.hands_on(phase.number, name));
        scope.earlier.extend(handed_on.map(|(name, value)| (name.clone(), value.clone())));
        Ok(scope)
    }

    /// The evidence that has passed, by phase; only before `before`, if that is given.
    pub(super) fn artifacts(&mut self, session: &Session, before: Option<u32>) -> Value {
        let mut artifacts = Map::new();
        for line in &session.phases {
            if Some(line.number) == before {
                break;
            }
            let Some(attempt) = session.passed(line.number) else { continue };
            let mut pieces = Map::new();
            for piece in &attempt.pieces {
                if let Some(kept) = &piece.value {
                    pieces.insert(piece.name.clone(), self.store.shown(kept));
                }
            }
            artifacts.insert(line.number.to_string(), pieces.into());
        }
        artifacts.into()
    }
}

/// Long evidence is only read for those who ask for it.
fn speaks_of_earlier(phase: &Phase) -> bool {
    let sources = phase.gate.rules.iter().map(|rule| &rule.condition.source);
    let sources = sources.chain(phase.when.iter().map(|condition| &condition.source));
    let texts = phase.tasks.iter().map(|task| &task.text).chain([&phase.text]);
    sources.chain(texts).any(|text| text.contains("earlier"))
}

/// The phase with this number.
pub(super) fn phase_of<'d>(
    definition: &'d Definition,
    session: &Session,
    number: u32,
) -> Result<&'d Phase, Failure> {
    definition.phase(number).ok_or_else(|| {
        let message = format!("the workflow has no phase {number}");
        Failure::new(FailureKind::NotFound, message, Action::GetPhase).of_session(session.head.id.as_str())
    })
}

/// Refuses what has not been reached yet, whether it exists or not.
fn expect_reached(session: &Session, definition: &Definition, number: u32) -> Result<(), Failure> {
    let open = session.head.phase;
    let is_reached = number == open
        || session.passed(number).is_some()
        || (session.head.status == SessionStatus::Completed && definition.phase(number).is_some());
    if is_reached {
        return Ok(());
    }
    let message = format!("phase {number} is not open; the session is at phase {open}");
    Err(Failure::new(FailureKind::State, message, Action::GetPhase)
        .of_session(session.head.id.as_str())
        .fix("close the phases before it first"))
}

fn unfilled(session: &Session, why: &TemplateError) -> Failure {
    Failure::new(FailureKind::State, why.to_string(), Action::GetSession).of_session(session.head.id.as_str())
}

/// What closes a phase.
fn checkpoint(gate: &Gate) -> Value {
    let mut checkpoint = Map::new();
    if let Some(broken) = &gate.broken {
        checkpoint.insert("broken".into(), format!("{}: {}", broken.place, broken.message).into());
        return checkpoint.into();
    }
    let fields = gate.fields.iter().map(|field| {
        let mut entry = json!({ "name": field.name, "type": field.kind });
        if field.optional {
            entry["optional"] = true.into();
        }
        if !field.description.is_empty() {
            entry["description"] = field.description.as_str().into();
        }
        let checks: Vec<String> = field.checks.iter().map(FieldCheck::requirement).collect();
        if !checks.is_empty() {
            entry["must"] = checks.into();
        }
        entry
    });
    let fields: Vec<Value> = fields.collect();
    let boxes: Vec<Value> = gate.boxes.iter().map(|it| json!({ "name": it.name, "text": it.text })).collect();
    let commands: Vec<Value> = gate
        .commands
        .iter()
        .map(|command| json!({ "command": command.command, "exit_code": command.exit_code }))
        .collect();
    let rules = gate.rules.iter().map(|rule| {
        let mut entry = json!({ "must": rule.condition.source });
        if let Some(message) = &rule.message {
            entry["message"] = message.as_str().into();
        }
        entry
    });
    let rules: Vec<Value> = rules.collect();
    for (name, list) in [("evidence", fields), ("boxes", boxes), ("commands", commands), ("rules", rules)] {
        if !list.is_empty() {
            checkpoint.insert(name.into(), list.into());
        }
    }
    if let Some(approval) = &gate.approval {
        checkpoint.insert("approval".into(), approval.question.as_str().into());
    }
    if gate.lenient {
        checkpoint.insert("lenient".into(), true.into());
    }
    checkpoint.into()
}
