//! Merging what really happened with what happens beside it.

use super::parallel::{CONFIG, STATE, Work};
use rulemark::document::{
    WorkflowState,
    merge::{BranchMerge, merge_branches},
};
use std::{
    collections::{BTreeMap, HashSet},
    fmt, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// What came of it.
#[derive(Default)]
pub(crate) struct Merges {
    /// By what was done in parallel.
    pub(crate) counts: BTreeMap<Work, Count>,
    /// Lines lost, come back, or doubled; with the file.
    pub(crate) faults: Vec<String>,
}

/// How merges of one kind went.
#[derive(Default)]
pub(crate) struct Count {
    pub(crate) merges: usize,
    /// With conflicts.
    pub(crate) conflicts: usize,
    /// Where the two sides stood at different places, and one was chosen.
    pub(crate) placed: usize,
    /// With conflicts of `git merge-file`.
    pub(crate) by_lines: usize,
}

/// Merges every `stride`-th pair of versions below `corpus/history`.
///
/// # Errors
/// When a file can't be read, or `git` not be started.
pub(crate) fn measure(corpus: &Path, stride: usize) -> io::Result<Merges> {
    let scratch = tempfile::tempdir()?;
    let mut merges = Merges::default();
    let mut seen = 0;
    for repository in entries(&corpus.join("history"))? {
        for file in entries(&repository)? {
            let is_config = file.to_string_lossy().to_lowercase().contains("config");
            let works: &[Work] = if is_config { &CONFIG } else { &STATE };
            for pair in entries(&file)?.windows(2) {
                seen += 1;
                if seen % stride == 0 {
                    let texts = (fs::read_to_string(&pair[0])?, fs::read_to_string(&pair[1])?);
                    for &work in works {
                        merges.merge(work, &texts, &pair[1], scratch.path())?;
                    }
                }
            }
        }
    }
    Ok(merges)
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

impl Merges {
    fn merge(&mut self, work: Work, texts: &(String, String), path: &Path, scratch: &Path) -> io::Result<()> {
        let (base, newer) = texts;
        let Some(parallel) = work.on(base).filter(|parallel| parallel != base) else { return Ok(()) };
        let found = merge_branches(base, newer, &parallel);
        let count = self.counts.entry(work).or_default();
        count.merges += 1;
        count.conflicts += usize::from(!found.merged.conflicts.is_empty());
        count.placed += usize::from(found.position.is_some());
        count.by_lines += usize::from(conflicts_by_lines(scratch, [newer, base, &parallel])?);
        let faults = faults(base, [newer, &parallel], &found);
        self.faults
            .extend(faults.iter().map(|fault| format!("{}: {}: {fault}", path.display(), work.name())));
        Ok(())
    }
}

/// Whether `git merge-file` leaves conflicts.
fn conflicts_by_lines(scratch: &Path, [ours, base, theirs]: [&str; 3]) -> io::Result<bool> {
    for (name, text) in [("ours", ours), ("base", base), ("theirs", theirs)] {
        #[allow(clippy::disallowed_methods, reason = "a scratch file of a measurement")]
        fs::write(scratch.join(name), text)?;
    }
    #[allow(clippy::disallowed_methods, reason = "a measurement compares with git itself")]
    let mut git = Command::new("git");
    let git = git.current_dir(scratch).args(["merge-file", "-p", "-q", "ours", "base", "theirs"]);
    match git.output()?.status.code() {
        Some(0) => Ok(false),
        Some(1..=127) => Ok(true),
        code => Err(io::Error::other(format!("git merge-file ended with {code:?}"))),
    }
}

/// How often a version has each line that says something.
fn lines(text: &str) -> BTreeMap<&str, usize> {
    let mut lines = BTreeMap::new();
    for line in text.lines().map(str::trim).filter(|line| line.contains(char::is_alphanumeric)) {
        *lines.entry(line).or_default() += 1;
    }
    lines
}

/// What a merge must not do.
fn faults(base: &str, sides: [&str; 2], found: &BranchMerge) -> Vec<String> {
    let merged = &found.merged.text;
    let has = lines(merged);
    let before = lines(base);
    let told: HashSet<&str> = found
        .merged
        .conflicts
        .iter()
        .flat_map(|it| [&it.base, &it.ours, &it.theirs].into_iter().flat_map(|text| text.lines()))
        .map(str::trim)
        .chain(found.position.iter().flat_map(|_| [base, sides[0], sides[1]]).flat_map(places))
        .collect();
    let versions = sides.map(lines);
    let count = |lines: &BTreeMap<&str, usize>, line: &str| lines.get(line).copied().unwrap_or(0);
    let mut faults = Vec::new();
    for (side, other) in [(0, 1), (1, 0)] {
        for (&line, &times) in &versions[side] {
            let is_new = times > count(&before, line);
            if is_new && count(&has, line) == 0 && !told.contains(line) && !is_part(line, &before, &has) {
                faults.push(format!("lost: {line}"));
            }
            let most = count(&before, line).max(times).max(count(&versions[other], line));
            let added = times.saturating_sub(count(&before, line));
            if is_new && count(&has, line) > most.max(count(&versions[other], line) + added) {
                faults.push(format!("doubled: {line}"));
            }
        }
        for (&line, &times) in &before {
            let is_deleted = count(&versions[side], line) == 0 && count(&versions[other], line) == times;
            if is_deleted && count(&has, line) > 0 && !told.contains(line) {
                faults.push(format!("came back: {line}"));
            }
        }
    }
    faults.sort();
    faults
}

/// Whether a line that is not there was merged into one with what the other side changed in it: one
/// that the base has not, with the words that are new in the line, and without those that are gone.
fn is_part(line: &str, before: &BTreeMap<&str, usize>, has: &BTreeMap<&str, usize>) -> bool {
    let words = |text: &str| -> HashSet<String> {
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '[' && c != ']');
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let own = words(line);
    // The line it was before is the one with most words in common.
    let old = before.keys().map(|old| words(old)).max_by_key(|old| old.intersection(&own).count());
    let new: HashSet<&String> =
        own.iter().filter(|word| !old.as_ref().is_some_and(|old| old.contains(*word))).collect();
    let gone: HashSet<&String> = old.iter().flatten().filter(|word| !own.contains(*word)).collect();
    has.keys().filter(|line| !before.contains_key(**line)).any(|line| {
        let words = words(line);
        let shared = own.intersection(&words).count();
        new.iter().all(|word| words.contains(*word))
            && !gone.iter().any(|word| words.contains(*word))
            && shared * 2 >= own.len().min(words.len())
    })
}

/// The lines that say where a version is.
fn places(text: &str) -> HashSet<&str> {
    let state = WorkflowState::parse(text);
    let keys = state.keys().iter().filter(|key| ["Phase", "Status", "CurrentItem"].contains(&&*key.name));
    let line = |at: usize| {
        let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
        text[start..].lines().next().unwrap_or_default().trim()
    };
    keys.map(|key| line(key.value_span.start)).collect()
}

impl fmt::Display for Merges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
        writeln!(
            f,
            "| while one branch did what really happened, the other … | merges | conflicts of `git merge-file` | conflicts | places chosen |"
        )?;
        writeln!(f, "| --- | ---: | ---: | ---: | ---: |")?;
        let mut all = Count::default();
        for (work, count) in &self.counts {
            let Count { merges, conflicts, placed, by_lines } = *count;
            row(f, work.name(), count)?;
            all.merges += merges;
            all.conflicts += conflicts;
            all.placed += placed;
            all.by_lines += by_lines;
        }
        row(f, "together", &all)?;
        let (by_lines, own) = (share(all.by_lines, all.merges), share(all.conflicts, all.merges));
        writeln!(f, "\n{by_lines:.1} % conflicts by lines, {own:.1} % by what the documents say")?;
        writeln!(f, "{} lines lost, doubled or come back", self.faults.len())?;
        self.faults.iter().try_for_each(|fault| writeln!(f, "  {fault}"))
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, count: &Count) -> fmt::Result {
    let Count { merges, conflicts, placed, by_lines } = count;
    writeln!(f, "| {name} | {merges} | {by_lines} | {conflicts} | {placed} |")
}
