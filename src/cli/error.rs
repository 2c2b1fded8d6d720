//! The one error a process ends with: kind, sources and hints; the kind decides the exit code.

use std::{error::Error, fmt};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Ok,
    /// `check`, `test`, `test-rules` or `doctor` found something.
    Findings,
    /// The command line, or the place it was called in, makes no sense.
    Usage,
    /// Refused: a conflict, no permission, an unreadable file, somebody else holds it.
    Refused,
    /// A person has to decide first.
    Waiting,
    /// A bug in Rulemark.
    Bug,
}

impl Exit {
    /// All of them, in the order of their codes, with the words of `--help`.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Ok, "ok"),
        (Self::Findings, "findings (`check`, `doctor`, `test`, `test-rules`, `history verify`)"),
        (Self::Usage, "wrong usage, or no project here"),
        (Self::Refused, "conflict or refusal; what was refused is not written"),
        (Self::Waiting, "a person has to decide (`next --exit-code`), or to trust the commands"),
        (Self::Bug, "a bug in Rulemark"),
    ];

    /// The code the process ends with.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Waiting => 4,
            Self::Bug => 70,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command could not do what it was asked.
#[derive(Debug)]
pub struct CommandError {
    kind: Kind,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
    hints: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Ends(Exit),
    /// Whoever read our output has gone: nothing to say, nobody to hear it.
    OutputClosed,
}

impl CommandError {
    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None, hints: Vec::new() }
    }

    /// The command line, or the place it was called in, makes no sense.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Ends(Exit::Usage), message)
    }

    /// What was asked is refused, and nothing was written.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Ends(Exit::Refused), message)
    }

    /// A person has to act first.
    pub fn waiting(message: impl Into<String>) -> Self {
        Self::new(Kind::Ends(Exit::Waiting), message)
    }

    /// Something that can't happen did.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(Kind::Ends(Exit::Bug), message)
    }

    /// Output could not be written.
    pub fn output(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::new(Kind::OutputClosed, "the reader of the output has gone");
        }
        Self::refused("can't write the output").because(error)
    }

    /// Names what lies behind it.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// What the process ends with.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self.kind {
            Kind::Ends(exit) => exit,
            Kind::OutputClosed => Exit::Ok,
        }
    }

    /// Whether there is anybody to tell.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.kind == Kind::OutputClosed
    }

    /// What to do about it, a line each.
    #[must_use]
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// What lies behind it, nearest first. What a cause merely repeats is left out.
    #[must_use]
    pub fn causes(&self) -> Vec<String> {
        let mut causes: Vec<String> = Vec::new();
        let mut next = self.source.as_deref().map(|source| source as &(dyn Error + 'static));
        while let Some(error) = next {
            let text = error.to_string();
            if !causes.last().unwrap_or(&self.message).contains(&text) {
                causes.push(text);
            }
            next = error.source();
        }
        causes
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for CommandError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// What every command answers with.
pub type CommandResult = Result<Exit, CommandError>;

impl From<crate::runtime::Error> for CommandError {
    fn from(error: crate::runtime::Error) -> Self {
        use crate::runtime::ErrorKind;
        let exit = match error.kind() {
            ErrorKind::Usage => Exit::Usage,
            ErrorKind::Conflict | ErrorKind::Document | ErrorKind::Io => Exit::Refused,
            ErrorKind::Waiting => Exit::Waiting,
            ErrorKind::Bug => Exit::Bug,
        };
        let mut told = Self::new(Kind::Ends(exit), error.to_string());
        told.hints = error.hints();
        told.because(error)
    }
}
