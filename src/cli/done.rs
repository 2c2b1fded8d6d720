//! `rulemark done`.

use super::{
    args::DoneArgs,
    context::Context,
    error::{CommandError, CommandResult},
    report::{self, Form},
    trust::expect_person,
};
use crate::engine::{ApprovalMode, Cause, PendingKind, StepResult};

pub(crate) fn run(context: &mut Context, args: DoneArgs) -> CommandResult {
    let mut project = context.project()?;
    let waiting = project.memory()?.pending;
    let Some(step) = waiting.iter().find(|step| step.id == args.id) else {
        let ids: Vec<&str> = waiting.iter().map(|step| step.id.as_str()).collect();
        let hint = match ids.as_slice() {
            [] => "nothing waits; `rulemark next` says what to do".to_owned(),
            ids => format!("waiting: {}", ids.join(", ")),
        };
        return Err(CommandError::usage(format!("no step `{}` waits", args.id)).with_hint(hint));
    };
    if step.kind == PendingKind::Ask && project.settings().engine.gates.approval == ApprovalMode::Person {
        expect_person("answer what a rule asks a person")?;
    }
    let result = StepResult { success: !args.failed, text: args.note };
    let run = project.run(Cause::Done { step: args.id, result })?;
    report::conclude(&mut context.terminal, &project, &run, Form::Brief)
}
