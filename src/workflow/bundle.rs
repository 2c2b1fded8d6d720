//! The files of one definition, and reading them.

use super::{fault::Fault, model::Definition};
use crate::text::{Revision, RevisionHasher};

/// One file, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// As it is shown to people, with `/`: `workflows/lamp_v1/phases/0/phase.md`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The files of one definition: one for Markdown, YAML and JSON, several for a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The file, or the folder, as it is shown to people.
    pub source: String,
    /// The files, those of a folder in the order of their paths.
    pub files: Vec<SourceFile>,
}

/// What came of reading a definition.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The definition, when it can be run. With gates that stay shut where only they can't be read.
    pub definition: Option<Definition>,
    /// All that is wrong, and what an import loses, in the order of the files.
    pub faults: Vec<Fault>,
}

impl Bundle {
    /// A definition in one file.
    #[must_use]
    pub fn of_file(path: impl Into<String>, text: impl Into<String>) -> Self {
        let path = path.into();
        Self { source: path.clone(), files: vec![SourceFile { path, text: text.into() }] }
    }

    /// The hash of all files with their names, as they lie below [`Bundle::source`]: a folder that is
    /// moved is the same definition.
    #[must_use]
    pub fn revision(&self) -> Revision {
        let mut hasher = RevisionHasher::default();
        for file in &self.files {
            let name = self.inner(&file.path);
            hasher.update(format!("{} {}\n{name}", name.len(), file.text.len()));
            hasher.update(&file.text);
        }
        hasher.finish()
    }

    /// The file at this path below the folder.
    #[must_use]
    pub fn file(&self, inner: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| self.inner(&file.path) == inner)
    }

    /// The path of a file below the folder; empty for a definition in one file.
    fn inner<'p>(&self, path: &'p str) -> &'p str {
        path.strip_prefix(&self.source).map_or(path, |inner| inner.trim_start_matches('/'))
    }
}
