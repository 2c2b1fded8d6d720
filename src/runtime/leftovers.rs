//! What earlier swaps left behind: files that documents were, and runs that were killed.

use super::{Documents, Error, Project};
use crate::{
    disk::{
        Identity, LeaseKind, Leasing, ReadError, Refusal, Stamp, WriteError, is_half_overwritten,
        is_moved_away, moved_from, open, put_back, remove, uninterrupted,
    },
    journal::{DisplacedChanges, DisplacedFile, Entry, Journal},
    text::{DocumentId, Revision},
};
use std::{
    collections::BTreeSet,
    fs::{File, Metadata},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long a displaced file is kept after its swap. Somebody who looked its name up before the swap
/// and has not opened it by then would write into the void; everybody who has it open is waited for.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// What is to be considered before the rules run.
#[derive(Debug, Default)]
pub(super) struct Leftovers {
    /// What others wrote to displaced files since they were last read.
    pub(super) late: Vec<LateText>,
    /// Documents that a killed run was to write and did not, while it wrote the other one.
    pub(super) unfinished: Vec<UnfinishedWrite>,
    /// What the next entry notes about displaced files.
    pub(super) changes: DisplacedChanges,
    /// What is noted once `late` is in the documents, and not a moment before.
    pub(super) merged: DisplacedChanges,
}

/// What somebody wrote to a displaced file.
#[derive(Debug)]
pub(super) struct LateText {
    pub(super) document: DocumentId,
    /// The entry that displaced the file.
    pub(super) seq: i64,
    /// What was in it before.
    pub(super) last: Revision,
    pub(super) text: String,
}

/// A write that stands in the journal, and not in the file.
#[derive(Debug)]
pub(super) struct UnfinishedWrite {
    pub(super) document: DocumentId,
    /// What the file was.
    pub(super) before: Revision,
    /// Whether the file is partly overwritten.
    pub(super) is_torn: bool,
}

/// How a swap ended whose process did not say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Swapped,
    NotSwapped,
    Torn,
}

impl Project {
    /// Looks at everything that was left behind, and tidies up what is done with.
    pub(super) fn leftovers(
        &self,
        journal: &mut Journal,
        found: &Documents,
        mut files: Vec<DisplacedFile>,
    ) -> Result<Leftovers, Error> {
        let mut leftovers = Leftovers::default();
        self.sweep(journal, &files)?;
        self.settle(journal, found, &mut files, &mut leftovers)?;
        for file in files {
            self.look_into(journal, file, &mut leftovers)?;
        }
        Ok(leftovers)
    }

    /// Whether a displaced file was written since it was last read, or has been kept for long enough.
    /// `false` before this process has written anything, too.
    pub(super) fn is_displaced_due(&self) -> bool {
        self.displaced_files().iter().any(|(file, found)| Stamp::of(found) != file.stamp || is_old(found))
    }

    /// When to look at the displaced files again; `None` when there are none. Late writes come soon if
    /// they come at all.
    pub(super) fn displaced_pause(&self) -> Option<Duration> {
        let youngest = self.displaced_files().iter().map(|(_, found)| age(found)).min()?;
        Some((youngest / 4).clamp(Duration::from_millis(20), Duration::from_secs(1)))
    }

    fn displaced_files(&self) -> Vec<(DisplacedFile, Metadata)> {
        let known = self.journal.as_ref().and_then(|journal| journal.displaced().ok()).unwrap_or_default();
        let with_metadata = |file: DisplacedFile| {
            let metadata = self.file_system.metadata(&self.place(&file.place)).ok()?;
            Some((file, metadata))
        };
        known.into_iter().filter_map(with_metadata).collect()
    }

    /// Puts documents back that a killed run had moved away, before anybody looks for them.
    pub(super) fn put_back(&self, files: &[DisplacedFile]) -> Result<(), Error> {
        for file in files.iter().filter(|file| !file.is_settled) {
            let path = match file.document {
                DocumentId::State => self.workspace.state(),
                DocumentId::Config => self.workspace.config(),
            };
            let place = self.place(&file.place);
            put_back(self.file_system.as_ref(), self.workspace.root(), &place, path)
                .map_err(|source| WriteError::Io { action: "put back", path: path.to_owned(), source })?;
        }
        Ok(())
    }

    /// Whether a killed run had moved a document away.
    pub(super) fn is_moved_away(&self) -> bool {
        let files = self.journal().ok().flatten().and_then(|journal| journal.displaced().ok());
        files.unwrap_or_default().iter().any(|file| {
            !file.is_settled && is_moved_away(self.file_system.as_ref(), &self.place(&file.place))
        })
    }

