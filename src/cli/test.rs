//! `rulemark test`: runs the project's tests and checks, and what rules wait for.

mod onlooker;

use super::{
    args::TestArgs,
    change::plural,
    context::Context,
    error::{CommandError, CommandResult, Exit},
    render::{Ink, Line, Terminal},
    report::{self, Form},
    trust::user_folders,
};
use crate::{
    engine::{NamedCommand, Purpose, duration},
    process::{End, last_lines},
    runtime::{CheckRun, Checks, Project, Run, Task, TaskPurpose},
};
use onlooker::{Interrupt, Onlooker};
use serde::Serialize;
use std::{collections::BTreeSet, path::Path};

/// The answer of `test --json`.
#[derive(Serialize)]
struct TestJson {
    /// Whether every command ended well.
    ok: bool,
    runs: Vec<RunJson>,
    /// Commands that are left to a person.
    left_to_person: Vec<String>,
    /// The journal's entries that have the evidence.
    entries: Vec<i64>,
}

/// One command that was run.
#[derive(Serialize)]
struct RunJson {
    purpose: String,
    label: String,
    line: String,
    ok: bool,
    /// `exited`, `signalled`, `timed out`, `stopped` or `not started`.
    end: &'static str,
    exit_code: Option<i32>,
    signal: Option<i32>,
    duration_ms: u64,
    output: OutputJson,
}

/// What a command printed.
#[derive(Serialize)]
struct OutputJson {
    /// All of it.
    file: String,
    bytes: u64,
    sha256: String,
    /// The last lines.
    tail: String,
}

/// Lines of a failed command's output that are shown, and that JSON has.
const TAIL_LINES: usize = 20;

pub(crate) fn run(context: &mut Context, args: &TestArgs) -> CommandResult {
    let mut project = context.project()?;
    let mut testing = Testing {
        is_streaming: context.is_verbose && !args.json,
        is_json: args.json,
        signal: Interrupt::listen()?,
        runs: Vec::new(),
        recorded: Vec::new(),
    };
    let terminal = &mut context.terminal;
    let mut done = BTreeSet::new();
    while args.name.is_none()
        && let Some(task) = waiting_step(&project, &mut done)?
    {
        testing.task(terminal, &mut project, &task)?;
    }
    let chosen = chosen(&checks_of(&project)?, args.name.as_deref(), !testing.runs.is_empty())?;
    let (left, chosen): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|it| it.destructive().is_some());
    if !testing.signal.has_come() {
        let commands = chosen.into_iter().map(|command| (command.clone(), command.line)).collect();
        testing.task(terminal, &mut project, &Task { purpose: TaskPurpose::Checks, commands })?;
    }
    testing.tell(terminal, &project, &left)?;
    terminal.flush()?;
    testing.signal.pass_on()?;
    Ok(if testing.is_green() { Exit::Ok } else { Exit::Findings })
}

fn checks_of(project: &Project) -> Result<Checks, CommandError> {
    Ok(project.checks(&project.read()?, &user_folders()?)?)
}

/// The next step of a rule that waits for commands; each is tried once.
fn waiting_step(project: &Project, done: &mut BTreeSet<String>) -> Result<Option<Task>, CommandError> {
    let task = project.task(&project.read()?)?;
    Ok(task.filter(|task| match &task.purpose {
        TaskPurpose::Step(id) => done.insert(id.clone()),
        TaskPurpose::Checks => false,
    }))
}

/// Commands that are run one after the other.
struct Testing {
    is_streaming: bool,
    is_json: bool,
    signal: Interrupt,
    runs: Vec<CheckRun>,
    /// What they have led to.
    recorded: Vec<Run>,
}

impl Testing {
    /// Runs the commands of a task, and writes down how they went.
    fn task(
        &mut self,
        terminal: &mut Terminal,
        project: &mut Project,
        task: &Task,
    ) -> Result<(), CommandError> {
        let mut checks = checks_of(project)?;
        checks.require_trust()?;
        let mut runs = Vec::new();
        for (command, line) in &task.commands {
            let mut onlooker = Onlooker::new(terminal, line, &self.signal, self.is_streaming);
            let run = checks.run_line(command, line, &mut onlooker);
            onlooker.finish();
            let run = run?;
            if !self.is_json {
                tell(terminal, project.workspace().root(), &run, self.is_streaming)?;
            }
            let is_stopped = run.conclusion.end == End::Stopped;
            runs.push(run);
            if is_stopped {
                break;
            }
        }
        if runs.iter().any(|run| run.conclusion.end != End::Stopped) {
            self.recorded.push(project.conclude(&task.purpose, &runs)?);
        }
        self.runs.append(&mut runs);
        Ok(())
    }

    fn is_green(&self) -> bool {
        self.runs.iter().all(|run| run.conclusion.end.is_success())
    }

