//! Sessions, as an agent has them: the real server, over MCP, on a fresh workspace.

mod cases;
mod client;
mod disturbance;
mod expect;
mod hardening;
mod workspace;
