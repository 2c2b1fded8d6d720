//! The only place that prints.
//!
//! Commands build [`Line`]s, [`Table`]s and values; a [`Terminal`] writes them. Text is escaped when
//! it enters a line, styles are codes only where the stream is a terminal that wants them.

mod change;
mod diagnostic;
mod diff;
mod escape;
mod line;
mod log;
mod table;

pub(crate) use change::told;
pub(crate) use diagnostic::Source;
pub(crate) use diff::{Extent, diff};
pub(crate) use line::{Ink, Line};
pub(crate) use log::{LogLines, start_log};
pub(crate) use table::Table;

use super::error::CommandError;
use anstream::{AutoStream, ColorChoice, adapter::strip_str};
use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io::{self, IsTerminal as _, Write},
    panic,
};

/// How much is said besides what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Chatter {
    /// Nothing: answers and errors only.
    Quiet,
    /// What was done, and what comes next.
    Normal,
}

/// Standard output and standard error.
#[derive(Debug)]
pub(crate) struct Terminal {
    out: Stream<io::Stdout>,
    err: Stream<io::Stderr>,
    buffer: String,
    width: Option<usize>,
    chatter: Chatter,
}

/// A stream, and whether it takes styles.
#[derive(Debug)]
struct Stream<S> {
    raw: S,
    is_styled: bool,
}

impl<S: Write + anstream::stream::RawStream> Stream<S> {
    fn new(raw: S, color: ColorChoice) -> Self {
        let choice = if color == ColorChoice::Auto { AutoStream::choice(&raw) } else { color };
        Self { raw, is_styled: choice != ColorChoice::Never }
    }

    /// Writes styled text, in one piece: a stream that strips piecemeal costs a system call a piece.
    fn write(&mut self, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        if self.is_styled {
            self.raw.write_all(text.as_bytes())?;
        } else {
            self.raw.write_all(strip_str(text).to_string().as_bytes())?;
        }
        self.raw.flush()
    }
}

/// What is buffered before it is written.
const BUFFER: usize = 32 * 1024;

