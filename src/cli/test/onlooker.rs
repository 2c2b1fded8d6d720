//! Who looks on while a command runs: the progress line, the output as it comes, Ctrl-C.

use crate::{
    cli::{
        error::CommandError,
        render::{Ink, Line, Terminal},
    },
    process::Watch,
};
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

/// Shows that a command runs, or what it prints.
pub(super) struct Onlooker<'t> {
    terminal: &'t mut Terminal,
    line: &'t str,
    signal: &'t Interrupt,
    is_streaming: bool,
    /// A line that has not ended yet.
    rest: Vec<u8>,
    /// What the progress line says.
    seconds: Option<u64>,
}

/// The longest line that is kept back until it ends, in bytes.
const LONGEST: usize = 64 * 1024;

impl<'t> Onlooker<'t> {
    /// Looks on while `line` runs; `is_streaming` shows what it prints as it comes.
    pub(super) fn new(
        terminal: &'t mut Terminal,
        line: &'t str,
        signal: &'t Interrupt,
        is_streaming: bool,
    ) -> Self {
        Self { terminal, line, signal, is_streaming, rest: Vec::new(), seconds: None }
    }

    /// Prints what is left of the last line, and takes the progress away.
    pub(super) fn finish(&mut self) {
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
            let line = Line::new().ink(Ink::Accent, "running").text(format!("   {}", self.line));
            self.terminal.progress(line.ink(Ink::Faint, format!("  {} s", elapsed.as_secs())));
        }
        !self.signal.has_come()
    }
}

/// Ctrl-C and its like, kept until the command that runs has been ended.
pub(super) struct Interrupt(Arc<AtomicUsize>);

impl Interrupt {
    pub(super) fn listen() -> Result<Self, CommandError> {
        let came = Arc::new(AtomicUsize::new(0));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            let number = usize::try_from(signal).unwrap_or_default();
            flag::register_usize(signal, Arc::clone(&came), number)
                .map_err(|error| CommandError::refused("can't listen for Ctrl-C").because(error))?;
        }
        Ok(Self(came))
    }

    pub(super) fn has_come(&self) -> bool {
        self.0.load(Ordering::SeqCst) != 0
    }

    /// Ends this process as the signal would have, so that whoever waits for it sees what happened.
    pub(super) fn pass_on(&self) -> Result<(), CommandError> {
        let signal = self.0.load(Ordering::SeqCst);
        if signal == 0 {
            return Ok(());
        }
        let signal = i32::try_from(signal).unwrap_or(SIGTERM);
        emulate_default_handler(signal).map_err(|error| CommandError::refused("interrupted").because(error))
    }
}
