//! A fresh workspace with the workflows and specifications of the cases.

use super::client::Client;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

/// A workspace, and the servers that work on it.
pub(super) struct Workspace {
    pub(super) root: PathBuf,
    scratch: TempDir,
}

#[allow(clippy::disallowed_methods, reason = "a test plays the editor")]
impl Workspace {
    /// A workspace with `workflows/` and `specs/` of the folder of fixtures.
    pub(super) fn new(fixtures: &Path) -> Self {
        let scratch = TempDir::new().unwrap();
        let root = scratch.path().join("workspace");
        fs::create_dir(&root).unwrap();
        fs::create_dir(scratch.path().join("home")).unwrap();
        fs::write(root.join("rulemark.toml"), "").unwrap();
        for folder in ["workflows", "specs"] {
            copy(&fixtures.join(folder), &root.join(folder));
        }
        Self { root, scratch }
    }

    /// One with the fixtures of the cases.
    pub(super) fn of_cases() -> Self {
        Self::new(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sessions/fixtures"))
    }

    /// Lets tests do what only a person may, on this machine.
    pub(super) fn let_unattended(&self) {
        let settings = self.home().join(".config/rulemark");
        fs::create_dir_all(&settings).unwrap();
        fs::write(settings.join("config.toml"), "[person]\nunattended = true\n").unwrap();
    }

    /// What the command line comes to.
    pub(super) fn output(&self, arguments: &[&str]) -> Output {
        self.output_in(".", arguments)
    }

    /// The same in a folder of the workspace.
    pub(super) fn output_in(&self, folder: &str, arguments: &[&str]) -> Output {
        self.command(folder, arguments).output().unwrap()
    }

    pub(super) fn command(&self, folder: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rulemark"));
        command.env_clear().env("HOME", self.home()).env("PATH", std::env::var_os("PATH").unwrap());
        command.current_dir(self.root.join(folder)).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What the command line says to what it does.
    pub(super) fn said(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same for programs.
    pub(super) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.said(arguments)).unwrap()
    }

    pub(super) fn home(&self) -> PathBuf {
        self.scratch.path().join("home")
    }

    /// A server on this workspace.
    pub(super) fn serve(&self) -> Client {
        Client::start(&self.root, &self.home())
    }

    pub(super) fn session(&self, id: &str) -> PathBuf {
        self.root.join(".rulemark/sessions").join(format!("{id}.md"))
    }

    pub(super) fn read(&self, id: &str) -> String {
        fs::read_to_string(self.session(id)).unwrap()
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        fs::write(self.root.join(path), text).unwrap();
    }
}

/// Starts `lamp_v1` on a file; says the session's name.
pub(super) fn start_lamp(client: &mut Client, target: &str) -> String {
    let answer =
        client.workflow(&json!({ "action": "start", "workflow_type": "lamp_v1", "target_file": target }));
    assert_eq!(answer["status"], "success", "{answer}");
    answer["session_id"].as_str().unwrap().to_owned()
}

/// Evidence that passes the gate of a phase of `lamp_v1`.
pub(super) fn good_evidence(phase: u64) -> Value {
    match phase {
        0 => json!({ "brief_path": "brief.md", "goals": 3 }),
        1 => json!({ "tests_total": 4, "tests_failed": 0, "log": "test result: ok" }),
        _ => json!({ "note": "bye" }),
    }
}

/// Comes to the gate of a phase of `lamp_v1` with good evidence.
pub(super) fn complete(client: &mut Client, session: &str, phase: u64) -> Value {
    client.workflow(&json!({
        "action": "complete_phase", "session_id": session, "phase": phase, "evidence": good_evidence(phase),
    }))
}

#[allow(clippy::disallowed_methods, reason = "a test plays the editor")]
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
