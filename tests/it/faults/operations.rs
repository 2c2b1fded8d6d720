//! What is tried on a disk that fails.

use super::{
    disk::Abilities,
    scratch::{STATE, Scratch, append, item_done, log, run, set},
};
use rulemark::runtime::{Error, Project};
use std::fs;

/// One operation, and the project it is tried on.
pub(super) struct Operation {
    pub(super) name: &'static str,
    pub(super) abilities: Abilities,
    /// Makes the project what the operation finds.
    pub(super) prepare: fn(&Scratch),
    /// The same for what a copy does not keep.
    pub(super) arrange: fn(&Scratch),
    pub(super) act: fn(&mut Project) -> Result<(), Error>,
    pub(super) takes_back: Back,
    /// What others wrote, and nobody may lose.
    pub(super) theirs: &'static [&'static str],
    /// Whether the document is overwritten, so that a crash may leave it half done until the next run.
    pub(super) in_place: bool,
    /// Whether a run may leave it to the next one, and say nothing: nobody asked for it.
    pub(super) may_come_later: bool,
    /// Whether it is tried with every trouble, also with those that are like others.
    pub(super) with_every_trouble: bool,
}

/// How an operation is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Back {
    Undo,
    Redo,
    /// It wrote nothing of its own: only what others wrote was merged.
    Nothing,
}

/// A second name of the state file.
pub(super) const OTHER_NAME: &str = "another name";

const PERSON: &str = "A person wrote this, and wants to find it again.";

/// An operation on a project at rest.
const AT_REST: Operation = Operation {
    name: "",
    abilities: Abilities::All,
    prepare: |scratch| log(&mut scratch.sound(Abilities::All), "the first entry").unwrap(),
    arrange: |_| (),
    act: |project| log(project, "ours"),
    takes_back: Back::Undo,
    theirs: &[PERSON, WORDS],
    in_place: false,
    may_come_later: false,
    with_every_trouble: false,
};

pub(super) const OPERATIONS: [Operation; 14] = [
    Operation {
        name: "the first run",
        prepare: |scratch| scratch.replace(STATE, "Status: RUNNING", "Status: COMPLETED"),
        act: run,
        ..AT_REST
    },
    Operation { name: "log", ..AT_REST },
    Operation { name: "set", act: |project| set(project, "Phase", "VALIDATE"), ..AT_REST },
    Operation { name: "item done", act: |project| item_done(project, "1"), ..AT_REST },
    Operation { name: "both documents", act: complete, with_every_trouble: true, ..AT_REST },
    Operation {
        name: "log rotation",
        prepare: |scratch| {
            (AT_REST.prepare)(scratch);
            for line in 1..=6 {
                let line = format!("- line {line} of a log that is getting too long for this project");
                scratch.replace(STATE, "\n## Log\n", &format!("\n## Log\n{line}\n"));
            }
        },
        act: run,
        theirs: &[PERSON, "line 1 of a log", "line 6 of a log"],
        ..AT_REST
    },
    Operation {
        name: "undo",
        prepare: |scratch| {
            (AT_REST.prepare)(scratch);
            complete(&mut scratch.sound(Abilities::All)).unwrap();
        },
        act: |project| project.undo(None).map(drop),
        takes_back: Back::Redo,
        ..AT_REST
    },
    Operation {
        name: "redo",
        prepare: |scratch| {
            (AT_REST.prepare)(scratch);
            let mut project = scratch.sound(Abilities::All);
            complete(&mut project).unwrap();
            project.undo(None).unwrap();
        },
        act: |project| project.redo().map(drop),
        ..AT_REST
    },
    Operation {
        name: "a stale save",
        prepare: |scratch| {
            (AT_REST.prepare)(scratch);
            let old = scratch.texts().unwrap().state;
            log(&mut scratch.sound(Abilities::All), "the second entry").unwrap();
            scratch.write(STATE, &old);
            scratch.replace(STATE, "## Plan", "## Plan\n- [ ] a step of the agent's");
        },
        act: run,
        takes_back: Back::Nothing,
        theirs: &[PERSON, "- [ ] a step of the agent's", "the second entry"],
        ..AT_REST
    },
    Operation {
        name: "a late write",
        prepare: |scratch| {
            (AT_REST.prepare)(scratch);
            let place = scratch.displaced().pop().unwrap();
            append(&scratch.path(".rulemark/displaced").join(place), "a line that came late");
        },
        act: run,
        takes_back: Back::Nothing,
        theirs: &[PERSON, "a line that came late", "the first entry"],
        may_come_later: true,
        ..AT_REST
    },
    Operation {
        name: "two names",
        arrange: |scratch| fs::hard_link(scratch.path(STATE), scratch.path(OTHER_NAME)).unwrap(),
        in_place: true,
        with_every_trouble: true,
        ..AT_REST
    },
    Operation { name: "no exchange", abilities: Abilities::NoExchange, ..AT_REST },
    Operation {
        name: "no exchange, both",
        abilities: Abilities::NoExchange,
        act: complete,
        with_every_trouble: true,
        ..AT_REST
    },
    Operation { name: "no leases", abilities: Abilities::NoExchangeNoLeases, ..AT_REST },
];

const WORDS: &str = "A person's words.";

/// The run that writes both documents.
fn complete(project: &mut Project) -> Result<(), Error> {
    use rulemark::{document::WorkflowState, engine::Cause, runtime::Edits, text::Draft};
    let run = project.edit("complete", Cause::FilesChanged, &mut |documents| {
        let mut draft = Draft::new(&documents.state.text, documents.state.revision);
        for (key, value) in [("Phase", "VALIDATE"), ("Status", "COMPLETED")] {
            let edits = WorkflowState::parse(draft.text()).set(key, value);
            draft.revise(edits);
        }
        Ok(Edits::of_state(draft.into_patch().edits().to_vec()))
    });
    run.map(drop)
}