    /// The path of a displaced file.
    pub(super) fn place(&self, name: &str) -> PathBuf {
        self.workspace.root().join(name)
    }

    /// Removes staged files that no entry knows: their process was killed before it wrote one, so that
    /// nobody ever saw them. Where the journal is new, they are somebody's for all that is known, and
    /// kept aside.
    fn sweep(&self, journal: &Journal, known: &[DisplacedFile]) -> Result<(), Error> {
        let folder = self.workspace.displaced();
        let Ok(names) = self.file_system.list(&folder) else { return Ok(()) };
        let known: BTreeSet<&Path> = known.iter().map(|file| Path::new(&file.place)).collect();
        let is_known = |place: &PathBuf| {
            let relative = self.workspace.relative(place);
            known.contains(relative) || known.contains(moved_from(relative))
        };
        let unknown: Vec<PathBuf> =
            names.iter().map(|name| folder.join(name)).filter(|place| !is_known(place)).collect();
        if !unknown.is_empty() && journal.next_seq()? == 1 {
            self.workspace.set_displaced_aside()?;
            return Ok(());
        }
        for place in unknown {
            remove(self.file_system.as_ref(), &place);
        }
        Ok(())
    }

    /// Finds out how swaps ended that their processes left open. An entry none of whose swaps took
    /// place is withdrawn.
    fn settle(
        &self,
        journal: &mut Journal,
        found: &Documents,
        files: &mut [DisplacedFile],
        leftovers: &mut Leftovers,
    ) -> Result<(), Error> {
        let Some(seq) = files.iter().rev().find(|file| !file.is_settled).map(|file| file.seq) else {
            return Ok(());
        };
        let entry = journal.entry(seq)?;
        let mut ended = Vec::new();
        for file in files.iter_mut().filter(|file| !file.is_settled) {
            let end = match &entry {
                Some(entry) if file.seq == seq => self.how_it_ended(journal, entry, file, found)?,
                // Later entries were written, so whatever this was is dealt with.
                _ => Ended::Swapped,
            };
            if end == Ended::NotSwapped || end == Ended::Torn {
                // It may have stood in the document's place for an instant: kept like any other.
                let after = entry.as_ref().and_then(|entry| change_of(entry, file.document));
                file.last = after.map_or(file.last, |(_, after)| after);
                file.stamp = self
                    .file_system
                    .metadata(&self.place(&file.place))
                    .map_or(file.stamp, |it| Stamp::of(&it));
            }
            file.is_settled = true;
            leftovers.changes.noted.push(file.clone());
            if file.seq == seq {
                ended.push((file.document, end));
            }
        }
        let Some(entry) = entry else { return Ok(()) };
        if ended.iter().all(|(_, end)| *end == Ended::NotSwapped) && seq + 1 == journal.next_seq()? {
            tracing::info!(seq, "a run was killed before it wrote; its entry is withdrawn");
            journal.withdraw(seq, &std::mem::take(&mut leftovers.changes))?;
            return Ok(());
        }
        for (document, end) in ended.into_iter().filter(|(_, end)| *end != Ended::Swapped) {
            if let Some((before, _)) = change_of(&entry, document) {
                leftovers.unfinished.push(UnfinishedWrite { document, before, is_torn: end == Ended::Torn });
            }
        }
        Ok(())
    }

    fn how_it_ended(
        &self,
        journal: &Journal,
        entry: &Entry,
        file: &DisplacedFile,
        found: &Documents,
    ) -> Result<Ended, Error> {
        let Some((before, after)) = change_of(entry, file.document) else { return Ok(Ended::Swapped) };
        let place = self.place(&file.place);
        let Some(document) = found.get(file.document) else { return Ok(Ended::Swapped) };
        if document.revision == after {
            return Ok(Ended::Swapped);
        }
        let is_staged = match uninterrupted(|| self.file_system.metadata(&place)) {
            Ok(metadata) if cfg!(unix) => Identity::of(&metadata) == file.staged,
            // Files can't be told apart here; their contents can.
            Ok(_) => self.text_at(&place)?.is_some_and(|text| Revision::of(text) == after),
            Err(error) if error.kind() == io::ErrorKind::NotFound => document.revision == before,
            // A wrong answer would lose the write.
            Err(source) => return Err(ReadError::Io { path: place, source }.into()),
        };
        if !is_staged {
            return Ok(Ended::Swapped);
        }
        if let (Some(old), Some(new)) = (journal.version(before)?, journal.version(after)?)
            && document.revision != before
            && is_half_overwritten(&document.text, &old, &new)
        {
            return Ok(Ended::Torn);
        }
        Ok(Ended::NotSwapped)
    }

