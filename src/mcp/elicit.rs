//! Asking the person through the client, in both eras of the protocol.
//!
//! Up to 2025-11-25 the server sends a request of its own and waits. From 2026-07-28 on it answers the
//! call with what it wants to know, and the client calls again with the answer. What was asked comes back
//! sealed, with the same call, and counts once; anything else is refused, and nothing is done.

use super::{
    answer::{Refusal, Retry},
    ask::{Ask, Question, Reply},
    tools::Then,
};
use rmcp::{
    RoleServer,
    model::{
        CallToolRequestParams, ElicitRequest, ElicitRequestParams, ElicitationAction, ElicitationSchema,
        InputRequest, InputRequests, InputRequiredResult, JsonObject, ProtocolVersion, RequestStateCodec,
        SealOptions,
    },
    service::RequestContext,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{VecDeque, hash_map::RandomState},
    fmt,
    hash::{BuildHasher as _, Hasher as _},
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// What forms are asked under.
const KEY: &str = "person";

/// How long an answer may take in the later era, where nobody waits for it.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Questions that may be open at once; older ones are asked again.
const OPEN: usize = 256;

/// Knows what was asked and not answered yet.
pub(super) struct Forms {
    codec: RequestStateCodec,
    /// The numbers of open questions, oldest first, and the number of the next one.
    open: Mutex<(VecDeque<u64>, u64)>,
}

/// A call, as the seal of a question names it: the tool and its arguments, in any order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'c> {
    pub(super) tool: &'c str,
    pub(super) arguments: Option<&'c JsonObject>,
}

impl Origin<'_> {
    /// What tells this call from others. Only calls that ask or answer have to know: arguments may be
    /// megabytes.
    fn digest(&self) -> [u8; 32] {
        // Null stands for an argument that is not there.
        let given = self.arguments.into_iter().flatten().filter(|(_, value)| !value.is_null());
        let given: JsonObject = given.map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut call = json!([self.tool, given]);
        call.sort_all_objects();
        Sha256::digest(call.to_string()).into()
    }
}

/// What travels with a form.
#[derive(Debug, Serialize, Deserialize)]
struct Sealed {
    number: u64,
    question: Question,
    then: Then,
}

/// What came of asking.
#[derive(Debug)]
pub(super) enum Asked {
    /// The person answered.
    Replied(Reply),
    /// Nobody did, or the client can't ask.
    Nothing,
    /// The client is to ask and to call again.
    Later(InputRequiredResult),
}

impl Forms {
    pub(super) fn new() -> Self {
        Self { codec: RequestStateCodec::new_unchecked(key()), open: Mutex::default() }
    }

    /// Asks the person, for a call.
    pub(super) async fn ask(
        &self,
        ask: &Ask,
        then: &Then,
        origin: Origin<'_>,
        context: &RequestContext<RoleServer>,
    ) -> Asked {
        let can_ask = context.client_capabilities().and_then(|can| can.elicitation);
        let takes_forms = |can: &rmcp::model::ElicitationCapability| can.form.is_some() || can.url.is_none();
        let schema: Option<ElicitationSchema> = serde_json::from_value(ask.question.form()).ok();
        let (Some(_), Some(requested_schema)) = (can_ask.filter(takes_forms), schema) else {
            return Asked::Nothing;
        };
        let message = ask.message.clone();
        let form = ElicitRequestParams::FormElicitationParams { meta: None, message, requested_schema };
        if is_later_era(context) {
            return self.later(&ask.question, then, origin, form);
        }
        let answered = tokio::select! {
            answered = context.peer.create_elicitation(form) => answered,
            () = context.ct.cancelled() => return Asked::Nothing,
        };
        match answered {
            Ok(answer) => {
                let given = serde_json::json!({ "action": answer.action, "content": answer.content });
                reply(&given, context).map_or(Asked::Nothing, Asked::Replied)
            }
            Err(error) => {
                tracing::warn!(%error, "the client could not ask the person");
                Asked::Nothing
            }
        }
    }

