//! Links the program at a fixed address where that is safe to ask for.
//!
//! Of a start that takes 2 ms a quarter went into relocating tables of names in 200 pages, each of which the
//! system copies for it. Agents start this program at each of their steps. The heap, the stack and all
//! libraries still lie at random addresses.

#![expect(clippy::disallowed_methods, reason = "cargo speaks to a build script through its environment")]

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |key: &str| env::var(format!("CARGO_CFG_TARGET_{key}")).unwrap_or_default();
    let is_x86_64_linux = target("OS") == "linux" && target("ENV") == "gnu" && target("ARCH") == "x86_64";
    // Linked with a C library inside, it has another flag for the same.
    let is_dynamic = !target("FEATURE").split(',').any(|feature| feature == "crt-static");
    if is_x86_64_linux && is_dynamic && env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
