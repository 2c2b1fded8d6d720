//! The command line: one file per subcommand, over the library's own API.
//!
//! `args` says what can be typed, `context` what an invocation means, `render` is the only place
//! that prints, and `error` is what a process ends with. Commands hold no logic of the workflow:
//! they ask the core or the runtime and put the answer into words.

mod agent_setup;
mod apply;
mod approve;
mod args;
mod change;
mod check;
mod compiled;
mod completions;
mod conflicts;
mod context;
mod demo;
mod diff;
mod diff_driver;
mod doctor;
mod doctor_agents;
mod done;
mod emit;
mod error;
mod export;
mod git_setup;
mod history;
mod hook;
mod init;
mod item;
mod json;
mod log;
mod man;
mod mcp;
mod mcp_http;
mod merge_driver;
mod next;
mod render;
mod report;
mod rules;
mod session;
mod set;
mod status;
mod test;
mod test_rules;
mod trust;
mod undo;
mod watch;
mod workflow;

pub use args::Args;
pub use error::{CommandError, CommandResult, Exit};

use args::{Command, Deferred};
use context::Context;
use std::{
    ffi::OsString,
    panic,
    sync::{Arc, atomic::AtomicBool},
};

/// Runs one invocation: `arguments` begin with the program's name.
pub fn run(arguments: impl Iterator<Item = OsString>) -> Exit {
    let args = match Args::read(arguments) {
        Ok(args) => args,
        Err(error) => {
            render::usage(&error);
            return if error.use_stderr() { Exit::Usage } else { Exit::Ok };
        }
    };
    render::tell_panics();
    #[cfg(unix)]
    outlive_size_limits();
    // A panic is a bug; whatever it interrupted is left to the journal and the atomic writes.
    panic::catch_unwind(panic::AssertUnwindSafe(|| invoke(args))).unwrap_or_else(|_| {
        render::bug("this is a bug in rulemark; no file was left half written");
        Exit::Bug
    })
}

/// A limit on the size of files (`ulimit -f`) sends a signal that ends whoever does not expect it, in
/// the middle of a write. Expected, the write fails like any other.
#[cfg(unix)]
fn outlive_size_limits() {
    let ignored = Arc::new(AtomicBool::new(false));
    if let Err(error) = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, ignored) {
        tracing::debug!(%error, "a limit on the size of files would end this process");
    }
}

fn invoke(Args { global, command }: Args) -> Exit {
    let mut context = Context::new(&global);
    let result = dispatch(&mut context, command).and_then(|exit| {
        context.terminal.flush()?;
        Ok(exit)
    });
    result.unwrap_or_else(|error| {
        // What was said before the error comes first; if that fails too, the error still counts.
        context.terminal.flush().ok();
        if !error.is_silent() {
            context.terminal.error(&error);
        }
        error.exit()
    })
}

fn dispatch(context: &mut Context, command: Command) -> CommandResult {
    match command {
        Command::Init(Deferred(args)) => init::run(context, args),
        Command::Uninit(Deferred(args)) => agent_setup::remove(context, &args),
        Command::Demo(Deferred(args)) => demo::run(context, &args),
        Command::Status(Deferred(args)) => status::run(context, args),
        Command::Next(Deferred(args)) => next::run(context, &args),
        Command::Rules(Deferred(args)) => rules::run(context, &args),
        Command::Check(Deferred(args)) => check::run(context, &args),
        Command::Watch => watch::run(context),
        Command::Apply(Deferred(args)) => apply::run(context, &args),
        Command::Set(Deferred(args)) => set::run(context, &args),
        Command::Log(Deferred(args)) => log::run(context, &args),
        Command::Item(Deferred(command)) => item::run(context, &command),
        Command::Workflow(Deferred(command)) => workflow::run(context, &command),
        Command::Schema(Deferred(args)) => workflow::schema(context, &args),
        Command::Done(Deferred(args)) => done::run(context, args),
        Command::Approve(Deferred(args)) => approve::approve(context, &args),
        Command::Reject(Deferred(args)) => approve::reject(context, &args),
        Command::Trust(Deferred(args)) => trust::run(context, &args),
        Command::Test(Deferred(args)) => test::run(context, &args),
        Command::Session(Deferred(command)) => session::run(context, &command),
        Command::Emit(Deferred(args)) => emit::run(context, &args),
        Command::Hook(Deferred(args)) => hook::run(context, args),
        Command::Mcp(Deferred(args)) => mcp::run(context, &args),
        Command::History(Deferred(args)) => history::run(context, &args),
        Command::Diff(Deferred(args)) => diff::run(context, &args),
        Command::Undo(Deferred(args)) => undo::undo(context, &args),
        Command::Redo => undo::redo(context),
        Command::Conflicts(Deferred(args)) => conflicts::run(context, &args),
        Command::Export(Deferred(args)) => export::run(context, &args),
        Command::Doctor(Deferred(args)) => doctor::run(context, args),
        Command::DiffDriver(Deferred(args)) => diff_driver::run(context, &args),
        Command::MergeDriver(Deferred(args)) => merge_driver::run(context, &args),
        Command::TestRules(Deferred(args)) => test_rules::run(context, &args),
        Command::Completions(Deferred(args)) => completions::run(context, &args),
        Command::Man(Deferred(args)) => man::run(context, &args),
    }
}
