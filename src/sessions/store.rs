//! Where sessions stand: a Markdown file each, written with the project's safe write.
//!
//! A write names the text that it was computed from. It takes the project's lock, stands in the journal
//! before the file changes, and is computed anew when somebody else was first; so two processes never
//! lose each other's work, and a process that is killed leaves the old session or the new one.

use super::{
    Action,
    failure::{Failure, FailureKind, Retry},
    late::Late,
};
use crate::{
    disk::{
        Displaced, Insistence, Lock, Reader, Reading, Swapped, create_file, put_back, remove, stage, swap,
    },
    journal::{DisplacedChanges, Journal, SessionWrite},
    runtime::Project,
    text::Revision,
    workflow::session::{Flaw, Kept, Session, SessionId, Tampering},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// The largest session that is read, in bytes.
const SESSION_SIZE: u64 = 16 << 20;

/// How long another process may hold the lock; a write takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a change is computed anew …
const ATTEMPTS: usize = 64;

/// … and for how long others go first.
const POLITENESS: Duration = Duration::from_millis(5);

/// How much of a long text is searched, in bytes.
const SEARCHED: u64 = 256 << 10;

/// The sessions of a project on its disk.
#[derive(Debug)]
pub(super) struct Store<'p> {
    pub(super) project: &'p mut Project,
}

/// A session as it was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) session: Session,
    pub(super) reading: Reading,
}

/// What is to become of a session.
pub(super) enum Wish<T> {
    /// It stays as it is.
    Leave(T),
    /// It becomes another text.
    Write(Write, T),
}

/// Says what is to become of a session; `S` is the store that it may look into.
pub(super) type WishFor<'w, S, T> = dyn FnMut(&mut S, &Session) -> Result<Wish<T>, Failure> + 'w;

/// A text to be written, and what the journal says of it.
pub(super) struct Write {
    pub(super) text: String,
    /// What was done, in a word.
    pub(super) label: &'static str,
    pub(super) phase: Option<u32>,
    pub(super) detail: String,
}

/// How one attempt to write ended.
pub(super) enum Put {
    Done,
    Overtaken,
}

/// What is wrong with a session's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Damage {
    /// Whether it can't be read at all; otherwise it was changed as nobody may.
    pub(super) is_corrupt: bool,
    /// Lines and what is wrong there.
    pub(super) lines: Vec<(usize, String)>,
}

impl<'p> Store<'p> {
    pub(super) fn new(project: &'p mut Project) -> Self {
        Self { project }
    }

    /// The folder of the sessions, whether it is there or not.
    pub(super) fn folder(&self) -> PathBuf {
        self.project.workspace().sessions()
    }

    /// Where sessions go that are over: they are found by name, and listed only for whoever asks for them.
    pub(super) fn archive(&self) -> PathBuf {
        self.folder().join("archive")
    }

    /// The file of a session that is not archived.
    pub(super) fn path(&self, id: &SessionId) -> PathBuf {
        self.folder().join(format!("{id}.md"))
    }

    /// The file of a session in the archive.
    pub(super) fn archived_path(&self, id: &SessionId) -> PathBuf {
        self.archive().join(format!("{id}.md"))
    }

    /// Where a session lies.
    pub(super) fn place(&self, id: &SessionId) -> PathBuf {
        let is_file = |path: &PathBuf| self.project.file_system().metadata(path).is_ok();
        [self.path(id), self.archived_path(id)].into_iter().find(is_file).unwrap_or_else(|| self.path(id))
    }

    /// Whether a session lies in the archive.
    pub(super) fn is_archived(&self, id: &SessionId) -> bool {
        self.place(id) == self.archived_path(id)
    }

    /// The session with this name.
    ///
    /// # Errors
    /// When there is none, or it is damaged.
    pub(super) fn read(&mut self, id: &SessionId) -> Result<Session, Failure> {
        let found = self.find(id, false)?.ok_or_else(|| not_found(id))?;
        Ok(found.session)
    }

