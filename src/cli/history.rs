//! `rulemark history`, and how an entry of the journal is told.

use super::{
    args::{HistoryArgs, HistoryCommand, JsonArgs},
    change::{plural, shorten},
    context::Context,
    error::{CommandError, CommandResult, Exit},
    render::{Ink, Line, Table},
};
use crate::{
    journal::{ApprovalRecord, Entry, EntryKind},
    runtime::Project,
    text::DocumentId,
};
use serde::Serialize;

/// One entry of the journal.
#[derive(Debug, Serialize)]
pub(crate) struct EntryJson {
    entry: i64,
    /// `run`, `undo` or `redo`.
    kind: &'static str,
    /// The entry that an undo takes back, or the undo that a redo takes back.
    of: Option<i64>,
    at: String,
    cause: String,
    rules: Vec<String>,
    files: Vec<FileJson>,
    pending: Vec<String>,
    diagnostics: usize,
    /// Decisions about plans that it brought.
    approvals: Vec<ApprovalJson>,
    hash: String,
}

/// A decision about a plan.
#[derive(Debug, Serialize)]
struct ApprovalJson {
    approved: bool,
    by: String,
    /// Whether a person said so, and not whoever edits the file.
    attested: bool,
    /// The plan's hash.
    plan: String,
    feedback: Option<String>,
}

impl From<ApprovalRecord> for ApprovalJson {
    fn from(record: ApprovalRecord) -> Self {
        let ApprovalRecord { by, is_yes: approved, is_attested: attested, feedback, .. } = record;
        Self { approved, by, attested, plan: record.plan.to_string(), feedback }
    }
}

/// One file of an entry.
#[derive(Debug, Serialize)]
struct FileJson {
    /// `state` or `config`.
    document: String,
    edits: usize,
    before: String,
    after: String,
}

impl From<&Entry> for EntryJson {
    fn from(entry: &Entry) -> Self {
        let (kind, of) = match entry.kind {
            EntryKind::Run => ("run", None),
            EntryKind::Undo(of) => ("undo", Some(of)),
            EntryKind::Redo(of) => ("redo", Some(of)),
        };
        let files = entry.files.iter().map(|file| FileJson {
            document: file.document.to_string(),
            edits: file.patch.edits().len(),
            before: file.before().to_string(),
            after: file.after.to_string(),
        });
        Self {
            entry: entry.seq,
            kind,
            of,
            at: entry.at.to_string(),
            cause: entry.label.clone(),
            rules: rules(entry),
            files: files.collect(),
            pending: entry.pending.clone(),
            diagnostics: entry.diagnostics,
            approvals: Vec::new(),
            hash: entry.hash.to_string(),
        }
    }
}

pub(crate) fn run(context: &mut Context, args: &HistoryArgs) -> CommandResult {
    let project = context.project()?;
    if let Some(HistoryCommand::Verify(JsonArgs { json })) = args.command {
        return verify(context, &project, json);
    }
    let entries = project.history(args.limit)?;
    let mut approvals = project.approvals_of(&entries)?;
    let terminal = &mut context.terminal;
    if args.json {
        let mut told = Vec::with_capacity(entries.len());
        for entry in &entries {
            let approvals = approvals.remove(&entry.seq).unwrap_or_default();
            let approvals = approvals.into_iter().map(ApprovalJson::from).collect();
            told.push(EntryJson { approvals, ..EntryJson::from(entry) });
        }
        terminal.json(&told)?;
        return Ok(Exit::Ok);
    }
    if entries.is_empty() {
        terminal.remark("no run has been recorded yet")?;
        return Ok(Exit::Ok);
    }
    let mut table = Table::new(4);
    for entry in &entries {
        table.row(vec![
            Line::new().ink(Ink::Strong, entry.seq.to_string()),
            Line::new().ink(Ink::Faint, time(entry)),
            Line::from(shorten(&entry.label)).join(decisions(approvals.get(&entry.seq))),
            Line::new().ink(Ink::Faint, edited(entry)),
            Line::new().ink(Ink::Accent, rules(entry).join(", ")),
        ]);
    }
    terminal.table(table)?;
    Ok(Exit::Ok)
}

/// The decisions about plans that an entry brought, those of a person and others apart.
fn decisions(approvals: Option<&Vec<ApprovalRecord>>) -> Line {
    let mut line = Line::new();
    for ApprovalRecord { by, is_yes, is_attested, .. } in approvals.into_iter().flatten() {
        let verdict = if *is_yes { "plan approved" } else { "plan rejected" };
        line = match is_attested {
            true => line.ink(Ink::Good, format!("  {verdict} by {by}")),
            false => line.ink(Ink::Caution, format!("  {verdict} by {by} (not attested)")),
        };
    }
    line
}

/// The entry with this number.
pub(crate) fn find(project: &Project, number: u64) -> Result<Entry, CommandError> {
    let entry = match i64::try_from(number) {
        Ok(number) => project.entry(number)?,
        Err(_) => None,
    };
    entry.ok_or_else(|| {
        CommandError::usage(format!("the journal has no entry {number}"))
            .with_hint("`rulemark history` lists them")
    })
}

/// An entry in a line: number, time, cause, rules.
pub(crate) fn headline(entry: &Entry) -> Line {
    Line::new()
        .ink(Ink::Strong, format!("entry {}", entry.seq))
        .ink(Ink::Faint, format!("  {}  ", time(entry)))
        .text(shorten(&entry.label))
        .text("  ")
        .ink(Ink::Accent, rules(entry).join(", "))
}

/// When, to the second, with a space instead of the `T`.
pub(crate) fn time(entry: &Entry) -> String {
    entry.at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The rules that fired, each once, in order.
pub(crate) fn rules(entry: &Entry) -> Vec<String> {
    let mut rules: Vec<String> = Vec::new();
    for firing in &entry.firings {
        if !rules.contains(&firing.rule) {
            rules.push(firing.rule.clone());
        }
    }
    rules
}

fn edited(entry: &Entry) -> String {
    let files = entry.files.iter().filter(|file| file.without() != file.after);
    let names: Vec<&str> = files
        .map(|file| match (file.document, file.patch.is_empty()) {
            (DocumentId::State, false) => "state",
            (DocumentId::State, true) => "state merged",
            (DocumentId::Config, false) => "config",
            (DocumentId::Config, true) => "config merged",
        })
        .collect();
    names.join(" + ")
}

fn verify(context: &mut Context, project: &Project, json: bool) -> CommandResult {
    #[derive(Serialize)]
    struct VerificationJson {
        ok: bool,
        entries: usize,
        texts: usize,
        problems: Vec<String>,
    }
    let found = project.verify()?;
    let terminal = &mut context.terminal;
    let exit = if found.problems.is_empty() { Exit::Ok } else { Exit::Findings };
    if json {
        let crate::journal::Verification { entries, texts, problems } = found;
        terminal.json(&VerificationJson { ok: exit == Exit::Ok, entries, texts, problems })?;
        return Ok(exit);
    }
    for problem in &found.problems {
        terminal.prose(Line::new().ink(Ink::Bad, "damaged").text(format!(": {problem}")), 2)?;
    }
    let entries = if found.entries == 1 { "entry" } else { "entries" };
    let texts = plural(found.texts, "text");
    let told = format!("{} {entries} and {} {texts} checked", found.entries, found.texts);
    let verdict = if exit == Exit::Ok { "the chain holds" } else { "the chain is broken" };
    terminal.line(format!("{told}: {verdict}"))?;
    Ok(exit)
}
