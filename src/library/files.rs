//! The files of definitions on the disk.

use super::{FOLDER, Layer};
use crate::{
    disk::read_text,
    workflow::{Bundle, SourceFile},
};
use std::{
    env, fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// The largest file that is read, in bytes.
const LARGEST: u64 = 2 << 20;

/// The most files that a folder of a definition may have. The largest one known has 60.
const MOST_FILES: usize = 1_000;

/// How deep such a folder goes.
const DEEPEST: usize = 6;

/// Time and size of each file of a definition.
pub(super) type Stamps = Vec<(PathBuf, Option<SystemTime>, u64)>;

/// The folder of the user's configuration: `$XDG_CONFIG_HOME/rulemark`, or `~/.config/rulemark`.
pub(super) fn user_folder() -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let config = absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")));
    config.map(|config| config.join("rulemark"))
}

/// The files and folders in `folder` that look like definitions, by name.
pub(super) fn definitions_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| is_definition(path)).collect();
    paths.sort();
    paths
}

/// Whether there is something at `path` that could be a definition.
#[must_use]
pub fn is_definition(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with('.') || name.eq_ignore_ascii_case("readme.md") {
        return false;
    }
    if path.is_dir() {
        return path.join("metadata.json").is_file();
    }
    has_known_extension(path)
}

/// As it is shown to people: below the project, or below `~`.
pub(super) fn shown(layer: Layer, folder: &Path, path: &Path) -> String {
    let inner = path.strip_prefix(folder).unwrap_or(path);
    let inner: Vec<_> = inner.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    let inner = inner.join("/");
    match layer {
        Layer::User => format!("~/.config/rulemark/{inner}"),
        Layer::Project | Layer::BuiltIn => inner,
    }
}

/// The definition at `path`, which lies below `root`; its files are called by `shown`.
///
/// # Errors
/// When a file can't be read, or when there are too many of them; in words.
pub fn bundle_at(path: &Path, root: &Path, shown: &str) -> Result<Bundle, String> {
    let root = root.canonicalize().map_err(|error| format!("it can't be read: {error}"))?;
    let text = |file: &Path, shown: &str| match read_text(file, &root, LARGEST) {
        Ok(Some(text)) => Ok(text),
        Ok(None) => Err(format!("{shown} is not there")),
        Err(error) => Err(words(&error, shown)),
    };
    let below = |file: &Path| root.join(file.strip_prefix(&root).unwrap_or(file));
    if !path.is_dir() {
        return Ok(Bundle::of_file(shown, text(&below(path), shown)?));
    }
    let mut files = Vec::new();
    for file in files_of(path) {
        let inner = file.strip_prefix(path).unwrap_or(&file);
        let inner: Vec<_> = inner.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        let shown = format!("{shown}/{}", inner.join("/"));
        let text = text(&file, &shown)?;
        files.push(SourceFile { path: shown, text });
    }
    if files.len() > MOST_FILES {
        return Err(format!("it has more than {MOST_FILES} files"));
    }
    Ok(Bundle { source: shown.to_owned(), files })
}

/// The time and size of everything that the definition is read from.
pub(super) fn stamps(path: &Path) -> Stamps {
    let files = if path.is_dir() { files_of(path) } else { vec![path.to_owned()] };
    let stamp = |file: PathBuf| {
        let metadata = fs::metadata(&file).ok();
        let modified = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
        (file, modified, metadata.map_or(0, |metadata| metadata.len()))
    };
    files.into_iter().map(stamp).collect()
}

/// The files of a folder that a definition is made of, by path; one more than may be, at most.
fn files_of(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            if path.is_dir() {
                // A folder that is linked in could be the one above.
                if depth < DEEPEST && !is_link {
                    open.push((path, depth + 1));
                }
            } else if has_known_extension(&path) {
                found.push(path);
            }
            if found.len() > MOST_FILES {
                return found;
            }
        }
    }
    found.sort();
    found
}

fn has_known_extension(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| ["md", "yaml", "yml", "json"].contains(&extension))
}

/// Why a file can't be read, with the name that people know instead of where it lies.
fn words(error: &crate::disk::ReadError, shown: &str) -> String {
    let text = error.to_string();
    match text.split_once(" is ") {
        Some((_, rest)) => format!("{shown} is {}", rest.split(", to ").next().unwrap_or(rest)),
        None if text.contains("leads out") => format!("{shown} leads out of the {FOLDER} folder"),
        None => format!("{shown} can't be read"),
    }
}
