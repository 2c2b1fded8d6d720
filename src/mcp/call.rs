//! One call of a tool, from its arguments to its answer.

use super::{
    answer::{Answer, Refusal},
    arguments::Arguments,
    ask::{Question, Reply},
    elicit::{Asked, Brought, Origin, Said},
    open_project::OpenProject,
    running::{After, Listener, Order, Ran, told},
    server::Shared,
    told,
    tools::{self, Step, Then, ToolSpec},
    worker::NoThread,
};
use crate::sessions::GateRuns;
use rmcp::{
    ErrorData, RoleServer,
    model::{CallToolResponse, CallToolResult, CreateTaskResult},
    service::RequestContext,
    task_manager::{TaskExit, TaskOptions},
};
use std::{path::PathBuf, sync::Arc};
use tokio_util::sync::CancellationToken;

/// How long a task and its result are kept, in milliseconds: longer than anybody's checks take.
const TASK: u64 = 24 * 60 * 60 * 1_000;

/// A call that is under way.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) spec: &'static ToolSpec,
    pub(super) arguments: Arguments,
    /// The folders that the client works in.
    pub(super) roots: Vec<PathBuf>,
    pub(super) context: RequestContext<RoleServer>,
}

/// Why a call has no answer.
#[derive(Debug)]
pub(super) enum Halt {
    /// The tool refuses; the agent is told what to do.
    Refused(Refusal),
    /// The server can't go on with it.
    Failed(ErrorData),
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<NoThread> for Halt {
    fn from(error: NoThread) -> Self {
        Self::Failed(ErrorData::internal_error(error.to_string(), None))
    }
}

impl Call {
    /// Does what the tool does, step by step. A call that brings the answer to a question goes on where
    /// it was asked.
    pub(super) async fn answer(
        self,
        shared: &Arc<Shared>,
        brought: Option<Brought>,
    ) -> Result<CallToolResponse, Halt> {
        let mut step = match brought {
            None => self.begin(shared).await?,
            Some(Brought { question, then, said }) => match said {
                Said::Replied(reply) => self.settle(shared, question, reply, then).await?,
                Said::Nothing => {
                    return Ok(complete(self.on_project(shared, |open| then.unanswered(open)).await?));
                }
                Said::NotYet => self.on_project(shared, |open| then.once_more(open)).await?,
            },
        };
        loop {
            step = match step {
                Step::Answer(answer) => return Ok(complete(answer)),
                Step::Shaped(result) => return Ok((*result).into()),
                Step::Failed(error) => return Err(Halt::Failed(*error)),
                Step::Ask(ask, then) => {
                    match shared.forms.ask(&ask, &then, self.origin(), &self.context).await {
                        Asked::Replied(reply) => self.settle(shared, ask.question, reply, then).await?,
                        Asked::Nothing => return Ok(complete(ask.unanswered()?)),
                        Asked::Later(required) => return Ok(required.into()),
                    }
                }
                Step::Run(order) if self.takes_tasks() => {
                    return Ok(self.into_task(Arc::clone(shared), *order));
                }
                Step::Run(order) => {
                    let ran = self.run(shared, *order, &self.context.ct).await?;
                    self.conclude(shared, ran).await?
                }
            };
        }
    }

    fn origin(&self) -> Origin<'_> {
        Origin { tool: self.spec.name, arguments: Some(self.arguments.all()) }
    }

    async fn begin(&self, shared: &Shared) -> Result<Step, Halt> {
        let (spec, arguments, roots) = (self.spec, self.arguments.clone(), self.roots.clone());
        Ok(shared.worker.run(move |desk| spec.call(desk, &roots, &arguments)).await??)
    }

    async fn settle(
        &self,
        shared: &Shared,
        question: Question,
        reply: Reply,
        then: Then,
    ) -> Result<Step, Halt> {
        let (spec, arguments) = (self.spec, self.arguments.clone());
        self.on_project(shared, move |open| {
            let did = question.settle(open, reply)?;
            then.go_on(open, did, |open, did| spec.again(open, &arguments, did))
        })
        .await
    }

    async fn run(&self, shared: &Shared, order: Order, cancelled: &CancellationToken) -> Result<Ran, Halt> {
        let listener =
            Listener { peer: self.context.peer.clone(), token: self.context.meta.get_progress_token() };
        Ok(order.run(&listener, &shared.running, cancelled).await?)
    }

    /// Whether the client looks after calls that take their time.
    fn takes_tasks(&self) -> bool {
        self.context.client_capabilities().is_some_and(|can| can.supports_tasks())
    }

    /// Runs commands as a task: the call is answered at once, and the client asks how far it is.
    fn into_task(self, shared: Arc<Shared>, order: Order) -> CallToolResponse {
        let tasks = shared.tasks.0.clone();
        let options = TaskOptions::default().with_ttl_ms(TASK);
        let task = tasks.spawn(options, move |task| {
            Box::pin(async move {
                let cancelled = CancellationToken::new();
                let ran = {
                    let run = self.run(&shared, order, &cancelled);
                    tokio::pin!(run);
                    tokio::select! {
                        ran = &mut run => ran,
                        () = task.cancelled() => {
                            cancelled.cancel();
                            run.await
                        }
                    }
                };
                if cancelled.is_cancelled() {
                    return Err(TaskExit::Cancelled);
                }
                let answer = async { self.unasked(&shared, ran?).await }.await;
                match answer {
                    Ok(result) => Ok(result),
                    Err(Halt::Refused(refusal)) => Ok(refusal.into()),
                    Err(Halt::Failed(error)) => Err(TaskExit::Error(error)),
                }
            })
        });
        CreateTaskResult::new(task).into()
    }

    /// What follows when the commands have ended. Whoever looks after a task calls again to have the person
    /// asked.
    async fn unasked(&self, shared: &Shared, ran: Ran) -> Result<CallToolResult, Halt> {
        Ok(match self.conclude(shared, ran).await? {
            Step::Answer(answer) => answer.into(),
            Step::Shaped(result) => *result,
            Step::Ask(ask, _) => ask.unanswered()?.into(),
            Step::Run(_) => Answer::default().into(),
            Step::Failed(error) => return Err(Halt::Failed(*error)),
        })
    }

    async fn conclude(&self, shared: &Shared, ran: Ran) -> Result<Step, Halt> {
        let (spec, arguments) = (self.spec, self.arguments.clone());
        let Ran { after, runs, failure } = ran;
        self.on_project(shared, move |open| match after {
            After::Conclude(purpose, then) => {
                if let Some(error) = failure.filter(|_| runs.is_empty()) {
                    return Err(error.into());
                }
                let mut did: Vec<String> = runs.iter().map(told).collect();
                let run = open.project.conclude(&purpose, &runs)?;
                did.extend(told::did(&run, open.project.settings())?);
                then.go_on(open, did, |open, did| spec.again(open, &arguments, did))
            }
            After::Decide(claim) => Ok(tools::decide(open, &arguments, &GateRuns::new(claim, runs, failure))),
        })
        .await
    }

    async fn on_project<T: Send + 'static>(
        &self,
        shared: &Shared,
        work: impl FnOnce(&mut OpenProject) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Halt> {
        let roots = self.roots.clone();
        Ok(shared.worker.run(move |desk| work(desk.project(&roots)?)).await??)
    }
}

fn complete(answer: Answer) -> CallToolResponse {
    CallToolResult::from(answer).into()
}
