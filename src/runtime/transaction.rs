//! Lock, read, merge, compute, write down, swap: whole or not at all.

use super::{
    Documents, Error, Project, Run,
    archive::cleared_log,
    computation::Computed,
    foreign::{Merged, merge_foreign},
    leftovers::{LateText, Leftovers},
    run::Edits,
    writing::{Ended, Readings},
};
use crate::{
    disk::{Insistence, LeaseKind, Leasing, Lock, Reader},
    engine::{Cause, Memory},
    git,
    journal::{
        DisplacedChanges, EntryKind, FileChange, FiredRule, Journal, JournalError, NewEntry, set_aside,
    },
    text::{DocumentId, Revision},
};
use jiff::civil::DateTime;
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How often a run is computed anew because a file changed meanwhile …
const ATTEMPTS: usize = 64;

/// … and for how long others go first. After that whoever wants to write waits for the length of a
/// run: some milliseconds.
const POLITENESS: Duration = Duration::from_millis(5);

/// How long another process may hold the lock; a run takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a document may be missing: editors move it away before they write the new one.
const MISSING: Duration = Duration::from_secs(2);

/// How long somebody who still writes to a displaced file is waited for, so that what they write is in
/// the document when the run is over. What comes later is found by the next run.
const LATE: Duration = Duration::from_millis(50);

/// Computes what is to be written, from the documents, the memory and the number of the entry.
pub(super) type Compute<'c> = dyn FnMut(&Project, &Documents, &Memory, i64) -> Result<Planned, Error> + 'c;

/// What is to be written, and what its entry says.
pub(super) struct Planned {
    pub(super) kind: EntryKind,
    pub(super) at: DateTime,
    pub(super) label: String,
    pub(super) computed: Computed,
}

/// How one attempt ended.
enum Attempt {
    /// With `late`, others have written, or are about to, where it must be merged: to these files.
    Done { run: Box<Run>, late: Option<Vec<PathBuf>> },
    /// A file changed before it could be written.
    Overtaken(PathBuf),
}

impl Project {
    /// Carries out what `compute` says, as one journal entry; computes anew when a file changed
    /// meanwhile. What changes nothing and leaves nothing to remember is not written down.
    /// `purpose` is what others are told who wait for the lock.
    pub(super) fn transact(&mut self, purpose: &str, compute: &mut Compute<'_>) -> Result<Run, Error> {
        let state = self.workspace.state();
        let is_gone = || !self.is_moved_away() && stays_missing(state);
        if is_missing(state) && (!self.workspace.journal().exists() || is_gone()) {
            // Nothing is left behind where there is nothing to work on.
            return Err(Error::NoState(state.to_owned()));
        }
        self.workspace.make_internal()?;
        let _lock = Lock::acquire(&self.workspace.internal().join("lock"), purpose, PATIENCE)?;
        let (run, late) = self.until_written(compute)?;
        trace(&run);
        if let Some(late) = late {
            self.follow_up(&late);
        }
        Ok(run)
    }

    /// Tries until nobody is in between.
    fn until_written(&mut self, compute: &mut Compute<'_>) -> Result<(Run, Option<Vec<PathBuf>>), Error> {
        let began = Instant::now();
        let mut notices = Vec::new();
        let mut changed = self.workspace.state().to_owned();
        for attempt in 0..ATTEMPTS {
            let is_polite = attempt < ATTEMPTS / 2 && began.elapsed() < POLITENESS;
            let insistence = if is_polite { Insistence::Polite } else { Insistence::Insistent };
            match self.attempt(compute, insistence) {
                Ok(Attempt::Done { mut run, late }) => {
                    notices.append(&mut run.notices);
                    return Ok((Run { notices, ..*run }, late));
                }
                Ok(Attempt::Overtaken(path)) => {
                    tracing::debug!(path = %path.display(), "changed meanwhile; computing anew");
                    changed = path;
                }
                Err(Error::Journal(error)) if error.is_damage() && notices.is_empty() => {
                    notices.push(self.replace_journal(&error)?);
                }
                Err(error) => return Err(error),
            }
        }
        Err(Error::Restless { path: changed, attempts: ATTEMPTS })
    }

