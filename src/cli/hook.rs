//! `rulemark hook`: an agent's question on standard input, its answer on standard output.

use super::{
    args::HookArgs,
    context::Context,
    error::{CommandError, CommandResult, Exit},
};
use crate::hooks::{self, Caller, Protocol};
use std::{
    env,
    io::{self, IsTerminal as _},
    path::PathBuf,
};

pub(crate) fn run(context: &mut Context, args: HookArgs) -> CommandResult {
    let protocol = args.agent.protocol();
    if io::stdin().is_terminal() {
        return Err(CommandError::usage(format!("this is for {}, not for people", protocol.title))
            .with_hint("`rulemark init --agent …` sets it up; `rulemark doctor` tries it"));
    }
    let answer = match hooks::read_input(io::stdin()) {
        Ok(input) => answer(context, protocol, &input),
        Err(error) => protocol.unheard(&error),
    };
    context.terminal.document(&answer.output)?;
    if let Some(complaint) = &answer.complaint {
        context.terminal.complaint(complaint.as_str());
    }
    // The code by which agents understand a refusal is the one of wrong usage.
    Ok(if answer.is_blocking { Exit::Usage } else { Exit::Ok })
}

fn answer(context: &Context, protocol: &Protocol, input: &[u8]) -> hooks::Answer {
    let named = context.named_folder();
    let variable = env::var_os(protocol.root_variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = env::current_dir().unwrap_or_default();
    let home = env::var_os("HOME").or_else(|| env::var_os("USERPROFILE")).map(PathBuf::from);
    let root = named.or(variable.as_deref());
    let caller = Caller { root, folder: &folder, home: home.as_deref(), now: context.now() };
    hooks::answer(protocol, input, &caller)
}
