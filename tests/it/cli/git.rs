//! The project in a git repository: merges and differences by what the documents say.

use super::environment::Environment;
use insta::assert_snapshot;
use std::{path::Path, process::Command};

/// A repository with a project of three items, and git set up to call this binary.
fn repository() -> Environment {
    let environment = Environment::initialised();
    environment.run(&["item", "add", "Publish it", "-q"]);
    git(&environment, &["init", "-q", "-b", "main"]);
    environment.run(&["init", "--git", "-q"]);
    commit(&environment, "begin");
    environment
}

/// Runs git in the project; what it said, and its exit code unless that is 0.
fn git(environment: &Environment, arguments: &[&str]) -> String {
    #[allow(clippy::disallowed_methods, reason = "a test plays the person at the terminal")]
    let mut command = Command::new("git");
    let binary = Path::new(env!("CARGO_BIN_EXE_rulemark"));
    // The binary is found by its name, as in an installation.
    let mut folders = vec![binary.parent().unwrap().to_owned()];
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
    command.env_clear().env("PATH", std::env::join_paths(folders).unwrap());
    command.env("HOME", environment.root().parent().unwrap().join("home")).env("GIT_CONFIG_NOSYSTEM", "1");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "A").env(format!("GIT_{who}_EMAIL"), "a@example.org");
    }
    command.current_dir(environment.root()).args(["-c", "commit.gpgsign=false", "-c", "core.pager=cat"]);
    let output = command.args(arguments).output().unwrap();
    let mut text = environment.normalised(&output.stdout);
    text.push_str(&environment.normalised(&output.stderr));
    if let Some(code @ 1..) = output.status.code() {
        text.push_str(&format!("-- exit code {code}\n"));
    }
    text
}

fn commit(environment: &Environment, message: &str) {
    git(environment, &["add", "-A"]);
    assert_eq!(git(environment, &["commit", "-q", "-m", message]), "");
}

/// Does `work` on a branch of its own, from main.
fn on_branch(environment: &Environment, name: &str, work: &dyn Fn()) {
    assert_eq!(git(environment, &["checkout", "-q", "-b", name, "main"]), "");
    work();
    commit(environment, name);
}

/// Sessions are documents of the project; what else Rulemark keeps is this machine's.
#[test]
fn sessions_are_for_git_and_nothing_else_in_their_folder_is() {
    let environment = repository();
    environment.run(&["item", "done", "Publish it", "-q"]);
    let start = |target: &str| {
        environment.run(&["session", "start", "documentation", target, "subject=it", "reader=users", "-q"])
    };
    start("a.md");
    commit(&environment, "with a session");
    let tracked = git(&environment, &["ls-files", ".rulemark"]);
    let tracked: Vec<&str> = tracked.lines().collect();
    let is_definition = |path: &&str| path.starts_with(".rulemark/sessions/definitions/");
    assert_eq!(tracked.iter().filter(|path| is_definition(path)).count(), 1, "{tracked:?}");
    let rest: Vec<&str> = tracked.iter().copied().filter(|path| !is_definition(path)).collect();
    assert_eq!(rest, [".rulemark/.gitignore", ".rulemark/sessions/documentation_a_20260102_030405.md"]);
    assert!(environment.root().join(".rulemark/journal.db").exists());

    // As the workflow `security-fix` says, for what has to stay on this machine.
    let text = environment.run(&["workflow", "show", "security-fix", "--json"]);
    assert!(text.contains("write the line `/.rulemark/` into `.git/info/exclude`"), "{text}");
    environment.write(".git/info/exclude", "/.rulemark/\n");
    start("b.md");
    assert!(environment.root().join(".rulemark/sessions/documentation_b_20260102_030405.md").exists());
    assert_eq!(git(&environment, &["status", "--porcelain"]), "");
}

#[test]
fn init_sets_git_up_once_and_leaves_others_lines() {
    let environment = Environment::initialised();
    environment.write(".gitattributes", "*.png binary");
    assert_snapshot!("init_outside_of_a_repository", environment.run(&["init", "--git"]));
    git(&environment, &["init", "-q"]);
    environment.write("rulemark.toml", "paths.state = \"docs/my state.md\"\n");
    environment.write("docs/my state.md", environment.read("workflow_state.md"));
    let told = environment.story(&[
        &["init", "--git", "--dry-run"],
        &["init", "--git"],
        &["init", "--git"],
        &["doctor"],
    ]);
    let binary = Path::new(env!("CARGO_BIN_EXE_rulemark")).canonicalize().unwrap();
    assert_snapshot!(told.replace(&*binary.to_string_lossy(), "[BINARY]"));
    assert_snapshot!("attributes", environment.read(".gitattributes"));
    let asked = git(&environment, &["check-attr", "merge", "docs/my state.md", "project_config.md", "x.png"]);
    assert_eq!(
        asked,
        "docs/my state.md: merge: rulemark\nproject_config.md: merge: rulemark\nx.png: merge: unset\n"
    );
}

/// The version of another branch looks like a stale save when no run has seen it. Git means it, and
/// refuses to go on over a file that somebody else has written.
#[test]
fn what_git_checks_out_stays_as_it_is() {
    let environment = repository();
    on_branch(&environment, "feature", &|| environment.edit("Write the guide", "Write the guides"));
    git(&environment, &["checkout", "-q", "main"]);
    environment.run(&["log", "on main", "-q"]);
    commit(&environment, "main");
    for (branch, has_entry) in [("feature", false), ("main", true), ("feature", false)] {
        assert_eq!(git(&environment, &["checkout", "-q", branch]), "");
        environment.run(&["apply"]);
        assert_eq!(environment.read("workflow_state.md").contains("on main"), has_entry, "{branch}");
        assert_eq!(git(&environment, &["status", "--porcelain"]), "", "{branch}");
    }
    assert_eq!(git(&environment, &["rebase", "-q", "main"]), "");
    let text = environment.read("workflow_state.md");
    assert!(text.contains("on main") && text.contains("Write the guides"), "{text}");
    // An agent's copy of an older version is still merged.
    environment.run(&["log", "seen by nobody", "-q"]);
    environment.write("workflow_state.md", text.replace("Write the guides", "Write all guides"));
    environment.run(&["apply"]);
    let text = environment.read("workflow_state.md");
    assert!(text.contains("seen by nobody") && text.contains("Write all guides"), "{text}");
}

