//! `complete_phase`: evidence comes to a gate.
//!
//! What the gate asks about is looked up before anything is locked. Commands take their time: they are left to
//! the caller, who comes again when they have ended. Then the session is read again under the lock, and if
//! somebody has moved it meanwhile, all of it is decided anew.

use super::{
    Action, Advance, Answer, Work,
    aside::EVIDENCE_SIZE,
    call::Call,
    catalogue, facts,
    failure::{Failure, FailureKind, Retry},
    gate_commands::GateOrder,
    phase::phase_of,
    store::{Wish, Write},
};
use crate::{
    text::Revision,
    workflow::{
        Answer as FactAnswer, Definition, Evidence, Facts, Failure as GateFailure, Missing, Next, Phase,
        Question, RouteError, Scope, Verdict, condition,
        session::{Attempt, AttemptEnd, Kept, Session, SessionId, Standing, Submission, problem_in_words},
    },
};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// How often a gate may ask for more.
const ROUNDS: usize = 8;

/// How often a session may move while its gate is decided.
const ATTEMPTS: usize = 16;

/// A gate's word on evidence.
struct Decided {
    verdict: Verdict,
    next: Option<u32>,
    remedy: String,
}

/// How far a gate has come with evidence.
enum Hearing {
    Decided(Box<Decided>),
    /// Commands have to be run first.
    Adjourned(Box<GateOrder>),
}

/// What becomes of the commands that a gate asks for.
enum Ordered {
    /// It asks for none.
    Nothing,
    Commands(Box<GateOrder>),
    /// None of them may run; why.
    Refused(String),
}