    fn tell(
        &self,
        terminal: &mut Terminal,
        project: &Project,
        left: &[NamedCommand],
    ) -> Result<(), CommandError> {
        if self.is_json {
            return terminal.json(&TestJson {
                ok: self.is_green(),
                runs: self.runs.iter().map(|run| RunJson::of(project, run)).collect(),
                left_to_person: left.iter().map(|command| command.line.clone()).collect(),
                entries: self.recorded.iter().filter_map(|run| run.entry).collect(),
            });
        }
        for command in left {
            let line = Line::new().ink(Ink::Caution, "left to a person").text(format!("  {}", command.line));
            terminal.prose(line, 2)?;
        }
        if let Some(why) = self.runs.iter().find_map(|run| run.tree.as_ref().err()) {
            let line = Line::new().ink(Ink::Caution, "warning").text(format!(": no evidence is kept: {why}"));
            terminal.prose(line, 2)?;
        }
        self.recorded.iter().try_for_each(|run| report::run(terminal, run, Form::Brief))
    }
}

/// The commands that are meant: those with the name, else those of the kind, else all checks, which may
/// be none where something else was run.
fn chosen(checks: &Checks, name: Option<&str>, may_be_none: bool) -> Result<Vec<NamedCommand>, CommandError> {
    let all = || checks.commands().iter().filter(|command| matches!(command.purpose, Purpose::Check(_)));
    let Some(name) = name else {
        let chosen: Vec<_> = all().filter(|command| command.is_check()).cloned().collect();
        let hint = "name one in a `sh` block under `## Test Commands` of project_config.md";
        return match chosen.is_empty() && !may_be_none {
            true => Err(CommandError::usage("the project names no tests or checks").with_hint(hint)),
            false => Ok(chosen),
        };
    };
    let is_same = |text: &str| text.trim().eq_ignore_ascii_case(name.trim());
    let named: Vec<_> =
        all().filter(|command| is_same(&command.line) || is_same(&command.label)).cloned().collect();
    let chosen = if named.is_empty() {
        all().filter(|command| is_same(command.purpose.name())).cloned().collect()
    } else {
        named
    };
    if chosen.is_empty() {
        let mut names: Vec<&str> =
            all().flat_map(|command| [command.purpose.name(), &command.label]).collect();
        names.sort_unstable();
        names.dedup();
        let hint = if names.is_empty() {
            "the project names none".into()
        } else {
            format!("there are: {}", names.join(", "))
        };
        return Err(CommandError::usage(format!("no command is called `{name}`")).with_hint(hint));
    }
    Ok(chosen)
}

/// Tells how a command went; `root` is the project's folder.
pub(crate) fn tell(
    terminal: &mut Terminal,
    root: &Path,
    run: &CheckRun,
    is_streamed: bool,
) -> Result<(), CommandError> {
    let (command, end) = (&run.command, run.conclusion.end);
    let (ink, word) = match end {
        End::Exited(0) => (Ink::Good, "ok".to_owned()),
        End::Exited(code) => (Ink::Bad, format!("exit {code}")),
        End::Signalled(signal) => (Ink::Bad, format!("signal {signal}")),
        End::TimedOut => (Ink::Bad, "timed out".to_owned()),
        End::Stopped => (Ink::Caution, "stopped".to_owned()),
        End::NotStarted => (Ink::Bad, "no start".to_owned()),
    };
    let head = Line::new().ink(ink, format!("{word:<9}")).text(format!(" {}", command.line));
    terminal.prose(head.ink(Ink::Faint, format!("  {}", duration(millis(run)))), 10)?;
    if end.is_success() {
        return Ok(());
    }
    let output = &run.conclusion.output;
    if !is_streamed {
        let lines: Vec<String> = last_lines(&output.tail, TAIL_LINES);
        terminal.lines(lines.iter().map(|line| Line::indented(4).ink(Ink::Faint, line)))?;
    }
    let file = run.output.strip_prefix(root).unwrap_or(&run.output).display().to_string();
    let amount =
        format!("  {} {}", output.bytes, plural(usize::try_from(output.bytes).unwrap_or(usize::MAX), "byte"));
    let whole =
        if output.is_whole { amount } else { format!("{amount}, of which the file has the beginning") };
    terminal.prose(Line::indented(2).ink(Ink::Faint, "all output: ").text(file).ink(Ink::Faint, whole), 2)
}

fn millis(run: &CheckRun) -> u64 {
    u64::try_from(run.conclusion.duration.as_millis()).unwrap_or(u64::MAX)
}

impl RunJson {
    fn of(project: &Project, run: &CheckRun) -> Self {
        let (end, exit_code, signal) = match run.conclusion.end {
            End::Exited(code) => ("exited", Some(code), None),
            End::Signalled(signal) => ("signalled", None, Some(signal)),
            End::TimedOut => ("timed out", None, None),
            End::Stopped => ("stopped", None, None),
            End::NotStarted => ("not started", None, None),
        };
        let output = &run.conclusion.output;
        Self {
            purpose: run.command.purpose.name().to_owned(),
            label: run.command.label.clone(),
            line: run.command.line.clone(),
            ok: run.conclusion.end.is_success(),
            end,
            exit_code,
            signal,
            duration_ms: millis(run),
            output: OutputJson {
                file: project.workspace().relative(&run.output).display().to_string(),
                bytes: output.bytes,
                sha256: output.digest.to_string(),
                tail: last_lines(&output.tail, TAIL_LINES).join("\n"),
            },
        }
    }
}
