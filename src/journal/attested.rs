//! What Rulemark has seen itself, and nobody can only claim: runs of commands, and decisions.
//!
//! Each record stands in a table of its own, so that it is found at once, and its hash in the entry that
//! brought it, whose hash is chained: a record that was added or changed is none.

use super::{
    Journal, JournalError,
    memory::{revision, time},
    record::{self, chain},
    sessions::{self, PhaseApproval, SessionWrite},
};
use crate::{
    engine::{CheckEnd, CheckResult},
    text::Revision,
};
use jiff::civil::DateTime;
use rusqlite::{OptionalExtension as _, Transaction, params};
use serde::{Deserialize, Serialize};

/// One run of one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckRecord {
    /// When it had ended, in local time.
    pub at: DateTime,
    /// How it went.
    pub result: CheckResult,
    /// The hash of all it printed.
    pub digest: Revision,
    /// The state of the work tree before it, by name.
    pub tree: String,
    /// The state after it: another one means that files changed while it ran.
    pub tree_after: String,
}

/// A record to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attested {
    /// A command was run.
    Check(CheckRecord),
    /// Somebody decided about a plan.
    Approval(ApprovalRecord),
    /// Somebody wants what stands in the file where Rulemark was overruled; the conflict, as lists name it.
    DroppedConflict(String),
    /// A session was written.
    Session(SessionWrite),
    /// A person decided about a phase of a session.
    Phase(PhaseApproval),
}

/// One decision about a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalRecord {
    /// When, in local time.
    pub at: DateTime,
    /// Who.
    pub by: String,
    /// Whether it was yes.
    pub is_yes: bool,
    /// Whether a person said so, and not whoever edits the file.
    pub is_attested: bool,
    /// What it came through.
    pub via: Via,
    /// The [plan](crate::engine::plan_revision) it is about.
    pub plan: Revision,
    /// What was said about it.
    pub feedback: Option<String>,
}

/// What a decision came through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// An edit of State that went on.
    File,
    /// A command, at a terminal that no agent has started.
    #[default]
    Command,
    /// A form that the agent's client showed, and whose answer the client sent.
    Elicitation,
}

impl Attested {
    fn kind(&self) -> &'static str {
        match self {
            Self::Check(_) => CHECK,
            Self::Approval(_) => APPROVAL,
            Self::DroppedConflict(_) => DROPPED,
            Self::Session(_) => sessions::SESSION,
            Self::Phase(_) => sessions::PHASE,
        }
    }

    /// What it is about: it is looked up by this.
    fn subject(&self) -> String {
        match self {
            Self::Check(record) => Revision::of(&record.result.line).to_string(),
            Self::Approval(_) => PLAN.to_owned(),
            Self::DroppedConflict(id) => id.clone(),
            Self::Session(write) => write.session.clone(),
            Self::Phase(decision) => PhaseApproval::subject(&decision.session, decision.phase),
        }
    }

    fn to_json(&self) -> String {
        let json = match self {
            Self::Check(record) => serde_json::to_string(&StoredCheck::from(record)),
            Self::Approval(record) => serde_json::to_string(&StoredApproval::from(record)),
            Self::DroppedConflict(id) => serde_json::to_string(id),
            Self::Session(write) => sessions::session_to_json(write),
            Self::Phase(decision) => sessions::phase_to_json(decision),
        };
        json.expect("strings and numbers are JSON")
    }

    /// The texts of a session that was written over: the second resembles the first.
    pub(super) fn written(&self) -> Option<(Revision, Revision)> {
        match self {
            Self::Session(write) => Some((write.before?, write.after?)),
            _ => None,
        }
    }

    /// What the entry says of it.
    pub(super) fn revision(&self) -> Revision {
        hash(self.kind(), &self.subject(), &self.to_json())
    }

    pub(super) fn write(&self, transaction: &Transaction<'_>, seq: i64) -> Result<(), JournalError> {
        transaction.execute(
            "INSERT INTO attested (seq, kind, subject, record) VALUES (?1, ?2, ?3, ?4)",
            params![seq, self.kind(), self.subject(), self.to_json()],
        )?;
        Ok(())
    }
}

const CHECK: &str = "check";
const APPROVAL: &str = "approval";
const DROPPED: &str = "dropped conflict";

/// The subject of all approvals: the newest counts, whichever plan it was about.
const PLAN: &str = "plan";

fn hash(kind: &str, subject: &str, record: &str) -> Revision {
    Revision::of(format!("{kind}\n{subject}\n{record}"))
}

impl Journal {
    /// The newest run of a command, by its line.
    ///
    /// # Errors
    /// When the database refuses, here and below.
    pub fn latest_check(&self, line: &str) -> Result<Option<CheckRecord>, JournalError> {
        let subject = Revision::of(line).to_string();
        let found = self.newest_attested(CHECK, &subject)?;
        let record = found.map(|json| check_from_json(&json)).transpose().map_err(JournalError::Damaged)?;
        Ok(record.filter(|record| record.result.line == line))
    }

