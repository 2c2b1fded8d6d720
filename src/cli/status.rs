//! `rulemark status`: where the project is.

use super::{
    args::JsonArgs,
    conflicts::{self, ConflictJson},
    context::Context,
    error::{CommandError, CommandResult, Exit},
    history,
    render::{Ink, Line, Terminal},
};
use crate::{
    document::{Role, WorkflowState},
    engine::{Memory, Progress, claims, plan_gate, plan_revision, progress},
    journal::{ApprovalRecord, Entry},
    rules::{self, LengthUnit, RuleSet, Test},
    runtime::Project,
};
use serde::Serialize;

/// The answer of `status --json`.
#[derive(Serialize)]
struct StatusJson {
    project: String,
    phase: Option<String>,
    status: Option<String>,
    /// As the file writes it.
    current_item: Option<String>,
    items: ItemsJson,
    /// How many steps wait.
    pending: usize,
    /// Places where somebody else's version stands although Rulemark had written another.
    conflicts: Vec<ConflictJson>,
    log: LogJson,
    /// What was decided last about a plan.
    plan: Option<PlanJson>,
    /// Why the phase can't be left: what its checks lack.
    checks: Option<String>,
    /// Lines of Log that tell how tests went although none was run.
    claims: Vec<String>,
    /// The process that watches the project, if one does.
    watcher: Option<String>,
    last_run: Option<LastRunJson>,
    /// Whether there is a journal that can't be read; `rulemark doctor` says why.
    journal_unreadable: bool,
}

/// A decision about a plan.
#[derive(Serialize)]
struct PlanJson {
    /// `approved`, `rejected`, or `approved before it changed`.
    verdict: &'static str,
    by: String,
    at: String,
    /// Whether a person said so, and not whoever edits the file.
    attested: bool,
    feedback: Option<String>,
}

/// How far the items are.
#[derive(Serialize)]
struct ItemsJson {
    done: usize,
    left: usize,
}

/// How full the log is.
#[derive(Serialize)]
struct LogJson {
    length: usize,
    /// The length a rule of the file rotates it at.
    limit: Option<u64>,
    /// `chars` or `lines`.
    unit: &'static str,
}

/// The newest entry of the journal.
#[derive(Serialize)]
struct LastRunJson {
    entry: i64,
    at: String,
    cause: String,
    rules: Vec<String>,
}

pub(crate) fn run(context: &mut Context, args: JsonArgs) -> CommandResult {
    let status = read(&context.project()?)?;
    if args.json {
        context.terminal.json(&status)?;
    } else {
        print(&mut context.terminal, &status)?;
    }
    Ok(Exit::Ok)
}

fn read(project: &Project) -> Result<StatusJson, CommandError> {
    let documents = project.read()?;
    let last = project.history(conflicts::RECENT);
    let is_unreadable = last.is_err();
    let recent = last.unwrap_or_default();
    let conflicts = conflicts::open(project, &recent, &documents)?.iter().map(ConflictJson::from).collect();
    let last = recent.into_iter().next();
    let state = WorkflowState::parse(&documents.state.text);
    // Only items without a place for a status need the journal; what one that can't be read would add
    // is not worth failing for.
    let is_marked = state.items().rows().iter().all(|item| item.status.is_some());
    let memory = if is_marked { Memory::default() } else { project.memory().unwrap_or_default() };
    let Progress { done, left } = progress(&state, &memory);
    let rules = rules::compile_runnable(&state);
    Ok(StatusJson {
        project: project.workspace().root().display().to_string(),
        phase: state.value("Phase").map(str::to_owned),
        status: state.value("Status").map(str::to_owned),
        current_item: state.value("CurrentItem").map(str::to_owned),
        items: ItemsJson { done, left },
        pending: last.as_ref().map_or(0, |entry| entry.pending.len()),
        conflicts,
        log: log(&state, &rules),
        plan: plan(project, &state, &rules),
        checks: project.guidance_of_checks(&documents, &state),
        claims: claimed(project, &state),
        watcher: project.watcher(),
        last_run: last.as_ref().map(last_run),
        journal_unreadable: is_unreadable,
    })
}

fn plan(project: &Project, state: &WorkflowState<'_>, rules: &RuleSet) -> Option<PlanJson> {
    // Before there is a plan to decide about, what was decided about another says nothing.
    plan_gate(state, rules)?;
    let decision = project.approval()?;
    let is_this = decision.plan == plan_revision(state);
    let verdict = match (decision.is_yes, is_this) {
        (true, true) => "approved",
        (true, false) => "approved before it changed",
        (false, true) => "rejected",
        // It was rejected, and is another one now.
        (false, false) => return None,
    };
    let ApprovalRecord { by, at, is_attested: attested, feedback, .. } = decision;
    Some(PlanJson { verdict, by, at: at.to_string(), attested, feedback })
}

