//! `rulemark init --agent` and `rulemark uninit`: the files of AI coding agents.

use super::{
    args::{SetupAgent, UninitArgs},
    context::Context,
    error::{CommandError, CommandResult, Exit},
    render::{Extent, Ink, Line, diff},
};
use crate::{
    runtime::Project,
    setup::{self, AGENTS, Agent, Change, SetupError},
    text::Patch,
};
use std::path::Path;

/// Sets an agent up in the project in `folder`.
pub(crate) fn install(
    context: &mut Context,
    folder: &Path,
    agent: SetupAgent,
    dry_run: bool,
) -> CommandResult {
    let project = Project::open(folder)?;
    let agent = agent.agent();
    let changes = agent.installed(&project)?;
    if !dry_run {
        setup::apply(&project, &changes)?;
    }
    tell(context, &changes, dry_run)?;
    let terminal = &mut context.terminal;
    if let Some(hint) = agent.hint {
        terminal.remark(Line::new().ink(Ink::Faint, hint))?;
    }
    if !agent.has_hooks() {
        terminal.remark(Line::new().ink(
            Ink::Faint,
            format!(
                "{} has no hooks that Rulemark speaks: the gates see its edits when they are saved",
                agent.title
            ),
        ))?;
    } else if !dry_run {
        terminal.remark(Line::new().ink(Ink::Accent, "rulemark doctor").pad_to(26).text("try the hooks"))?;
    }
    Ok(Exit::Ok)
}

/// `rulemark uninit`.
pub(crate) fn remove(context: &mut Context, args: &UninitArgs) -> CommandResult {
    let project = context.project()?;
    let agents: Vec<&Agent> = match args.agent {
        Some(agent) => vec![agent.agent()],
        None => AGENTS.iter().collect(),
    };
    let mut is_any = false;
    for agent in agents {
        let changes = agent.removed(&project)?;
        is_any |= changes.iter().any(Change::is_any);
        if !args.dry_run {
            setup::apply(&project, &changes)?;
        }
        tell(context, &changes, args.dry_run)?;
    }
    if !is_any {
        context.terminal.remark("nothing of Rulemark is in the files of agents here")?;
    }
    Ok(Exit::Ok)
}

fn tell(context: &mut Context, changes: &[Change], dry_run: bool) -> Result<(), CommandError> {
    for change in changes {
        let (ink, words) = match (&change.before, &change.after) {
            (before, after) if before == after => (Ink::Faint, ["kept", "would keep"]),
            (None, _) => (Ink::Good, ["made", "would make"]),
            (_, None) => (Ink::Good, ["removed", "would remove"]),
            _ => (Ink::Good, ["changed", "would change"]),
        };
        if change.before.is_none() && change.after.is_none() {
            continue;
        }
        let word = words[usize::from(dry_run)];
        let why = change.left_alone.map_or_else(String::new, |what| format!(": {what}"));
        context.terminal.remark(Line::new().ink(ink, word).text(format!(" {}{why}", change.path)))?;
        if dry_run && change.is_any() {
            let (before, after) =
                (change.before.as_deref().unwrap_or(""), change.after.as_deref().unwrap_or(""));
            context.terminal.cut(diff(before, &Patch::between(before, after), 4, Extent::Full))?;
        }
    }
    Ok(())
}

impl From<SetupError> for CommandError {
    fn from(error: SetupError) -> Self {
        let told = Self::refused(error.to_string());
        match &error {
            SetupError::NoJson { .. } => told.with_hint("mend it first; nothing was changed"),
            SetupError::NoToml { .. } => {
                told.with_hint("mend it, or add the server there by hand; nothing was changed")
            }
            SetupError::HalfBlock(_) => told.with_hint("put both marks back, or take both out"),
            SetupError::Changed(_) => told.with_hint("do it again"),
            SetupError::Outside(_) => told.with_hint("let the link lead into the project"),
            SetupError::Read(_) | SetupError::Io { .. } => told.because(error),
        }
    }
}
