//! `next`: what to do now.

use super::Step;
use crate::{
    engine::{Guidance, Turn},
    mcp::{
        answer::{Answer, Refusal},
        arguments::Arguments,
        fence,
        open_project::OpenProject,
    },
};

pub(super) fn run(open: &mut OpenProject, _: &Arguments) -> Result<Step, Refusal> {
    Ok(Step::Answer(answer(&open.look_settled()?.guidance)))
}

fn answer(guidance: &Guidance) -> Answer {
    let turn = match guidance.turn {
        Turn::Agent => "agent",
        Turn::Person => "person",
        Turn::Nobody => "nobody",
    };
    let steps: Vec<String> = guidance.steps.iter().map(|step| fence::line(step)).collect();
    Answer::default()
        .with("turn", turn)
        .with("phase", guidance.phase.clone())
        .with("status", guidance.status.clone())
        .with("item", guidance.item.as_deref().map(fence::span))
        .with("do", steps)
}
