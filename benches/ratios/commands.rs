//! Whole processes: `status`, `next` and `log` against an empty binary, and a thousand `item add`.

use crate::{
    document, interleaved, print_row, print_title,
    project::{self, RULEMARK},
    readable,
};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use tempfile::TempDir;

pub(crate) fn measure() {
    print_title("commands: one process each on a project of 13 KB, against an empty Rust binary");
    let project = project::with_state(&document::generate(13_000));
    let scratch = TempDir::new().unwrap();
    let empty = empty_binary(scratch.path());
    let run = |arguments: &[&str]| project::run(Path::new(RULEMARK), arguments, project.path());
    run(&["apply"]);
    let [base, status, next, log] = interleaved(
        201,
        [
            &mut || project::run(&empty, &[], project.path()),
            &mut || run(&["status"]),
            &mut || run(&["next"]),
            &mut || run(&["log", "measured"]),
        ],
    );
    for (label, time) in [("status", status), ("next", next), ("log TEXT", log)] {
        print_row(label, time, ("empty binary", base));
    }
}

pub(crate) fn measure_items() {
    print_title("items: 1,000 x `item add`, one process each");
    let project = project::with_state(include_str!("../../templates/workflow_state.md"));
    let times: Vec<Duration> = (1..=1_000)
        .map(|number| {
            let text = format!("Add structured logging to service {number}");
            project::run(Path::new(RULEMARK), &["item", "add", &text], project.path())
        })
        .collect();
    let (first, last): (Duration, Duration) = (times[..100].iter().sum(), times[900..].iter().sum());
    println!("  in all                             {:>10}", readable(times.iter().sum()));
    print_row("the last 100", last, ("the first 100", first));
}

/// `fn main() {}`, compiled as the command is.
pub(crate) fn empty_binary(folder: &Path) -> PathBuf {
    let (source, binary) =
        (folder.join("empty.rs"), folder.join(format!("empty{}", env::consts::EXE_SUFFIX)));
    fs::write(&source, "fn main() {}").unwrap();
    let compiler = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let status = Command::new(compiler)
        .args(["-O", "-C", "strip=symbols", "-o"])
        .arg(&binary)
        .arg(&source)
        .status()
        .unwrap();
    assert!(status.success(), "rustc: {status}");
    binary
}
