//! `rulemark watch`: the rules run whenever a file is saved; each run is told as it happens.

use super::{
    change,
    context::Context,
    error::{CommandError, CommandResult, Exit},
    render::{Ink, Line, Terminal},
    report::{self, Form},
};
use crate::{
    disk::LockError,
    runtime::{Documents, Error, Project, Report, Run, Stop},
};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
    low_level::emulate_default_handler,
};
use std::{path::Path, thread};

pub(crate) fn run(context: &mut Context) -> CommandResult {
    let mut project = context.project()?;
    let root = project.workspace().root().display().to_string();
    // What stands there now is where the first edit will be told from.
    let mut teller = Teller { root, last: project.read().ok() };
    let watching = project.watch().map_err(begun_elsewhere)?;
    stop_on_signal(watching.stop())?;
    let terminal = &mut context.terminal;
    let (stop, mut broken) = (watching.stop(), None);
    watching
        .run(&mut |report| {
            let told = teller.tell(terminal, report).and_then(|()| terminal.flush());
            if let Err(error) = told {
                broken = Some(error);
                stop.stop();
            }
        })
        .map_err(begun_elsewhere)?;
    match broken {
        Some(error) => Err(error),
        None => {
            terminal.remark("stopped")?;
            Ok(Exit::Ok)
        }
    }
}

/// Who watches already: that is no fault, and the lock's own words would make it one.
fn begun_elsewhere(error: Error) -> CommandError {
    match error {
        Error::Lock(LockError::Held { holder, .. }) => {
            CommandError::refused(format!("the project is watched already, by {holder}"))
                .with_hint("the rules run there; one watcher is enough")
        }
        error => error.into(),
    }
}

/// Lets Ctrl-C, and a terminal that is closed, end the watcher after what it is doing; a second one ends the process at once.
fn stop_on_signal(stop: Stop) -> Result<(), CommandError> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])
        .map_err(|error| CommandError::refused("can't listen for Ctrl-C").because(error))?;
    thread::spawn(move || {
        for (number, signal) in signals.forever().enumerate() {
            stop.stop();
            if number > 0 && emulate_default_handler(signal).is_err() {
                break;
            }
        }
    });
    Ok(())
}

/// Tells reports, and remembers what the documents said at the last one.
struct Teller {
    root: String,
    last: Option<Documents>,
}

impl Teller {
    fn tell(&mut self, terminal: &mut Terminal, report: Report) -> Result<(), CommandError> {
        match report {
            Report::Watching(how) => {
                let line = Line::from("watching ").ink(Ink::Strong, &self.root);
                terminal.remark(line.ink(Ink::Faint, format!(" ({how})")).text("; press Ctrl-C to stop"))
            }
            Report::Ran(run) => {
                ran(terminal, self.last.as_ref().unwrap_or(&run.before), &run)?;
                self.last = Some(run.after);
                Ok(())
            }
            Report::Running(lines) => {
                let line =
                    Line::indented(2).ink(Ink::Accent, "running").text(format!(" {}", lines.join(" · ")));
                terminal.prose(line, 2)
            }
            Report::Command(run) => super::test::tell(terminal, Path::new(&self.root), &run, false),
            Report::Held(error) => {
                let line = Line::indented(2).ink(Ink::Caution, "waits").text(format!(": {error}"));
                terminal.prose(line, 2)?;
                let hints = error.hints();
                hints.iter().try_for_each(|hint| terminal.prose(Line::indented(4).text(hint), 2))
            }
            Report::Reloaded => terminal.remark("rulemark.toml was read again"),
            Report::Recovered(path) => terminal.remark(format!("{} can be read again", path.display())),
            Report::Failed(Error::HalfSaved { path, loss }) => {
                let line = Line::new().ink(Ink::Caution, "warning").text(": ");
                terminal.prose(line.text(format!("{} {loss}; waiting for its content", path.display())), 2)
            }
            Report::Failed(error) => failed(terminal, &error),
        }
    }
}

/// Columns of the time before what happened.
const GUTTER: usize = 10;

/// Tells a run: the edit since `last`, and what the rules made of it. A run in which nothing happened
/// is not worth a line.
pub(crate) fn ran(terminal: &mut Terminal, last: &Documents, run: &Run) -> Result<(), CommandError> {
    let edits = change::describe(last, &run.before);
    let is_idle = run.outcome.firings.is_empty()
        && !run.wrote()
        && run.outcome.effects.is_empty()
        && run.lapsed.is_empty();
    if edits.is_empty() && is_idle {
        return Ok(());
    }
    let time = run.at.strftime("%H:%M:%S").to_string();
    let mut head = Line::new().ink(Ink::Faint, format!("{time}  "));
    if edits.is_empty() {
        terminal.line(head.clone().text(&run.label))?;
    }
    for (number, (file, phrase)) in edits.into_iter().enumerate() {
        let line = std::mem::replace(&mut head, Line::indented(GUTTER));
        let hang = if number == 0 { GUTTER } else { 0 };
        terminal.prose(line.ink(Ink::Strong, file).text(format!(": {phrase}")), hang)?;
    }
    report::run(terminal, run, Form::Brief)
}

fn failed(terminal: &mut Terminal, error: &Error) -> Result<(), CommandError> {
    terminal.prose(Line::new().ink(Ink::Bad, "error").text(format!(": {error}")), 2)?;
    for hint in error.hints() {
        terminal.prose(Line::indented(2).ink(Ink::Accent, "hint").text(format!(": {hint}")), 2)?;
    }
    terminal.remark(Line::indented(2).ink(Ink::Faint, "still watching"))
}

/// Starts watching in a thread of its own; every run is handed to `report`.
///
/// # Errors
/// When the project can't be watched.
pub(crate) fn in_background(
    mut project: Project,
    mut report: impl FnMut(Report) + Send + 'static,
) -> Result<Background, CommandError> {
    let (started, stop) = std::sync::mpsc::channel();
    let thread = thread::spawn(move || -> Result<(), Error> {
        let watching = project.watch()?;
        // The receiver waits until it has it, or this thread ends.
        started.send(watching.stop()).ok();
        watching.run(&mut report)
    });
    let mut background = Background { stop: stop.recv().ok(), thread: Some(thread) };
    if background.stop.is_none() {
        // It ended before it began; joining says why.
        background.join()?;
    }
    Ok(background)
}

/// A watcher in a thread; it ends when this is dropped.
pub(crate) struct Background {
    stop: Option<Stop>,
    thread: Option<thread::JoinHandle<Result<(), Error>>>,
}

impl Background {
    /// Ends the watcher.
    ///
    /// # Errors
    /// What ended it before it was asked to.
    pub(crate) fn end(mut self) -> Result<(), CommandError> {
        self.join()
    }

    fn join(&mut self) -> Result<(), CommandError> {
        if let Some(stop) = &self.stop {
            stop.stop();
        }
        match self.thread.take().map(thread::JoinHandle::join) {
            Some(Ok(result)) => Ok(result?),
            Some(Err(_)) => Err(CommandError::bug("the watcher panicked")),
            None => Ok(()),
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // Whoever wants to know how it ended calls `end`.
        self.join().ok();
    }
}
