//! The real binary, as a user calls it: what it prints, writes and exits with.

mod agents;
mod approvals;
mod commands;
mod definitions;
pub(crate) mod environment;
mod evidence;
mod gates;
mod git;
mod hooks;
mod hostile;
mod killing;
mod lazy_agent;
mod reading;
mod refusing;
mod together;
mod watched_commands;
mod watching;
mod workflow_trust;
mod writing;
