//! The one integration binary. A module per concern; inputs stand in `tests/data`.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

mod architecture;
mod cases;
mod cli;
mod corpus;
mod corpus_document;
mod corpus_rules;
mod corpus_workflows;
mod examples;
mod faults;
mod growth;
mod library;
mod log_rotation;
mod mcp;
mod mcp_transport;
mod merge_history;
mod properties;
mod readme;
mod second_opinion;
mod session;
mod sessions;
mod torture;
mod workflow;

use std::{collections::BTreeSet, fs, path::Path};

/// A file that no `mod` names is compiled by nobody and passes for ever.
#[test]
fn no_test_file_is_forgotten() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let named: BTreeSet<String> = include_str!("main.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .collect();
    assert_eq!(modules(&tests.join("it")), named, "tests/it and the `mod` lines of its main.rs differ");
    assert_eq!(modules(&tests), BTreeSet::new(), "integration tests are modules of tests/it");
}

/// The modules in a folder: its Rust files but `main.rs`, and its folders with a `mod.rs`.
fn modules(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let is_file = path.extension().is_some_and(|extension| extension == "rs");
            (is_file && !path.ends_with("main.rs")) || path.join("mod.rs").is_file()
        })
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}
