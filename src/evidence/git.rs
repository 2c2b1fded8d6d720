//! The state of a tree that git looks after: the name of the tree that a commit of everything would
//! have.
//!
//! Nothing of the user's is touched. The index is a copy of the user's, in `.rulemark/tree/`, so that git
//! need not read again what has not changed since; objects go beside it.

use crate::{
    disk::{Lock, Workspace},
    process::quiet,
};
use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

/// Settings of a repository that would let it run a program, write into it, or refuse for nothing.
/// The two about sparse checkouts take the mark from files that git was told not to look at, and that
/// are there.
const CAREFUL: [&str; 20] = [
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.untrackedCache=false",
    "-c",
    "core.splitIndex=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.safecrlf=false",
    "-c",
    "core.looseCompression=0",
    "-c",
    "index.threads=true",
    "-c",
    "advice.addEmbeddedRepo=false",
    "-c",
    "core.sparseCheckout=true",
    "-c",
    "sparse.expectFilesOutsideOfPatterns=false",
];

/// How long another process may be at it.
const PATIENCE: Duration = Duration::from_secs(60);

/// The tree of all tracked files, and all that are neither tracked nor ignored, below the project's
/// folder; without the two documents and `.rulemark/`.
pub(super) fn tree(workspace: &Workspace) -> io::Result<String> {
    let places = Places::find(workspace)?;
    let _lock = Lock::acquire(&places.own.join("lock"), "tree", PATIENCE).map_err(io::Error::other)?;
    let (seed, index) = (places.own.join("seed"), places.own.join("index"));
    // Left by one that was killed: the lock says that nobody is at work.
    remove(&places.own.join("index.lock"))?;
    remove(&index)?;
    let own = |path: &Path| workspace.relative(path).as_os_str().to_owned();
    let excluded = [own(workspace.state()), own(workspace.config()), own(&workspace.internal())];
    let stamp = places.stamp();
    // Each time begins with what the user's index has: what is tracked although it is ignored stands
    // only there, and what was added here before may be ignored now.
    if fs::read_to_string(places.own.join("stamp")).ok().as_ref() == Some(&stamp) {
        copy_if_there(&seed, &index)?;
    } else {
        places.forget_objects()?;
        remove(&seed)?;
        if copy_if_there(&places.index, &index)? {
            let excluded = excluded.iter().map(|path| pathspec("literal", path));
            places.git(words("rm --cached -r -f -q --ignore-unmatch --").chain(excluded))?;
            copy_if_there(&index, &seed)?;
        }
        remove(&places.own.join("stamp"))?;
        File::create_new(places.own.join("stamp"))?.write_all(stamp.as_bytes())?;
    }
    // Files that somebody has told git to take for unchanged are looked at all the same. That some are
    // not, this command calls a failure.
    places.git(words("update-index -q --really-refresh")).ok();
    places.git(
        words("add -A --sparse -- .").chain(excluded.iter().map(|path| pathspec("exclude,literal", path))),
    )?;
    let prefix = (!places.prefix.is_empty()).then(|| format!("--prefix={}", places.prefix).into());
    let tree = places.git(words("write-tree --missing-ok").chain(prefix))?;
    Ok(String::from_utf8_lossy(&tree).trim().to_owned())
}

/// What is read of the repository, and where we keep our own.
struct Places {
    root: PathBuf,
    /// `.rulemark/tree/`.
    own: PathBuf,
    /// The user's index.
    index: PathBuf,
    /// The repository's objects.
    objects: PathBuf,
    /// The project's folder, from the top of the work tree, with a slash at its end.
    prefix: String,
}

impl Places {
    fn find(workspace: &Workspace) -> io::Result<Self> {
        let root = workspace.root();
        let question = words("rev-parse --git-path index --git-path objects --show-prefix");
        let answer = quiet("git", root).args(CAREFUL).args(question).output()?;
        let answer = String::from_utf8(answer).map_err(io::Error::other)?;
        let mut lines = answer.lines();
        let mut path = || lines.next().map(|path| root.join(path));
        let (Some(index), Some(objects)) = (path(), path()) else {
            return Err(io::Error::other("git does not say where its folder is"));
        };
        let own = workspace.make_internal().map_err(io::Error::other)?.join("tree");
        make_folder(&own)?;
        let prefix = lines.next().unwrap_or_default().to_owned();
        Ok(Self { root: root.to_owned(), own, index, objects, prefix })
    }

    /// Asks git something about our own index.
    fn git(&self, arguments: impl Iterator<Item = OsString>) -> io::Result<Vec<u8>> {
        let asked = quiet("git", &self.root).args(CAREFUL).args(arguments).env("GIT_OPTIONAL_LOCKS", "0");
        asked
            .env("GIT_INDEX_FILE", self.own.join("index"))
            .env("GIT_OBJECT_DIRECTORY", self.own.join("objects"))
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", &self.objects)
            .output()
    }

    /// What changes whenever git writes the user's index.
    fn stamp(&self) -> String {
        let Ok(metadata) = fs::metadata(&self.index) else { return "none".into() };
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        format!("{} {}", modified.unwrap_or_default().as_nanos(), metadata.len())
    }

    fn forget_objects(&self) -> io::Result<()> {
        let objects = self.own.join("objects");
        match fs::remove_dir_all(&objects) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => fs::create_dir(&objects),
        }
    }
}

/// Copies an index with its time; answers whether there is one. A file that changed no earlier than the
/// index is one that git reads, its size and times being no proof: a later copy would seem to prove it.
fn copy_if_there(from: &Path, to: &Path) -> io::Result<bool> {
    // Before the copy: if somebody writes in between, the earlier time makes git read more, not less.
    let modified = match fs::metadata(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        found => found?.modified()?,
    };
    fs::copy(from, to)?;
    File::options().write(true).open(to)?.set_modified(modified)?;
    Ok(true)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes a folder of our own, which must not be a link to somewhere else.
fn make_folder(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let is_folder = path.symlink_metadata()?.is_dir();
            if is_folder {
                Ok(())
            } else {
                Err(io::Error::other(format!("{} is not a folder", path.display())))
            }
        }
        made => made,
    }
}

fn words(text: &str) -> impl Iterator<Item = OsString> {
    text.split(' ').map(OsString::from)
}

fn pathspec(magic: &str, path: &OsStr) -> OsString {
    let mut spec = OsString::from(format!(":({magic})"));
    spec.push(path);
    spec
}
