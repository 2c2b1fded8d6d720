//! What happens in the demo: who edits what, and what the rules are expected to make of it.

use crate::{
    cli::{error::CommandError, export::replace_file},
    document::{Outline, Role, WorkflowState},
    runtime::Run,
    text::{Patch, Revision, Span, TextEdit},
};
use jiff::civil::DateTime;
use std::{fmt, fs, path::Path};

/// One edit and what follows.
pub(super) struct Beat {
    pub(super) who: &'static str,
    pub(super) what: &'static str,
    edit: fn(&WorkflowState<'_>) -> Vec<TextEdit>,
    /// Whether the file is replaced, as some editors save, or written in place.
    by_rename: bool,
    pub(super) expected: Expected,
}

/// What has to be seen before the demo goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// That the watcher listens and has looked at what it found.
    Begun,
    /// That a run ended in this phase.
    Phase(&'static str),
    /// That a run ended with this status.
    Status(&'static str),
    /// That this rule fired.
    Fired(&'static str),
    /// That this finding was made.
    Found(&'static str),
}

impl Expected {
    pub(super) fn is_met_by(self, run: &Run) -> bool {
        match self {
            Self::Begun => true,
            Self::Phase(phase) => ended_with(run, "Phase", phase),
            Self::Status(status) => ended_with(run, "Status", status),
            Self::Fired(rule) => run.outcome.firings.iter().any(|firing| firing.clause.rule == rule),
            Self::Found(code) => run.outcome.diagnostics.iter().any(|found| found.code == code),
        }
    }
}

fn ended_with(run: &Run, key: &str, value: &str) -> bool {
    WorkflowState::parse(&run.after.state.text).value(key).is_some_and(|is| is == value)
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begun => f.write_str("that it listens"),
            Self::Phase(phase) => write!(f, "phase {phase}"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::Fired(rule) => f.write_str(rule),
            Self::Found(code) => f.write_str(code),
        }
    }
}

const AGENT: &str = "the agent";
const PERSON: &str = "the person";

/// A whole item, and the beginning of the next.
pub(super) const SCRIPT: [Beat; 11] = [
    Beat {
        who: PERSON,
        what: "adds the first item",
        edit: |state| state.items().add("Add a greeting to the start page"),
        by_rename: false,
        expected: Expected::Fired("RULE_INIT_01"),
    },
    Beat {
        who: PERSON,
        what: "thinks of another one",
        edit: |state| state.items().add("Write the user guide"),
        by_rename: true,
        expected: Expected::Phase("ANALYZE"),
    },
    Beat {
        who: AGENT,
        what: "analyses, and goes on to plan",
        edit: |state| {
            let mut edits = log(state, "Found: the start page is one template, no test covers it");
            edits.extend(state.set("Phase", "BLUEPRINT"));
            edits
        },
        by_rename: false,
        expected: Expected::Phase("BLUEPRINT"),
    },
    Beat {
        who: AGENT,
        what: "writes the plan and asks for approval",
        edit: |state| {
            let plan = "1. Add the greeting to `start.html`\n2. Test that it is shown\n";
            let outline = state.outline();
            let mut edits = outline.section(Role::Plan).map_or_else(Vec::new, |it| outline.append(it, plan));
            edits.extend(state.set("Status", "NEEDS_PLAN_APPROVAL"));
            edits
        },
        by_rename: true,
        expected: Expected::Status("NEEDS_PLAN_APPROVAL"),
    },
    Beat {
        who: PERSON,
        what: "wants another plan",
        edit: |state| state.set("Status", "RUNNING"),
        by_rename: false,
        expected: Expected::Status("RUNNING"),
    },
    Beat {
        who: AGENT,
        what: "writes another one; the first is kept",
        edit: |state| {
            let outline = state.outline();
            let plan = "1. Write a test that wants a greeting\n2. Add it to `start.html`";
            let mut edits = replace(outline, Role::Plan, plan);
            edits.extend(state.set("Status", "NEEDS_PLAN_APPROVAL"));
            edits
        },
        by_rename: false,
        expected: Expected::Fired("RULE_BLUEPRINT_ARCHIVE_01"),
    },
    Beat {
        who: PERSON,
        what: "approves the plan",
        edit: |state| {
            let mut edits = state.set("Phase", "CONSTRUCT");
            edits.extend(state.set("Status", "RUNNING"));
            edits
        },
        by_rename: false,
        expected: Expected::Phase("CONSTRUCT"),
    },
    Beat {
        who: AGENT,
        what: "builds, and pastes a long test report into the log",
        edit: |state| report().flat_map(|line| log(state, &line)).collect(),
        by_rename: false,
        expected: Expected::Fired("RULE_LOG_ROTATE_01"),
    },
    Beat {
        who: AGENT,
        what: "validates",
        edit: |state| state.set("Phase", "VALIDATE"),
        by_rename: true,
        expected: Expected::Phase("VALIDATE"),
    },
    Beat {
        who: AGENT,
        what: "completes the item; one edit, two rules",
        edit: |state| state.set("Status", "COMPLETED"),
        by_rename: false,
        expected: Expected::Fired("RULE_ITERATE_01"),
    },
    Beat {
        who: AGENT,
        what: "is in a hurry and skips the plan",
        edit: |state| state.set("Phase", "CONSTRUCT"),
        by_rename: false,
        expected: Expected::Found("skipped-phase"),
    },
];

/// Fills in what `init` leaves to the project.
pub(super) fn prepare(folder: &Path) -> Result<(), CommandError> {
    let path = folder.join("project_config.md");
    let text = read(&path)?;
    let goal = text.replacen("## Goal\n", "## Goal\nA friendly start page.\n", 1);
    replace_file(&path, &goal)
}

/// Saves a beat's edit the way its editor does.
pub(super) fn save(folder: &Path, beat: &Beat) -> Result<(), CommandError> {
    let path = folder.join("workflow_state.md");
    let before = read(&path)?;
    let edits = (beat.edit)(&WorkflowState::parse(&before));
    let after = Patch::new(Revision::of(&before), edits)
        .map_err(|error| CommandError::bug("the demo's own edits overlap").because(error))?
        .apply(&before)
        .map_err(|error| CommandError::bug("the demo's own edit does not fit").because(error))?;
    if beat.by_rename {
        return replace_file(&path, &after);
    }
    #[allow(clippy::disallowed_methods, reason = "this plays the editor, and editors write in place")]
    fs::write(&path, after)
        .map_err(|error| CommandError::refused(format!("can't write {}", path.display())).because(error))
}

fn read(path: &Path) -> Result<String, CommandError> {
    fs::read_to_string(path)
        .map_err(|error| CommandError::refused(format!("can't read {}", path.display())).because(error))
}

/// An entry as an agent writes it, whose clock is its own.
fn log(state: &WorkflowState<'_>, text: &str) -> Vec<TextEdit> {
    const AT: DateTime = jiff::civil::datetime(2026, 1, 5, 9, 30, 0, 0);
    state.log(AT, text)
}

/// Replaces what a section says; its placeholder stays.
fn replace(outline: &Outline<'_>, role: Role, text: &str) -> Vec<TextEdit> {
    let Some(section) = outline.section(role) else { return Vec::new() };
    let content = outline.content(section);
    let old = section.body.of(outline.text()).find(content.as_str());
    old.map_or_else(Vec::new, |at| {
        let start = section.body.start + at;
        vec![TextEdit::replace(Span::new(start, start + content.len()), text)]
    })
}

/// More than the 5,000 characters that the template's log may have.
fn report() -> impl Iterator<Item = String> {
    let passed =
        (1..=84).map(|number| format!("test {number:02} of the start page passed in {} ms", 3 + number % 7));
    let failed = "1 test failed: `start_page_shows_greeting` expected \"Hello\", found nothing";
    let decided = "Decision: the greeting stands in `start.html`, not in the script";
    let ends = "Result: 85 tests passed after the fix in `start.html`";
    passed.chain([failed, decided, ends].map(str::to_owned))
}
