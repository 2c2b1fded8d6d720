//! Entries as JSON, and the hashes that chain them.

use super::{
    attested::Attested,
    entry::{Conflict, Entry, EntryKind, FileChange, FiredRule},
    memory::{revision, time},
};
use crate::text::{DocumentId, Patch, Revision, Span, TextEdit};
use serde::{Deserialize, Serialize};

/// The hash of an entry: over the hash before, its number, the revision of the memory it leaves,
/// and its record, a line each.
pub(super) fn chain(previous: Revision, seq: i64, memory: Revision, record: &str) -> Revision {
    Revision::of(format!("{previous}\n{seq}\n{memory}\n{record}"))
}

/// What stands before the first entry.
pub(super) fn genesis() -> Revision {
    Revision::of("")
}

/// Writes what an entry says, without its number and hashes. `archived` is the revision of a Log
/// that it cleared, `attested` are the records that it brings.
pub(super) fn to_json(entry: &Entry, archived: Option<Revision>, attested: &[Attested]) -> String {
    let (kind, of) = match entry.kind {
        EntryKind::Run => ("run", None),
        EntryKind::Undo(of) => ("undo", Some(of)),
        EntryKind::Redo(of) => ("redo", Some(of)),
    };
    let stored = Stored {
        kind: kind.to_owned(),
        of,
        at: entry.at.to_string(),
        label: entry.label.clone(),
        firings: entry.firings.iter().map(StoredFiring::from).collect(),
        files: entry.files.iter().map(StoredFile::from).collect(),
        pending: entry.pending.clone(),
        diagnostics: entry.diagnostics,
        conflicts: entry.conflicts.iter().map(StoredConflict::from).collect(),
        archived: archived.map(|revision| revision.to_string()),
        attested: attested.iter().map(|record| record.revision().to_string()).collect(),
    };
    serde_json::to_string(&stored).expect("strings and numbers are JSON")
}

/// Reads what [`to_json`] wrote; says what is wrong with anything else.
pub(super) fn from_json(
    json: &str,
    seq: i64,
    (previous, hash): (Revision, Revision),
) -> Result<Entry, String> {
    let stored: Stored = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let kind = match (stored.kind.as_str(), stored.of) {
        ("run", None) => EntryKind::Run,
        ("undo", Some(of)) => EntryKind::Undo(of),
        ("redo", Some(of)) => EntryKind::Redo(of),
        _ => return Err(format!("unknown kind `{}`", stored.kind)),
    };
    Ok(Entry {
        seq,
        kind,
        at: time(&stored.at)?,
        label: stored.label,
        firings: stored.firings.into_iter().map(FiredRule::from).collect(),
        files: stored.files.into_iter().map(FileChange::try_from).collect::<Result<_, _>>()?,
        pending: stored.pending,
        diagnostics: stored.diagnostics,
        conflicts: stored.conflicts.into_iter().map(Conflict::try_from).collect::<Result<_, _>>()?,
        previous,
        hash,
    })
}

/// The hashes of the records that an entry brought.
pub(super) fn attested(json: &str) -> Result<Vec<Revision>, String> {
    let stored: Stored = serde_json::from_str(json).map_err(|error| error.to_string())?;
    stored.attested.iter().map(|hash| revision(hash)).collect()
}

