//! What the tests of the protocol talk to: a server with a few tools that misbehave, and the client's
//! end of the wire.

use super::{Change, Hub, HubLimits, LegacyClient, stdio};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ServerCapabilities,
        ServerConfig, SubscribeRequestParams, SubscriptionFilter, UnsubscribeRequestParams,
    },
    service::{NotificationContext, RequestContext, SubscriptionContext},
};
use serde_json::{Value, json};
use std::{io, time::Duration};
use tokio::{
    io::{
        AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, ReadHalf, WriteHalf, duplex, split,
    },
    task::JoinHandle,
    time::sleep,
};

/// A server whose tools are named after what they do.
#[derive(Debug)]
pub(super) struct Moody {
    hub: Hub,
    client: LegacyClient,
}

impl Moody {
    /// One that tells changes with `hub`.
    pub(super) fn new(hub: &Hub) -> Self {
        Self { hub: hub.clone(), client: hub.legacy_client() }
    }
}

impl ServerHandler for Moody {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_resources_list_changed()
            .build();
        ServerConfig::new(capabilities)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let text = match request.name.as_ref() {
            "echo" => "echo".to_owned(),
            "large" => "a".repeat(100_000),
            "panic" => panic!("as asked"),
            "wait" => {
                context.ct.cancelled().await;
                "cancelled".to_owned()
            }
            // Goes on for a while, whether anybody waits for it or not.
            "stubborn" => {
                sleep(Duration::from_secs(10)).await;
                "stubborn".to_owned()
            }
            "slow" => {
                sleep(Duration::from_secs(20)).await;
                "slow".to_owned()
            }
            "touch" => {
                self.hub.publish(&Change::Resource("a://1".to_owned()));
                self.hub.publish(&Change::Resource("a://2".to_owned()));
                self.hub.publish(&Change::Tools);
                "touched".to_owned()
            }
            other => return Err(ErrorData::invalid_params(format!("no tool {other}"), None)),
        };
        Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        self.client.connected(&context.peer).unwrap();
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.client.subscribe(&request.uri, &context.peer)
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.client.unsubscribe(&request.uri);
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(self.hub.accepted(requested))
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        self.hub.listen(context).await
    }
}

/// The client's end of a connection to a [`Moody`] server.
pub(super) struct Dialogue {
    /// The server's hub.
    pub(super) hub: Hub,
    reader: BufReader<ReadHalf<DuplexStream>>,
    writer: Option<WriteHalf<DuplexStream>>,
    server: JoinHandle<io::Result<()>>,
}

impl Dialogue {
    /// Starts a server with the given limits; the wire holds 1 KiB each way.
    pub(super) fn with_limits(limits: stdio::StdioLimits, hub: HubLimits) -> Self {
        let (ours, theirs) = duplex(1024);
        let (reader, writer) = split(ours);
        let hub = Hub::new(hub);
        let server = tokio::spawn(stdio::serve(Moody::new(&hub), split(theirs), limits));
        Self { hub, reader: BufReader::new(reader), writer: Some(writer), server }
    }

    /// Starts a server with the usual limits.
    pub(super) fn start() -> Self {
        Self::with_limits(stdio::StdioLimits::default(), HubLimits::default())
    }

    /// Starts a server and shakes hands as clients before 2026-07-28 do.
    pub(super) async fn initialized() -> Self {
        let mut dialogue = Self::start();
        dialogue.initialize().await;
        dialogue
    }

    /// Shakes hands.
    pub(super) async fn initialize(&mut self) {
        self.initialize_as("2025-11-25").await;
    }

    /// The same, in a revision.
    pub(super) async fn initialize_as(&mut self, revision: &str) {
        let mut params = initialize_params();
        params["protocolVersion"] = json!(revision);
        self.send(&request(0, "initialize", params)).await;
        assert_eq!(self.read().await["result"]["protocolVersion"], revision);
        self.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    }

    /// Sends one message.
    pub(super) async fn send(&mut self, message: &Value) {
        self.send_text(&format!("{message}\n")).await;
    }

    /// Sends anything.
    pub(super) async fn send_text(&mut self, text: &str) {
        self.writer.as_mut().unwrap().write_all(text.as_bytes()).await.unwrap();
    }

    /// The next message from the server; null once it has ended.
    pub(super) async fn read(&mut self) -> Value {
        let mut line = String::new();
        self.reader.read_line(&mut line).await.unwrap();
        if line.is_empty() { Value::Null } else { serde_json::from_str(&line).expect("a line is JSON") }
    }

    /// Calls a tool and returns the answer.
    pub(super) async fn call(&mut self, id: i64, tool: &str) -> Value {
        self.send(&call(id, tool)).await;
        self.read().await
    }

    /// Ends the input, and returns what else the server says and how it ends.
    pub(super) async fn hang_up(mut self) -> (Vec<Value>, io::Result<()>) {
        self.writer.take().unwrap().shutdown().await.unwrap();
        let mut last = Vec::new();
        loop {
            match self.read().await {
                Value::Null => return (last, self.server.await.unwrap()),
                message => last.push(message),
            }
        }
    }

    /// Waits for the server to end by itself.
    pub(super) async fn ended(self) -> io::Result<()> {
        self.server.await.unwrap()
    }
}

/// A request.
#[expect(clippy::needless_pass_by_value, reason = "reads better where it is called")]
pub(super) fn request(id: i64, method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

/// A call of a tool.
pub(super) fn call(id: i64, tool: &str) -> Value {
    request(id, "tools/call", json!({"name": tool}))
}

/// What every request of 2026-07-28 carries.
pub(super) fn modern_meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}

/// What a client before 2026-07-28 begins with.
pub(super) fn initialize_params() -> Value {
    json!({
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    })
}