    /// The session with this name as it lies there; none when there is no such file.
    pub(super) fn find(&mut self, id: &SessionId, keep_lease: bool) -> Result<Option<Found>, Failure> {
        let Some(reading) = self.reading(id, keep_lease)? else { return Ok(None) };
        let journal = self.project.existing_journal()?;
        let session = inspect(journal, id, &reading.text);
        Ok(Some(Found { session: session.map_err(|damage| damage.into_failure(id))?, reading }))
    }

    /// The text of a session, whatever is in it.
    pub(super) fn reading(&self, id: &SessionId, keep_lease: bool) -> Result<Option<Reading>, Failure> {
        let reader = Reader {
            file_system: self.project.file_system(),
            root: self.project.workspace().root(),
            limit: SESSION_SIZE,
            keep_lease,
        };
        Ok(reader.read(&self.place(id), &|| None)?)
    }

    /// What is wrong with a session, if anything: what a listing shows.
    pub(super) fn damage(&mut self, id: &SessionId, text: &str) -> Result<Result<Session, Damage>, Failure> {
        let journal = self.project.existing_journal()?;
        Ok(inspect(journal, id, text))
    }

    /// Takes the lock under which sessions are written.
    pub(super) fn lock(&mut self, purpose: &str) -> Result<Lock, Failure> {
        let workspace = self.project.workspace();
        workspace.make_internal().map_err(crate::runtime::Error::from)?;
        let lock = Lock::acquire(&workspace.internal().join("lock"), purpose, PATIENCE)?;
        self.make_folders()?;
        Late::settle_all(self)?;
        Ok(lock)
    }

    /// Changes a session as `wish` wants it; `wish` is asked again when somebody else was first. Answers with
    /// the session as it is then, and whether it was written. The caller holds the lock.
    ///
    /// # Errors
    /// What `wish` answers with; when there is no such session, it is damaged, or goes on changing.
    pub(super) fn change<T>(
        &mut self,
        id: &SessionId,
        wish: &mut WishFor<'_, Self, T>,
    ) -> Result<(T, Session, bool), Failure> {
        let began = Instant::now();
        for attempt in 0..ATTEMPTS {
            let is_polite = attempt < ATTEMPTS / 2 && began.elapsed() < POLITENESS;
            let insistence = if is_polite { Insistence::Polite } else { Insistence::Insistent };
            let keep_lease = insistence == Insistence::Insistent;
            let Found { session, reading } = self.find(id, keep_lease)?.ok_or_else(|| not_found(id))?;
            let (write, answer) = match wish(self, &session)? {
                Wish::Leave(answer) => return Ok((answer, session, false)),
                Wish::Write(..) if self.is_archived(id) => return Err(archived(id)),
                Wish::Write(write, answer) => (write, answer),
            };
            let written = Session::parse(write.text.clone());
            let written = written.map_err(|flaws| Damage::from_flaws(flaws.0).into_failure(id))?;
            match self.put(id, reading, &write, insistence)? {
                Put::Done => return Ok((answer, written, true)),
                Put::Overtaken => tracing::debug!(session = %id, "changed meanwhile; computing anew"),
            }
        }
        let message = format!("session {id} goes on changing: gave up after {ATTEMPTS} attempts");
        let mut failure =
            Failure::new(FailureKind::Conflict, message, Action::GetState).of_session(id.as_str());
        failure.retry = Retry::Now;
        Err(failure)
    }

    /// Makes the file of a new session; `false` when that name was ever taken.
    pub(super) fn create(&mut self, id: &SessionId, write: &Write) -> Result<bool, Failure> {
        let path = self.path(id);
        let mut journal = self.project.take_journal()?;
        let is_known = journal.latest_session_write(id.as_str())?.is_some();
        if is_known || self.project.file_system().metadata(&self.place(id)).is_ok() {
            self.project.keep_journal(journal);
            return Ok(false);
        }
        let after = Revision::of(&write.text);
        let record = self.record(id, write, (None, Some(after)));
        let seq = journal.append_session(&record, &[(after, &write.text)])?;
        let created = create_file(self.project.file_system(), &path, &write.text);
        if !matches!(created, Ok(true)) {
            journal.withdraw(seq, &DisplacedChanges::default())?;
        }
        self.project.keep_journal(journal);
        Ok(created?)
    }

