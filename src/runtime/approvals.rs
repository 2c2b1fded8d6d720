//! Decisions about plans.

use super::{Documents, Edits, Error, ErrorKind, Project, Run};
use crate::{
    document::WorkflowState,
    engine::{self, Cause, PlanGate},
    journal::{ApprovalRecord, Attested, Entry, Via},
    rules,
    text::{Draft, Revision},
};
use jiff::civil::DateTime;
use std::collections::BTreeMap;

/// Who has decided, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decider {
    /// The name.
    pub by: String,
    /// What the decision came through.
    pub via: Via,
    /// Whether it is sure that it was a person.
    pub is_attested: bool,
    /// The plan that they have seen; `None` for the one that stands in the file.
    pub plan: Option<Revision>,
}

/// A person's decision about the plan as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Work goes on.
    Approve,
    /// It does not; this is why.
    Reject(String),
}

impl Project {
    /// The newest decision about a plan, whichever plan it was; `None` without one, and when the journal
    /// can't be read.
    #[must_use]
    pub fn approval(&self) -> Option<ApprovalRecord> {
        let journal =
            self.journal().inspect_err(|error| tracing::debug!(%error, "no decision is known")).ok()??;
        journal.latest_approval().inspect_err(|error| tracing::debug!(%error, "no decision is known")).ok()?
    }

    /// The decisions that entries of the journal brought, by the entry's number.
    ///
    /// # Errors
    /// When there is a journal that can't be read.
    pub fn approvals_of(&self, entries: &[Entry]) -> Result<BTreeMap<i64, Vec<ApprovalRecord>>, Error> {
        let Some(journal) = self.journal()? else { return Ok(BTreeMap::new()) };
        let mut found = BTreeMap::new();
        for entry in entries {
            found.insert(entry.seq, journal.approvals_of(entry.seq)?);
        }
        Ok(found)
    }

    /// Writes down what somebody has decided about the plan, and takes the State edit that follows from it.
    ///
    /// It is for the caller to know whether that was a person. A command asks at a terminal that no agent
    /// has started. A form that came through an agent's client attests what the client says: the model
    /// itself writes the arguments of calls and never the answers of forms, so the answer is a person's
    /// unless the client answers in its place. It is not when the agent has started a server of its own in
    /// its shell and plays the client; see [`agent_around`](crate::trust::agent_around).
    ///
    /// # Errors
    /// When there is no plan, or none is to be decided about; and as [`Project::run`].
    pub fn decide(&mut self, decider: &Decider, decision: &Decision) -> Result<Run, Error> {
        let Decider { by, via, is_attested, plan: seen } = decider;
        let label = match decision {
            Decision::Approve => "approve",
            Decision::Reject(_) => "reject",
        };
        let at = self.now();
        self.edit(label, Cause::FilesChanged, &mut |documents| {
            let (edits, plan) = edits(documents, by, decision, at)?;
            if seen.is_some_and(|seen| seen != plan) {
                return Err(Error::Caller {
                    kind: ErrorKind::Conflict,
                    message: "the plan has changed since it was shown".into(),
                    hints: vec!["it has to be shown again; nothing was decided".into()],
                });
            }
            let feedback = match decision {
                Decision::Approve => None,
                Decision::Reject(feedback) => Some(feedback.clone()),
            };
            let is_yes = *decision == Decision::Approve;
            let (by, via, is_attested) = (by.clone(), *via, *is_attested);
            let record = ApprovalRecord { at, by, is_yes, is_attested, via, plan, feedback };
            Ok(Edits { attested: vec![Attested::Approval(record)], ..edits })
        })
    }
}

/// The State edit that a decision leads to, and the plan that it is about.
fn edits(
    documents: &Documents,
    by: &str,
    decision: &Decision,
    at: DateTime,
) -> Result<(Edits, Revision), Error> {
    let state = WorkflowState::parse(&documents.state.text);
    let gate = engine::plan_gate(&state, &rules::compile_unreviewed(&state));
    let refused = |message: &str, hint: &str| Error::Caller {
        kind: ErrorKind::Usage,
        message: message.to_owned(),
        hints: vec![hint.to_owned()],
    };
    let Some(PlanGate { next, is_waiting, is_empty }) = gate else {
        return Err(refused(
            "no phase of the file puts its plan to a person",
            "`rulemark next` says what to do",
        ));
    };
    if is_empty {
        return Err(refused("there is no plan yet", "the agent writes it below `## Plan`"));
    }
    let plan = engine::plan_revision(&state);
    let mut draft = Draft::new(&documents.state.text, documents.state.revision);
    let mut set = |key: &str, value: &str| {
        let edits = WorkflowState::parse(draft.text()).set(key, value);
        draft.revise(edits);
    };
    match (decision, is_waiting) {
        (Decision::Approve, true) => {
            if let Some(next) = &next {
                set("Phase", next);
            }
            set("Status", "RUNNING");
        }
        // The plan has changed on the way: the yes is to the change, and the work goes on where it is.
        (Decision::Approve, false) => {}
        (Decision::Reject(feedback), _) => {
            if is_waiting {
                set("Status", "RUNNING");
            }
            let words: Vec<&str> = feedback.split_whitespace().collect();
            let edits = WorkflowState::parse(draft.text())
                .log(at, &format!("Plan rejected by {by}: {}", words.join(" ")));
            draft.revise(edits);
        }
    }
    Ok((Edits::of_state(draft.into_patch().edits().to_vec()), plan))
}
