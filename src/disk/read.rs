//! Reading a document.

use super::beneath::{Refusal, is_loop, open_beneath};
use std::{
    fs::FileType,
    io::{self, Read as _},
    path::{Path, PathBuf},
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
            Self::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                "check the permissions of the file and of the folders above it".into()
            }
            Self::Io { .. } => return None,
        })
    }
}

/// Reads the document at `path`, byte for byte: byte order mark, line ends and NUL are part of the
/// text. `None` when there is no such file.
///
/// `root` is the project's folder, with symbolic links resolved; the file must lie inside. At most
/// `limit` bytes are read.
///
/// # Errors
/// When it is anything but a readable UTF-8 text file of that size inside the project.
pub fn read_text(path: &Path, root: &Path, limit: u64) -> Result<Option<String>, ReadError> {
    let refused = |source| ReadError::Io { path: path.to_owned(), source };
    let file = match open_beneath(root, path) {
        Ok(file) => file,
        Err(Refusal::Outside(target)) => return Err(ReadError::Outside { path: path.to_owned(), target }),
        Err(Refusal::Io(error)) => return why_not(path, error),
    };
    let metadata = file.metadata().map_err(refused)?;
    let kind = metadata.file_type();
    if !kind.is_file() {
        return Err(ReadError::NotAFile { path: path.to_owned(), kind: kind_in_words(kind) });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().min(limit)).unwrap_or_default() + 1);
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(refused)?;
    if bytes.len() as u64 > limit {
        return Err(ReadError::TooLarge { path: path.to_owned(), limit });
    }
    String::from_utf8(bytes).map(Some).map_err(|error| {
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

/// What stands at a path that the system does not open.
fn why_not(path: &Path, error: io::Error) -> Result<Option<String>, ReadError> {
    let path = path.to_owned();
    if error.kind() == io::ErrorKind::NotFound {
        return if path.symlink_metadata().is_ok() { Err(ReadError::Dangling { path }) } else { Ok(None) };
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
