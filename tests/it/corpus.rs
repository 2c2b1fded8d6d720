//! Real files: nothing is lost in reading or running them.
//!
//! The corpus is not in the repository. It is looked for in `$RULEMARK_CORPUS` and beside the
//! repository; without it these tests say so and pass.

#[path = "../../examples/corpus_report/replay.rs"]
mod replay;

use rulemark::{
    document::ProjectConfig,
    markdown::Markdown,
    testing::Scenario,
    text::{Patch, Revision},
};
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

pub(crate) fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let found = std::env::var_os("RULEMARK_CORPUS").map_or(beside, PathBuf::from);
    if found.is_dir() {
        return Some(found);
    }
    // Not `println!`: what a test that passes prints is not shown.
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    let told =
        writeln!(std::io::stderr(), "{test}: skipped: no corpus at {}; set RULEMARK_CORPUS", found.display());
    told.unwrap();
    None
}

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") && !path.ends_with("REPORT.md")
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn reading_loses_nothing() {
    let Some(corpus) = corpus() else { return };
    let files = files(&corpus);
    for path in &files {
        let text = fs::read_to_string(path).unwrap();
        let markdown = Markdown::parse(&text);
        let tiles: String = markdown.blocks().iter().map(|block| block.span.of(&text)).collect();
        assert!(tiles == text, "{}: the blocks are not the text", path.display());
        let unedited = Patch::empty(Revision::of(&text)).apply(&text);
        assert!(unedited.as_deref() == Ok(&*text), "{}: changed without an edit", path.display());
        for command in ProjectConfig::parse(&text).commands() {
            assert!(text.get(command.span.start..command.span.end).is_some(), "{}", path.display());
        }
    }
    println!("{} files", files.len());
    assert!(files.len() >= 1_104, "the corpus has {} files", files.len());
}

/// How many real files, or edits, there are to one that an unoptimised test runs the rules on; the
/// example `corpus_report` runs them on all.
const STRIDE: usize = 4;

/// The first run on a real file keeps the engine's promises; [`Scenario`] checks them.
#[test]
fn the_first_run_keeps_its_promises() {
    let Some(corpus) = corpus() else { return };
    let broken: Vec<String> = files(&corpus)
        .iter()
        .step_by(STRIDE)
        .filter_map(|path| {
            let scenario = Scenario::new(fs::read_to_string(path).unwrap()).config("## Changelog\n");
            Some(format!("{}: {}", path.display(), scenario.try_open().err()?))
        })
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn replaying_history_breaks_no_promise() {
    let Some(corpus) = corpus() else { return };
    let replay = replay::replay(&corpus, STRIDE).unwrap();
    println!("{replay}");
    assert!(replay.faults.is_empty(), "{replay}");
    assert!(replay.edits > 700 / STRIDE, "{} edits", replay.edits);
    // These are common in real histories; a zero means that rules have gone silent.
    for deed in [replay::Deed::Rotated, replay::Deed::Waited] {
        assert!(replay.deeds.contains_key(&deed), "nothing was done: {deed:?}");
    }
}
