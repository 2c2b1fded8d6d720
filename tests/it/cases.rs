//! The behaviour of the rules: every case in `tests/data/cases` holds.
//!
//! `RULEMARK_BLESS=1 cargo test --test it cases` writes what happens into the cases.

use rulemark::testing::{Verdict, run_cases};
use std::path::Path;

#[test]
fn the_cases_hold() {
    check("tests/data/cases");
}

/// Its stories are snapshots of its own: `cargo test -p rules-under-test`.
#[test]
fn the_cases_of_the_example_hold() {
    check("examples/rules-under-test/cases");
}

fn check(folder: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let report = run_cases(&folder, std::env::var_os("RULEMARK_BLESS").is_some()).unwrap();
    let failed = report.cases.iter().any(|case| matches!(case.verdict, Verdict::Failed(_)));
    assert!(!failed, "\n{report}");
}
