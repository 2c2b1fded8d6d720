//! `rulemark demo`: a whole item in a scratch project, with the real watcher.
//!
//! Nothing is staged: one thread watches the folder, this one edits the files in it as an agent and
//! a person would, and goes on when the watcher has reported what the edit led to.

use super::{
    args::DemoArgs,
    context::Context,
    error::{CommandError, CommandResult, Exit},
    init,
    render::{Ink, Line},
    watch::{self, Background},
};
use crate::runtime::{Documents, Project, Report, Run};
use script::{Beat, Expected, SCRIPT};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};
use std::{
    path::Path,
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant},
};

mod script;

/// How long the watcher may take to report an edit; it takes about a tenth of a second.
const DEADLINE: Duration = Duration::from_secs(8);

/// How long a reader looks at a beat.
const PAUSE: Duration = Duration::from_millis(900);

/// What this thread waits for.
enum Message {
    Reported(Box<Report>),
    Interrupted,
}

pub(crate) fn run(context: &mut Context, args: &DemoArgs) -> CommandResult {
    let scratch = tempfile::Builder::new()
        .prefix("rulemark-demo-")
        .tempdir()
        .map_err(|error| CommandError::refused("can't make a scratch folder").because(error))?;
    init::make(scratch.path())?;
    script::prepare(scratch.path())?;
    let (sender, messages) = mpsc::channel();
    interrupt_on_signal(sender.clone())?;
    let project = context.with_clock(Project::open(scratch.path())?);
    let documents = project.read()?;
    introduce(context, scratch.path())?;
    let watcher = watch::in_background(project, move |report| {
        // Nobody listens any more once the demo is over.
        sender.send(Message::Reported(Box::new(report))).ok();
    })?;
    let pause = if args.fast || context.terminal.width().is_none() { Duration::ZERO } else { PAUSE };
    let stage = Stage { folder: scratch.path(), messages, last: documents, pause, runs: 0, fired: 0 };
    let played = stage.play(context, watcher);
    if args.keep {
        let folder = scratch.keep();
        context.terminal.remark(format!("the project is in {}", folder.display()))?;
    }
    played
}

fn introduce(context: &mut Context, folder: &Path) -> Result<(), CommandError> {
    let line = Line::from("a scratch project in ").ink(Ink::Faint, folder.display().to_string());
    context.terminal.remark(line)?;
    context
        .terminal
        .remark("the watcher is the real one; the edits are what an agent and a person would save")?;
    context.terminal.flush()
}

fn interrupt_on_signal(sender: Sender<Message>) -> Result<(), CommandError> {
    let mut signals = Signals::new([SIGINT, SIGTERM])
        .map_err(|error| CommandError::refused("can't listen for Ctrl-C").because(error))?;
    thread::spawn(move || {
        for _ in signals.forever() {
            if sender.send(Message::Interrupted).is_err() {
                break;
            }
        }
    });
    Ok(())
}

/// The project being edited, and the watcher's reports.
struct Stage<'a> {
    folder: &'a Path,
    messages: Receiver<Message>,
    last: Documents,
    pause: Duration,
    runs: usize,
    fired: usize,
}

impl Stage<'_> {
    fn play(mut self, context: &mut Context, watcher: Background) -> CommandResult {
        let started = Instant::now();
        self.await_run(context, Expected::Begun)?;
        for beat in SCRIPT {
            self.beat(context, &beat)?;
        }
        watcher.end()?;
        let terminal = &mut context.terminal;
        terminal.line("")?;
        let seconds = started.elapsed().as_secs_f32();
        terminal.prose(
            Line::new()
                .ink(Ink::Good, "done")
                .text(format!(": {} edits, {} rules fired, {seconds:.1} s", self.runs, self.fired)),
            0,
        )?;
        terminal.remark(
            Line::from("your turn: ").ink(Ink::Accent, "rulemark init").text(" in a folder of yours"),
        )?;
        Ok(Exit::Ok)
    }

    fn beat(&mut self, context: &mut Context, beat: &Beat) -> Result<(), CommandError> {
        let terminal = &mut context.terminal;
        terminal.line("")?;
        terminal.prose(Line::new().ink(Ink::Strong, beat.who).text(format!(" {}", beat.what)), 2)?;
        terminal.flush()?;
        script::save(self.folder, beat)?;
        self.await_run(context, beat.expected)?;
        self.rest()
    }

    /// Tells reports until one is what was expected.
    fn await_run(&mut self, context: &mut Context, expected: Expected) -> Result<(), CommandError> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.messages.recv_timeout(left) {
                Ok(Message::Reported(report)) => match *report {
                    Report::Ran(run) => {
                        let is_it = expected.is_met_by(&run);
                        self.tell(context, *run)?;
                        if is_it {
                            return Ok(());
                        }
                    }
                    Report::Watching(_)
                    | Report::Reloaded
                    | Report::Recovered(_)
                    | Report::Running(_)
                    | Report::Command(_) => {}
                    Report::Failed(error) | Report::Held(error) => return Err(error.into()),
                },
                Ok(Message::Interrupted) => return Err(interrupted()),
                Err(RecvTimeoutError::Timeout) => {
                    return Err(CommandError::refused(format!(
                        "the watcher did not report {expected} within {} s",
                        DEADLINE.as_secs()
                    ))
                    .with_hint("`rulemark doctor` checks whether this disk tells of changes"));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(CommandError::refused("the watcher ended before the demo did"));
                }
            }
        }
    }

    fn tell(&mut self, context: &mut Context, run: Run) -> Result<(), CommandError> {
        self.runs += usize::from(run.before.state.revision != self.last.state.revision);
        self.fired += run.outcome.firings.len();
        watch::ran(&mut context.terminal, &self.last, &run)?;
        self.last = run.after;
        context.terminal.flush()
    }

    /// Gives the reader time, unless Ctrl-C comes.
    fn rest(&self) -> Result<(), CommandError> {
        if self.pause.is_zero() {
            return Ok(());
        }
        // Reports that come now change nothing: the beat's own has been seen.
        match self.messages.recv_timeout(self.pause) {
            Ok(Message::Interrupted) => Err(interrupted()),
            _ => Ok(()),
        }
    }
}

fn interrupted() -> CommandError {
    CommandError::refused("interrupted; the scratch project is gone")
}
