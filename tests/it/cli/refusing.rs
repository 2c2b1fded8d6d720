//! Wrong use and hostile surroundings: what, where, why, what to do, and an exit code.

use super::environment::{Environment, is_above_permissions};
use insta::assert_snapshot;
use std::{
    fs,
    io::Read as _,
    os::unix::fs::{PermissionsExt as _, symlink},
    process::Stdio,
};

#[test]
fn no_project() {
    let environment = Environment::empty();
    let folder = environment.root();
    fs::create_dir(folder.join("empty")).unwrap();
    assert_snapshot!(environment.story(&[
        &["status"],
        &["watch"],
        &["-C", "missing", "status"],
        &["-C", "empty", "apply"],
        &["-C", "empty", "watch"],
    ]));
}

#[test]
fn nothing_is_left_where_there_is_no_project() {
    let environment = Environment::empty();
    fs::create_dir(environment.root().join("empty")).unwrap();
    environment.write("settings/rulemark.toml", "");
    for folder in ["empty", "settings"] {
        for command in [
            &["apply"][..],
            &["apply", "--dry-run"],
            &["item", "add", "x"],
            &["set", "--new", "Phase=A"],
            &["log", "x"],
            &["emit", "session-start"],
            &["done", "p1"],
            &["undo"],
            &["redo"],
            &["check", "--fix"],
        ] {
            let told = environment.run(&[&["-C", folder][..], command].concat());
            assert!(
                told.ends_with("-- exit code 2\n") || folder == "settings" && told.contains("-- exit code"),
                "{told}"
            );
            assert!(!environment.root().join(folder).join(".rulemark").exists(), "{told}");
        }
    }
}

#[test]
fn what_git_could_not_merge() {
    let environment = Environment::initialised();
    let whole = environment.read("workflow_state.md");
    let line = "Status: RUNNING\n";
    let conflict = format!("<<<<<<< HEAD\n{line}=======\nStatus: COMPLETED\n>>>>>>> other\n");
    let unmerged = whole.replacen(line, &conflict, 1);
    environment.write("workflow_state.md", &unmerged);
    assert_snapshot!(environment.story(&[
        &["apply"],
        &["apply", "--dry-run"],
        &["set", "Status=RUNNING"],
        &["next"],
        &["check"],
    ]));
    assert_eq!(environment.read("workflow_state.md"), unmerged);
    environment.write("workflow_state.md", &whole);
    let config = environment.read("project_config.md");
    environment.write("project_config.md", format!("{config}<<<<<<< a\n- x\n=======\n- y\n>>>>>>> b\n"));
    let told = environment.run(&["apply"]);
    assert!(told.contains("project_config.md:") && told.contains("git could not merge this place"), "{told}");
}

#[test]
fn files_that_are_none() {
    let environment = Environment::empty();
    fs::create_dir(environment.root().join("workflow_state.md")).unwrap();
    let folder = environment.run(&["status"]);
    fs::remove_dir(environment.root().join("workflow_state.md")).unwrap();
    environment.write("workflow_state.md", b"## State\nPhase: \xff\n");
    let bytes = environment.story(&[&["status"], &["apply"]]);
    fs::remove_file(environment.root().join("workflow_state.md")).unwrap();
    symlink("nowhere.md", environment.root().join("workflow_state.md")).unwrap();
    let dangling = environment.run(&["status"]);
    environment.write("file", "");
    let no_folder = environment.run(&["-C", "file", "status"]);
    assert_snapshot!([folder, bytes, dangling, no_folder].join("\n"));
}

