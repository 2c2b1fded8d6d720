//! `session repair`: both versions of a session that was changed as nobody may, and the way back.

use super::workspace::{Workspace, complete, start_lamp};
use std::{fs, process::Output};

/// A session at its second phase.
struct Patient {
    workspace: Workspace,
    id: String,
    text: String,
}

impl Patient {
    fn new() -> Self {
        let workspace = Workspace::of_cases();
        let mut server = workspace.serve();
        let id = start_lamp(&mut server, "a.md");
        complete(&mut server, &id, 0);
        let text = workspace.read(&id);
        Self { workspace, id, text }
    }

    fn write(&self, text: &str) {
        self.workspace.write(&format!(".rulemark/sessions/{}.md", self.id), text);
    }

    /// Runs `session repair` by the beginning of the name; what it prints and its exit code.
    fn repair(&self, more: &[&str]) -> (String, Option<i32>) {
        let Output { stdout, stderr, status } =
            self.workspace.output(&[&["session", "repair", "lamp_v1_a"], more].concat());
        (String::from_utf8([stdout, stderr].concat()).unwrap(), status.code())
    }

    /// Puts the text back that was whole, and goes on with it.
    fn assert_restores(&self) {
        let (said, code) = self.repair(&["--restore"]);
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(self.workspace.read(&self.id), self.text);
        assert_eq!(self.repair(&[]), ("the session is fine\n".to_owned(), Some(0)));
        let mut server = self.workspace.serve();
        assert_eq!(complete(&mut server, &self.id, 1)["checkpoint_passed"], true);
    }
}

#[test]
fn a_line_that_nobody_may_write_is_shown_and_taken_back() {
    let patient = Patient::new();
    assert_eq!(patient.repair(&[]), ("the session is fine\n".to_owned(), Some(0)));
    let forged = patient.text.replace("- [ ] Phase 2", "- [x] Phase 2");
    patient.write(&forged);
    let line = forged.lines().position(|line| line.starts_with("- [x] Phase 2")).unwrap() + 1;
    let (said, code) = patient.repair(&[]);
    assert_eq!(code, Some(1));
    assert!(said.contains(&format!("line {line}: phase 2 is ticked")), "{said}");
    assert!(said.contains("- - [ ] Phase 2") || said.contains("-- [ ] Phase 2"), "{said}");
    assert!(said.contains("+ - [x] Phase 2") || said.contains("+- [x] Phase 2"), "{said}");
    assert!(said.contains("`--restore` puts back"), "{said}");
    assert_eq!(patient.workspace.read(&patient.id), forged, "it only shows");
    patient.assert_restores();
    let history = patient.workspace.said(&["session", "history", &patient.id]);
    assert!(history.contains("repair"), "{history}");
}

#[test]
fn what_was_cut_short_deleted_or_overwritten_comes_back() {
    let patient = Patient::new();
    patient.write(&patient.text[..patient.text.len() / 2]);
    let (said, code) = patient.repair(&[]);
    assert!(said.starts_with("corrupt: ") && code == Some(1), "{said}");
    patient.assert_restores();

    let patient = Patient::new();
    fs::remove_file(patient.workspace.session(&patient.id)).unwrap();
    let whole = patient.workspace.output(&["session", "repair", &patient.id]);
    let said = String::from_utf8(whole.stdout).unwrap();
    assert!(said.contains("the file is missing") && whole.status.code() == Some(1), "{said}");
    // Nothing begins so any more: the whole name is needed.
    let restored = patient.workspace.output(&["session", "repair", &patient.id, "--restore"]);
    assert!(restored.status.success(), "{restored:?}");
    assert_eq!(patient.workspace.read(&patient.id), patient.text);

    let patient = Patient::new();
    let noise = b"\xff\xfe\x00 no text".to_vec();
    #[allow(clippy::disallowed_methods, reason = "a test plays a disk gone mad")]
    fs::write(patient.workspace.session(&patient.id), &noise).unwrap();
    patient.assert_restores();
    let aside = patient.workspace.session(&patient.id).with_extension("damaged.md");
    assert_eq!(fs::read(aside).unwrap(), noise);
    // It is no session, and keeps nobody from tidying up.
    patient.workspace.said(&["session", "gc"]);
}

#[test]
fn what_never_was_can_not_be_repaired() {
    let patient = Patient::new();
    let output = patient.workspace.output(&["session", "repair", "lamp_v2_b"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no session lamp_v2_b"), "{output:?}");
}
