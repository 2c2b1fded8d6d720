//! The workflows that can be started from here.

use super::{
    Action,
    failure::{Failure, FailureKind},
};
use crate::{
    disk::read_text,
    library::{BUILT_IN, built_in},
    runtime::Project,
    text::nearest,
    workflow::{Bundle, Definition, Fault, SourceFile},
};
use std::path::{Path, PathBuf};

/// Where a definition comes from; the nearer one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layer {
    Project,
    /// Inside the binary.
    BuiltIn,
}

impl Layer {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::BuiltIn => "built-in",
        }
    }
}

/// What a list shows of a workflow.
#[derive(Clone, Debug)]
pub(super) struct Offered {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) category: Option<String>,
    pub(super) version: String,
    /// How many phases it has; none when they come from elsewhere.
    pub(super) phases: Option<usize>,
    pub(super) estimated_duration: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) layer: Layer,
}

/// A definition that can't be read.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    pub(super) id: String,
    pub(super) source: String,
    pub(super) problem: String,
}

/// All definitions.
#[derive(Debug)]
pub(super) struct Catalogue {
    offered: Vec<Offered>,
    definitions: Vec<Definition>,
    broken: Vec<Broken>,
}

/// The largest file of a definition, in bytes.
const SIZE: u64 = 1 << 20;

impl Catalogue {
    pub(super) fn of(project: &Project) -> Self {
        let root = project.workspace().root();
        let mut found = Self { offered: Vec::new(), definitions: Vec::new(), broken: Vec::new() };
        let mut names: Vec<PathBuf> = std::fs::read_dir(root.join("workflows"))
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        names.sort();
        for path in names {
            let Some(bundle) = bundle(root, &path) else { continue };
            let reading = bundle.read();
            let errors: Vec<&Fault> = reading.faults.iter().filter(|fault| fault.is_error()).collect();
            match reading.definition {
                Some(definition) => {
                    found.offered.push(Offered::of(&definition, Layer::Project));
                    found.definitions.push(definition);
                }
                None => found.broken.push(Broken {
                    id: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
                    source: bundle.source,
                    problem: errors.first().map(|fault| fault.to_string()).unwrap_or_default(),
                }),
            }
        }
        found
    }

    /// The project's own, then those in the binary that it has none of the same id for.
    pub(super) fn offered(&self) -> impl Iterator<Item = Offered> {
        let is_own = |id: &str| {
            self.offered.iter().any(|offered| offered.id == id)
                || self.broken.iter().any(|broken| broken.id == id)
        };
        let others =
            BUILT_IN.iter().filter(move |known| !is_own(known.id)).filter_map(|known| built_in(known.id));
        let others = others.map(|definition| Offered::of(definition, Layer::BuiltIn));
        self.offered.iter().cloned().chain(others)
    }

    pub(super) fn broken(&self) -> &[Broken] {
        &self.broken
    }

    /// The definition with this id; none when there is no such file any longer.
    pub(super) fn current(&self, id: &str) -> Result<Option<&Definition>, Failure> {
        if let Some(broken) = self.broken.iter().find(|broken| broken.id == id) {
            let message = format!("workflow {id} can't be read: {}", broken.problem);
            return Err(Failure::new(FailureKind::Validation, message, Action::ListWorkflows)
                .fix(format!("mend {}", broken.source)));
        }
        Ok(self.definitions.iter().find(|definition| definition.id == id))
    }

    /// The definition to start.
    pub(super) fn find(&self, id: &str) -> Result<&Definition, Failure> {
        if let Some(definition) = self.current(id)?.or_else(|| built_in(id)) {
            return Ok(definition);
        }
        let known = self.offered.iter().map(|offered| offered.id.as_str());
        let meant = nearest(id, known.chain(BUILT_IN.iter().map(|known| known.id)));
        let shown: String = id.chars().take(80).collect();
        let message = format!("there is no workflow `{shown}`");
        let failure = Failure::new(FailureKind::NotFound, message, Action::ListWorkflows);
        Err(match meant {
            Some(meant) => failure.fix(format!("did you mean `{meant}`?")),
            None => failure.fix("list_workflows has them all"),
        })
    }
}

impl Offered {
    fn of(definition: &Definition, layer: Layer) -> Self {
        Self {
            id: definition.id.clone(),
            name: definition.name.clone(),
            description: definition.description.clone(),
            category: definition.category.clone(),
            version: definition.version.clone(),
            phases: definition.dynamic.is_none().then_some(definition.phases.len()),
            estimated_duration: definition.estimated_duration.clone(),
            tags: definition.tags.clone(),
            layer,
        }
    }

    /// Whether the words, in lower case, occur in what a list shows.
    pub(super) fn mentions(&self, words: &str) -> bool {
        let texts = [self.id.as_str(), &self.name, &self.description].into_iter();
        let mut texts = texts.chain(self.tags.iter().map(String::as_str));
        texts.any(|text| text.to_lowercase().contains(words))
    }
}

fn bundle(root: &Path, path: &Path) -> Option<Bundle> {
    let shown = |path: &Path| path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    if path.is_file() {
        return Some(Bundle::of_file(shown(path), read_text(path, root, SIZE).ok()??));
    }
    let mut files = Vec::new();
    collect(root, path, &mut files);
    files.sort_by(|one: &SourceFile, other| one.path.cmp(&other.path));
    Some(Bundle { source: shown(path), files })
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<SourceFile>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if let Ok(Some(text)) = read_text(&path, root, SIZE) {
            let shown = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            files.push(SourceFile { path: shown, text });
        }
    }
}
