//! What people do beside the actions: search, tidy up, mend.

use super::{
    Action, Sessions, Work,
    aside::is_aside,
    catalogue, facts,
    failure::{Failure, FailureKind},
    index,
    store::{Put, Store, Write, not_found},
};
use crate::{
    disk::{Insistence, create_file},
    engine::NamedCommand,
    journal::{PhaseApproval, SessionWrite},
    library::Library,
    runtime::Project,
    text::Revision,
    workflow::session::{Kept, Session, SessionId, SessionStatus},
};
use jiff::ToSpan as _;
use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

/// A session that words were found in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundSession {
    /// Its name.
    pub session: String,
    /// The place, with the words in brackets.
    pub excerpt: String,
}

/// What `gc` has done, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tidied {
    /// The completed sessions that went to the archive.
    pub archived: Vec<String>,
    /// How many files nobody refers to any longer.
    pub removed: usize,
}

/// A session as it is and as it was written last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    /// The text that lies there; none when the file is missing, or no text.
    pub found: Option<String>,
    /// The text that Rulemark wrote last, if the journal has it.
    pub written: Option<String>,
    /// What is wrong with the file; none when it is fine.
    pub problem: Option<String>,
}

/// How old a file has to be before it is taken for nobody's: whoever has written it may not have come to
/// referring to it.
const FRESH: Duration = Duration::from_secs(3_600);

impl Sessions {
    /// The sessions in which all these words occur, in their texts, logs and long evidence, best first; words
    /// between double quotes occur as they stand.
    ///
    /// # Errors
    /// When there is no word; when the index can't be used, here and below.
    pub fn search(
        &mut self,
        project: &mut Project,
        words: &str,
        limit: usize,
    ) -> Result<Vec<FoundSession>, Failure> {
        let mut work = Work { store: Store::new(project), sessions: self, ran: None };
        let Some(query) = index::fts_query(words) else {
            let message = format!("there is no word to search for in `{words}`");
            return Err(Failure::new(FailureKind::Value, message, Action::ListSessions)
                .fix("name words that stand in sessions; an exact phrase goes between double quotes"));
        };
        if !work.has_sessions() {
            return Ok(Vec::new());
        }
        let found = work.with_index(|index, store| index.search(store, &query, limit))?;
        let found = found.into_iter().map(|(session, excerpt)| FoundSession { session, excerpt });
        Ok(found.collect())
    }

    /// Moves completed sessions that were last written more than `days` ago to `archive/`, and removes long
    /// texts and definitions that no session refers to. With `is_trial` it only says what it would do.
    ///
    /// # Errors
    /// As above, and when a session can't be read: what it refers to is not known then.
    pub fn tidy(&mut self, project: &mut Project, days: u64, is_trial: bool) -> Result<Tidied, Failure> {
        let mut work = Work { store: Store::new(project), sessions: self, ran: None };
        if !work.has_sessions() {
            return Ok(Tidied::default());
        }
        let _lock = work.store.lock("session gc")?;
        let days = i64::try_from(days).unwrap_or(i64::MAX).min(400_000);
        let before = work.store.project.now().saturating_sub(days.days());
        let old = work.with_index(|index, store| {
            index.refresh(store)?;
            index.older_than(SessionStatus::Completed, &before.to_string())
        })?;
        let mut tidied = Tidied { archived: old, removed: 0 };
        if !is_trial {
            for name in &tidied.archived {
                if let Some(id) = SessionId::read(name) {
                    work.archive(&id)?;
                }
            }
        }
        tidied.removed = work.store.remove_unused(is_trial)?;
        Ok(tidied)
    }

    /// A session as it is and as it was written last.
    ///
    /// # Errors
    /// When there never was one of that name.
    pub fn versions(&mut self, project: &mut Project, name: &str) -> Result<Versions, Failure> {
        let mut store = Store::new(project);
        let id = named(name)?;
        let found = store.reading(&id, false).ok().flatten().map(|reading| reading.text);
        let problem = match &found {
            Some(text) => store.damage(&id, text)?.err().map(|damage| damage.in_words()),
            None => Some("the file is missing, or is no text".to_owned()),
        };
        let written = store.written(&id)?;
        if found.is_none() && written.is_none() {
            return Err(not_found(&id));
        }
        Ok(Versions { found, written, problem })
    }

