//! The dependency arrows, and what the core must not touch (`lib.rs` promises both).
//!
//! A small scanner reads the paths that occur in a source file; comments, strings and
//! `#[cfg(test)]` items don't count. Every claim is first shown to fail on offending lines.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The core, lowest layer first. A layer may use those before it.
const CORE: [&str; 6] = ["text", "markdown", "document", "rules", "engine", "workflow"];

/// Beside the shell: uses the core, and nothing of the shell.
const TESTING: &str = "testing";

/// The one file of [`TESTING`] that reads and writes files.
const TESTING_SHELL: &str = "src/testing/case_files.rs";

/// The part of `mcp` that carries the protocol.
const MCP_TRANSPORT: [&str; 4] = ["src/mcp/guarded.rs", "src/mcp/hub.rs", "src/mcp/stdio/", "src/mcp/http/"];

/// Paths that mean a clock, the disk, threads, the environment, processes, the network, printing or
/// serialisation. `::x` stands for any path that has the segment `x`, `*::x` for one that has it behind
/// another; the rest are prefixes.
const FORBIDDEN: [(&str, &str); 26] = [
    ("::SystemTime", "the clock"),
    ("::Instant", "the clock"),
    ("*::now", "the clock"),
    ("std::fs", "the disk"),
    ("std::*", "who knows what"),
    ("std::io", "input and output"),
    ("std::net", "the network"),
    ("std::os", "the operating system"),
    ("rustix", "the operating system"),
    ("tempfile", "the disk"),
    ("rusqlite", "the disk"),
    ("notify", "the disk"),
    ("std::thread", "threads"),
    ("tokio", "threads"),
    ("std::env", "the environment"),
    ("std::process", "processes"),
    ("println!", "printing"),
    ("print!", "printing"),
    ("eprintln!", "printing"),
    ("eprint!", "printing"),
    ("dbg!", "printing"),
    ("tracing", "printing"),
    ("serde", "serialisation"),
    ("serde_json", "serialisation"),
    ("::Serialize", "serialisation"),
    ("::Deserialize", "serialisation"),
];

/// What parts of the core may touch all the same. Definitions of workflows are YAML and JSON documents;
/// the parser of conditions recurses, and gets a thread whose stack is deep enough for any it is given.
const EXCEPTIONS: [(&str, &str); 2] =
    [("src/workflow/", "serialisation"), ("src/workflow/condition.rs", "threads")];

#[test]
fn arrows_point_down() {
    let offences: Vec<String> = sources().iter().flat_map(|(path, text)| arrows(path, text)).collect();
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}

#[test]
fn the_core_is_pure() {
    let offences: Vec<String> = sources().iter().flat_map(|(path, text)| impurities(path, text)).collect();
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}

/// What carries the protocol is as good for any other server.
#[test]
fn the_transport_knows_nothing_of_rulemark() {
    let offences: Vec<String> = sources()
        .iter()
        .filter(|(path, _)| MCP_TRANSPORT.iter().any(|part| path.starts_with(part)))
        .flat_map(|(path, text)| beyond_mcp(path, text))
        .collect();
    assert_eq!(offences, [""; 0]);
    let check = |text, expected: &[&str]| assert_eq!(beyond_mcp("src/mcp/hub.rs", text), expected, "{text}");
    check("use crate::runtime::Project;", &["src/mcp/hub.rs:1: crate::runtime::Project"]);
    check("use rulemark::disk;", &["src/mcp/hub.rs:1: rulemark::disk"]);
    check("use super::super::engine;", &["src/mcp/hub.rs:1: super::super::engine"]);
    check("use crate::mcp::Guarded; use super::stdio; use rmcp::model;", &[]);
}

/// Paths that lead out of `mcp`.
fn beyond_mcp(path: &str, text: &str) -> Vec<String> {
    let depth = module_of(path).len();
    let leads_out = |segments: &[String]| match segments.first().map(String::as_str) {
        Some("crate" | "rulemark") => segments.get(1).is_some_and(|module| module != "mcp"),
        _ => segments.iter().take_while(|segment| *segment == "super").count() >= depth,
    };
    paths_in(text)
        .into_iter()
        .filter(|found| leads_out(&found.segments))
        .map(|found| format!("{path}:{}: {}", found.line, found.segments.join("::")))
        .collect()
}

/// Lints can be switched off where they stand; this one only in the module that wraps the leases.
#[test]
fn unsafe_code_stays_in_one_module() {
    let offences: Vec<String> = sources()
        .iter()
        .filter(|(_, text)| text.contains("unsafe_code") || text.contains("unsafe {"))
        .map(|(path, _)| path.clone())
        .collect();
    assert_eq!(offences, ["src/disk/lease.rs"]);
}

