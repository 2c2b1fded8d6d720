//! The table: operations, troubles, and what came of every position.

use super::{
    Extent, OPERATIONS, TROUBLES,
    scratch::Scratch,
    trial::{Bench, Trouble},
};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// The outcome of all trials.
pub(super) struct Table {
    cells: BTreeMap<(usize, usize), Cell>,
}

/// The outcome of one operation with one trouble.
struct Cell {
    /// How many positions were tried.
    tried: usize,
    /// What was not held.
    broken: Vec<String>,
}

/// How long displaced files may stay: their time of grace, and some more for a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

impl Table {
    /// Tries every operation with every trouble at every position; with fewer where troubles are alike.
    pub(super) fn fill(extent: Extent) -> Self {
        let benches: Vec<Bench> = OPERATIONS.iter().map(Bench::new).collect();
        let wanted: Vec<(usize, usize)> = (0..OPERATIONS.len())
            .flat_map(|row| (0..TROUBLES.len()).map(move |column| (row, column)))
            .filter(|(row, column)| {
                extent == Extent::AllOperations
                    || TROUBLES[*column].2 == Extent::AllOperations
                    || OPERATIONS[*row].with_every_trouble
            })
            .collect();
        let next = AtomicUsize::new(0);
        let done = Mutex::new((BTreeMap::new(), Vec::new()));
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(|| {
                    while let Some(&(row, column)) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let (cell, last) = try_everywhere(&benches[row], TROUBLES[column].1);
                        let mut done = done.lock().unwrap();
                        done.0.insert((row, column), cell);
                        done.1.extend(last.map(|scratch| ((row, column), scratch)));
                    }
                });
            }
        });
        let (mut cells, scratches) = done.into_inner().unwrap();
        for (place, scratch) in scratches {
            let left = left_for_good(&scratch, OPERATIONS[place.0].abilities);
            cells.get_mut(&place).unwrap().broken.extend(left);
        }
        Self { cells }
    }

    pub(super) fn require_all_held(&self) {
        println!("{self}");
        println!("· not tried here; ! promises broken");
        let broken: Vec<String> = self
            .cells
            .iter()
            .flat_map(|((row, column), cell)| {
                let place = format!("{}, {}", OPERATIONS[*row].name, TROUBLES[*column].0);
                cell.broken.iter().map(move |why| format!("{place}, {why}"))
            })
            .collect();
        assert!(broken.is_empty(), "not held:\n{}", broken.join("\n"));
    }
}

/// Tries one trouble at every position, and says what came of it; with one of the projects.
fn try_everywhere(bench: &Bench, trouble: Trouble) -> (Cell, Option<Scratch>) {
    let (mut tried, mut broken, mut last) = (0, Vec::new(), None);
    for at in bench.positions(trouble) {
        let trial = bench.try_at(trouble, at);
        tried += 1;
        broken.extend(trial.broken.into_iter().map(|why| format!("at {}: {why}", bench.position(at))));
        last = Some(trial.scratch);
    }
    (Cell { tried, broken }, last)
}

/// What the runs to come leave of displaced files when their time is over.
fn left_for_good(scratch: &Scratch, abilities: super::disk::Abilities) -> Option<String> {
    let began = Instant::now();
    loop {
        if let Err(error) = super::scratch::run(&mut scratch.sound(abilities)) {
            return Some(format!("a last run: {error}"));
        }
        let left = scratch.displaced();
        if left.is_empty() {
            return None;
        }
        if began.elapsed() > PATIENCE {
            return Some(format!("{} stay for good", left.join(", ")));
        }
        thread::sleep(Duration::from_millis(100));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAME: usize = 20;
        write!(out, "{:NAME$}", "positions tried")?;
        for (title, ..) in TROUBLES {
            write!(out, " | {title}")?;
        }
        for (row, operation) in OPERATIONS.iter().enumerate() {
            write!(out, "\n{:NAME$}", operation.name)?;
            for (column, (title, ..)) in TROUBLES.iter().enumerate() {
                let told = match self.cells.get(&(row, column)) {
                    None => "·".to_owned(),
                    Some(cell) if cell.broken.is_empty() => cell.tried.to_string(),
                    Some(cell) => format!("{}!", cell.broken.len()),
                };
                write!(out, " | {told:>width$}", width = title.chars().count())?;
            }
        }
        let tried: usize = self.cells.values().map(|cell| cell.tried).sum();
        let broken: usize = self.cells.values().map(|cell| cell.broken.len()).sum();
        write!(out, "\n{tried} trials in {} cells, {broken} promises broken", self.cells.len())
    }
}
