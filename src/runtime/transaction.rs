//! Lock, read, compute, write down, publish: whole or not at all.

use super::{Documents, Error, Project, Run, archive::cleared_log, computation::Computed};
use crate::{
    disk::{Lock, Published, Replacement, publish},
    engine::Memory,
    journal::{EntryKind, FileChange, FiredRule, Journal, JournalError, NewEntry, set_aside},
    text::{DocumentId, Revision},
};
use jiff::civil::DateTime;
use std::{path::PathBuf, time::Duration};

/// How often a run is computed anew because a file changed meanwhile.
const ATTEMPTS: usize = 32;

/// How long another process may hold the lock; a run takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// Computes what is to be written, from the documents, the memory and the number of the entry.
pub(super) type Compute<'c> =
    dyn FnMut(&Project, &Documents, &Memory, i64) -> Result<(EntryKind, DateTime, Computed), Error> + 'c;

/// How one attempt ended.
enum Attempt {
    Done(Run),
    /// A file changed before it could be written.
    Overtaken(PathBuf),
}

impl Project {
    /// Carries out what `compute` says, as one journal entry; computes anew when a file changed
    /// meanwhile. What changes nothing and leaves nothing to remember is not written down.
    pub(super) fn transact(&mut self, label: &str, compute: &mut Compute<'_>) -> Result<Run, Error> {
        self.workspace.make_internal()?;
        let _lock = Lock::acquire(&self.workspace.internal().join("lock"), label, PATIENCE)?;
        let mut notices = Vec::new();
        let mut changed = self.workspace.state().to_owned();
        for _ in 0..ATTEMPTS {
            match self.attempt(label, compute) {
                Ok(Attempt::Done(run)) => return Ok(Run { notices, ..run }),
                Ok(Attempt::Overtaken(path)) => changed = path,
                Err(Error::Journal(error)) if error.is_damage() && notices.is_empty() => {
                    notices.push(self.replace_journal(&error)?);
                }
                Err(error) => return Err(error),
            }
        }
        Err(Error::Restless { path: changed, attempts: ATTEMPTS })
    }

    fn attempt(&self, label: &str, compute: &mut Compute<'_>) -> Result<Attempt, Error> {
        let before = self.read()?;
        let mut journal = Journal::open(&self.workspace.journal())?;
        let memory = journal.memory()?;
        let (kind, at, computed) = compute(self, &before, &memory, journal.next_seq()?)?;
        if computed.leaves_all_as_it_was(&before, &memory) {
            return Ok(Attempt::Done(computed.into_run(None, at, label, before)));
        }
        let limit = self.settings.file_size;
        let documents = [DocumentId::Config, DocumentId::State];
        for document in documents.into_iter().filter_map(|id| computed.after.get(id)) {
            if document.text.len() as u64 > limit {
                return Err(Error::WouldBeTooLarge { path: document.path.clone(), limit });
            }
        }
        let archived = archived(&journal, &memory, &before, &computed.after)?;
        let entry = journal.append(NewEntry {
            kind,
            at,
            label: label.to_owned(),
            firings: fired_rules(&computed),
            files: file_changes(&before, &computed),
            texts: texts(&before, &computed.after),
            diagnostics: computed.outcome.diagnostics.len(),
            memory: &computed.outcome.memory,
            archived: archived.as_deref(),
        })?;
        let replacements = replacements(&before, &computed.after);
        if let Published::Changed(path) = publish(self.file_system.as_ref(), &replacements)? {
            return Ok(Attempt::Overtaken(path));
        }
        let seq = entry.seq();
        entry.commit().map_err(Error::Unrecorded)?;
        Ok(Attempt::Done(computed.into_run(Some(seq), at, label, before)))
    }

    /// Sets a damaged journal aside, and says so.
    fn replace_journal(&self, error: &JournalError) -> Result<String, Error> {
        let aside = set_aside(&self.workspace.journal())?;
        let aside = self.workspace.relative(&aside).display();
        Ok(format!("{error}; it is now {aside}, and a new one begins (the files are as they were)"))
    }
}

impl Computed {
    fn leaves_all_as_it_was(&self, before: &Documents, memory: &Memory) -> bool {
        let outcome = &self.outcome;
        self.after == *before
            && outcome.memory == *memory
            && outcome.firings.is_empty()
            && outcome.effects.is_empty()
    }
}

/// The Log that this entry clears, or that somebody cleared since the last one.
fn archived(
    journal: &Journal,
    memory: &Memory,
    before: &Documents,
    after: &Documents,
) -> Result<Option<String>, Error> {
    let settled = memory.settled.as_ref().map(|settled| settled.state);
    let foreign = settled.filter(|settled| *settled != before.state.revision);
    let earlier = foreign.map(|settled| journal.version(settled)).transpose()?.flatten();
    let by_hand = earlier.and_then(|earlier| cleared_log(&earlier, &before.state.text));
    Ok(by_hand.or_else(|| cleared_log(&before.state.text, &after.state.text)))
}

fn fired_rules(computed: &Computed) -> Vec<FiredRule> {
    let firings = computed.outcome.firings.iter();
    firings
        .map(|firing| FiredRule {
            rule: firing.clause.rule.clone(),
            clause: firing.clause.clause,
            done: firing.done.clone(),
        })
        .collect()
}

fn file_changes(before: &Documents, computed: &Computed) -> Vec<FileChange> {
    let change = |document: DocumentId| {
        let patch = computed.patch(document)?.clone();
        let after = computed.after.get(document)?.revision;
        before.get(document).map(|_| FileChange { document, patch, after })
    };
    [DocumentId::State, DocumentId::Config].into_iter().filter_map(change).collect()
}

fn texts<'d>(before: &'d Documents, after: &'d Documents) -> Vec<&'d str> {
    let mut texts: Vec<(Revision, &str)> = [before, after]
        .into_iter()
        .flat_map(|documents| [Some(&documents.state), documents.config.as_ref()])
        .flatten()
        .map(|document| (document.revision, document.text.as_str()))
        .collect();
    texts.sort_unstable_by_key(|(revision, _)| *revision);
    texts.dedup_by_key(|(revision, _)| *revision);
    texts.into_iter().map(|(_, text)| text).collect()
}

/// What is to be written: the config first, so that the state, which drives the rules, changes last.
fn replacements<'d>(before: &'d Documents, after: &'d Documents) -> Vec<Replacement<'d>> {
    let replacement = |id| {
        let (before, after) = (before.get(id)?, after.get(id)?);
        (before.revision != after.revision).then_some(Replacement {
            path: &before.path,
            expected: before.revision,
            text: &after.text,
        })
    };
    [DocumentId::Config, DocumentId::State].into_iter().filter_map(replacement).collect()
}
