//! `rulemark emit`.

use super::{
    args::EmitArgs,
    compiled,
    context::Context,
    error::{CommandError, CommandResult},
    report::{self, Form},
};
use crate::{
    engine::{Cause, EVENTS, EventName, awaited_names},
    rules::RuleSet,
    text::nearest,
};

pub(crate) fn run(context: &mut Context, args: &EmitArgs) -> CommandResult {
    let mut project = context.project()?;
    let rules = compiled::rules(&project.read()?);
    let cause = cause(args, &rules)?;
    let run = project.run(cause)?;
    if run.is_idle(project.settings()) {
        context.terminal.remark("no rule fires")?;
    }
    report::conclude(&mut context.terminal, &project, &run, Form::Brief)
}

/// What was reported; an event that no rule and no list knows is a mistake.
fn cause(args: &EmitArgs, rules: &RuleSet) -> Result<Cause, CommandError> {
    let argument = args.argument.join(" ");
    if let Some(event) = EventName::find(&args.event) {
        return match event.argument {
            Some(what) if argument.is_empty() => {
                Err(CommandError::usage(format!("`{}` needs {what} behind it", event.name))
                    .with_hint(format!("{what} says what the event is about: {}", event.meaning)))
            }
            None if !argument.is_empty() => {
                Err(CommandError::usage(format!("`{}` takes nothing behind it", event.name)))
            }
            _ if event.name == "judge" => judged(&argument, rules).map(|rule| event.cause(rule)),
            _ => Ok(event.cause(argument)),
        };
    }
    let awaited = awaited_names(rules);
    let typed = if argument.is_empty() { args.event.clone() } else { format!("{} {argument}", args.event) };
    let known = awaited.iter().find(|name| name.eq_ignore_ascii_case(&typed));
    match known {
        Some(name) if name.starts_with('@') => Ok(Cause::Command((*name).to_owned())),
        Some(name) => Ok(Cause::Named((*name).to_owned())),
        None => Err(unknown(&typed, &awaited)),
    }
}

fn judged(id: &str, rules: &RuleSet) -> Result<String, CommandError> {
    rules.rule(id).map(|rule| rule.id.clone()).ok_or_else(|| {
        let meant = nearest(id, rules.rules.iter().map(|rule| rule.id.as_str()));
        let hint =
            meant.map_or_else(|| "`rulemark rules` lists them".into(), |it| format!("did you mean `{it}`?"));
        CommandError::usage(format!("no rule is called `{id}`")).with_hint(hint)
    })
}

fn unknown(name: &str, awaited: &[&str]) -> CommandError {
    let listed = EVENTS.iter().map(|event| event.name);
    let error = CommandError::usage(format!("no event is called `{name}`, and no rule waits for it"));
    let known: Vec<&str> = listed.chain(awaited.iter().copied()).collect();
    match nearest(name, known.iter().copied()) {
        Some(meant) => error.with_hint(format!("did you mean `{meant}`?")),
        None => error.with_hint(format!("events are {}", known.join(", "))),
    }
}
