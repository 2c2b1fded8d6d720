//! `rulemark workflow import`: others' definitions run as they are; this says what is lost, and takes
//! them over.

use super::{read_path, root, tell};
use crate::{
    cli::{
        context::Context,
        error::{CommandError, CommandResult, Exit},
        render::{Ink, Line},
    },
    disk::{LocalFileSystem, create_file},
    library::FOLDER,
    workflow::Bundle,
};
use std::{fs, path::Path};

pub(super) fn run(context: &mut Context, path: &Path, dry_run: bool) -> CommandResult {
    let (bundle, reading) = read_path(path)?;
    tell(&mut context.terminal, &reading.faults)?;
    let Some(definition) = &reading.definition else {
        return Err(CommandError::refused(format!("{} is not taken over", bundle.source))
            .with_hint("mend what is said above, and import it again"));
    };
    let name =
        path.canonicalize().ok().and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
    let shown = format!("{FOLDER}/{}", name.unwrap_or_else(|| definition.id.clone()));
    let what =
        format!("`{}` ({}, {} phases) as {shown}", definition.id, definition.form, definition.phases.len());
    if dry_run {
        context.terminal.remark(format!("would take over {what}"))?;
        return Ok(Exit::Ok);
    }
    let target = root(context)?.join(&shown);
    if target.exists() {
        return Err(CommandError::refused(format!("{shown} is there already"))
            .with_hint("remove it first, or import a copy that has another name"));
    }
    copy(&bundle, &target)
        .map_err(|error| error.with_hint(format!("what there is of {shown} can be removed")))?;
    context.terminal.remark(Line::new().ink(Ink::Good, "took over").text(format!(" {what}")))?;
    let shut: Vec<String> = definition
        .phases
        .iter()
        .filter(|phase| phase.gate.broken.is_some())
        .map(|phase| phase.number.to_string())
        .collect();
    if !shut.is_empty() {
        let [phase, is] = if shut.len() == 1 { ["phase", "is"] } else { ["phases", "are"] };
        let shut = shut.join(", ");
        let line =
            format!("until the errors above are mended, {phase} {shut} {is} never left: the gate stays shut");
        context.terminal.remark(Line::new().ink(Ink::Caution, line))?;
        return Ok(Exit::Findings);
    }
    context.terminal.remark(format!("it runs as it is: start it with the id `{}`", definition.id))?;
    Ok(Exit::Ok)
}

/// Writes the files as they were read.
fn copy(bundle: &Bundle, target: &Path) -> Result<(), CommandError> {
    for file in &bundle.files {
        let inner = file.path.strip_prefix(&bundle.source).unwrap_or_default().trim_start_matches('/');
        let path = if inner.is_empty() { target.to_owned() } else { target.join(inner) };
        let refused = || CommandError::refused(format!("{} can't be written", file.path));
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| refused().because(error))?;
        }
        create_file(&LocalFileSystem, &path, &file.text).map_err(|error| refused().because(error))?;
    }
    Ok(())
}
