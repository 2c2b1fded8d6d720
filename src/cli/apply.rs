//! `rulemark apply`.

use super::{
    args::ApplyArgs,
    context::Context,
    error::CommandResult,
    render::{Ink, Line},
    report::{self, Form},
};
use crate::engine::Cause;

pub(crate) fn run(context: &mut Context, args: &ApplyArgs) -> CommandResult {
    let mut project = context.project()?;
    let run = if args.dry_run {
        project.preview(Cause::FilesChanged)?
    } else {
        project.run(Cause::FilesChanged)?
    };
    let terminal = &mut context.terminal;
    let form = match (args.json, args.dry_run) {
        (true, _) => Form::Json,
        (false, true) => Form::Full,
        (false, false) => Form::Brief,
    };
    if form != Form::Json && run.is_idle(project.settings()) {
        terminal.remark("no rule fires")?;
    }
    let concluded = report::conclude(terminal, &project, &run, form);
    if form != Form::Json && args.dry_run && run.wrote() {
        terminal.remark(Line::new().ink(Ink::Faint, "dry run: nothing was written"))?;
    }
    concluded
}
