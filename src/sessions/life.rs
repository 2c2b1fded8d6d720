//! Pausing, going on, trying again, going back, and deleting.

use super::{
    Answer, Work,
    call::Call,
    failure::Failure,
    index,
    state::errors,
    store::{Store, Wish, Write, not_found},
};
use crate::workflow::session::{Refusal, Session};
use jiff::civil::DateTime;
use serde_json::{Map, Value, json};

/// What is to be done to a session, as a function of its text.
type Transition<'t> = dyn Fn(&Session, DateTime) -> Result<String, Refusal> + 't;

impl Work<'_> {
    /// `pause`.
    pub(super) fn pause(&mut self, call: &Call<'_>) -> Answer {
        let note = call.text("checkpoint_note")?.unwrap_or_default();
        let (_, session) = self.transition(call, note, &|session, at| session.pause(note, at))?;
        let mut answer = about(&session);
        answer.insert("paused".into(), true.into());
        answer.insert("paused_at".into(), session.head.updated.to_string().into());
        answer.insert("resume_capable".into(), true.into());
        answer.insert("where".into(), session.statement().into());
        Ok(answer)
    }

    /// `resume`.
    pub(super) fn resume(&mut self, call: &Call<'_>) -> Answer {
        let note = call.text("checkpoint_note")?.unwrap_or_default();
        let (before, session) = self.transition(call, note, &|session, at| session.resume(note, at))?;
        let definition = self.definition(&session)?;
        let mut answer = about(&session);
        answer.insert("resumed".into(), true.into());
        answer.insert("paused_duration_seconds".into(), before.paused_seconds(session.head.updated).into());
        if let Some(pause) = before.pause.as_ref().filter(|pause| !pause.note.is_empty()) {
            answer.insert("checkpoint_note".into(), shortened(&pause.note).into());
        }
        answer.insert("where".into(), session.statement().into());
        answer.insert("current_phase".into(), session.head.phase.into());
        answer.insert("phase_content".into(), self.phase_content(&session, &definition, session.head.phase)?);
        Ok(answer)
    }

    /// `retry_phase`.
    pub(super) fn retry_phase(&mut self, call: &Call<'_>) -> Answer {
        let (phase, reset) = (call.required_number("phase")?, call.flag("reset_evidence")?);
        let detail = if reset { "evidence reset" } else { "" };
        let (_, session) = self.transition(call, detail, &|session, at| session.retry(phase, reset, at))?;
        let definition = self.definition(&session)?;
        let mut answer = about(&session);
        answer.insert("retrying".into(), true.into());
        answer.insert("phase".into(), phase.into());
        answer.insert("evidence_reset".into(), reset.into());
        answer.insert("phase_content".into(), self.phase_content(&session, &definition, phase)?);
        answer.insert("previous_errors".into(), errors(&session, Some(phase)).into());
        Ok(answer)
    }

    /// `rollback`.
    pub(super) fn rollback(&mut self, call: &Call<'_>) -> Answer {
        let to = call.required_number("to_phase")?;
        let detail = format!("to phase {to}");
        let (before, session) = self.transition(call, &detail, &|session, at| session.roll_back(to, at))?;
        let definition = self.definition(&session)?;
        let cleared = before.cleared_by(to);
        let mut answer = about(&session);
        answer.insert("rolled_back".into(), true.into());
        answer.insert("from_phase".into(), before.head.phase.into());
        answer.insert("to_phase".into(), to.into());
        let cleared: Vec<Value> =
            cleared.into_iter().map(|(phase, name)| json!({ "phase": phase, "name": name })).collect();
        answer.insert("artifacts_cleared".into(), cleared.into());
        answer.insert("phase_content".into(), self.phase_content(&session, &definition, to)?);
        Ok(answer)
    }

    /// `delete_session`: also a damaged one. What is not there is not deleted, and no error.
    pub(super) fn delete_session(&mut self, call: &Call<'_>) -> Answer {
        let id = call.session()?;
        let reason = call.text("reason")?.unwrap_or_default();
        let mut answer = Map::new();
        answer.insert("session_id".into(), id.as_str().into());
        let is_there = self.has_sessions() && self.store.reading(&id, false)?.is_some();
        if !is_there {
            answer.insert("deleted".into(), false.into());
            answer.insert("cleanup".into(), json!({ "state_file_removed": false }));
            return Ok(answer);
        }
        let _lock = self.store.lock(call.action.name())?;
        let before = index::folder_time(&self.store);
        let Some(reading) = self.store.reading(&id, true)? else { return Err(not_found(&id)) };
        if let Ok(session) = Session::parse(reading.text.clone()) {
            call.expect_revision(&session)?;
        }
        self.store.delete(&id, &reading, reason)?;
        drop(reading);
        if let Err(failure) = self.with_index(|index, store| index.note_removal(store, &id, before)) {
            tracing::warn!(failure.message, "the index is behind");
        }
        answer.insert("deleted".into(), true.into());
        let cleanup = json!({ "state_file_removed": true, "kept_in_journal": true });
        answer.insert("cleanup".into(), cleanup);
        Ok(answer)
    }

    /// Does one thing to a session; answers with the session as it was and as it is.
    fn transition(
        &mut self,
        call: &Call<'_>,
        detail: &str,
        transition: &Transition<'_>,
    ) -> Result<(Session, Session), Failure> {
        let id = call.session()?;
        // Nothing is made for a session that there is not.
        if !self.has_sessions() {
            return Err(not_found(&id));
        }
        self.change(call, &id, &mut |store: &mut Store<'_>, session| {
            let text = transition(session, store.project.now());
            let text = text.map_err(|refusal| Failure::of_refusal(&refusal, id.as_str()))?;
            let (phase, detail) = (Some(session.head.phase), detail.to_owned());
            Ok(Wish::Write(Write { text, label: call.action.name(), phase, detail }, session.clone()))
        })
    }
}

/// A note as an answer has it; all of it stands in the session's log.
fn shortened(note: &str) -> String {
    const MOST: usize = 500;
    match note.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &note[..at]),
        None => note.to_owned(),
    }
}

fn about(session: &Session) -> Map<String, Value> {
    let mut answer = Map::new();
    answer.insert("session_id".into(), session.head.id.as_str().into());
    answer.insert("revision".into(), session.head.revision.into());
    answer
}
