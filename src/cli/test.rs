//! `rulemark test`: runs the project's tests and checks.

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
    process::{End, Watch, last_lines},
    runtime::{CheckRun, Checks, Project},
};
use serde::Serialize;
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    flag,
    low_level::emulate_default_handler,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// The answer of `test --json`.
#[derive(Serialize)]
struct TestJson {
    /// Whether every command ended well.
    ok: bool,
    runs: Vec<RunJson>,
    /// Commands that are left to a person.
    left_to_person: Vec<String>,
    /// The journal's entry that has the evidence.
    entry: Option<i64>,
}

/// One command that was run.
#[derive(Serialize)]
struct RunJson {
    purpose: String,
    label: String,
    line: String,
    ok: bool,
    /// `exited`, `signalled`, `timed out` or `stopped`.
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
    let folders = user_folders()?;
    let mut project = context.project()?;
    let documents = project.read()?;
    let mut checks = project.checks(&documents, &folders)?;
    let chosen = chosen(&checks, args.name.as_deref())?;
    checks.require_trust()?;
    let (left, chosen): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|it| it.destructive().is_some());
    let signal = Interrupt::listen()?;
    let terminal = &mut context.terminal;
    let mut runs = Vec::new();
    for command in &chosen {
        let is_streaming = context.is_verbose && !args.json;
        let run = {
            let mut onlooker = Onlooker {
                terminal,
                command,
                signal: &signal,
                is_streaming,
                rest: Vec::new(),
                seconds: None,
            };
            let run = checks.run(command, &mut onlooker);
            onlooker.finish();
            run?
        };
        if !args.json {
            tell(terminal, &project, &run, is_streaming)?;
        }
        let is_stopped = run.conclusion.end == End::Stopped;
        runs.push(run);
        if is_stopped {
            break;
        }
    }
    let ok = runs.iter().all(|run| run.conclusion.end.is_success());
    let recorded = match runs.iter().all(|run| run.conclusion.end == End::Stopped) {
        true => None,
        false => Some(project.record_checks(&runs)?),
    };
    if args.json {
        let left_to_person = left.iter().map(|command| command.line.clone()).collect();
        let runs = runs.iter().map(|run| RunJson::of(&project, run)).collect();
        let entry = recorded.as_ref().and_then(|run| run.entry);
        terminal.json(&TestJson { ok, runs, left_to_person, entry })?;
    } else {
        for command in left {
            let line = Line::new().ink(Ink::Caution, "left to a person").text(format!("  {}", command.line));
            terminal.prose(line, 2)?;
        }
        if let Some(why) = runs.iter().find_map(|run| run.tree.as_ref().err()) {
            let line = Line::new().ink(Ink::Caution, "warning").text(format!(": no evidence is kept: {why}"));
            terminal.prose(line, 2)?;
        }
        if let Some(run) = &recorded {
            report::run(terminal, run, Form::Brief)?;
        }
    }
    terminal.flush()?;
    signal.pass_on()?;
    Ok(if ok { Exit::Ok } else { Exit::Findings })
}

/// The commands that are meant: those with the name, else those of the kind, else all checks.
fn chosen(checks: &Checks<'_>, name: Option<&str>) -> Result<Vec<NamedCommand>, CommandError> {
    let all = || checks.commands().iter().filter(|command| matches!(command.purpose, Purpose::Check(_)));
    let Some(name) = name else {
        let chosen: Vec<_> = all().filter(|command| command.is_check()).cloned().collect();
        let hint = "name one in a `sh` block under `## Test Commands` of project_config.md";
        return match chosen.is_empty() {
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

fn tell(
    terminal: &mut Terminal,
    project: &Project,
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
    let file = project.workspace().relative(&run.output).display().to_string();
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

/// Shows that a command runs, or what it prints.
struct Onlooker<'t> {
    terminal: &'t mut Terminal,
    command: &'t NamedCommand,
    signal: &'t Interrupt,
    is_streaming: bool,
    /// A line that has not ended yet.
    rest: Vec<u8>,
    /// What the progress line says.
    seconds: Option<u64>,
}

/// The longest line that is kept back until it ends, in bytes.
const LONGEST: usize = 64 * 1024;

impl Onlooker<'_> {
    fn finish(&mut self) {
        self.terminal.progress(Line::new());
        if !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            self.print(&rest);
        }
    }

    fn print(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let plain = anstream::adapter::strip_str(text.trim_end_matches(['\r', '\n'])).to_string();
        // A reader that has gone away does not stop the tests; the last write tells.
        self.terminal.line(Line::indented(2).ink(Ink::Faint, plain)).ok();
    }
}

impl Watch for Onlooker<'_> {
    fn printed(&mut self, bytes: &[u8]) {
        if !self.is_streaming {
            return;
        }
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.rest.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.rest.len() > LONGEST {
                let line = std::mem::take(&mut self.rest);
                self.print(&line);
            }
        }
        self.terminal.flush().ok();
    }

    fn goes_on(&mut self, elapsed: Duration) -> bool {
        if !self.is_streaming && self.seconds != Some(elapsed.as_secs()) {
            self.seconds = Some(elapsed.as_secs());
            let line = Line::new().ink(Ink::Accent, "running").text(format!("   {}", self.command.line));
            self.terminal.progress(line.ink(Ink::Faint, format!("  {} s", elapsed.as_secs())));
        }
        !self.signal.has_come()
    }
}

/// Ctrl-C and its like, kept until the command that runs has been ended.
struct Interrupt(Arc<AtomicUsize>);

impl Interrupt {
    fn listen() -> Result<Self, CommandError> {
        let came = Arc::new(AtomicUsize::new(0));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            let number = usize::try_from(signal).unwrap_or_default();
            flag::register_usize(signal, Arc::clone(&came), number)
                .map_err(|error| CommandError::refused("can't listen for Ctrl-C").because(error))?;
        }
        Ok(Self(came))
    }

    fn has_come(&self) -> bool {
        self.0.load(Ordering::SeqCst) != 0
    }

    /// Ends this process as the signal would have, so that whoever waits for it sees what happened.
    fn pass_on(&self) -> Result<(), CommandError> {
        let signal = self.0.load(Ordering::SeqCst);
        if signal == 0 {
            return Ok(());
        }
        let signal = i32::try_from(signal).unwrap_or(SIGTERM);
        emulate_default_handler(signal).map_err(|error| CommandError::refused("interrupted").because(error))
    }
}
