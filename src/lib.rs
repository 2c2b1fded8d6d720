//! Rulemark runs the workflow rules written in `workflow_state.md`, in place.
pub mod cli;
pub mod disk;
pub mod document;
pub mod engine;
pub mod journal;
pub mod markdown;
pub mod rules;
pub mod runtime;
pub mod testing;
pub mod text;