    /// Takes in what others wrote in the instant of the swap. What can't be had now stays where the
    /// next run finds it.
    fn follow_up(&mut self, late: &[PathBuf]) {
        let began = Instant::now();
        for place in late {
            while began.elapsed() < LATE && self.is_being_written(place) {
                std::thread::sleep(Duration::from_micros(200));
            }
        }
        let at = self.now();
        let followed = self.until_written(&mut |project, documents, memory, seq| {
            let event = project.event(Cause::FilesChanged, seq);
            let computed = project.compute(documents, memory, &event, Edits::default())?;
            let label = "an edit at the same moment".to_owned();
            Ok(Planned { kind: EntryKind::Run, at, label, computed })
        });
        match followed {
            Ok((run, _)) => trace(&run),
            Err(error) => tracing::info!(%error, "the edit at the same moment is left to the next run"),
        }
    }

    fn is_being_written(&self, place: &Path) -> bool {
        let opened = self.file_system.open(self.workspace.root(), place);
        opened.is_ok_and(|file| matches!(self.file_system.lease(&file, LeaseKind::Read), Ok(Leasing::InUse)))
    }

    fn attempt(&mut self, compute: &mut Compute<'_>, insistence: Insistence) -> Result<Attempt, Error> {
        let mut journal = self.open_journal()?;
        let ended = self.attempt_with(&mut journal, compute, insistence);
        if ended.is_ok() {
            self.journal = Some(journal);
        }
        ended
    }

    fn attempt_with(
        &self,
        journal: &mut Journal,
        compute: &mut Compute<'_>,
        insistence: Insistence,
    ) -> Result<Attempt, Error> {
        let displaced = journal.displaced()?;
        self.put_back(&displaced)?;
        let (found, readings) = self.grasp(journal, insistence)?;
        let leftovers = self.leftovers(journal, &found, displaced)?;
        let memory = journal.memory()?;
        let is_gits = |text: &str| git::has_checked_out(self.workspace.root(), text);
        let Merged { documents: before, conflicts, notices } =
            merge_foreign(journal, &found, &leftovers, &is_gits)?;
        let seq = journal.next_seq()?;
        let Planned { kind, at, label, computed } = compute(self, &before, &memory, seq)?;
        let is_idle = computed.leaves_all_as_it_was(&found, &memory) && computed.attested.is_empty();
        if is_idle && conflicts.is_empty() {
            journal.note_displaced(&leftovers.tidied())?;
            let run = computed.into_run(None, at, label, found);
            return Ok(Attempt::Done { run: Box::new(Run { notices, ..run }), late: None });
        }
        self.refuse_too_large(&found, &computed.after)?;
        let archived = archived(journal, &memory, &before, &computed)?;
        let prepared = self.prepare(readings, &found, &computed.after, seq)?;
        if let Some(path) = self.overtaken(&prepared) {
            self.discard(&prepared);
            return Ok(Attempt::Overtaken(path));
        }
        let mut displaced = leftovers.changes;
        displaced.noted.extend(self.intents(&prepared, seq));
        let appended = journal.append(NewEntry {
            kind,
            at,
            label: label.clone(),
            firings: fired_rules(&computed),
            files: file_changes(&found, &before, &computed),
            texts: texts(&[&found, &before, &computed.after], &leftovers.late),
            diagnostics: computed.outcome.diagnostics.len(),
            conflicts: conflicts.clone(),
            displaced: &displaced,
            memory: &computed.outcome.memory,
            archived: archived.as_deref(),
            attested: &computed.attested,
        });
        if let Err(error) = appended {
            self.discard(&prepared);
            return Err(error.into());
        }
        let late = match self.swap_in(journal, prepared, insistence, seq)? {
            Ended::Overtaken(path) => return Ok(Attempt::Overtaken(path)),
            Ended::Partly => Some(Vec::new()),
            Ended::Done { late } => Some(late).filter(|late| !late.is_empty()),
        };
        if let Err(error) = journal.note_displaced(&leftovers.merged) {
            tracing::warn!(%error, "what was merged is looked at once more by the next run");
        }
        let run = Run { notices, conflicts, ..computed.into_run(Some(seq), at, label, found) };
        Ok(Attempt::Done { run: Box::new(run), late })
    }

