//! What a command printed: all of it in a file, the end of it in memory.

use crate::text::{Revision, RevisionHasher};
use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::PathBuf,
};

/// How much of the end is kept in memory, in bytes.
const TAIL: usize = 16 * 1024;

/// The largest output file; what goes beyond is counted and hashed, and not kept.
const FILE_LIMIT: u64 = 1 << 30;

/// How many outputs are kept …
const KEPT_FILES: usize = 50;

/// … and how large they are together, in bytes; the newest stays in any case.
const KEPT_BYTES: u64 = 512 << 20;

/// `.rulemark/output/`.
#[derive(Clone, Debug)]
pub struct OutputFolder {
    path: PathBuf,
}

impl OutputFolder {
    /// The folder at `path`; it is made when something is kept in it.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// A new file for an output, in the folder, which is made in an existing one. Its name begins with `stem`, which orders the outputs by age.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn create(&self, stem: &str) -> io::Result<(File, PathBuf)> {
        match fs::create_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made?,
        }
        if !self.path.symlink_metadata()?.is_dir() {
            // A link planted here could lead anywhere, and old outputs are deleted.
            return Err(io::Error::new(io::ErrorKind::NotADirectory, "it is not a folder"));
        }
        self.forget_old()?;
        for number in 1_u32.. {
            let path = self.path.join(format!("{stem}-{number}.log"));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                opened => return opened.map(|file| (file, path)),
            }
        }
        Err(io::Error::other("no name is free"))
    }

    /// Removes the oldest outputs until there is room for one more.
    fn forget_old(&self) -> io::Result<()> {
        let mut outputs = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "log") {
                outputs.push((path, entry.metadata()?.len()));
            }
        }
        outputs.sort_unstable_by(|one, other| other.0.cmp(&one.0));
        let mut bytes = 0;
        for (number, (path, length)) in outputs.iter().enumerate() {
            bytes += length;
            if number > 0 && (number + 1 >= KEPT_FILES || bytes > KEPT_BYTES) {
                match fs::remove_file(path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// What a command printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// How much, in bytes.
    pub bytes: u64,
    /// The hash of all of it.
    pub digest: Revision,
    /// The end of it, at most 16 KiB; what is no UTF-8 is replaced.
    pub tail: String,
    /// Whether the file has all of it.
    pub is_whole: bool,
}

/// Takes output as it comes.
pub(super) struct Capture<'f> {
    file: Option<&'f mut File>,
    room: u64,
    is_whole: bool,
    bytes: u64,
    hasher: RevisionHasher,
    tail: VecDeque<u8>,
}

impl<'f> Capture<'f> {
    pub(super) fn new(file: Option<&'f mut File>) -> Self {
        let is_whole = file.is_some();
        let (hasher, tail) = (RevisionHasher::default(), VecDeque::with_capacity(TAIL));
        Self { file, room: FILE_LIMIT, is_whole, bytes: 0, hasher, tail }
    }

    pub(super) fn take(&mut self, chunk: &[u8]) {
        self.bytes += chunk.len() as u64;
        self.hasher.update(chunk);
        if let Some(file) = &mut self.file {
            let fits = chunk.len().min(usize::try_from(self.room).unwrap_or(usize::MAX));
            self.room -= fits as u64;
            // A full disk must not fail the tests: the file ends where it ended.
            let written = file.write_all(&chunk[..fits]);
            if fits < chunk.len() || written.is_err() {
                self.is_whole = false;
                self.file = None;
            }
        }
        let new = &chunk[chunk.len().saturating_sub(TAIL)..];
        let over = (self.tail.len() + new.len()).saturating_sub(TAIL);
        self.tail.drain(..over);
        self.tail.extend(new);
    }

    pub(super) fn finish(mut self) -> Captured {
        let tail = self.tail.make_contiguous();
        // The first character may have been cut.
        let start = tail.iter().take(3).take_while(|&&byte| byte & 0xc0 == 0x80).count();
        Captured {
            bytes: self.bytes,
            digest: self.hasher.finish(),
            tail: String::from_utf8_lossy(&tail[start..]).into_owned(),
            is_whole: self.is_whole,
        }
    }
}

/// The last lines of output that say something, without what steers a terminal.
#[must_use]
pub fn last_lines(text: &str, count: usize) -> Vec<String> {
    let plain = anstream::adapter::strip_str(text).to_string();
    // A carriage return begins a line anew: only what was left standing counts.
    let lines = plain.lines().map(|line| line.trim_end().rsplit('\r').next().unwrap_or_default().to_owned());
    let lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_say_something() {
        let lines = last_lines("a\n\nb\r\n  50 %\r  100 %\r\n\x1b[31mred\x1b[0m  \n\n", 3);
        assert_eq!(lines, ["b", "  100 %", "red"]);
        assert_eq!(last_lines("", 3), [""; 0]);
    }

    #[test]
    fn the_end_is_kept_and_all_of_it_is_counted() {
        let mut capture = Capture::new(None);
        let text: String = (0..10_000).map(|number| format!("line {number} é\n")).collect();
        for chunk in text.as_bytes().chunks(777) {
            capture.take(chunk);
        }
        let captured = capture.finish();
        assert_eq!((captured.bytes, captured.digest), (text.len() as u64, Revision::of(&text)));
        assert!(text.ends_with(&captured.tail) && (TAIL - 3..=TAIL).contains(&captured.tail.len()));
        assert!(!captured.is_whole, "nothing was kept");
    }

    #[test]
    fn a_link_in_its_place_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/tmp", folder.path().join("output")).unwrap();
        let error = OutputFolder::new(folder.path().join("output")).create("x").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotADirectory);
    }

    #[test]
    fn old_outputs_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let outputs = OutputFolder::new(folder.path().join("output"));
        for number in 0..KEPT_FILES + 5 {
            outputs.create(&format!("{number:04}")).unwrap();
        }
        outputs.create("0054").unwrap();
        let entries = fs::read_dir(folder.path().join("output")).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names.len(), KEPT_FILES);
        assert_eq!(names.first().map(String::as_str), Some("0006-1.log"));
        assert_eq!(names.last().map(String::as_str), Some("0054-2.log"));
    }
}
