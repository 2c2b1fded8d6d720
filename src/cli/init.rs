//! `rulemark init`.

use super::{
    agent_setup,
    args::InitArgs,
    context::Context,
    error::{CommandError, CommandResult, Exit},
    git_setup,
    render::{Ink, Line},
};
use crate::{disk::Workspace, runtime::TEMPLATES};
use std::path::Path;

/// What to do behind `init`.
const NEXT: [(&str, &str); 3] = [
    ("rulemark watch", "run the rules whenever a file is saved"),
    ("rulemark item add \"…\"", "name the first task, in another terminal"),
    ("rulemark next", "see what to do now"),
];

pub(crate) fn run(context: &mut Context, args: InitArgs) -> CommandResult {
    let folder = match args.dir {
        Some(folder) => folder,
        None => context.folder()?,
    };
    let terminal = &mut context.terminal;
    if folder.exists() && !folder.is_dir() {
        return Err(CommandError::usage(format!("{} is not a folder", folder.display())));
    }
    if (args.git || args.agent.is_some()) && Workspace::named_root(&folder).is_ok() {
        if args.git {
            git_setup::install(context, &folder, args.dry_run)?;
        }
        return match args.agent {
            Some(agent) => agent_setup::install(context, &folder, agent, args.dry_run),
            None => Ok(Exit::Ok),
        };
    }
    for template in TEMPLATES {
        let path = template.path;
        let is_new = if args.dry_run { !folder.join(path).exists() } else { template.create(&folder)? };
        let (ink, word) = match (is_new, args.dry_run) {
            (true, false) => (Ink::Good, "made"),
            (true, true) => (Ink::Good, "would make"),
            (false, _) => (Ink::Faint, "kept"),
        };
        terminal.remark(Line::new().ink(ink, word).text(format!(" {path}")))?;
    }
    if args.git && folder.is_dir() {
        git_setup::install(context, &folder, args.dry_run)?;
    }
    if let Some(agent) = args.agent.filter(|_| folder.is_dir()) {
        agent_setup::install(context, &folder, agent, args.dry_run)?;
    }
    if args.dry_run {
        return Ok(Exit::Ok);
    }
    let terminal = &mut context.terminal;
    terminal.remark("")?;
    for (command, what) in NEXT {
        terminal.remark(Line::new().ink(Ink::Accent, command).pad_to(26).text(what))?;
    }
    Ok(Exit::Ok)
}

/// Makes all files of a new project in `folder`.
pub(crate) fn make(folder: &Path) -> Result<(), CommandError> {
    TEMPLATES.iter().try_for_each(|template| Ok(template.create(folder).map(|_| ())?))
}
