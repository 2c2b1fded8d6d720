//! The predecessors' own documents, read as workflows: each runs, or is refused with reasons that a person
//! can act on.
//!
//! Like the rest of the corpus they are not in the repository; without them these tests say so and pass.

use crate::corpus::{corpus, files};
use rulemark::workflow::{Bundle, Fault, tasks::TaskList};
use std::{fs, path::PathBuf};

/// The documents that this project was drawn from, beside the corpus.
fn seeds() -> Option<PathBuf> {
    corpus().and_then(|corpus| Some(corpus.parent()?.join("seeds"))).filter(|seeds| seeds.is_dir())
}

fn unplaced<'f>(faults: &'f [Fault], name: &str) -> Option<&'f Fault> {
    faults.iter().find(|fault| fault.place.file != name || fault.place.line == 0 || fault.message.is_empty())
}

#[test]
fn every_document_runs_or_is_refused_with_its_line() {
    let Some(corpus) = corpus() else { return };
    let all = seeds().into_iter().chain([corpus]).flat_map(|folder| files(&folder));
    let (mut specifications, mut refused) = (0, 0);
    for path in all {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let reading = Bundle::of_file(name, text.as_str()).read();
        assert!(reading.definition.is_some() || !reading.faults.is_empty(), "{}", path.display());
        assert_eq!(unplaced(&reading.faults, name), None, "{}", path.display());
        let list = TaskList::read(name, &text);
        assert_eq!(unplaced(&list.faults, name), None, "{}", path.display());
        match list.is_usable() {
            true => specifications += 1,
            false => refused += 1,
        }
        let numbers: Vec<u32> = list.phases.iter().map(|phase| phase.number).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{}: {numbers:?}", path.display());
    }
    assert!(specifications > 0 && refused > 0, "{specifications} run, {refused} are refused");
}

/// What issue and contract promise of the largest specification there is.
#[test]
fn the_largest_specification_is_read_whole() {
    let Some(seeds) = seeds() else { return };
    let name = "pos_workflow-tasks.md";
    let list = TaskList::read(name, &fs::read_to_string(seeds.join(name)).unwrap());
    assert!(list.is_usable(), "{:?}", list.faults);
    let tasks: Vec<_> = list.phases.iter().flat_map(|phase| &phase.tasks).collect();
    let criteria: usize = tasks.iter().map(|task| task.criteria.len()).sum();
    let gates: usize = list.phases.iter().map(|phase| phase.gate.len()).sum();
    assert_eq!((list.phases.len(), tasks.len(), criteria, gates), (5, 29, 129, 36));
    assert_eq!(list.open_gates().count(), 0);
}
