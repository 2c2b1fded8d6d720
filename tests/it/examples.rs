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
