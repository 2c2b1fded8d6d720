//! `rulemark diff`.

use super::{
    args::DiffArgs,
    context::Context,
    error::{CommandError, CommandResult, Exit},
    history::{self, EntryJson},
    json::{ChangeJson, SaidJson},
    render::{Extent, Ink, Line, diff, told},
};
use crate::{
    document,
    git::Repository,
    journal::Entry,
    runtime::Project,
    text::{DocumentId, Patch},
};
use std::{fs, path::Path};

/// How many entries back the last text of a document is looked for.
const FARTHEST: usize = 1_000;

/// The largest file that is compared, in bytes.
const LARGEST: u64 = 16_000_000;

/// Two versions of one file.
struct Compared {
    name: String,
    before: String,
    after: String,
    /// What led from one to the other, where it is known.
    patch: Option<Patch>,
}

pub(crate) fn run(context: &mut Context, args: &DiffArgs) -> CommandResult {
    let mut entry = None;
    let found = match &*args.what {
        [old, new] => vec![files(old, new)?],
        _ => {
            let project = context.project()?;
            match (&args.git, args.working, args.what.first()) {
                (Some(revision), ..) => with_git(&project, revision)?,
                (None, true, _) => with_last_run(&project)?,
                (None, false, Some(range)) if range.contains("..") => entries(&project, range)?,
                (None, false, number) => {
                    let found = one_entry(&project, number)?;
                    let changes = of_entry(&project, &found)?;
                    entry = Some(found);
                    changes
                }
            }
        }
    };
    let found: Vec<Compared> = found.into_iter().filter(|file| file.before != file.after).collect();
    if args.json {
        return json(context, entry.as_ref(), found);
    }
    if let Some(entry) = &entry {
        context.terminal.line(history::headline(entry))?;
    }
    for file in &found {
        let lines = if args.lines { lines(file) } else { said(file) };
        context.terminal.line(Line::new().ink(Ink::Strong, &file.name))?;
        context.terminal.lines(lines)?;
    }
    if found.is_empty() && entry.is_none() {
        context.terminal.remark("nothing differs")?;
    }
    Ok(Exit::Ok)
}

fn lines(file: &Compared) -> Vec<Line> {
    match &file.patch {
        Some(patch) => diff(&file.before, patch, 2, Extent::Full),
        None => diff(&file.before, &Patch::between(&file.before, &file.after), 2, Extent::Full),
    }
}

fn said(file: &Compared) -> Vec<Line> {
    let changes = document::changes(&file.before, &file.after);
    if changes.is_empty() {
        return vec![
            Line::indented(2).ink(Ink::Faint, "only white space or line ends; `--lines` shows them"),
        ];
    }
    told(&changes, 2)
}

fn json(context: &mut Context, entry: Option<&Entry>, found: Vec<Compared>) -> CommandResult {
    #[derive(serde::Serialize)]
    struct DiffJson {
        #[serde(flatten)]
        entry: Option<EntryJson>,
        changed: Vec<FileJson>,
    }
    #[derive(serde::Serialize)]
    struct FileJson {
        #[serde(flatten)]
        change: ChangeJson,
        /// The same in the document's words.
        changes: Vec<SaidJson>,
    }
    let changed = found.into_iter().filter_map(|file| {
        let changes = document::changes(&file.before, &file.after).into_iter().map(SaidJson::from).collect();
        Some(FileJson { change: ChangeJson::of(file.name, &file.before, &file.after)?, changes })
    });
    let changed = changed.collect();
    context.terminal.json(&DiffJson { entry: entry.map(EntryJson::from), changed })?;
    Ok(Exit::Ok)
}

fn one_entry(project: &Project, number: Option<&String>) -> Result<Entry, CommandError> {
    match number {
        Some(number) => history::find(project, parsed(number)?),
        None => project.history(1)?.into_iter().next().ok_or_else(|| {
            CommandError::usage("no run has been recorded yet")
                .with_hint("`rulemark apply` or `rulemark watch` runs the rules")
        }),
    }
}

fn parsed(number: &str) -> Result<u64, CommandError> {
    number.parse().map_err(|_| {
        CommandError::usage(format!("`{number}` is no entry")).with_hint(
            "give the number of an entry, as `rulemark history` shows it, a range like `3..7`, or two files",
        )
    })
}

