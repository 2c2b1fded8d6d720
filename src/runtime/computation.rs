//! What an event leads to, before anything is written.

use super::{Document, Documents, Edits, Error, ErrorKind, Project, facts::Facts};
use crate::{
    document::doubled_section,
    engine::{Cause, Effect, Event, Memory, Outcome, PendingStep, Snapshot},
    journal::{ApprovalRecord, Attested, Via},
    text::{Diagnostic, DocumentId, LineIndex, Patch},
};
use jiff::civil::DateTime;

/// The documents as they would be, and how they get there.
#[derive(Debug)]
pub(super) struct Computed {
    /// Against the documents as they were read.
    pub(super) state: Patch,
    /// The same for the config file.
    pub(super) config: Option<Patch>,
    /// Where they lead.
    pub(super) after: Documents,
    /// The state file with the caller's edits, as the rules found it.
    pub(super) edited: String,
    /// What the rules made of it.
    pub(super) outcome: Outcome,
    /// Steps that waited before and no longer do, though nobody closed them.
    pub(super) lapsed: Vec<PendingStep>,
    /// What was seen, and stands in the journal with it.
    pub(super) attested: Vec<Attested>,
}

impl Computed {
    /// The patch of one document.
    pub(super) fn patch(&self, id: DocumentId) -> Option<&Patch> {
        match id {
            DocumentId::State => Some(&self.state),
            DocumentId::Config => self.config.as_ref(),
        }
    }
}

impl Project {
    /// The caller's edits, and what the rules make of the result.
    pub(super) fn compute(
        &self,
        documents: &Documents,
        memory: &Memory,
        event: &Event,
        mut edits: Edits,
    ) -> Result<Computed, Error> {
        let mut attested = std::mem::take(&mut edits.attested);
        let edited = Edited::new(self, documents, edits)?;
        let facts = Facts::with(self, &edited.after, &attested);
        let outcome = edited.look(self, memory, &facts, |snapshot| (self.engine)(snapshot, event));
        attested.extend(taken_approval(&outcome, event.at));
        let (rules_on_state, state) = applied(&outcome.state, &edited.after.state)?;
        let state_patch = edited.state.then(rules_on_state, &documents.state.text)?;
        let mut after = Documents { state, config: edited.after.config.clone() };
        let mut config_patch = edited.config;
        if let (Some(before), Some(own), Some(middle), Some(rules)) =
            (&documents.config, &config_patch, &edited.after.config, &outcome.config)
        {
            let whole = own.then(rules, &before.text)?;
            after.config = Some(applied(rules, middle)?.1);
            config_patch = Some(whole);
        }
        let lapsed = lapsed(memory, &outcome.memory, &event.cause);
        let edited = edited.after.state.text;
        Ok(Computed { state: state_patch, config: config_patch, after, edited, outcome, lapsed, attested })
    }

    /// The edits, and the result as a settled state: no rules run.
    pub(super) fn compute_settled(
        &self,
        documents: &Documents,
        memory: &Memory,
        edits: Edits,
    ) -> Result<Computed, Error> {
        let edited = Edited::new(self, documents, edits)?;
        let facts = Facts::new(self, &edited.after);
        let outcome = edited.look(self, memory, &facts, |snapshot| Outcome {
            memory: crate::engine::settle(snapshot),
            ..Outcome::unchanged(snapshot)
        });
        let Edited { state, config, after } = edited;
        let edited = after.state.text.clone();
        Ok(Computed { state, config, after, edited, outcome, lapsed: Vec::new(), attested: Vec::new() })
    }
}

/// The record of an approval that an edit of State was.
fn taken_approval(outcome: &Outcome, at: DateTime) -> Option<Attested> {
    outcome.effects.iter().find_map(|effect| match effect {
        Effect::TakenForApproved { plan } => Some(Attested::Approval(ApprovalRecord {
            at,
            by: "an edit of the file".into(),
            is_yes: true,
            is_attested: false,
            via: Via::File,
            plan: *plan,
            feedback: None,
        })),
        _ => None,
    })
}

fn lapsed(before: &Memory, after: &Memory, cause: &Cause) -> Vec<PendingStep> {
    let is_closed = |id: &str| matches!(cause, Cause::Done { step, .. } if step == id);
    let waits = |id: &str| after.pending.iter().any(|step| step.id == id);
    before.pending.iter().filter(|step| !is_closed(&step.id) && !waits(&step.id)).cloned().collect()
}

/// Documents with a caller's edits.
struct Edited {
    state: Patch,
    config: Option<Patch>,
    after: Documents,
}

impl Edited {
    fn new(project: &Project, documents: &Documents, edits: Edits) -> Result<Self, Error> {
        if documents.config.is_none() && !edits.config.is_empty() {
            return Err(Error::NoConfig(project.workspace().config().to_owned()));
        }
        let state = Patch::new(documents.state.revision, edits.state)?;
        if let Some(found) = doubled_section(&documents.state.text, &state) {
            return Err(refused(&documents.state, found));
        }
        let (_, state_after) = applied(&state, &documents.state)?;
        let mut after = Documents { state: state_after, config: None };
        let mut config = None;
        if let Some(document) = &documents.config {
            let patch = Patch::new(document.revision, edits.config)?;
            after.config = Some(applied(&patch, document)?.1);
            config = Some(patch);
        }
        Ok(Self { state, config, after })
    }

    /// Shows the engine the documents and everything around them.
    fn look<T>(
        &self,
        project: &Project,
        memory: &Memory,
        facts: &Facts<'_>,
        engine: impl FnOnce(&Snapshot<'_>) -> T,
    ) -> T {
        engine(&Snapshot {
            state: &self.after.state.text,
            config: self.after.config.as_ref().map(|config| config.text.as_str()),
            memory,
            settings: &project.settings().engine,
            files: project.workspace(),
            evidence: facts,
        })
    }
}

/// An edit that a caller asked for and that `found` speaks against.
fn refused(document: &Document, found: Diagnostic) -> Error {
    let place = LineIndex::new(&document.text).line_column(found.span.start);
    let message = format!("{}:{}:{}: {}", document.path.display(), place.line, place.column, found.message);
    Error::Caller { kind: ErrorKind::Document, message, hints: found.hint.into_iter().collect() }
}

fn applied<'p>(patch: &'p Patch, document: &Document) -> Result<(&'p Patch, Document), Error> {
    if patch.is_empty() && patch.base() == document.revision {
        return Ok((patch, document.clone()));
    }
    Ok((patch, Document::new(document.path.clone(), patch.apply(&document.text)?)))
}
