//! What the journal knows of sessions: each write, and what people have decided about phases.
//!
//! Sessions stand in files of their own; their entries change neither of the two documents.

use super::{
    Journal, JournalError, NewEntry,
    attested::Attested,
    displaced::DisplacedChanges,
    entry::{EntryKind, FileChange},
    memory::{revision, time},
};
use crate::text::{Patch, Revision};
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

/// One write of a session's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionWrite {
    /// When, in local time.
    pub at: DateTime,
    /// The session's name.
    pub session: String,
    /// What was done: `start`, `complete_phase`, …
    pub action: String,
    /// The phase it was about.
    pub phase: Option<u32>,
    /// What came of it, in a few words.
    pub detail: String,
    /// The text that was there before; none for a new session.
    pub before: Option<Revision>,
    /// The text that it left; none for a session that was deleted.
    pub after: Option<Revision>,
}

/// What a person has decided about a phase of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseApproval {
    /// When, in local time.
    pub at: DateTime,
    /// Who.
    pub by: String,
    /// Whether it was yes.
    pub is_yes: bool,
    /// The session's name.
    pub session: String,
    /// The phase.
    pub phase: u32,
    /// What was asked, as a hash: another question needs another answer.
    pub question: Revision,
}

/// The kinds of records that are told apart in the database.
pub(super) const SESSION: &str = "session";
pub(super) const PHASE: &str = "phase";

impl PhaseApproval {
    /// What it is looked up by.
    pub(super) fn subject(session: &str, phase: u32) -> String {
        format!("{session}/{phase}")
    }
}

impl Journal {
    /// Writes down that a session is written, before it is. `texts` are those that it names and that
    /// may not be known yet: before, after. Says the number of the entry.
    ///
    /// # Errors
    /// When the database refuses, here and below.
    pub fn append_session(
        &mut self,
        write: &SessionWrite,
        texts: &[(Revision, &str)],
    ) -> Result<i64, JournalError> {
        let label = format!("session {}: {}", write.session, write.action);
        self.append_beside(write.at, label, Attested::Session(write.clone()), texts)
    }

    /// Writes down what a person has decided about a phase.
    ///
    /// # Errors
    /// As above.
    pub fn append_phase_approval(&mut self, approval: &PhaseApproval) -> Result<i64, JournalError> {
        let word = if approval.is_yes { "approve" } else { "reject" };
        let label = format!("session {}: {word} phase {}", approval.session, approval.phase);
        self.append_beside(approval.at, label, Attested::Phase(approval.clone()), &[])
    }

    /// An entry that leaves both documents and the memory of the rules as they are.
    fn append_beside(
        &mut self,
        at: DateTime,
        label: String,
        record: Attested,
        texts: &[(Revision, &str)],
    ) -> Result<i64, JournalError> {
        let memory = self.memory()?;
        let last = self.history(1)?.pop();
        let unchanged = |file: FileChange| FileChange {
            document: file.document,
            found: file.after,
            patch: Patch::empty(file.after),
            after: file.after,
        };
        self.append(NewEntry {
            kind: EntryKind::Run,
            at,
            label,
            firings: Vec::new(),
            files: last.into_iter().flat_map(|entry| entry.files).map(unchanged).collect(),
            texts: texts.to_vec(),
            diagnostics: 0,
            conflicts: Vec::new(),
            displaced: &DisplacedChanges::default(),
            memory: &memory,
            archived: None,
            attested: &[record],
        })
    }

    /// The newest write of a session; `None` when there was never one of that name.
    ///
    /// # Errors
    /// As above.
    pub fn latest_session_write(&self, session: &str) -> Result<Option<SessionWrite>, JournalError> {
        let found = self.newest_attested(SESSION, session)?;
        found.map(|json| session_from_json(&json)).transpose().map_err(JournalError::Damaged)
    }

    /// All writes of a session, oldest first, with the numbers of their entries.
    ///
    /// # Errors
    /// As above.
    pub fn session_writes(&self, session: &str) -> Result<Vec<(i64, SessionWrite)>, JournalError> {
        let rows = self.attested_about(SESSION, session)?;
        let read = |(seq, json): (i64, String)| session_from_json(&json).map(|write| (seq, write));
        rows.into_iter().map(read).collect::<Result<_, _>>().map_err(JournalError::Damaged)
    }

