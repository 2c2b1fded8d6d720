//! Merges on real history: `cargo run --release --example merge_history -- ../shared/corpus`.
//!
//! Of every two versions of a file that follow each other, the older is the base, the newer one
//! branch, and the other branch is what an agent would have done to the older meanwhile. Each is
//! merged with Rulemark and with plain `git merge-file`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a report is printed")]

mod measure;
mod parallel;

use std::{path::PathBuf, process::ExitCode};

fn main() -> ExitCode {
    let beside = || std::env::var_os("RULEMARK_CORPUS").unwrap_or_else(|| "../shared/corpus".into());
    let corpus = PathBuf::from(std::env::args_os().nth(1).unwrap_or_else(beside));
    if !corpus.join("history").is_dir() {
        eprintln!("no corpus at {}; name its folder, or set RULEMARK_CORPUS", corpus.display());
        return ExitCode::FAILURE;
    }
    match measure::measure(&corpus, 1) {
        Ok(found) => {
            println!("{found}");
            if found.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("{}: {error}", corpus.display());
            ExitCode::FAILURE
        }
    }
}
