//! Reading a document.

use super::{
    FileSystem, Identity, LeaseKind, Leasing, LocalFileSystem, Stamp,
    beneath::{Refusal, is_loop},
    file_system::{self, uninterrupted},
};
use std::{
    fs::{File, FileType, Metadata},
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Why a document could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No file, but a folder, a pipe, a device …
    #[error("{} is a {kind}, not a file", .path.display())]
    NotAFile {
        /// Which.
        path: PathBuf,
        /// What it is instead.
        kind: &'static str,
    },
    /// A symbolic link out of the project.
    #[error("{} leads out of the project, to {}", .path.display(), .target.display())]
    Outside {
        /// Which.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// A symbolic link to nothing.
    #[error("{} is a symbolic link to nothing", .path.display())]
    Dangling {
        /// Which.
        path: PathBuf,
    },
    /// A symbolic link that leads back to itself.
    #[error("{} is a symbolic link that leads back to itself", .path.display())]
    Loop {
        /// Which.
        path: PathBuf,
    },
    /// Larger than the settings allow.
    #[error("{} is larger than {limit} bytes", .path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// How large it may be.
        limit: u64,
    },
    /// Not UTF-8.
    #[error("{} is not UTF-8: invalid byte at offset {offset}, line {line}", .path.display())]
    NotUtf8 {
        /// Which.
        path: PathBuf,
        /// The first byte that is none.
        offset: usize,
        /// Its line, from 1.
        line: usize,
        /// Whether it looks like UTF-16.
        utf16: bool,
    },
    /// Somebody writes it without a pause.
    #[error("{} is being written and does not come to rest", .path.display())]
    Restless {
        /// Which.
        path: PathBuf,
    },
    /// The disk refused.
    #[error("cannot read {}: {source}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl ReadError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotAFile { .. } => "name the file in rulemark.toml, under [paths]".into(),
            Self::Outside { .. } => "keep the file in the project; a link inside it is fine".into(),
            Self::Dangling { .. } => "remove the link, or make the file it leads to".into(),
            Self::Loop { .. } => "remove the link; the file it stood for is not reached by it".into(),
            Self::TooLarge { .. } => {
                "shorten the file, or raise file_size under [limits] in rulemark.toml".into()
            }
            Self::NotUtf8 { utf16: true, .. } => "it looks like UTF-16: save it as UTF-8".into(),
            Self::NotUtf8 { .. } => "save it as UTF-8".into(),
            Self::Restless { .. } => "try again when whoever writes it has finished".into(),
            Self::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                "check the permissions of the file and of the folders above it".into()
            }
            Self::Io { .. } => return None,
        })
    }
}

/// Reads the file at `path`, byte for byte: byte order mark, line ends and NUL are part of the text.
/// `None` when there is no such file. Whether somebody is writing it is not asked; see [`Reader`].
///
/// `root` is the project's folder, with symbolic links resolved; the file must lie inside. At most
/// `limit` bytes are read.
///
/// # Errors
/// When it is anything but a readable UTF-8 text file of that size inside the project.
pub fn read_text(path: &Path, root: &Path, limit: u64) -> Result<Option<String>, ReadError> {
    let reader = Reader { file_system: &LocalFileSystem, root, limit, keep_lease: false };
    let Some(opened) = reader.open(path)? else { return Ok(None) };
    let bytes = reader.bytes(path, &opened.file)?;
    as_text(path, bytes).map(Some)
}

/// Reads documents that others may be writing.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    /// The disk.
    pub file_system: &'a dyn FileSystem,
    /// The project's folder, symbolic links resolved; documents must lie inside.
    pub root: &'a Path,
    /// The largest document that is read, in bytes.
    pub limit: u64,
    /// Whether the lease is kept, so that writers wait until the [`Reading`] is dropped.
    pub keep_lease: bool,
}