#[test]
fn the_arrow_check_fails_where_it_should() {
    let check = |path, text, expected: &[&str]| assert_eq!(arrows(path, text), expected, "{path}: {text}");
    check("src/text/edit.rs", "use crate::rules::Rule;", &["src/text/edit.rs:1: text must not use rules"]);
    check(
        "src/document/item.rs",
        "use crate::{\n    text::Span,\n    engine::{self, Event},\n};",
        &["src/document/item.rs:3: document must not use engine"; 2],
    );
    check(
        "src/markdown/blocks.rs",
        "fn f() {\n    super::super::document::g::<u8>()\n}",
        &["src/markdown/blocks.rs:2: markdown must not use document"],
    );
    check(
        "src/rules/mod.rs",
        "fn f(x: super::engine::Event) {}",
        &["src/rules/mod.rs:1: rules must not use engine"],
    );
    check("src/engine/model.rs", "use crate::cli;", &["src/engine/model.rs:1: engine must not use cli"]);
    check(
        "src/engine/model.rs",
        "use rulemark::disk::write;",
        &["src/engine/model.rs:1: engine must not use disk"],
    );
    check(
        "src/rules/ast.rs",
        "use crate::Error;",
        &["src/rules/ast.rs:1: rules must not use the crate's root"],
    );
    check("src/text/edit.rs", "use crate::*;", &["src/text/edit.rs:1: text must not use the crate's root"]);
    check("src/testing/story.rs", "use crate::disk;", &["src/testing/story.rs:1: testing must not use disk"]);
    check(
        "src/disk/write.rs",
        "use crate::testing::Scenario;",
        &["src/disk/write.rs:1: disk must not use testing"],
    );
    check("src/hooks/guard.rs", "use crate::cli::Exit;", &["src/hooks/guard.rs:1: hooks must not use cli"]);
    check("src/mcp/server.rs", "use crate::hooks;", &["src/mcp/server.rs:1: mcp must not use hooks"]);
    check("src/hooks/guard.rs", "use crate::mcp;", &["src/hooks/guard.rs:1: hooks must not use mcp"]);
    check("src/runtime/run.rs", "use crate::hooks;", &["src/runtime/run.rs:1: runtime must not use hooks"]);
    check("src/hooks/guard.rs", "use crate::mcp;", &["src/hooks/guard.rs:1: hooks must not use mcp"]);
    check(
        "src/runtime/run.rs",
        "use crate::sessions;",
        &["src/runtime/run.rs:1: runtime must not use sessions"],
    );
    // What is allowed.
    check("src/engine/mod.rs", "use crate::{text::Span, rules::{Rule, Step}, document, engine::Event};", &[]);
    check(
        "src/text/edit.rs",
        "use super::{Revision, Span}; // crate::rules\nconst A: &str = \"crate::rules\";",
        &[],
    );
    check("src/text/edit.rs", "#[cfg(test)]\nmod tests {\n    use crate::engine::Event;\n}", &[]);
    check("src/cli/run.rs", "use crate::{disk, engine, testing};", &[]);
}

