//! Reading messages, and finding whom to answer in one that can't be read.

use rmcp::{
    ErrorData,
    model::{ClientJsonRpcMessage, ClientNotification, RequestId},
};

/// Why a text is no message for the server.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// It is answered with this error, under the id of the request if there is one.
    Refused(Box<ErrorData>, Option<RequestId>),
    /// It is a notification, which is never answered.
    Dropped,
}

/// The message that a text is.
pub(super) fn read(text: &[u8]) -> Result<ClientJsonRpcMessage, Unreadable> {
    let text = without_mark(text);
    serde_json::from_slice(text).map_err(|error| {
        let scan = MessageIdScan::of(text);
        if error.is_data() && scan.is_notification() {
            return Unreadable::Dropped;
        }
        Unreadable::Refused(Box::new(not_a_message(&error)), scan.request().cloned())
    })
}

/// The request that a text cancels, if that is what it does.
pub(super) fn cancelled(text: &[u8]) -> Option<RequestId> {
    // Most messages are not read twice for this.
    memchr::memmem::find(text, b"cancelled")?;
    match read(text) {
        Ok(ClientJsonRpcMessage::Notification(notification)) => match notification.notification {
            ClientNotification::CancelledNotification(cancelled) => cancelled.params.request_id,
            _ => None,
        },
        _ => None,
    }
}

/// RFC 8259 lets a reader skip a byte order mark; some tools write one.
pub(super) fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// What is answered to a text that is not JSON.
pub(super) fn not_json(error: &serde_json::Error) -> ErrorData {
    let error =
        format!("this is not JSON: {error}; a message is one JSON object, on one line where lines are read");
    ErrorData::parse_error(error, None)
}

fn not_a_message(error: &serde_json::Error) -> ErrorData {
    if !error.is_data() {
        return not_json(error);
    }
    let error = "this is no JSON-RPC 2.0 message: it needs \"jsonrpc\": \"2.0\", a \"method\", and as its \
                 \"id\" a string or a whole number";
    ErrorData::invalid_request(error, None)
}

/// Bytes kept of a member's name or of an id; no request that is worth an answer has a longer one.
const LONGEST: usize = 256;

/// Looks for the `id` of a request in a text that comes in pieces, and may be anything.
///
/// Only the outermost object counts, and only if it has a `method`: a response has an `id` too, of a
/// request that went the other way.
#[derive(Debug, Default)]
pub(super) struct MessageIdScan {
    depth: usize,
    is_string: bool,
    is_escaped: bool,
    /// Of the outermost object: whether a member's value is being read, not its name.
    is_value: bool,
    /// The outermost object's member that is being read: its name, then its value.
    part: Vec<u8>,
    name: Name,
    has_method: bool,
    has_id: bool,
    id: Option<RequestId>,
}

/// The members that matter.
#[derive(Debug, Default, PartialEq, Eq)]
enum Name {
    Id,
    Method,
    #[default]
    Other,
}

impl MessageIdScan {
    /// What is in a text that has been read as a whole.
    pub(super) fn of(text: &[u8]) -> Self {
        let mut scan = Self::default();
        scan.push(text);
        scan
    }

    /// Reads on.
    pub(super) fn push(&mut self, text: &[u8]) {
        text.iter().for_each(|byte| self.step(*byte));
    }

    /// The id to answer to, when this is a request that has one.
    pub(super) fn request(&self) -> Option<&RequestId> {
        self.id.as_ref().filter(|_| self.has_method)
    }

    /// Whether this says what it wants and wants no answer.
    pub(super) fn is_notification(&self) -> bool {
        self.has_method && !self.has_id
    }

