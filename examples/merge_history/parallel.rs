//! What another agent would have done to a version meanwhile.

use jiff::civil::{DateTime, date};
use rulemark::{
    document::{ItemStatus, Outline, ProjectConfig, Role, WorkflowState},
    text::{Patch, Revision, TextEdit},
};

/// A kind of parallel edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Work {
    /// A log entry.
    Log,
    /// The first open item is done, and logged.
    Item,
    /// The status is another one, and logged.
    Status,
    /// A step more in the plan, and the first open one ticked.
    Plan,
    /// All of that.
    All,
    /// A changelog line.
    Changelog,
}

/// What is done to a state file, and to a config file.
pub(crate) const STATE: [Work; 5] = [Work::Log, Work::Item, Work::Status, Work::Plan, Work::All];
pub(crate) const CONFIG: [Work; 1] = [Work::Changelog];

impl Work {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Log => "logs",
            Self::Item => "finishes an item and logs",
            Self::Status => "changes the status and logs",
            Self::Plan => "ticks a plan step and adds one",
            Self::All => "does all of these",
            Self::Changelog => "writes a changelog line",
        }
    }

    /// `text` after this work; `None` where there is nothing of the kind to do.
    pub(crate) fn on(self, text: &str) -> Option<String> {
        let at = date(2031, 2, 3).at(4, 5, 6, 0);
        let text = text.to_owned();
        match self {
            Self::Log => Some(logged(&text, at)),
            Self::Item => finished(&text).map(|text| logged(&text, at)),
            Self::Status => with_status(&text).map(|text| logged(&text, at)),
            Self::Plan => planned(&text),
            Self::All => {
                let text = finished(&text).unwrap_or(text);
                let text = with_status(&text).unwrap_or(text);
                let text = planned(&text).unwrap_or(text);
                Some(logged(&text, at))
            }
            Self::Changelog => {
                let edits = ProjectConfig::parse(&text).add_change(at.date(), "Merged in parallel", true);
                Some(edited(&text, edits))
            }
        }
    }
}

fn edited(text: &str, edits: Vec<TextEdit>) -> String {
    let patch = Patch::new(Revision::of(text), edits).expect("a view's edits are disjoint");
    patch.apply(text).expect("they fit the text they were made for")
}

fn logged(text: &str, at: DateTime) -> String {
    edited(text, WorkflowState::parse(text).log(at, "Worked on it in parallel"))
}

fn finished(text: &str) -> Option<String> {
    let state = WorkflowState::parse(text);
    let items = state.items();
    let item = items.rows().iter().find(|item| item.state == ItemStatus::Unprocessed)?;
    let edits = items.complete(item);
    (!edits.is_empty()).then(|| edited(text, edits))
}

fn with_status(text: &str) -> Option<String> {
    let state = WorkflowState::parse(text);
    state.key("Status").map(|_| edited(text, state.set("Status", "PAUSED_BY_PARALLEL")))
}

fn planned(text: &str) -> Option<String> {
    let outline = Outline::parse(text);
    let plan = outline.section(Role::Plan)?;
    let body = plan.body.of(text);
    let mut edits = Vec::new();
    if let Some(at) = body.find("- [ ] ") {
        edits.push(TextEdit::replace(
            rulemark::text::Span::new(plan.body.start + at, plan.body.start + at + 5),
            "- [x]",
        ));
    }
    let text = edited(text, edits);
    let outline = Outline::parse(&text);
    let plan = outline.section(Role::Plan)?;
    Some(edited(&text, outline.append(plan, "- [ ] Check the parallel step")))
}
