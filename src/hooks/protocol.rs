//! An agent's hook protocol as a table, and the reading and writing that the tables share.

use super::{
    InputError,
    occasion::{Change, Edit, Occasion, Replacement, Reply},
};
use jiff::civil::DateTime;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The hook protocol of one agent.
#[derive(Debug)]
pub struct Protocol {
    /// What `rulemark hook` calls the agent.
    pub name: &'static str,
    /// Its name.
    pub title: &'static str,
    /// Where its hooks are described.
    pub documentation: &'static str,
    /// The version or date of the description that the table was taken from.
    pub as_of: &'static str,
    /// The variable in which it names the folder of the project.
    pub root_variable: &'static str,
    /// What is told of every event.
    pub(super) fields: Fields,
    /// The events that are answered. Others are let pass.
    pub(super) events: &'static [EventRow],
    /// The tools that change something. Others are let pass.
    pub(super) tools: &'static [(&'static str, Tool)],
}

/// Where an event's fields stand, as JSON pointers.
#[derive(Debug)]
pub(super) struct Fields {
    pub(super) session: &'static str,
    pub(super) folder: &'static str,
    pub(super) root: &'static str,
}

/// One event.
#[derive(Clone, Copy, Debug)]
pub(super) struct EventRow {
    /// Its name in the configuration and in `hook_event_name`.
    pub(super) name: &'static str,
    /// What it means.
    pub(super) moment: Moment,
    /// The tools it is asked for, in the configuration; `None` where it has no tools.
    pub(super) matcher: Option<&'static str>,
    /// How it is answered.
    pub(super) form: Form,
}

impl EventRow {
    fn is_gate(&self) -> bool {
        matches!(self.moment, Moment::BeforeTool | Moment::BeforeCommand)
    }
}

/// When an event comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// Before a tool is used.
    BeforeTool,
    /// Before a command is run; the command stands in the event itself.
    BeforeCommand,
    /// After a tool was used.
    AfterTool,
    /// A conversation begins.
    SessionStart,
    /// The person says something.
    Prompt,
    /// The agent wants to stop.
    Stop,
}

/// The JSON of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `hookSpecificOutput` with `permissionDecision` or `additionalContext`.
    Specific,
    /// `decision` and `reason`.
    Decision,
    /// `permission`, `user_message` and `agent_message`.
    Permission,
    /// `additional_context`.
    Context,
    /// `followup_message`.
    Followup,
    /// None is listened to.
    Silent,
}

/// What a tool does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    /// It changes a file.
    Edit,
    /// It deletes one.
    Delete,
    /// It runs a command.
    Shell,
}

/// Who calls, and where.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'c> {
    /// The project's folder, as the agent or the command line names it.
    pub root: Option<&'c Path>,
    /// The folder the process runs in.
    pub folder: &'c Path,
    /// The user's home.
    pub home: Option<&'c Path>,
    /// The time it is, for tests.
    pub now: Option<DateTime>,
}

/// An event as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) occasion: Occasion,
    /// The conversation.
    pub(super) session: String,
    /// The folder the agent is in.
    pub(super) folder: Option<PathBuf>,
    /// The project's folder.
    pub(super) root: Option<PathBuf>,
    event: &'static str,
    form: Form,
}

/// What the process answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// For standard output: one JSON object.
    pub output: String,
    /// For standard error, where the person may find it.
    pub complaint: Option<String>,
    /// Whether the process ends with the exit code that keeps the agent from going on (2, with all of
    /// them): only when the event can't be read, so that no JSON would be understood.
    pub is_blocking: bool,
}

/// Where tools name the file, …
const PATHS: [&str; 5] = ["file_path", "path", "notebook_path", "target_file", "target_notebook"];
/// … and its new text.
const TEXTS: [&str; 3] = ["content", "contents", "file_text"];