    /// Removes a session's file; the journal keeps the text.
    pub(super) fn delete(&mut self, id: &SessionId, reading: &Reading, detail: &str) -> Result<(), Failure> {
        let mut journal = self.project.take_journal()?;
        let before = Revision::of(&reading.text);
        let write = Write {
            text: String::new(),
            label: Action::DeleteSession.name(),
            phase: None,
            detail: detail.to_owned(),
        };
        let record = self.record(id, &write, (Some(before), None));
        journal.append_session(&record, &[(before, &reading.text)])?;
        self.project.keep_journal(journal);
        remove(self.project.file_system(), &self.place(id));
        Ok(())
    }

    /// Writes a text over the one that was read, unless that has changed.
    pub(super) fn put(
        &mut self,
        id: &SessionId,
        reading: Reading,
        write: &Write,
        insistence: Insistence,
    ) -> Result<Put, Failure> {
        let mut journal = self.project.take_journal()?;
        let ended = self.put_with(&mut journal, (id, write), reading, insistence);
        self.project.keep_journal(journal);
        ended
    }

    fn put_with(
        &self,
        journal: &mut Journal,
        (id, write): (&SessionId, &Write),
        reading: Reading,
        insistence: Insistence,
    ) -> Result<Put, Failure> {
        let file_system = self.project.file_system();
        let place = self.staged().join(format!("{id}.{}", journal.next_seq()?));
        let staged = stage(file_system, &place, &reading, &write.text)?;
        let before = reading.text.clone();
        let (old, new) = (Revision::of(&before), Revision::of(&write.text));
        let record = self.record(id, write, (Some(old), Some(new)));
        let appended = journal.append_session(&record, &[(old, &before), (new, &write.text)]);
        let seq = appended.inspect_err(|_| remove(file_system, &place))?;
        match swap(file_system, &staged, reading, insistence) {
            Ok(Swapped::Done(Displaced::AtRest | Displaced::Nothing)) => {
                remove(file_system, &place);
                Ok(Put::Done)
            }
            // Whoever wrote in that instant is found under the staged name by whoever writes next.
            Ok(Swapped::Done(Displaced::Late)) => Ok(Put::Done),
            Ok(Swapped::Overtaken) => {
                remove(file_system, &place);
                journal.withdraw(seq, &DisplacedChanges::default())?;
                Ok(Put::Overtaken)
            }
            Ok(Swapped::TakenBack | Swapped::GivenUp) => {
                journal.withdraw(seq, &DisplacedChanges::default())?;
                Ok(Put::Overtaken)
            }
            Err(error) => {
                journal.withdraw(seq, &DisplacedChanges::default())?;
                Err(error.into())
            }
        }
    }

    /// The words of a session and of what it refers to, for searching.
    pub(super) fn words_of(&self, id: &SessionId) -> Result<Option<String>, Failure> {
        let Some(reading) = self.reading(id, false)? else { return Ok(None) };
        let mut words = reading.text;
        let Ok(session) = Session::parse(words.clone()) else { return Ok(Some(words)) };
        let pieces = session.attempts.iter().flat_map(|attempt| &attempt.pieces);
        for kept in pieces.filter_map(|piece| piece.value.as_ref()) {
            if let Kept::Aside { text, .. } = kept
                && let Ok(begins) = self.beginning(*text, SEARCHED)
            {
                words.push('\n');
                words.push_str(&begins);
            }
        }
        Ok(Some(words))
    }

    fn record(
        &self,
        id: &SessionId,
        write: &Write,
        (before, after): (Option<Revision>, Option<Revision>),
    ) -> SessionWrite {
        SessionWrite {
            at: self.project.now(),
            session: id.to_string(),
            action: write.label.to_owned(),
            phase: write.phase,
            detail: write.detail.clone(),
            before,
            after,
        }
    }

