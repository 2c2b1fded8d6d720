//! Does Rulemark lose anything? Foreign writers of seven kinds, none of which takes a lock of ours,
//! write a state file while Rulemark processes do, some of which are killed; then every line is counted.
//!
//! usage: cargo run --release --example torture -- [--seconds 10] [--writers 8] [--pace MS] [--ours 2]
//!        [--kill] [--seed 1] [--kinds append,held,in-place,truncate,rename,vim,mmap] [--folder DIR]
//!
//! `--pace` is the pause of a writer between two edits: 0 (the default) never pauses; a list such as
//! `10,50,200` is dealt out to the writers. `--kill` ends a Rulemark process with SIGKILL every 30 to
//! 430 ms. The folder is a scratch one unless named; its file system is the one that is tried.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test bench: writes as foreign editors do, starts and kills processes, prints a table"
)]

mod account;
mod foreign;
mod ours;
mod plan;
mod random;

use plan::Plan;
use std::{env, path::PathBuf, process::ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    // The processes that it starts are this program as well.
    if arguments.first().is_some_and(|first| first == "rulemark") {
        return rulemark::cli::run(arguments.into_iter().map(Into::into)).into();
    }
    let plan = match Plan::parse(&arguments) {
        Ok(plan) => plan,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    let rulemark = (env::current_exe().unwrap(), vec!["rulemark".to_owned()]);
    let account = plan.run(&rulemark);
    println!("{account}");
    ExitCode::from(u8::from(!account.is_clean()))
}

/// A program, and what comes before its arguments.
pub(crate) type Program = (PathBuf, Vec<String>);
