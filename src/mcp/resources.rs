//! What can be read of a project by URI.
//!
//! `rulemark://items` and its like are documents' parts, not files: what agents and people have written
//! comes fenced (see `fence`), the rules as they stand, and each keeps to 64 KiB.

use super::{
    answer::Refusal,
    fence, guide,
    open_project::{OpenProject, Reading},
    uri::decoded,
};
use crate::{
    document::{Item, ItemStatus, Role, WorkflowState},
    journal::Entry,
    rules::{self, Phase, Rule},
    text::{Revision, Span},
};
use rmcp::model::{Resource, ResourceContents, ResourceTemplate};
use serde_json::{Value, json};

/// A resource that is always there.
#[derive(Debug)]
pub struct ResourceSpec {
    /// Its URI.
    pub uri: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// What it holds.
    pub description: &'static str,
    /// `text/markdown` or `application/json`.
    pub kind: &'static str,
}

/// All resources that are always there.
pub const RESOURCES: [ResourceSpec; 7] = [
    ResourceSpec {
        uri: "rulemark://state",
        name: "state",
        description: "phase, status, item and the other State keys",
        kind: JSON,
    },
    ResourceSpec {
        uri: "rulemark://config",
        name: "config",
        description: "project_config.md: goal, stack, commands, changelog",
        kind: MARKDOWN,
    },
    ResourceSpec {
        uri: "rulemark://plan",
        name: "plan",
        description: "the plan of the current item",
        kind: MARKDOWN,
    },
    ResourceSpec {
        uri: "rulemark://items",
        name: "items",
        description: "the items and how far they are",
        kind: JSON,
    },
    ResourceSpec { uri: "rulemark://log", name: "log", description: "the newest of Log", kind: MARKDOWN },
    ResourceSpec {
        uri: "rulemark://rules",
        name: "rules",
        description: "the phases and rules, word for word",
        kind: JSON,
    },
    ResourceSpec {
        uri: "rulemark://history",
        name: "history",
        description: "the newest runs of the rules",
        kind: JSON,
    },
];

/// Resources with a name in their URI: the template, what it is called, and what it holds.
pub const TEMPLATES: [(&str, &str, &str); 5] = [
    ("rulemark://items/{id}", "item", "one item"),
    ("rulemark://items/status/{status}", "items by status", "the items with a status"),
    ("rulemark://phases/{phase}", "phase", "the steps of one phase"),
    ("rulemark://rules/{rule}", "rule", "one rule, word for word"),
    ("rulemark://history/{entry}", "history entry", "one run: what the rules did, and its changes"),
];

const JSON: &str = "application/json";
const MARKDOWN: &str = "text/markdown";

/// What one resource holds at most, in bytes of its texts.
const BYTES: usize = 64 << 10;

/// Entries of the history.
const ENTRIES: usize = 50;

/// The resources that are always there, as clients are told of them.
pub(super) fn listed() -> Vec<Resource> {
    let told = |spec: &ResourceSpec| {
        Resource::new(spec.uri, spec.name).with_description(spec.description).with_mime_type(spec.kind)
    };
    RESOURCES.iter().map(told).collect()
}

/// The templates, as clients are told of them.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    let told = |(template, name, description): &(&str, &str, &str)| {
        ResourceTemplate::new(*template, *name).with_description(*description).with_mime_type(JSON)
    };
    TEMPLATES.iter().map(told).collect()
}

/// What stands at a URI; `None` when there is no such resource.
///
/// # Errors
/// When the project can't be read.
pub(super) fn read(open: &mut OpenProject, uri: &str) -> Result<Option<ResourceContents>, Refusal> {
    let Some(path) = uri.strip_prefix("rulemark://") else { return Ok(None) };
    let (kind, text) = match path.split_once('/') {
        None => match whole(open, path)? {
            Some(found) => found,
            None => return Ok(None),
        },
        Some((kind, name)) => {
            let Some(name) = decoded(name) else { return Ok(None) };
            match one(open, kind, &name)? {
                Some(found) => (JSON, found.to_string()),
                None => return Ok(None),
            }
        }
    };
    Ok(Some(ResourceContents::text(text, uri).with_mime_type(kind)))
}

fn whole(open: &mut OpenProject, name: &str) -> Result<Option<(&'static str, String)>, Refusal> {
    if name == "history" {
        let entries = open.project.history(ENTRIES)?;
        return Ok(Some((JSON, json!(entries.iter().map(run).collect::<Vec<_>>()).to_string())));
    }
    let reading = open.look()?;
    let state = WorkflowState::parse(&reading.documents.state.text);
    Ok(Some(match name {
        "state" => (JSON, overview(reading, &state).to_string()),
        "config" => match &reading.documents.config {
            Some(config) => (MARKDOWN, beginning(&config.text)),
            None => return Ok(None),
        },
        "plan" => (MARKDOWN, fence::block(&section(&state, Role::Plan))),
        "log" => (MARKDOWN, fence::block(&section(&state, Role::Log))),
        "items" => (JSON, items(&state, |_| true).to_string()),
        "rules" => (JSON, all_rules(&state).to_string()),
        _ => return Ok(None),
    }))
}

