//! Taking entries back.

use super::{Documents, Edits, Error, Project, Run, UndoError};
use crate::{
    engine::{Memory, PendingStep},
    journal::{Entry, EntryKind, FileChange, Journal},
    text::{DocumentId, LineIndex, TextEdit, rebase},
};

impl Project {
    /// Takes an entry back: the newest that still stands, or the one with this number. No rules run;
    /// the state that results counts as settled. The undoing is an entry of its own.
    ///
    /// # Errors
    /// When there is no such entry, its texts are no longer kept, or a place it wrote has changed
    /// since.
    pub fn undo(&mut self, entry: Option<i64>) -> Result<Run, Error> {
        let entry = match entry {
            Some(seq) => self.standing(seq)?,
            None => self
                .newest(&|entry| entry.kind == EntryKind::Run && entry.wrote())?
                .ok_or(UndoError::NothingToUndo)?,
        };
        self.take_back(&entry, &format!("undo {}", entry.seq), EntryKind::Undo(entry.seq))
    }

    /// Takes the last undoing back.
    ///
    /// # Errors
    /// As [`Project::undo`].
    pub fn redo(&mut self) -> Result<Run, Error> {
        let is_undo = |entry: &Entry| matches!(entry.kind, EntryKind::Undo(_));
        let entry = self.newest(&is_undo)?.ok_or(UndoError::NothingToRedo)?;
        let of = entry.undoes().unwrap_or(entry.seq);
        self.take_back(&entry, &format!("redo {of}"), EntryKind::Redo(entry.seq))
    }

    fn newest(&self, wanted: &dyn Fn(&Entry) -> bool) -> Result<Option<Entry>, Error> {
        let journal = Journal::open_existing(&self.workspace.journal())?;
        Ok(journal.map(|journal| journal.newest_standing(wanted)).transpose()?.flatten())
    }

    /// The entry with this number, if it can be taken back.
    fn standing(&self, seq: i64) -> Result<Entry, Error> {
        let journal = Journal::open_existing(&self.workspace.journal())?.ok_or(UndoError::NoEntry(seq))?;
        let entry = journal.entry(seq)?.ok_or(UndoError::NoEntry(seq))?;
        if entry.undoes().is_some() {
            return Err(UndoError::IsUndo(seq).into());
        }
        if let Some(by) = journal.undone_by(seq)? {
            return Err(UndoError::Already { seq, by }.into());
        }
        if !entry.wrote() {
            return Err(UndoError::ChangedNothing(seq).into());
        }
        Ok(entry)
    }

    fn take_back(&mut self, entry: &Entry, label: &str, kind: EntryKind) -> Result<Run, Error> {
        let around = self.memories_around(entry.seq)?;
        self.transact(label, &mut |project, documents, memory, _| {
            let mut edits = Edits::default();
            for change in entry.files.iter().filter(|change| !change.patch.is_empty()) {
                let inverse = project.inverse(entry.seq, change, documents)?;
                match change.document {
                    DocumentId::State => edits.state = inverse,
                    DocumentId::Config => edits.config = inverse,
                }
            }
            let memory = match &around {
                Some((before, after)) => stepped_back(memory, before, after),
                None => memory.clone(),
            };
            let computed = project.compute_settled(documents, &memory, edits)?;
            Ok((kind, project.now(), computed))
        })
    }

    /// The memories before and after an entry, if they are still kept.
    fn memories_around(&self, seq: i64) -> Result<Option<(Memory, Memory)>, Error> {
        let Some(journal) = Journal::open_existing(&self.workspace.journal())? else { return Ok(None) };
        Ok(journal.memory_after(seq - 1)?.zip(journal.memory_after(seq)?))
    }

    /// The edits that take a change back, where the text stands now.
    fn inverse(&self, seq: i64, change: &FileChange, now: &Documents) -> Result<Vec<TextEdit>, Error> {
        let (before, after) = (self.version(change.before())?, self.version(change.after)?);
        let (Some(before), Some(after)) = (before, after) else {
            return Err(UndoError::TextsGone(seq).into());
        };
        let document =
            now.get(change.document).ok_or_else(|| Error::NoConfig(self.workspace.config().to_owned()))?;
        let inverse = change.patch.invert(&before)?;
        let moved = rebase(&inverse, &after, &document.text).map_err(|conflict| UndoError::Changed {
            seq,
            path: self.workspace.relative(&document.path).to_owned(),
            line: LineIndex::new(&after).line_column(conflict.ours.start).line,
        })?;
        Ok(moved.edits().to_vec())
    }
}

/// What `memory` is without the step from `before` to `after`: steps that began to wait there no
/// longer do, steps that were closed there wait again.
fn stepped_back(memory: &Memory, before: &Memory, after: &Memory) -> Memory {
    let waits_in = |memory: &Memory, step: &PendingStep| memory.pending.iter().any(|it| it.id == step.id);
    let mut memory = memory.clone();
    memory.pending.retain(|step| waits_in(before, step) || !waits_in(after, step));
    let closed = before.pending.iter().filter(|step| !waits_in(after, step));
    let closed: Vec<PendingStep> = closed.filter(|step| !waits_in(&memory, step)).cloned().collect();
    memory.pending.extend(closed);
    if memory.replaced_plan == after.replaced_plan {
        memory.replaced_plan.clone_from(&before.replaced_plan);
    }
    memory
}
