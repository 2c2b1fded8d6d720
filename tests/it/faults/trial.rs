//! One operation, one fault, one position: and whether what is promised was held.

use super::{
    disk::{Abilities, Crashed, Fault},
    ledger::Cut,
    operations::{Back, OTHER_NAME, Operation},
    scratch::{CONFIG, STATE, Scratch, Texts, run},
};
use rulemark::{
    journal::Journal,
    runtime::{Error, Project},
    text::{DocumentId, Revision},
};
use rustix::io::Errno;
use std::{fs, panic::AssertUnwindSafe};

/// An operation with the project it starts from and what it comes to where nothing fails.
pub(super) struct Bench {
    pub(super) operation: &'static Operation,
    template: Scratch,
    old: Texts,
    new: Texts,
    /// The calls it makes where nothing fails.
    calls: Vec<&'static str>,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// A call to the disk; then what a power cut takes.
    Disk(Fault, Cut),
    /// The journal refuses to write something; see [`REFUSALS`].
    Journal,
    /// A call to the disk, and then the journal refuses to take the entry out.
    Withdrawal,
}

/// What a journal can refuse: an entry, a text, a note of where the document went.
const REFUSALS: [&str; 5] =
    ["INSERT ON entry", "INSERT ON text", "INSERT ON version", "INSERT ON displaced", "INSERT ON own_write"];

impl Trouble {
    pub(super) const fn disk(fault: Fault) -> Self {
        Self::Disk(fault, Cut::Nothing)
    }

    pub(super) const fn power(cut: Cut) -> Self {
        Self::Disk(Fault::Crash, cut)
    }
}

/// What a trial came to.
pub(super) struct Trial {
    /// What was promised and not held.
    pub(super) broken: Vec<String>,
    /// The project afterwards.
    pub(super) scratch: Scratch,
}

/// How an operation ended.
enum Ended {
    Done,
    Refused(Error),
    Crashed,
}

impl Bench {
    pub(super) fn new(operation: &'static Operation) -> Self {
        let template = Scratch::new();
        (operation.prepare)(&template);
        let reference = template.copy();
        (operation.arrange)(&reference);
        let old = reference.texts().unwrap();
        let disk = reference.disk(operation.abilities, None);
        (operation.act)(&mut reference.project(disk.clone())).unwrap();
        let new = reference.texts().unwrap();
        assert_ne!(old, new, "{} does nothing", operation.name);
        Self { operation, template, old, new, calls: disk.calls() }
    }

    /// The texts, in short.
    fn told(&self, found: Result<&Texts, &String>) -> String {
        let found = match found {
            Err(why) => return why.clone(),
            Ok(found) if *found == self.old => return "as it was".into(),
            Ok(found) if *found == self.new => return "as it was to be".into(),
            Ok(found) => found,
        };
        let lines = |texts: &Texts| -> Vec<String> {
            texts.state.lines().chain(texts.config.lines()).map(str::to_owned).collect()
        };
        let (found, new) = (lines(found), lines(&self.new));
        let more: Vec<_> = found.iter().filter(|line| !new.contains(line)).collect();
        let less: Vec<_> = new.iter().filter(|line| !found.contains(line)).collect();
        format!(
            "something else, {} lines instead of {}, more {more:?}, less {less:?}",
            found.len(),
            new.len()
        )
    }

    /// Where the trouble can come, and one position behind all of them.
    pub(super) fn positions(&self, trouble: Trouble) -> Vec<usize> {
        let all = 1..=self.calls.len() + 1;
        match trouble {
            Trouble::Disk(Fault::ShortWrite, _) => {
                all.filter(|at| self.calls.get(at - 1).is_none_or(|call| *call == "write")).collect()
            }
            Trouble::Disk(..) | Trouble::Withdrawal => all.collect(),
            Trouble::Journal => (1..=REFUSALS.len()).collect(),
        }
    }

    /// A position, in words.
    pub(super) fn position(&self, at: usize) -> String {
        format!("call {at} ({})", self.calls.get(at - 1).unwrap_or(&"the end"))
    }

