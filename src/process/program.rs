//! The one place where processes are started.

use crate::document::Launch;
use std::{
    env,
    ffi::OsStr,
    io::{self, Write as _},
    path::Path,
    process::{Command, Output, Stdio},
};

/// A process to be: nothing of this process's input, in a group of its own so that all it starts can
/// be ended with it.
fn program(name: impl AsRef<OsStr>, folder: &Path) -> Command {
    #[expect(clippy::disallowed_methods, reason = "this is where processes are started")]
    let mut command = Command::new(name);
    command.current_dir(folder).stdin(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
}

/// What a command line comes to: a program with its arguments, or a shell that reads the line.
pub(super) fn of_line(line: &str, folder: &Path) -> Command {
    match Launch::of(line) {
        Launch::Direct(words) => {
            let (name, arguments) = words.split_first().map_or((line, &[][..]), |(name, rest)| (name, rest));
            // A relative path means the project's file, wherever this process was started.
            let is_path = name.contains('/') && Path::new(name).is_relative();
            let mut command =
                if is_path { program(folder.join(name), folder) } else { program(name, folder) };
            command.args(arguments);
            command
        }
        Launch::Shell { bash: true } if is_installed("bash") => {
            let mut command = program("bash", folder);
            // Else a pipeline of failed tests and a pager that is content counts as a success.
            command.args(["-o", "pipefail", "-c", line]);
            command
        }
        Launch::Shell { .. } => {
            let mut command = program("sh", folder);
            command.args(["-c", line]);
            command
        }
    }
}

/// Whether a program of that name is on the PATH.
#[must_use]
pub fn is_installed(name: &str) -> bool {
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}

/// A tool of our own that is asked something, `git` for instance.
#[derive(Debug)]
pub struct Quiet(Command);

/// Prepares asking `name`, in `folder`; variables beginning with `GIT_` are not handed on, as they
/// may lead to another repository.
#[must_use]
pub fn quiet(name: &str, folder: &Path) -> Quiet {
    let mut command = program(name, folder);
    for (variable, _) in env::vars_os() {
        if variable.as_encoded_bytes().starts_with(b"GIT_") {
            command.env_remove(variable);
        }
    }
    Quiet(command)
}

impl Quiet {
    /// Adds arguments.
    #[must_use]
    pub fn args<I: IntoIterator<Item: AsRef<OsStr>>>(mut self, arguments: I) -> Self {
        self.0.args(arguments);
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    /// Runs it to its end with `input` to read: what it wrote to standard output.
    ///
    /// # Errors
    /// As [`Quiet::output`].
    pub fn answer_to(mut self, input: &[u8]) -> io::Result<Vec<u8>> {
        let mut child = self.0.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        if let Some(mut to) = child.stdin.take() {
            // One that ends without reading says why in its own way.
            to.write_all(input).ok();
        }
        answered(child.wait_with_output()?)
    }

    /// Runs it to its end: what it wrote to standard output.
    ///
    /// # Errors
    /// When it can't be started, or says that it failed; then with the last line it complained with.
    pub fn output(mut self) -> io::Result<Vec<u8>> {
        answered(self.0.stderr(Stdio::piped()).output()?)
    }
}

fn answered(output: Output) -> io::Result<Vec<u8>> {
    if output.status.success() {
        return Ok(output.stdout);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(complaint.lines().next_back().unwrap_or("it failed").to_owned()))
}