    /// The fields of a phase's evidence that are text, by the definition that the session keeps to; none where
    /// there is no such session or phase, as the call will say.
    pub fn text_fields(&mut self, project: &mut Project, name: &str, phase: u32) -> Vec<String> {
        let mut work = Work { store: Store::new(project), sessions: self, ran: None };
        let session = named(name).ok().and_then(|id| work.store.read(&id).ok());
        let definition = session.and_then(|session| work.definition(&session).ok());
        let fields = definition.as_ref().and_then(|it| it.phase(phase)).map(|phase| phase.gate.fields.iter());
        let texts = fields.into_iter().flatten().filter(|field| field.kind.is_text());
        texts.map(|field| field.name.clone()).collect()
    }

    /// Puts the text in place that Rulemark wrote last; what lies there goes to the journal, or aside when
    /// it is no text.
    ///
    /// # Errors
    /// When the journal has no such text.
    pub fn restore(&mut self, project: &mut Project, name: &str) -> Result<(), Failure> {
        let mut work = Work { store: Store::new(project), sessions: self, ran: None };
        let id = named(name)?;
        let _lock = work.store.lock("session repair")?;
        let before = index::folder_time(&work.store);
        let Some(text) = work.store.written(&id)? else {
            let message = format!("the journal has no text of session {id}");
            return Err(Failure::new(FailureKind::NotFound, message, Action::ListSessions)
                .fix("mend the file by hand, or delete the session"));
        };
        let write = Write { text, label: "repair", phase: None, detail: String::new() };
        match work.store.reading(&id, true) {
            Ok(Some(reading)) => {
                if let Put::Overtaken = work.store.put(&id, reading, &write, Insistence::Insistent)? {
                    let message = format!("session {id} is being written by somebody else");
                    return Err(Failure::new(FailureKind::Conflict, message, Action::GetState));
                }
            }
            found => {
                let path = work.store.path(&id);
                if found.is_err() {
                    let aside = path.with_extension("damaged.md");
                    fs::rename(&path, aside).map_err(|error| moved(&path, &error))?;
                }
                create_file(work.store.project.file_system(), &path, &write.text)?;
            }
        }
        let session = work.store.read(&id)?;
        work.note(&session, before);
        Ok(())
    }

    /// Writes down what a person has decided about the open phase of a session. The caller has made sure
    /// that it is a person. Answers with the phase and the words that were asked.
    ///
    /// # Errors
    /// When the phase asks for no approval, or nothing was handed in that could be approved.
    pub fn decide(
        &mut self,
        project: &mut Project,
        name: &str,
        (by, is_yes): (&str, bool),
    ) -> Result<(u32, String), Failure> {
        let mut work = Work { store: Store::new(project), sessions: self, ran: None };
        let session = work.store.read(&named(name)?)?;
        let definition = work.definition(&session)?;
        let phase = session.head.phase;
        let approval = definition.phase(phase).and_then(|phase| phase.gate.approval.clone());
        let Some(approval) = approval.filter(|_| session.is_open()) else {
            let message = format!("phase {phase} of session {name} asks for no approval");
            return Err(Failure::new(FailureKind::State, message, Action::GetPhase).of_session(name));
        };
        let handed_in = session.attempts_at(phase).rfind(|attempt| attempt.undone.is_none());
        let Some(handed_in) = handed_in else {
            let message = format!("nothing has been handed in for phase {phase} of session {name} yet");
            return Err(Failure::new(FailureKind::State, message, Action::CompletePhase)
                .of_session(name)
                .fix("decide once the agent has called complete_phase: the decision is about its evidence"));
        };
        let evidence = handed_in.evidence;
        let _lock = work.store.lock("approve")?;
        let decision = PhaseApproval {
            at: work.store.project.now(),
            by: by.to_owned(),
            is_yes,
            session: name.to_owned(),
            phase,
            question: facts::question(&session, phase, evidence, &approval.question),
        };
        let mut journal = work.store.project.take_journal()?;
        let appended = journal.append_phase_approval(&decision);
        work.store.project.keep_journal(journal);
        appended?;
        Ok((phase, approval.question))
    }
}

