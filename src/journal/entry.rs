//! What stands in the journal.

use crate::text::{DocumentId, Patch, Revision};
use jiff::civil::DateTime;

/// One entry: everything that one event led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1, without gaps.
    pub seq: i64,
    /// What kind of entry it is.
    pub kind: EntryKind,
    /// When, in local time.
    pub at: DateTime,
    /// What it was about: a caller's label, or the cause in words.
    pub label: String,
    /// What fired, in order.
    pub firings: Vec<FiredRule>,
    /// The files as they were found and left. A file that was only read is listed with an empty
    /// patch.
    pub files: Vec<FileChange>,
    /// The ids of the steps that wait after it.
    pub pending: Vec<String>,
    /// How many diagnostics there were.
    pub diagnostics: usize,
    /// Where others had changed the same as Rulemark: theirs stands in the file.
    pub conflicts: Vec<Conflict>,
    /// The hash of the entry before; the hash of nothing for the first.
    pub previous: Revision,
    /// The hash over this entry and `previous`.
    pub hash: Revision,
}

impl Entry {
    /// The entry that this one takes back.
    #[must_use]
    pub fn undoes(&self) -> Option<i64> {
        match self.kind {
            EntryKind::Run => None,
            EntryKind::Undo(of) | EntryKind::Redo(of) => Some(of),
        }
    }

    /// Whether it changed a file by edits of its own.
    #[must_use]
    pub fn wrote(&self) -> bool {
        self.files.iter().any(|change| !change.patch.is_empty())
    }

    /// Whether it put what others saved together with what Rulemark had written.
    #[must_use]
    pub fn merged(&self) -> bool {
        self.files.iter().any(FileChange::is_merge)
    }
}

/// What kind of entry it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// An event, a caller's edit or both.
    Run,
    /// Takes the entry with this number back.
    Undo(i64),
    /// Takes the undoing with this number back.
    Redo(i64),
}

/// One clause that fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiredRule {
    /// The rule's id.
    pub rule: String,
    /// The clause's number in it, from 0.
    pub clause: usize,
    /// What was done, a line each.
    pub done: Vec<String>,
}

/// One file of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Which document.
    pub document: DocumentId,
    /// The revision that was found. It differs from the one before when what others wrote at the same
    /// time was merged first.
    pub found: Revision,
    /// What was done to it; its base is the revision before.
    pub patch: Patch,
    /// The revision after.
    pub after: Revision,
}

impl FileChange {
    /// The revision before.
    #[must_use]
    pub fn before(&self) -> Revision {
        self.patch.base()
    }

    /// Whether the file was merged before it was edited.
    #[must_use]
    pub fn is_merge(&self) -> bool {
        self.found != self.before()
    }

    /// What the file was without the entry: before the edits, or, where there are none, before the merge.
    #[must_use]
    pub fn without(&self) -> Revision {
        if self.patch.is_empty() { self.found } else { self.before() }
    }
}

/// A place that both Rulemark and somebody else had changed when their versions were merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// In which document.
    pub document: DocumentId,
    /// Where: "State: Phase", "Plan".
    pub place: String,
    /// What stood there before either changed it.
    pub base: String,
    /// What Rulemark had written.
    pub ours: String,
    /// What stands there.
    pub theirs: String,
}

/// A Log that a rule or a person cleared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedLog {
    /// The entry that cleared it.
    pub seq: i64,
    /// When.
    pub at: DateTime,
    /// The section's content, as it was.
    pub text: String,
}

/// What a check of the journal found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// How many entries were checked.
    pub entries: usize,
    /// How many texts were checked.
    pub texts: usize,
    /// What is wrong, a line each; empty when all is well.
    pub problems: Vec<String>,
}
