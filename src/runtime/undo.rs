//! Taking entries back.

use super::{Documents, Edits, Error, Project, Run, UndoError, transaction::Planned};
use crate::{
    document::merge::{Side, merge},
    engine::{Memory, PendingStep},
    journal::{Entry, EntryKind, FileChange, Journal},
    text::{DocumentId, Patch, TextEdit},
};

/// Names the entry to take back: the label and the kind of the entry that does so, and the entry.
type Choose<'c> = dyn Fn(&Project) -> Result<(String, EntryKind, Entry), Error> + 'c;

impl Project {
    /// Takes an entry back: the newest with edits of its own that still stands, or the one with this
    /// number, which may be one that only merged. No rules run; the state that results counts as
    /// settled. The undoing is an entry of its own.
    ///
    /// # Errors
    /// When there is no such entry, its texts are no longer kept, or a place it wrote has changed
    /// since.
    pub fn undo(&mut self, entry: Option<i64>) -> Result<Run, Error> {
        self.take_back("undo", &|project| {
            let entry = match entry {
                Some(seq) => project.standing(seq)?,
                None => project
                    .newest(&|entry| entry.kind == EntryKind::Run && entry.wrote())?
                    .ok_or(UndoError::NothingToUndo)?,
            };
            Ok((format!("undo {}", entry.seq), EntryKind::Undo(entry.seq), entry))
        })
    }

    /// Takes the last undoing back.
    ///
    /// # Errors
    /// As [`Project::undo`].
    pub fn redo(&mut self) -> Result<Run, Error> {
        self.take_back("redo", &|project| {
            let is_undo = |entry: &Entry| matches!(entry.kind, EntryKind::Undo(_));
            let entry = project.newest(&is_undo)?.ok_or(UndoError::NothingToRedo)?;
            let of = entry.undoes().unwrap_or(entry.seq);
            Ok((format!("redo {of}"), EntryKind::Redo(entry.seq), entry))
        })
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
        if !entry.wrote() && !entry.merged() {
            return Err(UndoError::ChangedNothing(seq).into());
        }
        Ok(entry)
    }

    /// Takes back the entry that `choose` names, under the lock: of two who undo at the same time,
    /// the second must not choose what the first has undone.
    fn take_back(&mut self, purpose: &str, choose: &Choose<'_>) -> Result<Run, Error> {
        self.transact(purpose, &mut |project, documents, memory, _| {
            let (label, kind, entry) = choose(project)?;
            let mut edits = Edits::default();
            for change in entry.files.iter().filter(|change| change.without() != change.after) {
                let inverse = project.inverse(entry.seq, change, documents)?;
                match change.document {
                    DocumentId::State => edits.state = inverse,
                    DocumentId::Config => edits.config = inverse,
                }
            }
            let memory = match &project.memories_around(entry.seq)? {
                Some((before, after)) => stepped_back(memory, before, after),
                None => memory.clone(),
            };
            let computed = project.compute_settled(documents, &memory, edits)?;
            Ok(Planned { kind, at: project.now(), label, computed })
        })
    }

    /// The memories before and after an entry, if they are still kept.
    fn memories_around(&self, seq: i64) -> Result<Option<(Memory, Memory)>, Error> {
        let Some(journal) = Journal::open_existing(&self.workspace.journal())? else { return Ok(None) };
        Ok(journal.memory_after(seq - 1)?.zip(journal.memory_after(seq)?))
    }

