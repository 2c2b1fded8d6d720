//! What clients are told of the tools, and what the README says of them.

use super::client::{Client, Era};
use crate::cli::environment::Environment;
use rulemark::mcp::{
    resources::{RESOURCES, TEMPLATES},
    tools::{Impact, TOOLS},
};
use rulemark::runtime::ToolSet;
use serde_json::{Value, json};

const README: &str = include_str!("../../../README.md");

/// Bytes of a `tools/list`, as it is sent.
fn listed(environment: &Environment, tools: &str) -> usize {
    let mut client = Client::start(environment, Era::Handshake, &["--tools", tools], json!({}));
    client.request("tools/list", json!({}))["result"].to_string().len()
}

#[test]
fn the_default_tools_are_few_words() {
    let bytes = listed(&Environment::initialised(), "default");
    assert!(bytes <= 2_048, "tools/list has {bytes} bytes");
}

#[test]
fn settings_name_the_tools() {
    let environment = Environment::initialised();
    environment.write("rulemark.toml", "[mcp]\ntools = \"classic\"\n");
    let names = |arguments: &[&str]| {
        let mut client = Client::start(&environment, Era::Handshake, arguments, json!({}));
        let answer = client.request("tools/list", json!({}));
        answer["result"]["tools"][0]["name"].as_str().unwrap().to_owned()
    };
    assert_eq!(names(&[]), "init_workflow_guidance");
    assert_eq!(names(&["--tools", "default"]), "next");
}

/// An answer in bytes: of the whole result, and of the text alone, which is what an agent reads.
fn answered(client: &mut Client, tool: &str, arguments: &Value) -> (usize, usize) {
    let answer = client.call(tool, arguments);
    let result = &answer["result"];
    (result.to_string().len(), result["content"][0]["text"].as_str().unwrap().len())
}

#[test]
fn answers_are_bounded() {
    let environment = Environment::initialised();
    let long = "a `long` description, ".repeat(40);
    for number in 0..40 {
        environment.edit("## Log", &format!("## Log\n- {number} {long}"));
    }
    let rows: String = (10..70).map(|id| format!("| {id} | {long} | pending |\n")).collect();
    environment.edit("| -- | ----------- | ------ |\n", &format!("| -- | ----------- | ------ |\n{rows}"));
    let steps: String = (0..40).map(|step| format!("{step}. {long}\n")).collect();
    environment.edit("### [PHASE: ANALYZE]\n", &format!("### [PHASE: ANALYZE]\n{steps}"));
    let mut client = Client::start(&environment, Era::Handshake, &["--tools", "all"], json!({}));
    for get in ["state", "items", "log", "plan"] {
        let (_, text) = answered(&mut client, "state", &json!({ "get": get }));
        assert!(text <= 16_384, "{get}: {text} bytes");
    }
    let (_, text) = answered(&mut client, "next", &json!({}));
    assert!(text <= 8_192, "next: {text} bytes");
    for tool in TOOLS.iter().filter(|tool| tool.set == ToolSet::Classic) {
        let arguments = match tool.name {
            "update_workflow_state_guidance" => json!({ "phase": "ANALYZE", "status": "RUNNING" }),
            "workflow_guidance" => json!({ "action": "start" }),
            "workflow_state" => json!({ "operation": "get" }),
            "blueprint_phase_guidance" => json!({ "task_description": "x", "requirements_summary": long }),
            "revise_blueprint_guidance" => json!({ "task_description": "x", "feedback": long }),
            "fix_validation_issues_guidance" => json!({ "task_description": "x", "issues": long }),
            "error_recovery_guidance" | "escalate_to_user_guidance" => {
                json!({ "task_description": "x", "error_details": long })
            }
            name if name.contains("_config_") || name.contains("_files_") || name.contains("iterate") => {
                json!({})
            }
            "finalize_workflow_guidance" => json!({}),
            _ => json!({ "task_description": long }),
        };
        let (whole, _) = answered(&mut client, tool.name, &arguments);
        assert!(whole <= 2_048, "{}: {whole} bytes", tool.name);
    }
}

