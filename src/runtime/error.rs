//! What may go wrong, by what is to be done about it.

/// What kind of trouble it is; the command line derives its exit code from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Asked in the wrong way, in the wrong place, or with wrong settings.
    Usage,
    /// Refused, because it would undo what somebody else did or holds.
    Conflict,
    /// A document can't be worked with as it is.
    Document,
    /// The operating system refused.
    Io,
    /// A person must act first.
    Waiting,
    /// Rulemark is wrong.
    Bug,
}

/// Why the runtime could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Raised by a caller's own edit.
    #[error("{message}")]
    Caller {
        /// The kind.
        kind: ErrorKind,
        /// What, where, why.
        message: String,
        /// What to do.
        hints: Vec<String>,
    },
}

impl Error {
    /// An error of a caller's own edit: asked for something the documents do not have.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Caller { kind: ErrorKind::Usage, message: message.into(), hints: Vec::new() }
    }

    /// What kind of trouble it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Caller { kind, .. } => *kind,
        }
    }

    /// What to do about it, a line each.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Caller { hints, .. } => hints.clone(),
        }
    }
}
