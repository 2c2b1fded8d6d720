//! Answers that are always the same.

use rmcp::{
    ErrorData,
    model::{
        AudioContent, CallToolRequestParams, CallToolResult, ContentBlock, ReadResourceResult, Resource,
        ResourceContents, ResourceTemplate,
    },
};
use serde_json::json;

/// A PNG of one pixel.
pub(crate) const IMAGE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// A WAV file without a sample.
const SOUND: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";

/// One text.
pub(crate) fn text(text: impl Into<String>) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}

/// What a tool that only answers says.
pub(crate) fn of_tool(request: &CallToolRequestParams) -> Option<CallToolResult> {
    let argument = |name: &str| request.arguments.as_ref()?.get(name)?.as_str();
    let resource = |uri: &str, kind: &str, text: &str| {
        ContentBlock::resource(ResourceContents::text(text, uri).with_mime_type(kind))
    };
    let blocks = match request.name.as_ref() {
        "test_simple_text" => return Some(text("This is a simple text response for testing.")),
        "json_schema_2020_12_tool" => return Some(text(argument("name").unwrap_or("no name"))),
        "test_custom_header" => return Some(text(argument("value").unwrap_or_default())),
        "test_error_handling" => {
            let error = ContentBlock::text("This tool intentionally returns an error for testing");
            return Some(CallToolResult::error(vec![error]));
        }
        "test_image_content" => vec![ContentBlock::image(IMAGE, "image/png")],
        "test_audio_content" => vec![ContentBlock::Audio(AudioContent::new(SOUND, "audio/wav"))],
        "test_embedded_resource" => {
            vec![resource("test://embedded-resource", "text/plain", "This is an embedded resource content.")]
        }
        "test_multiple_content_types" => vec![
            ContentBlock::text("Multiple content types test:"),
            ContentBlock::image(IMAGE, "image/png"),
            resource(
                "test://mixed-content-resource",
                "application/json",
                "{\"test\":\"data\",\"value\":123}",
            ),
        ],
        _ => return None,
    };
    Some(CallToolResult::success(blocks))
}

/// The resources that are listed.
pub(crate) fn resources() -> Vec<Resource> {
    vec![
        Resource::new("test://static-text", "A text").with_mime_type("text/plain"),
        Resource::new("test://static-binary", "An image").with_mime_type("image/png"),
    ]
}

/// The templates that are listed.
pub(crate) fn templates() -> Vec<ResourceTemplate> {
    vec![ResourceTemplate::new("test://template/{id}/data", "Data by id").with_mime_type("application/json")]
}

/// What stands at a URI.
pub(crate) fn of_resource(uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let by_id = uri.strip_prefix("test://template/").and_then(|rest| rest.strip_suffix("/data"));
    let contents = match (uri, by_id) {
        ("test://static-text", _) => {
            ResourceContents::text("This is the content of the static text resource.", uri)
                .with_mime_type("text/plain")
        }
        ("test://static-binary", _) => ResourceContents::blob(IMAGE, uri).with_mime_type("image/png"),
        (_, Some(id)) => {
            let data = json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")});
            ResourceContents::text(data.to_string(), uri).with_mime_type("application/json")
        }
        (_, None) => {
            let error = format!("nothing is at {uri}");
            return Err(ErrorData::resource_not_found(error, Some(json!({"uri": uri}))));
        }
    };
    Ok(ReadResourceResult::new(vec![contents]))
}
