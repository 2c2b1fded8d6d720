//! A specification's `tasks.md`: phases, tasks, acceptance criteria, dependencies and gates.
//!
//! People write these in many ways: headings of any level, bold list items, plain paragraphs. What stands
//! in fenced code is never read as structure, and what is not understood is listed with its line rather
//! than guessed at.

mod reader;
mod sign;

use super::{
    fault::Fault,
    model::{CheckBox, Criterion, Place},
};
use crate::text::Revision;
use std::collections::BTreeMap;

/// A `tasks.md`, read.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskList {
    /// Its phases, by number.
    pub phases: Vec<SpecPhase>,
    /// What is wrong with it, and what in it was not understood.
    pub faults: Vec<Fault>,
    /// The hash of the file.
    pub revision: Revision,
}

/// One phase of a specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecPhase {
    /// The author's number.
    pub number: u32,
    /// Its title without `Phase 1:`.
    pub title: String,
    /// Its objective or goal.
    pub description: Option<String>,
    /// The author's estimate.
    pub duration: Option<String>,
    /// What stands between its heading and its first task, in the author's words.
    pub text: String,
    /// Its tasks, in order.
    pub tasks: Vec<SpecTask>,
    /// The items of its validation gate.
    pub gate: Vec<CheckBox>,
    /// Where it stands.
    pub place: Place,
}

/// One task of a specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecTask {
    /// `1.2`; `1-2` is the same.
    pub id: String,
    /// Its title without `Task 1.2:`.
    pub title: String,
    /// All of it, in the author's words, code and all.
    pub text: String,
    /// The same without its title and its acceptance criteria.
    pub description: String,
    /// The author's estimate.
    pub estimated_time: Option<String>,
    /// The ids of the tasks before it; a phase means all of its tasks.
    pub dependencies: Vec<String>,
    /// Its acceptance criteria, nested ones too.
    pub criteria: Vec<Criterion>,
    /// Where it stands.
    pub place: Place,
}

/// The code of the warning that a phase closes on any call.
const NO_GATE: &str = "no-gate";

impl TaskList {
    /// The largest file that is read, in bytes.
    pub const LARGEST: usize = 2 << 20;

    /// Reads `text`, which is shown to people as `file`. It can't be run when there are errors among the
    /// faults: no phase at all, or dependencies that go in circles.
    #[must_use]
    pub fn read(file: &str, text: &str) -> Self {
        let revision = Revision::of(text);
        let whole = Place { file: file.to_owned(), line: 1, column: 1 };
        if text.len() > Self::LARGEST {
            let message = format!("it has {} bytes; {} are the most", text.len(), Self::LARGEST);
            return Self {
                phases: Vec::new(),
                faults: vec![Fault::error("too-large", whole, message)],
                revision,
            };
        }
        let (phases, mut faults) = reader::read(file, text);
        if phases.is_empty() {
            let fault = Fault::error("no-phases", whole, "there is no phase in it");
            faults.push(fault.with_hint("write each phase under a heading: `## Phase 1: Title`"));
        }
        let open = phases.iter().filter(|phase| phase.gate.is_empty());
        faults.extend(open.map(|phase| {
            let message = format!("phase {} has no validation gate: any call closes it", phase.number);
            let fault = Fault::warning(NO_GATE, phase.place.clone(), message);
            fault
                .with_hint("write `**Validation Gate:**` at its end, and `- [ ]` before each thing to see to")
        }));
        let mut list = Self { phases, faults, revision };
        list.check_dependencies();
        list
    }

    /// What whoever begins to run it has to know: which phases close on any call. The other faults are its
    /// author's, and may quote what is not to be seen yet.
    pub fn open_gates(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(|fault| fault.code == NO_GATE)
    }

    /// Whether it can be run.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        !self.faults.iter().any(Fault::is_error)
    }

    fn check_dependencies(&mut self) {
        let tasks: BTreeMap<&str, &SpecTask> =
            self.phases.iter().flat_map(|phase| &phase.tasks).map(|task| (task.id.as_str(), task)).collect();
        let mut faults = Vec::new();
        for task in self.phases.iter().flat_map(|phase| &phase.tasks) {
            for unknown in task.dependencies.iter().filter(|id| !tasks.contains_key(id.as_str())) {
                let message = format!("task {} depends on {unknown}, which is not there", task.id);
                faults.push(Fault::warning("unknown-dependency", task.place.clone(), message));
            }
        }
        if let Some(cycle) = cycle(&tasks) {
            let place = tasks.get(cycle[0].as_str()).map(|task| task.place.clone()).unwrap_or_default();
            let message = format!("the dependencies go in a circle: {}", cycle.join(" → "));
            faults.push(Fault::error("dependency-cycle", place, message).with_hint("take one of them out"));
        }
        self.faults.extend(faults);
    }
}

/// A circle of dependencies, beginning and ending with the same id.
fn cycle(tasks: &BTreeMap<&str, &SpecTask>) -> Option<Vec<String>> {
    // Tasks whose dependencies are all done go, until none is left; what stays has a circle in it.
    let before =
        |task: &SpecTask| task.dependencies.iter().filter(|id| tasks.contains_key(id.as_str())).count();
    let mut waiting: BTreeMap<&str, usize> = tasks.iter().map(|(id, task)| (*id, before(task))).collect();
    let mut behind: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (id, task) in tasks {
        for dependency in &task.dependencies {
            behind.entry(dependency).or_default().push(id);
        }
    }
    let mut done: Vec<&str> = waiting.iter().filter(|(_, count)| **count == 0).map(|(id, _)| *id).collect();
    while let Some(id) = done.pop() {
        waiting.remove(id);
        for next in behind.get(id).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(next) {
                *count -= 1;
                if *count == 0 {
                    done.push(next);
                }
            }
        }
    }
    let mut path: Vec<&str> = vec![waiting.keys().next()?];
    loop {
        let task = tasks.get(path.last()?)?;
        let next = task.dependencies.iter().map(String::as_str).find(|id| waiting.contains_key(id))?;
        if let Some(start) = path.iter().position(|id| *id == next) {
            path.push(next);
            return Some(path[start..].iter().map(|id| (*id).to_owned()).collect());
        }
        path.push(next);
    }
}

#[cfg(test)]
mod tests;
