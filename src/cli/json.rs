//! The shapes that `--json` prints and several commands share. They are a promise: fields are added,
//! never renamed or dropped. Times are local, ISO 8601, to the second.

use crate::{
    document::{Change, Item, ItemChange, ItemStatus, SectionChange},
    engine::{Firing, PendingKind, PendingStep},
    runtime::{Documents, Run},
    text::{Diagnostic, LineIndex},
};
use serde::Serialize;

/// One finding. Lines and columns count from 1, columns in characters.
#[derive(Debug, Serialize)]
pub(crate) struct DiagnosticJson {
    severity: String,
    code: &'static str,
    message: String,
    file: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    hint: Option<String>,
    /// What `check --fix` would do about it.
    fix: Option<String>,
}

impl DiagnosticJson {
    /// `diagnostics` about `documents`.
    pub(crate) fn list(diagnostics: &[Diagnostic], documents: &Documents) -> Vec<Self> {
        let state = LineIndex::new(&documents.state.text);
        let config = documents.config.as_ref().map(|config| LineIndex::new(&config.text));
        diagnostics
            .iter()
            .map(|it| {
                let (index, file) = match it.document {
                    crate::text::DocumentId::State => (Some(&state), documents.state.path.file_name()),
                    crate::text::DocumentId::Config => {
                        (config.as_ref(), documents.config.as_ref().and_then(|it| it.path.file_name()))
                    }
                };
                let place = |offset| {
                    index.map_or((0, 0), |it| {
                        let place = it.line_column(offset);
                        (place.line, place.column)
                    })
                };
                let ((line, column), (end_line, end_column)) = (place(it.span.start), place(it.span.end));
                Self {
                    severity: it.severity.to_string(),
                    code: it.code,
                    message: it.message.clone(),
                    file: file.unwrap_or_default().to_string_lossy().into_owned(),
                    line,
                    column,
                    end_line,
                    end_column,
                    hint: it.hint.clone(),
                    fix: it.fix.as_ref().map(|fix| fix.title.clone()),
                }
            })
            .collect()
    }
}

/// One item.
#[derive(Debug, Serialize)]
pub(crate) struct ItemJson {
    id: Option<String>,
    description: String,
    /// As written.
    status: Option<String>,
    done: bool,
}

impl From<&Item> for ItemJson {
    fn from(item: &Item) -> Self {
        Self {
            id: item.id.clone(),
            description: item.description.clone(),
            status: item.status.clone(),
            done: item.state == ItemStatus::Processed,
        }
    }
}

/// One step that waits.
#[derive(Debug, Serialize)]
pub(crate) struct PendingJson {
    /// What `rulemark done` takes.
    id: String,
    rule: String,
    /// `run`, `person` or `agent`.
    waits_for: &'static str,
    text: String,
    since: String,
    item: Option<String>,
}

impl From<&PendingStep> for PendingJson {
    fn from(step: &PendingStep) -> Self {
        Self {
            id: step.id.clone(),
            rule: step.clause.rule.clone(),
            waits_for: waits_for(step.kind),
            text: step.text.clone(),
            since: step.since.to_string(),
            item: step.item.clone(),
        }
    }
}

/// Whom a step waits for, in a word.
pub(crate) fn waits_for(kind: PendingKind) -> &'static str {
    match kind {
        PendingKind::Run => "run",
        PendingKind::Ask => "person",
        PendingKind::Delegate => "agent",
    }
}

/// One rule that fired.
#[derive(Debug, Serialize)]
pub(crate) struct FiringJson {
    rule: String,
    /// The clause's number in the rule, from 1.
    clause: usize,
    round: usize,
    done: Vec<String>,
}

impl From<&Firing> for FiringJson {
    fn from(firing: &Firing) -> Self {
        Self {
            rule: firing.clause.rule.clone(),
            clause: firing.clause.clause + 1,
            round: firing.round,
            done: firing.done.clone(),
        }
    }
}

/// What one event led to.
#[derive(Debug, Serialize)]
pub(crate) struct RunJson {
    /// The journal's entry, if there was something to write down.
    entry: Option<i64>,
    at: String,
    cause: String,
    fired: Vec<FiringJson>,
    changed: Vec<ChangeJson>,
    pending: Vec<PendingJson>,
    /// Ids of steps that waited and no longer do, though nobody closed them.
    lapsed: Vec<String>,
    diagnostics: Vec<DiagnosticJson>,
    notices: Vec<String>,
}