/// A document as it stood while nobody was writing it.
#[derive(Debug)]
pub struct Reading {
    /// Its text.
    pub text: String,
    /// Where it stands, symbolic links followed.
    pub target: PathBuf,
    /// Which file that is.
    pub identity: Identity,
    /// What would change if it were written.
    pub stamp: Stamp,
    pub(super) metadata: Metadata,
    pub(super) file: File,
    /// Whether the lease is still held.
    pub(super) is_leased: bool,
}

/// How long somebody may have a document open for writing before it is read all the same. Agents and
/// editors need a millisecond or two; one who never closes must not stop everybody else.
const WRITER: Duration = Duration::from_millis(40);

/// How long a document that can't be leased must have stayed the same.
const QUIET: Duration = Duration::from_millis(20);

/// The same for one that looks as if somebody were in the middle of writing it.
const QUIET_IF_TORN: Duration = Duration::from_millis(400);

/// When a document that never rests is given up.
const GIVE_UP: Duration = Duration::from_secs(5);

/// How often it is looked at meanwhile: at first as often as a save may end, then more seldom.
const LOOKS: (Duration, Duration) = (Duration::from_micros(100), Duration::from_millis(4));

/// How long a save takes, as a rule.
const SAVE: Duration = Duration::from_millis(3);

impl Reader<'_> {
    /// Reads the document at `path` at a moment when nobody is writing it; `None` when there is no
    /// such file.
    ///
    /// Where there are leases that moment is known. Somebody who keeps the file open is waited for,
    /// but not for ever: then what is there is taken if it is the text of `known` and more lines
    /// behind it, or if it stays the same for a while. So it is, too, where there are no leases.
    ///
    /// # Errors
    /// When it is anything but a readable UTF-8 text file inside the project, or does not rest.
    pub fn read(
        &self,
        path: &Path,
        known: &dyn Fn() -> Option<String>,
    ) -> Result<Option<Reading>, ReadError> {
        let began = Instant::now();
        let mut pause = LOOKS.0;
        let mut last: Option<Sighting> = None;
        loop {
            let Some(mut opened) = self.open(path)? else { return Ok(None) };
            let leasing = uninterrupted(|| self.file_system.lease(&opened.file, LeaseKind::Read));
            let leasing = leasing.map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
            let bytes = self.bytes(path, &opened.file)?;
            let looked = opened.file.metadata();
            opened.metadata = looked.map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
            let is_leased = leasing == Leasing::Granted;
            // A file that grows by a writable mapping is full of NUL until it is filled, and there are
            // file systems that grant a lease all the same.
            if is_leased && !bytes.contains(&0) {
                return self.reading(path, opened, bytes, true).map(Some);
            }
            let seen = Sighting::after(last.take(), bytes, opened.identity);
            if (leasing != Leasing::InUse || began.elapsed() >= WRITER)
                && seen.is_at_rest(leasing, &opened.metadata, known)
            {
                return self.reading(path, opened, seen.bytes, is_leased).map(Some);
            }
            if began.elapsed() > GIVE_UP {
                return Err(ReadError::Restless { path: path.to_owned() });
            }
            last = Some(seen);
            drop(opened); // a lease ends here: whoever waits for it goes on
            std::thread::sleep(pause);
            if began.elapsed() > SAVE {
                pause = (pause * 2).min(LOOKS.1);
            }
        }
    }

    /// Whether it is known, for the document at `path`, when nobody is writing it. `false` as well when
    /// there is no such file.
    #[must_use]
    pub fn knows_writers(&self, path: &Path) -> bool {
        let Ok(Some(opened)) = self.open(path) else { return false };
        let leasing = self.file_system.lease(&opened.file, LeaseKind::Read);
        matches!(leasing, Ok(Leasing::Granted | Leasing::InUse))
    }

    fn reading(
        &self,
        path: &Path,
        opened: Opened,
        bytes: Vec<u8>,
        is_leased: bool,
    ) -> Result<Reading, ReadError> {
        if is_leased && !self.keep_lease {
            self.file_system.release(&opened.file);
        }
        Ok(Reading {
            text: as_text(path, bytes)?,
            target: opened.target,
            identity: opened.identity,
            stamp: Stamp::of(&opened.metadata),
            metadata: opened.metadata,
            file: opened.file,
            is_leased: is_leased && self.keep_lease,
        })
    }

    /// Opens the document, which must be a file inside the project.
    fn open(&self, path: &Path) -> Result<Option<Opened>, ReadError> {
        let refused = |source| ReadError::Io { path: path.to_owned(), source };
        let file = match file_system::open(self.file_system, self.root, path) {
            Ok(file) => file,
            Err(Refusal::Outside(target)) => {
                return Err(ReadError::Outside { path: path.to_owned(), target });
            }
            Err(Refusal::Io(error)) => return why_not(path, error).map(|()| None),
        };
        let metadata = file.metadata().map_err(refused)?;
        let kind = metadata.file_type();
        if !kind.is_file() {
            return Err(ReadError::NotAFile { path: path.to_owned(), kind: kind_in_words(kind) });
        }
        let target = match uninterrupted(|| self.file_system.resolve(path)) {
            Ok(target) => target,
            // Somebody is moving it away just now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(refused(error)),
        };
        Ok(Some(Opened { target, identity: Identity::of(&metadata), metadata, file }))
    }

    fn bytes(&self, path: &Path, file: &File) -> Result<Vec<u8>, ReadError> {
        let bytes = uninterrupted(|| self.file_system.read(file, self.limit.saturating_add(1)))
            .map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
        if bytes.len() as u64 > self.limit {
            return Err(ReadError::TooLarge { path: path.to_owned(), limit: self.limit });
        }
        Ok(bytes)
    }
}

