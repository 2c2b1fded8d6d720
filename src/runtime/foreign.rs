//! What others wrote, merged with what Rulemark wrote meanwhile.
//!
//! Whoever edits a document may have read it before Rulemark's last write. Taken as it is, such a copy
//! would undo that write; so the version it was made from is looked for, and both sides are merged.

use super::{Document, Documents, Error, leftovers::Leftovers};
use crate::{
    document::merge::{self, Side},
    journal::{Conflict, Journal, JournalError, OwnWrite},
    text::{DocumentId, LineSet, Revision},
};

/// How many of Rulemark's own writes a text is compared with.
const WRITES: usize = 64;

/// The documents as the rules shall see them, and how that came about.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) documents: Documents,
    /// Where both sides had changed the same.
    pub(super) conflicts: Vec<Conflict>,
    /// What the user should know, a line each.
    pub(super) notices: Vec<String>,
}

/// Merges what was found with what the journal knows. `is_gits` says whether it was git that wrote a
/// text; it is asked only about one that would be merged.
pub(super) fn merge_foreign(
    journal: &Journal,
    found: &Documents,
    leftovers: &Leftovers,
    is_gits: &dyn Fn(&str) -> bool,
) -> Result<Merged, Error> {
    let mut merged = Merged { documents: found.clone(), conflicts: Vec::new(), notices: Vec::new() };
    for id in [DocumentId::Config, DocumentId::State] {
        let Some(document) = found.get(id) else { continue };
        let mut merging = Merging { journal, id, text: document.text.clone(), is_gits, merged: &mut merged };
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
    is_gits: &'a dyn Fn(&str) -> bool,
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
        let lines = LineSet::of(&found.text);
        if !self.predates_own_write(found, &lines, head)? {
            return Ok(());
        }
        if self.journal.last_seen(self.id, found.revision)?.is_some() {
            // Somebody went back to it on purpose: `git checkout`, an editor's undo.
            self.tell(found, "is an older version again; `rulemark history` has what was written since");
            return Ok(());
        }
        if (self.is_gits)(&found.text) {
            // The version of another branch, or of somebody else's commit, which no run has seen.
            self.tell(found, "is the version that git put there");
            return Ok(());
        }
        let base = self.journal.likely_base(self.id, &lines, None)?.filter(|base| *base != head);
        let Some(base) = base else { return Ok(()) };
        if self.journal.lines(self.id, base)?.is_some_and(|base| base.is_mostly_in(&lines)) {
            let conflicts = self.merged.conflicts.len();
            self.merge(base, head, &found.text)?;
            let is_contested = self.merged.conflicts.len() > conflicts;
            let which =
                if is_contested { ", and `rulemark conflicts` shows where one had to stand" } else { "" };
            self.tell(found, &format!("was saved from an older version: both sides are kept{which}"));
        }
        Ok(())
    }

    /// Whether a text with these lines knows nothing of what Rulemark wrote last. What others have
    /// rewritten since tells nothing, so the newest write is asked that still stands.
    fn predates_own_write(
        &self,
        found: &Document,
        lines: &LineSet,
        head: Revision,
    ) -> Result<bool, JournalError> {
        let Some(newest) = self.journal.lines(self.id, head)? else { return Ok(false) };
        for write in self.journal.own_writes(self.id, WRITES)? {
            let [before, after] =
                [write.before, write.after].map(|version| self.journal.lines(self.id, version));
            let (Some(before), Some(after)) = (before?, after?) else { return Ok(false) };
            match lines.predates(&before, &after, &newest) {
                Some(true) => return Ok(!self.has_read(write, head, &found.text)?),
                Some(false) => return Ok(false),
                None => {}
            }
        }
        Ok(false)
    }

    /// Whether the author of a text has put what Rulemark wrote in other words.
    fn has_read(&self, write: OwnWrite, head: Revision, text: &str) -> Result<bool, JournalError> {
        let [before, after, head] = [write.before, write.after, head].map(|version| self.version(version));
        Ok(match (before?, after?, head?) {
            (Some(before), Some(after), Some(head)) => merge::has_read(&before, &after, &head, text),
            _ => false,
        })
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

#[cfg(test)]
mod tests {
    use super::super::{Edits, Project, scratch::Scratch};
    use crate::{engine::Cause, text::TextEdit};

    const START: &str = "count 3\n\n## Notes\nn1\nn2\nn3\n\n## Log\n- [2026-11-21 09:00:00] begun\n";

    /// A project in which Rulemark has added a line to the log.
    fn logged() -> (Scratch, Project, String) {
        let scratch = Scratch::new(START, None);
        let mut project = scratch.counting();
        project.run(Cause::FilesChanged).unwrap();
        add(&mut project, "- [2026-11-21 10:00:00] ours");
        let text = scratch.state();
        (scratch, project, text)
    }

    fn add(project: &mut Project, line: &str) {
        let edit = |now: &super::Documents| {
            Ok(Edits::of_state(vec![TextEdit::insert(now.state.text.len(), format!("{line}\n"))]))
        };
        project.edit(line, Cause::FilesChanged, &mut { edit }).unwrap();
    }

    /// What the file is after somebody saved this, and how many notices there were.
    #[track_caller]
    fn check(saved: &str, expected: &str, notices: usize) {
        let (scratch, mut project, _) = logged();
        scratch.write_state(saved);
        let run = project.run(Cause::FilesChanged).unwrap();
        assert_eq!(scratch.state(), expected);
        assert_eq!(run.notices.len(), notices, "{:?}", run.notices);
        assert_eq!(project.run(Cause::FilesChanged).unwrap().entry, None, "it is settled");
    }

    #[test]
    fn a_copy_of_an_older_version_keeps_both_sides() {
        let (_, _, head) = logged();
        let with_note = |text: &str| text.replace("n2\n", "n2\ntheirs\n");
        check(&with_note(START), &with_note(&head), 1);
        let entry = "- [2026-11-21 09:30:00] theirs\n";
        let between = format!("{START}{entry}- [2026-11-21 10:00:00] ours\n");
        check(&format!("{START}{entry}"), &between, 1);
    }

    #[test]
    fn an_edit_of_the_newest_version_stands_as_it_is() {
        let (_, _, head) = logged();
        let edited = head.replace("n2\n", "").replace("n3", "n3 and more");
        check(&edited, &edited, 0);
        let rewritten = "# Another text\n\nof somebody else\n\nwith a few lines\n";
        check(rewritten, rewritten, 0);
    }

    #[test]
    fn going_back_to_a_version_is_meant() {
        let (scratch, mut project, head) = logged();
        scratch.write_state(START);
        let run = project.run(Cause::FilesChanged).unwrap();
        assert_eq!(scratch.state(), START);
        assert!(run.notices[0].contains("is an older version again"), "{:?}", run.notices);
        scratch.write_state(&head);
        project.run(Cause::FilesChanged).unwrap();
        assert_eq!(scratch.state(), head, "and forth again");
    }

    #[test]
    fn what_rulemark_wrote_can_be_taken_out() {
        let (scratch, mut project, head) = logged();
        scratch.write_state(&head.replace("n3\n", "n3\nlater\n"));
        project.run(Cause::FilesChanged).unwrap();
        let without = START.replace("n3\n", "n3\nlater\n");
        scratch.write_state(&without);
        project.run(Cause::FilesChanged).unwrap();
        assert_eq!(scratch.state(), without, "it was made from the newest version: `later` is in it");
    }

    #[test]
    fn what_rulemark_wrote_can_be_put_in_other_words() {
        let (_, _, head) = logged();
        let entry = "- [2026-11-21 10:00:00] ours";
        let reworded = head.replace(entry, &format!("{entry}, and more"));
        check(&reworded, &reworded, 0);
        let with_theirs =
            head.replace(START, &START.replace("n2\n", "n2\ntheirs\n")).replace("count 3", "count 4");
        check(&with_theirs, &with_theirs, 0);
    }

    #[test]
    fn a_copy_from_before_a_write_that_was_reworded_since_keeps_what_was_written_earlier() {
        let (scratch, mut project, _) = logged();
        add(&mut project, "- [2026-11-21 10:01:00] ours again");
        let reworded = scratch.state().replace("ours again", "ours again, and more");
        scratch.write_state(&reworded);
        project.run(Cause::FilesChanged).unwrap();
        let with_note = |text: &str| text.replace("n2\n", "n2\ntheirs\n");
        scratch.write_state(&with_note(START));
        project.run(Cause::FilesChanged).unwrap();
        assert_eq!(scratch.state(), with_note(&reworded));
    }

    #[test]
    fn where_both_changed_the_same_theirs_stands_and_ours_is_kept() {
        let start = "## State\nPhase: A\nStatus: X\n\n## Notes\nn1\nn2\nn3\n";
        let scratch = Scratch::new(start, None);
        let mut project = scratch.counting();
        project.run(Cause::FilesChanged).unwrap();
        let ours = start.replace("Phase: A", "Phase: B").replace("n2\n", "n2\nours\n");
        let edits =
            || Edits::of_state(vec![TextEdit::replace(crate::text::Span::new(0, start.len()), &*ours)]);
        project.edit("set Phase=B", Cause::FilesChanged, &mut |_| Ok(edits())).unwrap();
        scratch.write_state(&start.replace("Phase: A", "Phase: C"));
        let run = project.run(Cause::FilesChanged).unwrap();
        assert_eq!(scratch.state(), ours.replace("Phase: B", "Phase: C"));
        let kept = &project.entry(run.entry.unwrap()).unwrap().unwrap().conflicts;
        let told: Vec<_> = kept.iter().map(|it| (&*it.place, &*it.ours, &*it.theirs)).collect();
        assert_eq!(told, [("State: Phase", "Phase: B\n", "Phase: C\n")]);
        assert_eq!(*kept, run.conflicts);
        assert!(
            run.notices[0].ends_with("`rulemark conflicts` shows where one had to stand"),
            "{:?}",
            run.notices
        );
    }

    #[cfg(unix)]
    #[test]
    fn what_is_written_late_to_the_file_that_it_was_is_merged() {
        use std::{fs::OpenOptions, io::Write as _};
        let (scratch, mut project, _) = logged();
        let mut held = OpenOptions::new().append(true).open(scratch.path("workflow_state.md")).unwrap();
        let file = project.workspace().state().to_owned();
        held.write_all(b"- [2026-11-21 10:01:00] before\n").unwrap();
        add(&mut project, "- [2026-11-21 10:02:00] ours again");
        held.write_all(b"- [2026-11-21 10:03:00] late\n").unwrap();
        assert!(!scratch.state().contains("late"), "it went to the file that was there before");
        drop(held);
        project.run(Cause::FilesChanged).unwrap();
        let text = std::fs::read_to_string(file).unwrap();
        for line in ["ours", "before", "ours again", "late"] {
            assert_eq!(text.matches(&format!("0] {line}\n")).count(), 1, "{line}: {text}");
        }
        assert_eq!(project.run(Cause::FilesChanged).unwrap().entry, None, "once");
    }
}