/// The lines of Log that tell how tests went although none is known to have been run.
fn claimed(project: &Project, state: &WorkflowState<'_>) -> Vec<String> {
    let outline = state.outline();
    let log = outline.section(Role::Log).map(|section| outline.content(section)).unwrap_or_default();
    // What is claimed without a run needs no journal to be found out.
    if claims(&log, &[]).is_empty() {
        return Vec::new();
    }
    let runs = project.recent_checks(RUNS).unwrap_or_default();
    claims(&log, &runs).into_iter().map(|claim| claim.text).collect()
}

/// How many of the newest runs of the checks a Log is compared with.
const RUNS: usize = 200;

fn last_run(entry: &Entry) -> LastRunJson {
    LastRunJson {
        entry: entry.seq,
        at: entry.at.to_string(),
        cause: entry.label.clone(),
        rules: history::rules(entry),
    }
}

fn log(state: &WorkflowState<'_>, rules: &RuleSet) -> LogJson {
    let outline = state.outline();
    let triggers = rules.rules.iter().flat_map(|rule| &rule.clauses).filter_map(|it| it.trigger.as_ref());
    let limit = triggers.flat_map(|trigger| trigger.condition.atoms()).find_map(|atom| match &atom.test {
        Test::Length { section, limit, unit, .. }
            if outline.named(&section.0).is_some_and(|section| section.role == Role::Log) =>
        {
            Some((*limit, *unit))
        }
        _ => None,
    });
    let unit = limit.map_or(LengthUnit::Characters, |(_, unit)| unit);
    let length = outline.section(Role::Log).map_or(0, |section| match unit {
        LengthUnit::Characters => outline.characters(section),
        LengthUnit::Lines => outline.content(section).lines().count(),
    });
    let unit = if unit == LengthUnit::Lines { "lines" } else { "chars" };
    LogJson { length, limit: limit.map(|(limit, _)| limit), unit }
}

fn print(terminal: &mut Terminal, status: &StatusJson) -> Result<(), CommandError> {
    let none = || "none".to_owned();
    let mut field = |name: &str, ink: Ink, value: String, remark: String| {
        let line = Line::new().ink(Ink::Faint, format!("{name:<9}")).ink(ink, value);
        terminal.cut([line.ink(Ink::Faint, remark)])
    };
    field("phase", Ink::Strong, status.phase.clone().unwrap_or_else(none), String::new())?;
    field("status", Ink::Strong, status.status.clone().unwrap_or_else(none), String::new())?;
    field("item", Ink::Plain, status.current_item.clone().unwrap_or_else(none), String::new())?;
    let ItemsJson { done, left } = status.items;
    field("items", Ink::Plain, format!("{done} done, {left} left"), String::new())?;
    let (ink, remark) = match status.pending {
        0 => (Ink::Plain, ""),
        _ => (Ink::Caution, "  `rulemark next` says what they ask"),
    };
    field("waiting", ink, status.pending.to_string(), remark.into())?;
    if let [first, ..] = &*status.conflicts {
        let count = status.conflicts.len();
        let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        let told = format!("{}{more}", first.place);
        field("conflict", Ink::Caution, told, "  `rulemark conflicts` shows both sides".into())?;
    }
    let LogJson { length, limit, unit } = &status.log;
    let limit = limit.map_or_else(String::new, |limit| format!(" of {limit}"));
    field("log", Ink::Plain, format!("{length}{limit} {unit}"), String::new())?;
    if let Some(plan) = &status.plan {
        let source = if plan.attested { "attested" } else { "not attested" };
        let feedback = plan.feedback.as_ref().map_or_else(String::new, |feedback| format!(": {feedback}"));
        let ink = if plan.attested && plan.verdict == "approved" { Ink::Good } else { Ink::Caution };
        let told = format!("{} by {}{feedback}", plan.verdict, plan.by);
        field("plan", ink, told, format!("  {source}, {}", plan.at.replace('T', " ")))?;
    }
    if let Some(lack) = &status.checks {
        field("checks", Ink::Caution, lack.clone(), "  `rulemark next` says what helps".into())?;
    }
    for claim in &status.claims {
        field("claimed", Ink::Caution, claim.clone(), "  in Log, and no run is known".into())?;
    }
    let (watched, remark) = match &status.watcher {
        Some(holder) => ("running", format!("  {holder}")),
        None => ("not running", "  `rulemark watch` starts it".into()),
    };
    field("watcher", Ink::Plain, watched.into(), remark)?;
    let last = status.last_run.as_ref();
    let unknown = || if status.journal_unreadable { "unknown: see `rulemark doctor`".into() } else { none() };
    let told = last.map_or_else(unknown, |run| format!("{}  {}", run.at.replace('T', " "), run.cause));
    let rules = last.map_or_else(String::new, |run| format!("  {}", run.rules.join(", ")));
    field("last run", Ink::Plain, told, rules)
}
