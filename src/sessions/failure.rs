//! Why an action was refused: what failed, how to fix it, and whether to call again.

use super::Action;
use crate::{
    disk::{LockError, ReadError, WriteError},
    journal::JournalError,
    runtime,
    workflow::session::Refusal,
};
use serde_json::{Map, Value, json};
use std::ops::{Deref, DerefMut};

/// Why an action was refused. On the heap: almost every call here may end with one.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure(Box<Details>);

/// What a [`Failure`] says.
#[derive(Clone, Debug, PartialEq)]
pub struct Details {
    /// What kind of trouble it is.
    pub kind: FailureKind,
    /// What failed, where, and why.
    pub message: String,
    /// How to fix it.
    pub remedy: String,
    /// A call that is right.
    pub call: Value,
    /// Whether calling again helps.
    pub retry: Retry,
    /// What else the answer has.
    pub more: Map<String, Value>,
}

/// The kinds of trouble that agents are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The call itself makes no sense: an unknown action, a name that is none, a missing parameter.
    Value,
    /// What was given does not pass: evidence, options.
    Validation,
    /// There is no such workflow, session, phase or task.
    NotFound,
    /// The session is not where the action needs it.
    State,
    /// It would leave the workspace, or nobody has allowed it.
    Permission,
    /// Somebody else was there first.
    Conflict,
    /// The machine refused.
    Internal,
}

impl FailureKind {
    /// Its name in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Value => "ValueError",
            Self::Validation => "ValidationError",
            Self::NotFound => "NotFoundError",
            Self::State => "StateError",
            Self::Permission => "PermissionError",
            Self::Conflict => "ConflictError",
            Self::Internal => "InternalError",
        }
    }
}

/// Whether calling again helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It will be refused again.
    No,
    /// The same call may succeed.
    Now,
    /// When it is fixed.
    AfterFix,
}

impl Retry {
    fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Now => "now",
            Self::AfterFix => "after_fix",
        }
    }
}

impl Deref for Failure {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl DerefMut for Failure {
    fn deref_mut(&mut self) -> &mut Details {
        &mut self.0
    }
}

impl Failure {
    /// A refusal whose remedy is to call `action` instead.
    pub(super) fn new(kind: FailureKind, message: impl Into<String>, action: Action) -> Self {
        Self(Box::new(Details {
            kind,
            message: message.into(),
            remedy: String::new(),
            call: action.example(),
            retry: Retry::AfterFix,
            more: Map::new(),
        }))
    }

    /// Says how to fix it.
    pub(super) fn fix(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }

    /// Names the session in the call that is right.
    pub(super) fn of_session(mut self, session: &str) -> Self {
        self.call["session_id"] = session.into();
        self
    }

    /// Sets a parameter of the call that is right.
    pub(super) fn with_parameter(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.call[name] = value.into();
        self
    }

    /// Adds what else a program may want to know.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// What the session says of itself as a refusal.
    pub(super) fn of_refusal(refusal: &Refusal, session: &str) -> Self {
        let action = Action::named(refusal.instead).unwrap_or(Action::GetState);
        let mut failure = Self::new(FailureKind::State, &refusal.message, action).of_session(session);
        if let Some(phase) = refusal.phase {
            failure.call["to_phase"] = phase.into();
        }
        failure.fix(refusal.remedy)
    }

    /// The answer to `action` that says so. `root` is the workspace's folder, which no answer names.
    pub(super) fn into_answer(self, action: &str, root: &str) -> Map<String, Value> {
        let inside = |text: &str| text.replace(&format!("{root}/"), "").replace(root, ".");
        let mut remedy = inside(&self.remedy);
        if !remedy.is_empty() {
            remedy.push_str("; ");
        }
        remedy.push_str(&format!("call {}", self.call));
        let mut answer = Map::new();
        answer.insert("status".into(), "error".into());
        answer.insert("action".into(), action.into());
        answer.insert("error".into(), inside(&self.message).into());
        answer.insert("error_type".into(), self.kind.name().into());
        answer.insert("remediation".into(), remedy.into());
        answer.insert("retry".into(), self.retry.name().into());
        answer.extend(self.0.more);
        answer
    }
}

/// What the machine says.
fn internal(error: &dyn std::fmt::Display, hints: &[String]) -> Failure {
    let mut failure = Failure::new(FailureKind::Internal, error.to_string(), Action::ListSessions);
    failure.remedy = hints.join("; ");
    failure
}

impl From<runtime::Error> for Failure {
    fn from(error: runtime::Error) -> Self {
        use runtime::ErrorKind;
        let mut failure = internal(&error, &error.hints());
        (failure.kind, failure.retry) = match error.kind() {
            ErrorKind::Conflict => (FailureKind::Conflict, Retry::Now),
            ErrorKind::Waiting => (FailureKind::Permission, Retry::AfterFix),
            ErrorKind::Bug => (FailureKind::Internal, Retry::No),
            _ => (FailureKind::Internal, Retry::AfterFix),
        };
        failure
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        runtime::Error::from(error).into()
    }
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        runtime::Error::from(error).into()
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        runtime::Error::from(error).into()
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            // Where it leads is nobody's business.
            ReadError::Outside { path, .. } => {
                let message = format!("{} leads out of the workspace", path.display());
                Self::new(FailureKind::Permission, message, Action::ListSessions)
            }
            ReadError::NotAFile { .. } => {
                Self::new(FailureKind::State, error.to_string(), Action::ListSessions)
                    .fix("move it away; sessions are files that Rulemark writes")
            }
            error => runtime::Error::from(error).into(),
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        let mut failure = internal(&error, &[]);
        failure.remedy = "the index of the sessions can be deleted at any time: .rulemark/sessions.db".into();
        failure.retry = Retry::Now;
        failure
    }
}

/// An answer that says yes.
pub(super) fn success(action: &str) -> Map<String, Value> {
    let mut answer = Map::new();
    answer.insert("status".into(), json!("success"));
    answer.insert("action".into(), action.into());
    answer
}
