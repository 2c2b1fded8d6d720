//! `rulemark approve` and `rulemark reject`: a person's decision about the plan.

use super::{
    args::{ApproveArgs, RejectArgs},
    context::Context,
    error::{CommandError, CommandResult, Exit},
    report::{self, Form},
    trust::expect_person,
};
use crate::{
    journal::Via,
    runtime::{Decider, Decision},
    sessions::Sessions,
    trust::user_name,
};

pub(crate) fn approve(context: &mut Context, args: &ApproveArgs) -> CommandResult {
    if let Some(session) = &args.session {
        return decide_phase(context, session, true);
    }
    decide(context, &Decision::Approve, "approve a plan")
}

pub(crate) fn reject(context: &mut Context, args: &RejectArgs) -> CommandResult {
    if let Some(session) = &args.session {
        return decide_phase(context, session, false);
    }
    decide(context, &Decision::Reject(args.feedback.join(" ")), "reject a plan")
}

fn decide(context: &mut Context, decision: &Decision, what: &str) -> CommandResult {
    let mut project = context.project()?;
    expect_person(what)?;
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

/// A person's decision about the open phase of a session.
fn decide_phase(context: &mut Context, session: &str, is_yes: bool) -> CommandResult {
    let mut project = context.project()?;
    expect_person("approve a phase")?;
    let decided = Sessions::default().decide(&mut project, session, (&user_name(), is_yes));
    let (phase, question) = decided.map_err(|failure| CommandError::refused(failure.message.clone()))?;
    let word = if is_yes { "approved" } else { "rejected" };
    let about = if question.is_empty() { String::new() } else { format!(": {question}") };
    context.terminal.remark(format!("{word}: phase {phase} of {session}{about}"))?;
    Ok(Exit::Ok)
}
