//! The two documents of a project, as typed views over their text.
//!
//! Views are thin and read-only. What changes a document is asked of a view and comes back as
//! [`TextEdit`](crate::text::TextEdit)s that keep the spelling, decoration and line ends found.

mod body;
mod changes;
mod command_line;
mod config;
mod conflict_markers;
mod inline;
mod items;
mod lookalike;
pub mod merge;
mod outline;
mod plan;
mod review;
mod section_names;
mod stamp;
mod state;
mod table;
mod title;

pub use changes::{Change, ItemChange, SectionChange, changes};
pub use command_line::{Launch, destructive_git};
pub use config::{CommandKind, ProjectCommand, ProjectConfig};
pub use conflict_markers::conflict_markers;
pub use items::{Item, ItemStatus, Items};
pub use outline::{Outline, Role, Section};
pub use plan::{PlanStep, plan_steps};
pub use review::doubled_section;
pub(crate) use review::{Name, odd_name};
pub use state::{StateKey, WorkflowState};

/// `text` after `edits`.
#[cfg(test)]
fn edited(text: &str, edits: Vec<crate::text::TextEdit>) -> String {
    let patch = crate::text::Patch::new(crate::text::Revision::of(text), edits).expect("edits are disjoint");
    patch.apply(text).expect("edits fit the text")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;
    use proptest::prelude::*;

    /// Files of the lines that real ones are made of, in any order.
    fn files() -> impl Strategy<Value = String> {
        let line = proptest::sample::select(vec![
            "",
            "",
            "# Workflow State",
            "## State",
            "## Items",
            "## Log",
            "## Plan",
            "## Rules",
            "## Changelog",
            "### RULE_A_01",
            "# --- Rules ---",
            "Phase: INIT  ",
            "- **Status**: `READY`",
            "CurrentItem:",
            "State:",
            "  Phase: A",
            "Phase:A Status:B",
            "| `Phase` | X |",
            "|---|---|",
            "| id | description | status |",
            "| 1 | a \\| b | pending |",
            "- [ ] 2. task",
            "- [x] done",
            "  - sub",
            "1. one",
            "*   `| item1 | x |`",
            "```yaml",
            "```",
            "<!-- c -->",
            "<!-- DYNAMIC:LOG:START -->",
            "<!-- DYNAMIC:LOG:END -->",
            "<!--",
            "---",
            "*placeholder*",
            "- 2025-01-01: x",
            "### 2025-01-01",
            "[2025-01-01 10:00:00] x",
            "_Last updated: 2025-01-01_",
            "> ## Items",
            "│ Phase : A │",
            "| Phase | Status |",
            "text",
            "\u{feff}",
            "▶ é",
            "## Phase",
            "INIT",
            "\t- x",
            "~~~",
            "## Current Phase: X",
            "State.Status = Y",
            "```markdown",
            "\0",
        ]);
        let end = proptest::sample::select(vec!["\n", "\n", "\n", "\n", "\r\n", "\r", ""]);
        proptest::collection::vec((line, end), 0..24)
            .prop_map(|lines| lines.into_iter().map(|(line, end)| format!("{line}{end}")).collect())
    }

    proptest! {
        #[test]
        fn every_edit_fits_every_file(text in files()) {
            let at = jiff::civil::date(2031, 2, 3).at(4, 5, 6, 0);
            let state = WorkflowState::parse(&text);
            for name in ["Phase", "CurrentItem", "CycleCount"] {
                edited(&text, state.set(name, "a | b"));
            }
            edited(&text, state.log(at, "x\ny"));
            edited(&text, state.touch(at));
            let items = state.items();
            edited(&text, items.add("x | y"));
            for item in items.rows() {
                edited(&text, items.complete(item));
                prop_assert!(Span::new(0, text.len()).covers(item.span));
            }
            let config = ProjectConfig::parse(&text);
            edited(&text, config.add_change(at.date(), "x", true));
            prop_assert!(config.commands().iter().all(|command| !command.line.is_empty()));
            let outline = state.outline();
            for section in outline.sections() {
                let cleared = edited(&text, outline.clear(section));
                prop_assert!(cleared.len() <= text.len());
                for edits in [outline.append(section, "zyx"), outline.prepend(section, "zyx")] {
                    prop_assert!(edited(&text, edits).contains("zyx"));
                }
            }
        }

        #[test]
        fn sections_nest(text in files()) {
            let outline = Outline::parse(&text);
            for pair in outline.sections().windows(2) {
                let [first, second] = pair else { continue };
                prop_assert!(first.heading.end <= second.heading.start);
                prop_assert!(first.body.end <= second.heading.start || first.body.covers(second.body));
            }
        }
    }
}