    /// Reads both documents while nobody writes them.
    fn grasp(&self, journal: &Journal, insistence: Insistence) -> Result<(Documents, Readings), Error> {
        let reader = Reader { keep_lease: insistence == Insistence::Insistent, ..self.reader() };
        let began = Instant::now();
        loop {
            let mut readings = BTreeMap::new();
            let paths =
                [(DocumentId::State, self.workspace.state()), (DocumentId::Config, self.workspace.config())];
            let mut is_missing = false;
            for (document, path) in paths {
                let head = || journal.version(journal.head(document).ok()??).ok()?;
                match reader.read(path, &head)? {
                    Some(reading) => drop(readings.insert(document, reading)),
                    None => is_missing |= journal.head(document)?.is_some(),
                }
            }
            if is_missing && began.elapsed() < MISSING {
                drop(readings);
                std::thread::sleep(Duration::from_millis(1));
                continue;
            }
            let mut texts = readings.iter().map(|(id, reading)| (*id, reading.text.clone()));
            return Ok((self.documents(&mut texts)?, Readings(readings)));
        }
    }

    fn refuse_too_large(&self, found: &Documents, after: &Documents) -> Result<(), Error> {
        let limit = self.settings.engine.limits.file_size as u64;
        for id in [DocumentId::Config, DocumentId::State] {
            let (Some(found), Some(after)) = (found.get(id), after.get(id)) else { continue };
            if after.text.len() as u64 > limit && after != found {
                return Err(Error::WouldBeTooLarge { path: after.path.clone(), limit });
            }
        }
        Ok(())
    }

    /// Sets a damaged journal aside, and says so.
    pub(super) fn replace_journal(&self, error: &JournalError) -> Result<String, Error> {
        let aside = set_aside(&self.workspace.journal())?;
        let aside = self.workspace.relative(&aside).display();
        Ok(format!("{error}; it is now {aside}, and a new one begins (the files are as they were)"))
    }
}

fn trace(run: &Run) {
    let rules: Vec<&str> = run.outcome.firings.iter().map(|firing| firing.clause.rule.as_str()).collect();
    tracing::info!(entry = run.entry, cause = run.label, ?rules, wrote = run.wrote(), "ran");
    for found in &run.outcome.diagnostics {
        tracing::debug!(code = found.code, message = found.message, "found");
    }
}

