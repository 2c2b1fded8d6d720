//! The definitions in the binary.

use crate::workflow::{Bundle, Definition};
use std::sync::OnceLock;

/// A definition in the binary.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    /// Its id, which is the name of its file.
    pub id: &'static str,
    /// Its text.
    pub text: &'static str,
}

impl BuiltIn {
    /// Its file, as it is shown to people.
    #[must_use]
    pub fn bundle(&self) -> Bundle {
        Bundle::of_file(format!("built-in/{}.md", self.id), self.text)
    }
}

macro_rules! built_in {
    ($($id:literal),+ $(,)?) => {
        [$(BuiltIn { id: $id, text: include_str!(concat!("../../templates/workflows/", $id, ".md")) }),+]
    };
}

/// All of `templates/workflows`; a test sees to it that none is forgotten.
pub const BUILT_IN: [BuiltIn; 13] = built_in![
    "bug-fix",
    "code-review",
    "dependency-upgrade",
    "documentation",
    "feature",
    "incident",
    "migration",
    "performance",
    "refactoring",
    "release",
    "security-fix",
    "state-file",
    "test-coverage",
];

/// The definition in the binary with this id; it is read when it is first asked for.
#[must_use]
pub fn built_in(id: &str) -> Option<&'static Definition> {
    static READ: [OnceLock<Option<Definition>>; BUILT_IN.len()] = [const { OnceLock::new() }; BUILT_IN.len()];
    let at = BUILT_IN.iter().position(|known| known.id == id)?;
    READ[at].get_or_init(|| BUILT_IN[at].bundle().read().definition).as_ref()
}
