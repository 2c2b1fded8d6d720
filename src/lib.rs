//! Rulemark runs the workflow rules written in `workflow_state.md`, in place.
pub mod document;
pub mod engine;
pub mod markdown;
pub mod rules;
pub mod text;
