//! Batches: several messages in one JSON array. One revision of the protocol has them, 2025-03-26, and
//! wants every server to take them; those before and after it have none.

use super::message::{self, Unreadable};
use rmcp::{
    ErrorData,
    model::{ClientJsonRpcMessage, ClientRequest, RequestId, ServerJsonRpcMessage},
};
use serde::de::IgnoredAny;

/// The revision that has batches.
const REVISION: &str = "2025-03-26";

/// How many messages one batch may hold.
pub(super) const LONGEST: usize = 100;

/// One message of a batch, and the text that it was read from.
#[derive(Debug)]
pub(super) struct Element<'t> {
    pub(super) text: &'t [u8],
    pub(super) message: Result<ClientJsonRpcMessage, Unreadable>,
}

impl Element<'_> {
    /// The id of the request that this is.
    pub(super) fn request(&self) -> Option<&RequestId> {
        match &self.message {
            Ok(ClientJsonRpcMessage::Request(request)) => Some(&request.id),
            _ => None,
        }
    }
}

/// Whether a text is meant to be a batch.
pub(super) fn is_one(text: &[u8]) -> bool {
    message::without_mark(text).trim_ascii_start().first() == Some(&b'[')
}

/// The messages of a batch, for a client that has agreed on a revision of the protocol.
///
/// # Errors
/// When its revision has no batches, and when it is empty, too long, or no JSON.
pub(super) fn read<'t>(text: &'t [u8], revision: Option<&str>) -> Result<Vec<Element<'t>>, ErrorData> {
    if revision != Some(REVISION) {
        let agreed = match revision {
            Some(revision) => format!("this client has agreed on {revision}"),
            None => "this client has agreed on none, which `initialize` does by itself".to_owned(),
        };
        let error = format!(
            "batches are not taken here: of the protocol's revisions only {REVISION} has them, and {agreed}; \
             send each message by itself"
        );
        return Err(ErrorData::invalid_request(error, None));
    }
    let text = message::without_mark(text);
    serde_json::from_slice::<IgnoredAny>(text).map_err(|error| message::not_json(&error))?;
    let elements = elements(text);
    if elements.is_empty() {
        return Err(ErrorData::invalid_request("this batch holds no message", None));
    }
    if elements.len() > LONGEST {
        let error = format!("a batch holds at most {LONGEST} messages here; send these in several");
        return Err(ErrorData::invalid_request(error, None));
    }
    Ok(elements.into_iter().map(|text| Element { text, message: read_element(text) }).collect())
}

fn read_element(text: &[u8]) -> Result<ClientJsonRpcMessage, Unreadable> {
    let message = message::read(text)?;
    if let ClientJsonRpcMessage::Request(request) = &message
        && matches!(request.request, ClientRequest::InitializeRequest(_))
    {
        let error = ErrorData::invalid_request("`initialize` is never part of a batch", None);
        return Err(Unreadable::Refused(Box::new(error), Some(request.id.clone())));
    }
    Ok(message)
}

/// The elements of a JSON array, up to one more than a batch may hold. The text is known to be JSON.
fn elements(text: &[u8]) -> Vec<&[u8]> {
    let (mut found, mut start) = (Vec::new(), 0);
    let (mut depth, mut is_string, mut is_escaped) = (0_usize, false, false);
    for (at, byte) in text.iter().enumerate() {
        if is_string {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => is_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => is_string = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match (byte, depth) {
            (b'[', 1) if start == 0 => start = at + 1,
            (b',', 1) | (b']', 0) => {
                found.push(text[start..at].trim_ascii());
                start = at + 1;
            }
            _ => {}
        }
        if found.len() > LONGEST {
            break;
        }
    }
    found.retain(|element| !element.is_empty());
    found
}

/// The answers to a batch that is under way: they are sent together, once there is one for each request.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// Set once all messages of the batch are known.
    is_whole: bool,
    open: Vec<RequestId>,
    texts: Vec<Vec<u8>>,
}

impl Answers {
    /// A request of the batch is still to be answered.
    pub(super) fn expect(&mut self, id: RequestId) {
        self.open.push(id);
    }

    /// Of this request there will be no answer. Whether it was one of the batch.
    pub(super) fn forget(&mut self, id: &RequestId) -> bool {
        let at = self.open.iter().position(|open| open == id);
        at.map(|at| self.open.swap_remove(at)).is_some()
    }

    /// Adds an answer.
    ///
    /// # Errors
    /// When it has no JSON text.
    pub(super) fn add(&mut self, message: &ServerJsonRpcMessage) -> serde_json::Result<()> {
        self.texts.push(serde_json::to_vec(message)?);
        Ok(())
    }

    /// No further message of the batch is expected.
    pub(super) fn end(&mut self) {
        self.is_whole = true;
    }

    pub(super) fn are_complete(&self) -> bool {
        self.is_whole && self.open.is_empty()
    }

    /// The answers so far as one JSON array; `None` when nothing was to be answered.
    pub(super) fn text(&self) -> Option<Vec<u8>> {
        (!self.texts.is_empty()).then(|| [b"[".as_slice(), &self.texts.join(&b','), b"]"].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn texts(text: &str) -> Vec<&str> {
        elements(text.as_bytes()).into_iter().map(|element| std::str::from_utf8(element).unwrap()).collect()
    }

    #[test]
    fn a_batch_is_taken_apart_where_its_elements_end() {
        assert_eq!(
            texts(r#"[{"a":[1,2]},  {"b":"],[\"}"} ,3]"#),
            [r#"{"a":[1,2]}"#, r#"{"b":"],[\"}"}"#, "3"]
        );
        assert_eq!(texts(" [[[],[1]],[]]"), ["[[],[1]]", "[]"]);
        assert_eq!(texts("[ ]"), [""; 0]);
        assert_eq!(texts(r#"["\\",","]"#), [r#""\\""#, r#"",""#]);
    }

    proptest::proptest! {
        #[test]
        fn its_elements_are_those_that_a_json_reader_finds(
            strings in proptest::collection::vec("\\PC*", 0..8), number in proptest::num::i32::ANY,
        ) {
            let values: Vec<Value> = strings
                .iter()
                .map(|text| json!({ "a": [text, { "b": text }], text.as_str(): number }))
                .chain([json!(number), json!(strings), json!("],[")])
                .collect();
            let text = Value::from(values.clone()).to_string();
            let found: Vec<Value> =
                elements(text.as_bytes()).into_iter().map(|it| serde_json::from_slice(it).unwrap()).collect();
            proptest::prop_assert_eq!(found, values);
        }
    }

    #[test]
    fn what_is_no_batch_is_refused_as_a_whole() {
        let check = |text: &str, revision: Option<&str>, code: i32, expected: &str| {
            let error = read(text.as_bytes(), revision).unwrap_err();
            assert!(error.message.contains(expected) && error.code.0 == code, "{text}: {error:?}");
        };
        check("[]", Some("2025-06-18"), -32600, "this client has agreed on 2025-06-18");
        check("[]", None, -32600, "agreed on none");
        check(" [ ]", Some(REVISION), -32600, "holds no message");
        check("[1,", Some(REVISION), -32700, "not JSON");
        check("[1]]", Some(REVISION), -32700, "not JSON");
        check(&format!("[{}0]", "0,".repeat(LONGEST)), Some(REVISION), -32600, "at most 100 messages");
        let longest = format!("[0{}]", ",0".repeat(LONGEST - 1));
        assert_eq!(read(longest.as_bytes(), Some(REVISION)).unwrap().len(), LONGEST);
    }
}
