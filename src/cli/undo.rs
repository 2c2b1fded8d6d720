//! `rulemark undo` and `rulemark redo`.

use super::{
    args::EntryArgs,
    context::Context,
    error::{CommandResult, Exit},
    report::{self, Form},
};
use crate::runtime::Run;

pub(crate) fn undo(context: &mut Context, args: &EntryArgs) -> CommandResult {
    let mut project = context.project()?;
    if let Some(number) = args.entry {
        super::history::find(&project, number)?;
    }
    let run = project.undo(args.entry.and_then(|number| i64::try_from(number).ok()))?;
    tell(context, &run)
}

pub(crate) fn redo(context: &mut Context) -> CommandResult {
    let run = context.project()?.redo()?;
    tell(context, &run)
}

fn tell(context: &mut Context, run: &Run) -> CommandResult {
    let entry = run.entry.map_or_else(String::new, |entry| format!(" (entry {entry})"));
    context.terminal.remark(format!("{}{entry}", run.label))?;
    report::run(&mut context.terminal, run, Form::Brief)?;
    Ok(Exit::Ok)
}