#[derive(Serialize, Deserialize)]
struct Stored {
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<i64>,
    at: String,
    label: String,
    firings: Vec<StoredFiring>,
    files: Vec<StoredFile>,
    pending: Vec<String>,
    diagnostics: usize,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    conflicts: Vec<StoredConflict>,
    #[serde(skip_serializing_if = "Option::is_none")]
    archived: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attested: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredFiring {
    rule: String,
    clause: usize,
    done: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredFile {
    document: String,
    /// What was found, where it is not what was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<String>,
    before: String,
    after: String,
    edits: Vec<StoredEdit>,
}

#[derive(Serialize, Deserialize)]
struct StoredConflict {
    document: String,
    place: String,
    base: String,
    ours: String,
    theirs: String,
}

#[derive(Serialize, Deserialize)]
struct StoredEdit {
    start: usize,
    end: usize,
    text: String,
}

impl From<&FiredRule> for StoredFiring {
    fn from(fired: &FiredRule) -> Self {
        Self { rule: fired.rule.clone(), clause: fired.clause, done: fired.done.clone() }
    }
}

impl From<StoredFiring> for FiredRule {
    fn from(stored: StoredFiring) -> Self {
        Self { rule: stored.rule, clause: stored.clause, done: stored.done }
    }
}

impl From<&FileChange> for StoredFile {
    fn from(change: &FileChange) -> Self {
        let edit = |edit: &TextEdit| StoredEdit {
            start: edit.span.start,
            end: edit.span.end,
            text: edit.new_text.clone(),
        };
        Self {
            document: change.document.to_string(),
            found: (change.found != change.before()).then(|| change.found.to_string()),
            before: change.before().to_string(),
            after: change.after.to_string(),
            edits: change.patch.edits().iter().map(edit).collect(),
        }
    }
}

impl TryFrom<StoredFile> for FileChange {
    type Error = String;

    fn try_from(stored: StoredFile) -> Result<Self, String> {
        let document = document(&stored.document)?;
        let mut edits = Vec::with_capacity(stored.edits.len());
        for edit in stored.edits {
            if edit.start > edit.end {
                return Err(format!("an edit of bytes {}..{}", edit.start, edit.end));
            }
            edits.push(TextEdit::replace(Span::new(edit.start, edit.end), edit.text));
        }
        let patch = Patch::new(revision(&stored.before)?, edits).map_err(|error| error.to_string())?;
        let found = stored.found.as_deref().map(revision).transpose()?.unwrap_or(patch.base());
        Ok(Self { document, found, patch, after: revision(&stored.after)? })
    }
}

impl From<&Conflict> for StoredConflict {
    fn from(conflict: &Conflict) -> Self {
        let Conflict { document, place, base, ours, theirs } = conflict.clone();
        Self { document: document.to_string(), place, base, ours, theirs }
    }
}

impl TryFrom<StoredConflict> for Conflict {
    type Error = String;

    fn try_from(stored: StoredConflict) -> Result<Self, String> {
        let StoredConflict { document: name, place, base, ours, theirs } = stored;
        Ok(Self { document: document(&name)?, place, base, ours, theirs })
    }
}

/// The document with this name in the journal.
pub(super) fn document(name: &str) -> Result<DocumentId, String> {
    [DocumentId::State, DocumentId::Config]
        .into_iter()
        .find(|document| document.to_string() == name)
        .ok_or_else(|| format!("unknown document `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn what_was_written_is_read() {
        for kind in [EntryKind::Run, EntryKind::Undo(3), EntryKind::Redo(4)] {
            let edits = vec![TextEdit::insert(0, "▶\r\n"), TextEdit::delete(Span::new(1, 2))];
            let entry = Entry {
                seq: 5,
                kind,
                at: date(2026, 11, 21).at(10, 5, 9, 0),
                label: "set Phase=ANALYZE".into(),
                firings: vec![FiredRule { rule: "RULE_X".into(), clause: 1, done: vec!["did it".into()] }],
                files: vec![FileChange {
                    document: DocumentId::Config,
                    found: Revision::of("a"),
                    patch: Patch::new(Revision::of("ab"), edits).unwrap(),
                    after: Revision::of("▶\r\na"),
                }],
                pending: vec!["p1".into()],
                diagnostics: 2,
                conflicts: vec![Conflict {
                    document: DocumentId::State,
                    place: "State: Phase".into(),
                    base: "A".into(),
                    ours: "B".into(),
                    theirs: "C".into(),
                }],
                previous: genesis(),
                hash: Revision::of("h"),
            };
            let json = to_json(&entry, None, &[]);
            assert_eq!(from_json(&json, 5, (genesis(), Revision::of("h"))), Ok(entry));
        }
    }

    #[test]
    fn the_hash_covers_everything() {
        let (one, two) = (Revision::of("1"), Revision::of("2"));
        let hash = chain(one, 1, one, "r");
        for other in [
            chain(two, 1, one, "r"),
            chain(one, 2, one, "r"),
            chain(one, 1, two, "r"),
            chain(one, 1, one, "s"),
        ] {
            assert_ne!(hash, other);
        }
    }
}
