//! A wrapper that keeps one faulty handler from taking an answer, or the server, with it.

#[expect(deprecated, reason = "clients before 2026-07-28 set the log's level")]
use rmcp::model::SetLevelRequestParams;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CancelTaskParams, CancelledNotificationParam,
        CompleteRequestParams, CompleteResult, CustomNotification, CustomRequest, CustomResult,
        DiscoverResult, ErrorCode, GetPromptRequestParams, GetPromptResponse, GetSkillRequestParams,
        GetSkillResult, GetTaskParams, GetTaskResult, InitializeRequestParams, InitializeResult,
        ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListSkillsResult,
        ListToolsResult, PaginatedRequestParams, ProgressNotificationParam, ProtocolVersion,
        ReadResourceDirectoryRequestParams, ReadResourceDirectoryResult, ReadResourceRequestParams,
        ReadResourceResponse, ServerConfig, SubscribeRequestParams, SubscriptionFilter, Tool,
        UnsubscribeRequestParams, UpdateTaskParams,
    },
    service::{NotificationContext, RequestContext, SubscriptionContext},
};
use std::{
    borrow::Cow,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};
use tokio_util::sync::CancellationToken;

/// Requests of the protocol, and the revisions that have them.
///
/// A handler gets one only when its parameters have the right types; rmcp hands any other one on as an
/// unknown request, which would be answered "method not found".
const KNOWN_REQUESTS: [(&str, Revisions); 21] = [
    ("initialize", Revisions::Earlier),
    ("ping", Revisions::Earlier),
    ("logging/setLevel", Revisions::Earlier),
    ("resources/subscribe", Revisions::Earlier),
    ("resources/unsubscribe", Revisions::Earlier),
    ("server/discover", Revisions::From2026),
    ("subscriptions/listen", Revisions::From2026),
    ("tools/list", Revisions::All),
    ("tools/call", Revisions::All),
    ("resources/list", Revisions::All),
    ("resources/templates/list", Revisions::All),
    ("resources/read", Revisions::All),
    ("resources/directory/read", Revisions::All),
    ("prompts/list", Revisions::All),
    ("prompts/get", Revisions::All),
    ("completion/complete", Revisions::All),
    ("tasks/get", Revisions::All),
    ("tasks/update", Revisions::All),
    ("tasks/cancel", Revisions::All),
    ("skills/list", Revisions::All),
    ("skills/get", Revisions::All),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Revisions {
    /// Those before 2026-07-28.
    Earlier,
    From2026,
    All,
}

/// A handler whose panics are answered with an internal error, while the server goes on.
///
/// rmcp runs every request as a task of its own and drops the answer of one that panics: the client
/// would wait for ever. What panicked stands on standard error, by the panic hook.
///
/// State that is behind a lock while a method panics is the handler's own to judge: every method here
/// is called again afterwards.
#[derive(Clone, Debug)]
pub struct Guarded<H> {
    handler: H,
    ended: CancellationToken,
}

impl<H> Guarded<H> {
    /// Guards a handler.
    pub fn new(handler: H) -> Self {
        Self { handler, ended: CancellationToken::new() }
    }

    /// Ends open subscriptions when the token is cancelled: nobody is left to tell, and an answer that
    /// never comes would hold up the end of the server.
    #[must_use]
    pub fn until(self, ended: CancellationToken) -> Self {
        Self { ended, ..self }
    }
}

/// Methods that answer a request: the arguments before the context, and what is answered.
macro_rules! requests {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {$(
        async fn $name(
            &self,
            $($argument: $type,)*
            context: RequestContext<RoleServer>,
        ) -> Result<$answer, ErrorData> {
            answered(stringify!($name), async move { self.handler.$name($($argument,)* context).await }).await
        }
    )*};
}

/// Methods that take note of a notification: the arguments before the context.
macro_rules! notifications {
    ($($name:ident($($argument:ident: $type:ty),*);)*) => {$(
        async fn $name(&self, $($argument: $type,)* context: NotificationContext<RoleServer>) {
            let noted = async move {
                self.handler.$name($($argument,)* context).await;
                Ok(())
            };
            // A notification has no answer; the panic has been told.
            answered(stringify!($name), noted).await.ok();
        }
    )*};
}

#[expect(deprecated, reason = "clients before 2026-07-28 subscribe, and set the log's level, this way")]
impl<H: ServerHandler> ServerHandler for Guarded<H> {
    requests! {
        ping() -> ();
        initialize(request: InitializeRequestParams) -> InitializeResult;
        discover() -> DiscoverResult;
        complete(request: CompleteRequestParams) -> CompleteResult;
        set_level(request: SetLevelRequestParams) -> ();
        get_prompt(request: GetPromptRequestParams) -> GetPromptResponse;
        list_prompts(request: Option<PaginatedRequestParams>) -> ListPromptsResult;
        list_resources(request: Option<PaginatedRequestParams>) -> ListResourcesResult;
        list_resource_templates(request: Option<PaginatedRequestParams>) -> ListResourceTemplatesResult;
        read_resource(request: ReadResourceRequestParams) -> ReadResourceResponse;
        subscribe(request: SubscribeRequestParams) -> ();
        unsubscribe(request: UnsubscribeRequestParams) -> ();
        call_tool(request: CallToolRequestParams) -> CallToolResponse;
        list_tools(request: Option<PaginatedRequestParams>) -> ListToolsResult;
        get_task(request: GetTaskParams) -> GetTaskResult;
        update_task(request: UpdateTaskParams) -> ();
        cancel_task(request: CancelTaskParams) -> ();
        list_skills(request: Option<PaginatedRequestParams>) -> ListSkillsResult;
        get_skill(request: GetSkillRequestParams) -> GetSkillResult;
        read_resource_directory(request: ReadResourceDirectoryRequestParams) -> ReadResourceDirectoryResult;
    }

    notifications! {
        on_cancelled(notification: CancelledNotificationParam);
        on_progress(notification: ProgressNotificationParam);
        on_initialized();
        on_roots_list_changed();
        on_custom_notification(notification: CustomNotification);
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let version = context.protocol_version();
        let is_from_2026 = version.is_some_and(|version| version >= ProtocolVersion::V_2026_07_28);
        let without = if is_from_2026 { Revisions::Earlier } else { Revisions::From2026 };
        let method = &request.method;
        if KNOWN_REQUESTS.iter().any(|(known, revisions)| known == method && *revisions != without) {
            return Err(ErrorData::invalid_params(
                format!(
                    "the parameters of {method} are missing or have the wrong types; see the protocol's schema"
                ),
                None,
            ));
        }
        answered("on_custom_request", async move { self.handler.on_custom_request(request, context).await })
            .await
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        tokio::select! {
            result = answered("listen", async move { self.handler.listen(context).await }) => result,
            () = self.ended.cancelled() => Ok(()),
        }
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        caught("accepted_subscription_filter", || self.handler.accepted_subscription_filter(requested))
            .ok()?
    }

    fn negotiate_initialize(&self, request: &InitializeRequestParams) -> Result<InitializeResult, ErrorData> {
        caught("negotiate_initialize", || self.handler.negotiate_initialize(request))?
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        caught("supported_protocol_versions", || self.handler.supported_protocol_versions())
            .unwrap_or(Cow::Borrowed(ProtocolVersion::KNOWN_VERSIONS))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        caught("get_tool", || self.handler.get_tool(name)).ok()?
    }

    fn get_info(&self) -> ServerConfig {
        caught("get_info", || self.handler.get_info()).unwrap_or_default()
    }
}

/// What `future` answers, or an internal error once it panics.
async fn answered<T>(
    method: &'static str,
    future: impl Future<Output = Result<T, ErrorData>>,
) -> Result<T, ErrorData> {
    let mut future = pin!(future);
    poll_fn(|context| match caught(method, || future.as_mut().poll(context)) {
        Ok(poll) => poll,
        // The future is not polled again.
        Err(error) => Poll::Ready(Err(error)),
    })
    .await
}

/// What `call` returns, or the answer to give when it panics.
fn caught<T>(method: &'static str, call: impl FnOnce() -> T) -> Result<T, ErrorData> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|_told_by_the_hook| {
        tracing::error!(method, "a handler panicked; its request is answered with an internal error");
        ErrorData::new(
            ErrorCode::INTERNAL_ERROR,
            "a bug in the server ended this request; it is told on the server's standard error. \
             other requests are not affected; asking the same again is likely to fail the same way",
            None,
        )
    })
}