    /// The newest decision about a phase of a session.
    ///
    /// # Errors
    /// As above.
    pub fn latest_phase_approval(
        &self,
        session: &str,
        phase: u32,
    ) -> Result<Option<PhaseApproval>, JournalError> {
        let found = self.newest_attested(PHASE, &PhaseApproval::subject(session, phase))?;
        found.map(|json| phase_from_json(&json)).transpose().map_err(JournalError::Damaged)
    }
}

#[derive(Serialize, Deserialize)]
struct StoredSession {
    at: String,
    session: String,
    action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<u32>,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredPhase {
    at: String,
    by: String,
    yes: bool,
    session: String,
    phase: u32,
    question: String,
}

pub(super) fn session_to_json(write: &SessionWrite) -> serde_json::Result<String> {
    serde_json::to_string(&StoredSession {
        at: write.at.to_string(),
        session: write.session.clone(),
        action: write.action.clone(),
        phase: write.phase,
        detail: write.detail.clone(),
        before: write.before.map(|revision| revision.to_string()),
        after: write.after.map(|revision| revision.to_string()),
    })
}

fn session_from_json(json: &str) -> Result<SessionWrite, String> {
    let stored: StoredSession = serde_json::from_str(json).map_err(|error| error.to_string())?;
    Ok(SessionWrite {
        at: time(&stored.at)?,
        session: stored.session,
        action: stored.action,
        phase: stored.phase,
        detail: stored.detail,
        before: stored.before.as_deref().map(revision).transpose()?,
        after: stored.after.as_deref().map(revision).transpose()?,
    })
}

pub(super) fn phase_to_json(approval: &PhaseApproval) -> serde_json::Result<String> {
    serde_json::to_string(&StoredPhase {
        at: approval.at.to_string(),
        by: approval.by.clone(),
        yes: approval.is_yes,
        session: approval.session.clone(),
        phase: approval.phase,
        question: approval.question.to_string(),
    })
}

fn phase_from_json(json: &str) -> Result<PhaseApproval, String> {
    let stored: StoredPhase = serde_json::from_str(json).map_err(|error| error.to_string())?;
    Ok(PhaseApproval {
        at: time(&stored.at)?,
        by: stored.by,
        is_yes: stored.yes,
        session: stored.session,
        phase: stored.phase,
        question: revision(&stored.question)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn write(session: &str, texts: (Option<&str>, Option<&str>)) -> SessionWrite {
        SessionWrite {
            at: date(2026, 11, 21).at(16, 10, 5, 0),
            session: session.into(),
            action: "start".into(),
            phase: Some(1),
            detail: String::new(),
            before: texts.0.map(Revision::of),
            after: texts.1.map(Revision::of),
        }
    }

    #[test]
    fn writes_are_found_again_with_their_texts() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(&folder.path().canonicalize().unwrap().join("journal.db")).unwrap();
        let texts: Vec<String> =
            (0..90).map(|number| format!("{}\n{number}\n", "same\n".repeat(200))).collect();
        let mut before: Option<&str> = None;
        for text in &texts {
            let new: Vec<(Revision, &str)> =
                before.into_iter().chain([text.as_str()]).map(|text| (Revision::of(text), text)).collect();
            journal.append_session(&write("a", (before, Some(text))), &new).unwrap();
            before = Some(text);
        }
        journal.append_session(&write("b", (None, Some("b"))), &[(Revision::of("b"), "b")]).unwrap();
        assert_eq!(journal.session_writes("a").unwrap().len(), 90);
        assert_eq!(journal.latest_session_write("a").unwrap().unwrap().after, before.map(Revision::of));
        assert_eq!(journal.latest_session_write("c").unwrap(), None);
        for text in &texts {
            assert_eq!(journal.version(Revision::of(text)).unwrap().as_ref(), Some(text));
        }
        assert_eq!(journal.verify().unwrap().problems, [""; 0]);
    }

    #[test]
    fn the_newest_decision_counts() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(&folder.path().canonicalize().unwrap().join("journal.db")).unwrap();
        let question = Revision::of("ship it?");
        let at = date(2026, 11, 21).at(16, 10, 5, 0);
        let mut decision =
            PhaseApproval { at, by: "ann".into(), is_yes: true, session: "a".into(), phase: 2, question };
        journal.append_phase_approval(&decision).unwrap();
        decision.is_yes = false;
        journal.append_phase_approval(&decision).unwrap();
        assert_eq!(journal.latest_phase_approval("a", 2).unwrap(), Some(decision));
        assert_eq!(journal.latest_phase_approval("a", 1).unwrap(), None);
    }
}
