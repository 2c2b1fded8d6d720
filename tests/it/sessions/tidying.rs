//! `session gc`: what is over goes to the archive, where it can still be read.

use super::workspace::{Workspace, start_lamp};
use serde_json::{Value, json};
use std::{
    fs,
    path::PathBuf,
    time::{Duration, SystemTime},
};

/// Sessions of different ages and states, made on the command line.
struct Office {
    workspace: Workspace,
}

/// When it is tidied up.
const TODAY: &str = "2026-03-10T12:00:00";

impl Office {
    fn new() -> Self {
        let office = Self { workspace: Workspace::of_cases() };
        office.workspace.write("rulemark.toml", "[sessions]\nkeep_days = 14\n");
        office
    }

    fn start(&self, target: &str, now: &str) -> String {
        let answer = self.workspace.json(&["--now", now, "session", "start", "lamp_v1", target, "--json"]);
        answer["session_id"].as_str().unwrap().to_owned()
    }

    /// Completes a session, with a log that is long enough to be kept aside; says its hash.
    fn complete(&self, id: &str, now: &str, log: &str) -> String {
        let log = format!("test result: ok {}", log.repeat(5_000));
        self.workspace.write("log.txt", &log);
        for (phase, evidence) in [
            ("0", vec!["brief_path=brief.md", "goals=3"]),
            ("1", vec!["tests_total=4", "tests_failed=0", "log=@log.txt"]),
            ("2", vec!["note=bye"]),
        ] {
            let call = ["--now", now, "session", "complete", id, phase];
            self.workspace.said(&[&call[..], &evidence].concat());
        }
        let text = self.workspace.read(id);
        let (_, after) = text.split_once("`log` (reported): sha256:").unwrap_or_else(|| panic!("{text}"));
        after[..64].to_owned()
    }

    fn aside(&self, hash: &str) -> PathBuf {
        self.workspace.root.join(".rulemark/sessions/texts").join(hash)
    }

    /// Makes all files look as if they had been written long ago.
    fn age(&self, path: PathBuf) {
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        fs::File::options().write(true).open(path).unwrap().set_modified(long_ago).unwrap();
    }

    fn tidy(&self, more: &[&str]) -> Value {
        self.workspace.json(&[&["--now", TODAY, "session", "gc", "--json"], more].concat())
    }

    fn listed(&self, status: &[&str]) -> Vec<String> {
        let answer = self.workspace.json(&[&["session", "list", "--json"], status].concat());
        let entries = answer["sessions"].as_array().unwrap().iter();
        entries.map(|entry| entry["session_id"].as_str().unwrap().to_owned()).collect()
    }

    /// All files of the sessions with their texts.
    fn files(&self) -> Vec<(PathBuf, String)> {
        let sessions = self.workspace.root.join(".rulemark/sessions");
        let mut files = Vec::new();
        let mut folders = vec![sessions];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => files.push((path.clone(), fs::read_to_string(path).unwrap())),
                }
            }
        }
        files.sort();
        files
    }
}

#[test]
fn completed_sessions_go_to_the_archive_when_they_are_old() {
    let office = Office::new();
    let old = office.start("old.md", "2026-01-01T09:00:00");
    let shared = office.complete(&old, "2026-01-02T09:00:00", "s");
    let recent = office.start("recent.md", "2026-01-01T10:00:00");
    assert_eq!(office.complete(&recent, "2026-03-01T10:00:00", "s"), shared);
    let active = office.start("active.md", "2026-01-01T11:00:00");
    let paused = office.start("paused.md", "2026-01-01T12:00:00");
    office.workspace.said(&["--now", "2026-01-01T13:00:00", "session", "pause", &paused]);
    let deleted = office.start("deleted.md", "2026-01-01T14:00:00");
    let orphan = office.complete(&deleted, "2026-01-01T15:00:00", "o");
    office.workspace.said(&["session", "delete", &deleted]);
    let fresh = office.aside(&"0".repeat(64));
    fs::copy(office.aside(&orphan), &fresh).unwrap();
    for hash in [&shared, &orphan] {
        office.age(office.aside(hash));
    }

    let before = office.files();
    let plan = office.tidy(&["--dry-run"]);
    assert_eq!(plan, json!({ "archived": [old], "removed": 1, "dry_run": true }));
    assert_eq!(office.files(), before, "nothing is done for a trial");
    assert_eq!(office.tidy(&[]), json!({ "archived": [old], "removed": 1, "dry_run": false }));
    assert!(!office.workspace.session(&old).exists());
    assert!(office.aside(&shared).exists() && fresh.exists() && !office.aside(&orphan).exists());
    assert_eq!(office.listed(&[]), [recent.as_str(), &paused, &active]);
    assert_eq!(office.listed(&["--status", "completed"]), [recent.as_str()]);
    assert_eq!(office.listed(&["--status", "archived"]), [old.as_str()]);

    let after = office.files();
    assert_eq!(office.tidy(&[]), json!({ "archived": [], "removed": 0, "dry_run": false }));
    assert_eq!(office.files(), after, "once is enough");
    // The settings' word counts, unless another is given.
    assert_eq!(office.tidy(&["--days", "1"])["archived"], json!([recent]));
    assert!(office.aside(&shared).exists(), "the archive refers to it");
}

