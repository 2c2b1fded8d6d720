//! What changed between two versions of a document, in the document's own words.

use super::{
    Item, ItemStatus, Items, Role, WorkflowState,
    merge::{
        align::align,
        lines::{Line, Name, Shape, Version},
        names,
        sections::{self, Kind, Part},
    },
};
use std::collections::{HashMap, HashSet};

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A State key has another value; `None` where the key is missing.
    Key {
        /// The key.
        name: String,
        /// Its value before.
        before: Option<String>,
        /// Its value now.
        after: Option<String>,
    },
    /// An item was added, removed, finished, reworded.
    Item {
        /// Its id, if it has one.
        id: Option<String>,
        /// Its description as it is now, or was last.
        description: String,
        /// What happened to it.
        change: ItemChange,
    },
    /// Entries of a log, an archive or the changelog.
    Entries {
        /// The section's title.
        section: String,
        /// Entries that are new, a line each: the first of theirs.
        added: Vec<String>,
        /// Entries that are gone.
        removed: Vec<String>,
        /// Whether none of the old entries is left.
        is_cleared: bool,
    },
    /// Steps of a plan or of another list with boxes.
    Steps {
        /// The section's title.
        section: String,
        /// Steps that have a tick now.
        ticked: Vec<String>,
        /// Steps that have none any more.
        unticked: Vec<String>,
        /// Steps that are new.
        added: Vec<String>,
        /// Steps that are gone.
        removed: Vec<String>,
    },
    /// A section as a whole; of the rules also one that was changed.
    Section {
        /// The section's title.
        section: String,
        /// Whether it is a rule, or holds rules.
        is_rule: bool,
        /// What happened to it.
        change: SectionChange,
    },
    /// Other lines of a section.
    Lines {
        /// The section's title; empty for the top of the file.
        section: String,
        /// The lines, as they follow each other; `true` for those that are new.
        lines: Vec<(bool, String)>,
    },
}

/// What happened to an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemChange {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It was open and is not any more.
    Done,
    /// It was not open and is again.
    Reopened,
    /// Its status is another one, and means the same.
    Status {
        /// The status before, as written.
        before: String,
        /// The status now.
        after: String,
    },
    /// Its id was another one.
    Renumbered {
        /// The id before.
        before: Option<String>,
    },
    /// Its description was another one.
    Reworded {
        /// The description before.
        before: String,
    },
}

/// What happened to a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionChange {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// So many of its lines are new, and so many gone.
    Changed {
        /// New lines.
        added: usize,
        /// Lines that are gone.
        removed: usize,
    },
}

/// What changed from `before` to `after`: State keys, then items, then section by section. What is no
/// key, item, entry, step or rule comes as lines, so that nothing but white space goes unsaid.
#[must_use]
pub fn changes(before: &str, after: &str) -> Vec<Change> {
    if before == after {
        return Vec::new();
    }
    let (old, new) = (WorkflowState::parse(before), WorkflowState::parse(after));
    let mut found = keys(&old, &new);
    found.extend(items(&old.items(), &new.items()));
    let told = Told::of(&found);
    let versions = [before, after].map(Version::read);
    let parts = versions.each_ref().map(|version| &*version.parts);
    let ids = sections::identities([parts[0], parts[1], parts[1]]);
    let matched = align(&ids[0], &ids[1]);
    let mut next = 0;
    for (index, part) in parts[0].iter().enumerate() {
        let Some(other) = matched[index] else {
            found.push(whole(parts[0], index, SectionChange::Removed));
            continue;
        };
        found.extend((next..other).map(|index| whole(parts[1], index, SectionChange::Added)));
        next = other + 1;
        let lines =
            [&versions[0].lines[part.lines.clone()], &versions[1].lines[parts[1][other].lines.clone()]];
        if is_rule(parts[1], other) {
            found.extend(rule(parts[1], other, lines));
        } else {
            SectionChanges::new(&parts[1][other], lines, &told).read(&mut found);
        }
    }
    found.extend((next..parts[1].len()).map(|index| whole(parts[1], index, SectionChange::Added)));
    found
}

fn keys(old: &WorkflowState<'_>, new: &WorkflowState<'_>) -> Vec<Change> {
    let mut seen = HashSet::new();
    let names = new.keys().iter().chain(old.keys()).map(|key| &key.name);
    let names = names.filter(|name| seen.insert(name.to_lowercase()));
    let change = |name: &String| {
        let [before, after] = [old, new].map(|state| state.key(name).map(|key| key.value.clone()));
        let is_same = before.as_deref().unwrap_or_default() == after.as_deref().unwrap_or_default();
        (!is_same).then(|| Change::Key { name: name.clone(), before, after })
    };
    names.filter_map(change).collect()
}

