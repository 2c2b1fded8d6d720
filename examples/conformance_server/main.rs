//! The fixtures that the official conformance suite calls by name, on Rulemark's own HTTP stack, handler
//! wrapper and subscription hub. `scripts/conformance` runs the suite against it.
//!
//! Prints the URL it serves at, and serves until it is killed.

mod content;
mod input_required;
mod legacy_requests;
mod prompts;
mod tasks;

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CancelTaskParams, CompleteRequestParams,
        CompleteResult, CompletionInfo, GetPromptRequestParams, GetPromptResponse, GetTaskParams,
        GetTaskResult, Implementation, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
        ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, Reference,
        RequestStateCodec, ServerCapabilities, ServerConfig, SubscribeRequestParams, SubscriptionFilter,
        Tool, UnsubscribeRequestParams, UpdateTaskParams,
    },
    service::{NotificationContext, RequestContext, SubscriptionContext},
    task_manager::TaskManager,
};
use rulemark::mcp::{
    Change, Hub, LegacyClient,
    http::{HttpOptions, HttpServer, parse_address},
};
use std::{error::Error, io::Write as _, sync::Arc};
use tokio_util::sync::CancellationToken;

/// How long clients may keep a list.
const KEEP_MS: u64 = 60_000;

/// What all sessions share.
struct Shared {
    hub: Hub,
    tools: Vec<Tool>,
    tasks: TaskManager,
    states: RequestStateCodec,
}

/// One session, or one request of a client that has none.
struct Fixtures {
    shared: Arc<Shared>,
    client: LegacyClient,
}

impl Fixtures {
    fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: shared.clone(), client: shared.hub.legacy_client() }
    }
}

#[expect(deprecated, reason = "the suite asks for what earlier revisions have")]
impl ServerHandler for Fixtures {
    fn get_info(&self) -> ServerConfig {
        let can = ServerCapabilities::builder()
            .enable_completions()
            .enable_logging()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_resources()
            .enable_resources_list_changed()
            .enable_resources_subscribe()
            .enable_tasks()
            .enable_tools()
            .enable_tool_list_changed()
            .build();
        ServerConfig::new(can).with_server_info(Implementation::new("conformance-fixtures", "1"))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.shared.tools.iter().find(|tool| tool.name == name).cloned()
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools = ListToolsResult::with_all_items(self.shared.tools.clone());
        Ok(tools.with_ttl_ms(KEEP_MS).with_cache_scope(CacheScope::Public))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if let Some(content) = content::of_tool(&request) {
            return Ok(content.into());
        }
        if let Some(change) = change_of(&request.name) {
            self.shared.hub.publish(&change);
            return Ok(content::text("told").into());
        }
        if let Some(answer) = input_required::call(&request, &context, &self.shared.states) {
            return answer;
        }
        if tasks::is_one(&request.name) {
            return tasks::call(&request, &context, &self.shared.tasks).await;
        }
        legacy_requests::call(&request, &context).await
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let resources = ListResourcesResult::with_all_items(content::resources());
        Ok(resources.with_ttl_ms(KEEP_MS).with_cache_scope(CacheScope::Public))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let templates = ListResourceTemplatesResult::with_all_items(content::templates());
        Ok(templates.with_ttl_ms(KEEP_MS).with_cache_scope(CacheScope::Public))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let read = content::of_resource(&request.uri)?;
        Ok(read.with_ttl_ms(KEEP_MS).with_cache_scope(CacheScope::Public).into())
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let prompts = ListPromptsResult::with_all_items(prompts::all());
        Ok(prompts.with_ttl_ms(KEEP_MS).with_cache_scope(CacheScope::Public))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        prompts::get(&request)
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let known = match request.r#ref {
            Reference::Prompt(_) => ["paris", "park", "party"],
            _ => ["1", "2", "3"],
        };
        let fitting = known.into_iter().filter(|value| value.starts_with(&request.argument.value));
        let values = CompletionInfo::new(fitting.map(str::to_owned).collect());
        Ok(CompleteResult::new(values.map_err(|error| ErrorData::internal_error(error, None))?))
    }

    async fn set_level(
        &self,
        _: rmcp::model::SetLevelRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        if let Err(error) = self.client.connected(&context.peer) {
            tracing::error!(%error.message, "a client is told of no changes");
        }
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
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.client.unsubscribe(&request.uri);
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(self.shared.hub.accepted(requested))
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        self.shared.hub.listen(context).await
    }

    async fn get_task(
        &self,
        request: GetTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        Ok(GetTaskResult::new(self.shared.tasks.get_task(&request.task_id)?))
    }

    async fn update_task(
        &self,
        request: UpdateTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.shared.tasks.update_task(&request.task_id, request.input_responses)
    }

    async fn cancel_task(
        &self,
        request: CancelTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.shared.tasks.cancel_task(&request.task_id)
    }
}

fn change_of(tool: &str) -> Option<Change> {
    match tool {
        "test_trigger_tool_change" => Some(Change::Tools),
        "test_trigger_prompt_change" => Some(Change::Prompts),
        _ => None,
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let shared = Arc::new(Shared {
        hub: Hub::default(),
        tools: serde_json::from_str(include_str!("tools.json"))?,
        tasks: TaskManager::new(),
        // The suite checks that a state can't be forged, not who knows the key.
        states: RequestStateCodec::new_unchecked(*b"a key that everyone can read here"),
    });
    let server = HttpServer::bind(HttpOptions::new(parse_address("0")?)).await?;
    writeln!(std::io::stdout(), "{}", server.url()?)?;
    server.serve(move || Fixtures::new(&shared), CancellationToken::new()).await;
    Ok(())
}