#[test]
fn the_purity_check_fails_where_it_should() {
    let check = |text, expected: &[&str]| {
        let found = impurities("src/engine/mod.rs", text);
        let found: Vec<&str> = found.iter().map(|offence| offence.rsplit_once(": ").unwrap().1).collect();
        assert_eq!(found, expected, "{text}");
    };
    check("use std::time::SystemTime;", &["the core must not touch the clock (std::time::SystemTime)"]);
    check("let t = Instant::elapsed();", &["the core must not touch the clock (Instant::elapsed)"]);
    check("let t = jiff::Zoned::now();", &["the core must not touch the clock (jiff::Zoned::now)"]);
    check("let t = Zoned::now();", &["the core must not touch the clock (Zoned::now)"]);
    check("use std::{fmt, fs};", &["the core must not touch the disk (std::fs)"]);
    check("use std::{\n fs::{self}};", &["the core must not touch the disk (std::fs::self)"]);
    check("use std::fs::File;", &["the core must not touch the disk (std::fs::File)"]);
    check("::std::thread::spawn(f);", &["the core must not touch threads (std::thread::spawn)"]);
    check("std::env::var(x)", &["the core must not touch the environment (std::env::var)"]);
    check("std::process::exit(1)", &["the core must not touch processes (std::process::exit)"]);
    check("println!(\"x\");", &["the core must not touch printing (println!)"]);
    check("eprintln ! (\"x\");", &["the core must not touch printing (eprintln!)"]);
    check("dbg!(x);", &["the core must not touch printing (dbg!)"]);
    check(
        "#[derive(serde::Serialize)] struct S;",
        &["the core must not touch serialisation (serde::Serialize)"],
    );
    check("#[derive(Serialize)] struct S;", &["the core must not touch serialisation (Serialize)"]);
    let check_at = |path, text, expected: usize| assert_eq!(impurities(path, text).len(), expected, "{path}");
    check_at("src/workflow/model.rs", "use serde::Serialize; use serde_json::Value;", 0);
    check_at("src/workflow/model.rs", "use std::{fs, thread};", 2);
    check_at("src/workflow/condition.rs", "use std::{fs, thread};", 1);
    check_at("src/workflow/condition.rs/x.rs", "use std::thread;", 1);
    check_at("src/workflows.rs", "use serde::Serialize;", 0); // no part of the core at all
    // What is allowed, however much it looks like it.
    check(
        "let s = \"println!\"; // std::fs::write\n/* a /* SystemTime */ b */ let c = '\"'; let r = r#\"\"dbg!\"#;",
        &[],
    );
    check("fn f<'a>(x: &'a str) -> FileFact { FileFact::Missing } struct Profile;", &[]);
    check("let now = Revision::of(text);", &[]);
    check("use std::collections::BTreeMap; match c { '\\'' => std::fmt::Error, _ => x }", &[]);
    assert_eq!(impurities("src/cli/mod.rs", "println!()"), [""; 0]);
    assert_eq!(impurities("src/testing/story.rs", "std::fs::read(x)").len(), 1);
    assert_eq!(impurities(TESTING_SHELL, "std::fs::read(x)"), [""; 0]);
}

