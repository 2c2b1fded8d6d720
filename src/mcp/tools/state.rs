//! `state`: reading and writing what the state file holds.

use super::Step;
use crate::{
    document::{Item, ItemStatus, WorkflowState},
    engine::{Cause, GateSettings, OnViolation, completes_unplanned, plan_gate, plan_revision},
    mcp::{
        answer::{Answer, Refusal, Retry},
        arguments::Arguments,
        contents::Text,
        fence, guide,
        open_project::{OpenProject, Reading},
        told,
    },
    rules,
    runtime::{Documents, Error, ErrorKind, StateDraft, UnknownKey},
    text::Revision,
};
use serde_json::{Map, Value, json};

/// What one answer has of a list, in bytes of its texts.
const PAGE: usize = 6_000;

/// What one answer has of a list, in entries.
const ENTRIES: usize = 50;

/// Arguments that write.
const WRITES: [&str; 5] = ["set", "log", "add", "tick", "plan"];

/// The shortest beginning of a revision that names it, in hex digits.
const REVISION: usize = 8;

pub(super) fn run(open: &mut OpenProject, arguments: &Arguments, _: Vec<String>) -> Result<Step, Refusal> {
    if !WRITES.iter().any(|name| arguments.has(name)) {
        return read(open, arguments).map(Step::Answer);
    }
    if arguments.text("get").is_some() {
        return Err(Refusal::new("`get` reads, the others write", Retry::AfterFix)
            .because("one call does one of both; nothing was written")
            .fix("leave `get` out: the answer of a write has phase, status, item and revision"));
    }
    write(open, arguments)
}

fn write(open: &mut OpenProject, arguments: &Arguments) -> Result<Step, Refusal> {
    // What others wrote comes first, so that the rules see each edit for itself.
    open.look_settled()?;
    let wanted = Wanted::of(arguments)?;
    let at = open.project.now();
    let verdict = open.project.approval();
    let gates = open.project.settings().engine.gates;
    let run = open.project.edit(&wanted.label(), Cause::FilesChanged, &mut |documents| {
        wanted.require_revision(documents)?;
        let mut draft = StateDraft::new(documents, at);
        wanted.make(&mut draft)?;
        let is_approved = |plan| verdict.as_ref().is_some_and(|it| it.is_yes && it.plan == plan);
        refuse_approving(documents, draft.text(), gates, &is_approved)?;
        Ok(draft.into_edits())
    });
    let run = match run {
        Ok(run) => run,
        Err(error) => {
            let is_conflict = error.kind() == ErrorKind::Conflict;
            let refusal = Refusal::from(error);
            let now = open.look()?;
            return Err(match is_conflict {
                true => {
                    let retry = if wanted.revision.is_some() { Retry::AfterFix } else { Retry::Now };
                    refusal.with("revision", now.documents.state.revision.short()).retry(retry)
                }
                false => refusal,
            });
        }
    };
    let mut did = open.since();
    did.extend(told::did(&run, open.project.settings())?);
    if run.is_idle(open.project.settings()) {
        did.push("nothing to change: the state says so already".into());
    }
    let reading = open.look()?;
    Ok(Step::Answer(
        guide::position(reading).with("did", did).with("revision", reading.documents.state.revision.short()),
    ))
}

/// What a call wants to be written.
struct Wanted {
    set: Vec<(String, String)>,
    log: Option<String>,
    add: Vec<String>,
    tick: Option<String>,
    plan: Option<String>,
    revision: Option<String>,
}

impl Wanted {
    fn of(arguments: &Arguments) -> Result<Self, Refusal> {
        let text = |name| arguments.text(name).map(str::to_owned);
        let revision = text("expected_revision");
        if revision.as_ref().is_some_and(|it| it.len() < REVISION) {
            return Err(Refusal::new("`expected_revision` is too short", Retry::AfterFix)
                .fix("give it as an answer has named it"));
        }
        let pairs = arguments.object("set").into_iter().flatten();
        Ok(Self {
            set: pairs.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect(),
            log: text("log"),
            add: arguments.texts("add"),
            tick: text("tick"),
            plan: text("plan"),
            revision,
        })
    }

    /// What the journal says of it.
    fn label(&self) -> String {
        let keys = self.set.iter().map(|(key, value)| format!("set {key}={value}"));
        let items = self.add.iter().map(|item| format!("item add {item}"));
        let others = [
            self.tick.as_ref().map(|item| format!("done {item}")),
            self.plan.as_ref().map(|_| "plan".to_owned()),
            self.log.as_ref().map(|text| format!("log {text}")),
        ];
        let all: Vec<String> = keys.chain(items).chain(others.into_iter().flatten()).collect();
        fence::line(&all.join(", "))
    }

    fn require_revision(&self, documents: &Documents) -> Result<(), Error> {
        let now: Revision = documents.state.revision;
        match &self.revision {
            Some(expected) if !now.to_string().starts_with(&expected.to_lowercase()) => Err(Error::Caller {
                kind: ErrorKind::Conflict,
                message: format!(
                    "the state file is at revision {}, not {}",
                    now.short(),
                    fence::line(expected)
                ),
                hints: vec!["read it again and look whether the edit still makes sense".into()],
            }),
            _ => Ok(()),
        }
    }

    fn make(&self, draft: &mut StateDraft<'_>) -> Result<(), Error> {
        self.add.iter().try_for_each(|item| draft.add_item(item))?;
        if let Some(plan) = &self.plan {
            draft.write_plan(plan)?;
        }
        if let Some(name) = &self.tick {
            draft.complete(name)?;
        }
        if let Some(text) = &self.log {
            draft.log(text)?;
        }
        self.set.iter().try_for_each(|(key, value)| draft.set(key, value, UnknownKey::Refuse))
    }
}