impl Work<'_> {
    /// Moves a session out of the way of the others.
    fn archive(&mut self, id: &SessionId) -> Result<(), Failure> {
        let before = index::folder_time(&self.store);
        let archive = self.store.archive();
        fs::create_dir_all(&archive).map_err(|error| moved(&archive, &error))?;
        let Some(reading) = self.store.reading(id, true)? else { return Ok(()) };
        let mut journal = self.store.project.take_journal()?;
        let text = Revision::of(&reading.text);
        let write = SessionWrite {
            at: self.store.project.now(),
            session: id.to_string(),
            action: "archive".into(),
            phase: None,
            detail: String::new(),
            before: Some(text),
            after: None,
        };
        let appended = journal.append_session(&write, &[(text, &reading.text)]);
        self.store.project.keep_journal(journal);
        appended?;
        let (from, to) = (self.store.path(id), self.store.archived_path(id));
        self.store.project.file_system().rename(&from, &to).map_err(|error| moved(&from, &error))?;
        self.with_index(|index, store| index.note_removal(store, id, before))
    }
}

impl Store<'_> {
    /// The text of a session that was written last, if the journal has it.
    fn written(&mut self, id: &SessionId) -> Result<Option<String>, Failure> {
        let Some(journal) = self.project.existing_journal()? else { return Ok(None) };
        let last = journal.latest_session_write(id.as_str())?;
        let text = last.and_then(|last| last.after.or(last.before));
        Ok(text.map(|text| journal.version(text)).transpose()?.flatten())
    }

    /// Removes what no session refers to; says how many files that are.
    fn remove_unused(&mut self, is_trial: bool) -> Result<usize, Failure> {
        let mut used = BTreeSet::new();
        for folder in [self.folder(), self.archive()] {
            for name in self.project.file_system().list(&folder).unwrap_or_default() {
                // Beside the sessions lie texts that were set aside; of those nothing depends.
                let id = name.to_str().and_then(|name| name.strip_suffix(".md")).and_then(SessionId::read);
                if id.is_some() {
                    used.extend(references(&folder.join(&name))?);
                }
            }
        }
        let mut removed = 0;
        for folder in [self.texts(), self.definitions()] {
            for name in self.project.file_system().list(&folder).unwrap_or_default() {
                let path = folder.join(&name);
                let Some(revision) = is_aside(&path) else { continue };
                if used.contains(&revision) || is_fresh(&path) {
                    continue;
                }
                removed += 1;
                if !is_trial {
                    self.project.file_system().remove(&path).map_err(|error| moved(&path, &error))?;
                }
            }
        }
        Ok(removed)
    }
}

/// The commands that the gates of a workflow run, and the file that names them.
pub(crate) fn gate_commands(
    project: &Project,
    workflow: &str,
) -> Result<(String, Vec<NamedCommand>), Failure> {
    let mut library = Library::of(Some(project.workspace().root()));
    library.refresh();
    let definition = catalogue::find(&library, workflow)?;
    Ok((definition.source.clone(), facts::commands_of(definition)))
}

/// What a session refers to.
fn references(path: &Path) -> Result<Vec<Revision>, Failure> {
    let refused = |why: &str| {
        let message = format!("{} can't be read, so what it refers to is not known: {why}", path.display());
        Failure::new(FailureKind::State, message, Action::ListSessions).fix("mend it or delete it first")
    };
    let text = fs::read_to_string(path).map_err(|error| refused(&error.to_string()))?;
    let session = Session::parse(text).map_err(|flaws| refused(&flaws.to_string()))?;
    let pieces = session.attempts.iter().flat_map(|attempt| &attempt.pieces);
    let texts = pieces.filter_map(|piece| match &piece.value {
        Some(Kept::Aside { text, .. }) => Some(*text),
        _ => None,
    });
    Ok(texts.chain([session.head.definition]).collect())
}

#[expect(clippy::disallowed_methods, reason = "the age of a file is told by the machine's clock")]
fn is_fresh(path: &Path) -> bool {
    let modified = path.metadata().and_then(|found| found.modified());
    modified.is_ok_and(|modified| SystemTime::now().duration_since(modified).is_ok_and(|age| age < FRESH))
}

fn named(name: &str) -> Result<SessionId, Failure> {
    SessionId::read(name).ok_or_else(|| {
        let message = "that is no session's name: at most 64 of a-z, 0-9 and _";
        Failure::new(FailureKind::Value, message, Action::ListSessions)
    })
}

fn moved(path: &Path, error: &std::io::Error) -> Failure {
    let message = format!("cannot move or remove {}: {error}", path.display());
    Failure::new(FailureKind::Internal, message, Action::ListSessions)
}
