//! Where definitions of workflows lie: in the project, with the user, and in this binary.
//!
//! The nearer one wins, whatever its file is called: ids are compared. A file that can't be read is
//! listed with what is wrong with it, and harms no other. Files that have not changed since they were
//! read, by their time and size, are not read again.

mod built_in;
mod files;

use crate::{
    text::nearest,
    workflow::{Bundle, Definition, Fault, Place, Reading},
};
use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

pub use built_in::{BUILT_IN, built_in};
pub use files::{bundle_at, is_definition};

/// Where a definition comes from. The nearer one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// `workflows/` of the project.
    Project,
    /// `~/.config/rulemark/workflows/`.
    User,
    /// The library in the binary.
    BuiltIn,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Project => "project",
            Self::User => "user",
            Self::BuiltIn => "built-in",
        })
    }
}

/// The folder of a project that its definitions lie in.
pub const FOLDER: &str = "workflows";

/// A definition that was found, readable or not.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where it was found.
    pub layer: Layer,
    /// The definition's id; the name of its file when it can't be read.
    pub id: String,
    /// The file or folder as it is shown to people.
    pub source: String,
    /// What came of reading it.
    pub reading: Arc<Reading>,
    /// The layer of one with the same id that is nearer and wins.
    pub shadowed_by: Option<Layer>,
}

impl Entry {
    fn new(layer: Layer, bundle: &Bundle) -> Self {
        let reading = bundle.read();
        let stem = Path::new(&bundle.source).file_stem().unwrap_or_default().to_string_lossy();
        let id = reading.definition.as_ref().map_or_else(|| stem.into_owned(), |found| found.id.clone());
        Self { layer, id, source: bundle.source.clone(), reading: Arc::new(reading), shadowed_by: None }
    }

    /// The definition, when it can be run.
    #[must_use]
    pub fn definition(&self) -> Option<&Definition> {
        self.reading.definition.as_ref()
    }

    /// What is wrong with it, errors only.
    pub fn errors(&self) -> impl Iterator<Item = &Fault> {
        self.reading.faults.iter().filter(|fault| fault.is_error())
    }
}

/// All definitions that can be found from a project.
#[derive(Debug)]
pub struct Library {
    folders: Vec<(Layer, PathBuf)>,
    kept: BTreeMap<PathBuf, Kept>,
    built_in: Vec<Entry>,
    entries: Vec<Entry>,
}

/// A definition and the stamps of its files when it was read.
#[derive(Debug)]
struct Kept {
    stamps: files::Stamps,
    entry: Entry,
}

impl Library {
    /// The library of the project in `root`; of the user's own and the built-in when there is none.
    /// Nothing is read yet.
    #[must_use]
    pub fn of(root: Option<&Path>) -> Self {
        let project = root.map(|root| (Layer::Project, root.to_owned()));
        let user = files::user_folder().map(|folder| (Layer::User, folder));
        Self::in_folders(project.into_iter().chain(user).collect())
    }

    /// The same with the folders named; each has its definitions in [`FOLDER`].
    #[must_use]
    pub fn in_folders(folders: Vec<(Layer, PathBuf)>) -> Self {
        Self { folders, kept: BTreeMap::new(), built_in: Vec::new(), entries: Vec::new() }
    }

    /// Reads what is new or has changed; all definitions, the nearer layers first, by id.
    pub fn refresh(&mut self) -> &[Entry] {
        let mut before = std::mem::take(&mut self.kept);
        let mut entries: Vec<Entry> = Vec::new();
        for (layer, folder) in &self.folders {
            for path in files::definitions_in(&folder.join(FOLDER)) {
                let stamps = files::stamps(&path);
                let kept = before.remove(&path).filter(|kept| kept.stamps == stamps);
                let kept = kept.unwrap_or_else(|| Kept { entry: read(*layer, folder, &path), stamps });
                entries.push(kept.entry.clone());
                self.kept.insert(path, kept);
            }
        }
        if self.built_in.is_empty() {
            self.built_in = BUILT_IN.iter().map(|file| Entry::new(Layer::BuiltIn, &file.bundle())).collect();
        }
        entries.extend(self.built_in.iter().cloned());
        entries.sort_by(|a, b| (a.layer, &a.id, &a.source).cmp(&(b.layer, &b.id, &b.source)));
        shadow(&mut entries);
        self.entries = entries;
        &self.entries
    }

    /// What [`Library::refresh`] found last.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The one that wins under this id; also one that can't be read.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == id && entry.shadowed_by.is_none())
    }

    /// The id that is nearest to one that is not there.
    #[must_use]
    pub fn nearest(&self, id: &str) -> Option<&str> {
        nearest(id, self.entries.iter().map(|entry| entry.id.as_str()))
    }
}

/// Whether a folder is one that workflows are run in: it has definitions in [`FOLDER`], of which one can be
/// read. Others call a folder so, too: `.github`.
#[must_use]
pub fn has_definitions(folder: &Path) -> bool {
    let mut paths = files::definitions_in(&folder.join(FOLDER)).into_iter();
    paths.any(|path| read(Layer::Project, folder, &path).definition().is_some())
}

fn read(layer: Layer, folder: &Path, path: &Path) -> Entry {
    let shown = files::shown(layer, folder, path);
    match bundle_at(path, folder, &shown) {
        Ok(bundle) => Entry::new(layer, &bundle),
        Err(why) => {
            let place = Place { file: shown.clone(), line: 0, column: 0 };
            let faults = vec![Fault::error("unreadable", place, why)];
            Entry {
                layer,
                id: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
                source: shown,
                reading: Arc::new(Reading { definition: None, faults }),
                shadowed_by: None,
            }
        }
    }
}

/// Marks those whose id a nearer one has, and refuses a second one in the same layer.
fn shadow(entries: &mut [Entry]) {
    let mut seen: BTreeMap<String, (Layer, String)> = BTreeMap::new();
    for entry in entries {
        let Some((layer, source)) = seen.get(&entry.id) else {
            seen.insert(entry.id.clone(), (entry.layer, entry.source.clone()));
            continue;
        };
        entry.shadowed_by = Some(*layer);
        if *layer == entry.layer {
            let place = Place { file: entry.source.clone(), line: 0, column: 0 };
            let fault = Fault::error(
                "duplicate-id",
                place,
                format!("{source} has the id `{}` too, and wins", entry.id),
            );
            let mut reading = (*entry.reading).clone();
            if !reading.faults.contains(&fault) {
                reading.faults.push(fault);
                entry.reading = Arc::new(reading);
            }
        }
    }
}

#[cfg(test)]
mod tests;