    /// Where new texts wait for their name, and what they displaced lies for a moment.
    pub(super) fn staged(&self) -> PathBuf {
        self.project.workspace().internal().join("staged")
    }

    /// Puts a file back that a killed process had moved away, on a disk where names can't be exchanged.
    pub(super) fn restore(&self, place: &Path, id: &SessionId) -> io::Result<()> {
        put_back(self.project.file_system(), self.project.workspace().root(), place, &self.path(id))
    }

    fn make_folders(&self) -> Result<(), Failure> {
        for folder in [self.folder(), self.staged()] {
            match folder.symlink_metadata() {
                Ok(found) if found.is_dir() => continue,
                // A link planted here could lead anywhere.
                Ok(_) => {
                    let message = format!("{} is not a folder", folder.display());
                    return Err(Failure::new(FailureKind::Permission, message, Action::ListSessions)
                        .fix("move it out of the way"));
                }
                Err(_) => {}
            }
            match fs::create_dir(&folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    let message = format!("cannot make {}: {error}", folder.display());
                    return Err(Failure::new(FailureKind::Internal, message, Action::ListSessions));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Reads a session and holds it against what was written last.
fn inspect(journal: Option<&Journal>, id: &SessionId, text: &str) -> Result<Session, Damage> {
    let session = Session::parse(text.to_owned()).map_err(|flaws| Damage::from_flaws(flaws.0))?;
    if session.head.id != *id {
        let message = format!("the file is that of {}, under another name", session.head.id);
        return Err(Damage { is_corrupt: true, lines: vec![(1, message)] });
    }
    let now = Revision::of(text);
    // Without its journal, or with one that can't be read, a session is held to what it says itself.
    let last = journal.and_then(|journal| journal.latest_session_write(id.as_str()).ok().flatten());
    if last.as_ref().is_some_and(|last| last.after == Some(now)) {
        return Ok(session);
    }
    let written = last.and_then(|last| {
        // A process that was killed may have announced what it never wrote.
        let revision = if last.before == Some(now) { now } else { last.after? };
        let text = journal?.version(revision).ok()??;
        Session::parse(text).ok()
    });
    let found = session.review(written.as_ref());
    match found.is_empty() {
        true => Ok(session),
        false => Err(Damage::from_tampering(found)),
    }
}

impl Damage {
    fn from_flaws(flaws: Vec<Flaw>) -> Self {
        let lines = flaws.into_iter().map(|flaw| (flaw.line, flaw.message)).collect();
        Self { is_corrupt: true, lines }
    }

    fn from_tampering(found: Vec<Tampering>) -> Self {
        let is_corrupt = found.iter().any(|it| it.message.contains("cut short"));
        let lines = found.into_iter().map(|it| (it.line, it.message)).collect();
        Self { is_corrupt, lines }
    }

    /// In one line.
    pub(super) fn in_words(&self) -> String {
        let what = if self.is_corrupt { "corrupt" } else { "changed by hand" };
        let lines: Vec<String> =
            self.lines.iter().take(5).map(|(line, message)| format!("line {line}: {message}")).collect();
        format!("{what}: {}", lines.join("; "))
    }

    pub(super) fn into_failure(self, id: &SessionId) -> Failure {
        let message = format!("session {id} is {} (in .rulemark/sessions/{id}.md)", self.in_words());
        Failure::new(FailureKind::State, message, Action::ListSessions).fix(format!(
            "mend the line, or let a person run `rulemark session repair {id}`, which shows this text and the last \
             one that was whole"
        ))
    }
}

/// What is in the archive is there to be read.
fn archived(id: &SessionId) -> Failure {
    let message = format!("session {id} is archived, so nothing of it changes");
    Failure::new(FailureKind::State, message, Action::GetSession).of_session(id.as_str()).fix(format!(
        "start another; or let a person move .rulemark/sessions/archive/{id}.md back up to go on with this one"
    ))
}

/// There is no session of that name.
pub(super) fn not_found(id: &SessionId) -> Failure {
    let message = format!("there is no session {id}");
    Failure::new(FailureKind::NotFound, message, Action::ListSessions)
}
