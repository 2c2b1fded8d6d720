//! The guidance tools that agents know by name: a call a step of the workflow.
//!
//! Their forerunners only returned advice, and the agent was to edit the state itself. Here each does
//! its part of the change, through the engine and under its gates, and says what it did, what is to be
//! done, and the next call with its arguments filled in. Names and parameters are as they were.

mod files;
mod items;
mod phases;
mod reply;
mod state;
mod trouble;

pub(super) use files::{
    changelog_update, check_project_config, create_project_config, create_state_file, validate_files,
};
pub(super) use items::{complete, finalize, init, iterate};
pub(super) use phases::{analyze, approval, blueprint, construct, revise, validate};
pub(in crate::mcp) use reply::finish;
pub(super) use state::{update_state, workflow_guidance, workflow_state};
pub(super) use trouble::{error_recovery, escalate, fix_validation_issues};

use super::state::refuse_approving;
use crate::{
    document::WorkflowState,
    engine::Cause,
    mcp::{
        answer::{Refusal, Retry},
        arguments::Arguments,
        fence,
        open_project::{OpenProject, Reading},
        told,
    },
    rules::{self, RuleSet},
    runtime::{Error, StateDraft, UnknownKey},
};

/// The phases that the tools are named after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Analyze,
    Blueprint,
    Construct,
    Validate,
}

impl Stage {
    const ALL: [Self; 4] = [Self::Analyze, Self::Blueprint, Self::Construct, Self::Validate];

    fn name(self) -> &'static str {
        match self {
            Self::Analyze => "ANALYZE",
            Self::Blueprint => "BLUEPRINT",
            Self::Construct => "CONSTRUCT",
            Self::Validate => "VALIDATE",
        }
    }

    /// The project's own phase for it: the one of this name, else the one in its place, the last of them
    /// for VALIDATE. Files without phases mean the usual ones.
    fn phase(self, rules: &RuleSet) -> String {
        let own = rules.phases.iter().map(|phase| phase.name.as_str());
        let own: Vec<&str> = own
            .filter(|name| !["INIT", "COMPLETED"].iter().any(|it| it.eq_ignore_ascii_case(name)))
            .collect();
        if let Some(same) = own.iter().find(|name| name.eq_ignore_ascii_case(self.name())) {
            return (*same).to_owned();
        }
        let at = match self {
            Self::Analyze => own.first(),
            Self::Blueprint => own.get(1),
            Self::Construct => own.get(2),
            Self::Validate => own.last(),
        };
        at.or(own.last()).copied().unwrap_or(self.name()).to_owned()
    }

    /// The stage that a phase of the project is.
    fn of(phase: &str, rules: &RuleSet) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.phase(rules).eq_ignore_ascii_case(phase))
    }
}

/// The stage that the project is in, if its phase is one.
fn stage(reading: &Reading) -> Option<Stage> {
    let rules = rules::compile_unreviewed(&WorkflowState::parse(&reading.documents.state.text));
    Stage::of(reading.guidance.phase.as_deref()?, &rules)
}

/// The task that a call is about, without the fence that an answer has put around it.
fn task(arguments: &Arguments) -> Option<&str> {
    let text = arguments.text("task_description")?.trim();
    let inner = text.trim_matches('`').trim();
    Some(if inner.is_empty() { text } else { inner })
}

/// Makes sure that a call speaks of the current item. Agents say it in words of their own; only the name
/// of another item is a mistake.
fn require_current(reading: &Reading, arguments: &Arguments) -> Result<(), Refusal> {
    let state = WorkflowState::parse(&reading.documents.state.text);
    let items = state.items();
    let meant = task(arguments).and_then(|task| items.matching(task));
    let current = state.value("CurrentItem").and_then(|current| items.matching(current));
    match (meant, current) {
        (Some(meant), Some(current)) if meant.span != current.span => Err(Refusal::new(
            format!("{} is not the current item", fence::span(&meant.description)),
            Retry::AfterFix,
        )
        .because(format!("that is {}", fence::span(&current.description)))
        .fix("finish the current one first, or call with its description")),
        _ => Ok(()),
    }
}

/// Edits the state file, lets the rules run, and says what they did. The person's decision about a plan
/// can't be gone around.
fn edit(
    open: &mut OpenProject,
    label: &str,
    make: &mut dyn FnMut(&mut StateDraft<'_>) -> Result<(), Error>,
) -> Result<Vec<String>, Refusal> {
    open.look_settled()?;
    let at = open.project.now();
    let gates = open.project.settings().engine.gates;
    let verdict = open.project.approval();
    let run = open.project.edit(label, Cause::FilesChanged, &mut |documents| {
        let mut draft = StateDraft::new(documents, at);
        make(&mut draft)?;
        let is_approved = |plan| verdict.as_ref().is_some_and(|it| it.is_yes && it.plan == plan);
        refuse_approving(documents, draft.text(), gates, &is_approved)?;
        Ok(draft.into_edits())
    })?;
    told::did(&run, open.project.settings())
}

/// Goes into a stage's phase, with an entry in Log; says what was done. Where it is already, it stays.
fn enter(
    open: &mut OpenProject,
    label: &str,
    stage: Stage,
    log: Option<String>,
) -> Result<Vec<String>, Refusal> {
    let mut entered = None;
    let mut did = edit(open, label, &mut |draft| {
        entered = None;
        if let Some(log) = &log {
            draft.log(log)?;
        }
        let (phase, is_there, is_ready) = {
            let state = WorkflowState::parse(draft.text());
            let phase = stage.phase(&rules::compile_unreviewed(&state));
            let is =
                |key: &str, value: &str| state.value(key).is_some_and(|it| it.eq_ignore_ascii_case(value));
            (phase.clone(), is("Phase", &phase), is("Status", "READY"))
        };
        if !is_there {
            draft.set("Phase", &phase, UnknownKey::Add)?;
            entered = Some(phase);
        }
        if !is_there || is_ready {
            draft.set("Status", "RUNNING", UnknownKey::Add)?;
        }
        Ok(())
    })?;
    let said = entered.map(|phase| format!("Phase = {phase}")).into_iter();
    did.splice(0..0, said.chain(log.map(|_| "wrote it to Log".to_owned())));
    Ok(did)
}
