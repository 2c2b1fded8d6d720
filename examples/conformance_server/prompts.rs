//! The prompts.

use crate::{
    content::IMAGE,
    input_required::{answer, form, need},
};
use rmcp::{
    ErrorData,
    model::{
        ContentBlock, GetPromptRequestParams, GetPromptResponse, GetPromptResult, ImageContent, Prompt,
        PromptArgument, PromptMessage, ResourceContents, Role,
    },
};

/// The prompts that are listed.
pub(crate) fn all() -> Vec<Prompt> {
    let argument = |name: &str, is_required| PromptArgument::new(name).with_required(is_required);
    let arguments = vec![argument("arg1", true), argument("arg2", true)];
    vec![
        Prompt::new("test_simple_prompt", Some("One message"), None),
        Prompt::new("test_prompt_with_arguments", Some("Two arguments"), Some(arguments)),
        Prompt::new(
            "test_prompt_with_embedded_resource",
            Some("A resource"),
            Some(vec![argument("resourceUri", true)]),
        ),
        Prompt::new("test_prompt_with_image", Some("An image"), None),
        Prompt::new("test_input_required_result_prompt", Some("Needs to know what for"), None),
    ]
}

/// The messages of a prompt.
pub(crate) fn get(request: &GetPromptRequestParams) -> Result<GetPromptResponse, ErrorData> {
    let argument = |name: &str| {
        let value = request.arguments.as_ref().and_then(|arguments| arguments.get(name));
        value.and_then(|value| value.as_str()).unwrap_or_default().to_owned()
    };
    let text = |text: String| PromptMessage::new_text(Role::User, text);
    let messages = match request.name.as_str() {
        "test_simple_prompt" => vec![text("This is a simple prompt for testing.".to_owned())],
        "test_prompt_with_arguments" => {
            let (first, second) = (argument("arg1"), argument("arg2"));
            vec![text(format!("Prompt with arguments: arg1='{first}', arg2='{second}'"))]
        }
        "test_prompt_with_embedded_resource" => {
            let resource =
                ResourceContents::text("Embedded resource content for testing.", argument("resourceUri"));
            let block = ContentBlock::resource(resource.with_mime_type("text/plain"));
            vec![PromptMessage::new(Role::User, block), text("Please process the resource above.".to_owned())]
        }
        "test_prompt_with_image" => {
            let image = ContentBlock::Image(ImageContent::new(IMAGE, "image/png"));
            vec![PromptMessage::new(Role::User, image), text("Please analyze the image above.".to_owned())]
        }
        "test_input_required_result_prompt" => {
            let Some(known) = answer(request.input_responses.as_ref(), "user_context") else {
                return Ok(
                    need([("user_context", form("What is it for?", "context", "string"))], None).into()
                );
            };
            vec![text(format!("Prompt for: {}", known["content"]["context"]))]
        }
        other => return Err(ErrorData::invalid_params(format!("there is no prompt {other}"), None)),
    };
    Ok(GetPromptResult::new(messages).with_description("A prompt for testing").into())
}
