//! What kind of file a path leads to.

use super::{glob, shell::Pattern};
use crate::{disk::Workspace, trust::UserFolders};
use std::{
    ffi::OsString,
    path::{Component, Path, PathBuf},
};

/// Files in which agents keep their hooks, in the project's folder.
pub(super) const AGENT_SETTINGS: [&str; 3] =
    [".claude/settings.json", ".claude/settings.local.json", ".cursor/hooks.json"];

/// What kind of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Outside the project: none of its business.
    Outside,
    /// The state file.
    State,
    /// The config file, or a document.
    Document,
    /// Anything else of the project.
    Source,
    /// What only a person may change, and what it is.
    Reserved(&'static str),
    /// A folder with such things in it.
    Whole,
}

/// The places of a project.
#[derive(Clone, Debug)]
pub(super) struct Places<'p> {
    workspace: &'p Workspace,
    documents: &'p [String],
    /// Of every file and folder that is no mere source: where it is, and what it is.
    known: Vec<(PathBuf, Place)>,
}

impl<'p> Places<'p> {
    /// `documents` are the patterns of the files that are documents.
    pub(super) fn new(workspace: &'p Workspace, documents: &'p [String]) -> Self {
        let root = workspace.root();
        let mut known = vec![
            (workspace.state().to_owned(), Place::State),
            (workspace.config().to_owned(), Place::Document),
            (workspace.settings(), Place::Reserved("the settings of the gates")),
            (workspace.internal(), Place::Reserved("Rulemark's own records")),
            (root.join(".git"), Place::Reserved("git's own records")),
        ];
        known.extend(AGENT_SETTINGS.map(|path| (root.join(path), Place::Reserved("the agent's hooks"))));
        if let Ok(folders) = UserFolders::of_environment() {
            let own =
                folders.both().map(|path| (resolved(path), Place::Reserved("the user's own decisions")));
            known.extend(own);
        }
        // A link to the state file is the state file.
        let linked = known.iter().filter_map(|(path, place)| Some((path.canonicalize().ok()?, *place)));
        let linked: Vec<_> = linked.collect();
        known.extend(linked);
        Self { workspace, documents, known }
    }

    /// What the file or folder at `path` is.
    pub(super) fn of(&self, path: &Path) -> Place {
        let path = resolved(path);
        let within = |known: &&(PathBuf, Place)| path.starts_with(&known.0);
        if let Some((_, place)) = self.known.iter().find(within) {
            return *place;
        }
        let is_around = |known: &(PathBuf, Place)| known.1 != Place::Document && known.0.starts_with(&path);
        if self.known.iter().any(is_around) { Place::Whole } else { self.by_name(&path) }
    }

    fn by_name(&self, path: &Path) -> Place {
        let Ok(relative) = path.strip_prefix(self.workspace.root()) else { return Place::Outside };
        let relative = relative.to_string_lossy().replace('\\', "/");
        if self.is_document(&relative) { Place::Document } else { Place::Source }
    }

    fn is_document(&self, relative: &str) -> bool {
        self.documents.iter().any(|pattern| glob::matches(pattern, relative))
    }

    /// What a path that is not wholly known may lead to; `None` when nothing of it is known.
    pub(super) fn may_be(&self, path: &Pattern) -> Option<Place> {
        if let Some(path) = path.exact() {
            return Some(self.of(Path::new(path)));
        }
        // What begins outside is taken to stay there.
        let folder = path.beginning().rsplit_once('/').map_or("", |(folder, _)| folder);
        let folder = (!folder.is_empty()).then(|| resolved(Path::new(folder)));
        let root = self.workspace.root();
        if let Some(place @ Place::Reserved(_)) = folder.as_deref().map(|folder| self.of(folder)) {
            return Some(place);
        }
        if folder.as_deref().is_some_and(|folder| !folder.starts_with(root) && !root.starts_with(folder)) {
            return Some(Place::Outside);
        }
        let name = path.file_name();
        if !name.says_something() {
            return None;
        }
        let fits = |known: &&(PathBuf, Place)| {
            let known_name = known.0.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
            matches!(known.1, Place::State | Place::Reserved(_))
                && (path.may_be(&known.0.to_string_lossy()) || name.exact() == Some(&*known_name))
        };
        let strict = self.known.iter().find(fits).map(|(_, place)| *place);
        let by_ending = || {
            let ending = format!("x{}", name.ending());
            if self.is_document(&ending) { Place::Document } else { Place::Source }
        };
        Some(strict.unwrap_or_else(by_ending))
    }
}

/// `path` without links and dots, as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    let mut behind: Vec<OsString> = Vec::new();
    let mut front = path.to_owned();
    loop {
        if let Ok(real) = front.canonicalize() {
            return behind.into_iter().rev().fold(real, |mut path, part| {
                if part == ".." {
                    path.pop();
                } else {
                    path.push(part);
                }
                path
            });
        }
        match front.components().next_back() {
            Some(Component::Normal(part)) => behind.push(part.to_owned()),
            Some(Component::ParentDir) => behind.push("..".into()),
            Some(Component::CurDir) => {}
            _ => return path.to_owned(),
        }
        front.pop();
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write files")]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn places_of_a_project() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("project");
        fs::create_dir_all(root.join("src")).unwrap();
        fs::create_dir_all(root.join("state")).unwrap();
        fs::write(root.join("state/now.md"), "").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("../state/now.md", root.join("src/link.rs")).unwrap();
        let workspace = Workspace::new(&root, "state/now.md", "project_config.md").unwrap();
        let documents = ["*.md".to_owned(), "docs/**".to_owned()];
        let places = Places::new(&workspace, &documents);
        let check = |path: &str, expected: &str| {
            let place = format!("{:?}", places.of(&root.join(path)));
            assert!(place.starts_with(expected), "{path}: {place}");
        };
        check("src/a.rs", "Source");
        check("src/new/a.rs", "Source");
        check("Cargo.toml", "Source");
        check("notes/a.md", "Document");
        check("docs/conf.py", "Document");
        check("project_config.md", "Document");
        check("state/now.md", "State");
        check("src/../state/./now.md", "State");
        check("src/new/../../state/now.md", "State");
        check("src/link.rs", "State");
        check("state", "Whole");
        check(".", "Whole");
        check("..", "Whole");
        check("rulemark.toml", "Reserved");
        check(".rulemark/journal.db", "Reserved");
        check(".rulemark/new/../lock", "Reserved");
        check(".claude/settings.json", "Reserved");
        check(".claude/commands/x.md", "Document");
        check("../elsewhere/a.rs", "Outside");
        check("/dev/null", "Outside");
    }
}