    fn later(
        &self,
        question: &Question,
        then: &Then,
        origin: Origin<'_>,
        form: ElicitRequestParams,
    ) -> Asked {
        let number = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            let (open, next) = &mut *open;
            *next += 1;
            open.push_back(*next);
            if open.len() > OPEN {
                open.pop_front();
            }
            *next
        };
        let sealed = Sealed { number, question: question.clone(), then: then.clone() };
        let digest = origin.digest();
        let options = SealOptions::new().ttl(LIFETIME).associated_data(&digest);
        let sealed = self.codec.seal_json_with(&sealed, &options);
        let Ok(sealed) = sealed else { return Asked::Nothing };
        let request = InputRequest::Elicitation(ElicitRequest::new(form));
        let requests = InputRequests::from([(KEY.to_owned(), request)]);
        Asked::Later(InputRequiredResult::new(Some(requests), Some(sealed)))
    }

    /// The answer that a call brings along, and what it answers; `None` for a call that brings none.
    ///
    /// # Errors
    /// When it answers nothing that this server has asked with this call, or was answered already.
    pub(super) fn brought(
        &self,
        request: &CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<Option<Brought>, Refusal> {
        if request.input_responses.is_none() && request.request_state.is_none() {
            return Ok(None);
        }
        let seal = request.request_state.as_deref().filter(|_| is_later_era(context));
        let seal = seal.ok_or_else(|| refused("this answers nothing that was asked"))?;
        let origin = Origin { tool: &request.name, arguments: request.arguments.as_ref() };
        let Sealed { number, question, then } = self
            .codec
            .open_json_with(seal, &origin.digest())
            .inspect_err(|error| tracing::warn!(%error, "an answer to nothing"))
            .map_err(|_told| refused("this answers nothing that was asked"))?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let at = open.0.iter().position(|asked| *asked == number);
        let at = at.ok_or_else(|| refused("this was answered already, or is no longer asked"))?;
        open.0.remove(at);
        let said = match request.input_responses.as_ref().and_then(|given| given.get(KEY)) {
            None => Said::NotYet,
            Some(given) => reply(given, context).map_or(Said::Nothing, Said::Replied),
        };
        Ok(Some(Brought { question, then, said }))
    }
}

fn refused(what: &str) -> Refusal {
    Refusal::new(what, Retry::Now)
        .because("an answer counts once, for the call and the server that have asked; nothing was done")
        .fix("call the tool without an answer: what is still open is asked again")
}

/// An answer that came with a call.
#[derive(Debug)]
pub(super) struct Brought {
    pub(super) question: Question,
    pub(super) then: Then,
    pub(super) said: Said,
}

/// What a person has made of a form.
#[derive(Debug)]
pub(super) enum Said {
    Replied(Reply),
    /// They declined it or closed it.
    Nothing,
    /// The client has not shown it.
    NotYet,
}

impl fmt::Debug for Forms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forms").field("open", &self.open).finish_non_exhaustive()
    }
}

fn is_later_era(context: &RequestContext<RoleServer>) -> bool {
    context
        .protocol_version()
        .is_some_and(|version| version.as_str() >= ProtocolVersion::V_2026_07_28.as_str())
}

/// The answer of a form; `None` when the person declined it or closed it.
fn reply(given: &Value, context: &RequestContext<RoleServer>) -> Option<Reply> {
    let action: ElicitationAction = serde_json::from_value(given.get("action")?.clone()).ok()?;
    if action != ElicitationAction::Accept {
        return None;
    }
    let content = given.get("content")?;
    let is_yes = content.get("approve")?.as_bool()?;
    let text = content.get("feedback").and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let client = context.client_info().map_or_else(|| "a client".into(), |client| client.name);
    Some(Reply { is_yes, text: text.map(str::to_owned), client })
}

/// A key of this process's own: whatever was sealed before it began counts for nothing.
fn key() -> Vec<u8> {
    let mut hasher = Sha256::new();
    // Each has fresh keys from the system's random numbers.
    for _ in 0..8 {
        hasher.update(RandomState::new().build_hasher().finish().to_le_bytes());
    }
    hasher.finalize().to_vec()
}
