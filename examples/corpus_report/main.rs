//! How Rulemark does on real files: `cargo run --release --example corpus_report -- ../shared/corpus`.
//!
//! With `--verbose` every miss is listed with its file and line.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a report is printed")]

mod replay;
mod rules;

use std::{path::PathBuf, process::ExitCode};

fn main() -> ExitCode {
    let mut verbose = false;
    let mut corpus = PathBuf::from("../shared/corpus");
    for argument in std::env::args_os().skip(1) {
        if argument == "--verbose" {
            verbose = true;
        } else {
            corpus = PathBuf::from(argument);
        }
    }
    let coverage = match rules::measure(&corpus) {
        Ok(coverage) => coverage,
        Err(error) => {
            eprintln!("{}: {error}", corpus.display());
            return ExitCode::FAILURE;
        }
    };
    println!("{coverage}");
    if verbose {
        for miss in &coverage.misses {
            println!("{miss}");
        }
    }
    match replay::replay(&corpus, 1) {
        Ok(replay) => {
            println!("{replay}");
            if replay.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("{}: {error}", corpus.display());
            ExitCode::FAILURE
        }
    }
}
