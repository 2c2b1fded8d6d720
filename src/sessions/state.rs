//! Looking closer at one session: state, history, errors, figures.

use super::{Answer, Work, call::Call, failure::FailureKind, store::not_found};
use crate::workflow::{
    Basis,
    session::{PhaseRun, Session},
};
use serde_json::{Map, Value, json};

/// How many entries of the journal are told.
const TIMELINE: usize = 200;

impl Work<'_> {
    /// `get_state`.
    pub(super) fn get_state(&mut self, call: &Call<'_>) -> Answer {
        let session = self.store.read(&call.session()?)?;
        let mut answer = head(&session);
        answer.insert("completed_phases".into(), session.completed_phases().into());
        answer.insert("artifacts".into(), self.artifacts(&session, None));
        answer.insert("options".into(), session.options.clone().into());
        if let Some(pause) = &session.pause {
            answer.insert("paused_at".into(), pause.at.to_string().into());
        }
        answer.insert("resume_capable".into(), session.is_open().into());
        answer.insert("where".into(), session.statement().into());
        Ok(answer)
    }

    /// `get_session`.
    pub(super) fn get_session(&mut self, call: &Call<'_>) -> Answer {
        let session = self.store.read(&call.session()?)?;
        let definition = self.definition(&session)?;
        let mut details = head(&session);
        if let Some(status) = details.remove("session_status") {
            details.insert("status".into(), status);
        }
        details.insert("workflow_name".into(), definition.name.as_str().into());
        details.insert("workflow_version".into(), session.head.version.as_str().into());
        details.insert("definition".into(), session.head.definition.to_string().into());
        details.insert("options".into(), session.options.clone().into());
        if let Some(pause) = &session.pause {
            details.insert("paused_at".into(), pause.at.to_string().into());
            details.insert("checkpoint_note".into(), pause.note.as_str().into());
        }
        let runs = session.runs();
        details.insert("phase_history".into(), runs.iter().map(|run| entry(&session, run)).collect());
        let attempts = session.attempts.iter().map(|attempt| {
            let pieces = attempt.pieces.iter().map(|piece| {
                let basis = match piece.basis {
                    Basis::Checked => "checked",
                    Basis::Reported => "reported",
                };
                json!({ "name": piece.name, "basis": basis, "seen": piece.seen })
            });
            let mut entry = json!({
                "phase": attempt.phase,
                "attempt": attempt.number,
                "end": attempt.end.as_str(),
                "at": attempt.at.to_string(),
                "evidence": pieces.collect::<Vec<_>>(),
            });
            if let Some(undone) = attempt.undone {
                entry[undone.by.as_str().replace(' ', "_")] = undone.at.to_string().into();
            }
            entry
        });
        details.insert("attempts".into(), attempts.collect());
        let mut answer = Map::new();
        answer.insert("session".into(), details.into());
        Ok(answer)
    }

    /// `get_errors`.
    pub(super) fn get_errors(&mut self, call: &Call<'_>) -> Answer {
        let session = self.store.read(&call.session()?)?;
        let errors = errors(&session, None);
        let mut answer = Map::new();
        answer.insert("session_id".into(), session.head.id.as_str().into());
        answer.insert("error_count".into(), errors.len().into());
        answer.insert("last_error".into(), errors.last().cloned().unwrap_or_default());
        answer.insert("errors".into(), errors.into());
        Ok(answer)
    }

    /// `get_history`: also of a session that was deleted, and of one whose file is damaged.
    pub(super) fn get_history(&mut self, call: &Call<'_>) -> Answer {
        let id = call.session()?;
        let journal = self.store.project.existing_journal()?;
        let writes =
            journal.map(|journal| journal.session_writes(id.as_str())).transpose()?.unwrap_or_default();
        if writes.is_empty() && self.store.reading(&id, false)?.is_none() {
            return Err(not_found(&id));
        }
        let older = writes.len().saturating_sub(TIMELINE);
        let timeline = writes.iter().skip(older).map(|(seq, write)| {
            let mut entry = json!({ "entry": seq, "at": write.at.to_string(), "action": write.action });
            if let Some(phase) = write.phase {
                entry["phase"] = phase.into();
            }
            if !write.detail.is_empty() {
                entry["detail"] = write.detail.as_str().into();
            }
            entry
        });
        let mut answer = Map::new();
        answer.insert("session_id".into(), id.as_str().into());
        answer.insert("timeline".into(), timeline.collect());
        answer.insert("count".into(), writes.len().into());
        if older > 0 {
            answer.insert("older".into(), older.into());
        }
        Ok(answer)
    }
}

/// Which session it is, and where it stands.
pub(super) fn standing(session: &Session) -> Map<String, Value> {
    let head = &session.head;
    let mut answer = Map::new();
    answer.insert("session_id".into(), head.id.as_str().into());
    answer.insert("workflow_type".into(), head.workflow.as_str().into());
    answer.insert("target_file".into(), head.target.as_str().into());
    answer.insert("session_status".into(), head.status.as_str().into());
    answer.insert("current_phase".into(), head.phase.into());
    answer.insert("total_phases".into(), head.phases.into());
    answer
}

/// What is told of every session.
pub(super) fn head(session: &Session) -> Map<String, Value> {
    let head = &session.head;
    let mut answer = standing(session);
    answer.insert("created_at".into(), head.created.to_string().into());
    answer.insert("last_updated".into(), head.updated.to_string().into());
    answer.insert("revision".into(), head.revision.into());
    answer
}

fn entry(session: &Session, run: &PhaseRun) -> Value {
    let mut entry = json!({
        "phase": run.phase,
        "title": session.title_of(run.phase),
        "status": run.status.as_str(),
        "attempt": run.attempt,
        "attempts": run.attempts,
        "started_at": run.started_at.to_string(),
        "completed_at": run.completed_at.map(|at| at.to_string()),
        "duration_seconds": run.seconds(),
    });
    if !run.warnings.is_empty() {
        entry["warnings"] = run.warnings.clone().into();
    }
    entry
}

/// What was refused, of one phase or of all.
pub(super) fn errors(session: &Session, phase: Option<u32>) -> Vec<Value> {
    let records = session.errors.iter().filter(|record| phase.is_none_or(|phase| record.phase == phase));
    records
        .map(|record| {
            let attempt = session
                .attempts
                .iter()
                .find(|attempt| attempt.phase == record.phase && attempt.number == record.attempt);
            let pairs = |pairs: &[(String, String)]| -> Value {
                pairs
                    .iter()
                    .map(|(of, what)| (of.clone(), Value::from(what.as_str())))
                    .collect::<Map<_, _>>()
                    .into()
            };
            let details = attempt.map_or_else(
                || json!({}),
                |attempt| {
                    let given = attempt.pieces.iter().filter(|piece| piece.value.is_some());
                    json!({
                        "attempt": attempt.number,
                        "given": given.map(|piece| piece.name.as_str()).collect::<Vec<_>>(),
                        "missing": pairs(&attempt.missing),
                        "problems": pairs(&attempt.problems),
                    })
                },
            );
            json!({
                "phase": record.phase,
                "timestamp": record.at.to_string(),
                "error_type": FailureKind::Validation.name(),
                "message": record.message,
                "details": details,
                "remediation": record.remedy,
            })
        })
        .collect()
}
