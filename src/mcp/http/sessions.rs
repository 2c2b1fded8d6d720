//! Which sessions are in use. Clients before 2026-07-28 have one each, and many never end it.

use rmcp::{
    model::RequestId,
    transport::streamable_http_server::session::{
        SessionId, SessionManager as _, local::LocalSessionManager,
    },
};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The sessions of a server, and when each was last used.
#[derive(Debug)]
pub(super) struct Sessions {
    manager: Arc<LocalSessionManager>,
    limit: usize,
    idle: Duration,
    uses: Mutex<HashMap<SessionId, Use>>,
}

#[derive(Debug)]
struct Use {
    /// Requests that are not answered yet, and open streams.
    open: usize,
    /// When the last of them ended.
    last: Instant,
    /// The ids of the requests among them.
    requests: HashSet<RequestId>,
    /// The latest that were cancelled, or whose client went away before the answer. Their handlers may
    /// still run, and rmcp would take what they return for the answer to another request with the same id.
    given_up: VecDeque<RequestId>,
    /// The revision of the protocol that was agreed on, once that is known.
    revision: Option<String>,
}

impl Use {
    fn now() -> Self {
        Self {
            open: 0,
            last: Instant::now(),
            requests: HashSet::new(),
            given_up: VecDeque::new(),
            revision: None,
        }
    }

    fn give_up(&mut self, id: &RequestId) {
        if !self.given_up.contains(id) {
            self.given_up.push_back(id.clone());
        }
        if self.given_up.len() > GIVEN_UP {
            self.given_up.pop_front();
        }
    }
}

/// How many ids of requests that were given up are kept for a session.
const GIVEN_UP: usize = 256;

/// A request with this id is not answered yet, or never will be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct IdInUse;

/// All sessions are in use.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Sessions {
    /// Watches the sessions of `manager`: `limit` at most, each ended when nothing used it for `idle`.
    pub(super) fn new(manager: Arc<LocalSessionManager>, limit: usize, idle: Duration) -> Self {
        Self { manager, limit, idle, uses: Mutex::default() }
    }

    /// Whether there is such a session.
    pub(super) async fn is_open(&self, session: &str) -> bool {
        self.manager.sessions.read().await.contains_key(session)
    }

    /// Notes that a session is used, until the visit is dropped. There is none of an unknown session.
    ///
    /// # Errors
    /// When the id is in use: the answer to one request would go to the other.
    pub(super) async fn visit(
        self: &Arc<Self>,
        session: &str,
        request: Option<RequestId>,
    ) -> Result<Option<Visit>, IdInUse> {
        if !self.is_open(session).await {
            return Ok(None);
        }
        let session: SessionId = session.into();
        let mut uses = self.uses();
        let used = uses.entry(session.clone()).or_insert_with(Use::now);
        if let Some(id) = &request
            && (used.given_up.contains(id) || !used.requests.insert(id.clone()))
        {
            return Err(IdInUse);
        }
        used.open += 1;
        Ok(Some(Visit { sessions: self.clone(), session, request, is_answered: false }))
    }

    /// Notes that a request is cancelled, if it is open.
    pub(super) fn cancel(&self, session: &str, request: &RequestId) {
        if let Some(used) = self.uses().get_mut(session)
            && used.requests.contains(request)
        {
            used.give_up(request);
        }
    }

    /// Notes which revision of the protocol a new session has agreed on.
    pub(super) fn agree(&self, session: &str, revision: String) {
        self.uses().entry(session.into()).or_insert_with(Use::now).revision = Some(revision);
    }

    /// The revision of the protocol that a session has agreed on.
    pub(super) fn revision(&self, session: &str) -> Option<String> {
        self.uses().get(session)?.revision.clone()
    }

    /// Ends the session that was not used for longest if there is no place for another.
    ///
    /// # Errors
    /// When there is a request or a stream open in each.
    pub(super) async fn make_room(&self) -> Result<(), Full> {
        if self.manager.sessions.read().await.len() < self.limit {
            return Ok(());
        }
        self.follow().await;
        let longest = {
            let uses = self.uses();
            let idle = uses.iter().filter(|(_, used)| used.open == 0);
            idle.min_by_key(|(_, used)| used.last).map(|(session, _)| session.clone())
        };
        self.end(longest.ok_or(Full)?, "ended for a new one").await;
        Ok(())
    }

    /// Ends the sessions that were not used for too long.
    pub(super) async fn expire(&self) {
        self.follow().await;
        let abandoned: Vec<SessionId> = {
            let uses = self.uses();
            let idle = uses.iter().filter(|(_, used)| used.open == 0 && used.last.elapsed() >= self.idle);
            idle.map(|(session, _)| session.clone()).collect()
        };
        for session in abandoned {
            self.end(session, "ended: not used").await;
        }
    }

    /// Forgets sessions that have ended, and begins to watch those that are new.
    #[expect(clippy::iter_over_hash_type, reason = "each is noted by itself")]
    async fn follow(&self) {
        let sessions = self.manager.sessions.read().await;
        let mut uses = self.uses();
        uses.retain(|session, _| sessions.contains_key(session));
        for session in sessions.keys() {
            uses.entry(session.clone()).or_insert_with(Use::now);
        }
    }

    async fn end(&self, session: SessionId, why: &'static str) {
        tracing::debug!(%session, why, "session");
        if let Err(error) = self.manager.close_session(&session).await {
            tracing::debug!(%error, "the session had ended");
        }
        self.uses().remove(&session);
    }

    /// The numbers are right between any two statements that hold the lock.
    fn uses(&self) -> MutexGuard<'_, HashMap<SessionId, Use>> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request or a stream of a session, while it is open.
#[derive(Debug)]
pub(super) struct Visit {
    sessions: Arc<Sessions>,
    session: SessionId,
    request: Option<RequestId>,
    is_answered: bool,
}

impl Visit {
    /// All of the answer has been handed over.
    pub(super) fn answered(&mut self) {
        self.is_answered = true;
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if let Some(used) = self.sessions.uses().get_mut(&self.session) {
            used.open = used.open.saturating_sub(1);
            used.last = Instant::now();
            if let Some(request) = &self.request {
                used.requests.remove(request);
                if !self.is_answered {
                    used.give_up(request);
                }
            }
        }
    }
}
