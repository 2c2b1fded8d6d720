//! A story played before the real server: a scratch repository, an agent over MCP, a person at the command line.

use super::{
    case::{Case, Cheat, filled_fields},
    world::assert_refused,
};
use crate::sessions::client::Client;
use rulemark::workflow::Evidence;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

pub(super) struct Play<'c> {
    case: &'c Case,
    scratch: TempDir,
    client: Client,
    session: String,
    commits: BTreeMap<String, String>,
}

impl<'c> Play<'c> {
    /// A repository without a commit, and a session in it.
    pub(super) fn begin(case: &'c Case) -> Self {
        let scratch = TempDir::new().unwrap();
        let (project, home) = (scratch.path().join("project"), scratch.path().join("home"));
        write(&project.join("rulemark.toml"), "");
        // Who runs this test is the person.
        write(&home.join(".config/rulemark/config.toml"), "[person]\nunattended = true\n");
        let client = Client::start(&project, &home);
        let commits = BTreeMap::new();
        let mut play = Self { case, scratch, client, session: String::new(), commits };
        play.run("git", &["init", "-q", "-b", "main"]);
        let started = play.client.workflow(&json!({
            "action": "start",
            "workflow_type": case.id,
            "target_file": case.story.target,
            "options": case.story.inputs,
        }));
        assert_eq!(started["status"], "success", "{}: {started:#}", case.id);
        play.session = started["session_id"].as_str().unwrap().to_owned();
        play
    }

    pub(super) fn commit(&mut self, name: &str, files: &BTreeMap<String, String>) {
        for (path, text) in files {
            write(&self.project().join(path), text);
            self.run("git", &["add", path]);
        }
        self.run("git", &["commit", "-q", "-m", name]);
        let hash = self.run("git", &["rev-parse", "HEAD"]);
        self.commits.insert(name.to_owned(), hash.trim().to_owned());
    }

    /// Comes to the gate of a phase to cheat, and then honestly.
    pub(super) fn phase(&mut self, number: u32, honest: &Evidence) {
        let case = self.case;
        let gate = &case.definition().phase(number).unwrap().gate;
        if !gate.commands.is_empty() {
            self.assert_refused(number, honest, "nobody has trusted the commands");
            self.run(env!("CARGO_BIN_EXE_rulemark"), &["trust", "--workflow", &case.id, "--yes"]);
        }
        for cheat in case.story.cheats.iter().filter(|cheat| cheat.phase == number).filter(is_played()) {
            self.cheat(cheat, honest);
        }
        if gate.approval.is_some() {
            self.assert_refused(number, honest, "a person has to approve this evidence");
            let session = self.session.clone();
            self.run(env!("CARGO_BIN_EXE_rulemark"), &["approve", "--session", &session]);
        }
        let answer = self.complete(number, honest);
        assert_eq!(answer["checkpoint_passed"], true, "{}, phase {number}: {answer:#}", case.id);
    }

    fn cheat(&mut self, cheat: &Cheat, honest: &Evidence) {
        let about = format!("{}, phase {}: {}", self.case.id, cheat.phase, cheat.title);
        let mut evidence = honest.clone();
        evidence.extend(cheat.change.clone());
        for (path, text) in &cheat.uncommitted {
            write(&self.project().join(path), text);
        }
        let answer = self.complete(cheat.phase, &evidence);
        for path in cheat.uncommitted.keys() {
            self.run("git", &["checkout", "-q", "--", path]);
        }
        assert_eq!(answer["status"], "error", "{about}: {answer:#}");
        let mut found: Vec<String> = texts(&answer["validation_errors"]);
        found.extend(texts(&answer["missing_evidence"]));
        assert_refused(&found, &cheat.refused, &about);
    }

    fn assert_refused(&mut self, number: u32, evidence: &Evidence, expected: &str) {
        let answer = self.complete(number, evidence);
        let about = format!("{}, phase {number}: {answer:#}", self.case.id);
        assert_refused(&texts(&answer["validation_errors"]), &[expected.to_owned()], &about);
    }

    fn complete(&mut self, number: u32, evidence: &Evidence) -> Value {
        let evidence: Map<String, Value> = filled_fields(evidence, &self.commits);
        self.client.workflow(&json!({
            "action": "complete_phase", "session_id": self.session, "phase": number, "evidence": evidence,
        }))
    }

    /// The session is at its end, and its page says so.
    pub(super) fn assert_completed(mut self) {
        let state = self.client.workflow(&json!({ "action": "get_session", "session_id": self.session }));
        assert_eq!(state["session"]["status"], "completed", "{}: {state:#}", self.case.id);
        let page = self.project().join(".rulemark/sessions").join(format!("{}.md", self.session));
        let page = fs::read_to_string(page).unwrap();
        assert!(page.contains("status: completed"), "{page}");
    }

    fn project(&self) -> PathBuf {
        self.scratch.path().join("project")
    }

    /// Runs a program in the project; what it printed.
    fn run(&self, program: &str, arguments: &[&str]) -> String {
        #[allow(clippy::disallowed_methods, reason = "a test plays the person at the terminal")]
        let mut command = Command::new(program);
        command.env_clear().env("HOME", self.scratch.path().join("home")).env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "A").env(format!("GIT_{who}_EMAIL"), "a@example.org");
        }
        let output = command.current_dir(self.project()).args(arguments).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {program} {arguments:?}: {errors}", self.case.id);
        String::from_utf8(output.stdout).unwrap()
    }
}

/// The first cheat at a gate, and those that only a look at the project finds out; the others differ in nothing
/// that the server does. A session has one set of inputs and one past.
fn is_played() -> impl FnMut(&&Cheat) -> bool {
    let mut is_first = true;
    move |cheat| {
        let is_playable = cheat.inputs.is_empty() && cheat.earlier.is_empty();
        let shell = |part: &String| part.contains("is not there") || part.contains("is not a commit");
        let is_looked_up = !cheat.uncommitted.is_empty() || cheat.refused.iter().any(shell);
        is_playable && (std::mem::take(&mut is_first) || is_looked_up)
    }
}

/// What `start` answers in a project with these files, as text.
pub(super) fn started_beside(files: &[(&str, &str)], workflow: &str) -> String {
    let scratch = TempDir::new().unwrap();
    let project = scratch.path().join("project");
    write(&project.join("rulemark.toml"), "");
    for (path, text) in files {
        write(&project.join(path), text);
    }
    let mut client = Client::start(&project, scratch.path());
    let arguments = json!({ "action": "start", "workflow_type": workflow, "target_file": "README.md" });
    client.workflow(&arguments).to_string()
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[allow(clippy::disallowed_methods, reason = "a test plays the editor")]
fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}
