//! Noticing that a document may have changed.

use super::{Burst, mount::is_remote};
use notify::{
    ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _, event::ModifyKind,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    time::{Duration, Instant},
};

/// How often the disk is asked where it does not tell.
const POLL: Duration = Duration::from_millis(500);

/// Watches a few files, some of which may not exist yet, or no longer.
///
/// The folders are watched, not the files: a watch on a file goes deaf at the first save by rename.
/// A folder that is missing is waited for in the nearest one above. Every event is only a hint to
/// read again; whether something changed is for the reader to see, by revision.
#[derive(Debug)]
pub struct Watcher {
    files: Vec<PathBuf>,
    /// `files`, and where symbolic links lead.
    names: BTreeSet<PathBuf>,
    source: Source,
    folders: BTreeMap<PathBuf, Identity>,
    sender: Sender<Message>,
    receiver: Receiver<Message>,
    burst: Burst,
    /// When to return though nothing happens.
    wake: Option<Instant>,
}

/// Ends a [`Watcher`]'s waiting from another thread.
#[derive(Clone, Debug)]
pub struct WatchStop(Sender<Message>);

/// Makes a [`Watcher`] look, from another thread.
#[derive(Clone, Debug)]
pub struct WatchWake(Sender<Message>);

impl WatchWake {
    /// Makes [`Watcher::next`] return as if a file had changed.
    pub fn wake(&self) {
        // A watcher that is gone need not look.
        let _gone = self.0.send(Message::Wake);
    }
}

/// Why nothing can be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The folder of the project is gone.
    #[error("{} is gone", .0.display())]
    Gone(PathBuf),
}

/// Who tells.
#[derive(Debug)]
enum Source {
    /// The operating system.
    Events(RecommendedWatcher),
    /// Nobody: the files are asked.
    Polling(Vec<Option<Stamp>>),
}

#[derive(Debug)]
enum Message {
    Event(notify::Result<Event>),
    Wake,
    Stop,
}

/// What tells one folder from another that took its place.
type Identity = (u64, u64);

/// What changes when a file does: length, times and identity.
type Stamp = (u64, Option<std::time::SystemTime>, i64, Identity);

impl WatchStop {
    /// Makes [`Watcher::next`] return `false`, now or when it is called.
    pub fn stop(&self) {
        // A watcher that is gone has stopped.
        let _gone = self.0.send(Message::Stop);
    }
}

impl Watcher {
    /// Begins to watch `files` (absolute paths, folders resolved) in the project at `root`. With
    /// `poll`, or where the file system does not tell, they are asked twice a second.
    ///
    /// # Errors
    /// When `root` is gone.
    pub fn new(root: &Path, files: Vec<PathBuf>, burst: Burst, poll: bool) -> Result<Self, WatchError> {
        let (sender, receiver) = mpsc::channel();
        let events = sender.clone();
        let source = if poll || is_remote(root) {
            None
        } else {
            let handler = move |event| {
                // Nobody listens any more: the watcher is being dropped.
                let _gone = events.send(Message::Event(event));
            };
            notify::recommended_watcher(handler)
                .inspect_err(|error| tracing::warn!(%error, "no file events here; polling"))
                .ok()
        };
        let source = source.map_or_else(|| Source::Polling(stamps(&files)), Source::Events);
        let (names, folders) = (BTreeSet::new(), BTreeMap::new());
        let mut watcher = Self { files, names, source, folders, sender, receiver, burst, wake: None };
        watcher.listen(root)?;
        Ok(watcher)
    }

