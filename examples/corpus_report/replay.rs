//! History replay: what Rulemark would have done, had it run while real projects were worked on.
//!
//! Of every two versions of a file that follow each other, the older counts as settled and the newer
//! arrives as an edit. Stories hold every run against the engine's promises.

use rulemark::{
    document::{Outline, Role, WorkflowState},
    engine::Firing,
    rules::{self, Assignment, Content, NewValue, Step as RuleStep, StepKind},
    testing::{Change, Input, Scenario, Step},
    text::DocumentId,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs, io,
    path::{Path, PathBuf},
};

/// What came of the replay.
#[derive(Default)]
pub(crate) struct Replay {
    /// How many edits were replayed.
    pub(crate) edits: usize,
    /// Of them, edits of a state file.
    pub(crate) state_edits: usize,
    /// What the rules did, by what it was.
    pub(crate) deeds: BTreeMap<Deed, Count>,
    /// Broken promises and lost lines, with the file.
    pub(crate) faults: Vec<String>,
}

/// How often, and in how many repositories.
#[derive(Default)]
pub(crate) struct Count {
    pub(crate) times: usize,
    pub(crate) repositories: BTreeSet<String>,
}

/// What the rules did that the real agent had not done in the edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deed {
    Rotated,
    MovedOn,
    WroteChange,
    StoppedSkip,
    ArchivedPlan,
    Waited,
    UnknownPhase,
    Refused,
}

const NAMES: [(Deed, &str); 8] = [
    (Deed::Rotated, "rotated a log over its limit"),
    (Deed::MovedOn, "moved on to the next item"),
    (Deed::WroteChange, "wrote a changelog line"),
    (Deed::StoppedSkip, "noticed a skipped phase"),
    (Deed::ArchivedPlan, "archived an overwritten plan"),
    (Deed::Waited, "left a step waiting for somebody"),
    (Deed::UnknownPhase, "reported an unknown phase"),
    (Deed::Refused, "refused rules that disagree or go in circles"),
];

/// A file's versions, oldest first.
struct History {
    repository: String,
    versions: Vec<PathBuf>,
}

/// Replays the edits below `corpus/history`: all of them, or every `stride`-th.
///
/// # Errors
/// When a folder or file can't be read.
pub(crate) fn replay(corpus: &Path, stride: usize) -> io::Result<Replay> {
    let mut replay = Replay::default();
    let mut seen = 0;
    for history in histories(&corpus.join("history"))? {
        let is_config = history.folder_name().to_lowercase().contains("config");
        for pair in history.versions.windows(2) {
            seen += 1;
            if seen % stride != 0 {
                continue;
            }
            let (older, newer) = (fs::read_to_string(&pair[0])?, fs::read_to_string(&pair[1])?);
            replay.edits += 1;
            let step = if is_config {
                // The state does not matter here; any will do that has rules for the config.
                let state = include_str!("../../templates/workflow_state.md");
                edit(Scenario::new(state).config(older), DocumentId::Config, newer)
            } else {
                replay.state_edits += 1;
                let config = config_beside(&pair[1])?.unwrap_or_else(|| "## Changelog\n".to_owned());
                edit(Scenario::new(older).config(config), DocumentId::State, newer)
            };
            match step {
                Ok(step) => replay.count(&history.repository, &pair[1], &step),
                Err(fault) => replay.faults.push(format!("{}: {fault}", pair[1].display())),
            }
        }
    }
    Ok(replay)
}

fn edit(
    scenario: Scenario,
    document: DocumentId,
    text: String,
) -> Result<Step, rulemark::testing::StoryError> {
    let mut story = scenario.try_settled()?;
    story.perform(Input::Edit(vec![Change::Save { document, text }])).cloned()
}

