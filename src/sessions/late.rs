//! Edits that came in the instant of a write.
//!
//! What a session's file was lies under its staged name after a write. Nobody else had it open, as a
//! rule, and it is removed at once. Otherwise whoever had may have written there: that is found here
//! before anything is written again, and merged; what can't be is kept in a file beside the session.

use super::{
    failure::Failure,
    store::{Put, Store, Write},
};
use crate::{
    disk::{Insistence, moved_from, read_text, remove},
    text::{Patch, Revision, rebase},
    workflow::session::{Session, SessionId},
};
use std::path::{Path, PathBuf};

/// The largest file that is merged, in bytes.
const LATE_SIZE: u64 = 16 << 20;

/// A file under a staged name.
pub(super) struct Late {
    place: PathBuf,
    session: SessionId,
    /// The number of the entry that displaced it.
    seq: i64,
}

impl Late {
    /// Takes in what is left of earlier writes. The caller holds the lock.
    pub(super) fn settle_all(store: &mut Store<'_>) -> Result<(), Failure> {
        let folder = store.staged();
        for name in store.project.file_system().list(&folder).unwrap_or_default() {
            let place = folder.join(&name);
            let staged = moved_from(&place).to_owned();
            let Some(late) = Self::named(&staged) else { continue };
            if staged != place {
                let restored = store.restore(&staged, &late.session);
                if let Err(error) = restored {
                    tracing::warn!(%error, session = %late.session, "a session's file stays moved away");
                }
                continue;
            }
            late.settle(store)?;
        }
        Ok(())
    }

    fn named(place: &Path) -> Option<Self> {
        let (session, seq) = place.file_name()?.to_str()?.rsplit_once('.')?;
        Some(Self { place: place.to_owned(), session: SessionId::read(session)?, seq: seq.parse().ok()? })
    }

    fn settle(self, store: &mut Store<'_>) -> Result<(), Failure> {
        let root = store.project.workspace().root().to_owned();
        let text = read_text(&self.place, &root, LATE_SIZE).ok().flatten();
        let is_news = match &text {
            Some(text) => !self.is_known(store, text)?,
            None => false,
        };
        if is_news
            && let Some(text) = text
            && !self.merge(store, &text)?
        {
            let kept = store.folder().join(format!("{}.late-{}.md", self.session, self.seq));
            tracing::warn!(session = %self.session, kept = %kept.display(), "an edit could not be merged");
            if store.project.file_system().rename(&self.place, &kept).is_ok() {
                return Ok(());
            }
        }
        remove(store.project.file_system(), &self.place);
        Ok(())
    }

    /// Whether it is a text of our own.
    fn is_known(&self, store: &mut Store<'_>, text: &str) -> Result<bool, Failure> {
        let Some(journal) = store.project.existing_journal()? else { return Ok(true) };
        Ok(journal.version(Revision::of(text))?.is_some())
    }

    /// Does to the session what somebody has done to its old text; `false` when that does not fit.
    fn merge(&self, store: &mut Store<'_>, theirs: &str) -> Result<bool, Failure> {
        let Some(journal) = store.project.existing_journal()? else { return Ok(false) };
        let writes = journal.session_writes(self.session.as_str())?;
        let base = writes.iter().find(|(seq, _)| *seq == self.seq).and_then(|(_, write)| write.before);
        let base = base.map(|base| journal.version(base)).transpose()?.flatten();
        let (Some(base), Some(found)) = (base, store.reading(&self.session, true)?) else { return Ok(false) };
        let patch = Patch::between(&base, theirs);
        let Ok(patch) = rebase(&patch, &base, &found.text) else { return Ok(false) };
        let Ok(text) = patch.apply(&found.text) else { return Ok(false) };
        let Ok(current) = Session::parse(found.text.clone()) else { return Ok(false) };
        let is_fine = Session::parse(text.clone()).is_ok_and(|it| it.review(Some(&current)).is_empty());
        if !is_fine {
            return Ok(false);
        }
        let detail = "an edit at the same moment".to_owned();
        let write = Write { text, label: "merge", phase: None, detail };
        Ok(matches!(store.put(&self.session, found, &write, Insistence::Insistent)?, Put::Done))
    }
}