/// An event as it is asked for in an agent's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Its name.
    pub event: &'static str,
    /// The tools it is asked for; `None` where it has no tools.
    pub matcher: Option<&'static str>,
    /// Whether an answer to it can refuse something.
    pub is_gate: bool,
}

impl Protocol {
    /// The events that are asked for.
    pub fn registrations(&self) -> impl Iterator<Item = Registration> + use<> {
        self.events.iter().map(|row| Registration {
            event: row.name,
            matcher: row.matcher,
            is_gate: row.is_gate(),
        })
    }

    /// Reads an event.
    pub(super) fn hear(&self, input: &[u8]) -> Result<Heard, String> {
        let event: Value =
            serde_json::from_slice(input).map_err(|error| format!("it is no JSON: {error}"))?;
        let name = event.get("hook_event_name").and_then(Value::as_str);
        let name = name.ok_or("it has no `hook_event_name`")?;
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let folder = |pointer: &str| Some(PathBuf::from(text(pointer))).filter(|path| path.is_absolute());
        let row = self.events.iter().find(|row| row.name == name);
        let occasion = row.map_or(Ok(Occasion::Other), |row| self.occasion(row.moment, &event))?;
        Ok(Heard {
            occasion,
            session: text(self.fields.session).to_owned(),
            folder: folder(self.fields.folder),
            root: folder(self.fields.root),
            event: row.map_or("", |row| row.name),
            form: row.map_or(Form::Silent, |row| row.form),
        })
    }

    fn occasion(&self, moment: Moment, event: &Value) -> Result<Occasion, String> {
        let tool = event.get("tool_name").and_then(Value::as_str);
        let tool =
            tool.and_then(|tool| self.tools.iter().find(|(name, _)| *name == tool)).map(|(_, tool)| *tool);
        let input = &event["tool_input"];
        let folder = event.pointer(self.fields.folder).and_then(Value::as_str).unwrap_or_default();
        let path = || first(input, &PATHS).map(|path| Path::new(folder).join(path));
        let occasion = match (moment, tool) {
            (Moment::BeforeTool, Some(Tool::Shell)) => {
                Occasion::BeforeCommand { line: command(input).ok_or("the tool has no `command`")? }
            }
            (Moment::BeforeTool, Some(tool)) => {
                let path = path().ok_or("the tool names no file")?;
                let change = if tool == Tool::Delete { Change::Deletion } else { change(input) };
                Occasion::BeforeEdit(Edit { path, change })
            }
            (Moment::BeforeCommand, _) => {
                Occasion::BeforeCommand { line: command(event).ok_or("it has no `command`")? }
            }
            (Moment::AfterTool, Some(Tool::Shell)) => Occasion::AfterCommand,
            (Moment::AfterTool, Some(_)) => {
                path().map_or(Occasion::Other, |path| Occasion::AfterEdit { path })
            }
            (Moment::BeforeTool | Moment::AfterTool, None) => Occasion::Other,
            (Moment::SessionStart, _) => {
                let is_new = event.get("source").and_then(Value::as_str) != Some("compact");
                Occasion::SessionStarted { is_new }
            }
            (Moment::Prompt, _) => Occasion::Prompted,
            (Moment::Stop, _) => stopping(event),
        };
        Ok(occasion)
    }

