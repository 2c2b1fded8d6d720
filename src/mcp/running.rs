//! Running commands while the server goes on: progress, cancellation, and no orphan.

use super::{
    answer::{Refusal, Retry},
    tools::Then,
};
use crate::{
    engine::{NamedCommand, duration},
    process::End,
    runtime::{CheckRun, Checks, Error, TaskPurpose, Work},
    sessions::Claim,
};
use rmcp::{
    RoleServer,
    model::{ProgressNotificationParam, ProgressToken},
    service::Peer,
    task_manager::TaskManager,
};
use std::{fmt, sync::Arc};
use tokio::{
    sync::{Notify, watch},
    task::spawn_blocking,
};
use tokio_util::sync::CancellationToken;

/// Commands to be run, looked over and trusted.
#[derive(Debug)]
pub(super) struct Order {
    /// Each with the line that it comes to.
    pub(super) commands: Vec<(NamedCommand, String)>,
    pub(super) checks: Checks,
    pub(super) after: After,
}

/// What happens with how commands went.
#[derive(Debug)]
pub(super) enum After {
    /// It is written down, and the rules go on; then this.
    Conclude(TaskPurpose, Then),
    /// The gate of a phase that was claimed is decided.
    Decide(Claim),
}

/// All commands that a server runs: when it ends, they end first.
#[derive(Debug)]
pub(super) struct Running {
    ending: CancellationToken,
    count: watch::Sender<usize>,
}

impl Default for Running {
    fn default() -> Self {
        Self { ending: CancellationToken::new(), count: watch::Sender::new(0) }
    }
}

impl Running {
    /// Ends what runs, and waits until nothing of it is left.
    pub(super) async fn end(&self) {
        self.ending.cancel();
        // The sender is in `self`, so there is always an answer.
        self.count.subscribe().wait_for(|count| *count == 0).await.ok();
    }

    fn begin(&self) -> Counted {
        self.count.send_modify(|count| *count += 1);
        Counted(self.count.clone())
    }
}

/// One that runs, until it is dropped.
struct Counted(watch::Sender<usize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// Calls that clients look after as tasks.
#[derive(Clone, Default)]
pub(super) struct Tasks(pub(super) TaskManager);

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks").field("running", &self.0.running_task_count()).finish()
    }
}

/// Commands that were run.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) after: After,
    pub(super) runs: Vec<CheckRun>,
    /// What stood in the way of the rest.
    pub(super) failure: Option<Error>,
}

/// Whom to tell how far it is.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) peer: Peer<RoleServer>,
    pub(super) token: Option<ProgressToken>,
}

impl Listener {
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 checks")]
    async fn tell(&self, done: usize, of: usize, message: String) {
        let Some(token) = self.token.clone() else { return };
        let progress = ProgressNotificationParam::new(token, done as f64).with_total(of as f64);
        if let Err(error) = self.peer.notify_progress(progress.with_message(message)).await {
            tracing::debug!(%error, "nobody hears how far it is");
        }
    }
}

impl Order {
    /// Runs the commands, one after the other. Cancelled, the one that runs is ended with all it has
    /// started, before this answers; dropped, as well.
    ///
    /// # Errors
    /// When it was cancelled.
    pub(super) async fn run(
        self,
        listener: &Listener,
        running: &Running,
        cancelled: &CancellationToken,
    ) -> Result<Ran, Refusal> {
        let counted = running.begin();
        let lines: Vec<String> = self.commands.iter().map(|(_, line)| line.clone()).collect();
        let wake = Arc::new(Notify::new());
        let waker = Arc::clone(&wake);
        let mut work = Work::begin(self.commands, self.checks, move || waker.notify_one());
        let mut ended = 0;
        listener.tell(0, lines.len(), lines.first().cloned().unwrap_or_default()).await;
        let failure = loop {
            tokio::select! {
                () = wake.notified() => {}
                () = async { tokio::select! {
                    () = cancelled.cancelled() => {}
                    () = running.ending.cancelled() => {}
                } } => {
                    // Ending a group of processes takes a moment, whether somebody waits for it or not.
                    let ended = spawn_blocking(move || {
                        drop(work);
                        drop(counted);
                    });
                    ended.await.ok();
                    return Err(Refusal::new("cancelled", Retry::Now)
                        .because("the commands were ended, and count for nothing"));
                }
            }
            let progress = work.look();
            for run in &progress.ended {
                ended += 1;
                listener.tell(ended, lines.len(), told(run)).await;
            }
            if let Some(failure) = progress.over {
                break failure;
            }
        };
        Ok(Ran { after: self.after, runs: work.into_runs(), failure })
    }
}

/// How a command ended, in a line.
pub(super) fn told(run: &CheckRun) -> String {
    let end = match run.conclusion.end {
        End::Exited(0) => "ok".to_owned(),
        End::Exited(code) => format!("exit {code}"),
        End::Signalled(signal) => format!("signal {signal}"),
        End::TimedOut => "timed out".to_owned(),
        End::Stopped => "stopped".to_owned(),
        End::NotStarted => "could not be started".to_owned(),
    };
    let millis = u64::try_from(run.conclusion.duration.as_millis()).unwrap_or(u64::MAX);
    format!("`{}`: {end}, {}", run.command.line, duration(millis))
}
