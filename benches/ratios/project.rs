//! A scratch project, and the commands that run in it.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

pub(crate) const RULEMARK: &str = env!("CARGO_BIN_EXE_rulemark");

/// Beside the build, so that an fsync is one: the folder for temporary files may be in memory.
pub(crate) fn with_state(state: &str) -> TempDir {
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    fs::write(folder.path().join("workflow_state.md"), state).unwrap();
    fs::write(folder.path().join("project_config.md"), include_str!("../../templates/project_config.md"))
        .unwrap();
    folder
}

/// The command, quiet, in `folder`, with a home of its own.
pub(crate) fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env("HOME", folder).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// From the start of the process to its end, which must be a good one.
pub(crate) fn run(program: &Path, arguments: &[&str], folder: &Path) -> Duration {
    let mut command = command(program, folder);
    command.args(arguments);
    let started = Instant::now();
    let status = command.status().unwrap();
    let time = started.elapsed();
    assert!(status.success(), "{} {arguments:?}: {status}", program.display());
    time
}
