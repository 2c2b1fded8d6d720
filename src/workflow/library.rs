//! The workflows that come with Rulemark: `templates/workflows/`, inside the binary.

use super::{bundle::Bundle, model::Definition};
use std::sync::OnceLock;

/// Their ids and texts, in the order of the ids.
pub const LIBRARY: [(&str, &str); 13] = [
    ("bug-fix", include_str!("../../templates/workflows/bug-fix.md")),
    ("code-review", include_str!("../../templates/workflows/code-review.md")),
    ("dependency-upgrade", include_str!("../../templates/workflows/dependency-upgrade.md")),
    ("documentation", include_str!("../../templates/workflows/documentation.md")),
    ("feature", include_str!("../../templates/workflows/feature.md")),
    ("incident", include_str!("../../templates/workflows/incident.md")),
    ("migration", include_str!("../../templates/workflows/migration.md")),
    ("performance", include_str!("../../templates/workflows/performance.md")),
    ("refactoring", include_str!("../../templates/workflows/refactoring.md")),
    ("release", include_str!("../../templates/workflows/release.md")),
    ("security-fix", include_str!("../../templates/workflows/security-fix.md")),
    ("state-file", include_str!("../../templates/workflows/state-file.md")),
    ("test-coverage", include_str!("../../templates/workflows/test-coverage.md")),
];

/// The workflow of the library with this id. It is read when it is first asked for.
#[must_use]
pub fn from_library(id: &str) -> Option<&'static Definition> {
    static READ: [OnceLock<Option<Definition>>; LIBRARY.len()] = [const { OnceLock::new() }; LIBRARY.len()];
    let at = LIBRARY.iter().position(|(known, _)| *known == id)?;
    let (id, text) = LIBRARY[at];
    READ[at].get_or_init(|| Bundle::of_file(format!("library/{id}.md"), text).read().definition).as_ref()
}