    fn step(&mut self, byte: u8) {
        if self.is_string {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.is_string = false,
                _ => {}
            }
            return self.keep(byte);
        }
        match (byte, self.depth) {
            (b'{', 0) => self.depth = 1,
            // As deep as what is inside an object's member: nothing in it counts.
            (b'[', 0) => self.depth = 2,
            (_, 0) => {}
            (b'{' | b'[', _) => self.depth += 1,
            (b'}' | b']', _) => {
                if self.depth == 1 {
                    self.end_member();
                }
                self.depth -= 1;
            }
            (b',', 1) => self.end_member(),
            (b':', 1) if !self.is_value => self.end_name(),
            _ => {
                self.is_string = byte == b'"';
                self.keep(byte);
            }
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.depth == 1 && self.part.len() <= LONGEST {
            self.part.push(byte);
        }
    }

    fn end_name(&mut self) {
        self.name = match self.part.trim_ascii() {
            b"\"id\"" => Name::Id,
            b"\"method\"" => Name::Method,
            _ => Name::Other,
        };
        self.has_method |= self.name == Name::Method;
        self.has_id |= self.name == Name::Id;
        self.is_value = true;
        self.part.clear();
    }

    fn end_member(&mut self) {
        if self.is_value && self.name == Name::Id && self.part.len() <= LONGEST {
            self.id = serde_json::from_slice(&self.part).ok();
        }
        self.is_value = false;
        self.name = Name::Other;
        self.part.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_id_of_a_request_is_found_wherever_it_stands() {
        let check = |text: &str, expected: Option<RequestId>| {
            assert_eq!(MessageIdScan::of(text.as_bytes()).request(), expected.as_ref(), "{text}");
        };
        let number = |number| Some(RequestId::Number(number));
        let string = |text: &str| Some(RequestId::String(text.into()));
        check(r#"{"jsonrpc":"2.0","id":7,"method":"m"}"#, number(7));
        check(r#"{"method":"m","params":{"id":1,"a":[{"id":2}]},"jsonrpc":"2.0","id":7}"#, number(7));
        check(r#" { "method" : "m" , "id" : "a\"b" } "#, string("a\"b"));
        check(r#"{"method":"a,\"id\":3}","id":7}"#, number(7));
        // Cut off after the id.
        check(r#"{"id":7,"method":"m","params":{"text":"aaa"#, number(7));
        // Not a request, or none that can be answered.
        check(r#"{"id":7,"result":{}}"#, None);
        check(r#"{"method":"m"}"#, None);
        check(r#"{"id":1.5,"method":"m"}"#, None);
        check(r#"{"id":{"id":7},"method":"m"}"#, None);
        check(r#"[{"id":7,"method":"m"}]"#, None);
        check("", None);
        check(&format!(r#"{{"id":"{}","method":"m"}}"#, "a".repeat(300)), None);
    }

    #[test]
    fn a_notification_has_no_id_at_all() {
        let check = |text: &str, expected| {
            assert_eq!(MessageIdScan::of(text.as_bytes()).is_notification(), expected, "{text}");
        };
        check(r#"{"method":"notifications/x","params":{"id":1}}"#, true);
        check(r#"{"id":1.5,"method":"m"}"#, false);
        check(r#"{"foo":1}"#, false);
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_give_the_same(
            text in prop::collection::vec(prop::sample::select(&b"{}[]\",:\\id7 me"[..]), 0..80),
            cut in 0_usize..80,
        ) {
            let (left, right) = text.split_at(cut.min(text.len()));
            let mut pieces = MessageIdScan::default();
            pieces.push(left);
            pieces.push(right);
            let whole = MessageIdScan::of(&text);
            prop_assert_eq!(pieces.request(), whole.request());
            prop_assert_eq!(pieces.is_notification(), whole.is_notification());
        }

        #[test]
        fn the_id_is_that_which_a_json_reader_finds(
            id in any::<i64>(), text in "\\PC*", inner in any::<i64>(),
        ) {
            let message = serde_json::json!({"params": {"id": inner, "text": text}, "id": id, "method": text});
            let scan = MessageIdScan::of(message.to_string().as_bytes());
            prop_assert_eq!(scan.request(), Some(&RequestId::Number(id)));
        }
    }
}
