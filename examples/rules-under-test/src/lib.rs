//! A project whose rules are under test: see `tests/rules.rs` and `cases/`.
