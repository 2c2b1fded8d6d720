//! The operating system's side: folders, reading, the compare-and-swap write, locks, watching.
//!
//! Documents are written by agents, editors, scripts and git, none of which takes a lock of ours.
//! So nothing here trusts what was read a moment ago: [`publish`] compares before it swaps, and
//! [`Watcher`] only says *look again*.

mod beneath;
mod burst;
mod file_system;
mod lock;
mod read;
mod watch;
mod workspace;
mod write;

pub use burst::Burst;
pub use file_system::{FileSystem, LocalFileSystem};
pub use lock::{Lock, LockError, lock_holder};
pub use read::{ReadError, read_text};
pub use watch::{WatchError, WatchStop, Watcher};
pub(crate) use workspace::is_inner;
pub use workspace::{GITIGNORE, Workspace, WorkspaceError};
pub use write::{Published, Replacement, WriteError, create_file, publish};