    /// Says `reply` as the agent understands it. It is never told that something is allowed.
    pub(super) fn say(&self, heard: &Heard, reply: &Reply) -> Answer {
        let output = match (heard.form, reply) {
            (_, Reply::Nothing) | (Form::Silent, _) => json!({}),
            (Form::Specific, Reply::Refuse(text)) => json!({ "hookSpecificOutput": {
                "hookEventName": heard.event, "permissionDecision": "deny", "permissionDecisionReason": text,
            } }),
            (Form::Specific, Reply::Remark(text) | Reply::GoOn(text)) => json!({ "hookSpecificOutput": {
                "hookEventName": heard.event, "additionalContext": text,
            } }),
            (Form::Decision, Reply::Refuse(text) | Reply::Remark(text) | Reply::GoOn(text)) => {
                json!({ "decision": "block", "reason": text })
            }
            (Form::Permission, Reply::Refuse(text)) => {
                json!({ "permission": "deny", "user_message": text, "agent_message": text })
            }
            // It takes nothing but a decision here; what there is to say is said behind the edit.
            (Form::Permission, Reply::Remark(_) | Reply::GoOn(_)) => json!({}),
            (Form::Context, Reply::Refuse(text) | Reply::Remark(text) | Reply::GoOn(text)) => {
                json!({ "additional_context": text })
            }
            (Form::Followup, Reply::GoOn(text)) => json!({ "followup_message": text }),
            (Form::Followup, Reply::Refuse(_) | Reply::Remark(_)) => json!({}),
        };
        Answer { output: output.to_string(), ..Answer::default() }
    }

    /// What is answered when something went wrong that must not keep the agent from its work.
    pub(super) fn fails_open(&self, failure: &str) -> Answer {
        Answer {
            output: "{}".into(),
            complaint: Some(format!("rulemark looked away: {failure}")),
            is_blocking: false,
        }
    }

    /// What is answered when no event came.
    #[must_use]
    pub fn unheard(&self, error: &InputError) -> Answer {
        self.unreadable(&[], &error.to_string())
    }

    /// What is answered to what can't be read. It may be a gate's event unless it names another.
    pub(super) fn unreadable(&self, input: &[u8], message: &str) -> Answer {
        let failure = format!("the event can't be read: {message}");
        let names = |row: &&EventRow| {
            let quoted = format!("\"{}\"", row.name);
            memchr::memmem::find(input, quoted.as_bytes()).is_some()
        };
        let mut named = self.events.iter().filter(names).peekable();
        if named.peek().is_some() && !named.any(EventRow::is_gate) {
            return self.fails_open(&failure);
        }
        let complaint = super::wording::fails_closed(&failure);
        Answer { output: String::new(), complaint: Some(complaint), is_blocking: true }
    }
}

fn first<'v>(input: &'v Value, names: &[&str]) -> Option<&'v str> {
    names.iter().find_map(|name| input.get(name).and_then(Value::as_str))
}

fn command(input: &Value) -> Option<String> {
    input.get("command").and_then(Value::as_str).map(str::to_owned)
}

/// The change that a tool's input shows.
fn change(input: &Value) -> Change {
    if input.get("notebook_path").is_some() || input.get("target_notebook").is_some() {
        return Change::Unseen;
    }
    if let Some(text) = first(input, &TEXTS) {
        return Change::Whole(text.to_owned());
    }
    let replacement = |edit: &Value| {
        let text = |name: &str| edit.get(name).and_then(Value::as_str).map(str::to_owned);
        let all = edit.get("replace_all").and_then(Value::as_bool).unwrap_or_default();
        Some(Replacement { old: text("old_string")?, new: text("new_string")?, all })
    };
    let replacements = match input.get("edits").and_then(Value::as_array) {
        Some(edits) => edits.iter().map(replacement).collect(),
        None => replacement(input).map(|it| vec![it]),
    };
    replacements.map_or(Change::Unseen, Change::Replacements)
}

fn stopping(event: &Value) -> Occasion {
    let has_ended = |status: &str| matches!(status, "aborted" | "error");
    let is_planning = event.get("permission_mode").and_then(Value::as_str) == Some("plan");
    if is_planning || event.get("status").and_then(Value::as_str).is_some_and(has_ended) {
        return Occasion::Other;
    }
    let is_active = event.get("stop_hook_active").and_then(Value::as_bool).unwrap_or_default();
    let loops = event.get("loop_count").and_then(Value::as_u64).unwrap_or_default();
    Occasion::Stopping { is_repeated: is_active || loops > 0 }
}
