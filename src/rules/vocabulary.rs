//! Which words are phases, statuses, keys and sections.

use std::collections::HashSet;

/// The phases that real files use, beside those a file defines itself.
const PHASES: &[&str] = &[
    "INIT",
    "ANALYZE",
    "ANALYSE",
    "BLUEPRINT",
    "BLUEPRINT_REVISE",
    "PREPARE",
    "PLAN",
    "PLANNING",
    "DESIGN",
    "DATA",
    "MODEL",
    "CONSTRUCT",
    "IMPLEMENT",
    "BUILD",
    "DEVELOP",
    "TEST",
    "REVIEW",
    "VALIDATE",
    "COMMITTING",
    "DOCUMENTATION",
    "DEPLOY",
    "LAUNCH",
    "MAINTENANCE",
    "ROLLBACK",
    "IDLE",
];

/// The statuses that real files use.
const STATUSES: &[&str] = &[
    "READY",
    "RUNNING",
    "IN_PROGRESS",
    "COMPLETED",
    "COMPLETED_ITERATION",
    "NEEDS_PLAN_APPROVAL",
    "NEEDS_APPROVAL",
    "NEEDS_CLARIFICATION",
    "NEEDS_LTM_APPROVAL",
    "PLAN_APPROVED",
    "TESTS_PASSED",
    "SUCCESS",
    "FAILED",
    "ERROR",
    "ACTIVE",
    "BLOCKED",
    "PAUSED",
    "PENDING",
    "DONE",
];

/// Words in capitals that are emphasis or a degree, not a phase or a status.
const NEITHER: &[&str] = &[
    "AI",
    "AND",
    "ALWAYS",
    "CI",
    "CRITICAL",
    "EVERY",
    "HIGH",
    "IF",
    "ITEMS",
    "LLM",
    "LOC",
    "LOG",
    "LOW",
    "MANDATORY",
    "MEDIUM",
    "MUST",
    "NEVER",
    "NO",
    "NONE",
    "NOT",
    "NULL",
    "ONLY",
    "OR",
    "PR",
    "SHA",
    "TODO",
    "UI",
    "USER",
    "WHEN",
];

/// The sections that rules name without `##`.
const SECTIONS: &[&str] = &[
    "Log",
    "ArchiveLog",
    "Archive Log",
    "Plan",
    "Items",
    "State",
    "Changelog",
    "Blueprint History",
    "Workflow History",
];

/// A file's own words beyond this many are not looked at: no file that people work with has more, and
/// every condition is compared with all of them.
const MOST_OWN_WORDS: usize = 128;

/// What a file itself adds to the words above.
#[derive(Clone, Debug, Default)]
pub(super) struct Vocabulary {
    phases: Vec<String>,
    /// State keys: their letters and digits in lower case, and as they are called.
    keys: Vec<(String, String)>,
}

impl Vocabulary {
    /// Words that the file defines: its `[PHASE: X]` blocks and its State keys, as they are written
    /// and as they are called.
    pub(super) fn new<'k>(
        phases: impl IntoIterator<Item = String>,
        keys: impl IntoIterator<Item = (&'k str, &'k str)>,
    ) -> Self {
        let mut own: Vec<String> = phases.into_iter().take(MOST_OWN_WORDS).collect();
        let mut seen = HashSet::new();
        own.retain(|phase| seen.insert(phase.clone()));
        let mut known: Vec<(String, String)> = Vec::new();
        for (written, key) in keys.into_iter().take(MOST_OWN_WORDS) {
            known.push((letters(key).collect(), key.to_owned()));
            if !letters(written).eq(letters(key)) {
                known.push((letters(written).collect(), key.to_owned()));
            }
        }
        Self { phases: own, keys: known }
    }

    pub(super) fn phases(&self) -> &[String] {
        &self.phases
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|(_, key)| key.as_str())
    }

    /// Whether `word` is a phase the file defines or one that is known everywhere.
    pub(super) fn knows_phase(&self, word: &str) -> bool {
        let own = self.phases.iter().any(|phase| phase.eq_ignore_ascii_case(word));
        own || contains(PHASES, word)
    }

    /// Whether `word` can stand for a phase: known, or an identifier in capitals.
    pub(super) fn may_be_phase(&self, word: &str) -> bool {
        self.knows_phase(word) || is_constant(word)
    }

    /// Whether a bare `word` in a condition means the phase or the status.
    pub(super) fn is_bare_value(&self, word: &str) -> bool {
        self.knows_phase(word) || knows_status(word) || is_constant(word)
    }

    /// The State key that `words` mean: `risk level` is `RiskLevel`.
    pub(super) fn key(&self, words: &[&str]) -> Option<&str> {
        let is_meant = |known: &str| known.chars().eq(words.iter().flat_map(|word| letters(word)));
        self.keys.iter().find(|(known, _)| is_meant(known)).map(|(_, key)| key.as_str())
    }
}

fn letters(word: &str) -> impl Iterator<Item = char> {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// Whether `word` is a status that is known everywhere.
pub(super) fn knows_status(word: &str) -> bool {
    contains(STATUSES, word)
        || word.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("BLOCKED_"))
        || word.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("NEEDS_"))
}

/// The sections that rules name without `##`, in one word.
pub(super) fn section_names() -> impl Iterator<Item = &'static str> {
    SECTIONS.iter().copied().filter(|name| !name.contains(' '))
}

/// Whether `word` names a section without `##`.
pub(super) fn knows_section(word: &str) -> bool {
    contains(SECTIONS, word)
}

/// Whether `word` is an identifier in capitals that may be a phase or status of the file's own.
fn is_constant(word: &str) -> bool {
    word.len() >= 3
        && word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        && !NEITHER.contains(&word)
        && !word.starts_with("RULE_")
}

fn contains(words: &[&str], word: &str) -> bool {
    words.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Whether `word` is a phase that is known everywhere.
pub(super) fn is_common_phase(word: &str) -> bool {
    contains(PHASES, word)
}
