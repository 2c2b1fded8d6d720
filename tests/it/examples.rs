//! Each example does what its README says.

use crate::session::{Session, fenced_blocks};
use std::{fs, path::Path};

#[test]
fn quickstart_does_what_it_says() {
    run("quickstart");
}

#[test]
fn custom_phases_does_what_it_says() {
    run("custom-phases");
}

#[test]
fn korean_does_what_it_says() {
    run("korean");
}

#[test]
fn german_does_what_it_says() {
    run("german");
}

#[test]
fn bug_fix_does_what_it_says() {
    run("bug-fix");
}

#[test]
fn the_own_state_files_are_in_order() {
    let mut session = Session::new(None);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in ["workflow_state.md", "project_config.md"] {
        fs::copy(root.join(file), session.folder().join(file)).unwrap();
    }
    assert_eq!(session.print("rulemark check"), "nothing is wrong\n");
}

fn run(name: &str) {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
    let readme = fs::read_to_string(project.join("README.md")).unwrap();
    let blocks = fenced_blocks(&readme);
    assert!(blocks.iter().any(|block| block.info == "sh"), "{name} shows no session");
    let mut session = Session::new(Some(&project));
    for block in &blocks {
        if let Err(difference) = session.run(block) {
            panic!("examples/{name}/README.md, line {}: {difference}", block.line);
        }
    }
}