/// A document that was opened.
struct Opened {
    target: PathBuf,
    identity: Identity,
    metadata: Metadata,
    file: File,
}

/// What a document was at one look, and since when it is.
struct Sighting {
    bytes: Vec<u8>,
    identity: Identity,
    since: Instant,
}

impl Sighting {
    fn after(last: Option<Self>, bytes: Vec<u8>, identity: Identity) -> Self {
        let same = last.filter(|last| last.identity == identity && last.bytes == bytes);
        let since = same.map_or_else(Instant::now, |last| last.since);
        Self { bytes, identity, since }
    }

    /// For how long it has been so, as far as the file's own time tells or was seen.
    fn quiet_for(&self, metadata: &Metadata) -> Duration {
        let age = metadata.modified().ok().and_then(|time| time.elapsed().ok()).unwrap_or_default();
        self.since.elapsed().max(age)
    }

    /// Whether it can be taken for what somebody meant to save.
    fn is_at_rest(&self, leasing: Leasing, metadata: &Metadata, known: &dyn Fn() -> Option<String>) -> bool {
        let quiet = self.quiet_for(metadata);
        if quiet >= QUIET_IF_TORN {
            return true;
        }
        let known = known();
        let only_adds = known.as_ref().is_some_and(|known| self.only_adds_to(known));
        // A writer that is put to sleep in the middle leaves whole lines, but fewer.
        let is_short = known.is_some_and(|known| self.bytes.len() < known.len());
        let looks_torn = is_short
            || self.bytes.contains(&0)
            || !self.bytes.ends_with(b"\n")
            || std::str::from_utf8(&self.bytes).is_err();
        (leasing == Leasing::InUse && only_adds) || (quiet >= QUIET && !looks_torn)
    }

    /// Whether this is `known` and whole lines behind it.
    fn only_adds_to(&self, known: &str) -> bool {
        let added = self.bytes.strip_prefix(known.as_bytes());
        (known.is_empty() || known.ends_with('\n'))
            && added.is_some_and(|added| added.ends_with(b"\n") && !added.contains(&0))
    }
}

fn as_text(path: &Path, bytes: Vec<u8>) -> Result<String, ReadError> {
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        ReadError::NotUtf8 {
            path: path.to_owned(),
            offset,
            line: 1 + bytes[..offset].iter().filter(|&&byte| byte == b'\n').count(),
            utf16: bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]),
        }
    })
}

