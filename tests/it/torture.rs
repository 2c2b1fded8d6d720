//! A short run of `examples/torture`: seven foreign writers, Rulemark processes that are killed, and
//! not a line lost.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, reason = "writes as foreign editors do, starts and kills processes")]
#![allow(dead_code, reason = "the example uses the rest")]

use std::{path::PathBuf, time::Duration};

#[path = "../../examples/torture/account.rs"]
mod account;
#[path = "../../examples/torture/foreign.rs"]
mod foreign;
#[path = "../../examples/torture/ours.rs"]
mod ours;
#[path = "../../examples/torture/plan.rs"]
mod plan;
#[path = "../../examples/torture/random.rs"]
mod random;

use plan::Plan;

/// A program, and what comes before its arguments.
type Program = (PathBuf, Vec<String>);

fn check(plan: &Plan) {
    let account = plan.run(&(env!("CARGO_BIN_EXE_rulemark").into(), Vec::new()));
    assert!(account.is_clean(), "{account}");
}

#[test]
fn nothing_is_lost_in_a_storm() {
    check(&Plan { seconds: 2.5, writers: 7, ..Plan::default() });
}

#[test]
fn nothing_is_lost_when_processes_are_killed() {
    let pace = [10, 50, 200].map(Duration::from_millis).to_vec();
    check(&Plan { seconds: 2.5, writers: 7, kill: true, pace, seed: 2, ..Plan::default() });
}

#[test]
fn options_are_read() {
    let parse = |line: &str| Plan::parse(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
    let plan =
        parse("--seconds 2 --pace 10,50 --kinds vim,mmap --kill --writers 3 --ours 1 --seed 7").unwrap();
    assert_eq!((plan.seconds, plan.pace.len(), plan.kinds.len(), plan.kill), (2.0, 2, 2, true));
    assert_eq!(parse("--kinds emacs").unwrap_err(), "no kind emacs");
    assert_eq!(parse("--pace").unwrap_err(), "--pace needs a value");
}
