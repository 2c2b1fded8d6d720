//! Whom to believe: which commands a person has allowed to run, and whether it is a person who asks.
//!
//! A file from elsewhere must not run programs (`rule-language.md`, section 6), so what is allowed
//! stands outside the repository, in the user's own folder, bound to the project's place and to the
//! exact commands. It guards against files, and against an agent that takes the easy way; not against
//! a program that runs as the user and means to forge it.

mod person;
mod store;
mod user;

pub use person::{Person, agent_around, is_person_behind_client, user_name};
pub use store::{Standing, Trust, TrustError, TrustedProject};
pub use user::{UserError, UserFolders, UserSettings};