#[test]
fn pages_lead_through_all_items() {
    let environment = Environment::initialised();
    let rows: String = (10..131).map(|id| format!("| {id} | item {id} | pending |\n")).collect();
    environment.edit("| -- | ----------- | ------ |\n", &format!("| -- | ----------- | ------ |\n{rows}"));
    let mut client = Client::start(&environment, Era::Handshake, &[], json!({}));
    let (mut ids, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let answer = client.call("state", &json!({ "get": "items", "cursor": cursor }));
        let page = &answer["result"]["structuredContent"];
        ids.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()));
        cursor = page["cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(ids.len(), 123);
    ids.dedup();
    assert_eq!(ids.len(), 123);
}

/// What the README says of the tools, made from their table.
fn reference() -> String {
    let mut text =
        String::from("| tool | set | arguments | does | changes |\n| --- | --- | --- | --- | --- |\n");
    for tool in &TOOLS {
        let set = ToolSet::NAMES.iter().find(|(_, set)| *set == tool.set).map_or("all", |(name, _)| name);
        let changes = match tool.impact {
            Impact::Reads => "nothing",
            Impact::Writes => "yes",
            Impact::WritesOnce => "once",
        };
        let offered = tool.offered();
        let known = offered.input_schema.get("properties").and_then(Value::as_object);
        let required = offered.input_schema.get("required").and_then(Value::as_array);
        let is_required = |name: &str| required.is_some_and(|all| all.iter().any(|it| it == name));
        let arguments: Vec<String> = known
            .into_iter()
            .flat_map(|known| known.keys())
            .map(|name| if is_required(name) { format!("`{name}`") } else { format!("`{name}`?") })
            .collect();
        let description = tool.description.replace('|', "\\|");
        text.push_str(&format!(
            "| `{}` | {set} | {} | {description} | {changes} |\n",
            tool.name,
            arguments.join(" ")
        ));
    }
    text
}

#[test]
fn the_readme_lists_every_tool_and_resource() {
    let expected = reference();
    assert!(README.contains(&expected), "the README's table of tools should be\n{expected}");
    let resources: String =
        RESOURCES.iter().map(|it| format!("| `{}` | {} |\n", it.uri, it.description)).collect();
    let templates: String =
        TEMPLATES.iter().map(|(uri, _, what)| format!("| `{uri}` | {what} |\n")).collect();
    let expected = format!("| resource | holds |\n| --- | --- |\n{resources}{templates}");
    assert!(README.contains(&expected), "the README's table of resources should be\n{expected}");
}

#[test]
fn the_readme_says_what_an_agent_pays() {
    let environment = Environment::initialised();
    let mut rows =
        String::from("| tools | bytes of `tools/list` | a typical answer |\n| --- | ---: | --- |\n");
    for (name, typical) in [
        ("default", vec![("next", json!({})), ("state", json!({}))]),
        ("classic", vec![("analyze_phase_guidance", json!({ "task_description": "Add a greeting" }))]),
        ("all", Vec::new()),
    ] {
        let bytes = listed(&environment, name);
        let mut client = Client::start(&environment, Era::Handshake, &["--tools", name], json!({}));
        let told = typical.iter().map(|(tool, arguments)| {
            // The path of the project is as long as it is.
            let answer = client.call(tool, arguments);
            let text = answer["result"]["content"][0]["text"].as_str().unwrap();
            format!("`{tool}` {} bytes", environment.normalised(text.as_bytes()).len())
        });
        let told: Vec<String> = told.collect();
        rows.push_str(&format!("| {name} | {bytes} | {} |\n", told.join(", ")));
    }
    assert!(README.contains(&rows), "the README's table of costs should be\n{rows}");
}
