//! `rulemark completions`.

use super::{
    args::{Args, CompletionsArgs},
    context::Context,
    error::{CommandResult, Exit},
};
use clap::CommandFactory as _;

pub(crate) fn run(context: &mut Context, args: &CompletionsArgs) -> CommandResult {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "rulemark", &mut script);
    context.terminal.document(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Ok)
}
