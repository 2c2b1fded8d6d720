//! `list_sessions`.

use super::{
    Action, Answer, Work,
    call::Call,
    failure::{Failure, FailureKind},
    index::{FAILED, Filter, Listed},
};
use crate::workflow::session::SessionStatus;
use serde_json::{Map, Value, json};

/// How many sessions a page has.
const PAGE: usize = 100;

/// What is asked for to see the sessions in the archive, whatever their status.
const ARCHIVED: &str = "archived";

impl Work<'_> {
    /// `list_sessions`: the newest first, by heads only.
    pub(super) fn list_sessions(&mut self, call: &Call<'_>) -> Answer {
        let status = call.text("status")?;
        if let Some(status) = status {
            expect_status(status)?;
        }
        let filter = Filter {
            status: status.filter(|status| *status != ARCHIVED).map(str::to_owned),
            is_archived: status == Some(ARCHIVED),
            workflow: call.text("workflow_type")?.map(str::to_owned),
            behind: call.text("cursor")?.map(cursor).transpose()?,
        };
        let mut rows = match self.has_sessions() {
            true => self.with_index(|index, store| index.page(store, &filter, PAGE + 1))?,
            false => Vec::new(),
        };
        let has_more = rows.len() > PAGE;
        rows.truncate(PAGE);
        let mut answer = Map::new();
        answer.insert("count".into(), rows.len().into());
        if has_more && let Some(last) = rows.last() {
            answer.insert("next_cursor".into(), format!("{}~{}", last.updated, last.id).into());
        }
        answer.insert("sessions".into(), rows.iter().map(entry).collect());
        Ok(answer)
    }
}

fn entry(row: &Listed) -> Value {
    let mut entry = json!({
        "session_id": row.id,
        "workflow_type": row.workflow,
        "target_file": row.target,
        "current_phase": row.phase,
        "total_phases": row.phases,
        "status": row.status,
        "created_at": row.created,
        "last_updated": row.updated,
        "revision": row.revision,
    });
    if row.is_archived {
        entry["archived"] = true.into();
    }
    if let Some(problem) = &row.problem {
        entry["problem"] = problem.as_str().into();
    }
    entry
}

fn expect_status(status: &str) -> Result<(), Failure> {
    if status == FAILED || status == ARCHIVED || SessionStatus::named(status).is_some() {
        return Ok(());
    }
    let words: Vec<&str> =
        SessionStatus::ALL.into_iter().map(SessionStatus::as_str).chain([FAILED, ARCHIVED]).collect();
    let message = format!("`status` is one of {}", words.join(", "));
    Err(Failure::new(FailureKind::Value, message, Action::ListSessions)
        .with_parameter("status", "active")
        .fix(
            "`failed` are those whose file is damaged, `archived` those that `rulemark session gc` put away",
        ))
}

fn cursor(given: &str) -> Result<(String, String), Failure> {
    let parts = given.split_once('~').map(|(time, id)| (time.to_owned(), id.to_owned()));
    parts.ok_or_else(|| {
        Failure::new(FailureKind::Value, "`cursor` is none of ours", Action::ListSessions)
            .fix("take it from `next_cursor`, or leave it out")
    })
}
