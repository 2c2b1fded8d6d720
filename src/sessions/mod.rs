//! Sessions on the disk, and the one tool that agents run workflows with.
//!
//! [`Sessions::call`] takes the arguments of a call and answers it, on the command line and over MCP
//! alike. What happens to a session is decided by [`workflow::session`](crate::workflow::session), on
//! texts; here those are read, locked, written and indexed, and what gates ask about is looked up.
//!
//! ```text
//! call ──▶ action ──▶ store: lock · read · review ──▶ session: text to text ──▶ journal · swap ──▶ index
//!              └────▶ facts: files, commits, trusted commands, people
//! ```

mod action;
mod aside;
mod call;
mod catalogue;
mod complete;
mod discovery;
mod facts;
mod failure;
mod gate_commands;
mod index;
mod late;
mod life;
mod listing;
mod metrics;
mod orchestration;
mod paths;
mod phase;
mod start;
mod state;
mod store;
mod texts;
mod upkeep;

pub use action::Action;
pub use failure::{Details, Failure, FailureKind, Retry};
pub use gate_commands::{Advance, Claim, GateOrder, GateRuns};
pub use orchestration::{OrchestrationError, OrchestrationTool};
pub(crate) use upkeep::gate_commands;
pub use upkeep::{FoundSession, Tidied, Versions};

use crate::{
    library::Library,
    runtime::Project,
    text::{Revision, nearest},
    workflow::{
        Definition,
        session::{Session, SessionId},
    },
};
use call::Call;
use gate_commands::{Claims, Quiet};
use index::Index;
use serde_json::{Map, Value};
use std::sync::Arc;
use store::{Store, WishFor};

/// What is kept between two calls: nothing that the files don't say.
#[derive(Debug, Default)]
pub struct Sessions {
    index: Option<Index>,
    library: Option<Library>,
    /// Definitions that sessions keep to, the one used last at the end.
    pinned: Vec<(Revision, Arc<Definition>)>,
    claims: Claims,
}

/// How many definitions are kept in memory.
const PINNED: usize = 16;

/// One call at work.
struct Work<'w> {
    store: Store<'w>,
    sessions: &'w mut Sessions,
    /// How the commands went that the call has ordered; none before they have run.
    ran: Option<&'w GateRuns>,
}

type Answer = Result<Map<String, Value>, Failure>;

impl Sessions {
    /// Answers one call: `arguments` name the action and its parameters. An answer always has `status` and
    /// `action`; a refusal says what failed, how to fix it, and whether to call again.
    /// Commands that a gate asks for run while the caller waits.
    pub fn call(&mut self, project: &mut Project, arguments: &Map<String, Value>) -> Map<String, Value> {
        let mut ran = None;
        loop {
            match self.advance(project, arguments, ran.as_ref()) {
                Advance::Answer(answer) => return answer,
                Advance::Run(order) => ran = Some(order.run(&mut Quiet)),
            }
        }
    }

    /// The same for callers who run commands themselves, and come again with how those went. Nothing is locked
    /// in between, and any other call may come.
    pub fn advance(
        &mut self,
        project: &mut Project,
        arguments: &Map<String, Value>,
        ran: Option<&GateRuns>,
    ) -> Advance {
        let name = arguments.get("action").and_then(Value::as_str).unwrap_or_default().to_owned();
        let root = project.workspace().root().display().to_string();
        match self.answer(project, &name, arguments, ran) {
            Ok(Advance::Answer(answer)) => {
                let mut whole = failure::success(&name);
                whole.extend(answer);
                Advance::Answer(whole)
            }
            Ok(order @ Advance::Run(_)) => order,
            // Of a name that is none no more is repeated than it takes to recognise it.
            Err(failure) => {
                let name: String = name.chars().take(64).collect();
                Advance::Answer(failure.into_answer(&name, &root))
            }
        }
    }

