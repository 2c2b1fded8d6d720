//! `rulemark next`: what to do now, in plain words.

use super::{
    args::NextArgs,
    change::{plural, shorten},
    context::Context,
    error::{CommandError, CommandResult, Exit},
    json::PendingJson,
    render::{Ink, Line, Terminal},
    report,
};
use crate::engine::{ApprovalMode, Closing, Guidance, Lack, Turn};
use serde::Serialize;

/// The answer of `next --json`.
#[derive(Serialize)]
struct NextJson {
    /// `agent`, `person` or `nobody`.
    turn: &'static str,
    phase: Option<String>,
    status: Option<String>,
    item: Option<String>,
    item_id: Option<String>,
    done: usize,
    left: usize,
    /// The item that comes next, when none is current.
    upcoming: Option<String>,
    /// Whether the rules have not run on these files yet.
    unsettled: bool,
    /// Whether an item has to be added before there is anything to do.
    needs_item: bool,
    /// The steps of the phase, word for word, a line each.
    steps: Vec<String>,
    pending: Vec<PendingJson>,
    questions: Vec<QuestionJson>,
    constraints: Vec<QuestionJson>,
    closings: Vec<ClosingJson>,
    /// Why the phase can't be left: what its checks, and its plan, lack.
    checks: Option<LackJson>,
    approval: Option<LackJson>,
}

/// What stands in the way, and what helps.
#[derive(Serialize)]
struct LackJson {
    what: String,
    remedy: String,
}

impl From<Lack> for LackJson {
    fn from(Lack { what, remedy }: Lack) -> Self {
        Self { what, remedy }
    }
}

/// A rule and what it asks or says.
#[derive(Serialize)]
struct QuestionJson {
    rule: String,
    text: String,
}

/// A command that takes the work further.
#[derive(Serialize)]
struct ClosingJson {
    command: String,
    by: &'static str,
    when: Option<String>,
}

/// What approves a plan.
const APPROVE: &str = "rulemark approve";

/// Questions and constraints that are printed; all of them are in `rulemark rules` and in `--json`.
const SHOWN: usize = 8;

pub(crate) fn run(context: &mut Context, args: &NextArgs) -> CommandResult {
    let project = context.project()?;
    let guidance = project.guidance(&project.read()?)?;
    let exit = if args.exit_code && guidance.turn == Turn::Person { Exit::Waiting } else { Exit::Ok };
    let terminal = &mut context.terminal;
    if args.json {
        terminal.json(&NextJson::from(guidance))?;
    } else {
        print(terminal, &guidance)?;
    }
    Ok(exit)
}

impl From<Guidance> for NextJson {
    fn from(it: Guidance) -> Self {
        let closing = |closing: Closing| ClosingJson {
            command: command(&closing),
            by: turn(closing.by),
            when: closing.when,
        };
        let decided = it.decision.into_iter().map(|_| ClosingJson {
            command: APPROVE.to_owned(),
            by: turn(Turn::Person),
            when: None,
        });
        let is_free = it.decision != Some(ApprovalMode::Person);
        Self {
            turn: turn(it.turn),
            phase: it.phase,
            status: it.status,
            item: it.item,
            item_id: it.item_id,
            done: it.done,
            left: it.left,
            upcoming: it.upcoming,
            unsettled: it.is_unsettled,
            needs_item: it.needs_item,
            steps: it.steps,
            pending: it.pending.iter().map(PendingJson::from).collect(),
            questions: it
                .questions
                .into_iter()
                .map(|it| QuestionJson { rule: it.rule, text: it.text })
                .collect(),
            constraints: it
                .constraints
                .into_iter()
                .map(|it| QuestionJson { rule: it.rule, text: it.text })
                .collect(),
            closings: decided.chain(it.closings.into_iter().filter(|_| is_free).map(closing)).collect(),
            checks: it.checks.map(LackJson::from),
            approval: it.approval.map(LackJson::from),
        }
    }
}

fn print(terminal: &mut Terminal, guidance: &Guidance) -> Result<(), CommandError> {
    terminal.prose(headline(guidance), 2)?;
    if guidance.turn == Turn::Nobody {
        terminal.line("")?;
        terminal.line(Line::new().ink(Ink::Good, "all items are done"))?;
        return close(terminal, "rulemark item add \"…\"", "to go on");
    }
    steps(terminal, guidance)?;
    if !guidance.pending.is_empty() {
        heading(terminal, "waiting")?;
        for step in &guidance.pending {
            report::pending(terminal, step)?;
        }
    }
    if !guidance.questions.is_empty() {
        heading(terminal, "is it so?")?;
        for question in guidance.questions.iter().take(SHOWN) {
            terminal.prose(Line::indented(2).text(&question.text), 2)?;
            close(terminal, &format!("rulemark emit judge {}", question.rule), "if so")?;
        }
        rest(terminal, guidance.questions.len(), "question")?;
    }
    constraints(terminal, guidance)?;
    lacks(terminal, guidance)?;
    closings(terminal, guidance)?;
    if guidance.is_unsettled {
        heading(terminal, "the rules have not run on this file yet")?;
        close(terminal, "rulemark apply", "or keep `rulemark watch` running")?;
    }
    Ok(())
}