#[test]
fn two_branches_that_each_finished_an_item_merge() {
    let environment = repository();
    on_branch(&environment, "greeting", &|| {
        environment.run(&["log", "greets", "in", "two", "languages"]);
        environment.run(&["item", "done", "1"]);
        environment.run(&["set", "Phase=VALIDATE", "Status=COMPLETED"]);
    });
    on_branch(&environment, "guide", &|| {
        environment.run(&["set", "CurrentItem=Write the guide"]);
        environment.run(&["log", "wrote", "two", "pages"]);
        environment.run(&["item", "done", "2"]);
        environment.run(&["set", "Phase=VALIDATE", "Status=COMPLETED"]);
    });
    let merged = git(&environment, &["merge", "-q", "-m", "both", "greeting"]);
    assert_snapshot!(format!(
        "{merged}\n{}\n{}",
        section(&environment.read("workflow_state.md"), &["## State", "## Items", "## Log"]),
        section(&environment.read("project_config.md"), &["## Changelog"]),
    ));
    assert_eq!(git(&environment, &["status", "--porcelain"]), "");
}

#[test]
fn what_both_changed_differently_is_told_and_has_no_markers() {
    let environment = repository();
    on_branch(&environment, "one", &|| {
        environment.edit("Write the guide", "Write the guide in German");
        environment.edit("<!-- The agent writes", "One plans this.\n<!-- The agent writes");
    });
    on_branch(&environment, "two", &|| {
        environment.edit("Write the guide", "Write the short guide");
        environment.edit("<!-- What happened", "Two says that.\n<!-- What happened");
    });
    let merged = git(&environment, &["merge", "-q", "-m", "both", "one"]);
    assert_snapshot!(merged);
    let state = environment.read("workflow_state.md");
    assert!(!state.contains("<<<<<<<") && !state.contains(">>>>>>>"), "{state}");
    for kept in ["Write the short guide", "One plans this.", "Two says that."] {
        assert!(state.contains(kept), "{state}");
    }
    assert!(!state.contains("in German"), "{state}");
}

#[test]
fn a_file_that_is_no_text_is_left_to_the_person() {
    let environment = repository();
    on_branch(&environment, "one", &|| environment.write("workflow_state.md", b"## State\nPhase: \xff\n"));
    on_branch(&environment, "two", &|| environment.edit("Phase: ANALYZE", "Phase: BLUEPRINT"));
    let merged = git(&environment, &["merge", "-q", "-m", "both", "one"]);
    // The names of git's temporary files differ each time.
    let merged =
        regex::Regex::new(r"\.merge_file_\w+").unwrap().replace_all(&merged, ".merge_file").into_owned();
    assert_snapshot!(merged);
    assert!(environment.read("workflow_state.md").contains("Phase: BLUEPRINT"));
}

/// The sections with these headings.
fn section(text: &str, headings: &[&str]) -> String {
    let mut out = String::new();
    let mut is_wanted = false;
    for line in text.lines() {
        if line.starts_with("## ") {
            is_wanted = headings.contains(&line);
        }
        if is_wanted && !line.is_empty() {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

#[test]
fn differences_in_the_words_of_the_documents() {
    let environment = repository();
    environment.run(&["set", "Phase=BLUEPRINT"]);
    environment.run(&["log", "found", "the", "template"]);
    environment.run(&["item", "add", "Translate it"]);
    environment.edit("<!-- The agent writes", "- [ ] draw\n- [x] think\n<!-- The agent writes");
    environment.edit("| 2  | Write the guide | pending", "| 2  | Write the guide | doing");
    environment.edit("2. Write the steps", "2. Write all the steps");
    environment.write("old.md", "## Plan\n- [ ] a\n\n## Log\n- one\n- two\n\n## Notes\nx\n");
    environment.write("new.md", "## Plan\n- [x] a\n\n## Log\n- three\n\n## Notes\ny\n");
    assert_snapshot!(environment.story(&[
        &["diff"],
        &["diff", "4..6"],
        &["diff", "--working"],
        &["diff", "--working", "--lines"],
        &["diff", "--git"],
        &["diff", "old.md", "new.md"],
        &["diff", "old.md", "new.md", "--json"],
        &["diff", "old.md", "old.md"],
        &["diff", "6..4"],
        &["diff", "x"],
        &["diff", "--git", "nowhere"],
    ]));
}

#[test]
fn git_shows_what_changed_and_its_patches_still_apply() {
    let environment = repository();
    environment.run(&["item", "done"]);
    environment.edit("<!-- The agent writes", "Greet by name.\n<!-- The agent writes");
    let shown = git(&environment, &["diff"]);
    assert_snapshot!(shown);
    environment.write("../change.patch", &shown);
    let changed = environment.read("workflow_state.md");
    assert_eq!(git(&environment, &["apply", "-R", "../change.patch"]), "");
    assert_eq!(git(&environment, &["status", "--porcelain"]), "");
    assert_eq!(git(&environment, &["apply", "../change.patch"]), "");
    assert_eq!(environment.read("workflow_state.md"), changed);
}
