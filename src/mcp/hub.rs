//! Who wants to hear of which changes, and telling them, in both eras of the protocol.
//!
//! Clients before 2026-07-28 subscribe to resources one by one (`resources/subscribe`) and hear of
//! changed lists without asking. Later ones ask for everything at once, in a request that stays open
//! (`subscriptions/listen`). To a [`Hub`] both are a mailbox: a set of changes that are still to be
//! told. A change that is told again before the client took it is the same change, so a mailbox is
//! never larger than what its client subscribed to, and a client that does not read holds up nobody
//! but itself.

use rmcp::{
    ErrorData, Peer, RoleServer,
    model::{ResourceUpdatedNotificationParam, SubscriptionFilter},
    service::{SubscriptionContext, SubscriptionSink},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{sync::Notify, task::AbortHandle, time::timeout};

/// What clients are told of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// The list of tools is another.
    Tools,
    /// The list of prompts is another.
    Prompts,
    /// The list of resources is another.
    Resources,
    /// The resource at this URI reads differently.
    Resource(String),
}

/// How much is kept for clients.
#[derive(Clone, Copy, Debug)]
pub struct HubLimits {
    /// Clients, counting each open `subscriptions/listen`.
    pub clients: usize,
    /// Resources that one client is subscribed to.
    pub resources: usize,
    /// Bytes of one URI.
    pub uri: usize,
    /// How long a client may take to accept one notification before it is given up.
    pub patience: Duration,
}

impl Default for HubLimits {
    fn default() -> Self {
        Self { clients: 1024, resources: 256, uri: 2048, patience: Duration::from_secs(60) }
    }
}

/// Tells changes to everyone who asked for them. Cheap to clone; all clones are the same hub.
#[derive(Clone, Debug, Default)]
pub struct Hub(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    limits: HubLimits,
    clients: Mutex<Clients>,
}

#[derive(Debug, Default)]
struct Clients {
    mailboxes: BTreeMap<u64, Arc<Mailbox>>,
    /// Never given out twice.
    next: u64,
}

impl Hub {
    /// A hub that nobody listens to yet.
    pub fn new(limits: HubLimits) -> Self {
        Self(Arc::new(Shared { limits, clients: Mutex::default() }))
    }

    /// Has a change told to every client that asked for it. Returns at once.
    pub fn publish(&self, change: &Change) {
        for mailbox in lock(&self.0.clients).mailboxes.values() {
            mailbox.put(change);
        }
    }

    /// How many clients are kept.
    pub fn clients(&self) -> usize {
        lock(&self.0.clients).mailboxes.len()
    }

    /// A legacy client, of which nothing is kept before it subscribes or is [`connected`].
    ///
    /// [`connected`]: LegacyClient::connected
    pub fn legacy_client(&self) -> LegacyClient {
        LegacyClient { hub: self.clone(), delivery: Mutex::default() }
    }

    /// The part of `requested` that this hub takes on: the first resources up to the limit.
    pub fn accepted(&self, requested: &SubscriptionFilter) -> SubscriptionFilter {
        let limits = self.0.limits;
        let mut accepted = requested.clone();
        if let Some(uris) = &mut accepted.resource_subscriptions {
            uris.retain(|uri| uri.len() <= limits.uri);
            uris.truncate(limits.resources);
        }
        accepted
    }

    /// Tells a client the changes it asked for with `subscriptions/listen`, until it cancels, goes
    /// away, or does not take them.
    ///
    /// # Errors
    /// When there are too many clients.
    pub async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let mut wanted = Wanted::default();
        let accepted = context.accepted();
        let lists = [
            (accepted.tools_list_changed, Change::Tools),
            (accepted.prompts_list_changed, Change::Prompts),
            (accepted.resources_list_changed, Change::Resources),
        ];
        wanted.0.extend(lists.into_iter().filter(|(asked, _)| *asked == Some(true)).map(|(_, list)| list));
        let uris = accepted.resource_subscriptions.iter().flatten();
        wanted.0.extend(uris.cloned().map(Change::Resource));

