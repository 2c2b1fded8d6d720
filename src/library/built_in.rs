//! The definitions in the binary.

use crate::workflow::Bundle;

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
