//! Running the project's commands: each in a process group of its own, with a time limit, without
//! the secrets of the environment, its whole output kept in a file.
//!
//! What may run at all, [`trust`](crate::trust) decides; this module starts what it is given.

mod environment;
mod output;
mod program;
mod runner;

pub use environment::without_secrets;
pub use output::{Captured, OutputFolder, last_lines};
pub use program::{Quiet, is_installed, quiet};
pub use runner::{Conclusion, End, Job, StartError, Watch, run};