        let registration = self.register(wanted)?;
        let sink = Sink::Listening(context.sink().clone());
        tokio::select! {
            () = context.cancelled() => {}
            () = deliver(&registration.mailbox, &sink, self.0.limits.patience) => {}
        }
        Ok(())
    }

    fn register(&self, wanted: Wanted) -> Result<Registration, ErrorData> {
        let mut clients = lock(&self.0.clients);
        let limit = self.0.limits.clients;
        if clients.mailboxes.len() >= limit {
            return Err(ErrorData::invalid_request(
                format!(
                    "{limit} subscriptions are open on this server, which is its limit; close some first"
                ),
                None,
            ));
        }
        let id = clients.next;
        clients.next += 1;
        let mailbox = Arc::new(Mailbox { wanted: Mutex::new(wanted), ..Mailbox::default() });
        clients.mailboxes.insert(id, mailbox.clone());
        Ok(Registration { hub: self.clone(), id, mailbox })
    }
}

/// One client that speaks a revision before 2026-07-28: one per connection or HTTP session. Dropping
/// it ends its subscriptions.
#[derive(Debug)]
pub struct LegacyClient {
    hub: Hub,
    delivery: Mutex<Option<Delivery>>,
}

/// A task that empties one mailbox, for as long as this is kept.
#[derive(Debug)]
struct Delivery {
    registration: Registration,
    task: AbortHandle,
    /// Set when the client turned out to be gone.
    ended: Arc<AtomicBool>,
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl LegacyClient {
    /// Has changes of the lists told to this client from now on.
    ///
    /// # Errors
    /// When there are too many clients.
    pub fn connected(&self, peer: &Peer<RoleServer>) -> Result<(), ErrorData> {
        let lists = [Change::Tools, Change::Prompts, Change::Resources];
        self.with_wanted(peer, |wanted| wanted.0.extend(lists))
    }

    /// Has changes of a resource told to this client; again is no more than once.
    ///
    /// # Errors
    /// When the URI is too long, or there are too many subscriptions or clients.
    pub fn subscribe(&self, uri: &str, peer: &Peer<RoleServer>) -> Result<(), ErrorData> {
        let HubLimits { uri: longest, resources: most, .. } = self.hub.0.limits;
        if uri.len() > longest {
            return Err(ErrorData::invalid_params(format!("a URI has at most {longest} bytes here"), None));
        }
        let change = Change::Resource(uri.to_owned());
        self.with_wanted(peer, |wanted| {
            let resources = wanted.0.iter().filter(|change| matches!(change, Change::Resource(_))).count();
            if resources >= most && !wanted.0.contains(&change) {
                return Err(ErrorData::invalid_params(
                    format!("a client has at most {most} subscriptions here; unsubscribe from some first"),
                    None,
                ));
            }
            wanted.0.insert(change);
            Ok(())
        })?
    }

    /// Tells this client nothing more of a resource. One that it is not subscribed to is no error.
    pub fn unsubscribe(&self, uri: &str) {
        let change = Change::Resource(uri.to_owned());
        if let Some(delivery) = &*lock(&self.delivery) {
            let mailbox = &delivery.registration.mailbox;
            lock(&mailbox.wanted).0.remove(&change);
            lock(&mailbox.pending).remove(&change);
        }
    }

    fn with_wanted<T>(
        &self,
        peer: &Peer<RoleServer>,
        change: impl FnOnce(&mut Wanted) -> T,
    ) -> Result<T, ErrorData> {
        let mut delivery = lock(&self.delivery);
        // One whose client was slow begins anew when that client speaks again.
        if delivery.as_ref().is_some_and(|delivery| delivery.ended.load(Ordering::Acquire)) {
            *delivery = None;
        }
        let delivery = match &mut *delivery {
            Some(delivery) => delivery,
            none => none.insert(self.deliver_to(peer.clone())?),
        };
        Ok(change(&mut lock(&delivery.registration.mailbox.wanted)))
    }

    fn deliver_to(&self, peer: Peer<RoleServer>) -> Result<Delivery, ErrorData> {
        let registration = self.hub.register(Wanted::default())?;
        let ended = Arc::new(AtomicBool::new(false));
        let (hub, id) = (self.hub.clone(), registration.id);
        let (mailbox, patience) = (registration.mailbox.clone(), self.hub.0.limits.patience);
        let is_ended = ended.clone();
        let task = tokio::spawn(async move {
            deliver(&mailbox, &Sink::Legacy(peer), patience).await;
            is_ended.store(true, Ordering::Release);
            lock(&hub.0.clients).mailboxes.remove(&id);
        });
        Ok(Delivery { registration, task: task.abort_handle(), ended })
    }
}

/// A client's place in the hub, given up on drop.
#[derive(Debug)]
struct Registration {
    hub: Hub,
    id: u64,
    mailbox: Arc<Mailbox>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        lock(&self.hub.0.clients).mailboxes.remove(&self.id);
    }
}

