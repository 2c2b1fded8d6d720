//! What Rulemark costs, as ratios: both sides of each are measured in one run, turn by turn, so the
//! ratio holds on any machine. Nothing is asserted.
//!
//! usage: cargo bench [-- core|commands|write|watch|items|hooks|sessions|mcp|http]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement: starts processes, writes scratch files, prints a table, stops at the first surprise"
)]

mod commands;
mod core;
mod document;
mod hooks;
mod http;
mod mcp;
mod project;
mod sessions;
mod watch;
mod write;

use std::{env, time::Duration};

fn main() {
    let wanted: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let parts: [(&str, fn()); 9] = [
        ("core", core::measure),
        ("commands", commands::measure),
        ("write", write::measure),
        ("watch", watch::measure),
        ("items", commands::measure_items),
        ("hooks", hooks::measure),
        ("sessions", sessions::measure),
        ("mcp", mcp::measure),
        ("http", http::measure),
    ];
    for (name, measure) in parts {
        if wanted.is_empty() || wanted.iter().any(|part| part == name) {
            measure();
        }
    }
}

/// Measures every side once a round, and gives the median of each.
fn interleaved<const N: usize>(rounds: usize, mut sides: [&mut dyn FnMut() -> Duration; N]) -> [Duration; N] {
    let mut times: [Vec<Duration>; N] = std::array::from_fn(|_| Vec::with_capacity(rounds));
    for _ in 0..rounds {
        for (side, times) in sides.iter_mut().zip(&mut times) {
            times.push(side());
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    })
}

fn print_title(title: &str) {
    println!("\n{title}");
}

fn print_row(label: &str, measured: Duration, baseline: (&str, Duration)) {
    let (name, baseline) = baseline;
    println!(
        "  {label:<34} {:>10}   {name:<24} {:>10}   {:>6.2} x",
        readable(measured),
        readable(baseline),
        measured.as_secs_f64() / baseline.as_secs_f64()
    );
}

fn readable(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros {
        ..1_000.0 => format!("{micros:.1} µs"),
        ..1_000_000.0 => format!("{:.2} ms", micros / 1e3),
        _ => format!("{:.2} s", micros / 1e6),
    }
}