    fn answer(
        &mut self,
        project: &mut Project,
        name: &str,
        arguments: &Map<String, Value>,
        ran: Option<&GateRuns>,
    ) -> Result<Advance, Failure> {
        let action = Action::named(name).ok_or_else(|| unknown_action(name))?;
        let call = Call::checked(action, arguments)?;
        let mut work = Work { store: Store::new(project), sessions: self, ran };
        let answer = match action {
            Action::ListWorkflows => work.list_workflows(&call),
            Action::Start => work.start(&call),
            Action::GetPhase => work.get_phase(&call),
            Action::GetTask => work.get_task(&call),
            Action::CompletePhase => return work.complete_phase(&call),
            Action::GetState => work.get_state(&call),
            Action::ListSessions => work.list_sessions(&call),
            Action::GetSession => work.get_session(&call),
            Action::DeleteSession => work.delete_session(&call),
            Action::Pause => work.pause(&call),
            Action::Resume => work.resume(&call),
            Action::RetryPhase => work.retry_phase(&call),
            Action::Rollback => work.rollback(&call),
            Action::GetErrors => work.get_errors(&call),
            Action::GetHistory => work.get_history(&call),
            Action::GetMetrics => work.get_metrics(&call),
        };
        answer.map(Advance::Answer)
    }
}

impl<'w> Work<'w> {
    /// The definition that a session keeps to.
    fn definition(&mut self, session: &Session) -> Result<Arc<Definition>, Failure> {
        let revision = session.head.definition;
        let pinned = &mut self.sessions.pinned;
        if let Some(at) = pinned.iter().position(|(known, _)| *known == revision) {
            let entry = pinned.remove(at);
            let definition = Arc::clone(&entry.1);
            pinned.push(entry);
            return Ok(definition);
        }
        let definition = Arc::new(self.store.pinned(revision)?);
        if pinned.len() >= PINNED {
            pinned.remove(0);
        }
        pinned.push((revision, Arc::clone(&definition)));
        Ok(definition)
    }

    /// Does something with the index; none of its rows are older than the files they were read from.
    fn with_index<T>(
        &mut self,
        work: impl FnOnce(&mut Index, &mut Store<'w>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let open = self.sessions.index.take().filter(Index::is_in_place);
        let mut index = match open {
            Some(index) => index,
            None => Index::open(&self.store.project.workspace().internal().join("sessions.db"))?,
        };
        let done = work(&mut index, &mut self.store);
        self.sessions.index = Some(index);
        done
    }

    /// Whether there ever was a session here.
    fn has_sessions(&self) -> bool {
        self.store.folder().is_dir()
    }

    /// Changes a session as `wish` wants it, if the caller knows it as it is; answers with what `wish` said,
    /// and with the session as it is then.
    fn change<T>(
        &mut self,
        call: &Call<'_>,
        id: &SessionId,
        wish: &mut WishFor<'_, Store<'w>, T>,
    ) -> Result<(T, Session), Failure> {
        self.change_unseen(call, id, &mut |store, session| {
            call.expect_revision(session)?;
            wish(store, session)
        })
    }

    /// The same, when it is for `wish` to say whether the caller knows the session well enough.
    fn change_unseen<T>(
        &mut self,
        call: &Call<'_>,
        id: &SessionId,
        wish: &mut WishFor<'_, Store<'w>, T>,
    ) -> Result<(T, Session), Failure> {
        let _lock = self.store.lock(call.action.name())?;
        let before = index::folder_time(&self.store);
        let (answer, session, is_written) = self.store.change(id, wish)?;
        if is_written {
            self.note(&session, before);
        }
        Ok((answer, session))
    }

    /// Lets the index know of a write. Without it the next listing reads the file.
    fn note(&mut self, session: &Session, before: index::FolderTimes) {
        let noted = self.with_index(|index, store| index.note(store, session, before));
        if let Err(failure) = noted {
            tracing::warn!(failure.message, "the index is behind");
        }
    }
}

fn unknown_action(name: &str) -> Failure {
    let meant = nearest(name, Action::all_names());
    let action = meant.and_then(Action::named).unwrap_or(Action::ListWorkflows);
    let message = match name {
        "" => "the call names no action".to_owned(),
        name => format!("there is no action `{}`", name.chars().take(64).collect::<String>()),
    };
    let remedy = meant.map_or_else(
        || format!("`action` is one of {}", Action::names().collect::<Vec<_>>().join(", ")),
        |meant| format!("did you mean `{meant}`?"),
    );
    let valid: Vec<&str> = Action::names().collect();
    Failure::new(FailureKind::Value, message, action).fix(remedy).with("valid_actions", valid)
}
