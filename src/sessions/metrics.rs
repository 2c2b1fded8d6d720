//! `get_metrics`: time, progress and quality, of one session or of all.

use super::{
    Answer, Work,
    call::Call,
    index::{Filter, Listed},
};
use crate::workflow::session::{Metrics, Session, SessionId, SessionStatus};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// How many sessions are looked at, the newest ones.
const SESSIONS: usize = 1_000;

/// How many workflows are told apart, those with the most sessions.
const WORKFLOWS: usize = 20;

impl Work<'_> {
    /// `get_metrics`: of one session, or of all of them together.
    pub(super) fn get_metrics(&mut self, call: &Call<'_>) -> Answer {
        if call.text("session_id")?.is_none() {
            return self.metrics_of_all();
        }
        let session = self.store.read(&call.session()?)?;
        let metrics = session.metrics();
        let phases = metrics.phases.iter().map(|time| {
            json!({
                "phase": time.phase,
                "title": session.title_of(time.phase),
                "duration_seconds": time.seconds,
                "attempts": time.attempts,
            })
        });
        let phases: Vec<Value> = phases.collect();
        let slowest = metrics.phases.iter().max_by_key(|time| time.seconds).map(|time| time.phase);
        let mut sums = Sums::default();
        sums.add(&session, &metrics);
        let time = json!({ "duration_seconds": metrics.seconds, "phases": phases, "slowest_phase": slowest });
        let mut answer = Map::new();
        answer.insert("session_id".into(), session.head.id.as_str().into());
        answer.insert("time".into(), time);
        answer.insert("progress".into(), sums.progress());
        answer.insert("quality".into(), sums.quality());
        Ok(answer)
    }

    fn metrics_of_all(&mut self) -> Answer {
        let (counts, rows) = match self.has_sessions() {
            true => self.with_index(|index, store| {
                index.refresh(store)?;
                let all = Filter { status: None, workflow: None, is_archived: false, behind: None };
                Ok((index.counts()?, index.page(store, &all, SESSIONS)?))
            })?,
            false => (Vec::new(), Vec::new()),
        };
        let (mut whole, mut workflows) = (Sums::default(), BTreeMap::<String, Sums>::new());
        for Listed { id, .. } in rows {
            let Some(id) = SessionId::read(&id) else { continue };
            // A damaged one is counted by its status, and has no figures.
            let Ok(Some(found)) = self.store.find(&id, false) else { continue };
            let metrics = found.session.metrics();
            whole.add(&found.session, &metrics);
            workflows.entry(found.session.head.workflow.clone()).or_default().add(&found.session, &metrics);
        }
        let mut workflows: Vec<(String, Sums)> = workflows.into_iter().collect();
        workflows.sort_by_key(|(_, sums)| std::cmp::Reverse(sums.sessions));
        workflows.truncate(WORKFLOWS);
        let total: i64 = counts.iter().map(|(_, count)| count).sum();
        let by_status: Map<String, Value> =
            counts.into_iter().map(|(status, count)| (status, count.into())).collect();
        let mut answer = Map::new();
        answer.insert("sessions".into(), total.into());
        answer.insert("by_status".into(), by_status.into());
        answer.insert("time".into(), json!({ "duration_seconds": whole.seconds }));
        answer.insert("progress".into(), whole.progress());
        answer.insert("quality".into(), whole.quality());
        answer.insert("by_workflow".into(), workflows.iter().map(|(id, sums)| sums.entry(id)).collect());
        Ok(answer)
    }
}

/// The figures of some sessions together.
#[derive(Default)]
struct Sums {
    sessions: usize,
    completed: usize,
    seconds: i64,
    phases: (usize, usize),
    attempts: (usize, usize),
    warnings: usize,
    rollbacks: usize,
    /// Seconds by phase.
    times: BTreeMap<u32, i64>,
}

impl Sums {
    fn add(&mut self, session: &Session, metrics: &Metrics) {
        self.sessions += 1;
        self.completed += usize::from(session.head.status == SessionStatus::Completed);
        self.seconds += metrics.seconds;
        self.phases = (self.phases.0 + metrics.progress.0, self.phases.1 + metrics.progress.1);
        self.attempts = (self.attempts.0 + metrics.attempts.0, self.attempts.1 + metrics.attempts.1);
        self.warnings += metrics.warnings;
        self.rollbacks += metrics.rollbacks;
        for time in &metrics.phases {
            *self.times.entry(time.phase).or_default() += time.seconds;
        }
    }

    fn progress(&self) -> Value {
        let (done, all) = self.phases;
        json!({ "completed": done, "total": all, "percent": percent(done, all) })
    }

    fn quality(&self) -> Value {
        let (attempts, passed) = self.attempts;
        json!({
            "attempts": attempts,
            "passed": passed,
            "pass_rate": percent(passed, attempts),
            "warnings": self.warnings,
            "rollbacks": self.rollbacks,
        })
    }

    fn entry(&self, workflow: &str) -> Value {
        let slowest = self.times.iter().max_by_key(|(_, seconds)| **seconds).map(|(phase, _)| *phase);
        json!({
            "workflow_type": workflow,
            "sessions": self.sessions,
            "completed": self.completed,
            "duration_seconds": self.seconds,
            "slowest_phase": slowest,
            "attempts": self.attempts.0,
            "pass_rate": percent(self.attempts.1, self.attempts.0),
        })
    }
}

fn percent(part: usize, whole: usize) -> Value {
    if whole == 0 {
        return Value::Null;
    }
    // A whole number: nobody reads more of it.
    (part * 100 / whole).into()
}
