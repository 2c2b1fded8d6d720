//! `rulemark item`.

use super::{
    args::ItemCommand,
    context::Context,
    error::{CommandResult, Exit},
    json::ItemJson,
    render::{Ink, Line, Table},
    report::{self, Form},
};
use crate::{
    document::{ItemStatus, WorkflowState},
    engine::Cause,
    runtime::StateDraft,
};

pub(crate) fn run(context: &mut Context, command: &ItemCommand) -> CommandResult {
    match command {
        ItemCommand::Add { text } => add(context, &text.join(" ")),
        ItemCommand::Done { id } => done(context, id.as_deref()),
        ItemCommand::List(args) => list(context, args.json),
    }
}

fn add(context: &mut Context, text: &str) -> CommandResult {
    let mut project = context.project()?;
    let at = project.now();
    let run = project.edit(&format!("item add {text}"), Cause::FilesChanged, &mut |documents| {
        let mut draft = StateDraft::new(documents, at);
        draft.add_item(text)?;
        Ok(draft.into_edits())
    })?;
    report::conclude(&mut context.terminal, &project, &run, Form::Brief)
}

fn done(context: &mut Context, id: Option<&str>) -> CommandResult {
    let mut project = context.project()?;
    let at = project.now();
    let run = project.edit("item done", Cause::FilesChanged, &mut |documents| {
        let mut draft = StateDraft::new(documents, at);
        draft.complete_item(id)?;
        Ok(draft.into_edits())
    })?;
    if run.is_idle(project.settings()) {
        context.terminal.remark("nothing to change: the item is done already")?;
    }
    report::conclude(&mut context.terminal, &project, &run, Form::Brief)
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