    /// Tries the operation with trouble at call `at`.
    pub(super) fn try_at(&self, trouble: Trouble, at: usize) -> Trial {
        let scratch = self.template.copy();
        (self.operation.arrange)(&scratch);
        let (plan, cut) = match trouble {
            Trouble::Disk(fault, Cut::Some(seed)) => {
                (Some((fault, at)), Cut::Some(seed.wrapping_mul(1_000) + at as u64))
            }
            Trouble::Disk(fault, cut) => (Some((fault, at)), cut),
            Trouble::Withdrawal => (Some((Fault::Once(Errno::IO), at)), Cut::Nothing),
            Trouble::Journal => (None, Cut::Nothing),
        };
        let refused = match trouble {
            Trouble::Disk(..) => None,
            Trouble::Journal => Some(REFUSALS[at - 1]),
            Trouble::Withdrawal => Some("DELETE ON entry"),
        };
        if let Some(refused) = refused {
            let refuse = format!("BEFORE {refused} BEGIN SELECT RAISE(ABORT, 'no room'); END");
            scratch.tell_the_journal(&format!("CREATE TRIGGER refuse {refuse}"));
        }
        let disk = scratch.disk(self.operation.abilities, plan);
        let project = scratch.project(disk.clone());
        let ended = attempt(self.operation, project);
        disk.cut_the_power(cut);
        let fault = plan.map(|(fault, _)| fault);
        let mut held = Held { bench: self, scratch: &scratch, fault, broken: Vec::new() };
        held.at_once(&ended);
        if refused.is_some() {
            scratch.tell_the_journal("DROP TRIGGER refuse");
        }
        if let Err(why) = held.afterwards(&ended) {
            held.broken.push(why);
        }
        Trial { broken: held.broken, scratch }
    }
}

fn attempt(operation: &Operation, mut project: Project) -> Ended {
    // Moved in, so that it ends as its process would.
    let ended = std::panic::catch_unwind(AssertUnwindSafe(move || (operation.act)(&mut project)));
    match ended {
        Ok(Ok(())) => Ended::Done,
        Ok(Err(error)) => Ended::Refused(error),
        Err(cause) if cause.is::<Crashed>() => Ended::Crashed,
        Err(bug) => std::panic::resume_unwind(bug),
    }
}

/// The promises, and which of them are broken.
struct Held<'a> {
    bench: &'a Bench,
    scratch: &'a Scratch,
    fault: Option<Fault>,
    broken: Vec<String>,
}

