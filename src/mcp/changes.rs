//! Telling clients what has changed: a watcher that runs while somebody listens.
//!
//! It sees what anybody writes, other servers and the project's watcher as well as editors. What is told
//! is the part that reads differently, by its URI.

use super::{Change, Hub, Search, resources::RESOURCES, uri::encoded};
use crate::{
    disk::{Burst, WatchStop, Watcher},
    document::{Role, WorkflowState},
    rules,
    runtime::{Documents, Project},
    text::Revision,
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// A save makes several events; they are over when nothing happened for so long.
const QUIET: Duration = Duration::from_millis(30);

/// Who writes without a pause is looked at after so long.
const LONGEST: Duration = Duration::from_millis(500);

/// Watches the project for a hub, from when the first client asks until the last has gone.
#[derive(Debug)]
pub(super) struct Watch {
    hub: Hub,
    search: Search,
    running: Arc<Mutex<Option<WatchStop>>>,
    /// Whether somebody listens and there was nothing to watch: there may be soon.
    is_awaited: AtomicBool,
}

impl Watch {
    pub(super) fn new(hub: Hub, search: Search) -> Self {
        Self { hub, search, running: Arc::default(), is_awaited: AtomicBool::default() }
    }

    /// Whether to try again to [begin](Watch::begin): a call may have made the project that was missing.
    pub(super) fn is_awaited(&self) -> bool {
        self.is_awaited.load(Ordering::Relaxed)
    }

    /// Begins to watch, unless it does. It blocks: the project is read.
    pub(super) fn begin(&self, roots: &[PathBuf]) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.is_some() {
            return;
        }
        let begun = self.search.open(roots).and_then(|(project, _)| {
            let watcher = watcher(&project)?;
            Ok((project, watcher))
        });
        let (project, watcher) = match begun {
            Ok(begun) => begun,
            Err(error) => {
                if !self.is_awaited.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "changes can't be told");
                }
                return;
            }
        };
        self.is_awaited.store(false, Ordering::Relaxed);
        let stop = watcher.stopper();
        // What is there now is what clients can have read.
        let seen = Seen::of(&project);
        let (hub, slot) = (self.hub.clone(), Arc::clone(&self.running));
        let thread = thread::Builder::new().name("changes".into());
        let begun = thread.spawn(move || {
            watch(&project, watcher, &hub, seen);
            slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        });
        match begun {
            Ok(_) => *running = Some(stop),
            Err(error) => tracing::warn!(%error, "changes can't be told"),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(stop) = self.running.lock().unwrap_or_else(PoisonError::into_inner).take() {
            stop.stop();
        }
    }
}

fn watcher(project: &Project) -> Result<Watcher, crate::runtime::Error> {
    let workspace = project.workspace();
    let mut log = workspace.journal();
    log.as_mut_os_string().push("-wal");
    let files = vec![workspace.state().to_owned(), workspace.config().to_owned(), workspace.settings(), log];
    Ok(Watcher::new(workspace.root(), files, Burst::new(QUIET, LONGEST), project.settings().watch.poll)?)
}

fn watch(project: &Project, mut watcher: Watcher, hub: &Hub, mut seen: Seen) {
    let root: &Path = project.workspace().root();
    loop {
        match watcher.next(root) {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => return tracing::warn!(%error, "changes are no longer told"),
        }
        if hub.clients() == 0 {
            return;
        }
        let now = Seen::of(project);
        for change in seen.changes(&now) {
            hub.publish(&change);
        }
        seen = now;
    }
}

/// What each resource read like, by URI.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    resources: BTreeMap<String, Revision>,
    prompts: Option<Revision>,
}

impl Seen {
    fn of(project: &Project) -> Self {
        let mut seen = project.read().map(|documents| Self::of_documents(&documents)).unwrap_or_default();
        let newest = project.history(1).ok().and_then(|entries| entries.into_iter().next());
        if let Some(entry) = newest {
            seen.resources.insert("rulemark://history".into(), entry.hash);
        }
        seen
    }

