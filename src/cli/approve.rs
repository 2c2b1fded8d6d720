//! `rulemark approve` and `rulemark reject`: a person's decision about the plan.

use super::{
    args::RejectArgs,
    context::Context,
    error::{CommandError, CommandResult},
    report::{self, Form},
    trust::{require_person, user_folders},
};
use crate::{
    journal::Via,
    runtime::{Decider, Decision},
    trust::{Person, user_name},
};

pub(crate) fn approve(context: &mut Context) -> CommandResult {
    decide(context, &Decision::Approve, "approve a plan")
}

pub(crate) fn reject(context: &mut Context, args: &RejectArgs) -> CommandResult {
    decide(context, &Decision::Reject(args.feedback.join(" ")), "reject a plan")
}

fn decide(context: &mut Context, decision: &Decision, what: &str) -> CommandResult {
    let folders = user_folders()?;
    let settings = folders.settings().map_err(|error| CommandError::usage(error.to_string()))?;
    let mut project = context.project()?;
    require_person(Person::around(&settings), what, &folders)?;
    let decider = Decider { by: user_name(), via: Via::Command, is_attested: true, plan: None };
    let run = project.decide(&decider, decision)?;
    let told = match decision {
        Decision::Approve => "approved; a plan that changes needs a new yes",
        Decision::Reject(_) => "rejected",
    };
    let concluded = report::conclude(&mut context.terminal, &project, &run, Form::Brief);
    if concluded.is_ok() {
        context.terminal.remark(told)?;
    }
    concluded
}