#[test]
fn no_permission() {
    let environment = Environment::with_state("## State\nPhase: A\n");
    if is_above_permissions(&environment.root()) {
        println!("skipped: this user may do everything");
        return;
    }
    let state = environment.root().join("workflow_state.md");
    fs::set_permissions(&state, fs::Permissions::from_mode(0o000)).unwrap();
    let unreadable = environment.run(&["status"]);
    fs::set_permissions(&state, fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(environment.root(), fs::Permissions::from_mode(0o555)).unwrap();
    let unwritable = environment.story(&[&["status"], &["set", "Phase=B"], &["doctor"]]);
    fs::set_permissions(environment.root(), fs::Permissions::from_mode(0o755)).unwrap();
    assert_snapshot!([unreadable, unwritable].join("\n"));
}

#[test]
fn doctor_tries_the_lock() {
    let environment = Environment::with_state("## State\nPhase: A\n");
    assert!(environment.run(&["doctor"]).contains("the folder can be written"));
    fs::create_dir_all(environment.root().join(".rulemark/lock")).unwrap();
    let told = environment.run(&["doctor"]);
    assert!(told.contains("can't write [PROJECT]/.rulemark/lock") && told.contains("exit code 1"), "{told}");
    assert!(environment.run(&["apply"]).ends_with("-- exit code 3\n"));
}

#[test]
fn wrong_settings() {
    let environment = Environment::with_state("## State\nPhase: A\n");
    environment.write("rulemark.toml", "[gates]\non_violaton = \"off\"\n");
    assert_snapshot!(environment.story(&[&["status"], &["doctor"]]));
}

#[test]
fn nothing_to_undo() {
    let environment = Environment::with_state("## State\nPhase: A\n");
    assert_snapshot!(environment.story(&[&["undo"], &["redo"], &["undo", "7"], &["diff"], &["diff", "7"]]));
}

#[test]
fn wrong_usage() {
    let environment = Environment::empty();
    assert_snapshot!(environment.story(&[
        &["stauts"],
        &["set"],
        &["item"],
        &["export"],
        &["check", "--fix", "--json"]
    ]));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let environment = Environment::initialised();
    let mut child = environment
        .command(&["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!((child.wait().unwrap().code(), errors.as_str()), (Some(0), ""));
}

/// A file beyond a limit is read, edited by command and checked, but no rule runs on it until it is
/// back inside; then what had happened meanwhile still counts.
#[test]
fn more_than_the_limits_allow() {
    let environment = Environment::with_state(
        "## State\nPhase: A\nStatus: READY\n\n## Rules\n### RULE_GO_01\nTrigger ▶ Phase == B\nAction ▶ Log \"went\".\n\n## Items\n- [ ] one\n\n## Log\n",
    );
    environment.write("rulemark.toml", "[limits]\nline_length = 200\nitems = 3\nnesting = 4\nrules = 2\n");
    environment.run(&["apply"]);
    let long = format!("- {}\n", "x".repeat(300));
    environment.edit("## Log\n", &format!("## Log\n{long}"));
    environment.edit("Phase: A", "Phase: B");
    let refused =
        environment.story(&[&["apply"], &["check"], &["next"], &["status"], &["item", "add", "two"]]);
    environment.edit(&long, "");
    let mended = environment.run(&["apply"]);
    assert_snapshot!([refused, mended].join("\n"));

    for (old, new, code) in [
        ("- [ ] one\n", "- [ ] one\n- [ ] two\n- [ ] three\n- [ ] four\n", "too-many-items"),
        ("- [ ] one\n", "- [ ] one\n\n> > > > > deep\n", "nested-too-deep"),
        ("### RULE_GO_01", "### RULE_A\n### RULE_B\n### RULE_GO_01", "too-many-rules"),
    ] {
        let text = environment.read("workflow_state.md");
        environment.edit(old, new);
        let told = environment.story(&[&["check"], &["apply"]]);
        assert!(told.contains(&format!("error[{code}]")) && told.contains("-- exit code 3"), "{told}");
        environment.write("workflow_state.md", text);
    }
}

/// A fence that is never closed hides the Log below it. Nobody gets a second one.
#[test]
fn a_section_that_a_fence_hides() {
    let environment = Environment::with_state(
        "## State\nPhase: A\nStatus: READY\n\n## Rules\n### RULE_GO_01\nTrigger ▶ Phase == A\nAction ▶ Log \"went\".\n\n## Plan\n```sh\nmake\n\n## Log\n- old\n",
    );
    let told = environment.story(&[&["check"], &["log", "text"], &["apply"], &["set", "Status=RUNNING"]]);
    assert_eq!(environment.read("workflow_state.md").matches("## Log").count(), 1);
    environment.edit("make\n", "make\n```\n");
    let mended = environment.run(&["apply"]);
    assert_snapshot!([told, mended].join("\n"));
}

#[test]
fn names_that_are_not_what_they_look_like() {
    let environment = Environment::with_state(
        "## State\nPhase: A\nStаtus: READY\n\n##\u{200b} Log\n- a\n\n## Ιtems\n- [ ] b\n\n## Lоg\n- b\n",
    );
    environment.write("project_config.md", "# C\n\n## Chаngelog\n- x\n");
    let told = environment.story(&[&["check"], &["check", "--fix"], &["check"]]);
    assert_snapshot!(told);
    assert_eq!(environment.read("project_config.md"), "# C\n\n## Changelog\n- x\n");
}

/// `ulimit -f` is a signal to whoever writes too much; it must not end a command in the middle.
#[cfg(unix)]
#[test]
fn a_limit_on_the_size_of_files_is_an_error() {
    let state = format!("## State\nPhase: A\n\n## Log\n{}", "- an entry of a long log\n".repeat(2_000));
    let environment = Environment::with_state(&state);
    let logging = environment.command(&["log", "too much"]);
    let arguments: Vec<&str> = logging.get_args().map(|it| it.to_str().unwrap()).collect();
    let line = format!("ulimit -f 16; exec '{}' {}", logging.get_program().display(), quoted(&arguments));
    #[allow(clippy::disallowed_methods, reason = "a limit is set by a shell")]
    let mut shell = std::process::Command::new("sh");
    let ended = shell.args(["-c", &line]).current_dir(environment.root()).output().unwrap();
    assert!(ended.status.code().is_some_and(|code| code != 0 && code < 128), "{ended:?}");
    assert_eq!(environment.read("workflow_state.md"), state);
    let told = environment.run(&["log", "enough"]);
    assert!(!told.contains("-- exit code"), "{told}");
    assert_eq!(environment.read("workflow_state.md").matches("too much").count(), 0);
}

#[cfg(unix)]
fn quoted(arguments: &[&str]) -> String {
    arguments.iter().map(|argument| format!("'{argument}' ")).collect()
}