impl Terminal {
    /// The process's own streams.
    pub(crate) fn new(color: ColorChoice, chatter: Chatter) -> Self {
        let (out, err) = (Stream::new(io::stdout(), color), Stream::new(io::stderr(), color));
        let width = io::stdout()
            .is_terminal()
            .then(|| terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0)).max(40));
        Self { out, err, buffer: String::new(), width, chatter }
    }

    /// Columns of the terminal; `None` when output goes elsewhere and need not fit.
    pub(crate) fn width(&self) -> Option<usize> {
        self.width
    }

    /// Whether only answers and errors are wanted.
    pub(crate) fn is_quiet(&self) -> bool {
        self.chatter == Chatter::Quiet
    }

    /// Prints one line as it is.
    pub(crate) fn line(&mut self, line: impl Into<Line>) -> Result<(), CommandError> {
        line.into().write(&mut self.buffer);
        if self.buffer.len() > BUFFER { self.flush() } else { Ok(()) }
    }

    /// Prints lines as they are.
    pub(crate) fn lines(&mut self, lines: impl IntoIterator<Item = Line>) -> Result<(), CommandError> {
        lines.into_iter().try_for_each(|line| self.line(line))
    }

    /// Prints lines, each cut to the terminal's width.
    pub(crate) fn cut(&mut self, lines: impl IntoIterator<Item = Line>) -> Result<(), CommandError> {
        let width = self.width.unwrap_or(usize::MAX);
        self.lines(lines.into_iter().map(|line| line.truncated(width)))
    }

    /// Prints prose: broken at the terminal's width, later lines `hang` columns further in.
    pub(crate) fn prose(&mut self, line: impl Into<Line>, hang: usize) -> Result<(), CommandError> {
        match self.width {
            Some(width) => self.lines(line.into().wrapped(width.min(100), hang)),
            None => self.line(line),
        }
    }

    /// Prints a table.
    pub(crate) fn table(&mut self, table: Table) -> Result<(), CommandError> {
        self.lines(table.lines(self.width))
    }

    /// Prints prose that nobody asked for; silent with `--quiet`.
    pub(crate) fn remark(&mut self, line: impl Into<Line>) -> Result<(), CommandError> {
        if self.chatter == Chatter::Quiet { Ok(()) } else { self.prose(line, 0) }
    }

    /// Prints lines to standard error, for a program that reads nothing else of us.
    pub(crate) fn aside(&mut self, lines: impl IntoIterator<Item = Line>) -> Result<(), CommandError> {
        let mut text = String::new();
        for line in lines {
            line.write(&mut text);
        }
        self.err.write(&text).map_err(CommandError::output)
    }

    /// Prints a finding with its excerpt.
    pub(crate) fn finding(
        &mut self,
        source: &Source<'_>,
        diagnostic: &crate::text::Diagnostic,
    ) -> Result<(), CommandError> {
        let text = source.render(diagnostic, self.width.unwrap_or(100));
        self.buffer.push_str(&text);
        self.buffer.push_str("\n\n");
        if self.buffer.len() > BUFFER { self.flush() } else { Ok(()) }
    }

    /// Prints a value as JSON.
    pub(crate) fn json(&mut self, value: &impl serde::Serialize) -> Result<(), CommandError> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| CommandError::bug("an answer has no JSON form").because(error))?;
        self.buffer.push_str(&escape::escape_json(&text));
        self.buffer.push('\n');
        Ok(())
    }

    /// Prints a document as it is where output goes to a file or a pipe; escaped on a terminal.
    pub(crate) fn document(&mut self, text: &str) -> Result<(), CommandError> {
        if self.width.is_some() {
            return self.lines(text.lines().map(Line::from));
        }
        self.flush()?;
        self.out.raw.write_all(text.as_bytes()).map_err(CommandError::output)
    }

    /// Writes what is buffered.
    pub(crate) fn flush(&mut self) -> Result<(), CommandError> {
        let text = std::mem::take(&mut self.buffer);
        self.out.write(&text).map_err(CommandError::output)
    }

    /// Asks a question that is answered with yes or no, on standard error; no is what counts without an
    /// answer.
    pub(crate) fn ask(&mut self, question: &str) -> Result<bool, CommandError> {
        self.flush()?;
        let mut text = String::new();
        Line::new().ink(Ink::Strong, question).text(" [y/N] ").write(&mut text);
        self.err.write(text.trim_end_matches('\n')).map_err(CommandError::output)?;
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer);
        read.map_err(|error| CommandError::refused("the answer can't be read").because(error))?;
        Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    /// Shows a line on standard error that the next one replaces, if that is a terminal; an empty one
    /// takes it away.
    pub(crate) fn progress(&mut self, line: Line) {
        if self.width.is_none() || self.is_quiet() || !io::stderr().is_terminal() {
            return;
        }
        let mut text = String::from("\r\x1b[K");
        line.truncated(self.width.unwrap_or(80).saturating_sub(1)).write(&mut text);
        // Progress that can't be shown is no reason to fail.
        self.err
            .raw
            .write_all(text.trim_end_matches('\n').as_bytes())
            .and_then(|()| self.err.raw.flush())
            .ok();
    }

    /// Prints a line that is no error of this command, to standard error.
    pub(crate) fn complaint(&mut self, line: impl Into<Line>) {
        let mut text = String::new();
        line.into().write(&mut text);
        // As below.
        self.err.write(&text).ok();
    }

    /// Prints why the command failed, to standard error.
    pub(crate) fn error(&mut self, error: &CommandError) {
        let mut lines = vec![Line::new().ink(Ink::Bad, "error").text(format!(": {error}"))];
        for cause in error.causes() {
            lines.push(Line::indented(2).ink(Ink::Faint, "because ").text(cause));
        }
        for hint in error.hints() {
            lines.push(Line::indented(2).ink(Ink::Accent, "hint").text(format!(": {hint}")));
        }
        let mut text = String::new();
        for line in lines {
            line.write(&mut text);
        }
        // Nobody is left to tell when standard error is gone.
        self.err.write(&text).ok();
    }
}

/// Prints the last words after a panic, whose message is above them.
pub(crate) fn bug(text: &str) {
    let error =
        CommandError::bug(text).with_hint("report it with the lines above and the file that led to it");
    Terminal::new(ColorChoice::Auto, Chatter::Normal).error(&error);
}

/// Has panics told like errors: their messages quote texts, and the standard hook prints them as they
/// are.
pub(crate) fn tell_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|place| format!(" at {place}")).unwrap_or_default();
        let payload = panic.payload();
        let message = payload.downcast_ref::<&str>().copied();
        let message = message.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let message = message.unwrap_or_default();
        let mut text = format!("panicked{place}: {message}\n");
        let backtrace = Backtrace::capture();
        if backtrace.status() == BacktraceStatus::Captured {
            text.push_str(&backtrace.to_string());
        }
        error_lines(&text);
    }));
}

/// Prints clap's own answer: help and version to standard output, wrong usage to standard error.
pub(crate) fn usage(error: &clap::Error) {
    if !error.use_stderr() {
        // As above.
        error.print().ok();
        return;
    }
    // It quotes what was typed, which may have been taken from a file.
    error_lines(&error.render().to_string());
}

/// Prints text of others to standard error, a line at a time.
fn error_lines(text: &str) {
    let mut out = String::new();
    text.lines().for_each(|line| Line::from(line).write(&mut out));
    // Nobody is left to tell when standard error is gone.
    io::stderr().write_all(strip_str(&out).to_string().as_bytes()).ok();
}
