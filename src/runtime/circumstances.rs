//! What guidance hangs on besides the documents, the settings and the journal.

use super::{Project, facts};
use crate::engine::{FileFact, Files, NamedCommand, Standing};
use std::cell::RefCell;

/// What was asked of the disk, and what it answered: guidance holds for as long as it answers the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    files: Vec<(String, Option<FileFact>)>,
    checks: Option<AskedChecks>,
}

/// The checks as they stood when somebody asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AskedChecks {
    pub(super) commands: Vec<NamedCommand>,
    pub(super) standing: Standing,
}

impl Circumstances {
    /// Whether the disk still answers the same. Where checks have been run, that takes a look at the whole
    /// work tree.
    #[must_use]
    pub fn hold(&self, project: &Project) -> bool {
        let is_as_it_was = |(path, fact): &(String, Option<FileFact>)| project.workspace.fact(path) == *fact;
        self.files.iter().all(is_as_it_was)
            && self
                .checks
                .as_ref()
                .is_none_or(|asked| facts::standing(project, &asked.commands, &[]) == asked.standing)
    }
}

/// The project's files, and what was asked of them.
#[derive(Debug)]
pub(super) struct NotedFiles<'p> {
    files: &'p dyn Files,
    asked: RefCell<Vec<(String, Option<FileFact>)>>,
}

impl<'p> NotedFiles<'p> {
    pub(super) fn new(files: &'p dyn Files) -> Self {
        Self { files, asked: RefCell::default() }
    }

    pub(super) fn circumstances(self, checks: Option<AskedChecks>) -> Circumstances {
        Circumstances { files: self.asked.into_inner(), checks }
    }
}

impl Files for NotedFiles<'_> {
    fn fact(&self, path: &str) -> Option<FileFact> {
        let fact = self.files.fact(path);
        let mut asked = self.asked.borrow_mut();
        if !asked.iter().any(|(known, _)| known == path) {
            asked.push((path.to_owned(), fact));
        }
        fact
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::scratch::Scratch;

    const STATE: &str = "# S\n## State\nPhase: CONSTRUCT\nStatus: RUNNING\nCurrentItem: null\n\n## Rules\n\
        ### [PHASE: CONSTRUCT]\n1. Build.\n2. If tests pass, set `Phase = VALIDATE`.\n\
        ### [PHASE: VALIDATE]\n1. Run the tests.\n\n\
        ### RULE_NOTES_01\nTrigger ▶ `notes.md` is missing and AI determines that notes are needed\n\
        Action ▶\n1. Write them.\n";

    #[test]
    fn guidance_holds_until_a_file_that_a_rule_asks_about_comes_or_goes() {
        let scratch = Scratch::new(STATE, None);
        let project = scratch.real();
        let look = || project.circumstantial_guidance(&project.read().unwrap()).unwrap();
        let (without, circumstances) = look();
        assert_eq!(circumstances.files, [("notes.md".to_owned(), Some(FileFact::Missing))]);
        assert!(circumstances.hold(&project));
        scratch.write("other.md", "nobody asked for it");
        assert!(circumstances.hold(&project));
        scratch.write("notes.md", "here");
        assert!(!circumstances.hold(&project));
        assert_ne!(look().0.questions, without.questions);
        scratch.remove("notes.md");
        assert!(circumstances.hold(&project));
    }

    #[test]
    fn guidance_holds_until_the_checks_stand_otherwise() {
        let config = "# Config\n## Test & Validation\n- Unit tests: `cargo test`\n";
        let scratch = Scratch::new(STATE, Some(config));
        let project = scratch.real();
        let commands = facts::named(&project.read().unwrap());
        let stood = |standing| {
            let checks = Some(AskedChecks { commands: commands.clone(), standing });
            Circumstances { files: Vec::new(), checks }.hold(&project)
        };
        assert!(!commands.is_empty());
        assert!(stood(Standing::Untrusted));
        assert!(!stood(Standing::Green));
        assert!(!stood(Standing::Missing { line: "cargo test".into() }));
    }
}