impl Work<'_> {
    /// `complete_phase`.
    pub(super) fn complete_phase(&mut self, call: &Call<'_>) -> Result<Advance, Failure> {
        let id = call.session()?;
        let number = call.required_number("phase")?;
        let none = Map::new();
        let evidence = call.object("evidence")?.unwrap_or(&none);
        expect_size(evidence)?;
        let hash = evidence_hash(evidence);
        for _ in 0..ATTEMPTS {
            let session = self.store.read(&id)?;
            // Whoever repeats a call repeats its revision too, and gets the same answer.
            match session.standing(number, hash) {
                Ok(Standing::Passed(attempt)) => {
                    return self.passed(&session, attempt).map(Advance::Answer);
                }
                Ok(Standing::Open) if session.refused_last(number, hash) => {}
                Ok(Standing::Open) => call.expect_revision(&session)?,
                Err(refusal) => {
                    call.expect_revision(&session)?;
                    return Err(Failure::of_refusal(&refusal, id.as_str()));
                }
            }
            self.expect_readable(&session, number)?;
            let definition = self.definition(&session)?;
            let phase = phase_of(&definition, &session, number)?;
            let decided = match self.decide(&session, &definition, phase, evidence)? {
                Hearing::Decided(decided) => decided,
                Hearing::Adjourned(order) => return Ok(Advance::Run(order)),
            };
            let values = self.values(evidence)?;
            let given = Given { call, id: &id, read: &session, number, hash, values: &values };
            if let Some(answer) = self.submit(&given, &decided)? {
                return Ok(Advance::Answer(answer));
            }
        }
        let message = format!("session {id} goes on changing while its gate is decided");
        let mut failure =
            Failure::new(FailureKind::Conflict, message, Action::GetState).of_session(id.as_str());
        failure.retry = Retry::Now;
        Err(failure)
    }

    /// Asks the gate, and looks up what it wants to know, until it is content or refuses.
    fn decide(
        &mut self,
        session: &Session,
        definition: &Arc<Definition>,
        phase: &Phase,
        evidence: &Evidence,
    ) -> Result<Hearing, Failure> {
        let scope = self.scope(session, phase)?;
        let mut known = Facts::default();
        let mut verdict = phase.gate.evaluate(evidence, &scope, &known);
        for _ in 0..ROUNDS {
            if verdict.needs.is_empty() {
                break;
            }
            if self.ran.is_none() {
                match self.order(session, definition, phase.number, &verdict.needs)? {
                    Ordered::Commands(order) => return Ok(Hearing::Adjourned(order)),
                    Ordered::Nothing => {}
                    Ordered::Refused(why) => {
                        let commands = verdict.needs.iter().filter(|it| matches!(it, Question::Command(_)));
                        commands.for_each(|it| known.insert(it.clone(), FactAnswer::Refused(why.clone())));
                    }
                }
            }
            let (number, ran) = (phase.number, self.ran);
            let asked = facts::Asked { session, phase: number, evidence, ran };
            for question in &verdict.needs {
                if known.get(question).is_none() {
                    let answer = facts::answer(self.store.project, &asked, question);
                    known.insert(question.clone(), answer);
                }
            }
            verdict = phase.gate.evaluate(evidence, &scope, &known);
        }
        let mut next = None;
        if verdict.passes() {
            let after = self.scope_behind(session, definition, phase, (evidence, &verdict.counted))?;
            match definition.next_phase(phase.number, evidence, &after) {
                Ok(found) => {
                    next = found.map(|phase| phase.number);
                    // A session that has moved to a phase whose words can't be handed out is stuck.
                    verdict.errors.extend(found.and_then(|found| unfilled(found, &after)));
                }
                Err(why @ RouteError::Undecided(_)) => {
                    verdict.missing.push(Missing { name: Next::FIELD.to_owned(), what: why.to_string() });
                }
                Err(why) => verdict.errors.push(GateFailure {
                    subject: Next::FIELD.to_owned(),
                    message: why.to_string(),
                    place: phase.place.clone(),
                }),
            }
        }
        let remedy = remedy(&verdict);
        Ok(Hearing::Decided(Box::new(Decided { verdict, next, remedy })))
    }

    /// The commands among what a gate wants to know, to be run by the caller.
    fn order(
        &self,
        session: &Session,
        definition: &Definition,
        phase: u32,
        needs: &[Question],
    ) -> Result<Ordered, Failure> {
        let asked =
            |line: &str| needs.iter().any(|it| matches!(it, Question::Command(asked) if asked == line));
        let named = facts::commands_of(definition).into_iter().filter(|command| asked(&command.line));
        let commands: Vec<_> = named.map(|command| (command.clone(), command.line)).collect();
        if commands.is_empty() {
            return Ok(Ordered::Nothing);
        }
        let project = &*self.store.project;
        let checks = match facts::checks(project, definition) {
            Ok(checks) => checks,
            Err(why) => return Ok(Ordered::Refused(why)),
        };
        let claim = self.sessions.claims.claim(session, phase, project.now())?;
        Ok(Ordered::Commands(Box::new(GateOrder { commands, checks, claim })))
    }

    /// Writes the attempt, if the session is still the one that was read.
    fn submit(
        &mut self,
        given: &Given<'_>,
        decided: &Decided,
    ) -> Result<Option<Map<String, Value>>, Failure> {
        let revision = Revision::of(given.read.text());
        let outcome = self.change_unseen(given.call, given.id, &mut |store, session| {
            if Revision::of(session.text()) != revision {
                return Ok(Wish::Leave(None));
            }
            let submission = Submission {
                phase: given.number,
                evidence: given.hash,
                values: given.values,
                verdict: &decided.verdict,
                next: decided.next,
                remedy: &decided.remedy,
                at: store.project.now(),
            };
            if let Some(attempt) = session.repeated(&submission) {
                return Ok(Wish::Leave(Some(attempt.clone())));
            }
            given.call.expect_revision(session)?;
            let attempt = session.attempt(&submission);
            let text = session.record(&submission);
            let text = text.map_err(|refusal| Failure::of_refusal(&refusal, given.id.as_str()))?;
            let detail = format!("attempt {} {}", attempt.number, attempt.end.as_str());
            let write = Write { text, label: given.call.action.name(), phase: Some(given.number), detail };
            Ok(Wish::Write(write, Some(attempt)))
        })?;
        let (Some(attempt), session) = outcome else { return Ok(None) };
        if attempt.end == AttemptEnd::Refused {
            return Err(refused(&session, &attempt, &decided.remedy));
        }
        self.passed(&session, &attempt).map(Some)
    }

    /// What is answered when a gate has opened, now or before.
    fn passed(&mut self, session: &Session, attempt: &Attempt) -> Answer {
        let definition = self.definition(session)?;
        let mut answer = Map::new();
        answer.insert("session_id".into(), session.head.id.as_str().into());
        answer.insert("checkpoint_passed".into(), true.into());
        answer.insert("phase_completed".into(), attempt.phase.into());
        answer.insert("attempt".into(), attempt.number.into());
        if !attempt.warnings.is_empty() {
            answer.insert("warnings".into(), attempt.warnings.clone().into());
        }
        match attempt.next {
            Some(next) => {
                answer.insert("next_phase".into(), next.into());
                answer.insert("phase_content".into(), self.phase_content(session, &definition, next)?);
            }
            None => {
                answer.insert("next_phase".into(), Value::Null);
                answer.insert("workflow_complete".into(), true.into());
            }
        }
        Ok(answer)
    }

    /// A gate that somebody has broken since stops the phase, although the session keeps to the definition
    /// that it started with: whoever broke it may have meant to change what is asked for.
    fn expect_readable(&mut self, session: &Session, number: u32) -> Result<(), Failure> {
        let id = session.head.id.as_str();
        let current = catalogue::current(self.library(), &session.head.workflow);
        let current = current.map_err(|mut failure| {
            failure.kind = FailureKind::State;
            failure
        })?;
        let gate =
            current.and_then(|definition| definition.phase(number)).map(|phase| phase.gate.broken.clone());
        let Some(Some(broken)) = gate else { return Ok(()) };
        let kept = self.definition(session)?;
        if kept.phase(number).is_some_and(|phase| phase.gate.broken.is_some()) {
            // It was broken from the beginning: the gate itself says so.
            return Ok(());
        }
        let message =
            format!("the gate of phase {number} can't be read: {}: {}", broken.place, broken.message);
        Err(Failure::new(FailureKind::State, message, Action::GetState)
            .of_session(id)
            .fix(format!("mend {}", broken.place.file))
            .with("checkpoint_passed", false))
    }

    /// The evidence as the session keeps it.
    fn values(&mut self, evidence: &Evidence) -> Result<Vec<(String, Kept)>, Failure> {
        // The folder for long texts lies in that of the sessions, which is there: one was read.
        evidence.iter().map(|(name, value)| Ok((name.clone(), self.store.keep(value)?))).collect()
    }
}