fn one(open: &mut OpenProject, kind: &str, name: &str) -> Result<Option<Value>, Refusal> {
    if kind == "history" {
        let Ok(seq) = name.parse() else { return Ok(None) };
        return Ok(match open.project.entry(seq)? {
            Some(entry) => Some(run_in_full(open, &entry)?),
            None => None,
        });
    }
    let reading = open.look()?;
    let state = WorkflowState::parse(&reading.documents.state.text);
    let text = state.outline().text();
    Ok(match kind {
        "items" => match name.strip_prefix("status/") {
            Some(status) => {
                let is =
                    |item: &Item| item.status.as_deref().unwrap_or_default().eq_ignore_ascii_case(status);
                Some(items(&state, is))
            }
            None => state.items().rows().iter().find(|item| item.id.as_deref() == Some(name)).map(item),
        },
        "phases" => {
            let rules = rules::compile_unreviewed(&state);
            rules.phase(name).map(|phase| phase_told(phase, text))
        }
        "rules" => rules::compile_unreviewed(&state).rule(name).map(|rule| rule_told(rule, text)),
        _ => None,
    })
}

/// The State section.
fn overview(reading: &Reading, state: &WorkflowState<'_>) -> Value {
    let keys = state.keys().iter().map(|key| (fence::line(&key.name), json!(fence::span(&key.value))));
    guide::position(reading)
        .with("state", Value::Object(keys.collect()))
        .with("revision", reading.documents.state.revision.to_string())
        .into()
}

fn section(state: &WorkflowState<'_>, role: Role) -> String {
    let outline = state.outline();
    let content = outline.section(role).map(|section| outline.content(section)).unwrap_or_default();
    end(&content)
}

/// The last lines of a text, in at most [`BYTES`].
fn end(text: &str) -> String {
    if text.len() <= BYTES {
        return text.to_owned();
    }
    let mut start = text.len() - BYTES;
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let start = text[start..].find('\n').map_or(start, |at| start + at + 1);
    format!("…\n{}", &text[start..])
}

/// The first lines of a text, in at most [`BYTES`].
fn beginning(text: &str) -> String {
    if text.len() <= BYTES {
        return text.to_owned();
    }
    let mut end = BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}\n…", &text[..end])
}

fn items(state: &WorkflowState<'_>, is_wanted: impl Fn(&Item) -> bool) -> Value {
    let items = state.items();
    let mut bytes = 0;
    let wanted: Vec<&Item> = items.rows().iter().filter(|item| is_wanted(item)).collect();
    let fits = |item: &&&Item| {
        bytes += item.description.len() + 32;
        bytes <= BYTES
    };
    let told: Vec<Value> = wanted.iter().take_while(fits).map(|it| item(it)).collect();
    let more = wanted.len() - told.len();
    json!({ "items": told, "more": more })
}

/// One item.
pub(super) fn item(item: &Item) -> Value {
    json!({
        "id": item.id.as_deref().map(fence::line),
        "text": fence::span(&item.description),
        "status": item.status.as_deref().map(fence::line),
        "done": item.state == ItemStatus::Processed,
    })
}

fn all_rules(state: &WorkflowState<'_>) -> Value {
    let (rules, text) = (rules::compile_unreviewed(state), state.outline().text());
    let mut bytes = 0;
    let mut fits = |span: Span| {
        bytes += span.len();
        bytes <= BYTES
    };
    let phases = rules.phases.iter().take_while(|phase| fits(phase.span)).map(|it| phase_told(it, text));
    let phases: Vec<Value> = phases.collect();
    let told = rules.rules.iter().take_while(|rule| fits(rule.span)).map(|it| rule_told(it, text));
    let told: Vec<Value> = told.collect();
    let more = rules.rules.len() - told.len();
    json!({ "phases": phases, "rules": told, "more": more })
}

fn phase_told(phase: &Phase, text: &str) -> Value {
    json!({ "phase": phase.name, "text": words(phase.span, text) })
}

fn rule_told(rule: &Rule, text: &str) -> Value {
    json!({ "rule": rule.id, "text": words(rule.span, text) })
}

/// Rules are the project's own instructions: no fence, but nothing that hides either.
fn words(span: Span, text: &str) -> String {
    span.of(text).trim_end().lines().map(fence::line).collect::<Vec<_>>().join("\n")
}

fn run(entry: &Entry) -> Value {
    let rules: Vec<&str> = entry.firings.iter().map(|firing| firing.rule.as_str()).collect();
    json!({
        "entry": entry.seq,
        "at": entry.at.to_string(),
        "cause": fence::span(&entry.label),
        "rules": rules,
        "files": entry.files.iter().map(|file| file.document.to_string()).collect::<Vec<_>>(),
    })
}

fn run_in_full(open: &OpenProject, entry: &Entry) -> Result<Value, Refusal> {
    let did = entry
        .firings
        .iter()
        .flat_map(|firing| firing.done.iter().map(|done| format!("{}: {}", firing.rule, fence::span(done))));
    let mut told = run(entry);
    told["did"] = json!(did.collect::<Vec<_>>());
    told["diff"] = json!(changes(open, entry)?);
    told["diagnostics"] = json!(entry.diagnostics);
    Ok(told)
}

/// What the entry changed, as a fenced diff; nothing where the journal no longer keeps the texts.
fn changes(open: &OpenProject, entry: &Entry) -> Result<String, Refusal> {
    let version = |revision: Revision| open.project.version(revision);
    let mut all = String::new();
    for file in &entry.files {
        let (Some(before), Some(after)) = (version(file.before())?, version(file.after)?) else { continue };
        let diff = similar::TextDiff::from_lines(&before, &after);
        let name = file.document.to_string();
        all.push_str(&diff.unified_diff().context_radius(1).header(&name, &name).to_string());
    }
    Ok(if all.is_empty() { all } else { fence::block(&beginning(&all)) })
}
