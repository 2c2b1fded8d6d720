//! The parameters of a call.

use super::{
    Action,
    failure::{Failure, FailureKind, Retry},
};
use crate::{
    text::nearest,
    workflow::{
        session::{Session, SessionId},
        shown,
    },
};
use serde_json::{Map, Value};

/// A call whose action is known, and that lacks nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    pub(super) action: Action,
    given: &'a Map<String, Value>,
}

impl<'a> Call<'a> {
    /// Takes the arguments of a call.
    pub(super) fn checked(action: Action, given: &'a Map<String, Value>) -> Result<Self, Failure> {
        let call = Self { action, given };
        let missing: Vec<&str> =
            action.required().iter().copied().filter(|name| call.value(name).is_none()).collect();
        let open = || action.parameters().filter(|name| call.value(name).is_none());
        let misspelt = given.iter().filter(|(name, value)| !action.takes(name) && !value.is_null());
        let misspelt = misspelt.map(|(name, _)| name).find_map(|name| {
            // The tool for the state file says `expected_revision`.
            let ends_so = || open().find(|known| name.ends_with(&format!("_{known}")));
            let meant = nearest(name, open()).or_else(ends_so)?;
            Some((name, format!("did you mean `{meant}` by `{name}`?")))
        });
        if missing.is_empty() {
            // What is merely not asked for does no harm; a slip of the pen loses what was meant.
            return match misspelt {
                None => Ok(call),
                Some((name, remedy)) => {
                    let message = format!("{} takes no `{name}`", action.name());
                    Err(Failure::new(FailureKind::Value, message, action).fix(remedy))
                }
            };
        }
        let misspelt = misspelt.map(|(_, remedy)| remedy);
        let message = format!("{} needs {}", action.name(), missing.join(", "));
        let remedy = misspelt.unwrap_or_else(|| format!("give {}", missing.join(", ")));
        Err(Failure::new(FailureKind::Value, message, action).fix(remedy))
    }

    /// A parameter, unless it is null or not there.
    fn value(&self, name: &str) -> Option<&'a Value> {
        self.given.get(name).filter(|value| !value.is_null())
    }

    /// What a parameter has to be.
    fn expected<T>(
        &self,
        name: &str,
        what: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let failure = || {
            let message = format!("`{name}` has to be {what}, not {}", shown(value));
            Failure::new(FailureKind::Value, message, self.action).fix(format!("give `{name}` as {what}"))
        };
        read(value).map(Some).ok_or_else(failure)
    }

    /// A text that need not be there.
    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, Failure> {
        self.expected(name, "a text", Value::as_str)
    }

    /// A text that is there.
    pub(super) fn required_text(&self, name: &str) -> Result<&'a str, Failure> {
        Ok(self.text(name)?.unwrap_or_default())
    }

    /// A whole number from 0 that need not be there.
    pub(super) fn number(&self, name: &str) -> Result<Option<u32>, Failure> {
        let read = |value: &Value| value.as_u64().and_then(|number| u32::try_from(number).ok());
        self.expected(name, "a whole number from 0, without quotes or a point", read)
    }

    /// A whole number that is there.
    pub(super) fn required_number(&self, name: &str) -> Result<u32, Failure> {
        Ok(self.number(name)?.unwrap_or_default())
    }

    /// Yes or no; no when it is not there.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Failure> {
        Ok(self.expected(name, "true or false", Value::as_bool)?.unwrap_or_default())
    }

    /// An object that need not be there.
    pub(super) fn object(&self, name: &str) -> Result<Option<&'a Map<String, Value>>, Failure> {
        self.expected(name, "an object: names with values", Value::as_object)
    }

    /// The session it is about, by its name.
    pub(super) fn session(&self) -> Result<SessionId, Failure> {
        let given = self.required_text("session_id")?;
        SessionId::read(given).ok_or_else(|| {
            let message = "`session_id` is no session's name: at most 64 of a-z, 0-9 and _";
            Failure::new(FailureKind::Value, message, Action::ListSessions).fix("take it from list_sessions")
        })
    }

    /// Refuses when the caller has computed the call from another revision than this.
    pub(super) fn expect_revision(&self, session: &Session) -> Result<(), Failure> {
        let read = |value: &Value| value.as_u64();
        let Some(given) = self.expected("revision", "a whole number", read)? else { return Ok(()) };
        let found = session.head.revision;
        if given == found {
            return Ok(());
        }
        let id = session.head.id.as_str();
        let message = format!("session {id} is at revision {found}, and the call was made for {given}");
        let mut failure = Failure::new(FailureKind::Conflict, message, Action::GetState).of_session(id);
        failure.retry = Retry::AfterFix;
        Err(failure.fix("read the session again; somebody has worked on it").with("revision", found))
    }
}
