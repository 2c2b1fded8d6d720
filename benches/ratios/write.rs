//! The safe write against the usual one, with the same durability, and nobody else at work.

use crate::{document, interleaved, print_row, print_title};
use rulemark::disk::{Insistence, LocalFileSystem, Reader, Swapped, remove, stage, swap};
use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};
use tempfile::{NamedTempFile, TempDir};

pub(crate) fn measure() {
    print_title("write: a document of 13 KB, against temporary file + fsync + rename + fsync of the folder");
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let root = folder.path().canonicalize().unwrap();
    let (plain, safe) = (root.join("plain.md"), root.join("safe.md"));
    let text = document::generate(13_000);
    for path in [&plain, &safe] {
        fs::write(path, &text).unwrap();
    }
    fs::create_dir(root.join("displaced")).unwrap();
    let [base, safe] =
        interleaved(501, [&mut || write_plainly(&plain, &text), &mut || write_safely(&safe, &text)]);
    print_row("read under a lease, stage, exchange", safe, ("temp + fsync + rename", base));
}

fn write_plainly(path: &Path, text: &str) -> Duration {
    let started = Instant::now();
    let read = fs::read_to_string(path).unwrap();
    assert_eq!(read.len(), text.len());
    let folder = path.parent().unwrap();
    let mut temporary = NamedTempFile::new_in(folder).unwrap();
    temporary.write_all(text.as_bytes()).unwrap();
    temporary.as_file().sync_all().unwrap();
    temporary.persist(path).unwrap();
    File::open(folder).unwrap().sync_all().unwrap();
    started.elapsed()
}

fn write_safely(path: &Path, text: &str) -> Duration {
    let started = Instant::now();
    let root = path.parent().unwrap();
    let reader = Reader { file_system: &LocalFileSystem, root, limit: 1 << 24, keep_lease: false };
    let reading = reader.read(path, &|| None).unwrap().unwrap();
    let staged = stage(&LocalFileSystem, &root.join("displaced/1-state"), &reading, text).unwrap();
    let swapped = swap(&LocalFileSystem, &staged, reading, Insistence::Polite).unwrap();
    let time = started.elapsed();
    assert!(matches!(swapped, Swapped::Done(_)), "{swapped:?}");
    remove(&LocalFileSystem, &staged.place); // the runtime does so seconds later
    time
}
