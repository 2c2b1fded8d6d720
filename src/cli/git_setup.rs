//! `rulemark init --git`: git merges and shows the project's documents with this program.

use super::{
    context::Context,
    error::{CommandError, CommandResult, Exit},
    render::{Ink, Line},
};
use crate::{
    disk::read_text,
    git::{self, GitError, Repository},
    runtime::{Error, Project},
};
use std::{fs::OpenOptions, io::Write as _, path::Path};

/// The sessions, by their path in the project.
const SESSIONS: &str = ".rulemark/sessions/*.md";

/// The largest `.gitattributes` that is read, in bytes.
const ATTRIBUTES_SIZE: u64 = 1 << 20;

/// What is missing so that git calls this program.
pub(crate) struct Missing {
    /// Lines of `.gitattributes`.
    pub(crate) lines: Vec<String>,
    /// Settings of the clone, with their values.
    pub(crate) settings: Vec<(&'static str, String)>,
}

/// What is missing for the project in this repository.
pub(crate) fn missing(project: &Project, repository: &Repository) -> Result<Missing, CommandError> {
    let paths = &project.settings().engine;
    let mut lines = Vec::new();
    for path in [&*paths.state_path, &*paths.config_path, SESSIONS] {
        if !git::is_assigned(repository, path)? {
            lines.push(git::attribute_line(path));
        }
    }
    let settings = git::settings().into_iter();
    let settings = settings.filter(|(key, value)| repository.setting(key).as_ref() != Some(value)).collect();
    Ok(Missing { lines, settings })
}

pub(crate) fn install(context: &mut Context, folder: &Path, dry_run: bool) -> CommandResult {
    let project = Project::open(folder)?;
    let root = project.workspace().root();
    let repository = Repository::of(root)?;
    let missing = missing(&project, &repository)?;
    if !dry_run {
        append(root, &missing.lines)?;
        for (key, value) in &missing.settings {
            repository.set(key, value)?;
        }
    }
    let (added, set) = if dry_run { ("would add", "would set") } else { ("added", "set") };
    let terminal = &mut context.terminal;
    for line in &missing.lines {
        terminal.remark(Line::new().ink(Ink::Good, added).text(format!(" {line}  to .gitattributes")))?;
    }
    for (key, value) in &missing.settings {
        terminal.remark(Line::new().ink(Ink::Good, set).text(format!(" {key} = {value}")))?;
    }
    if missing.lines.is_empty() && missing.settings.is_empty() {
        terminal.remark(
            Line::new().ink(Ink::Faint, "kept").text(" .gitattributes and the settings as they are"),
        )?;
    }
    Ok(Exit::Ok)
}

/// Adds lines to `.gitattributes`, behind what others wrote there.
fn append(root: &Path, lines: &[String]) -> Result<(), CommandError> {
    if lines.is_empty() {
        return Ok(());
    }
    let path = root.join(".gitattributes");
    let before = read_text(&path, root, ATTRIBUTES_SIZE).map_err(Error::from)?.unwrap_or_default();
    let end = if before.contains("\r\n") { "\r\n" } else { "\n" };
    let mut text = String::new();
    if !before.is_empty() && !before.ends_with('\n') {
        text.push_str(end);
    }
    for line in lines {
        text.push_str(line);
        text.push_str(end);
    }
    let written = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| CommandError::refused(format!("can't write {}", path.display())).because(error))
}

impl From<GitError> for CommandError {
    fn from(error: GitError) -> Self {
        let told = match &error {
            GitError::NoGit(_) => {
                Self::refused(error.to_string()).with_hint("install git, or leave out `--git`")
            }
            GitError::NoRepository { .. } => Self::usage(error.to_string()).with_hint("`git init` makes one"),
            GitError::Refused { .. } => Self::refused(error.to_string()),
        };
        told.because(error)
    }
}