    /// How it watches, for people.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.source {
            Source::Events(_) => format!("{:?}", RecommendedWatcher::kind()).to_lowercase(),
            Source::Polling(_) => format!("polling every {} ms", POLL.as_millis()),
        }
    }

    /// What ends [`Watcher::next`].
    #[must_use]
    pub fn stopper(&self) -> WatchStop {
        WatchStop(self.sender.clone())
    }

    /// What makes [`Watcher::next`] return from another thread.
    #[must_use]
    pub fn waker(&self) -> WatchWake {
        WatchWake(self.sender.clone())
    }

    /// Watches other files from now on.
    ///
    /// # Errors
    /// When `root` is gone.
    pub fn retarget(&mut self, root: &Path, files: Vec<PathBuf>, burst: Burst) -> Result<(), WatchError> {
        if let Source::Polling(known) = &mut self.source {
            *known = stamps(&files);
        }
        self.files = files;
        self.burst = burst;
        self.listen(root)
    }

    /// Makes [`Watcher::next`] return after this time, whether anything happens or not.
    pub fn look_again(&mut self, after: Duration) {
        let at = Instant::now() + after;
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }

    /// Waits until a file may have changed and the burst is over; `false` when it was stopped.
    ///
    /// # Errors
    /// When `root` is gone.
    pub fn next(&mut self, root: &Path) -> Result<bool, WatchError> {
        loop {
            let mut received = self.receive();
            let (mut is_concerned, mut is_rearranged) = (false, false);
            // One save makes several events: all that have come are one.
            loop {
                match received {
                    Ok(Message::Wake) => self.look_again(Duration::ZERO),
                    Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return Ok(false),
                    Ok(Message::Event(event)) => {
                        let concerns = self.concerns(&event);
                        is_concerned |= concerns;
                        is_rearranged |= concerns && !is_about_content(&event);
                    }
                    Err(RecvTimeoutError::Timeout) => break,
                }
                received = self.receiver.recv_timeout(Duration::ZERO);
            }
            if is_concerned {
                self.burst.touch(Instant::now());
            }
            if is_rearranged {
                // A folder that just appeared may hold the file already: look in any case.
                self.listen(root)?;
            }
            self.poll();
            let now = Instant::now();
            let is_time = self.wake.is_some_and(|wake| wake <= now);
            if is_time {
                self.wake = None;
            }
            // A burst that goes on will be looked at when it is over.
            if self.burst.settle(now) || (is_time && self.burst.wait(now).is_none()) {
                return Ok(true);
            }
        }
    }

    fn receive(&self) -> Result<Message, RecvTimeoutError> {
        let now = Instant::now();
        let wake = self.wake.map(|wake| wake.saturating_duration_since(now));
        let poll = matches!(self.source, Source::Polling(_)).then_some(POLL);
        match [self.burst.wait(now), wake, poll].into_iter().flatten().min() {
            Some(wait) => self.receiver.recv_timeout(wait),
            None => self.receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    /// Whether an event may be about one of the files or a folder on the way to it. A queue that
    /// overflowed and an error name nothing and may be about all.
    fn concerns(&self, event: &notify::Result<Event>) -> bool {
        let Ok(event) = event else { return true };
        if event.need_rescan() {
            return true;
        }
        !matches!(event.kind, EventKind::Access(_))
            && event.paths.iter().any(|path| self.names.iter().any(|name| name.starts_with(path)))
    }

    fn poll(&mut self) {
        if let Source::Polling(known) = &mut self.source {
            let found = stamps(&self.files);
            if *known != found {
                *known = found;
                self.burst.touch(Instant::now());
            }
        }
    }

    /// Watches the folders that matter now, and no others.
    fn listen(&mut self, root: &Path) -> Result<(), WatchError> {
        if !root.is_dir() {
            return Err(WatchError::Gone(root.to_owned()));
        }
        let resolved = self.files.iter().filter_map(|file| file.canonicalize().ok());
        self.names = self.files.iter().cloned().chain(resolved).collect();
        let wanted: BTreeMap<PathBuf, Identity> =
            self.names.iter().filter_map(|name| nearest_folder(name)).collect();
        let Source::Events(events) = &mut self.source else { return Ok(()) };
        for (folder, identity) in &self.folders {
            if wanted.get(folder) != Some(identity) {
                // A folder that was removed has taken its watch along.
                let _removed = events.unwatch(folder);
            }
        }
        for (folder, identity) in &wanted {
            if self.folders.get(folder) == Some(identity) {
                continue;
            }
            match events.watch(folder, RecursiveMode::NonRecursive) {
                Ok(()) => {}
                Err(error) if is_gone(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, folder = %folder.display(), "no file events here; polling");
                    self.folders.clear();
                    self.source = Source::Polling(stamps(&self.files));
                    return Ok(());
                }
            }
        }
        self.folders = wanted;
        Ok(())
    }
}

/// Whether an event says that something was written, rather than that names or folders changed.
fn is_about_content(event: &notify::Result<Event>) -> bool {
    event.as_ref().is_ok_and(|event| matches!(event.kind, EventKind::Modify(ModifyKind::Data(_))))
}

/// The folder a file stands in, or the nearest existing one above.
fn nearest_folder(file: &Path) -> Option<(PathBuf, Identity)> {
    file.ancestors().skip(1).find_map(|folder| {
        let metadata = fs::metadata(folder).ok()?;
        metadata.is_dir().then(|| (folder.to_owned(), identity(&metadata)))
    })
}

/// Whether a folder vanished between looking and watching; its parent tells when it is back.
fn is_gone(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => error.kind() == io::ErrorKind::NotFound,
        _ => false,
    }
}

fn stamps(files: &[PathBuf]) -> Vec<Option<Stamp>> {
    files.iter().map(|file| fs::metadata(file).ok().map(|metadata| stamp(&metadata))).collect()
}

#[cfg(unix)]
fn stamp(metadata: &fs::Metadata) -> Stamp {
    use std::os::unix::fs::MetadataExt as _;
    let changed = metadata.ctime().wrapping_mul(1_000_000_000).wrapping_add(metadata.ctime_nsec());
    (metadata.len(), metadata.modified().ok(), changed, identity(metadata))
}