/// What an item is recognised by: its id, its description, or both.
type Mark<'i> = (Option<&'i str>, Option<&'i str>);

/// Items are the same by id and description, then by description, then by id.
fn items(old: &Items<'_>, new: &Items<'_>) -> Vec<Change> {
    let (old, new) = (old.rows(), new.rows());
    let mut partner: Vec<Option<usize>> = vec![None; new.len()];
    let mut is_taken = vec![false; old.len()];
    let marks: [fn(&Item) -> Option<Mark<'_>>; 3] = [
        |item| Some((item.id.as_deref(), Some(&*item.description))),
        |item| Some((None, Some(&*item.description))).filter(|_| !item.description.is_empty()),
        |item| Some((Some(item.id.as_deref()?), None)),
    ];
    for mark in marks {
        let mut free: HashMap<_, Vec<usize>> = HashMap::new();
        for (index, item) in old.iter().enumerate().rev().filter(|&(index, _)| !is_taken[index]) {
            if let Some(mark) = mark(item) {
                free.entry(mark).or_default().push(index);
            }
        }
        for (index, item) in new.iter().enumerate() {
            if partner[index].is_none()
                && let Some(found) = mark(item).and_then(|mark| free.get_mut(&mark)).and_then(Vec::pop)
            {
                partner[index] = Some(found);
                is_taken[found] = true;
            }
        }
    }
    let mut found = Vec::new();
    for (item, partner) in new.iter().zip(partner) {
        match partner {
            Some(before) => found.extend(item_changes(&old[before], item)),
            None => found.push(told(item, ItemChange::Added)),
        }
    }
    let gone = old.iter().zip(is_taken).filter(|(_, is_taken)| !is_taken);
    found.extend(gone.map(|(item, _)| told(item, ItemChange::Removed)));
    found
}

fn told(item: &Item, change: ItemChange) -> Change {
    Change::Item { id: item.id.clone(), description: item.description.clone(), change }
}

fn item_changes(before: &Item, after: &Item) -> Vec<Change> {
    let mut found = Vec::new();
    let (old, new) = (before.status.clone().unwrap_or_default(), after.status.clone().unwrap_or_default());
    match (before.state, after.state) {
        (ItemStatus::Unprocessed, ItemStatus::Processed) => found.push(told(after, ItemChange::Done)),
        (ItemStatus::Processed, ItemStatus::Unprocessed) => found.push(told(after, ItemChange::Reopened)),
        _ if old != new => found.push(told(after, ItemChange::Status { before: old, after: new })),
        _ => {}
    }
    if before.id != after.id {
        found.push(told(after, ItemChange::Renumbered { before: before.id.clone() }));
    }
    if before.description != after.description {
        found.push(told(after, ItemChange::Reworded { before: before.description.clone() }));
    }
    found
}

/// What has been said already, and need not be said as a line.
struct Told {
    keys: HashSet<String>,
    /// Ids and descriptions.
    items: HashSet<String>,
}

impl Told {
    fn of(changes: &[Change]) -> Self {
        let mut told = Self { keys: HashSet::new(), items: HashSet::new() };
        for change in changes {
            match change {
                Change::Key { name, .. } => {
                    told.keys.insert(name.clone());
                }
                Change::Item { description, change, .. } => {
                    told.items.insert(description.clone());
                    if let ItemChange::Reworded { before } = change {
                        told.items.insert(before.clone());
                    }
                }
                _ => {}
            }
        }
        told
    }

    fn has(&self, line: &Line<'_>) -> bool {
        match &line.name {
            Some(Name::Keys(keys)) => {
                self.keys.contains(keys) || keys.split(' ').any(|key| self.keys.contains(key))
            }
            Some(Name::Item(_, description)) => self.items.contains(description),
            _ => false,
        }
    }
}