impl History {
    fn folder_name(&self) -> String {
        let folder = self.versions.first().and_then(|path| path.parent()?.file_name());
        folder.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

fn histories(root: &Path) -> io::Result<Vec<History>> {
    let mut histories = Vec::new();
    for repository in entries(root)? {
        for file in entries(&repository)? {
            let name = repository.file_name().unwrap_or_default().to_string_lossy().into_owned();
            histories.push(History { repository: name, versions: entries(&file)? });
        }
    }
    Ok(histories)
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// The config file as it was in the commit of a state file: `042_1a2b3c4d.md` beside it.
fn config_beside(state: &Path) -> io::Result<Option<String>> {
    let (Some(folder), Some(name)) = (state.parent(), state.file_name()) else { return Ok(None) };
    let (Some(repository), Some(kind)) = (folder.parent(), folder.file_name()) else { return Ok(None) };
    let kind = kind.to_string_lossy();
    let config = [
        ("workflow_state", "project_config"),
        ("workflow-state", "project-config"),
        ("WORKFLOW_STATE", "PROJECT_CONFIG"),
    ]
    .iter()
    .find(|(state, _)| kind.contains(state))
    .map(|(state, config)| repository.join(kind.replace(state, config)));
    let Some(config) = config.filter(|config| config.is_dir()) else { return Ok(None) };
    let name = name.to_string_lossy();
    let commit = name.split_once('_').map_or(&*name, |(_, commit)| commit);
    let versions = entries(&config)?;
    let same = versions.iter().find(|path| path.to_string_lossy().ends_with(commit));
    same.or(versions.first()).map(fs::read_to_string).transpose()
}

impl Replay {
    fn count(&mut self, repository: &str, path: &Path, step: &Step) {
        let before = step.state_before();
        for deed in deeds(step) {
            let count = self.deeds.entry(deed).or_default();
            count.times += 1;
            count.repositories.insert(repository.to_owned());
        }
        for line in lost_lines(step) {
            self.faults.push(format!("{}: lost the line `{line}`", path.display()));
        }
        let back = step.outcome.state.invert(before).and_then(|back| back.apply(step.state_after()));
        if back.as_deref() != Ok(before) {
            self.faults.push(format!("{}: the run can't be undone", path.display()));
        }
    }
}

/// What the rules did, each kind once.
fn deeds(step: &Step) -> BTreeSet<Deed> {
    let state = WorkflowState::parse(step.state_before());
    let rules = rules::compile(&state);
    let mut deeds = BTreeSet::new();
    for Firing { clause, done, .. } in &step.outcome.firings {
        let steps = rules.rule(&clause.rule).and_then(|rule| rule.clauses.get(clause.clause));
        let steps = steps.map_or(&[][..], |clause| &clause.steps);
        let said = |word: &str| done.iter().any(|line| line.starts_with(word));
        let has = |wanted: fn(&StepKind) -> bool| any_step(steps, wanted);
        let candidates = [
            (Deed::Rotated, said("summarised")),
            (Deed::ArchivedPlan, said("archived")),
            (Deed::Waited, said("waits")),
            (Deed::MovedOn, said("CurrentItem = ") && has(picks_next)),
            (
                Deed::WroteChange,
                step.outcome.config.as_ref().is_some_and(|it| !it.is_empty()) && has(tells_work),
            ),
        ];
        deeds.extend(candidates.iter().filter(|(_, did)| *did).map(|(deed, _)| *deed));
    }
    deeds.extend(step.outcome.diagnostics.iter().filter_map(|found| match found.code {
        "skipped-phase" => Some(Deed::StoppedSkip),
        "unknown-phase" => Some(Deed::UnknownPhase),
        "conflicting-rules" | "rule-cycle" | "too-many-firings" => Some(Deed::Refused),
        _ => None,
    }));
    deeds
}

fn any_step(steps: &[RuleStep], wanted: fn(&StepKind) -> bool) -> bool {
    steps.iter().any(|step| match &step.kind {
        StepKind::If { then, otherwise, .. } => any_step(then, wanted) || any_step(otherwise, wanted),
        kind => wanted(kind),
    })
}

fn picks_next(kind: &StepKind) -> bool {
    let is_next = |it: &Assignment| it.value == NewValue::NextItem;
    matches!(kind, StepKind::Set(assignments) if assignments.iter().any(is_next))
}

fn tells_work(kind: &StepKind) -> bool {
    matches!(kind, StepKind::Insert { content: Content::WorkSummary { .. }, .. })
}

/// Whole lines that an edit of the run took out of any section but Log. The rules of these files
/// clear nothing else, so there are none.
fn lost_lines(step: &Step) -> Vec<String> {
    let before = step.state_before();
    let outline = Outline::parse(before);
    let logs: Vec<_> = outline.sections().iter().filter(|section| section.role == Role::Log).collect();
    let edits = step.outcome.state.edits().iter();
    edits
        .filter(|edit| !logs.iter().any(|log| log.body.covers(edit.span)))
        .flat_map(|edit| {
            let taken = edit.span.of(before).lines().map(str::trim);
            let whole = taken.clone().count() > 1;
            taken.filter(move |line| whole && !line.is_empty() && !edit.new_text.contains(line))
        })
        .map(str::to_owned)
        .collect()
}

impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} edits replayed, {} of them of a state file", self.edits, self.state_edits)?;
        writeln!(f, "\n| where the real agent had not, the rules … | edits | repositories |")?;
        writeln!(f, "| --- | ---: | ---: |")?;
        for (deed, name) in NAMES {
            let count = self.deeds.get(&deed);
            let times = count.map_or(0, |count| count.times);
            let repositories = count.map_or(0, |count| count.repositories.len());
            writeln!(f, "| {name} | {times} | {repositories} |")?;
        }
        writeln!(f, "\n{} broken promises or lost lines", self.faults.len())?;
        self.faults.iter().try_for_each(|fault| writeln!(f, "  {fault}"))
    }
}