    /// Looks whether somebody wrote to a displaced file; removes it when its time is over.
    fn look_into(
        &self,
        journal: &Journal,
        mut file: DisplacedFile,
        leftovers: &mut Leftovers,
    ) -> Result<(), Error> {
        let place = self.place(&file.place);
        let metadata = match uninterrupted(|| self.file_system.metadata(&place)) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                leftovers.changes.noted.retain(|noted| noted.place != file.place);
                leftovers.changes.gone.push(file.place);
                return Ok(());
            }
            // Another time, here and below.
            Err(_) => return Ok(()),
        };
        let (is_touched, is_over) = (Stamp::of(&metadata) != file.stamp, is_old(&metadata));
        if !is_touched && !is_over {
            return Ok(());
        }
        let Ok(opened) = open(self.file_system.as_ref(), self.workspace.root(), &place) else {
            return Ok(());
        };
        // Somebody still writes: another time.
        let leasing = uninterrupted(|| self.file_system.lease(&opened, LeaseKind::Read));
        if !matches!(leasing, Ok(Leasing::Granted | Leasing::Unavailable)) {
            return Ok(());
        }
        let Ok(text) = self.text_of(&opened) else { return Ok(()) };
        let Some(text) = text else {
            if self.set_aside(&place) {
                leftovers.changes.gone.push(file.place);
            }
            return Ok(());
        };
        let revision = Revision::of(&text);
        if revision == file.last && is_over {
            remove(self.file_system.as_ref(), &place);
            leftovers.changes.noted.retain(|noted| noted.place != file.place);
            leftovers.changes.gone.push(file.place);
            return Ok(());
        }
        if revision != file.last {
            tracing::info!(place = file.place, "somebody wrote to a file that the document was");
            // An emptied file says nothing about the document that has taken its place.
            if !text.trim().is_empty() && journal.last_seen(file.document, revision)?.is_none() {
                leftovers.late.push(LateText {
                    document: file.document,
                    seq: file.seq,
                    last: file.last,
                    text,
                });
            }
            file.last = revision;
        }
        file.stamp = opened.metadata().map_or(file.stamp, |it| Stamp::of(&it));
        leftovers.merged.noted.push(file);
        Ok(())
    }

    /// Keeps what somebody wrote late and what is no text: it can't be merged.
    fn set_aside(&self, place: &Path) -> bool {
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let aside = self.workspace.internal().join(format!("unreadable-{name}"));
        match uninterrupted(|| self.file_system.rename(place, &aside)) {
            Ok(()) => tracing::warn!(path = %aside.display(), "somebody wrote something that is no text"),
            Err(error) => {
                tracing::warn!(path = %place.display(), %error, "it can't be set aside");
                return false;
            }
        }
        true
    }

    fn text_at(&self, place: &Path) -> Result<Option<String>, ReadError> {
        let refused = |source| ReadError::Io { path: place.to_owned(), source };
        match open(self.file_system.as_ref(), self.workspace.root(), place) {
            Ok(opened) => self.text_of(&opened).map_err(refused),
            Err(Refusal::Io(source)) => Err(refused(source)),
            Err(Refusal::Outside(_)) => Ok(None),
        }
    }

    /// What is in a file; `None` when that is no text, or more than a document may hold.
    fn text_of(&self, file: &File) -> io::Result<Option<String>> {
        let limit = self.settings.engine.limits.file_size;
        let bytes = uninterrupted(|| self.file_system.read(file, limit as u64 + 1))?;
        Ok(if bytes.len() > limit { None } else { String::from_utf8(bytes).ok() })
    }
}

/// What an entry found in a document, and what it was to leave.
fn change_of(entry: &Entry, document: DocumentId) -> Option<(Revision, Revision)> {
    let change = entry.files.iter().find(|change| change.document == document)?;
    Some((change.found, change.after))
}

/// Whether a file has been where it is for longer than [`GRACE`].
fn is_old(metadata: &Metadata) -> bool {
    age(metadata) > GRACE
}

/// For how long nothing has happened to a file, its name included.
fn age(metadata: &Metadata) -> Duration {
    #[cfg(unix)]
    let since = {
        use std::os::unix::fs::MetadataExt as _;
        let seconds = Duration::from_secs(metadata.ctime().cast_unsigned());
        let nanos = Duration::from_nanos(metadata.ctime_nsec().cast_unsigned());
        std::time::UNIX_EPOCH.checked_add(seconds + nanos)
    };
    #[cfg(not(unix))]
    let since = metadata.modified().ok();
    // In the future: somebody has set the clock back.
    since.and_then(|since| since.elapsed().ok()).unwrap_or(2 * GRACE)
}