fn is_missing(path: &Path) -> bool {
    path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn stays_missing(path: &Path) -> bool {
    let began = Instant::now();
    while began.elapsed() < MISSING {
        std::thread::sleep(Duration::from_millis(1));
        if !is_missing(path) {
            return false;
        }
    }
    true
}

impl Leftovers {
    /// What is noted when no entry is written: what is no more, and what was merged already.
    fn tidied(&self) -> DisplacedChanges {
        DisplacedChanges { noted: self.merged.noted.clone(), gone: self.changes.gone.clone() }
    }
}

impl Computed {
    fn leaves_all_as_it_was(&self, found: &Documents, memory: &Memory) -> bool {
        let outcome = &self.outcome;
        self.after == *found
            && outcome.memory == *memory
            && outcome.firings.is_empty()
            && outcome.effects.is_empty()
    }
}

/// The Log that somebody cleared since the last entry, and the one that this entry clears, with what
/// it added itself.
fn archived(
    journal: &Journal,
    memory: &Memory,
    before: &Documents,
    computed: &Computed,
) -> Result<Option<String>, Error> {
    let settled = memory.settled.as_ref().map(|settled| settled.state);
    let foreign = settled.filter(|settled| *settled != before.state.revision);
    let earlier = foreign.map(|settled| journal.version(settled)).transpose()?.flatten();
    let by_hand = earlier.and_then(|earlier| cleared_log(&earlier, &before.state.text));
    let by_rules = cleared_log(&computed.edited, &computed.after.state.text);
    let cleared: Vec<String> = by_hand.into_iter().chain(by_rules).collect();
    Ok((!cleared.is_empty()).then(|| cleared.join("\n")))
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

fn file_changes(found: &Documents, before: &Documents, computed: &Computed) -> Vec<FileChange> {
    let change = |document: DocumentId| {
        let patch = computed.patch(document)?.clone();
        let after = computed.after.get(document)?.revision;
        before.get(document)?;
        found.get(document).map(|found| FileChange { document, found: found.revision, patch, after })
    };
    [DocumentId::State, DocumentId::Config].into_iter().filter_map(change).collect()
}

fn texts<'d>(documents: &[&'d Documents], late: &'d [LateText]) -> Vec<(Revision, &'d str)> {
    let texts = documents.iter().flat_map(|documents| [Some(&documents.state), documents.config.as_ref()]);
    let mut texts: Vec<(Revision, &str)> =
        texts.flatten().map(|document| (document.revision, document.text.as_str())).collect();
    texts.extend(late.iter().map(|late| (Revision::of(&late.text), late.text.as_str())));
    texts.sort_unstable_by_key(|(revision, _)| *revision);
    texts.dedup_by_key(|(revision, _)| *revision);
    texts
}

#[cfg(test)]
mod tests {
    use super::super::{Edits, ErrorKind, scratch::Scratch};
    use super::*;
    use crate::{
        document::WorkflowState,
        engine::Cause,
        text::{Span, TextEdit},
    };

    fn append(documents: &Documents, line: &str) -> Edits {
        Edits::of_state(vec![TextEdit::insert(documents.state.text.len(), format!("{line}\n"))])
    }

    #[test]
    fn one_entry_for_the_edit_and_what_follows() {
        let scratch = Scratch::new("count 0\n", Some("changes\n"));
        let mut project = scratch.counting();
        let run =
            project.edit("add a line", Cause::FilesChanged, &mut |now| Ok(append(now, "mine"))).unwrap();
        assert_eq!((run.entry, run.wrote()), (Some(1), true));
        assert_eq!(scratch.state(), "count 1\nmine\n");
        assert_eq!(scratch.config(), "changes\n* 1\n");
        let entry = project.entry(1).unwrap().unwrap();
        assert_eq!(entry.label, "add a line");
        assert_eq!(entry.files.len(), 2);
        for change in &entry.files {
            let text = |revision| project.version(revision).unwrap().unwrap();
            let after = change.patch.apply(&text(change.before())).unwrap();
            assert_eq!(after, text(change.after), "{:?}", change.document);
            assert_eq!(
                after,
                if change.document == DocumentId::State { scratch.state() } else { scratch.config() }
            );
        }
    }

    #[test]
    fn what_changes_nothing_is_not_written_down() {
        let scratch = Scratch::new("count 3\n", None);
        let mut project = scratch.counting();
        assert_eq!(
            project.run(Cause::FilesChanged).unwrap().entry,
            Some(1),
            "the first run remembers the state"
        );
        assert_eq!(project.run(Cause::FilesChanged).unwrap().entry, None);
        assert_eq!(project.history(9).unwrap().len(), 1);
    }

    #[test]
    fn a_preview_writes_nothing() {
        let scratch = Scratch::new("count 0\n", None);
        let project = scratch.counting();
        let run = project.preview(Cause::FilesChanged).unwrap();
        assert_eq!((run.entry, run.after.state.text.as_str()), (None, "count 1\n"));
        assert_eq!(scratch.state(), "count 0\n");
        assert!(!project.workspace().internal().exists());
    }

