//! A state file that somebody is still saving.
//!
//! Editors and scripts empty a file before they fill it. Were the rules to run in between, they
//! would take the loss for an edit, and fire once more when the content is back.

use super::{Document, Error};
use crate::{
    document::{Role, WorkflowState},
    engine::Memory,
};
use std::fmt;

/// What a state file had when the last run settled, and has no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Loss {
    /// Everything: the file is empty or blank.
    Text,
    /// All State keys.
    Keys,
    /// All rules.
    Rules,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "is empty",
            Self::Keys => "has lost all its State keys",
            Self::Rules => "has lost all its rules",
        })
    }
}

/// Refuses a state file that looks half saved: it lost something as a whole that no edit takes away
/// at once.
pub(super) fn refuse(state: &Document, memory: &Memory) -> Result<(), Error> {
    match loss(state, memory) {
        Some(loss) => Err(Error::HalfSaved { path: state.path.clone(), loss }),
        None => Ok(()),
    }
}

fn loss(document: &Document, memory: &Memory) -> Option<Loss> {
    let settled = memory.settled.as_ref().filter(|settled| settled.state != document.revision)?;
    if document.text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Some(Loss::Text);
    }
    let state = WorkflowState::parse(&document.text);
    if state.keys().is_empty() && !settled.keys.is_empty() {
        return Some(Loss::Keys);
    }
    let has_rules = state.outline().section(Role::Rules).is_some();
    (!memory.clauses.is_empty() && !has_rules).then_some(Loss::Rules)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{engine::Cause, runtime::scratch::Scratch};

    const STATE: &str = "\
## State
Phase: A
Status: DONE

## Rules
### RULE_A_01
Trigger ▶ `Status == DONE`
Action ▶ Set `Phase = B`.
";

    #[test]
    fn what_is_lost_as_a_whole_is_not_an_edit() {
        let scratch = Scratch::new(STATE, None);
        let mut project = scratch.real();
        project.run(Cause::FilesChanged).unwrap();
        let memory = project.memory().unwrap();
        let check = |text: &str, expected: Option<Loss>| {
            let document = Document::new("workflow_state.md".into(), text.into());
            assert_eq!(loss(&document, &memory), expected, "{text:?}");
            assert_eq!(loss(&document, &Memory::default()), None, "before the first run: {text:?}");
        };
        check("", Some(Loss::Text));
        check("\u{feff} \r\n\t\n", Some(Loss::Text));
        check("# Workflow\n", Some(Loss::Keys));
        check("## State\n\n## Rules\n### RULE_A_01\nTrigger ▶ `Status == X`\n", Some(Loss::Keys));
        check("## State\nPhase: B\nStatus: DONE\n", Some(Loss::Rules));
        check("## State\nPhase: B\nStatus:\n\n## Rules\n", None);
        check("## State\nPhase:\n\n## Rules\n", None);
        check(STATE, None);
        check(&scratch.state(), None);
    }

    #[test]
    fn a_file_that_stays_empty_is_one_that_settled_so() {
        let scratch = Scratch::new("\n", None);
        let mut project = scratch.real();
        project.run(Cause::FilesChanged).unwrap();
        project.run(Cause::FilesChanged).unwrap();
        project.run(Cause::SessionStarted).unwrap();
    }

    #[test]
    fn nothing_is_done_and_nothing_is_forgotten() {
        let scratch = Scratch::new(STATE, None);
        let mut project = scratch.real();
        assert_eq!(project.run(Cause::FilesChanged).unwrap().outcome.firings.len(), 1);
        let (whole, memory) = (scratch.state(), project.memory().unwrap());
        for half in ["", "## State\n", "## State\nPhase: B\nStatus: DONE\n"] {
            scratch.write_state(half);
            assert!(matches!(project.run(Cause::FilesChanged), Err(Error::HalfSaved { .. })), "{half:?}");
            assert!(matches!(project.preview(Cause::FilesChanged), Err(Error::HalfSaved { .. })), "{half:?}");
            assert_eq!(scratch.state(), half);
            assert_eq!(project.memory().unwrap(), memory, "{half:?}");
        }
        scratch.write_state(&whole);
        assert!(project.run(Cause::FilesChanged).unwrap().outcome.firings.is_empty(), "it fired before");
    }
}
