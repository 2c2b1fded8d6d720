//! What stands in `tests/data/library/<id>.yaml`: one honest walk through a workflow, and attempts to cheat.

use rulemark::workflow::{Bundle, Definition, Evidence, Reading};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// A workflow of the library with its test data.
pub(super) struct Case {
    pub(super) id: String,
    pub(super) reading: Reading,
    pub(super) story: Story,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Story {
    /// What the session is started with.
    pub(super) inputs: Map<String, Value>,
    /// What it works on; nothing hangs on it.
    #[serde(default = "readme")]
    pub(super) target: String,
    pub(super) walk: Vec<Step>,
    pub(super) cheats: Vec<Cheat>,
}

fn readme() -> String {
    "README.md".to_owned()
}

/// A step of the honest walk.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum Step {
    /// Files are written and committed; texts name the commit as `${name}`.
    Commit { commit: String, files: BTreeMap<String, String> },
    /// A phase is closed with this evidence.
    Phase { phase: u32, evidence: Evidence },
}

/// Dishonest evidence for a phase: that of the walk, changed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cheat {
    pub(super) title: String,
    pub(super) phase: u32,
    /// Inputs over those of the story.
    #[serde(default)]
    pub(super) inputs: Map<String, Value>,
    /// Evidence of earlier phases over that of the walk.
    #[serde(default)]
    pub(super) earlier: Evidence,
    /// Evidence over that of the walk.
    #[serde(default)]
    pub(super) change: Evidence,
    /// Files that are written and not committed.
    #[serde(default)]
    pub(super) uncommitted: BTreeMap<String, String>,
    /// A part of each complaint; there are no others.
    pub(super) refused: Vec<String>,
}

impl Case {
    /// Every workflow of the library, in the order of the ids.
    pub(super) fn all() -> &'static [Self] {
        static ALL: LazyLock<Vec<Case>> = LazyLock::new(|| {
            let mut ids: Vec<String> = files("templates/workflows", "md");
            ids.sort();
            ids.into_iter().map(Case::of).collect()
        });
        &ALL
    }

    fn of(id: String) -> Self {
        let path = format!("templates/workflows/{id}.md");
        let reading = Bundle::of_file(path.clone(), read(&path)).read();
        let data = format!("tests/data/library/{id}.yaml");
        let story = serde_saphyr::from_str(&read(&data)).unwrap_or_else(|error| panic!("{data}: {error}"));
        Self { id, reading, story }
    }

    pub(super) fn definition(&self) -> &Definition {
        self.reading.definition.as_ref().unwrap_or_else(|| panic!("{}: {:#?}", self.id, self.reading.faults))
    }
}

/// The names of the files in a folder of the repository, without their extension.
pub(super) fn files(folder: &str, extension: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| path.extension().is_some_and(|found| found == extension));
    paths.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// `value` with each `${name}` in its texts replaced.
pub(super) fn filled(value: &Value, commits: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => {
            let fill =
                |text: String, (name, hash): (&String, &String)| text.replace(&format!("${{{name}}}"), hash);
            commits.iter().fold(text.clone(), fill).into()
        }
        Value::Array(items) => items.iter().map(|item| filled(item, commits)).collect(),
        Value::Object(fields) => filled_fields(fields, commits).into(),
        other => other.clone(),
    }
}

pub(super) fn filled_fields(fields: &Evidence, commits: &BTreeMap<String, String>) -> Evidence {
    fields.iter().map(|(name, value)| (name.clone(), filled(value, commits))).collect()
}
