//! What others wrote, merged with what Rulemark wrote meanwhile.
//!
//! Whoever edits a document may have read it before Rulemark's last write. Taken as it is, such a copy
//! would undo that write; so the version it was made from is looked for, and both sides are merged.

use super::{Document, Documents, Error, leftovers::Leftovers};
use crate::{
    document::merge::{self, Side},
    journal::{Conflict, Journal, JournalError},
    text::{DocumentId, LineSet, Revision},
};

/// The documents as the rules shall see them, and how that came about.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) documents: Documents,
    /// Where both sides had changed the same.
    pub(super) conflicts: Vec<Conflict>,
    /// What the user should know, a line each.
    pub(super) notices: Vec<String>,
}

/// Merges what was found with what the journal knows.
pub(super) fn merge_foreign(
    journal: &Journal,
    found: &Documents,
    leftovers: &Leftovers,
) -> Result<Merged, Error> {
    let mut merged = Merged { documents: found.clone(), conflicts: Vec::new(), notices: Vec::new() };
    for id in [DocumentId::Config, DocumentId::State] {
        let Some(document) = found.get(id) else { continue };
        let mut merging = Merging { journal, id, text: document.text.clone(), merged: &mut merged };
        merging.take_in(document, leftovers)?;
        for late in leftovers.late.iter().filter(|late| late.document == id) {
            merging.take_in_late(late.seq, late.last, &late.text)?;
        }
        let text = merging.text;
        if text != document.text {
            let document = Document::new(document.path.clone(), text);
            match id {
                DocumentId::State => merged.documents.state = document,
                DocumentId::Config => merged.documents.config = Some(document),
            }
        }
    }
    Ok(merged)
}

/// One document on its way.
struct Merging<'a> {
    journal: &'a Journal,
    id: DocumentId,
    text: String,
    merged: &'a mut Merged,
}

impl Merging<'_> {
    /// Takes in what stands in the file.
    fn take_in(&mut self, found: &Document, leftovers: &Leftovers) -> Result<(), Error> {
        let Some(head) = self.journal.head(self.id)?.filter(|head| *head != found.revision) else {
            return Ok(());
        };
        if let Some(unfinished) = leftovers.unfinished.iter().find(|write| write.document == self.id) {
            if unfinished.is_torn {
                self.text = self.version(head)?.unwrap_or_default();
                return Ok(());
            }
            return self.merge(unfinished.before, head, &found.text);
        }
        if let Some(seq) = self.journal.last_seen(self.id, found.revision)? {
            let newest = self.journal.next_seq()? - 1;
            if seq < newest {
                // Somebody went back to it: `git checkout`, an editor's undo.
                self.tell(found, &format!("is what it was at entry {seq} again"));
            }
            return Ok(());
        }
        match self.base_of(&found.text, head)? {
            Some(base) => {
                self.tell(found, "was saved from an older version: both sides are kept");
                self.merge(base, head, &found.text)
            }
            None => Ok(()),
        }
    }

    /// The version that `found` was made from, if that is older than Rulemark's last write.
    fn base_of(&self, found: &str, head: Revision) -> Result<Option<Revision>, JournalError> {
        let Some(write) = self.journal.latest_own_write(self.id)? else { return Ok(None) };
        let [before, after, newest] =
            [write.before, write.after, head].map(|version| self.journal.lines(self.id, version));
        let (Some(before), Some(after), Some(newest)) = (before?, after?, newest?) else { return Ok(None) };
        let found = LineSet::of(found);
        if !found.predates(&before, &after, &newest) {
            return Ok(None);
        }
        let base = self.journal.likely_base(self.id, &found, None)?.filter(|base| *base != head);
        let Some(base) = base else { return Ok(None) };
        let lines = self.journal.lines(self.id, base)?;
        Ok(lines.is_some_and(|lines| lines.is_mostly_in(&found)).then_some(base))
    }

    /// Takes in what somebody wrote to the file that the document was before entry `seq`.
    fn take_in_late(&mut self, seq: i64, last: Revision, late: &str) -> Result<(), Error> {
        let lines = LineSet::of(late);
        let candidate = self.journal.likely_base(self.id, &lines, Some(seq - 1))?;
        let last_text = self.version(last)?;
        let distance = |text: &str| LineSet::of(text).distance_to(&lines);
        let base = match (last_text, candidate.map(|base| self.version(base)).transpose()?.flatten()) {
            (Some(last), Some(other)) if distance(&other) < distance(&last) => other,
            (Some(last), _) => last,
            (None, Some(other)) => other,
            (None, None) => return Ok(()),
        };
        self.merge_texts(&base, &self.text.clone(), late);
        Ok(())
    }

    fn merge(&mut self, base: Revision, ours: Revision, theirs: &str) -> Result<(), Error> {
        // Without the texts there is nothing to merge with; theirs stands.
        if let (Some(base), Some(ours)) = (self.version(base)?, self.version(ours)?) {
            self.merge_texts(&base, &ours, theirs);
        }
        Ok(())
    }

    fn merge_texts(&mut self, base: &str, ours: &str, theirs: &str) {
        let merged = merge::merge(base, ours, theirs, Side::Theirs);
        self.text = merged.text;
        let document = self.id;
        let conflicts = merged.conflicts.into_iter().map(|conflict| Conflict {
            document,
            place: conflict.place,
            base: conflict.base,
            ours: conflict.ours,
            theirs: conflict.theirs,
        });
        self.merged.conflicts.extend(conflicts);
    }

    fn version(&self, revision: Revision) -> Result<Option<String>, JournalError> {
        self.journal.version(revision)
    }

    fn tell(&mut self, found: &Document, what: &str) {
        let name = found.path.file_name().unwrap_or_default().to_string_lossy();
        self.merged.notices.push(format!("{name} {what}"));
    }
}
