//! `session search`: words of sessions and of their long evidence, whatever they look like.

use super::workspace::Workspace;
use serde_json::Value;

/// A project with one session that speaks of lanterns, and one whose long evidence speaks of exit codes.
struct Shelf {
    workspace: Workspace,
    lantern: String,
    codes: String,
}

impl Shelf {
    fn new() -> Self {
        let workspace = Workspace::of_cases();
        let start = |target: &str| {
            let answer = workspace.json(&["session", "start", "lamp_v1", target, "--json"]);
            answer["session_id"].as_str().unwrap().to_owned()
        };
        let (lantern, codes) = (start("lantern.md"), start("src/codes.rs"));
        let note = "the café's lantern is NOT lit, near (or not) the AND gate: see a*b";
        workspace.said(&["session", "pause", &lantern, "--note", note]);
        let log = format!("{}the exit code was 101 in src/codes.rs:12", "nothing here\n".repeat(2_000));
        workspace.write("log.txt", &log);
        let evidence = ["brief_path=brief.md", "goals=3", "log=@log.txt"];
        workspace.said(&[&["session", "complete", &codes, "0"], &evidence[..]].concat());
        Self { workspace, lantern, codes }
    }

    /// The sessions that are found, best first.
    fn found(&self, words: &[&str]) -> Vec<String> {
        let found = self.workspace.json(&[&["session", "search", "--json", "--"], words].concat());
        let names = found.as_array().unwrap().iter().map(|it| it["session_id"].as_str().unwrap());
        names.map(str::to_owned).collect()
    }
}

#[test]
fn all_words_have_to_occur_and_phrases_as_they_stand() {
    let shelf = Shelf::new();
    let (lantern, codes) = (vec![shelf.lantern.clone()], vec![shelf.codes.clone()]);
    for (words, found) in [
        (&["lantern"][..], &lantern),
        (&["LANTERN", "lit"], &lantern),
        (&["lantern", "exit"], &vec![]),
        (&["cafe"], &lantern),
        (&["code exit"], &codes),
        (&["\"exit code\""], &codes),
        (&["\"code exit\""], &vec![]),
        (&["the", "\"exit code\"", "was"], &codes),
        (&["src/codes.rs:12"], &codes),
        (&["nowhere"], &vec![]),
    ] {
        assert_eq!(shelf.found(words), *found, "{words:?}");
    }
    assert_eq!(shelf.found(&["lamp_v1"]).len(), 2);
    assert_eq!(shelf.found(&["-n", "1"]).len(), 0, "behind `--`, options are words");
    let one = shelf.workspace.json(&["session", "search", "lamp_v1", "-n", "1", "--json"]);
    assert_eq!(one.as_array().map(Vec::len), Some(1));
}

#[test]
fn what_the_index_takes_for_its_own_language_is_words_here() {
    let shelf = Shelf::new();
    for words in [
        &["AND"][..],
        &["lantern", "NOT", "lit"],
        &["NEAR(", "lantern"],
        &["near", "(or not)"],
        &["a*b"],
        &["lantern", "*"],
        &["-", "lantern"],
        &["\"lantern is"],
        &["lantern^", "+gate"],
        &["{lantern}:"],
    ] {
        assert_eq!(shelf.found(words), [shelf.lantern.as_str()], "{words:?}");
    }
    for words in ["\"", "*", "NEAR(nowhere", "text:lantern nowhere", "lantern OR nowhere", "lant*"] {
        let output = shelf.workspace.output(&["session", "search", words]);
        let has_word = words.contains(char::is_alphanumeric);
        assert_eq!(output.status.code(), Some(if has_word { 0 } else { 2 }), "{words}: {output:?}");
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let expected = if has_word { "nothing was found" } else { "there is no word to search for" };
        assert!(said.contains(expected), "{words}: {said}");
    }
}

#[test]
fn an_edit_is_found_and_the_place_is_shown() {
    let shelf = Shelf::new();
    let path = format!(".rulemark/sessions/{}.md", shelf.lantern);
    let text = shelf.workspace.read(&shelf.lantern);
    assert!(shelf.found(&["Ann"]).is_empty());
    shelf.workspace.write(&path, &text.replace("## Log\n", "## Notes\n\nask Ann about it\n\n## Log\n"));
    let found: Value = shelf.workspace.json(&["session", "search", "ann", "--json"]);
    assert_eq!(found[0]["session_id"], shelf.lantern.as_str());
    assert!(found[0]["excerpt"].as_str().unwrap().contains("ask [Ann] about it"), "{found}");
}
