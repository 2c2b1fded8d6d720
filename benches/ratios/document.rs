//! State files of any size, with the shape of real ones.

use std::fmt::Write as _;

/// The row below which the template's items stand.
const TABLE: &str = "| -- | ----------- | ------ |\n";

const TEMPLATE: &str = include_str!("../../templates/workflow_state.md");

/// A state file of about `size` bytes: the rules of the template, and Items, Log and ArchiveLog grown
/// alike. The log is allowed to be long, so that no rule fires and its length is still counted.
pub(crate) fn generate(size: usize) -> String {
    let room = size.saturating_sub(TEMPLATE.len()) / 3;
    let changes = [
        ("Phase: INIT", "Phase: CONSTRUCT".to_owned()),
        ("Status: READY", "Status: RUNNING".to_owned()),
        ("CurrentItem: null", "CurrentItem: Add structured logging to service 1".to_owned()),
        ("5 000 chars", "900 000 000 chars".to_owned()),
        (TABLE, format!("{TABLE}{}", items(room))),
        ("newest last. -->\n", format!("newest last. -->\n{}", log(room))),
        ("long logs here. -->\n", format!("long logs here. -->\n{}", archive(room))),
    ];
    changes.into_iter().fold(TEMPLATE.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "the template no longer holds {old:?}");
        text.replacen(old, &new, 1)
    })
}

fn items(size: usize) -> String {
    let mut rows = String::with_capacity(size + 128);
    let mut id = 1;
    while rows.len() < size {
        let status = if id == 1 { "in progress" } else { "pending" };
        let _ = writeln!(rows, "| {id} | Add structured logging to service {id} | {status} |");
        id += 1;
    }
    rows
}

fn log(size: usize) -> String {
    let mut entries = String::with_capacity(size + 512);
    let mut number = 1;
    while entries.len() < size {
        let _ = write!(
            entries,
            "- [2026-11-21 10:{:02}:{:02}] Changed `src/service_{number}.rs`: **retry** with back-off, see `retry.rs`\n  \
             - `cargo test`: {number} passed, 0 failed\n\n\
             ### Findings {number}\nThe client drops the *first* reply after a reconnect; <!-- measured -->\n\
             decision: keep one reply in flight, and log what is dropped.\n\n",
            number / 60 % 60,
            number % 60
        );
        number += 1;
    }
    entries
}

fn archive(size: usize) -> String {
    let mut entries = String::with_capacity(size + 256);
    let mut number = 1;
    while entries.len() < size {
        let _ = write!(
            entries,
            "### 2026-11-{:02} 09:00:00\n- Decision: one reply in flight ({number})\n- `cargo test`: {number} passed, 0 failed\n\n",
            number % 28 + 1
        );
        number += 1;
    }
    entries
}