/// The changes a client asked to hear of.
#[derive(Debug, Default)]
struct Wanted(BTreeSet<Change>);

/// What one client is still to be told: never more than what it asked for.
#[derive(Debug, Default)]
struct Mailbox {
    wanted: Mutex<Wanted>,
    pending: Mutex<BTreeSet<Change>>,
    filled: Notify,
}

impl Mailbox {
    fn put(&self, change: &Change) {
        if lock(&self.wanted).0.contains(change) {
            lock(&self.pending).insert(change.clone());
            self.filled.notify_one();
        }
    }

    /// The next change; waits for one. A change is in the mailbox until this returns it.
    async fn take(&self) -> Change {
        loop {
            if let Some(change) = lock(&self.pending).pop_first() {
                return change;
            }
            self.filled.notified().await;
        }
    }
}

/// Empties a mailbox into a sink, until the client is gone or takes nothing for `patience`.
async fn deliver(mailbox: &Mailbox, sink: &Sink, patience: Duration) {
    loop {
        let change = mailbox.take().await;
        match timeout(patience, sink.tell(change)).await {
            Ok(Ok(())) => {}
            Ok(Err(gone)) => {
                return tracing::debug!(%gone, "a client that was to be told of a change is gone");
            }
            Err(_elapsed) => return tracing::warn!("a client takes no notifications; it gets no more"),
        }
    }
}

/// How a client is told.
enum Sink {
    Legacy(Peer<RoleServer>),
    Listening(SubscriptionSink),
}

