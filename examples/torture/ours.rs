//! Rulemark's own processes.

use super::{Program, plan::Plan, random::Random};
use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// What a logging process did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Logged {
    /// Lines whose command said that it is done.
    pub(crate) acknowledged: Vec<String>,
    /// Lines whose command was killed or refused: they may be there or not.
    pub(crate) open: Vec<String>,
    pub(crate) refused: Vec<String>,
    pub(crate) kills: u64,
    /// How long the acknowledged ones took.
    pub(crate) times: Vec<Duration>,
}

fn start(rulemark: &Program, root: &Path, arguments: &[&str]) -> Child {
    let (program, before) = rulemark;
    let mut command = Command::new(program);
    command.args(before).args(arguments).current_dir(root).env("HOME", root);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Logs line after line, each by a process of its own.
pub(crate) fn log_until(
    number: usize,
    plan: &Plan,
    rulemark: &Program,
    root: &Path,
    is_over: &AtomicBool,
) -> Logged {
    let mut random = Random::new(plan.seed * 77 + number as u64);
    let mut logged = Logged::default();
    let mut kill_at = Instant::now() + pause(&mut random);
    for count in 1.. {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let line = format!("own{number}-{count:06}");
        let began = Instant::now();
        let mut child = start(rulemark, root, &["log", &line]);
        if plan.kill && kill_at < began + Duration::from_millis(30) {
            thread::sleep(Duration::from_micros(random.below(6_000)));
            let _done_already = child.kill();
            logged.kills += 1;
            kill_at = Instant::now() + pause(&mut random);
        }
        let ended = child.wait_with_output().unwrap();
        if ended.status.success() {
            logged.times.push(began.elapsed());
            logged.acknowledged.push(line);
        } else {
            if ended.status.code().is_some() {
                logged.refused.push(String::from_utf8_lossy(&ended.stderr).into_owned());
            }
            logged.open.push(line);
        }
        thread::sleep(plan.pace[0] / 2);
    }
    logged
}

/// Watches all the while; says how often the watcher was killed.
pub(crate) fn watch_until(plan: &Plan, rulemark: &Program, root: &Path, is_over: &AtomicBool) -> u64 {
    let mut random = Random::new(plan.seed * 99);
    let mut kills = 0;
    let mut child = start(rulemark, root, &["watch", "--quiet"]);
    let mut kill_at = Instant::now() + pause(&mut random);
    while !is_over.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(5));
        if plan.kill && Instant::now() > kill_at {
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
            child = start(rulemark, root, &["watch", "--quiet"]);
            kill_at = Instant::now() + pause(&mut random);
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    kills
}

/// Lets Rulemark find what is left.
pub(crate) fn settle(rulemark: &Program, root: &Path) {
    for _ in 0..5 {
        let ended = start(rulemark, root, &["apply"]).wait_with_output().unwrap();
        assert!(ended.status.code().is_some(), "apply was killed");
    }
}

fn pause(random: &mut Random) -> Duration {
    Duration::from_millis(30 + random.below(400))
}