#[test]
fn what_is_archived_can_be_read_and_not_changed() {
    let office = Office::new();
    let id = office.start("old.md", "2026-01-01T09:00:00");
    office.complete(&id, "2026-01-02T09:00:00", "needle ");
    let mut server = office.workspace.serve();
    let ask = |action: &str| json!({ "action": action, "session_id": id });
    let readers = ["get_state", "get_session", "get_errors", "get_metrics"];
    let before: Vec<Value> = readers.iter().map(|action| server.workflow(&ask(action))).collect();
    let text = office.workspace.read(&id);
    assert_eq!(office.tidy(&[])["archived"], json!([id]));

    for (action, before) in readers.iter().zip(before) {
        assert_eq!(server.workflow(&ask(action)), before, "{action}");
    }
    let history = server.workflow(&ask("get_history"));
    assert_eq!(history["timeline"].as_array().unwrap().last().unwrap()["action"], "archive", "{history}");
    let listed = server.workflow(&json!({ "action": "list_sessions", "status": "archived" }));
    assert_eq!((&listed["count"], &listed["sessions"][0]["archived"]), (&json!(1), &json!(true)), "{listed}");
    assert_eq!(office.workspace.said(&["session", "show", &id[..12]]), text, "its beginning is enough");
    let found = office.workspace.json(&["session", "search", "needle", "--json"]);
    assert_eq!(found[0]["session_id"], json!(id), "{found}");
    let again = json!({
        "action": "complete_phase", "session_id": id, "phase": 2, "evidence": { "note": "bye" },
    });
    assert_eq!(server.workflow(&again)["workflow_complete"], true, "a call that is repeated changes nothing");

    let new = start_lamp(&mut server, "old.md");
    assert_ne!(new, id, "another run about the file is another session");
    let archived = office.workspace.root.join(".rulemark/sessions/archive").join(format!("{id}.md"));
    assert_eq!(fs::read_to_string(&archived).unwrap(), text);
    // Whoever puts away what is not over has it lie there.
    fs::rename(office.workspace.session(&new), archived.with_file_name(format!("{new}.md"))).unwrap();
    let refused = server.workflow(&json!({ "action": "pause", "session_id": new }));
    assert_eq!(refused["error_type"], "StateError", "{refused}");
    assert!(refused["error"].as_str().unwrap().contains("is archived"), "{refused}");
    assert_eq!(server.workflow(&json!({ "action": "delete_session", "session_id": new }))["deleted"], true);

    fs::rename(&archived, office.workspace.session(&id)).unwrap();
    assert_eq!(office.listed(&["--status", "completed"]), [id.as_str()], "a person takes it back");
    assert_eq!(office.tidy(&[])["archived"], json!([id]));
    assert_eq!(server.workflow(&ask("delete_session"))["deleted"], true);
    assert!(!archived.exists());
    assert_eq!(server.workflow(&ask("get_state"))["error_type"], "NotFoundError");
    assert_eq!(office.listed(&["--status", "archived"]), Vec::<String>::new());
}
