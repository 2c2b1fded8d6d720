//! Staging documents and swapping them, as the journal has it.

use super::{Documents, Error, Project};
use crate::{
    disk::{
        Displaced, Identity, Insistence, Reading, Staged, Stamp, Swapped, WriteError, remove, stage, swap,
    },
    journal::{DisplacedChanges, DisplacedFile, Journal},
    text::{DocumentId, Revision},
};
use std::{collections::BTreeMap, io, path::PathBuf};

/// The documents as they were read, with what holds on to them.
#[derive(Debug)]
pub(super) struct Readings(pub(super) BTreeMap<DocumentId, Reading>);

/// A document that is staged, and what its swap needs.
#[derive(Debug)]
pub(super) struct Prepared {
    document: DocumentId,
    staged: Staged,
    reading: Reading,
    /// What was found, and what it is to be.
    found: Revision,
    after: Revision,
}

/// How a round of swaps ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// All documents are written. Somebody may be writing to these displaced files.
    Done { late: Vec<PathBuf> },
    /// Nothing is written; this document is somebody else's now.
    Overtaken(PathBuf),
    /// One document is written, and the other somebody else's now: the entry stands, and what is left
    /// of it is merged.
    Partly,
}

impl Project {
    /// Writes the new texts to files of their own, durably: the config first, so that the state,
    /// which drives the rules, changes last.
    pub(super) fn prepare(
        &self,
        readings: Readings,
        found: &Documents,
        after: &Documents,
        seq: i64,
    ) -> Result<Vec<Prepared>, Error> {
        let mut prepared = Vec::new();
        for (document, reading) in readings.0.into_iter().rev() {
            let (Some(was), Some(is)) = (found.get(document), after.get(document)) else { continue };
            if was.revision == is.revision {
                continue;
            }
            match self.stage(document, &reading, &is.text, seq) {
                Ok(staged) => prepared.push(Prepared {
                    document,
                    staged,
                    reading,
                    found: was.revision,
                    after: is.revision,
                }),
                Err(error) => {
                    self.discard(&prepared);
                    return Err(error);
                }
            }
        }
        Ok(prepared)
    }

    fn stage(&self, document: DocumentId, reading: &Reading, text: &str, seq: i64) -> Result<Staged, Error> {
        let file_system = self.file_system.as_ref();
        let mut folder = self.workspace.make_displaced()?;
        let device = file_system.metadata(&folder).map(|found| Identity::of(&found).device);
        let mut prefix = String::new();
        if device.is_ok_and(|device| device != reading.identity.device)
            && let Some(beside) = reading.target.parent()
        {
            // Names can't be exchanged across file systems.
            beside.clone_into(&mut folder);
            prefix = ".rulemark-".into();
        }
        let mut number = 0;
        loop {
            number += 1;
            let place = folder.join(format!("{prefix}{seq}-{document}.{number}"));
            match stage(file_system, &place, reading, text) {
                // Somebody's leftover.
                Err(WriteError::Io { source, .. })
                    if source.kind() == io::ErrorKind::AlreadyExists && number < 1_000 => {}
                staged => return Ok(staged?),
            }
        }
    }

    /// The document that somebody has changed since it was read, as far as a look at its name tells: it
    /// saves the journal an entry that would be withdrawn.
    pub(super) fn overtaken(&self, prepared: &[Prepared]) -> Option<PathBuf> {
        let is_changed = |it: &&Prepared| {
            let found = self.file_system.metadata(&it.reading.target);
            found.is_ok_and(|found| {
                Identity::of(&found) != it.reading.identity || Stamp::of(&found) != it.reading.stamp
            })
        };
        prepared.iter().find(is_changed).map(|it| it.reading.target.clone())
    }

    /// What the journal is to know before the swaps.
    pub(super) fn intents(&self, prepared: &[Prepared], seq: i64) -> Vec<DisplacedFile> {
        let intent = |it: &Prepared| DisplacedFile {
            place: self.workspace.relative(&it.staged.place).to_string_lossy().into_owned(),
            document: it.document,
            seq,
            is_settled: false,
            staged: it.staged.identity,
            stamp: it.reading.stamp,
            last: it.found,
        };
        prepared.iter().map(intent).collect()
    }

    /// Removes staged files that nobody has seen.
    pub(super) fn discard(&self, prepared: &[Prepared]) {
        for it in prepared {
            remove(self.file_system.as_ref(), &it.staged.place);
        }
    }

    /// Swaps the documents in. When nothing comes of it, the entry is withdrawn.
    pub(super) fn swap_in(
        &self,
        journal: &mut Journal,
        prepared: Vec<Prepared>,
        insistence: Insistence,
        seq: i64,
    ) -> Result<Ended, Error> {
        let mut intents = self.intents(&prepared, seq).into_iter();
        let mut swaps = prepared.into_iter();
        let (mut late, mut has_swapped) = (Vec::new(), false);
        while let (Some(it), Some(mut intent)) = (swaps.next(), intents.next()) {
            let (path, place, after) = (it.reading.target.clone(), it.staged.place.clone(), it.after);
            let ended = swap(self.file_system.as_ref(), &it.staged, it.reading, insistence);
            match &ended {
                Ok(Swapped::Done(displaced)) => {
                    has_swapped = true;
                    match displaced {
                        Displaced::AtRest => {}
                        Displaced::Late => late.push(place),
                        Displaced::Nothing => remove(self.file_system.as_ref(), &place),
                    }
                    continue;
                }
                // The journal says what is to be done.
                Err(_) | Ok(_) if has_swapped => {}
                Err(WriteError::HalfWritten { .. } | WriteError::MovedAway { .. }) => {}
                Err(_) | Ok(_) => {
                    intent.is_settled = true;
                    let mut changes = DisplacedChanges::default();
                    match &ended {
                        // It was seen for an instant: kept like a displaced file.
                        Ok(Swapped::TakenBack) => {
                            intent.last = after;
                            if let Ok(found) = self.file_system.metadata(&place) {
                                intent.stamp = Stamp::of(&found);
                            }
                            changes.noted.push(intent);
                        }
                        Ok(Swapped::GivenUp) => changes.noted.push(intent),
                        _ => {
                            remove(self.file_system.as_ref(), &place);
                            changes.gone.push(intent.place);
                        }
                    }
                    for (other, intent) in swaps.zip(intents) {
                        remove(self.file_system.as_ref(), &other.staged.place);
                        changes.gone.push(intent.place);
                    }
                    let withdrawn = journal.withdraw(seq, &changes);
                    ended?;
                    withdrawn?;
                    return Ok(Ended::Overtaken(path));
                }
            }
            if has_swapped {
                ended.map_err(Error::Unfinished)?;
                return Ok(Ended::Partly);
            }
            ended?;
        }
        Ok(Ended::Done { late })
    }
}
