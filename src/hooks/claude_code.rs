//! Claude Code.

use super::protocol::{EventRow, Fields, Form, Moment, Protocol, Tool};

/// Tools that change files, as a matcher.
const EDITS: &str = "Edit|Write|MultiEdit|NotebookEdit|Bash";

/// The protocol. After a compaction a `SessionStart` with `source` `compact` follows, so `PreCompact`,
/// which can say nothing to the agent, is not asked for; nor is `SubagentStop`: a subagent does a part.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "claude-code",
    title: "Claude Code",
    documentation: "https://code.claude.com/docs/en/hooks",
    as_of: "2.1.292, October 2026",
    root_variable: "CLAUDE_PROJECT_DIR",
    fields: Fields { session: "/session_id", folder: "/cwd", root: "" },
    events: &[
        EventRow {
            name: "PreToolUse",
            moment: Moment::BeforeTool,
            matcher: Some(EDITS),
            form: Form::Specific,
        },
        EventRow {
            name: "PostToolUse",
            moment: Moment::AfterTool,
            matcher: Some(EDITS),
            form: Form::Specific,
        },
        EventRow { name: "SessionStart", moment: Moment::SessionStart, matcher: None, form: Form::Specific },
        EventRow { name: "UserPromptSubmit", moment: Moment::Prompt, matcher: None, form: Form::Specific },
        EventRow { name: "Stop", moment: Moment::Stop, matcher: None, form: Form::Decision },
    ],
    tools: &[
        ("Write", Tool::Edit),
        ("Edit", Tool::Edit),
        ("MultiEdit", Tool::Edit),
        ("NotebookEdit", Tool::Edit),
        ("Bash", Tool::Shell),
    ],
};