/// What one entry did.
fn of_entry(project: &Project, entry: &Entry) -> Result<Vec<Compared>, CommandError> {
    let mut changes = Vec::new();
    for file in entry.files.iter().filter(|file| !file.patch.is_empty()) {
        let before = project.version(file.before())?.ok_or_else(|| {
            CommandError::refused(format!("the journal no longer keeps the text before entry {}", entry.seq))
        })?;
        let after = file.patch.apply(&before).map_err(|error| {
            CommandError::refused(format!("entry {} does not fit the text it is about", entry.seq))
                .because(error)
                .with_hint("`rulemark history verify` shows what is damaged")
        })?;
        changes.push(Compared {
            name: name(project, file.document),
            before,
            after,
            patch: Some(file.patch.clone()),
        });
    }
    Ok(changes)
}

/// What a range of entries did, what others did in between included.
fn entries(project: &Project, range: &str) -> Result<Vec<Compared>, CommandError> {
    let (first, last) = range.split_once("..").unwrap_or((range, range));
    let (first, last) = (parsed(first)?, parsed(last)?);
    if first > last {
        return Err(CommandError::usage(format!("`{range}` ends before it begins")));
    }
    let mut found: Vec<(DocumentId, Compared)> = Vec::new();
    for number in first..=last {
        let entry = history::find(project, number)?;
        for file in of_entry(project, &entry)?.into_iter().zip(changed(&entry)) {
            let (mut file, document) = file;
            match found.iter_mut().find(|(known, _)| *known == document) {
                Some((_, known)) => known.after = file.after,
                None => {
                    file.patch = None;
                    found.push((document, file));
                }
            }
        }
    }
    Ok(found.into_iter().map(|(_, file)| file).collect())
}

/// The documents that an entry changed, in its order.
fn changed(entry: &Entry) -> impl Iterator<Item = DocumentId> {
    entry.files.iter().filter(|file| !file.patch.is_empty()).map(|file| file.document)
}

/// What happened to the files since the last run.
fn with_last_run(project: &Project) -> Result<Vec<Compared>, CommandError> {
    let documents = project.read()?;
    let history = project.history(FARTHEST)?;
    let mut found = Vec::new();
    for document in [DocumentId::State, DocumentId::Config] {
        let Some(now) = documents.get(document) else { continue };
        let last = history.iter().find_map(|entry| entry.files.iter().find(|file| file.document == document));
        let Some(last) = last else { continue };
        let before = project.version(last.after)?.ok_or_else(|| {
            CommandError::refused("the journal no longer keeps the text that the last run left")
        })?;
        found.push(Compared { name: name(project, document), before, after: now.text.clone(), patch: None });
    }
    if found.is_empty() {
        return Err(CommandError::usage("no run has been recorded yet")
            .with_hint("`rulemark apply` or `rulemark watch` runs the rules"));
    }
    Ok(found)
}

/// What happened to the files since a revision of the repository.
fn with_git(project: &Project, revision: &str) -> Result<Vec<Compared>, CommandError> {
    let workspace = project.workspace();
    let repository = Repository::of(workspace.root())?;
    let documents = project.read()?;
    let mut found = Vec::new();
    for document in [DocumentId::State, DocumentId::Config] {
        let Some(now) = documents.get(document) else { continue };
        let path = workspace.relative(&now.path).to_string_lossy().into_owned();
        let before = repository.version(revision, &path)?.unwrap_or_default();
        let before = String::from_utf8(before).map_err(|error| {
            CommandError::refused(format!("{path} is not UTF-8 in {revision}")).because(error)
        })?;
        found.push(Compared { name: name(project, document), before, after: now.text.clone(), patch: None });
    }
    Ok(found)
}

fn files(old: &str, new: &str) -> Result<Compared, CommandError> {
    let (before, after) = (text(Path::new(old))?, text(Path::new(new))?);
    Ok(Compared { name: new.to_owned(), before, after, patch: None })
}

/// A file that was named on the command line.
pub(crate) fn text(path: &Path) -> Result<String, CommandError> {
    let refused = |error: std::io::Error| {
        CommandError::refused(format!("can't read {}", path.display())).because(error)
    };
    let length = fs::metadata(path).map_err(refused)?.len();
    if length > LARGEST {
        let told = format!("{} has {length} bytes; the limit is {LARGEST}", path.display());
        return Err(CommandError::refused(told));
    }
    let bytes = fs::read(path).map_err(refused)?;
    String::from_utf8(bytes)
        .map_err(|error| CommandError::refused(format!("{} is not UTF-8", path.display())).because(error))
}

fn name(project: &Project, document: DocumentId) -> String {
    let path = match document {
        DocumentId::State => project.workspace().state(),
        DocumentId::Config => project.workspace().config(),
    };
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