    /// The runs of commands that the newest entries brought, newest entry first, those of one entry in
    /// their order.
    ///
    /// # Errors
    /// As above.
    pub fn recent_checks(&self, entries: usize) -> Result<Vec<Vec<CheckRecord>>, JournalError> {
        if !self.has_attested()? {
            return Ok(Vec::new());
        }
        let mut query = self
            .connection
            .prepare_cached("SELECT DISTINCT seq FROM attested WHERE kind = ?1 ORDER BY seq DESC LIMIT ?2")?;
        let limit = i64::try_from(entries).unwrap_or(i64::MAX);
        let entries: Vec<i64> =
            query.query_map(params![CHECK, limit], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let mut query = self.connection.prepare_cached(
            "SELECT subject, record FROM attested WHERE seq = ?1 AND kind = ?2 ORDER BY rowid",
        )?;
        let mut found = Vec::new();
        for seq in entries {
            let rows: Vec<(String, String)> = query
                .query_map(params![seq, CHECK], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            let known = self.attested_in(seq)?;
            let real = rows.iter().filter(|(subject, record)| known.contains(&hash(CHECK, subject, record)));
            let records = real.map(|(_, record)| check_from_json(record)).collect::<Result<Vec<_>, _>>();
            found.push(records.map_err(JournalError::Damaged)?);
        }
        Ok(found)
    }

    /// The newest decision about a plan, whichever plan it was.
    ///
    /// # Errors
    /// As above.
    pub fn latest_approval(&self) -> Result<Option<ApprovalRecord>, JournalError> {
        let found = self.newest_attested(APPROVAL, PLAN)?;
        found.map(|json| approval_from_json(&json)).transpose().map_err(JournalError::Damaged)
    }

    /// The decisions that an entry brought.
    ///
    /// # Errors
    /// As above.
    pub fn approvals_of(&self, seq: i64) -> Result<Vec<ApprovalRecord>, JournalError> {
        if !self.has_attested()? {
            return Ok(Vec::new());
        }
        let mut query = self
            .connection
            .prepare_cached("SELECT record FROM attested WHERE seq = ?1 AND kind = ?2 ORDER BY rowid")?;
        let rows: Vec<String> =
            query.query_map(params![seq, APPROVAL], |row| row.get(0))?.collect::<Result<_, _>>()?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let known = self.attested_in(seq)?;
        let real = rows.iter().filter(|record| known.contains(&hash(APPROVAL, PLAN, record)));
        real.map(|record| approval_from_json(record)).collect::<Result<_, _>>().map_err(JournalError::Damaged)
    }

    /// Whether a conflict was dropped, by what lists name it.
    ///
    /// # Errors
    /// As above.
    pub fn is_conflict_dropped(&self, id: &str) -> Result<bool, JournalError> {
        Ok(self.newest_attested(DROPPED, id)?.is_some())
    }

    /// The newest record about a subject that its entry knows.
    pub(super) fn newest_attested(&self, kind: &str, subject: &str) -> Result<Option<String>, JournalError> {
        if !self.has_attested()? {
            return Ok(None);
        }
        let mut query = self.connection.prepare_cached(
            "SELECT seq, record FROM attested WHERE kind = ?1 AND subject = ?2 ORDER BY seq DESC, rowid DESC",
        )?;
        let mut rows = query.query(params![kind, subject])?;
        while let Some(row) = rows.next()? {
            let (seq, record): (i64, String) = (row.get(0)?, row.get(1)?);
            if self.attested_in(seq)?.contains(&hash(kind, subject, &record)) {
                return Ok(Some(record));
            }
            tracing::warn!(seq, kind, "a record that its entry does not know is left out");
        }
        Ok(None)
    }

    /// All records about a subject that their entries know, oldest first, with the entries' numbers.
    pub(super) fn attested_about(
        &self,
        kind: &str,
        subject: &str,
    ) -> Result<Vec<(i64, String)>, JournalError> {
        if !self.has_attested()? {
            return Ok(Vec::new());
        }
        let mut query = self.connection.prepare_cached(
            "SELECT seq, record FROM attested WHERE kind = ?1 AND subject = ?2 ORDER BY seq, rowid",
        )?;
        let rows: Vec<(i64, String)> = query
            .query_map(params![kind, subject], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let mut known = Vec::with_capacity(rows.len());
        for (seq, record) in rows {
            if self.attested_in(seq)?.contains(&hash(kind, subject, &record)) {
                known.push((seq, record));
            }
        }
        Ok(known)
    }

    /// The hashes of the records that an entry brought; none when the entry is not what was written.
    fn attested_in(&self, seq: i64) -> Result<Vec<Revision>, JournalError> {
        type Row = (String, String, String, String);
        let row: Option<Row> = self
            .connection
            .prepare_cached("SELECT record, previous, hash, memory FROM entry WHERE seq = ?1")?
            .query_row([seq], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()?;
        let Some((json, previous, stated, memory)) = row else { return Ok(Vec::new()) };
        let next: Option<String> = self
            .connection
            .prepare_cached("SELECT previous FROM entry WHERE seq = ?1")?
            .query_row([seq + 1], |row| row.get(0))
            .optional()?;
        let hashes = || Ok((revision(&previous)?, revision(&stated)?, revision(&memory)?));
        let (previous, stated, memory) = hashes().map_err(JournalError::Damaged)?;
        let is_whole = chain(previous, seq, memory, &json) == stated
            && next.is_none_or(|next| next == stated.to_string());
        if !is_whole {
            return Ok(Vec::new());
        }
        record::attested(&json).map_err(JournalError::Damaged)
    }

    /// Whether the journal has the table: one that was only read since an older version wrote it has
    /// not.
    fn has_attested(&self) -> Result<bool, JournalError> {
        let found: Option<i64> = self
            .connection
            .prepare_cached("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'attested'")?
            .query_row([], |row| row.get(0))
            .optional()?;
        Ok(found.is_some())
    }

    /// The records that no entry knows, or that are not what their entry knows.
    pub(super) fn forged(&self) -> Result<Vec<String>, JournalError> {
        let mut problems = Vec::new();
        if !self.has_attested()? {
            return Ok(problems);
        }
        let mut query =
            self.connection.prepare("SELECT seq, kind, subject, record FROM attested ORDER BY seq")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let (seq, kind, subject, record): (i64, String, String, String) =
                (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            if !self.attested_in(seq)?.contains(&hash(&kind, &subject, &record)) {
                problems.push(format!("a record of a {kind} with entry {seq} is not what was written"));
            }
        }
        Ok(problems)
    }
}

#[derive(Serialize, Deserialize)]
struct StoredCheck {
    at: String,
    line: String,
    /// `exited`, `signalled`, `timed out` or `not started`.
    end: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<i32>,
    millis: u64,
    tail: String,
    output: String,
    digest: String,
    tree: String,
    tree_after: String,
}

impl From<&CheckRecord> for StoredCheck {
    fn from(record: &CheckRecord) -> Self {
        let (end, code) = match record.result.end {
            CheckEnd::Exited(code) => ("exited", Some(code)),
            CheckEnd::Signalled(signal) => ("signalled", Some(signal)),
            CheckEnd::TimedOut => ("timed out", None),
            CheckEnd::NotStarted => ("not started", None),
        };
        Self {
            at: record.at.to_string(),
            line: record.result.line.clone(),
            end: end.to_owned(),
            code,
            millis: record.result.millis,
            tail: record.result.tail.clone(),
            output: record.result.output.clone(),
            digest: record.digest.to_string(),
            tree: record.tree.clone(),
            tree_after: record.tree_after.clone(),
        }
    }
}

fn check_from_json(json: &str) -> Result<CheckRecord, String> {
    let stored: StoredCheck = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let end = match (stored.end.as_str(), stored.code) {
        ("exited", Some(code)) => CheckEnd::Exited(code),
        ("signalled", Some(signal)) => CheckEnd::Signalled(signal),
        ("timed out", None) => CheckEnd::TimedOut,
        ("not started", None) => CheckEnd::NotStarted,
        _ => return Err(format!("unknown end `{}`", stored.end)),
    };
    let StoredCheck { line, millis, tail, output, .. } = stored;
    Ok(CheckRecord {
        at: time(&stored.at)?,
        result: CheckResult { line, end, millis, tail, output },
        digest: revision(&stored.digest)?,
        tree: stored.tree,
        tree_after: stored.tree_after,
    })
}

#[derive(Serialize, Deserialize)]
struct StoredApproval {
    at: String,
    by: String,
    yes: bool,
    attested: bool,
    plan: String,
    /// Records from before there was another way have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    via: Option<Via>,
    #[serde(skip_serializing_if = "Option::is_none")]
    feedback: Option<String>,
}

impl From<&ApprovalRecord> for StoredApproval {
    fn from(record: &ApprovalRecord) -> Self {
        Self {
            at: record.at.to_string(),
            by: record.by.clone(),
            yes: record.is_yes,
            attested: record.is_attested,
            plan: record.plan.to_string(),
            via: Some(record.via).filter(|via| *via == Via::Elicitation),
            feedback: record.feedback.clone(),
        }
    }
}

fn approval_from_json(json: &str) -> Result<ApprovalRecord, String> {
    let stored: StoredApproval = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let other = if stored.attested { Via::Command } else { Via::File };
    Ok(ApprovalRecord {
        via: stored.via.unwrap_or(other),
        at: time(&stored.at)?,
        by: stored.by,
        is_yes: stored.yes,
        is_attested: stored.attested,
        plan: revision(&stored.plan)?,
        feedback: stored.feedback,
    })
}
