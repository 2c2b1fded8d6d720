//! What is there in the end, and what should be.

use super::{foreign::Ledger, ours::Logged, plan::Plan};
use rulemark::{journal::Entry, runtime::Project, text::DocumentId};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    path::Path,
    time::Duration,
};

/// The count.
#[derive(Debug, Default)]
pub(crate) struct Account {
    title: String,
    kinds: BTreeMap<&'static str, Row>,
    ours: Row,
    refused: Vec<String>,
    pub(crate) kills: u64,
    pub(crate) reads: u64,
    pub(crate) torn: u64,
    conflicts: usize,
    problems: Vec<String>,
    left_behind: usize,
    times: Vec<Duration>,
    lost: Vec<String>,
}

/// One kind of writer.
#[derive(Debug, Default)]
struct Row {
    written: usize,
    present: usize,
    /// Gone because somebody went back to a version without them, byte for byte.
    taken_back: usize,
    lost: usize,
    duplicated: usize,
    deleted: usize,
    came_back: usize,
}

impl Account {
    pub(crate) fn new(plan: &Plan) -> Self {
        let kill = if plan.kill { ", with kill -9" } else { "" };
        let title = format!(
            "{} foreign writers, pace {:?}, {} own and a watcher, {} s, seed {}{kill}",
            plan.writers, plan.pace, plan.ours, plan.seconds, plan.seed
        );
        Self { title, ..Self::default() }
    }

    /// Whether nothing was lost or torn, and nobody refused.
    pub(crate) fn is_clean(&self) -> bool {
        self.rows().all(|(_, row)| row.lost == 0)
            && self.torn == 0
            && self.refused.is_empty()
            && self.problems.is_empty()
            && self.ours.present > 0
    }

    fn rows(&self) -> impl Iterator<Item = (&'static str, &Row)> {
        self.kinds.iter().map(|(name, row)| (*name, row)).chain([("rulemark log", &self.ours)])
    }

    pub(crate) fn count(&mut self, root: &Path, file: &Path, ledgers: Vec<Ledger>, logged: Vec<Logged>) {
        let text = fs::read_to_string(file).unwrap();
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        for word in text.split(|c: char| !(c.is_alphanumeric() || c == '-')) {
            *found.entry(word.to_owned()).or_default() += 1;
        }
        let project = Project::open(root).unwrap();
        let history = History::read(&project);
        for ledger in ledgers {
            let row = self.kinds.entry(ledger.kind.name()).or_default();
            self.lost.extend(row.add(&ledger.written, &found, &history));
            row.deleted += ledger.deleted.len();
            row.came_back += ledger.deleted.iter().filter(|line| found.contains_key(*line)).count();
        }
        for mut logged in logged {
            self.lost.extend(self.ours.add(&logged.acknowledged, &found, &history));
            self.kills += logged.kills;
            self.refused.append(&mut logged.refused);
            self.times.append(&mut logged.times);
        }
        self.times.sort_unstable();
        self.conflicts = project.history(usize::MAX).unwrap().iter().map(|entry| entry.conflicts.len()).sum();
        self.problems = project.verify().unwrap().problems;
        self.left_behind = fs::read_dir(root).unwrap().count().saturating_sub(2);
    }
}

impl Row {
    /// Counts these lines; gives those that are lost.
    fn add(&mut self, written: &[String], found: &BTreeMap<String, usize>, history: &History) -> Vec<String> {
        let mut lost = Vec::new();
        self.written += written.len();
        for line in written {
            match found.get(line) {
                Some(times) => {
                    self.present += 1;
                    self.duplicated += times - 1;
                }
                None if history.went_back_from(line) => self.taken_back += 1,
                None => {
                    self.lost += 1;
                    lost.push(line.clone());
                }
            }
        }
        lost
    }
}

/// What the journal knows of the state file.
struct History {
    /// The lines that were there before somebody went back to an older version, and not after.
    gone: BTreeSet<String>,
}

impl History {
    fn read(project: &Project) -> Self {
        let mut entries: Vec<Entry> = project.history(usize::MAX).unwrap();
        entries.reverse();
        let mut seen = BTreeSet::new();
        let mut gone = BTreeSet::new();
        let mut head = None;
        for entry in &entries {
            let Some(change) = entry.files.iter().find(|it| it.document == DocumentId::State) else {
                continue;
            };
            if seen.contains(&change.found) && head != Some(change.found) {
                let words = |revision| -> BTreeSet<String> {
                    let text = project.version(revision).unwrap().unwrap_or_default();
                    text.split(|c: char| !(c.is_alphanumeric() || c == '-')).map(str::to_owned).collect()
                };
                let before = head.map(words).unwrap_or_default();
                gone.extend(before.difference(&words(change.found)).cloned());
            }
            seen.extend([change.found, change.before(), change.after]);
            head = Some(change.after);
        }
        Self { gone }
    }

    fn went_back_from(&self, line: &str) -> bool {
        self.gone.contains(line)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        writeln!(
            f,
            "{:<14} {:>8} {:>8} {:>10} {:>6} {:>11} {:>8} {:>10}",
            "", "written", "present", "taken back", "lost", "duplicated", "deleted", "came back"
        )?;
        for (name, row) in self.rows() {
            writeln!(
                f,
                "{name:<14} {:>8} {:>8} {:>10} {:>6} {:>11} {:>8} {:>10}",
                row.written,
                row.present,
                row.taken_back,
                row.lost,
                row.duplicated,
                row.deleted,
                row.came_back
            )?;
        }
        let percentile = |share: usize| {
            let at = (self.times.len() * share / 100).min(self.times.len().saturating_sub(1));
            self.times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1e3)
        };
        writeln!(
            f,
            "{} whole reads, {} torn; {} conflicts kept aside; {} processes killed; {} refused; {} files left behind",
            self.reads,
            self.torn,
            self.conflicts,
            self.kills,
            self.refused.len(),
            self.left_behind
        )?;
        writeln!(
            f,
            "an own edit: p50 {:.1} ms, p99 {:.1} ms (a process each)",
            percentile(50),
            percentile(99)
        )?;
        for problem in self.problems.iter().chain(&self.refused).take(5) {
            writeln!(f, "problem: {}", problem.trim())?;
        }
        if !self.lost.is_empty() {
            writeln!(f, "lost: {}", self.lost[..self.lost.len().min(20)].join(" "))?;
        }
        Ok(())
    }
}
