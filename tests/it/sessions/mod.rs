//! Sessions, as an agent has them: the real server, over MCP, on a fresh workspace.

mod approving;
mod cases;
pub(crate) mod client;
mod disturbance;
mod expect;
mod gate_commands;
mod hardening;
mod open_gates;
mod play;
mod promises;
mod repairing;
mod searching;
mod tidying;
mod without_state_file;
mod workspace;
