//! Answers, put into words for people.

use super::{Ink, Line, Table};
use crate::cli::{error::CommandError, render::Terminal};
use serde_json::{Map, Value};

/// Prints an answer that says yes.
pub(super) fn tell(terminal: &mut Terminal, answer: &Map<String, Value>) -> Result<(), CommandError> {
    if let Some(list) = answer.get("sessions").and_then(Value::as_array) {
        return sessions(terminal, list, text(answer, "next_cursor"));
    }
    if let Some(list) = answer.get("errors").and_then(Value::as_array) {
        return errors(terminal, list);
    }
    if let Some(list) = answer.get("timeline").and_then(Value::as_array) {
        return timeline(terminal, list);
    }
    if let Some(content) = answer.get("task_content").and_then(Value::as_str) {
        return terminal.document(&whole_line(content));
    }
    outcome(terminal, answer)?;
    if let Some(content) = answer.get("phase_content").and_then(Value::as_object) {
        phase(terminal, content)?;
    }
    Ok(())
}

fn outcome(terminal: &mut Terminal, answer: &Map<String, Value>) -> Result<(), CommandError> {
    let session = text(answer, "session_id");
    let number = |name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or_default();
    let is = |name: &str| answer.get(name).and_then(Value::as_bool) == Some(true);
    for warning in answer.get("warnings").and_then(Value::as_array).into_iter().flatten() {
        let warning = warning.as_str().unwrap_or_default();
        terminal.line(Line::new().ink(Ink::Caution, "warning: ").text(warning))?;
    }
    let told = match text(answer, "action") {
        "start" if is("resumed") => format!("{session} goes on"),
        "start" => format!("{session} has begun"),
        "complete_phase" if is("workflow_complete") => {
            format!("phase {} is complete, and so is the workflow", number("phase_completed"))
        }
        "complete_phase" => format!("phase {} is complete", number("phase_completed")),
        "pause" => format!("{session} waits"),
        "resume" => format!("{session} goes on, after {} s", number("paused_duration_seconds")),
        "retry_phase" => format!("phase {} begins anew", number("phase")),
        "rollback" => format!("back from phase {} to phase {}", number("from_phase"), number("to_phase")),
        "delete_session" if is("deleted") => format!("{session} is deleted; the journal keeps its text"),
        "delete_session" => format!("there was no {session}"),
        "get_metrics" => return figures(terminal, answer),
        _ => return Ok(()),
    };
    terminal.line(Line::new().ink(Ink::Strong, told))
}

fn phase(terminal: &mut Terminal, content: &Map<String, Value>) -> Result<(), CommandError> {
    let number = content.get("phase_number").and_then(Value::as_u64).unwrap_or_default();
    let words = text(content, "description").trim();
    // Many a text begins with its own heading.
    if !words.starts_with('#') {
        terminal.line(Line::new().ink(Ink::Strong, format!("Phase {number}: {}", text(content, "title"))))?;
        terminal.line("")?;
    }
    terminal.document(&whole_line(words))?;
    let tasks = content.get("tasks").and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
    for (index, task) in tasks.iter().filter_map(Value::as_object).enumerate() {
        if index == 0 {
            terminal.line("")?;
        }
        let number = task.get("task_number").and_then(Value::as_u64).unwrap_or_default();
        terminal.line(Line::indented(2).text(format!("task {number}  {}", text(task, "name"))))?;
    }
    let Some(checkpoint) = content.get("checkpoint").and_then(Value::as_object) else { return Ok(()) };
    if checkpoint.is_empty() {
        return Ok(());
    }
    terminal.line("")?;
    terminal.line(Line::new().ink(Ink::Faint, "closed with"))?;
    let mut table = Table::wrapping(2);
    for (kind, entries) in checkpoint {
        for entry in entries.as_array().into_iter().flatten().filter_map(Value::as_object) {
            let [subject, what] = asked(kind, entry);
            table.row(vec![Line::indented(2), Line::new().ink(Ink::Accent, subject), Line::new().text(what)]);
        }
        if let Some(words) = entries.as_str() {
            table.row(vec![Line::indented(2), Line::new().ink(Ink::Accent, kind), Line::new().text(words)]);
        }
    }
    terminal.table(table)
}

