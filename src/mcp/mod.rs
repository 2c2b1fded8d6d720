//! The Model Context Protocol: guidance and state for agents, over standard input and output and over HTTP.
//!
//! ```text
//! client ── stdio | http ──▶ Guarded ──▶ Server (rmcp's handler) ── tools::TOOLS ──▶ a tool
//!              ▲                               │                                       │ on the one thread that
//!              └── Hub: what changed           │◀── Step { Answer | Ask | Run } ◀──────┘ blocks, with OpenProject
//!                              ask: the person │
//!                              checks: commands│
//! ```
//!
//! A tool is a function of the open project and its arguments; it blocks, and it never talks to the
//! client. What it can't do itself it hands back as a `Step`: a question for the person,
//! or commands that take their time. The server does those, and lets the tool go on with what came of
//! it. So everything that changes a file goes through [`runtime::Project`](crate::runtime::Project),
//! as on the command line, and nothing here holds a second copy of the state.
//!
//! What carries the protocol knows nothing of Rulemark: [`stdio`], [`Guarded`], which keeps a faulty
//! handler from taking an answer with it, and [`Hub`], which tells clients what has changed.
//!
//! To add a tool, write its function in `tools/` and its line in [`tools::TOOLS`]: the list that
//! clients get, the reference in the README and the check of arguments come from there.

mod answer;
mod arguments;
mod ask;
mod batch;
mod call;
mod changes;
mod completion;
mod contents;
mod elicit;
mod fence;
mod guarded;
mod guide;
pub mod http;
mod hub;
mod message;
mod open_project;
mod prompts;
pub mod resources;
mod running;
mod search;
mod server;
mod stamp;
pub mod stdio;
mod told;
pub mod tools;
mod uri;
mod worker;

#[cfg(test)]
mod dialogue;

pub use guarded::Guarded;
pub use hub::{Change, Hub, HubLimits, LegacyClient};
pub use search::{FoundBy, Search, VARIABLE};
pub use server::Server;

use self::{
    http::{HttpError, HttpOptions, HttpServer},
    stdio::StdioLimits,
};
use std::io;
use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

/// Serves one client over standard input and output, until it goes away or the system asks to end (SIGINT,
/// SIGTERM). Commands that run then are ended with all they have started.
///
/// # Errors
/// When the system has no event loop for it.
pub fn serve_stdio(server: &Server) -> io::Result<()> {
    let runtime = event_loop()?;
    let ended = runtime.block_on(async {
        let shutdown = CancellationToken::new();
        cancel_on_signal(&shutdown)?;
        let serving = stdio::serve(server.clone(), stdio::standard_streams()?, StdioLimits::default());
        let ended = tokio::select! {
            ended = serving => ended,
            () = shutdown.cancelled() => Ok(()),
        };
        server.end().await;
        ended
    });
    // Standard input may still be waited for by a thread that nothing can wake.
    runtime.shutdown_background();
    ended
}

/// Serves clients over HTTP, until the process is asked to end (SIGINT, SIGTERM). `ready` is told the URL
/// once they can connect.
///
/// # Errors
/// When it can't listen there, or may not.
pub fn serve_http(server: &Server, options: HttpOptions, ready: impl FnOnce(&str)) -> Result<(), HttpError> {
    let address = options.address;
    let failed = |error| HttpError::Listen(address, error);
    event_loop().map_err(failed)?.block_on(async {
        let listening = HttpServer::bind(options).await?;
        let shutdown = CancellationToken::new();
        cancel_on_signal(&shutdown).map_err(failed)?;
        ready(&listening.url().map_err(failed)?);
        let clients = server.clone();
        listening.serve(move || clients.for_client(), shutdown).await;
        server.end().await;
        Ok(())
    })
}

/// One thread does all the waiting; what blocks has one of its own.
fn event_loop() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

fn cancel_on_signal(shutdown: &CancellationToken) -> io::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let shutdown = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        shutdown.cancel();
    });
    Ok(())
}
