//! `rulemark log`.

use super::{
    args::LogArgs,
    context::Context,
    error::{CommandResult, Exit},
    render::{Ink, Line},
    report::{self, Form},
};
use crate::{
    document::{Outline, Role},
    engine::Cause,
    runtime::{Project, StateDraft},
};
use serde::Serialize;

/// How many cleared logs `--archived` prints.
const ARCHIVED: usize = 1_000;

pub(crate) fn run(context: &mut Context, args: &LogArgs) -> CommandResult {
    let mut project = context.project()?;
    if args.archived {
        return archived(context, &project, args.json);
    }
    if args.text.is_empty() {
        return print(context, &project, args.json);
    }
    let text = args.text.join(" ");
    let at = project.now();
    let run = project.edit(&format!("log {text}"), Cause::FilesChanged, &mut |documents| {
        let mut draft = StateDraft::new(documents, at);
        draft.log(&text)?;
        Ok(draft.into_edits())
    })?;
    report::conclude(&mut context.terminal, &project, &run, Form::Brief)
}

fn print(context: &mut Context, project: &Project, json: bool) -> CommandResult {
    #[derive(Serialize)]
    struct LogJson {
        text: String,
        characters: usize,
    }
    let documents = project.read()?;
    let outline = Outline::parse(&documents.state.text);
    let section = outline.section(Role::Log);
    let text = section.map(|section| outline.content(section)).unwrap_or_default();
    if json {
        let characters = section.map_or(0, |section| outline.characters(section));
        context.terminal.json(&LogJson { text, characters })?;
    } else if text.is_empty() {
        context.terminal.remark("the log is empty")?;
    } else {
        context.terminal.lines(text.lines().map(Line::from))?;
    }
    Ok(Exit::Ok)
}

fn archived(context: &mut Context, project: &Project, json: bool) -> CommandResult {
    #[derive(Serialize)]
    struct ArchivedJson {
        entry: i64,
        at: String,
        text: String,
    }
    let mut logs = project.archived_logs(ARCHIVED)?;
    logs.reverse();
    if json {
        let logs: Vec<ArchivedJson> = logs
            .into_iter()
            .map(|log| ArchivedJson { entry: log.seq, at: log.at.to_string(), text: log.text })
            .collect();
        context.terminal.json(&logs)?;
        return Ok(Exit::Ok);
    }
    if logs.is_empty() {
        context.terminal.remark("no log has been cleared yet")?;
    }
    for (number, log) in logs.iter().enumerate() {
        if number > 0 {
            context.terminal.line("")?;
        }
        let head = format!("cleared {} by entry {}", log.at.strftime("%Y-%m-%d %H:%M:%S"), log.seq);
        context.terminal.line(Line::new().ink(Ink::Faint, head))?;
        context.terminal.lines(log.text.lines().map(Line::from))?;
    }
    Ok(Exit::Ok)
}
