//! What the state file holds, in the parts that answers are made of.

use crate::document::{Item, PlanStep, Role, StateKey, WorkflowState, plan_steps};

/// The parts of one version of the state file. Answers need them again and again, and reading 1,000 items
/// takes longer than all the rest of a call.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) keys: Vec<StateKey>,
    pub(super) items: Vec<Item>,
    /// The steps of the plan that are not ticked.
    pub(super) open_steps: Vec<PlanStep>,
    pub(super) plan: Text,
    pub(super) log: Text,
}

/// What a section holds, and how much that is by the rule language's count.
#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) text: String,
    /// `None` where there is no such section.
    pub(super) characters: Option<usize>,
}

impl Contents {
    pub(super) fn of(state: &str) -> Self {
        let state = WorkflowState::parse(state);
        let outline = state.outline();
        let text = |role| {
            outline.section(role).map_or_else(Text::default, |section| Text {
                text: outline.content(section),
                characters: Some(outline.characters(section)),
            })
        };
        Self {
            keys: state.keys().to_vec(),
            items: state.items().rows().to_vec(),
            open_steps: plan_steps(outline).into_iter().filter(|step| !step.is_done).collect(),
            plan: text(Role::Plan),
            log: text(Role::Log),
        }
    }
}
