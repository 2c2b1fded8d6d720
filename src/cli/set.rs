//! `rulemark set`.

use super::{
    args::SetArgs,
    context::Context,
    error::CommandResult,
    report::{self, Form},
};
use crate::{
    document::WorkflowState,
    engine::Cause,
    runtime::{Documents, Edits, Error, Run, StateDraft, UnknownKey},
};
use jiff::civil::DateTime;

pub(crate) fn run(context: &mut Context, args: &SetArgs) -> CommandResult {
    let mut project = context.project()?;
    let written: Vec<String> = args.assignments.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let label = format!("set {}", written.join(" "));
    let at = project.now();
    let run = project.edit(&label, Cause::FilesChanged, &mut |documents| edits(documents, at, args))?;
    if run.is_idle(project.settings()) {
        context.terminal.remark("nothing to change: the state says so already")?;
    }
    let concluded = report::conclude(&mut context.terminal, &project, &run, Form::Brief);
    for (key, value) in &args.assignments {
        if let Some(told) = overwritten(&run, key, value) {
            context.terminal.remark(told)?;
        }
    }
    concluded
}

/// Says which rules took back what was just set, if any did: the change itself does not show it.
fn overwritten(run: &Run, key: &str, value: &str) -> Option<String> {
    let [before, after] = [&run.before, &run.after].map(|it| WorkflowState::parse(&it.state.text));
    let before = &before.key(key)?.value;
    let key = after.key(key).filter(|key| key.value != value && key.value == *before)?;
    let firings = run.outcome.firings.iter();
    let mut rules: Vec<&str> = firings
        .filter(|firing| firing.done.iter().any(|done| done.contains(&key.name)))
        .map(|firing| firing.clause.rule.as_str())
        .collect();
    rules.dedup();
    let now = if key.value.is_empty() { "empty" } else { &key.value };
    (!rules.is_empty()).then(|| format!("{} is {now}, not {value}: {} set it", key.name, rules.join(", ")))
}

fn edits(documents: &Documents, at: DateTime, args: &SetArgs) -> Result<Edits, Error> {
    let mut draft = StateDraft::new(documents, at);
    let unknown = if args.new { UnknownKey::Add } else { UnknownKey::Refuse };
    for (key, value) in &args.assignments {
        draft.set(key, value, unknown)?;
    }
    Ok(draft.into_edits())
}