/// What became of one file.
#[derive(Debug, Serialize)]
pub(crate) struct ChangeJson {
    file: String,
    before: String,
    after: String,
    /// The change as a unified diff.
    diff: String,
}

impl ChangeJson {
    /// The change of a file called `file`; `None` if it is the same.
    pub(crate) fn of(file: String, before: &str, after: &str) -> Option<Self> {
        if before == after {
            return None;
        }
        let diff = similar::TextDiff::from_lines(before, after);
        let unified = diff.unified_diff().context_radius(2).header(&file, &file).to_string();
        Some(Self {
            before: crate::text::Revision::of(before).to_string(),
            after: crate::text::Revision::of(after).to_string(),
            diff: unified,
            file,
        })
    }
}

/// One change in the document's words.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum SaidJson {
    /// A State key.
    Key { name: String, before: Option<String>, after: Option<String> },
    /// An item.
    Item {
        id: Option<String>,
        description: String,
        /// `added`, `removed`, `done`, `reopened`, `status`, `renumbered` or `reworded`.
        change: &'static str,
        /// The status, id or description before, where that is what changed.
        before: Option<String>,
    },
    /// Entries of a log, archive or changelog.
    Entries { section: String, added: Vec<String>, removed: Vec<String>, cleared: bool },
    /// Steps with boxes.
    Steps {
        section: String,
        ticked: Vec<String>,
        unticked: Vec<String>,
        added: Vec<String>,
        removed: Vec<String>,
    },
    /// A section, or a rule.
    Section {
        section: String,
        rule: bool,
        /// `added`, `removed` or `changed`.
        change: &'static str,
    },
    /// Other lines; each begins with `+` or `-`.
    Lines { section: String, lines: Vec<String> },
}

impl From<Change> for SaidJson {
    fn from(change: Change) -> Self {
        match change {
            Change::Key { name, before, after } => Self::Key { name, before, after },
            Change::Item { id, description, change } => {
                let (change, before) = match change {
                    ItemChange::Added => ("added", None),
                    ItemChange::Removed => ("removed", None),
                    ItemChange::Done => ("done", None),
                    ItemChange::Reopened => ("reopened", None),
                    ItemChange::Status { before, .. } => ("status", Some(before)),
                    ItemChange::Renumbered { before } => ("renumbered", before),
                    ItemChange::Reworded { before } => ("reworded", Some(before)),
                };
                Self::Item { id, description, change, before }
            }
            Change::Entries { section, added, removed, is_cleared } => {
                Self::Entries { section, added, removed, cleared: is_cleared }
            }
            Change::Steps { section, ticked, unticked, added, removed } => {
                Self::Steps { section, ticked, unticked, added, removed }
            }
            Change::Section { section, is_rule, change } => {
                let change = match change {
                    SectionChange::Added => "added",
                    SectionChange::Removed => "removed",
                    SectionChange::Changed { .. } => "changed",
                };
                Self::Section { section, rule: is_rule, change }
            }
            Change::Lines { section, lines } => {
                let signed = |(is_new, line)| format!("{}{line}", if is_new { '+' } else { '-' });
                Self::Lines { section, lines: lines.into_iter().map(signed).collect() }
            }
        }
    }
}

impl From<&Run> for RunJson {
    fn from(run: &Run) -> Self {
        let outcome = &run.outcome;
        Self {
            entry: run.entry,
            at: run.at.to_string(),
            cause: run.label.clone(),
            fired: outcome.firings.iter().map(FiringJson::from).collect(),
            changed: super::report::changes(run)
                .filter_map(|(file, before, patch)| {
                    let after = patch.apply(&before.text).ok()?;
                    ChangeJson::of(file, &before.text, &after)
                })
                .collect(),
            pending: outcome.memory.pending.iter().map(PendingJson::from).collect(),
            lapsed: run.lapsed.iter().map(|step| step.id.clone()).collect(),
            diagnostics: DiagnosticJson::list(&outcome.diagnostics, &run.before),
            notices: run.notices.clone(),
        }
    }
}
