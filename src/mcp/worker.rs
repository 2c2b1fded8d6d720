//! The one thread that does what blocks: files, locks, the journal.

use super::open_project::Desk;
use std::{
    panic::{self, AssertUnwindSafe},
    sync::{Mutex, PoisonError, mpsc},
    thread,
};
use tokio::sync::oneshot;

/// Hands work to a thread that begins with the first of it. Work is done in the order in which it
/// comes, so nothing here is ever locked twice.
#[derive(Debug)]
pub(super) struct Worker {
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Idle(Box<Desk>),
    Working(mpsc::Sender<Job>),
    /// The system has no thread for it.
    Failed,
}

type Job = Box<dyn FnOnce(&mut Desk) + Send>;

/// The thread could not be started.
#[derive(Debug, thiserror::Error)]
#[error("the system starts no thread")]
pub(super) struct NoThread;

impl Worker {
    pub(super) fn new(desk: Desk) -> Self {
        Self { state: Mutex::new(State::Idle(Box::new(desk))) }
    }

    /// Does `work` on the thread and answers what came of it. Work that panics makes this panic, and
    /// the desk is cleared: nobody goes on with what it left half done.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Desk) -> T + Send + 'static,
    ) -> Result<T, NoThread> {
        let (answer, answered) = oneshot::channel();
        self.hand_over(Box::new(move |desk| {
            let done = panic::catch_unwind(AssertUnwindSafe(|| work(desk)));
            if done.is_err() {
                desk.clear();
            }
            // Whoever asked may have gone: cancelled.
            let _gone = answer.send(done);
        }))?;
        match answered.await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(payload)) => panic::resume_unwind(payload),
            Err(_) => Err(NoThread),
        }
    }

    fn hand_over(&self, job: Job) -> Result<(), NoThread> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Idle(_) = &*state {
            let State::Idle(desk) = std::mem::replace(&mut *state, State::Failed) else {
                return Err(NoThread);
            };
            *state = begin(desk).map_or(State::Failed, State::Working);
        }
        match &*state {
            State::Working(jobs) => jobs.send(job).map_err(|_| NoThread),
            State::Idle(_) | State::Failed => Err(NoThread),
        }
    }
}

fn begin(mut desk: Box<Desk>) -> Option<mpsc::Sender<Job>> {
    let (sender, jobs) = mpsc::channel::<Job>();
    let thread = thread::Builder::new().name("project".into()).spawn(move || {
        for job in jobs {
            job(&mut desk);
        }
    });
    thread.inspect_err(|error| tracing::error!(%error, "no thread")).ok().map(|_| sender)
}