    #[test]
    fn a_file_changed_meanwhile_is_read_again() {
        let scratch = Scratch::new("count 3\n", None);
        let mut project = scratch.counting();
        let mut calls = 0;
        let run = project.edit("add", Cause::FilesChanged, &mut |now| {
            calls += 1;
            if calls == 1 {
                scratch.write_state("count 3\ntheirs\n");
            }
            Ok(append(now, "ours"))
        });
        assert_eq!(run.unwrap().before.state.text, "count 3\ntheirs\n");
        assert_eq!((calls, scratch.state().as_str()), (2, "count 3\ntheirs\nours\n"));
        assert_eq!(project.history(9).unwrap().len(), 1);
    }

    #[test]
    fn a_file_that_never_rests_is_given_up() {
        let scratch = Scratch::new("count 3\n", None);
        let mut project = scratch.counting();
        let mut calls = 0;
        let error = project.edit("add", Cause::FilesChanged, &mut |now| {
            calls += 1;
            // In place it would wait for the end of the run.
            scratch.rename("workflow_state.md", &format!("count 3\ntheirs {calls}\n"));
            Ok(append(now, "ours"))
        });
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Conflict);
        assert_eq!((calls, scratch.state()), (ATTEMPTS, format!("count 3\ntheirs {ATTEMPTS}\n")));
        assert!(project.history(9).unwrap().is_empty());
    }

    #[test]
    fn many_at_once_all_land() {
        const WRITERS: usize = 12;
        const EDITS: usize = 5;
        let scratch = Scratch::new("count 3\n", Some("changes\n"));
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let scratch = &scratch;
                scope.spawn(move || {
                    let mut project = scratch.counting();
                    for edit in 0..EDITS {
                        let line = format!("writer {writer} edit {edit}");
                        project.edit("add", Cause::FilesChanged, &mut |now| Ok(append(now, &line))).unwrap();
                    }
                });
            }
        });
        let state = scratch.state();
        for writer in 0..WRITERS {
            for edit in 0..EDITS {
                let line = format!("writer {writer} edit {edit}");
                assert_eq!(state.lines().filter(|it| *it == line).count(), 1, "{line}");
            }
        }
        let project = scratch.counting();
        assert_eq!(project.history(99).unwrap().len(), WRITERS * EDITS);
        assert!(project.verify().unwrap().problems.is_empty());
    }

    #[test]
    fn a_damaged_journal_is_set_aside_and_the_state_goes_on() {
        let scratch = Scratch::new("count 0\n", None);
        let mut project = scratch.counting();
        project.run(Cause::FilesChanged).unwrap();
        // With its write-ahead log beside it, SQLite would mend this by itself.
        scratch.remove(".rulemark/journal.db-wal");
        scratch.write(".rulemark/journal.db", &"not a database ".repeat(1000));
        let mut project = scratch.counting();
        assert_eq!(project.memory().unwrap(), Memory::default());
        let run = project.edit("add", Cause::FilesChanged, &mut |now| Ok(append(now, "on"))).unwrap();
        assert_eq!(run.entry, Some(1));
        assert!(run.notices[0].contains("it is now .rulemark/journal.db.damaged-1"), "{:?}", run.notices);
        assert!(scratch.state().ends_with("on\n"));
    }

    #[test]
    fn without_its_journal_the_state_goes_on() {
        for removed in [".rulemark", ".rulemark/journal.db"] {
            let scratch = Scratch::new("count 0\n", None);
            let mut project = scratch.counting();
            project.run(Cause::FilesChanged).unwrap();
            scratch.remove(removed);
            assert_eq!(project.memory().unwrap(), Memory::default());
            let run = project.edit("add", Cause::FilesChanged, &mut |now| Ok(append(now, "on"))).unwrap();
            assert_eq!((run.entry, run.notices.len()), (Some(1), 0), "{removed}");
        }
    }

    #[test]
    fn edits_that_do_not_fit_write_nothing() {
        let scratch = Scratch::new("count 3\n", None);
        let mut project = scratch.counting();
        let mut kind = |edits: Edits| {
            project.edit("x", Cause::FilesChanged, &mut |_| Ok(edits.clone())).unwrap_err().kind()
        };
        let config = vec![TextEdit::insert(0, "x")];
        assert_eq!(kind(Edits { config, ..Edits::default() }), ErrorKind::Usage);
        assert_eq!(kind(Edits::of_state(vec![TextEdit::delete(Span::new(5, 99))])), ErrorKind::Bug);
        let overlapping = vec![TextEdit::delete(Span::new(0, 3)), TextEdit::delete(Span::new(2, 4))];
        assert_eq!(kind(Edits::of_state(overlapping)), ErrorKind::Bug);
        assert_eq!(scratch.state(), "count 3\n");
    }

    #[test]
    fn a_cleared_log_is_kept() {
        let scratch = Scratch::new("count 3\n\n## Log\n- one\n- two\n", None);
        let mut project = scratch.counting();
        project.run(Cause::FilesChanged).unwrap();
        scratch.write_state("count 3\n\n## Log\n");
        project.run(Cause::FilesChanged).unwrap();
        let kept: Vec<String> =
            project.archived_logs(9).unwrap().into_iter().map(|log| log.text.trim().to_owned()).collect();
        assert_eq!(kept, ["- one\n- two"]);
    }

    #[test]
    fn a_line_that_is_cleared_by_its_own_run_is_kept() {
        let scratch = Scratch::new(
            "## State\nPhase: CONSTRUCT\n\n## Rules\n### RULE_LOG_ROTATE_01\n\
             Trigger ▶ `length(## Log) > 40 chars`\n\
             Action ▶ Clear **## Log**.\n\n## Log\n- a finding that is of some length\n",
            None,
        );
        let mut project = scratch.real();
        let at = project.now();
        let run = project.edit("log", Cause::FilesChanged, &mut |now| {
            Ok(Edits::of_state(WorkflowState::parse(&now.state.text).log(at, "and so to lunch")))
        });
        assert_eq!(run.unwrap().outcome.firings.len(), 1);
        assert!(!scratch.state().contains("lunch"), "{}", scratch.state());
        let kept = project.archived_logs(9).unwrap().remove(0).text;
        assert!(kept.contains("a finding") && kept.contains("and so to lunch"), "{kept}");
    }

    #[test]
    fn a_log_replaced_by_hand_and_cleared_at_once_is_kept_twice() {
        let file = |log: &str| {
            format!(
                "## State\nPhase: CONSTRUCT\n\n## Rules\n### RULE_LOG_ROTATE_01\n\
                 Trigger ▶ `length(## Log) > 40 chars`\nAction ▶ Clear **## Log**.\n\n## Log\n{log}\n"
            )
        };
        let scratch = Scratch::new(&file("- of yesterday"), None);
        let mut project = scratch.real();
        project.run(Cause::FilesChanged).unwrap();
        scratch.write_state(&file("- of today, and longer than what may stay"));
        project.run(Cause::FilesChanged).unwrap();
        let kept: Vec<String> = project.archived_logs(9).unwrap().into_iter().map(|log| log.text).collect();
        assert_eq!(kept, ["- of yesterday\n- of today, and longer than what may stay"]);
    }

    #[test]
    fn missing_files_are_told() {
        let scratch = Scratch::new("count 3\n", None);
        scratch.remove("workflow_state.md");
        let error = scratch.counting().run(Cause::FilesChanged).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.to_string().ends_with("/workflow_state.md"), "{error}");
    }

    /// Root may write anywhere, so this test is for everybody else.
    #[cfg(unix)]
    #[test]
    fn a_folder_that_may_not_be_written_is_told() {
        use std::os::unix::fs::PermissionsExt as _;
        if rustix::process::geteuid().is_root() {
            println!("skipped: root may write anywhere");
            return;
        }
        let scratch = Scratch::new("count 0\n", None);
        let mut project = scratch.counting();
        let mode = |mode| {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(project.workspace().root(), permissions).unwrap();
        };
        mode(0o555);
        let root = project.workspace().root().to_owned();
        let error = project.run(Cause::FilesChanged).unwrap_err();
        std::fs::set_permissions(root, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert_eq!(error.hints(), ["check the permissions of the file and its folder"]);
        assert_eq!(scratch.state(), "count 0\n");
    }
}