/// What a gate asks for, in two cells.
fn asked(kind: &str, entry: &Map<String, Value>) -> [String; 2] {
    match kind {
        "evidence" => {
            let optional = if entry.contains_key("optional") { ", optional" } else { "" };
            let must = entry.get("must").and_then(Value::as_array).into_iter().flatten();
            let must = must.filter_map(Value::as_str).fold(String::new(), |all, one| format!("{all}, {one}"));
            let what = format!("{}{optional}{must}: {}", text(entry, "type"), text(entry, "description"));
            [text(entry, "name").to_owned(), what.trim_end_matches(": ").to_owned()]
        }
        "commands" => {
            let code = entry.get("exit_code").and_then(Value::as_i64).unwrap_or_default();
            [text(entry, "command").to_owned(), format!("exits with {code}")]
        }
        "boxes" => [text(entry, "name").to_owned(), text(entry, "text").to_owned()],
        _ => {
            // An author's own words say what is wrong when the rule does not hold.
            let message = text(entry, "message");
            match message.is_empty() {
                true => ["rule".to_owned(), text(entry, "must").to_owned()],
                false => ["refused when".to_owned(), message.to_owned()],
            }
        }
    }
}

fn sessions(terminal: &mut Terminal, list: &[Value], cursor: &str) -> Result<(), CommandError> {
    if list.is_empty() {
        return terminal.remark("no sessions; `rulemark session start WORKFLOW FILE` begins one");
    }
    let mut table = Table::new(3);
    for entry in list.iter().filter_map(Value::as_object) {
        let number = |name: &str| entry.get(name).and_then(Value::as_u64).unwrap_or_default();
        let status = text(entry, "status");
        let ink = match status {
            "active" => Ink::Strong,
            "paused" => Ink::Caution,
            "failed" => Ink::Bad,
            _ => Ink::Faint,
        };
        let place = match text(entry, "problem") {
            "" => format!(
                "phase {} of {}, {}",
                number("current_phase"),
                number("total_phases"),
                text(entry, "target_file")
            ),
            problem => problem.to_owned(),
        };
        table.row(vec![
            Line::new().ink(Ink::Faint, text(entry, "last_updated").replace('T', " ")),
            Line::new().ink(ink, status),
            Line::new().text(text(entry, "session_id")),
            Line::new().ink(Ink::Faint, place),
        ]);
    }
    terminal.table(table)?;
    if !cursor.is_empty() {
        terminal.remark(format!("there are more: `--cursor {cursor}`"))?;
    }
    Ok(())
}

fn errors(terminal: &mut Terminal, list: &[Value]) -> Result<(), CommandError> {
    if list.is_empty() {
        return terminal.remark("nothing was refused");
    }
    for entry in list.iter().filter_map(Value::as_object) {
        let phase = entry.get("phase").and_then(Value::as_u64).unwrap_or_default();
        let head = format!("{}  phase {phase}  ", text(entry, "timestamp").replace('T', " "));
        terminal.prose(Line::new().ink(Ink::Faint, head).text(text(entry, "message")), 2)?;
        terminal.prose(Line::indented(2).ink(Ink::Accent, text(entry, "remediation")), 2)?;
    }
    Ok(())
}

fn timeline(terminal: &mut Terminal, list: &[Value]) -> Result<(), CommandError> {
    let mut table = Table::new(3);
    for entry in list.iter().filter_map(Value::as_object) {
        let number = entry.get("entry").and_then(Value::as_i64).unwrap_or_default();
        let phase = entry.get("phase").and_then(Value::as_u64).map(|phase| format!("phase {phase}"));
        table.row(vec![
            Line::new().ink(Ink::Faint, number.to_string()),
            Line::new().ink(Ink::Faint, text(entry, "at").replace('T', " ")),
            Line::new().ink(Ink::Strong, text(entry, "action")),
            Line::new().text(text(entry, "detail")),
            Line::new().ink(Ink::Faint, phase.unwrap_or_default()),
        ]);
    }
    terminal.table(table)
}

fn figures(terminal: &mut Terminal, answer: &Map<String, Value>) -> Result<(), CommandError> {
    let mut table = Table::new(1);
    for (name, value) in answer {
        if matches!(name.as_str(), "status" | "action" | "session_id") {
            continue;
        }
        for (inner, value) in value.as_object().into_iter().flatten() {
            if value.is_number() {
                let label = format!("{name} · {}", inner.replace('_', " "));
                table.row(vec![Line::new().ink(Ink::Faint, label), Line::new().text(value.to_string())]);
            }
        }
        if value.is_number() {
            table.row(vec![Line::new().ink(Ink::Faint, name), Line::new().text(value.to_string())]);
        }
    }
    terminal.table(table)
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn whole_line(text: &str) -> String {
    format!("{}\n", text.trim_end_matches('\n'))
}