    fn of_documents(documents: &Documents) -> Self {
        let mut seen = Self::default();
        let state = WorkflowState::parse(&documents.state.text);
        let outline = state.outline();
        for spec in &RESOURCES {
            let role = match spec.name {
                "state" => Role::State,
                "plan" => Role::Plan,
                "items" => Role::Items,
                "log" => Role::Log,
                "rules" => Role::Rules,
                _ => continue,
            };
            let body = outline.section(role).map(|section| section.body.of(&documents.state.text));
            seen.resources.insert(spec.uri.to_owned(), Revision::of(body.unwrap_or_default()));
        }
        seen.prompts = seen.resources.get("rulemark://rules").copied();
        if let Some(config) = &documents.config {
            seen.resources.insert("rulemark://config".into(), config.revision);
        }
        let mut by_status: BTreeMap<String, String> = BTreeMap::new();
        for item in state.items().rows() {
            let told = super::resources::item(item).to_string();
            if let Some(id) = &item.id {
                seen.resources.insert(format!("rulemark://items/{}", encoded(id)), Revision::of(&told));
            }
            by_status.entry(encoded(item.status.as_deref().unwrap_or_default())).or_default().push_str(&told);
        }
        let lists = by_status.iter().filter(|(status, _)| !status.is_empty());
        let lists = lists.map(|(status, told)| (format!("rulemark://items/status/{status}"), told.as_str()));
        seen.resources.extend(lists.map(|(uri, told)| (uri, Revision::of(told))));
        let rules = rules::compile_unreviewed(&state);
        let phases = rules.phases.iter().map(|phase| ("phases", &phase.name, phase.span));
        let each = phases.chain(rules.rules.iter().map(|rule| ("rules", &rule.id, rule.span)));
        for (kind, name, span) in each {
            let told = Revision::of(span.of(&documents.state.text).trim_end());
            seen.resources.entry(format!("rulemark://{kind}/{}", encoded(name))).or_insert(told);
        }
        seen
    }

    /// What reads differently in `now`.
    fn changes(&self, now: &Self) -> Vec<Change> {
        let is_same = |uri: &&String| self.resources.get(*uri) == now.resources.get(*uri);
        let new = now.resources.keys().filter(|uri| !is_same(uri));
        let gone = self.resources.keys().filter(|uri| !now.resources.contains_key(*uri));
        let prompts = (self.prompts != now.prompts).then_some(Change::Prompts);
        new.chain(gone).cloned().map(Change::Resource).chain(prompts).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Document;

    #[test]
    fn what_reads_differently_is_told() {
        let seen = |state: &str| {
            let state = Document::new("s.md".into(), state.into());
            Seen::of_documents(&Documents { state, config: None })
        };
        let state = "## State\nPhase: A\n\n## Items\n| id | description | status |\n| - | - | - |\n| 1 | a | pending |\n| 2 | b | pending |\n\n## Log\n";
        let check = |after: String, expected: &[&str]| {
            let found: Vec<String> = seen(state)
                .changes(&seen(&after))
                .into_iter()
                .map(|change| match change {
                    Change::Resource(uri) => uri,
                    other => format!("{other:?}"),
                })
                .collect();
            assert_eq!(found, expected, "{after}");
        };
        check(state.to_owned(), &[]);
        check(state.replace("Phase: A", "Phase: B"), &["rulemark://state"]);
        check(format!("{state}- so\n"), &["rulemark://log"]);
        let items = ["rulemark://items", "rulemark://items/2", "rulemark://items/status/pending"];
        let done = "rulemark://items/status/done";
        check(state.replace("b | pending", "b | done"), &[items[0], items[1], done, items[2]]);
        check(state.replace("| 2 | b | pending |\n", ""), &[items[0], items[2], items[1]]);
        check(
            format!(
                "{state}\n## Rules\n### [PHASE: A]\n1. x\n\n### RULE_B_01\nTrigger ▶ `Phase == A`\nAction ▶ Log \"b\".\n"
            ),
            &[
                "rulemark://log",
                "rulemark://phases/A",
                "rulemark://rules",
                "rulemark://rules/RULE_B_01",
                "Prompts",
            ],
        );
    }
}