/// A submission under way.
struct Given<'a> {
    call: &'a Call<'a>,
    id: &'a SessionId,
    read: &'a Session,
    number: u32,
    hash: Revision,
    values: &'a [(String, Kept)],
}

fn expect_size(evidence: &Evidence) -> Result<(), Failure> {
    let size = evidence.iter().map(|(name, value)| name.len() + weight(value)).sum::<usize>();
    if size <= EVIDENCE_SIZE {
        return Ok(());
    }
    let message = format!(
        "the evidence is too large: it has {size} bytes, and a call takes at most {EVIDENCE_SIZE} (10 MB)"
    );
    Err(Failure::new(FailureKind::Validation, message, Action::CompletePhase)
        .fix("put long output into a file in the workspace, and give its path and SHA-256")
        .with("checkpoint_passed", false))
}

/// Why the words of the next phase can't be handed out after this evidence.
fn unfilled(next: &Phase, scope: &Scope) -> Option<GateFailure> {
    let why = next.text_in(scope).err()?;
    let message = format!("phase {} can't be handed out after this evidence: {why}", next.number);
    Some(GateFailure { subject: Next::FIELD.to_owned(), message, place: next.place.clone() })
}

/// The size of a value, in bytes, without writing it out.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(weight).sum::<usize>() + list.len(),
        Value::Object(object) => object.iter().map(|(name, value)| name.len() + weight(value) + 2).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}

/// The hash of evidence, whatever order its names are in.
pub(super) fn evidence_hash(evidence: &Evidence) -> Revision {
    Revision::of(canonical_object(evidence))
}

fn canonical_object(object: &Map<String, Value>) -> String {
    let mut names: Vec<&String> = object.keys().collect();
    names.sort();
    let pairs = names
        .into_iter()
        .map(|name| format!("{}:{}", Value::from(name.as_str()), canonical(&object[name.as_str()])));
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
}

/// JSON with sorted names: the same evidence in another order is the same.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(object) => canonical_object(object),
        Value::Array(list) => {
            format!("[{}]", list.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        value => value.to_string(),
    }
}

/// What is answered when a gate has refused.
fn refused(session: &Session, attempt: &Attempt, remedy: &str) -> Failure {
    let phase = attempt.phase;
    let problems: Vec<String> =
        attempt.problems.iter().map(|(of, what)| problem_in_words(of, what)).collect();
    let missing: Vec<&str> = attempt.missing.iter().map(|(name, _)| name.as_str()).collect();
    let mut said: Vec<String> = Vec::new();
    if !missing.is_empty() {
        said.push(format!("missing: {}", missing.join(", ")));
    }
    said.extend(problems.iter().cloned());
    let message = format!("the gate of phase {phase} stays shut: {}", said.join("; "));
    let names =
        attempt.missing.iter().map(|(name, _)| name.clone()).chain(
            attempt.pieces.iter().filter(|piece| piece.value.is_some()).map(|piece| piece.name.clone()),
        );
    let example: Map<String, Value> = names.map(|name| (name, json!("…"))).collect();
    Failure::new(FailureKind::Validation, message, Action::CompletePhase)
        .of_session(session.head.id.as_str())
        .with_parameter("phase", phase)
        .with_parameter("evidence", example)
        .fix(remedy)
        .with("session_id", session.head.id.as_str())
        .with("checkpoint_passed", false)
        .with("attempt", attempt.number)
        .with("missing_evidence", missing)
        .with("validation_errors", problems)
}

/// What to do about a verdict, in a sentence.
fn remedy(verdict: &Verdict) -> String {
    let give: Vec<String> =
        verdict.missing.iter().map(|Missing { name, what }| format!("`{name}` ({what})")).collect();
    let fields = verdict.errors.iter().map(|error| error.subject.as_str());
    let mend: Vec<&str> = fields.filter(|subject| condition::is_name(subject)).collect();
    let mut words = Vec::new();
    if !give.is_empty() {
        words.push(format!("give {}", give.join(", ")));
    }
    if !mend.is_empty() {
        words.push(format!("mend {}", mend.join(", ")));
    }
    if words.is_empty() {
        // A rule or a command says itself what is wanted.
        return "do what the gate asks for, and give evidence of it".to_owned();
    }
    words.join("; ")
}
