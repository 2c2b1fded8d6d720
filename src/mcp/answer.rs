//! What a tool answers: an object, or a refusal that says what to do.

use super::fence;
use crate::runtime::{Error, ErrorKind};
use rmcp::{
    ErrorData,
    model::{CallToolResult, ContentBlock},
};
use serde_json::{Map, Value};

/// An answer under construction. What is not there is left out: an agent pays for every byte.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer(Map<String, Value>);

impl Answer {
    /// Adds a field, unless it has nothing to say: null, an empty text, list or object.
    #[must_use]
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        let is_empty = match &value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            Value::Object(object) => object.is_empty(),
            Value::Bool(_) | Value::Number(_) => false,
        };
        if !is_empty {
            self.0.insert(name.to_owned(), value);
        }
        self
    }
}

impl From<Answer> for Value {
    fn from(answer: Answer) -> Self {
        Self::Object(answer.0)
    }
}

impl From<Answer> for CallToolResult {
    fn from(answer: Answer) -> Self {
        Self::structured(answer.into())
    }
}

/// Whether it helps to call again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It will be refused again.
    No,
    /// The same call may succeed.
    Now,
    /// When `how` is done.
    AfterFix,
}

/// Why a tool did not do what it was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal(Box<Reason>);

#[derive(Clone, Debug, PartialEq)]
struct Reason {
    what: String,
    why: Option<String>,
    how: Vec<String>,
    retry: Retry,
    more: Answer,
}

impl Refusal {
    /// Says what was refused.
    #[must_use]
    pub fn new(what: impl Into<String>, retry: Retry) -> Self {
        let (what, why, how, more) = (what.into(), None, Vec::new(), Answer::default());
        Self(Box::new(Reason { what, why, how, retry, more }))
    }

    /// Says why.
    #[must_use]
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.0.why = Some(why.into());
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn fix(mut self, how: impl Into<String>) -> Self {
        self.0.how.push(how.into());
        self
    }

    /// Says when it helps to call again.
    #[must_use]
    pub(super) fn retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// What was refused.
    pub(super) fn what(&self) -> &str {
        &self.0.what
    }

    /// Adds what else a program may want to know, such as the current revision.
    #[must_use]
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.more = std::mem::take(&mut self.0.more).with(name, value);
        self
    }
}

impl Refusal {
    /// The same, where the protocol knows only errors: resources and prompts.
    pub(super) fn into_error(self) -> ErrorData {
        let told = self.told();
        let what = told.get("what").and_then(Value::as_str).unwrap_or_default().to_owned();
        ErrorData::invalid_request(what, Some(told))
    }

    /// What is wrong, why, what to do, and whether to try again.
    fn told(self) -> Value {
        let Reason { what, why, how, retry, more } = *self.0;
        let retry = match retry {
            Retry::No => "no",
            Retry::Now => "now",
            Retry::AfterFix => "after_fix",
        };
        let told = Answer::default()
            .with("what", what)
            .with("why", why)
            .with("how", how.join("; "))
            .with("retry", retry);
        more.0.into_iter().fold(told, |told, (name, value)| told.with(&name, value)).into()
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let retry = match error.kind() {
            ErrorKind::Usage | ErrorKind::Document | ErrorKind::Io | ErrorKind::Waiting => Retry::AfterFix,
            ErrorKind::Conflict => Retry::Now,
            ErrorKind::Bug => Retry::No,
        };
        // What was asked for stands in the message, and may be megabytes.
        let refusal = Self::new(fence::message(&error.to_string()), retry);
        error.hints().iter().fold(refusal, |refusal, hint| refusal.fix(fence::message(hint)))
    }
}

impl From<Refusal> for CallToolResult {
    /// As text alone: clients hold structured content to the tool's output schema, also of an error.
    fn from(refusal: Refusal) -> Self {
        Self::error(vec![ContentBlock::text(refusal.told().to_string())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_does_not_send_back_all_that_was_sent() {
        let name = format!("\u{202e}{}", "x".repeat(100_000));
        let error = Error::Caller {
            kind: ErrorKind::Usage,
            message: format!("no item is called `{name}`"),
            hints: vec![format!("`rulemark set --new {name}=…` adds it")],
        };
        let told = Refusal::from(error).told().to_string();
        assert!(told.len() < 2_200 && !told.contains('\u{202e}'), "{told}");
        assert!(told.starts_with(r#"{"what":"no item is called `xxx"#), "{told}");
    }

    /// The TypeScript SDK's client fails on a call whose error is not what the output schema says.
    #[test]
    fn a_refusal_is_no_structured_content() {
        let result = CallToolResult::from(Refusal::new("no", Retry::AfterFix));
        assert_eq!(result.structured_content, None);
        assert_eq!(result.is_error, Some(true));
        let text = result.content[0].as_text().unwrap().text.as_str();
        assert_eq!(text, r#"{"what":"no","retry":"after_fix"}"#);
    }
}