#[cfg(not(unix))]
fn stamp(metadata: &fs::Metadata) -> Stamp {
    (metadata.len(), metadata.modified().ok(), 0, identity(metadata))
}

#[cfg(unix)]
fn identity(metadata: &fs::Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(_: &fs::Metadata) -> Identity {
    (0, 0)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write as a foreign editor would")]
mod tests {
    use super::*;
    use notify::event::{AccessKind, Flag};
    use std::fs;

    type Step = Box<dyn Fn(&Path)>;

    /// Watches a file at `file` below a scratch folder and makes the `steps` one by one, each after
    /// the one before was noticed. Fails after half a minute.
    fn notices(file: &str, poll: bool, steps: &[Step]) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let burst = Burst::new(Duration::from_millis(5), Duration::from_millis(50));
        let mut watcher = Watcher::new(&root, vec![root.join(file)], burst, poll).unwrap();
        let (stop, path) = (watcher.stopper(), root.join(file));
        let (done, finished) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                if finished.recv_timeout(Duration::from_secs(30)) == Err(RecvTimeoutError::Timeout) {
                    stop.stop();
                }
            });
            for (at, step) in steps.iter().enumerate() {
                let before = fs::read(&path).ok();
                step(&path);
                let after = fs::read(&path).ok();
                assert_ne!(before, after, "step {at} changes something");
                assert!(watcher.next(&root).unwrap(), "step {at} was not noticed");
            }
            drop(done);
        });
    }

    fn save_by_rename(path: &Path, text: &str) {
        let beside = path.with_extension("new");
        fs::write(&beside, text).unwrap();
        fs::rename(beside, path).unwrap();
    }

    fn all_kinds_of_saving() -> [Step; 6] {
        [
            Box::new(|path| fs::write(path, "created").unwrap()),
            Box::new(|path| fs::write(path, "in place").unwrap()),
            Box::new(|path| save_by_rename(path, "renamed")),
            Box::new(|path| save_by_rename(path, "renamed again")),
            Box::new(|path| fs::remove_file(path).unwrap()),
            Box::new(|path| fs::write(path, "back").unwrap()),
        ]
    }

    #[test]
    fn every_kind_of_saving_is_noticed() {
        notices("f.md", false, &all_kinds_of_saving());
    }

    #[test]
    fn every_kind_of_saving_is_noticed_by_polling() {
        notices("f.md", true, &all_kinds_of_saving());
    }

    #[test]
    fn a_folder_may_come_and_go() {
        notices(
            "docs/deep/f.md",
            false,
            &[
                Box::new(|path| {
                    fs::create_dir_all(path.parent().unwrap()).unwrap();
                    fs::write(path, "1").unwrap();
                }),
                Box::new(|path| fs::remove_dir_all(path.ancestors().nth(2).unwrap()).unwrap()),
                Box::new(|path| {
                    fs::create_dir_all(path.parent().unwrap()).unwrap();
                    fs::write(path, "2").unwrap();
                }),
                Box::new(|path| fs::write(path, "3").unwrap()),
            ],
        );
    }

    #[cfg(unix)]
    #[test]
    fn the_file_behind_a_link_is_watched() {
        notices(
            "f.md",
            false,
            &[
                Box::new(|path| {
                    let folder = path.with_file_name("real");
                    fs::create_dir(&folder).unwrap();
                    fs::write(folder.join("g.md"), "1").unwrap();
                    std::os::unix::fs::symlink("real/g.md", path).unwrap();
                }),
                Box::new(|path| fs::write(path.with_file_name("real").join("g.md"), "2").unwrap()),
            ],
        );
    }

    #[test]
    fn only_what_may_be_about_the_file_wakes() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let burst = Burst::new(Duration::ZERO, Duration::ZERO);
        let watcher = Watcher::new(&root, vec![root.join("docs/f.md")], burst, true).unwrap();
        let modified = EventKind::Modify(ModifyKind::Any);
        for (kind, path, expected) in [
            (modified, "docs/f.md", true),
            (modified, "docs", true),
            (modified, "docs/g.md", false),
            (modified, "doc", false),
            (EventKind::Access(AccessKind::Any), "docs/f.md", false),
        ] {
            let event = Event::new(kind).add_path(root.join(path));
            assert_eq!(watcher.concerns(&Ok(event)), expected, "{kind:?} {path}");
        }
        let overflow = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        assert!(watcher.concerns(&Ok(overflow)));
        assert!(watcher.concerns(&Err(notify::Error::generic("trouble"))));
    }

    #[test]
    fn it_can_be_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let burst = Burst::new(Duration::ZERO, Duration::ZERO);
        let mut watcher = Watcher::new(&root, vec![root.join("f.md")], burst, false).unwrap();
        watcher.stopper().stop();
        assert!(!watcher.next(&root).unwrap());
    }
}
