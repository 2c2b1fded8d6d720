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
    runtime::{Documents, Edits, Error, Run},
    text::{Draft, nearest},
};

pub(crate) fn run(context: &mut Context, args: &SetArgs) -> CommandResult {
    let mut project = context.project()?;
    let written: Vec<String> = args.assignments.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let label = format!("set {}", written.join(" "));
    let run = project.edit(&label, Cause::FilesChanged, &mut |documents| edits(documents, args))?;
    if report::is_idle(&project, &run) {
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

fn edits(documents: &Documents, args: &SetArgs) -> Result<Edits, Error> {
    let mut draft = Draft::new(&documents.state.text, documents.state.revision);
    for (key, value) in &args.assignments {
        let edits = {
            let state = WorkflowState::parse(draft.text());
            if state.key(key).is_none() && !args.new {
                return Err(unknown(key, &state));
            }
            state.set(key, value)
        };
        draft.revise(edits);
    }
    Ok(Edits::of_state(draft.into_patch().edits().to_vec()))
}

fn unknown(key: &str, state: &WorkflowState<'_>) -> Error {
    let names = state.keys().iter().map(|key| key.name.as_str());
    let meant = nearest(key, names.clone()).map(|name| format!("did you mean `{name}`?"));
    let known: Vec<&str> = names.collect();
    let hint = meant.unwrap_or_else(|| match known.as_slice() {
        [] => "the file has no State keys".into(),
        known => format!("the file has {}", known.join(", ")),
    });
    Error::Caller {
        kind: crate::runtime::ErrorKind::Usage,
        message: format!("State has no key `{key}`"),
        hints: vec![hint, format!("`rulemark set --new {key}=…` adds it")],
    }
}
