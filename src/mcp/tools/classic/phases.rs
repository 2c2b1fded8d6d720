//! The tools that go from phase to phase.

use super::{
    Stage, enter,
    reply::{answer, call_when, current, finish, next_calls},
    require_current, stage,
};
use crate::{
    document::WorkflowState,
    engine::{PlanGate, plan_gate},
    mcp::{
        answer::{Refusal, Retry},
        arguments::Arguments,
        ask::{self, Ask},
        open_project::OpenProject,
        tools::{Step, Then, classic, run_order},
    },
    rules,
    runtime::UnknownKey,
};
use serde_json::json;

/// `analyze_phase_guidance`
pub(in crate::mcp::tools) fn analyze(
    open: &mut OpenProject,
    arguments: &Arguments,
    _: Vec<String>,
) -> Result<Step, Refusal> {
    let reading = open.look_settled()?;
    if reading.guidance.item.is_none() && super::task(arguments).is_some() {
        return classic::init(open, arguments, Vec::new());
    }
    require_current(reading, arguments)?;
    let did = enter(open, "analyze", Stage::Analyze, None)?;
    finish(open, did)
}

/// `blueprint_phase_guidance`
pub(in crate::mcp::tools) fn blueprint(
    open: &mut OpenProject,
    arguments: &Arguments,
    _: Vec<String>,
) -> Result<Step, Refusal> {
    require_current(open.look_settled()?, arguments)?;
    let summary = arguments.text("requirements_summary").map(|text| format!("Requirements: {text}"));
    let did = enter(open, "blueprint", Stage::Blueprint, summary)?;
    finish(open, did)
}

/// `revise_blueprint_guidance`: the plan is to be changed. What the person is quoted with is the agent's
/// word, so it goes to Log and is no decision.
pub(in crate::mcp::tools) fn revise(
    open: &mut OpenProject,
    arguments: &Arguments,
    _: Vec<String>,
) -> Result<Step, Refusal> {
    require_current(open.look_settled()?, arguments)?;
    let feedback = arguments.text("feedback").map(|text| format!("Plan to be revised: {text}"));
    let mut did = enter(open, "revise", Stage::Blueprint, feedback)?;
    let asks = |status: &str| status.to_uppercase().starts_with("NEEDS");
    if open.look_settled()?.guidance.status.as_deref().is_some_and(asks) {
        let set = super::edit(open, "revise", &mut |draft| draft.set("Status", "RUNNING", UnknownKey::Add))?;
        did.push("Status = RUNNING".into());
        did.extend(set);
    }
    let reading = open.look()?;
    Ok(Step::Answer(answer(reading, did, next_calls(reading))))
}

/// `construct_phase_guidance`: begins to build, once the person has approved the plan.
pub(in crate::mcp::tools) fn construct(
    open: &mut OpenProject,
    arguments: &Arguments,
    did: Vec<String>,
) -> Result<Step, Refusal> {
    let reading = open.look_settled()?;
    require_current(reading, arguments)?;
    let gate = {
        let state = WorkflowState::parse(&reading.documents.state.text);
        plan_gate(&state, &rules::compile_unreviewed(&state)).filter(|gate| gate.is_waiting)
    };
    match gate {
        Some(PlanGate { is_empty: true, .. }) => {
            Err(Refusal::new("there is no plan to build by", Retry::AfterFix)
                .because("the phase before puts its plan to a person")
                .fix(
                    "write it: `update_workflow_state_guidance` with `plan`, and status NEEDS_PLAN_APPROVAL",
                ))
        }
        Some(_) => approval(open, did),
        None => {
            let entered = enter(open, "construct", Stage::Construct, None)?;
            finish(open, did.into_iter().chain(entered).collect())
        }
    }
}

/// Puts the plan to the person. Without a yes there is nothing to build.
pub(in crate::mcp::tools) fn approval(open: &mut OpenProject, mut did: Vec<String>) -> Result<Step, Refusal> {
    if open.look_settled()?.guidance.decision.is_none() {
        let status = "NEEDS_PLAN_APPROVAL";
        did.extend(super::edit(open, "ask for approval", &mut |draft| {
            draft.set("Status", status, UnknownKey::Add)
        })?);
        did.push(format!("Status = {status}"));
    }
    let may_ask = {
        open.look_settled()?;
        open.may_ask()?
    };
    let reading = open.latest()?;
    let refusal = Refusal::new("the plan is not approved", Retry::AfterFix)
        .because("a person decides about it, and an agent can't answer for them")
        .fix("ask the person to decide, and call again");
    let Some(ask) = Ask::of(reading, &did) else { return Err(refusal) };
    let refusal = refusal.with("person", ask::for_person(reading, &ask.question)).with("did", did.clone());
    if !may_ask {
        return Err(refusal);
    }
    Ok(Step::Ask(Box::new(ask.otherwise(Err(refusal))), Then::Build(did)))
}

/// `validate_phase_guidance`: runs the project's checks where a phase asks for them and they are trusted,
/// and goes into the phase.
pub(in crate::mcp::tools) fn validate(
    open: &mut OpenProject,
    arguments: &Arguments,
    did: Vec<String>,
) -> Result<Step, Refusal> {
    let reading = open.look_settled()?;
    let (lacks, item) = (reading.guidance.checks.is_some(), reading.guidance.item.clone());
    if did.is_empty() {
        require_current(reading, arguments)?;
        if lacks && let Some(step) = checked(open) {
            return Ok(step);
        }
    }
    // Green checks may have closed the phase, and the item with it.
    let is_behind =
        open.look_settled()?.guidance.item != item || stage(open.latest()?) == Some(Stage::Analyze);
    if is_behind && !did.is_empty() {
        return finish(open, did);
    }
    let entered = enter(open, "validate", Stage::Validate, None)?;
    let did: Vec<String> = did.into_iter().chain(entered).collect();
    let reading = open.look_settled()?;
    if reading.guidance.checks.is_some() {
        let issues = json!({ "task_description": current(&reading.guidance), "issues": "<issues>" });
        let next = vec![call_when("fix_validation_issues_guidance", issues, "something fails")];
        return Ok(Step::Answer(answer(
            reading,
            did,
            next.into_iter().chain(next_calls(reading).into_iter().take(1)).collect(),
        )));
    }
    finish(open, did)
}

/// The checks, to be run before the tool goes on; nothing when there are none, or nobody trusts them: the
/// answer says so.
pub(super) fn checked(open: &mut OpenProject) -> Option<Step> {
    run_order(open, None, Then::Again(Vec::new())).ok().flatten().map(Step::Run)
}