fn is_rule(parts: &[Part<'_>], index: usize) -> bool {
    let path = &parts[index].path;
    parts[..=index].iter().any(|part| part.role == Role::Rules && path.starts_with(&part.path))
}

fn whole(parts: &[Part<'_>], index: usize, change: SectionChange) -> Change {
    let section = super::inline::plain(parts[index].title);
    Change::Section { section, is_rule: is_rule(parts, index), change }
}

/// A rule is one thing: so many of its lines differ.
fn rule(parts: &[Part<'_>], index: usize, [old, new]: [&[Line<'_>]; 2]) -> Option<Change> {
    let (mut added, mut removed) = (0, 0);
    differences([old, new], |before, after| {
        let says = |line: &Line<'_>| line.shape != Shape::Blank;
        removed += usize::from(before.is_some_and(|line| says(&old[line])));
        added += usize::from(after.is_some_and(|line| says(&new[line])));
    });
    (added + removed > 0).then(|| whole(parts, index, SectionChange::Changed { added, removed }))
}

/// Calls `each` with the number of every line that is gone, new, or another one than before, from top
/// to bottom.
fn differences([old, new]: [&[Line<'_>]; 2], mut each: impl FnMut(Option<usize>, Option<usize>)) {
    let ids = names::identities([old, new, new]);
    let matched = align(&ids[0], &ids[1]);
    let mut next = 0;
    for (line, other) in matched.into_iter().enumerate() {
        let Some(other) = other else {
            each(Some(line), None);
            continue;
        };
        (next..other).for_each(|line| each(None, Some(line)));
        next = other + 1;
        if old[line].content != new[other].content {
            each(Some(line), Some(other));
        }
    }
    (next..new.len()).for_each(|line| each(None, Some(line)));
}

/// Reads the changes of one section.
struct SectionChanges<'c> {
    told: &'c Told,
    /// Its lines before and after.
    versions: [&'c [Line<'c>]; 2],
    title: String,
    role: Role,
    kind: Kind,
    /// Steps that were ticked, unticked, added, removed.
    steps: [Vec<String>; 4],
    /// Entries added and removed.
    entries: [Vec<String>; 2],
    lines: Vec<(bool, String)>,
    /// The line behind the last that belongs to an entry that was told, before and after.
    behind_entry: [usize; 2],
}

impl<'c> SectionChanges<'c> {
    fn new(part: &Part<'_>, versions: [&'c [Line<'c>]; 2], told: &'c Told) -> Self {
        Self {
            told,
            versions,
            title: super::inline::plain(part.title),
            role: part.role,
            kind: part.kind,
            steps: Default::default(),
            entries: Default::default(),
            lines: Vec::new(),
            behind_entry: [0; 2],
        }
    }

    fn read(mut self, found: &mut Vec<Change>) {
        differences(self.versions, |before, after| self.difference(before, after));
        let [ticked, unticked, added, removed] = self.steps;
        if [&ticked, &unticked, &added, &removed].iter().any(|steps| !steps.is_empty()) {
            found.push(Change::Steps { section: self.title.clone(), ticked, unticked, added, removed });
        }
        let [added, removed] = self.entries;
        if !added.is_empty() || !removed.is_empty() {
            let entries = self.versions[0].iter().filter(|line| is_entry(line)).count();
            let is_cleared = entries > 1 && removed.len() >= entries;
            found.push(Change::Entries { section: self.title.clone(), added, removed, is_cleared });
        }
        if !self.lines.is_empty() {
            found.push(Change::Lines { section: self.title, lines: self.lines });
        }
    }

    fn difference(&mut self, before: Option<usize>, after: Option<usize>) {
        if let (Some(before), Some(after)) = (before, after) {
            let (before, after) = (&self.versions[0][before], &self.versions[1][after]);
            if let (Some(was), Some(is)) = (tick(before), tick(after))
                && was != is
                && self.kind == Kind::Lines
                && !matches!(after.name, Some(Name::Item(..)))
            {
                self.steps[usize::from(!is)].push(said(after));
                return;
            }
        }
        for (version, line) in [before, after].into_iter().enumerate() {
            if let Some(line) = line {
                self.line(version, line);
            }
        }
    }

    fn line(&mut self, version: usize, number: usize) {
        let line = &self.versions[version][number];
        if line.shape == Shape::Blank || self.told.has(line) {
            return;
        }
        let is_new = version == 1;
        let is_entries = self.kind != Kind::Lines;
        let is_step = !is_entries
            && line.shape == Shape::Item
            && (self.role == Role::Plan || tick(line).is_some())
            && !matches!(line.name, Some(Name::Item(..)));
        let goes_on = is_entries && line.indent > 0 && self.behind_entry[version] == number;
        if is_step {
            self.steps[if is_new { 2 } else { 3 }].push(said(line));
        } else if is_entries && (goes_on || is_entry(line)) {
            self.behind_entry[version] = number + 1;
            if !goes_on {
                self.entries[usize::from(!is_new)].push(said(line));
            }
        } else {
            self.lines.push((is_new, line.content.to_owned()));
        }
    }
}

/// Whether an entry begins with the line.
fn is_entry(line: &Line<'_>) -> bool {
    line.indent == 0 && matches!(line.shape, Shape::Item | Shape::Row | Shape::Other)
}

/// Whether the line's box has a tick; `None` without a box.
fn tick(line: &Line<'_>) -> Option<bool> {
    let [check, _] = &*line.fields else { return None };
    let inside = line.content[check.clone()].strip_prefix('[')?.strip_suffix(']')?;
    (line.shape == Shape::Item).then(|| !matches!(inside.trim(), "" | "~" | "/" | "-" | ">"))
}

/// What a line says, without marker and box.
fn said(line: &Line<'_>) -> String {
    let body = line.fields.last().filter(|_| line.shape == Shape::Item);
    body.map_or(line.content.trim(), |body| &line.content[body.clone()]).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each change in a line.
    fn shown(change: &Change) -> String {
        let list = |texts: &[String]| texts.join(", ");
        match change {
            Change::Key { name, before, after } => format!("{name}: {before:?} {after:?}"),
            Change::Item { id, description, change } => format!("item {id:?} {description}: {change:?}"),
            Change::Entries { section, added, removed, is_cleared } => {
                format!("{section}: +[{}] -[{}] {is_cleared}", list(added), list(removed))
            }
            Change::Steps { section, ticked, unticked, added, removed } => format!(
                "{section}: x[{}] o[{}] +[{}] -[{}]",
                list(ticked),
                list(unticked),
                list(added),
                list(removed)
            ),
            Change::Section { section, is_rule, change } => format!("{section} {is_rule}: {change:?}"),
            Change::Lines { section, lines } => {
                let signed =
                    lines.iter().map(|(is_new, line)| format!("{}{line}", if *is_new { '+' } else { '-' }));
                format!("{section}: {}", signed.collect::<Vec<_>>().join(" | "))
            }
        }
    }

    #[track_caller]
    fn check(before: &str, after: &str, expected: &[&str]) {
        let found: Vec<String> = changes(before, after).iter().map(shown).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn in_the_words_of_the_document() {
        let state = |phase: &str, plan: &str, items: &str, log: &str| {
            format!(
                "# T\n\n## State\nPhase: {phase}\n\n## Plan\n{plan}\n## Items\n| id | description | status |\n|---|---|---|\n{items}\n## Log\n{log}"
            )
        };
        let (one, two) = ("| 1 | a | pending |\n", "| 2 | b | pending |\n");
        let items = format!("{one}{two}");
        let before = state("A", "- [ ] x\n- [ ] y\n", &items, "- p\n- q\n");
        let check = |after: &str, expected: &[&str]| check(&before, after, expected);
        check(&before, &[]);
        check(&state("B", "- [ ] x\n- [ ] y\n", &items, "- p\n- q\n"), &["Phase: Some(\"A\") Some(\"B\")"]);
        check(
            &state("A", "- [x] x\n- [ ] z\nWhy.\n", &items, "- p\n- q\n- r\n  more\n"),
            &["Plan: x[x] o[] +[z] -[y]", "Plan: +Why.", "Log: +[r] -[] false"],
        );
        check(
            &state(
                "A",
                "- [ ] x\n- [ ] y\n",
                "| 1 | a | done |\n| 2 | bb | doing |\n| 3 | c | pending |\n",
                "",
            ),
            &[
                "item Some(\"1\") a: Done",
                "item Some(\"2\") bb: Status { before: \"pending\", after: \"doing\" }",
                "item Some(\"2\") bb: Reworded { before: \"b\" }",
                "item Some(\"3\") c: Added",
                "Log: +[] -[p, q] true",
            ],
        );
        check(&state("A", "- [ ] x\n- [ ] y\n", &items, "- p\n  more\n- q\n"), &["Log: +  more"]);
        // Numbered anew.
        check(
            &state(
                "A",
                "- [ ] x\n- [ ] y\n",
                "| 1 | z | pending |\n| 2 | a | pending |\n| 3 | b | done |\n",
                "- p\n- q\n",
            ),
            &[
                "item Some(\"1\") z: Added",
                "item Some(\"2\") a: Renumbered { before: Some(\"1\") }",
                "item Some(\"3\") b: Done",
                "item Some(\"3\") b: Renumbered { before: Some(\"2\") }",
            ],
        );
    }

    #[test]
    fn rules_and_sections() {
        check(
            "## Rules\n\n### RULE_A\nTrigger: x\nAction: y\n\n### RULE_B\nz\n\n## Goal\none\ntwo\n",
            "## Rules\n\n### RULE_A\nTrigger: x\nAction: w\n\n## Goal\none\n2\n\n## New\nx\n",
            &[
                "RULE_A true: Changed { added: 1, removed: 1 }",
                "RULE_B true: Removed",
                "Goal: -two | +2",
                "New false: Added",
            ],
        );
        check("top\n", "top\nmore\n", &[": +more"]);
        check("a\n\nb\n", "a\nb\n", &[]);
    }
}