/// Refuses an edit that goes on from where a person decides about the plan, or completes the item without
/// it: whoever calls a tool is an agent, and would answer for the person.
pub(super) fn refuse_approving(
    before: &Documents,
    after: &str,
    gates: GateSettings,
    is_approved: &dyn Fn(Revision) -> bool,
) -> Result<(), Error> {
    let was = WorkflowState::parse(&before.state.text);
    let rules = rules::compile_unreviewed(&was);
    let is = WorkflowState::parse(after);
    let is_past = |state: &WorkflowState<'_>| plan_gate(state, &rules).is_some_and(|gate| !gate.is_waiting);
    let is_off = gates.on_violation == OnViolation::Off;
    let is_early = completes_unplanned(&was, &is, &rules);
    if is_off || is_past(&was) || !(is_past(&is) || is_early) || is_approved(plan_revision(&is)) {
        return Ok(());
    }
    let has_plan = plan_gate(&is, &rules).is_some_and(|gate| !gate.is_empty);
    let what = match is_early {
        true => "to complete the item",
        false => is.value("Phase").unwrap_or_default(),
    };
    let hint = match has_plan {
        false => "write the plan first, and put it to the person as the phase before says",
        true => "call `next`, or `construct_phase_guidance`: the person is asked where the client can",
    };
    Err(Error::Caller {
        kind: ErrorKind::Waiting,
        message: format!("{what} needs a person's approval of the plan, which an agent can't give"),
        hints: vec![hint.to_owned()],
    })
}

fn read(open: &mut OpenProject, arguments: &Arguments) -> Result<Answer, Refusal> {
    let found_by = open.found_by;
    let cursor = arguments.text("cursor");
    let reading = open.look()?;
    let contents = reading.contents();
    match arguments.text("get").unwrap_or("state") {
        "items" => items(reading, &contents.items, cursor),
        "log" => lines(reading, (&contents.log, "log"), cursor),
        "plan" => lines(reading, (&contents.plan, "plan"), cursor),
        _ => Ok(overview(reading)
            .with("project", format!("{} (by {found_by})", reading.root))
            .with("revision", reading.documents.state.revision.short())),
    }
}

fn overview(reading: &Reading) -> Answer {
    let contents = reading.contents();
    let keys: Map<String, Value> = contents
        .keys
        .iter()
        .take(ENTRIES)
        .map(|key| (fence::line(&key.name), json!(fence::span(&key.value))))
        .collect();
    guide::position(reading)
        .with("state", keys)
        .with("waiting", reading.guidance.pending.len())
        .with("log_characters", contents.log.characters)
        .with("plan_characters", contents.plan.characters)
}

/// A page of the items, in the order of the file.
fn items(reading: &Reading, items: &[Item], cursor: Option<&str>) -> Result<Answer, Refusal> {
    let start = start(reading, cursor)?;
    let mut bytes = 0;
    let told = |item: &Item| {
        json!({
            "id": item.id.as_deref().map(fence::line),
            "text": fence::span(&item.description),
            "status": item.status.as_deref().map(fence::line),
            "done": item.state == ItemStatus::Processed,
        })
    };
    let page: Vec<Value> = items
        .iter()
        .skip(start)
        .take(ENTRIES)
        .take_while(|item| {
            bytes += item.description.len();
            bytes < PAGE
        })
        .map(told)
        .collect();
    // One that is larger than a page alone is cut by its fence.
    let page = match (page.is_empty(), items.get(start)) {
        (true, Some(item)) => vec![told(item)],
        _ => page,
    };
    let next = start + page.len();
    Ok(Answer::default()
        .with("items", page)
        .with("all", items.len())
        .with("cursor", (next < items.len()).then(|| place(reading, next)))
        .with("revision", reading.documents.state.revision.short()))
}

/// The end of a section, or what stands above a cursor.
fn lines(reading: &Reading, (text, name): (&Text, &str), cursor: Option<&str>) -> Result<Answer, Refusal> {
    let lines: Vec<&str> = text.text.lines().collect();
    let skipped = start(reading, cursor)?;
    let mut bytes = 0;
    let page = lines.iter().rev().skip(skipped).take_while(|line| {
        let fits = bytes == 0 || bytes + line.len() <= PAGE;
        bytes += line.len() + 1;
        fits
    });
    let mut page: Vec<String> = page.map(|line| line.chars().take(PAGE).collect()).collect();
    page.reverse();
    let next = skipped + page.len();
    Ok(Answer::default()
        .with(name, if page.is_empty() { String::new() } else { fence::block(&page.join("\n")) })
        .with("older", (next < lines.len()).then(|| place(reading, next)))
        .with("revision", reading.documents.state.revision.short()))
}

/// `50@0123456789ab`: where a page begins, of which revision.
fn place(reading: &Reading, at: usize) -> String {
    format!("{at}@{}", reading.documents.state.revision.short())
}

/// Where the page that a cursor names begins.
fn start(reading: &Reading, cursor: Option<&str>) -> Result<usize, Refusal> {
    let Some(cursor) = cursor else { return Ok(0) };
    let read = cursor.split_once('@').and_then(|(at, of)| Some((at.parse::<usize>().ok()?, of)));
    let Some((at, of)) = read else {
        return Err(Refusal::new("`cursor` is none that an answer has named", Retry::AfterFix)
            .fix("leave it out to begin at the beginning"));
    };
    let now = reading.documents.state.revision.short();
    if of != now {
        return Err(Refusal::new("the file has changed since the page before", Retry::AfterFix)
            .fix("leave `cursor` out and begin again")
            .with("revision", now));
    }
    Ok(at)
}
