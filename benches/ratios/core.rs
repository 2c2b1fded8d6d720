//! Parse + compile + evaluate against one pass of pulldown-cmark over the same bytes.

use crate::{document, interleaved, print_row, print_title};
use jiff::civil::date;
use pulldown_cmark::{Options, Parser};
use rulemark::{
    document::WorkflowState,
    engine::{self, Cause, Event, Memory, Settings, Snapshot},
};
use std::{
    collections::BTreeMap,
    hint::black_box,
    time::{Duration, Instant},
};

pub(crate) fn measure() {
    print_title("core: engine::advance with nothing to do, against one pulldown-cmark pass");
    for (label, size, rounds) in
        [("13 KB", 13_000, 2_001), ("1 MB", 1_000_000, 101), ("50 MB", 50_000_000, 7)]
    {
        let text = document::generate(size);
        let memory = settle(&text);
        let [pass, parse, advance] = interleaved(
            rounds,
            [
                &mut || timed(|| Parser::new_ext(&text, Options::ENABLE_TABLES).into_offset_iter().count()),
                &mut || timed(|| WorkflowState::parse(&text)),
                &mut || timed(|| advance(&text, &memory)),
            ],
        );
        print_row(&format!("{label}: parse the state file"), parse, ("pulldown-cmark", pass));
        print_row(&format!("{label}: parse, compile, evaluate"), advance, ("pulldown-cmark", pass));
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let started = Instant::now();
    let result = black_box(work());
    let time = started.elapsed();
    drop(result);
    time
}

/// What the engine remembers once nothing is left to do.
fn settle(text: &str) -> Memory {
    let outcome = advance(text, &Memory::default());
    assert!(!outcome.writes(), "the generated document is settled: {:?}", outcome.firings);
    outcome.memory
}

fn advance(text: &str, memory: &Memory) -> engine::Outcome {
    let (settings, files) = (Settings::default(), BTreeMap::new());
    let snapshot =
        Snapshot { state: text, config: None, memory, settings: &settings, files: &files, evidence: &() };
    let event = Event { cause: Cause::FilesChanged, at: date(2026, 11, 21).at(10, 0, 0, 0), id: 1 };
    engine::advance(&snapshot, &event)
}
