//! Cursor.

use super::protocol::{EventRow, Fields, Form, Moment, Protocol, Tool};

/// The protocol. An edit is judged at `preToolUse`: `afterFileEdit` comes when it is done, and its answer
/// is not read. There is no event behind a compaction at which the agent could be told anything.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "cursor",
    title: "Cursor",
    documentation: "https://cursor.com/docs/hooks",
    as_of: "September 2026",
    root_variable: "CURSOR_PROJECT_DIR",
    fields: Fields { session: "/conversation_id", folder: "/cwd", root: "/workspace_roots/0" },
    events: &[
        EventRow {
            name: "preToolUse",
            moment: Moment::BeforeTool,
            matcher: Some("Write|StrReplace|Delete|EditNotebook"),
            form: Form::Permission,
        },
        EventRow {
            name: "beforeShellExecution",
            moment: Moment::BeforeCommand,
            matcher: None,
            form: Form::Permission,
        },
        EventRow {
            name: "postToolUse",
            moment: Moment::AfterTool,
            matcher: Some("Write|StrReplace|Delete|EditNotebook|Shell"),
            form: Form::Context,
        },
        EventRow { name: "sessionStart", moment: Moment::SessionStart, matcher: None, form: Form::Context },
        EventRow { name: "beforeSubmitPrompt", moment: Moment::Prompt, matcher: None, form: Form::Silent },
        EventRow { name: "stop", moment: Moment::Stop, matcher: None, form: Form::Followup },
    ],
    tools: &[
        ("Write", Tool::Edit),
        ("StrReplace", Tool::Edit),
        ("Edit", Tool::Edit),
        ("MultiEdit", Tool::Edit),
        ("EditNotebook", Tool::Edit),
        ("Delete", Tool::Delete),
        ("Shell", Tool::Shell),
    ],
};
