//! `rulemark doctor`: whether everything Rulemark needs is there.

use super::{
    args::JsonArgs,
    change::plural,
    compiled,
    context::Context,
    doctor_agents,
    error::{CommandError, CommandResult, Exit},
    git_setup,
    render::{Ink, Line},
};
use crate::{
    document::WorkflowState,
    git::{GitError, Repository},
    runtime::{Documents, Project, Settings},
    text::Severity,
};
use serde::Serialize;

/// One check.
#[derive(Serialize)]
pub(super) struct Checked {
    name: &'static str,
    /// `ok`, `warn` or `fail`.
    verdict: &'static str,
    finding: String,
    /// What to do about it.
    advice: Option<String>,
}

impl Checked {
    pub(super) fn ok(name: &'static str, finding: impl Into<String>) -> Self {
        Self { name, verdict: "ok", finding: finding.into(), advice: None }
    }

    pub(super) fn warn(name: &'static str, finding: impl Into<String>, advice: &str) -> Self {
        Self { name, verdict: "warn", finding: finding.into(), advice: Some(advice.into()) }
    }

    pub(super) fn fail(name: &'static str, finding: impl Into<String>, advice: &str) -> Self {
        Self { name, verdict: "fail", finding: finding.into(), advice: Some(advice.into()) }
    }

    pub(super) fn failed(name: &'static str, error: &CommandError) -> Self {
        let mut finding = error.to_string();
        for cause in error.causes() {
            finding = format!("{finding}: {cause}");
        }
        Self { name, verdict: "fail", finding, advice: error.hints().first().cloned() }
    }
}

pub(crate) fn run(context: &mut Context, args: JsonArgs) -> CommandResult {
    let checks = match context.project() {
        Ok(project) => examine(&project),
        Err(error) => vec![Checked::failed("project", &error)],
    };
    let has_failed = checks.iter().any(|check| check.verdict == "fail");
    if args.json {
        context.terminal.json(&checks)?;
    } else {
        for check in &checks {
            tell(context, check)?;
        }
    }
    Ok(if has_failed { Exit::Findings } else { Exit::Ok })
}

fn tell(context: &mut Context, check: &Checked) -> Result<(), CommandError> {
    let ink = match check.verdict {
        "ok" => Ink::Good,
        "warn" => Ink::Caution,
        _ => Ink::Bad,
    };
    let line = Line::new()
        .ink(ink, format!("{:<5} ", check.verdict))
        .ink(Ink::Strong, format!("{:<9} ", check.name));
    context.terminal.prose(line.text(&check.finding), 16)?;
    match &check.advice {
        Some(advice) => context.terminal.prose(Line::indented(16).ink(Ink::Faint, advice), 0),
        None => Ok(()),
    }
}

fn examine(project: &Project) -> Vec<Checked> {
    let root = project.workspace().root();
    let mut checks = vec![Checked::ok("project", root.display().to_string()), settings(project)];
    match project.read() {
        Ok(documents) => {
            checks.extend([state(&documents), config(&documents), rules(&documents, project.settings())]);
        }
        Err(error) => checks.push(Checked::failed("files", &error.into())),
    }
    checks.extend([journal(project), writable(project), writing(project), watcher(project), git(project)]);
    checks.extend(doctor_agents::agents(project));
    checks
}

fn settings(project: &Project) -> Checked {
    let name = "settings";
    if project.workspace().root().join("rulemark.toml").exists() {
        Checked::ok(name, "rulemark.toml is valid")
    } else {
        Checked::ok(name, "no rulemark.toml; the defaults hold")
    }
}

fn state(documents: &Documents) -> Checked {
    let name = "state";
    let text = &documents.state.text;
    let state = WorkflowState::parse(text);
    let file = super::report::name(&documents.state);
    match (state.value("Phase"), state.value("Status")) {
        (Some(phase), Some(status)) => {
            let items = state.items().rows().len();
            Checked::ok(name, format!("{file}: {phase}, {status}, {items} {}", plural(items, "item")))
        }
        _ => Checked::warn(
            name,
            format!("{file} has no Phase or no Status"),
            "add both under `## State`; most rules look at them",
        ),
    }
}

fn config(documents: &Documents) -> Checked {
    match &documents.config {
        Some(config) => Checked::ok("config", format!("{} is readable", super::report::name(config))),
        None => Checked::warn(
            "config",
            "there is no config file",
            "rules that write a changelog need it; `rulemark init` makes one",
        ),
    }
}

fn rules(documents: &Documents, settings: &Settings) -> Checked {
    let name = "rules";
    let count = compiled::rules(documents).rules.len();
    let findings = documents.review(settings).iter().filter(|it| it.severity > Severity::Note).count();
    let told = format!("{count} {}", plural(count, "rule"));
    match (count, findings) {
        (0, _) => Checked::warn(
            name,
            "the file has no rules",
            "write some under `## Rules`; `rulemark init` in an empty folder shows how",
        ),
        (_, 0) => Checked::ok(name, told),
        _ => Checked::warn(
            name,
            format!("{told}, {findings} {}", plural(findings, "finding")),
            "`rulemark check` shows them",
        ),
    }
}

