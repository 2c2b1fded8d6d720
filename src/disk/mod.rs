//! The operating system's side: folders, reading, the safe write, locks, watching.
//!
//! Documents are written by agents, editors, scripts and git, none of which takes a lock of ours.
//! So nothing here trusts what was read a moment ago: a [`Reader`] reads when nobody writes, [`swap()`]
//! compares before and after, and [`Watcher`] only says *look again*.
//!
//! | where | how a document is read and written | what can't be promised |
//! | --- | --- | --- |
//! | Linux, local file system, own file | read under a lease; names exchanged under a lease | – |
//! | Linux, somebody else's file (no lease) | read when it has been quiet; names exchanged | a writer that pauses for longer than 20 ms (400 ms in the middle of a line) can be seen half done |
//! | FUSE, NFS, SMB, 9p | read when quiet; moved away and linked where names can't be exchanged | the same; and for some microseconds there is no document |
//! | macOS (APFS) | read when quiet; names exchanged | as on Linux without leases |
//! | Windows | read when quiet; moved away and linked | as on FUSE |
//! | a file mounted on its own, or with several names | overwritten under a write lease | readers may wait for a millisecond; refused where there are no leases |

mod attributes;
mod beneath;
mod burst;
mod file_system;
mod lease;
mod lock;
mod method;
mod mount;
mod overwrite;
mod read;
mod staging;
mod swap;
mod watch;
mod workspace;

pub use beneath::Refusal;
pub use burst::Burst;
pub use file_system::{FileSystem, Identity, LocalFileSystem, Stamp};
pub(crate) use file_system::{open, uninterrupted};
pub use lease::{LeaseKind, Leasing};
pub use lock::{Lock, LockError, lock_holder};
pub use method::{Method, Replacing, Watchfulness};
pub use overwrite::is_half_overwritten;
pub use read::{ReadError, Reader, Reading, read_text};
pub use staging::{Staged, create_file, remove, stage};
pub use swap::{Displaced, Insistence, Swapped, WriteError, is_moved_away, moved_from, put_back, swap};
pub use watch::{WatchError, WatchStop, WatchWake, Watcher};
pub(crate) use workspace::is_inner;
pub use workspace::{GITIGNORE, Workspace, WorkspaceError};
