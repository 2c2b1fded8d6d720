//! `next`: what to do now, and saying that it is done.

use super::{Step, Then, run_order};
use crate::{
    engine::{Cause, StepResult, Turn},
    mcp::{
        answer::{Refusal, Retry},
        arguments::Arguments,
        ask::Ask,
        fence,
        guide::{self, Act, Close},
        open_project::{OpenProject, Reading},
        running::Order,
        told,
    },
    runtime::{StateDraft, UnknownKey},
};

pub(super) fn run(open: &mut OpenProject, arguments: &Arguments, _: Vec<String>) -> Result<Step, Refusal> {
    let Some(done) = arguments.text("done") else {
        if !arguments.is_empty() {
            return Err(Refusal::new("`done` is missing", Retry::AfterFix)
                .because("there is a result, and nothing that it is the result of")
                .fix("name one of `close`"));
        }
        return go_on(open, Vec::new());
    };
    let close = find(open.look_settled()?, done)?;
    let result = StepResult {
        success: !arguments.flag("failed").unwrap_or(false),
        text: arguments.text("result").map(str::to_owned),
    };
    match carry_out(open, close.act, result, Then::Guide(Vec::new()))? {
        Done::Did(did) => go_on(open, did),
        Done::Run(order) => Ok(Step::Run(order)),
    }
}

/// What to do now, and what the call has led to before.
pub(in crate::mcp) fn go_on(open: &mut OpenProject, did: Vec<String>) -> Result<Step, Refusal> {
    let turn = open.look_settled()?.guidance.turn;
    let did: Vec<String> = open.since().into_iter().chain(did).collect();
    let may_ask = open.may_ask()?;
    let reading = open.latest()?;
    let ask = if turn == Turn::Person { Ask::of(reading, &did) } else { None };
    Ok(match ask {
        Some(ask) if may_ask => Step::Ask(Box::new(ask), Then::Guide(did)),
        Some(ask) => Step::Answer(ask.unanswered()?),
        None => Step::Answer(guide::answer(reading, &did)),
    })
}

/// Closes a step that waits, for the tools that have another name for it.
pub(super) fn close(open: &mut OpenProject, step: &str, result: Option<&str>) -> Result<Step, Refusal> {
    let close = find(open.look_settled()?, step)?;
    let result = StepResult { success: true, text: result.map(str::to_owned) };
    match carry_out(open, close.act, result, Then::Classic(Vec::new()))? {
        Done::Did(did) => super::classic::finish(open, did),
        Done::Run(order) => Ok(Step::Run(order)),
    }
}

/// What the agent means by `done`.
fn find(reading: &Reading, done: &str) -> Result<Close, Refusal> {
    let closes = guide::closes(reading);
    let is_meant = |close: &&Close| fence::line(&close.name).eq_ignore_ascii_case(done.trim());
    if let Some(close) = closes.iter().find(is_meant) {
        return Ok(close.clone());
    }
    let waits = |id: &str| reading.guidance.pending.iter().any(|step| step.id == id);
    if waits(done.trim()) || reading.guidance.turn == Turn::Person {
        return Err(super::for_person(reading));
    }
    let names: Vec<String> = closes.iter().take(NAMES).map(|close| fence::line(&close.name)).collect();
    let refusal =
        Refusal::new(format!("nothing that is open is called {}", fence::span(done)), Retry::AfterFix)
            .because("it is done already, somebody has gone on meanwhile, or it was never asked for");
    Err(if names.is_empty() {
        refusal.fix("call `next` without arguments to see what to do")
    } else {
        refusal.fix("call `next` without arguments, or say that one of `open` is done").with("open", names)
    })
}

/// How many open names a refusal lists.
const NAMES: usize = 12;

/// What carrying out came to.
enum Done {
    Did(Vec<String>),
    /// Commands have to be run.
    Run(Box<Order>),
}

fn carry_out(open: &mut OpenProject, act: Act, result: StepResult, then: Then) -> Result<Done, Refusal> {
    let did = match act {
        Act::Report(step) => rules_run(open, Cause::Done { step, result })?,
        Act::Judge(rule) => rules_run(open, Cause::Judged { rule })?,
        Act::RunStep(id) => match run_order(open, Some(&id), then)? {
            Some(order) => return Ok(Done::Run(order)),
            // What no rule may run is the agent's word.
            None => rules_run(open, Cause::Done { step: id, result })?,
        },
        Act::RunChecks => match run_order(open, None, then)? {
            Some(order) => return Ok(Done::Run(order)),
            None => vec!["there are no checks to run".into()],
        },
        Act::Tick(step) => edit(open, "plan step done", &result, &mut |draft| draft.tick_plan_step(&step))?,
        Act::Set(assignments) => edit(open, "phase done", &result, &mut |draft| {
            assignments.iter().try_for_each(|(key, value)| draft.set(key, value, UnknownKey::Add))
        })?,
    };
    Ok(Done::Did(did))
}

fn rules_run(open: &mut OpenProject, cause: Cause) -> Result<Vec<String>, Refusal> {
    let run = open.project.run(cause)?;
    told::did(&run, open.project.settings())
}

/// An edit of the state file, with the result in Log.
fn edit(
    open: &mut OpenProject,
    label: &str,
    result: &StepResult,
    make: &mut dyn FnMut(&mut StateDraft<'_>) -> Result<(), crate::runtime::Error>,
) -> Result<Vec<String>, Refusal> {
    if !result.success {
        return Err(Refusal::new("what failed is not done", Retry::AfterFix)
            .because("a phase or a step of the plan is closed when it has succeeded; nothing was written")
            .fix("write what happened with `state` and `log`, mend it, and say `done` again"));
    }
    let at = open.project.now();
    let run = open.project.edit(label, Cause::FilesChanged, &mut |documents| {
        let mut draft = StateDraft::new(documents, at);
        if let Some(text) = &result.text {
            draft.log(text)?;
        }
        make(&mut draft)?;
        Ok(draft.into_edits())
    })?;
    told::did(&run, open.project.settings())
}