fn headline(guidance: &Guidance) -> Line {
    let mut line = Line::new().ink(Ink::Strong, guidance.phase.as_deref().unwrap_or("no phase"));
    if let Some(status) = &guidance.status {
        let ink = if guidance.turn == Turn::Person { Ink::Caution } else { Ink::Plain };
        line = line.ink(Ink::Faint, " · ").ink(ink, status);
    }
    if let Some(item) = &guidance.item {
        let id = guidance.item_id.as_ref().map_or_else(String::new, |id| format!("{id} "));
        line = line.ink(Ink::Faint, " · ").text(id).text(item);
    }
    let (done, all) = (guidance.done, guidance.done + guidance.left);
    if all > 0 { line.ink(Ink::Faint, format!(" · {done} of {all} done")) } else { line }
}

fn steps(terminal: &mut Terminal, guidance: &Guidance) -> Result<(), CommandError> {
    if guidance.turn == Turn::Person && guidance.pending.is_empty() {
        terminal.line("")?;
        return terminal.prose("a person has to look at the plan and decide", 0);
    }
    if !guidance.pending.is_empty() || guidance.steps.is_empty() {
        return Ok(());
    }
    heading(terminal, "do")?;
    for step in &guidance.steps {
        let text = step.trim_start();
        let indent = 2 + step.len() - text.len();
        let marker = text.find(' ').filter(|&at| at <= 3).map_or(0, |at| at + 1);
        terminal.prose(Line::indented(indent).text(text), marker)?;
    }
    Ok(())
}

fn constraints(terminal: &mut Terminal, guidance: &Guidance) -> Result<(), CommandError> {
    if guidance.constraints.is_empty() {
        return Ok(());
    }
    heading(terminal, "heed")?;
    for heed in guidance.constraints.iter().take(SHOWN) {
        let line = Line::indented(2).text(&heed.text).ink(Ink::Faint, format!("  ({})", heed.rule));
        terminal.prose(line, 2)?;
    }
    rest(terminal, guidance.constraints.len(), "constraint")
}

/// Counts what was not printed of `all`.
fn rest(terminal: &mut Terminal, all: usize, word: &str) -> Result<(), CommandError> {
    let rest = all.saturating_sub(SHOWN);
    if rest == 0 {
        return Ok(());
    }
    let line = format!("… and {rest} more {}: `rulemark rules`", plural(rest, word));
    terminal.line(Line::indented(2).ink(Ink::Faint, line))
}

/// Tells why the phase can't be left.
fn lacks(terminal: &mut Terminal, guidance: &Guidance) -> Result<(), CommandError> {
    let lacks = [("approval", &guidance.approval), ("checks", &guidance.checks)];
    for (name, lack) in lacks {
        let Some(Lack { what, remedy }) = lack else { continue };
        heading(terminal, name)?;
        terminal.prose(Line::indented(2).ink(Ink::Caution, what), 2)?;
        terminal.prose(Line::indented(2).text(remedy), 2)?;
    }
    Ok(())
}

fn closings(terminal: &mut Terminal, guidance: &Guidance) -> Result<(), CommandError> {
    if let Some(upcoming) = &guidance.upcoming {
        heading(terminal, "no item is current; the next one is")?;
        terminal.prose(Line::indented(2).text(upcoming), 0)?;
    }
    if guidance.needs_item {
        heading(terminal, "to begin")?;
        close(terminal, "rulemark item add \"…\"", "names the next task")?;
    }
    if guidance.closings.is_empty() {
        return Ok(());
    }
    heading(terminal, if guidance.turn == Turn::Person { "to approve" } else { "when done" })?;
    if guidance.decision.is_some() {
        close(terminal, APPROVE, "")?;
        close(terminal, "rulemark reject \"…\"", "says what has to change")?;
    }
    if guidance.decision == Some(ApprovalMode::Person) {
        return Ok(());
    }
    for closing in &guidance.closings {
        let several = guidance.closings.len() > 1;
        let said = || closing.when.as_deref().filter(|_| several).map(shorten).unwrap_or_default();
        let when = if guidance.decision.is_some() {
            "approves as well, as any such edit does".into()
        } else {
            said()
        };
        close(terminal, &command(closing), &when)?;
    }
    Ok(())
}

fn heading(terminal: &mut Terminal, text: &str) -> Result<(), CommandError> {
    terminal.line("")?;
    terminal.line(Line::new().ink(Ink::Faint, text))
}

fn close(terminal: &mut Terminal, command: &str, when: &str) -> Result<(), CommandError> {
    let line = Line::indented(2).ink(Ink::Accent, command);
    terminal.line(if when.is_empty() { line } else { line.ink(Ink::Faint, format!("  {when}")) })
}

fn command(closing: &Closing) -> String {
    format!("rulemark {}", closing.command())
}

fn turn(turn: Turn) -> &'static str {
    match turn {
        Turn::Agent => "agent",
        Turn::Person => "person",
        Turn::Nobody => "nobody",
    }
}