    /// The edits that take a change back, where the text stands now.
    fn inverse(&self, seq: i64, change: &FileChange, now: &Documents) -> Result<Vec<TextEdit>, Error> {
        let (before, after) = (self.version(change.without())?, self.version(change.after)?);
        let (Some(before), Some(after)) = (before, after) else {
            return Err(UndoError::TextsGone(seq).into());
        };
        let document =
            now.get(change.document).ok_or_else(|| Error::NoConfig(self.workspace.config().to_owned()))?;
        let merged = merge(&after, &document.text, &before, Side::Ours);
        match merged.conflicts.into_iter().next() {
            None => Ok(Patch::between(&document.text, &merged.text).edits().to_vec()),
            Some(conflict) => {
                let path = self.workspace.relative(&document.path).to_owned();
                Err(UndoError::Changed { seq, path, conflict: Box::new(conflict) }.into())
            }
        }
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

#[cfg(test)]
mod tests {
    use super::super::{ErrorKind, scratch::Scratch};
    use super::*;
    use crate::engine::Cause;

    fn add(project: &mut Project, line: &str) -> i64 {
        let run = project.edit(line, Cause::FilesChanged, &mut |now| {
            let text = &now.state.text;
            let at = text.find("end").unwrap_or(text.len());
            Ok(Edits::of_state(vec![TextEdit::insert(at, format!("{line}\n"))]))
        });
        run.unwrap().entry.unwrap()
    }

    #[test]
    fn back_and_forth() {
        let scratch = Scratch::new("count 0\nend\n", Some("changes\n"));
        let mut project = scratch.counting();
        add(&mut project, "one");
        let first = (scratch.state(), scratch.config());
        assert_eq!(first, ("count 1\none\nend\n".into(), "changes\n* 1\n".into()));
        let run = project.undo(None).unwrap();
        assert_eq!((run.entry, run.label.as_str()), (Some(2), "undo 1"));
        assert_eq!((scratch.state(), scratch.config()), ("count 0\nend\n".into(), "changes\n".into()));
        assert_eq!(project.undo(None).unwrap_err().to_string(), "there is nothing to undo");
        assert_eq!(project.redo().unwrap().label, "redo 1");
        assert_eq!((scratch.state(), scratch.config()), first);
        assert_eq!(project.redo().unwrap_err().to_string(), "there is nothing to redo");
        project.undo(None).unwrap();
        assert_eq!(scratch.state(), "count 0\nend\n");
        assert!(project.verify().unwrap().problems.is_empty());
    }

    #[test]
    fn several_steps_in_both_directions() {
        let scratch = Scratch::new("count 3\nend\n", None);
        let mut project = scratch.counting();
        let mut states = vec![scratch.state()];
        for line in ["one", "two", "three"] {
            add(&mut project, line);
            states.push(scratch.state());
        }
        for state in states.iter().rev().skip(1) {
            project.undo(None).unwrap();
            assert_eq!(scratch.state(), *state);
        }
        for state in states.iter().skip(1) {
            project.redo().unwrap();
            assert_eq!(scratch.state(), *state);
        }
    }

    #[test]
    fn of_many_who_undo_at_once_each_takes_another_entry() {
        let scratch = Scratch::new("count 3\nend\n", None);
        let mut project = scratch.counting();
        for number in 0..6 {
            add(&mut project, &format!("line {number}"));
        }
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| scratch.counting().undo(None).unwrap());
            }
        });
        assert_eq!(scratch.state(), "count 3\nend\n");
        assert_eq!(project.undo(None).unwrap_err().to_string(), "there is nothing to undo");
    }

    #[test]
    fn others_edits_stay() {
        let scratch = Scratch::new("count 3\na\nend\n", None);
        let mut project = scratch.counting();
        let one = add(&mut project, "one");
        scratch.write_state("count 3\nA\nb\none\nend\nmore\n");
        project.undo(Some(one)).unwrap();
        assert_eq!(scratch.state(), "count 3\nA\nb\nend\nmore\n");
    }

    #[test]
    fn a_merge_is_taken_back_when_it_is_named() {
        let scratch = Scratch::new("count 3\na\nend\n", None);
        let mut project = scratch.counting();
        let one = add(&mut project, "one");
        let saved = "count 3\nA\nend\n";
        scratch.write_state(saved);
        let merge = project.run(Cause::FilesChanged).unwrap().entry.unwrap();
        let merged = scratch.state();
        assert_eq!(merged, "count 3\nA\none\nend\n", "as if it was made from the older version");
        assert_eq!(project.undo(Some(merge)).unwrap().label, format!("undo {merge}"));
        assert_eq!(scratch.state(), saved);
        assert_eq!(project.run(Cause::FilesChanged).unwrap().entry, None, "and stays so");
        project.redo().unwrap();
        assert_eq!(scratch.state(), merged);
        assert_eq!(project.undo(None).unwrap().label, format!("undo {one}"), "not what others saved");
        assert!(project.verify().unwrap().problems.is_empty());
    }

    #[test]
    fn the_same_place_is_refused() {
        let scratch = Scratch::new("count 3\na\nend\n", None);
        let mut project = scratch.counting();
        let one = add(&mut project, "one");
        scratch.write_state("count 3\na\none\nend\nmore\n");
        project.run(Cause::FilesChanged).unwrap();
        scratch.write_state("count 3\na\none, changed\nend\nmore\n");
        let error = project.undo(Some(one)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert_eq!(
            error.to_string(),
            "entry 1 can't be taken back: workflow_state.md has changed since at top of the file: \
             \"one, changed\" instead of \"one\""
        );
        assert_eq!(scratch.state(), "count 3\na\none, changed\nend\nmore\n");
    }

    #[test]
    fn what_can_not_be_undone_is_told() {
        let scratch = Scratch::new("count 3\nend\n", None);
        let mut project = scratch.counting();
        let refused = |project: &mut Project, seq| project.undo(Some(seq)).unwrap_err().to_string();
        assert_eq!(refused(&mut project, 1), "there is no entry 1");
        project.run(Cause::FilesChanged).unwrap();
        assert_eq!(refused(&mut project, 1), "entry 1 changed no file");
        let one = add(&mut project, "one");
        project.undo(Some(one)).unwrap();
        assert_eq!(refused(&mut project, one), "entry 2 is undone already, by entry 3");
        assert_eq!(refused(&mut project, 3), "entry 3 is an undo or redo itself");
        assert_eq!(refused(&mut project, 99), "there is no entry 99");
    }

    #[test]
    fn nothing_fires_on_what_was_undone() {
        let state = "## State\nPhase: VALIDATE\nStatus: READY\n\n## Rules\n### RULE_A_01\n\
                     Trigger ▶ `Status == COMPLETED`\nAction ▶\n1. Set `Phase = INIT`.\n\n## Log\n";
        let scratch = Scratch::new(state, None);
        let mut project = scratch.real();
        project.run(Cause::FilesChanged).unwrap();
        let done = state.replace("READY", "COMPLETED");
        scratch.write_state(&done);
        let run = project.run(Cause::FilesChanged).unwrap();
        assert_eq!(run.outcome.firings.len(), 1);
        assert_eq!(scratch.state(), done.replace("VALIDATE", "INIT"));
        project.undo(None).unwrap();
        assert_eq!(scratch.state(), done);
        let again = project.run(Cause::FilesChanged).unwrap();
        assert!(again.outcome.firings.is_empty() && again.entry.is_none(), "{again:?}");
    }

    #[test]
    fn steps_that_wait_follow() {
        let step = |id: &str| PendingStep {
            id: id.into(),
            clause: crate::engine::ClauseId { rule: "RULE_X".into(), clause: 0 },
            path: vec![0],
            kind: crate::engine::PendingKind::Ask,
            text: String::new(),
            steps: 1,
            lapses: false,
            since: jiff::civil::date(2026, 11, 21).at(10, 0, 0, 0),
            item: None,
        };
        let memory = |ids: &[&str], plan: Option<&str>| Memory {
            pending: ids.iter().map(|id| step(id)).collect(),
            replaced_plan: plan.map(str::to_owned),
            ..Memory::default()
        };
        let check = |now, before, after, expected| assert_eq!(stepped_back(&now, &before, &after), expected);
        check(memory(&["a"], None), memory(&[], None), memory(&["a"], None), memory(&[], None));
        check(memory(&[], None), memory(&["a"], Some("p")), memory(&[], None), memory(&["a"], Some("p")));
        check(
            memory(&["b"], Some("q")),
            memory(&["a"], Some("p")),
            memory(&["b"], None),
            memory(&["a"], Some("q")),
        );
        check(memory(&["c"], None), memory(&["a"], None), memory(&["a"], None), memory(&["c"], None));
    }
}