/// Every Rust file below `src`, by its path from the package, in order.
fn sources() -> Vec<(String, String)> {
    fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, into);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                into.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    collect(&root.join("src"), &mut paths);
    paths.sort();
    // Files that only a `#[cfg(test)] mod tests;` compiles.
    paths.retain(|path| !path.ends_with("tests.rs"));
    assert!(paths.len() > 10, "the sources were not found");
    paths
        .iter()
        .map(|path| {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// The module path of a source file, without the crate: `src/rules/ast.rs` is `rules`, `ast`.
fn module_of(path: &str) -> Vec<&str> {
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs");
    inside.split('/').filter(|part| !matches!(*part, "mod" | "lib" | "main")).collect()
}

/// Uses of a module that may not be used here.
fn arrows(path: &str, text: &str) -> Vec<String> {
    let module = module_of(path);
    let Some(&from) = module.first() else { return Vec::new() };
    let mut offences = Vec::new();
    for Found { segments, line } in paths_in(text) {
        let up = segments.iter().take_while(|segment| *segment == "super").count();
        let target = match segments.first().map(String::as_str) {
            Some("crate" | "rulemark") if segments.len() > 1 => &segments[1],
            Some("super") if up == module.len() && segments.len() > up => &segments[up],
            _ => continue,
        };
        let is_module = target.starts_with(|first: char| first.is_ascii_lowercase());
        if target != from && !may_use(from, target, is_module) {
            let target = if is_module { target } else { "the crate's root" };
            offences.push(format!("{path}:{line}: {from} must not use {target}"));
        }
    }
    offences
}

fn may_use(from: &str, to: &str, is_module: bool) -> bool {
    let rank = |module| CORE.iter().position(|layer| *layer == module);
    match (rank(from), rank(to)) {
        (Some(from), Some(to)) => to < from,
        (Some(_), None) => false,
        (None, Some(_)) => true,
        (None, None) if from == TESTING => false,
        // Only the command line offers `testing` to users.
        (None, None) if to == TESTING => matches!(from, "cli" | "main"),
        // What answers an agent knows nothing of how people are answered.
        (None, None) if to == "cli" => from == "main",
        (None, None) if to == "mcp" => matches!(from, "cli" | "main"),
        // Sessions stand on the runtime, and it knows nothing of them.
        (None, None) if to == "sessions" => matches!(from, "mcp" | "cli" | "main"),
        (None, None) if to == "hooks" => matches!(from, "setup" | "cli" | "main"),
        (None, None) => is_module || from != TESTING,
    }
}

/// What a file of the core touches although it must not.
fn impurities(path: &str, text: &str) -> Vec<String> {
    let module = module_of(path);
    let pure = module.first().is_some_and(|first| CORE.contains(first) || *first == TESTING);
    if !pure || path == TESTING_SHELL {
        return Vec::new();
    }
    let mut offences = Vec::new();
    for Found { segments, line } in paths_in(text) {
        let full = segments.join("::");
        let touched = FORBIDDEN.iter().find(|(pattern, _)| match pattern.split_once("::") {
            Some(("", segment)) => segments.iter().any(|found| found == segment),
            Some(("*", segment)) => segments.iter().skip(1).any(|found| found == segment),
            _ => full == *pattern || full.strip_prefix(pattern).is_some_and(|rest| rest.starts_with("::")),
        });
        let touched = touched.filter(|(_, what)| !is_excepted(path, what));
        if let Some((_, what)) = touched {
            offences.push(format!("{path}:{line}: the core must not touch {what} ({full})"));
        }
    }
    offences
}

/// Whether a file of the core may touch `what` all the same.
fn is_excepted(path: &str, what: &str) -> bool {
    EXCEPTIONS.iter().any(|(place, excepted)| {
        what == *excepted
            && path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || place.ends_with('/'))
    })
}

/// A path in a source file: `std::fs::read`, one of a `use` group, or a macro with its `!`.
struct Found {
    segments: Vec<String>,
    line: usize,
}

fn paths_in(text: &str) -> Vec<Found> {
    let tokens = tokens(&without_tests(&code_only(text)));
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if is_name(&tokens[at].0) {
            at = path_at(&tokens, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

type Token = (String, usize);

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first == '_' || first.is_alphabetic()) || token == "*"
}

/// Reads the path (or `use` tree) that begins at `at`, behind `prefix`; answers where it ends.
fn path_at(tokens: &[Token], mut at: usize, prefix: &[String], found: &mut Vec<Found>) -> usize {
    let token = |at: usize| tokens.get(at).map_or("", |(token, _)| token.as_str());
    let mut segments = prefix.to_vec();
    loop {
        let (name, line) = tokens[at].clone();
        segments.push(name);
        at += 1;
        if token(at) == "::" && is_name(token(at + 1)) {
            at += 1;
        } else if token(at) == "::" && token(at + 1) == "{" {
            at += 2;
            while at < tokens.len() && token(at) != "}" {
                at = if is_name(token(at)) { path_at(tokens, at, &segments, found) } else { at + 1 };
            }
            return at + 1;
        } else {
            if token(at) == "!" && segments.len() == 1 {
                segments[0].push('!');
            }
            found.push(Found { segments, line });
            return at;
        }
    }
}

fn tokens(code: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let is_word = |c: char| c == '_' || c.is_alphanumeric();
            let length = if is_word(first) {
                rest.find(|c| !is_word(c)).unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            tokens.push((rest[..length].to_owned(), number + 1));
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

/// The source with comments, strings and characters blanked; line ends stay.
fn code_only(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let inert = inert_length(rest, out.chars().next_back());
        if inert > 0 {
            out.extend(rest[..inert].chars().map(|c| if c == '\n' { c } else { ' ' }));
            rest = &rest[inert..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// The length of the comment, string or character that `rest` begins with; 0 for code.
fn inert_length(rest: &str, before: Option<char>) -> usize {
    let in_word = before.is_some_and(|c| c == '_' || c.is_alphanumeric());
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment_length(rest);
    }
    let raw = rest.strip_prefix('b').unwrap_or(rest);
    if let Some(raw) = raw.strip_prefix('r').filter(|_| !in_word) {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let body = rest.len() - raw.len() + hashes + 1;
            return rest[body..].find(&end).map_or(rest.len(), |at| body + at + end.len());
        }
    }
    if rest.starts_with('"') {
        return quoted_length(rest, '"');
    }
    // A lifetime has no closing quote behind one character.
    let mut behind = rest.strip_prefix('\'').unwrap_or_default().chars();
    match (behind.next(), behind.next()) {
        (Some('\\'), _) => quoted_length(rest, '\''),
        (Some(c), Some('\'')) => 2 + c.len_utf8(),
        _ => 0,
    }
}

fn block_comment_length(rest: &str) -> usize {
    let mut depth = 0;
    for (at, _) in rest.char_indices() {
        if rest[at..].starts_with("/*") {
            depth += 1;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            if depth == 0 {
                return at + 2;
            }
        }
    }
    rest.len()
}

fn quoted_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    rest.len()
}

/// The code with items behind `#[cfg(test)]` blanked.
fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(start) = rest.find(MARK) {
        out.push_str(&rest[..start]);
        let mut depth = 0;
        let length = rest[start..]
            .char_indices()
            .find(|&(_, c)| {
                depth += i32::from(c == '{') - i32::from(c == '}');
                depth == 0 && matches!(c, '}' | ';')
            })
            .map_or(rest.len() - start, |(at, _)| at + 1);
        out.extend(rest[start..start + length].chars().map(|c| if c == '\n' { c } else { ' ' }));
        rest = &rest[start + length..];
    }
    out.push_str(rest);
    out
}