impl Sink {
    async fn tell(&self, change: Change) -> Result<(), String> {
        match (self, change) {
            (Self::Legacy(peer), Change::Tools) => peer.notify_tool_list_changed().await.map_err(text),
            (Self::Legacy(peer), Change::Prompts) => peer.notify_prompt_list_changed().await.map_err(text),
            (Self::Legacy(peer), Change::Resources) => {
                peer.notify_resource_list_changed().await.map_err(text)
            }
            (Self::Legacy(peer), Change::Resource(uri)) => {
                peer.notify_resource_updated(ResourceUpdatedNotificationParam::new(uri)).await.map_err(text)
            }
            (Self::Listening(sink), Change::Tools) => sink.notify_tool_list_changed().await.map_err(text),
            (Self::Listening(sink), Change::Prompts) => sink.notify_prompt_list_changed().await.map_err(text),
            (Self::Listening(sink), Change::Resources) => {
                sink.notify_resource_list_changed().await.map_err(text)
            }
            (Self::Listening(sink), Change::Resource(uri)) => {
                sink.notify_resource_updated(uri).await.map_err(text)
            }
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "stands in for a closure in `map_err`")]
fn text(error: impl ToString) -> String {
    error.to_string()
}

/// The sets behind the locks are whole between any two statements, so a panic elsewhere spoils none.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::{
        dialogue::{Dialogue, call, modern_meta, request},
        stdio::StdioLimits,
    };
    use serde_json::{Value, json};

    fn subscribe(id: i64, uri: &str) -> Value {
        request(id, "resources/subscribe", json!({"uri": uri}))
    }

    fn listen(id: i64, notifications: &Value) -> Value {
        request(id, "subscriptions/listen", json!({"_meta": modern_meta(), "notifications": notifications}))
    }

    /// What the server says until it has said `count` things, sorted: `id` of an answer, `method` and
    /// URI of a notification.
    async fn heard(dialogue: &mut Dialogue, count: usize) -> Vec<String> {
        let mut heard = Vec::new();
        for _ in 0..count {
            let message = dialogue.read().await;
            heard.push(match message["method"].as_str() {
                Some(method) => format!("{method} {}", message["params"]["uri"].as_str().unwrap_or_default()),
                None => message["id"].to_string(),
            });
        }
        heard.sort();
        heard
    }

    const TOOLS: &str = "notifications/tools/list_changed ";

    #[tokio::test(start_paused = true)]
    async fn a_legacy_client_hears_of_what_it_subscribed_to() {
        let mut dialogue = Dialogue::initialized().await;
        dialogue.send(&subscribe(1, "a://1")).await;
        dialogue.send(&subscribe(2, "a://1")).await;
        assert_eq!(heard(&mut dialogue, 2).await, ["1", "2"]);
        dialogue.send(&call(3, "touch")).await;
        assert_eq!(heard(&mut dialogue, 3).await, ["3", "notifications/resources/updated a://1", TOOLS]);
        dialogue.send(&request(4, "resources/unsubscribe", json!({"uri": "a://1"}))).await;
        assert_eq!(heard(&mut dialogue, 1).await, ["4"]);
        dialogue.send(&call(5, "touch")).await;
        assert_eq!(heard(&mut dialogue, 2).await, ["5", TOOLS]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_of_2026_hears_of_what_it_listens_to() {
        let mut dialogue = Dialogue::start();
        let wanted = json!({"resourceSubscriptions": ["a://2", "a://3"], "toolsListChanged": true});
        dialogue.send(&listen(1, &wanted)).await;
        let acknowledged = dialogue.read().await;
        assert_eq!(acknowledged["params"]["notifications"], wanted);
        let touch = request(2, "tools/call", json!({"name": "touch", "_meta": modern_meta()}));
        dialogue.send(&touch).await;
        assert_eq!(heard(&mut dialogue, 3).await, ["2", "notifications/resources/updated a://2", TOOLS]);
        assert_eq!(dialogue.hub.clients(), 1);
        dialogue
            .send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}))
            .await;
        let again = request(3, "tools/call", json!({"name": "touch", "_meta": modern_meta()}));
        dialogue.send(&again).await;
        assert_eq!(heard(&mut dialogue, 1).await, ["3"]);
        assert_eq!(dialogue.hub.clients(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn changes_that_are_not_read_are_kept_once_each() {
        let mut dialogue = Dialogue::initialized().await;
        dialogue.send(&subscribe(1, "a://1")).await;
        assert_eq!(heard(&mut dialogue, 1).await, ["1"]);
        for _ in 0..10_000 {
            dialogue.hub.publish(&Change::Resource("a://1".to_owned()));
        }
        let last = dialogue.call(2, "echo").await;
        // One that was kept, perhaps one on its way, and then the answer.
        assert!(last["method"] == "notifications/resources/updated", "{last}");
        let (rest, _) = dialogue.hang_up().await;
        assert!(rest.len() <= 2, "{rest:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_limits_are_told() {
        let limits = HubLimits { resources: 1, uri: 8, ..HubLimits::default() };
        let mut dialogue = Dialogue::with_limits(StdioLimits::default(), limits);
        dialogue.initialize().await;
        for (id, uri, expected) in [
            (1, "a://1", None),
            (2, "a://1", None),
            (3, "a://2", Some("at most 1 subscriptions")),
            (4, "a://too-long", Some("at most 8 bytes")),
        ] {
            dialogue.send(&subscribe(id, uri)).await;
            let answer = dialogue.read().await;
            let message = answer["error"]["message"].as_str();
            assert_eq!(message.is_some(), expected.is_some(), "{uri}: {answer}");
            assert!(message.unwrap_or_default().contains(expected.unwrap_or_default()), "{uri}: {answer}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_clients_are_kept_than_the_limit() {
        let limits = HubLimits { clients: 1, ..HubLimits::default() };
        let mut dialogue = Dialogue::with_limits(StdioLimits::default(), limits);
        dialogue.send(&listen(1, &json!({"toolsListChanged": true}))).await;
        dialogue.read().await;
        dialogue.send(&listen(2, &json!({"toolsListChanged": true}))).await;
        dialogue.read().await;
        let answer = dialogue.read().await;
        assert_eq!(answer["id"], 2, "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap_or_default().contains("1 subscriptions are open"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_leaves_is_forgotten() {
        let mut dialogue = Dialogue::initialized().await;
        dialogue.send(&subscribe(1, "a://1")).await;
        assert_eq!(heard(&mut dialogue, 1).await, ["1"]);
        let hub = dialogue.hub.clone();
        assert_eq!(hub.clients(), 1);
        dialogue.hang_up().await.1.unwrap();
        assert_eq!(hub.clients(), 0);
    }
}