impl Held<'_> {
    fn require(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.broken.push(otherwise());
        }
    }

    /// What holds before anybody comes to repair anything.
    fn at_once(&mut self, ended: &Ended) {
        let (old, new) = (&self.bench.old, &self.bench.new);
        let operation = self.bench.operation;
        let found = self.scratch.texts();
        // What an end in the middle leaves where documents can't be exchanged; the next run mends it.
        let ends_early = !matches!(self.fault, None | Some(Fault::Once(_) | Fault::ShortWrite));
        let may_be_torn = operation.in_place && ends_early;
        let may_be_missing = operation.abilities != Abilities::All && ends_early;
        match &found {
            Err(missing) if !may_be_missing => self.broken.push(missing.clone()),
            Ok(found) if !may_be_torn => {
                let state = found.state == old.state || found.state == new.state;
                let config = found.config == old.config || found.config == new.config;
                self.require(state && config, || {
                    format!("neither old nor new, it is {}", self.bench.told(Ok(found)))
                });
            }
            _ => {}
        }
        match ended {
            Ended::Done if operation.may_come_later => {}
            Ended::Done => self.require(found.as_ref() == Ok(new), || {
                format!("done, and it is {}", self.bench.told(found.as_ref()))
            }),
            Ended::Refused(error) => {
                let is_harmless = matches!(self.fault, Some(Fault::Once(Errno::INTR) | Fault::ShortWrite));
                self.require(!is_harmless, || format!("refused: {error}"));
                let message = format!("{error} {}", error.hints().join(" "));
                let says_so = message.contains("the next run") || message.contains("completes it");
                self.require(found.as_ref() == Ok(old) || says_so, || {
                    format!("refused by \"{message}\", and it is {}", self.bench.told(found.as_ref()))
                });
            }
            Ended::Crashed => {}
        }
    }

    /// What holds when the disk works again.
    fn afterwards(&mut self, ended: &Ended) -> Result<(), String> {
        let (old, new) = (&self.bench.old, &self.bench.new);
        let operation = self.bench.operation;
        let mut project = self.scratch.sound(operation.abilities);
        self.require_sound_journal(&project)?;
        run(&mut project).map_err(|error| format!("the next run: {error}"))?;
        let mut found = self.scratch.texts()?;
        if matches!(ended, Ended::Done) {
            self.require(found == *new, || {
                format!("done, and after the next run it is {}", self.bench.told(Ok(&found)))
            });
        }
        self.require(found == *old || found == *new, || {
            format!("after the next run it is {}", self.bench.told(Ok(&found)))
        });
        self.require_agreement(&project)?;
        if found != *new {
            (operation.act)(&mut project).map_err(|error| format!("a second try: {error}"))?;
            found = self.scratch.texts()?;
            self.require(found == *new, || {
                format!("after a second try it is {}", self.bench.told(Ok(&found)))
            });
        }
        self.require_theirs(&project, &found)?;
        self.require_tidiness()?;
        let taken_back = match operation.takes_back {
            Back::Undo => project.undo(None).map(drop),
            Back::Redo => project.redo().map(drop),
            Back::Nothing => return Ok(()),
        };
        taken_back.map_err(|error| format!("taking it back: {error}"))?;
        let found = self.scratch.texts()?;
        self.require(found == *old, || format!("taken back, it is {}", self.bench.told(Ok(&found))));
        self.require_sound_journal(&project)?;
        self.require_agreement(&project)
    }

    fn require_sound_journal(&mut self, project: &Project) -> Result<(), String> {
        let verified = project.verify().map_err(|error| format!("the journal: {error}"))?;
        self.broken.extend(verified.problems);
        Ok(())
    }

    /// The journal's newest versions are what stands in the files.
    fn require_agreement(&mut self, project: &Project) -> Result<(), String> {
        let journal = Journal::open_existing(&project.workspace().journal());
        let journal = journal.map_err(|error| error.to_string())?.ok_or("there is no journal")?;
        let found = self.scratch.texts()?;
        for (document, text) in [(DocumentId::State, found.state), (DocumentId::Config, found.config)] {
            let head = journal.head(document).map_err(|error| error.to_string())?;
            self.require(head.is_none_or(|head| head == Revision::of(&text)), || {
                format!("the journal knows another {document:?}")
            });
        }
        Ok(())
    }

    /// Nothing of anybody else's is gone, or there twice.
    fn require_theirs(&mut self, project: &Project, found: &Texts) -> Result<(), String> {
        let archived = project.archived_logs(9).map_err(|error| error.to_string())?;
        for line in self.bench.operation.theirs {
            let times = found.state.matches(line).count() + found.config.matches(line).count();
            let is_archived = archived.iter().any(|log| log.text.contains(line));
            self.require(times == 1 || (times == 0 && is_archived), || {
                format!("\"{line}\" is there {times} times")
            });
        }
        Ok(())
    }

    /// Nothing lies about that nobody knows.
    fn require_tidiness(&mut self) -> Result<(), String> {
        let journal = Journal::open_existing(&self.scratch.path(".rulemark/journal.db"));
        let journal = journal.map_err(|error| error.to_string())?.ok_or("there is no journal")?;
        let known = journal.displaced().map_err(|error| error.to_string())?;
        for name in self.scratch.displaced() {
            let place = format!(".rulemark/displaced/{name}");
            let is_known = known.iter().any(|file| file.place == place);
            self.require(is_known, || format!("{place} was left behind"));
        }
        for entry in fs::read_dir(self.scratch.root()).map_err(|error| error.to_string())? {
            let name = entry.map_err(|error| error.to_string())?.file_name();
            let is_expected = [STATE, CONFIG, OTHER_NAME, ".rulemark"].iter().any(|known| name == *known);
            self.require(is_expected, || format!("{} was left behind", name.display()));
        }
        Ok(())
    }
}
