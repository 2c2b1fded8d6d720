//! `rulemark item`.

use super::{
    args::ItemCommand,
    context::Context,
    error::{CommandError, CommandResult, Exit},
    json::ItemJson,
    render::{Ink, Line, Table},
    report::{self, Form},
};
use crate::{
    document::{Item, ItemStatus, Items, WorkflowState},
    engine::Cause,
    runtime::{Edits, Error, ErrorKind},
    text::nearest,
};

pub(crate) fn run(context: &mut Context, command: &ItemCommand) -> CommandResult {
    match command {
        ItemCommand::Add { text } => add(context, &text.join(" ")),
        ItemCommand::Done { id } => done(context, id.as_deref()),
        ItemCommand::List(args) => list(context, args.json),
    }
}

fn add(context: &mut Context, text: &str) -> CommandResult {
    if text.trim().is_empty() {
        return Err(CommandError::usage("the item is empty"));
    }
    let mut project = context.project()?;
    let run = project.edit(&format!("item add {text}"), Cause::FilesChanged, &mut |documents| {
        Ok(Edits::of_state(WorkflowState::parse(&documents.state.text).items().add(text)))
    })?;
    report::conclude(&mut context.terminal, &project, &run, Form::Brief)
}

fn done(context: &mut Context, id: Option<&str>) -> CommandResult {
    let mut project = context.project()?;
    let run = project.edit("item done", Cause::FilesChanged, &mut |documents| {
        let state = WorkflowState::parse(&documents.state.text);
        let items = state.items();
        let item = wanted(&state, &items, id)?;
        if item.state == ItemStatus::Processed {
            return Ok(Edits::default());
        }
        let edits = items.complete(item);
        if edits.is_empty() {
            return Err(Error::Caller {
                kind: ErrorKind::Conflict,
                message: "the items have no place for a status".into(),
                hints: vec!["add a `status` column, or check boxes".into()],
            });
        }
        Ok(Edits::of_state(edits))
    })?;
    if report::is_idle(&project, &run) {
        context.terminal.remark("nothing to change: the item is done already")?;
    }
    report::conclude(&mut context.terminal, &project, &run, Form::Brief)
}

fn wanted<'i>(state: &WorkflowState<'_>, items: &'i Items<'_>, id: Option<&str>) -> Result<&'i Item, Error> {
    let name = match id {
        Some(id) => id,
        None => state.value("CurrentItem").ok_or_else(|| {
            let message = "no item is current";
            let hints = vec!["`rulemark item done ID` names one; `rulemark item list` shows them".into()];
            Error::Caller { kind: ErrorKind::Usage, message: message.into(), hints }
        })?,
    };
    items.matching(name).ok_or_else(|| {
        let names = items.rows().iter().map(|item| item.id.as_deref().unwrap_or(&item.description));
        let meant = nearest(name, names).map(|name| format!("did you mean `{name}`?"));
        let hints = vec![meant.unwrap_or_else(|| "`rulemark item list` shows them".into())];
        Error::Caller { kind: ErrorKind::Usage, message: format!("no item is called `{name}`"), hints }
    })
}

fn list(context: &mut Context, json: bool) -> CommandResult {
    let documents = context.project()?.read()?;
    let state = WorkflowState::parse(&documents.state.text);
    let items = state.items();
    let terminal = &mut context.terminal;
    if json {
        terminal.json(&items.rows().iter().map(ItemJson::from).collect::<Vec<_>>())?;
        return Ok(Exit::Ok);
    }
    if items.rows().is_empty() {
        terminal.remark("no items; `rulemark item add TEXT` adds one")?;
        return Ok(Exit::Ok);
    }
    let current = state.value("CurrentItem").and_then(|value| items.matching(value));
    let mut table = Table::new(2);
    for item in items.rows() {
        let is_current = current.is_some_and(|current| current.span == item.span);
        let done = item.state == ItemStatus::Processed;
        let (mark, ink) = match (is_current, done) {
            (true, _) => (Line::new().ink(Ink::Caution, "▶"), Ink::Strong),
            (false, true) => (Line::new().ink(Ink::Good, "✓"), Ink::Faint),
            (false, false) => (Line::new().ink(Ink::Faint, "·"), Ink::Plain),
        };
        table.row(vec![
            mark,
            Line::new().ink(ink, item.id.as_deref().unwrap_or_default()),
            Line::new().ink(ink, &item.description),
            Line::new().ink(Ink::Faint, item.status.as_deref().unwrap_or_default()),
        ]);
    }
    terminal.table(table)?;
    Ok(Exit::Ok)
}