/// Why the system does not open what stands at a path; nothing when nothing stands there.
fn why_not(path: &Path, error: io::Error) -> Result<(), ReadError> {
    let path = path.to_owned();
    if error.kind() == io::ErrorKind::NotFound {
        // Asked twice: a file that is being replaced may be back by now.
        return if path.is_symlink() && !path.exists() { Err(ReadError::Dangling { path }) } else { Ok(()) };
    }
    if is_loop(&error) {
        return Err(ReadError::Loop { path });
    }
    // A socket can't be opened at all.
    match path.metadata() {
        Ok(found) if !found.is_file() && !found.is_dir() => {
            Err(ReadError::NotAFile { path, kind: kind_in_words(found.file_type()) })
        }
        _ => Err(ReadError::Io { path, source: error }),
    }
}

fn kind_in_words(kind: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return "named pipe";
        }
        if kind.is_socket() {
            return "socket";
        }
        if kind.is_block_device() || kind.is_char_device() {
            return "device";
        }
    }
    if kind.is_dir() { "folder" } else { "special file" }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write as a foreign editor would")]
mod tests {
    use super::*;
    use std::fs;

    fn check(make: impl FnOnce(&Path), expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("project");
        fs::create_dir(&root).unwrap();
        let path = root.join("f");
        make(&path);
        let told = match read_text(&path, &root, 10) {
            Ok(text) => format!("{text:?}"),
            Err(error) => error.to_string(),
        };
        let root = root.display().to_string();
        let outside = folder.path().canonicalize().unwrap().display().to_string();
        assert_eq!(told.replace(&format!("{root}/"), "").replace(&format!("{outside}/"), "../"), expected);
    }

    #[test]
    fn text_is_kept() {
        check(|_| (), "None");
        check(|path| fs::write(path, "").unwrap(), r#"Some("")"#);
        check(|path| fs::write(path, "\u{feff}a\0\r\n").unwrap(), r#"Some("\u{feff}a\0\r\n")"#);
        check(|path| fs::write(path, "0123456789").unwrap(), r#"Some("0123456789")"#);
    }

    #[test]
    fn anything_else_is_refused() {
        check(|path| fs::create_dir(path).unwrap(), "f is a folder, not a file");
        check(|path| fs::write(path, "0123456789a").unwrap(), "f is larger than 10 bytes");
        check(
            |path| fs::write(path, b"a\nb\n\xff\xfe").unwrap(),
            "f is not UTF-8: invalid byte at offset 4, line 3",
        );
        check(
            |path| fs::write(path, b"a\xe2\x96").unwrap(),
            "f is not UTF-8: invalid byte at offset 1, line 1",
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_and_special_files() {
        use std::os::unix::fs::symlink;
        check(|path| symlink("nowhere", path).unwrap(), "f is a symbolic link to nothing");
        check(
            |path| {
                fs::write(path.with_file_name("g"), "g").unwrap();
                symlink("g", path).unwrap();
            },
            r#"Some("g")"#,
        );
        check(
            |path| {
                fs::write(path.parent().unwrap().with_file_name("secret"), "s").unwrap();
                symlink("../secret", path).unwrap();
            },
            "f leads out of the project, to ../secret",
        );
        check(
            |path| {
                rustix::fs::mknodat(
                    rustix::fs::CWD,
                    path,
                    rustix::fs::FileType::Fifo,
                    rustix::fs::Mode::from_raw_mode(0o600),
                    0,
                )
                .unwrap();
            },
            "f is a named pipe, not a file",
        );
        check(|path| symlink("/dev/zero", path).unwrap(), "f leads out of the project, to /dev/zero");
        check(|path| symlink("f", path).unwrap(), "f is a symbolic link that leads back to itself");
        check(
            |path| drop(std::os::unix::net::UnixListener::bind(path).unwrap()),
            "f is a socket, not a file",
        );
    }
}
