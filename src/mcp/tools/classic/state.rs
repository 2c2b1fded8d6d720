//! The tools that write the state as they are told, and the two that stand for all others.

use super::{
    Stage, analyze, blueprint, complete, construct, edit,
    reply::{finish, next_calls},
    revise, stage, validate,
};
use crate::{
    mcp::{
        answer::{Refusal, Retry},
        arguments::Arguments,
        guide,
        open_project::OpenProject,
        tools::{Step, next},
    },
    runtime::UnknownKey,
};
use serde_json::{Value, json};

/// `update_workflow_state_guidance`
pub(in crate::mcp::tools) fn update_state(
    open: &mut OpenProject,
    arguments: &Arguments,
    _: Vec<String>,
) -> Result<Step, Refusal> {
    let keys = [("Phase", "phase"), ("Status", "status"), ("CurrentItem", "current_item")];
    let set: Vec<(&str, String)> =
        keys.iter().filter_map(|(key, name)| Some((*key, arguments.text(name)?.trim().to_owned()))).collect();
    write(open, &set, arguments.text("log_entry"), arguments.text("plan"))
}

/// Writes State keys, the plan and an entry of Log, and says what comes next.
fn write(
    open: &mut OpenProject,
    set: &[(&str, String)],
    log: Option<&str>,
    plan: Option<&str>,
) -> Result<Step, Refusal> {
    let mut did = edit(open, "update", &mut |draft| {
        if let Some(plan) = plan {
            draft.write_plan(plan)?;
        }
        if let Some(log) = log {
            draft.log(log)?;
        }
        set.iter().try_for_each(|(key, value)| {
            let is_usual = ["Phase", "Status", "CurrentItem"].contains(key);
            draft.set(key, value, if is_usual { UnknownKey::Add } else { UnknownKey::Refuse })
        })
    })?;
    let said = [plan.map(|_| "wrote the plan"), log.map(|_| "wrote it to Log")];
    did.splice(0..0, said.into_iter().flatten().map(str::to_owned));
    finish(open, did)
}

/// `workflow_guidance`: the other tools under one name.
pub(in crate::mcp::tools) fn workflow_guidance(
    open: &mut OpenProject,
    arguments: &Arguments,
    did: Vec<String>,
) -> Result<Step, Refusal> {
    let context = arguments.text("context").unwrap_or_default();
    let with = |name: &str| arguments.clone().with(name, context);
    match arguments.text("action").unwrap_or("next") {
        "start" => analyze(open, arguments, did),
        "plan" => blueprint(open, &with("requirements_summary"), did),
        "build" => construct(open, arguments, did),
        "revise" => revise(open, &with("feedback"), did),
        _ => go_on(open, arguments, did),
    }
}

/// `next`: closes the step that `options` names, or goes into the phase behind this one.
fn go_on(open: &mut OpenProject, arguments: &Arguments, did: Vec<String>) -> Result<Step, Refusal> {
    let reading = open.look_settled()?;
    if let Some(step) = arguments.text("options").filter(|_| did.is_empty()) {
        let step = step.trim();
        if reading.guidance.pending.iter().any(|pending| pending.id == step) {
            return next::close(open, step, arguments.text("context"));
        }
    }
    if !reading.guidance.pending.is_empty() || reading.guidance.item.is_none() {
        return finish(open, did);
    }
    match stage(reading) {
        None => analyze(open, arguments, did),
        Some(Stage::Analyze) => blueprint(
            open,
            &arguments.clone().with("requirements_summary", arguments.text("context").unwrap_or_default()),
            did,
        ),
        Some(Stage::Blueprint) => construct(open, arguments, did),
        Some(Stage::Construct) => validate(open, arguments, did),
        Some(Stage::Validate) => complete(open, arguments, did),
    }
}

/// `workflow_state`
pub(in crate::mcp::tools) fn workflow_state(
    open: &mut OpenProject,
    arguments: &Arguments,
    _: Vec<String>,
) -> Result<Step, Refusal> {
    match arguments.text("operation").unwrap_or("get") {
        "update" => update(open, arguments.text("updates").unwrap_or_default()),
        "reset" => {
            let set = [("CurrentItem", "null"), ("Phase", "INIT"), ("Status", "READY")];
            write(open, &set.map(|(key, value)| (key, value.to_owned())), None, None)
        }
        _ => {
            let reading = open.look()?;
            let answer = guide::position(reading)
                .with("next", next_calls(reading))
                .with("revision", reading.documents.state.revision.short());
            Ok(Step::Answer(answer))
        }
    }
}

/// Takes the JSON object of an update: State keys in any spelling, `log_entry`, `plan`.
fn update(open: &mut OpenProject, updates: &str) -> Result<Step, Refusal> {
    let refused = |what: String| {
        let example = json!({ "operation": "update", "updates": r#"{"status": "RUNNING"}"# });
        Refusal::new(what, Retry::AfterFix)
            .because("nothing was written")
            .fix(format!("for example {example}"))
    };
    let parsed: Value =
        serde_json::from_str(updates).map_err(|error| refused(format!("`updates` is no JSON: {error}")))?;
    let Value::Object(parsed) = parsed else { return Err(refused("`updates` is no JSON object".into())) };
    let (mut set, mut log, mut plan) = (Vec::new(), None, None);
    for (name, value) in &parsed {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Null => "null".into(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Array(_) | Value::Object(_) => return Err(refused(format!("`{name}` must be a text"))),
        };
        match name.as_str() {
            "phase" => set.push(("Phase", text)),
            "status" => set.push(("Status", text)),
            "current_item" => set.push(("CurrentItem", text)),
            "log" | "log_entry" => log = Some(text),
            "plan" => plan = Some(text),
            other => set.push((other, text)),
        }
    }
    if set.is_empty() && log.is_none() && plan.is_none() {
        return Err(refused("`updates` has nothing to write".into()));
    }
    write(open, &set, log.as_deref(), plan.as_deref())
}
