//! The one loop that owns the state: read, let the rules run, write, remember.
//!
//! [`Project`] is what every surface (command line, watcher, servers) works with. It takes a
//! [`Cause`](crate::engine::Cause), reads both documents under the project's lock, asks
//! [`engine::advance`](crate::engine::advance) what follows, publishes the edits if nobody changed
//! a file meanwhile, and writes one journal entry for all of it.

mod approvals;
mod archive;
mod beside;
mod cause;
mod checks;
mod circumstances;
mod clock;
mod computation;
mod error;
mod facts;
mod foreign;
mod half_saved;
mod leftovers;
mod project;
mod run;
#[cfg(test)]
mod scratch;
mod settings;
mod state_draft;
mod templates;
mod transaction;
mod undo;
mod unmerged;
mod watch_loop;
mod work;
mod writing;

pub use approvals::{Decider, Decision};
pub use checks::{CheckRun, Checks};
pub use circumstances::Circumstances;
pub use clock::{Clock, FixedClock, SystemClock};
pub(crate) use error::quoted;
pub use error::{Error, ErrorKind, UndoError};
pub use half_saved::Loss;
pub use project::Project;
pub use run::{Document, Documents, Edits, Run};
pub use settings::{
    CommandSettings, HookSettings, McpSettings, SessionSettings, Settings, SettingsError, ToolSet,
    WatchSettings,
};
pub use state_draft::{StateDraft, UnknownKey};
pub use templates::{CONFIG_TEMPLATE, STATE_TEMPLATE, TEMPLATES, Template};
pub use watch_loop::{Report, Stop, Watching};
pub use work::{Progress, Task, TaskPurpose, Work};