fn journal(project: &Project) -> Checked {
    let name = "journal";
    if !project.workspace().journal().exists() {
        return Checked::ok(name, "none yet; the first run makes it");
    }
    match project.verify() {
        Ok(found) if found.problems.is_empty() => {
            Checked::ok(name, format!("{} {}, the chain holds", found.entries, if found.entries == 1 { "entry" } else { "entries" }))
        }
        Ok(found) => Checked {
            name,
            verdict: "fail",
            finding: found.problems.join("; "),
            advice: Some("history up to the damage is still good; moving `.rulemark/journal.db` away begins a new one and loses no state".into()),
        },
        Err(error) => Checked::failed(name, &error.into()),
    }
}

/// Whether everything that a run writes can be written: new files beside the documents, which they
/// replace, and the locks and the journal.
fn writable(project: &Project) -> Checked {
    let name = "disk";
    let workspace = project.workspace();
    let internal = workspace.internal();
    let refused = |message: String, error: std::io::Error| {
        let error = CommandError::refused(message).because(error);
        Checked::failed(name, &error.with_hint("rules can be read but not run here"))
    };
    let folders = [Some(workspace.root()), workspace.state().parent(), Some(&*internal)];
    for folder in folders.into_iter().flatten().filter(|it| it.symlink_metadata().is_ok()) {
        if let Err(error) = tempfile::NamedTempFile::new_in(folder) {
            return refused(format!("can't create files in {}", folder.display()), error);
        }
    }
    for file in ["lock", "watch.lock", "journal.db"].map(|it| internal.join(it)) {
        match std::fs::OpenOptions::new().read(true).write(true).open(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return refused(format!("can't write {}", file.display()), error);
            }
            _ => {}
        }
    }
    Checked::ok(name, "the folder can be written")
}

/// How the state file is read and written here, and what that can't promise.
fn writing(project: &Project) -> Checked {
    let name = "writing";
    if !project.workspace().internal().exists() {
        return Checked::ok(name, "nothing yet; the first run says how");
    }
    match project.write_method() {
        Ok(method) if method.is_lossless() => Checked::ok(name, method.to_string()),
        Ok(method) => Checked::warn(
            name,
            method.to_string(),
            "somebody who pauses in the middle of a save can be read half done; a local disk and a file of your own avoid it",
        ),
        Err(error) => Checked::failed(name, &error.into()),
    }
}

fn watcher(project: &Project) -> Checked {
    match project.watcher() {
        Some(holder) => Checked::ok("watcher", format!("running: {holder}")),
        None => Checked::ok("watcher", "not running; `rulemark watch` starts it"),
    }
}

/// Whether git merges the project's documents with this program, and whether that works.
fn git(project: &Project) -> Checked {
    let name = "git";
    let advice = "`rulemark init --git` lets git merge the documents by key, item and log entry";
    let repository = match Repository::of(project.workspace().root()) {
        Ok(repository) => repository,
        Err(GitError::NoGit(_)) => return Checked::ok(name, "there is no `git` command"),
        Err(_) => return Checked::ok(name, "the project is in no repository"),
    };
    match git_setup::missing(project, &repository) {
        Ok(missing) if missing.lines.is_empty() && missing.settings.is_empty() => merge_works(),
        Ok(missing) if !missing.lines.is_empty() => Checked {
            advice: Some(advice.into()),
            ..Checked::ok(name, "documents are merged by lines; the merge driver is not installed")
        },
        Ok(_) => {
            Checked::warn(name, "`.gitattributes` asks for the merge driver, and this clone has none", advice)
        }
        Err(error) => Checked::failed(name, &error),
    }
}

/// Merges three files the way git would have it done.
fn merge_works() -> Checked {
    let name = "git";
    let base = "## State\nPhase: A\nStatus: B\n";
    let versions = [
        ("base", base.to_owned()),
        ("ours", base.replace("Phase: A", "Phase: C")),
        ("theirs", format!("{base}\n## Log\n- d\n")),
    ];
    let merged = tempfile::tempdir().and_then(|folder| {
        for (file, text) in &versions {
            let mut file = std::fs::File::create_new(folder.path().join(file))?;
            std::io::Write::write_all(&mut file, text.as_bytes())?;
        }
        crate::git::try_driver(folder.path())?;
        std::fs::read_to_string(folder.path().join("ours"))
    });
    match merged {
        Ok(text) if text == "## State\nPhase: C\nStatus: B\n\n## Log\n- d\n" => {
            Checked::ok(name, "the merge driver is installed and works")
        }
        Ok(_) => Checked::warn(
            name,
            "the merge driver is installed, and merges wrongly",
            "another version of rulemark may be first in PATH",
        ),
        Err(error) => {
            let error =
                CommandError::refused("the merge driver is installed and does not run").because(error);
            Checked::failed(name, &error.with_hint("`rulemark init --git` puts it right"))
        }
    }
}
