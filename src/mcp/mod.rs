//! The Model Context Protocol: guidance and state for agents, over standard input and output and over HTTP.
//!
//! ```text
//! client ── stdio | http ──▶ Server (rmcp's handler) ── tools::TOOLS ──▶ a tool
//!                                  │                                       │ on the one thread that
//!                 ask: the person  │◀── Step { Answer | Ask | Run } ◀──────┘ blocks, with OpenProject
//!                 checks: commands │
//! ```
//!
//! A tool is a function of the open project and its arguments; it blocks, and it never talks to the
//! client. What it can't do itself it hands back as a [`Step`](tools::Step): a question for the person,
//! or commands that take their time. The server does those, and lets the tool go on with what came of
//! it. So everything that changes a file goes through [`runtime::Project`](crate::runtime::Project),
//! as on the command line, and nothing here holds a second copy of the state.
//!
//! To add a tool, write its function in `tools/` and its line in [`tools::TOOLS`]: the list that
//! clients get, the reference in the README and the check of arguments come from there.

mod answer;
mod arguments;
mod ask;
mod call;
mod elicit;
mod fence;
mod guide;
mod open_project;
mod running;
mod search;
mod server;
mod stamp;
mod told;
pub mod tools;
mod worker;

pub use search::{FoundBy, Search, VARIABLE};
pub use server::Server;

use rmcp::ServiceExt as _;
use std::io;

/// Serves one client over standard input and output, until it goes away or the system asks to end.
///
/// # Errors
/// When the system has no event loop for it.
pub fn serve_stdio(server: Server) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let serving = server.serve(rmcp::transport::io::stdio_pipes());
        match serving.await {
            Ok(running) => {
                let ended = running.waiting().await;
                tracing::debug!(?ended, "the client has gone");
            }
            Err(error) => tracing::debug!(%error, "the client went before it began"),
        }
    });
    // Standard input may still be waited for by a thread that nothing can wake.
    runtime.shutdown_background();
    Ok(())
}
