//! `workflow_state.md`.

mod line;
mod log;
mod names;
mod read;
mod touch;
mod value;
mod write;

pub(super) use value::is_null;

use super::{Items, Outline};
use crate::text::{Span, TextEdit};
use jiff::civil::DateTime;
use std::{cell::OnceCell, collections::HashMap};

/// The state file as a view.
#[derive(Clone, Debug)]
pub struct WorkflowState<'t> {
    outline: Outline<'t>,
    keys: Vec<StateKey>,
    index: OnceCell<KeyIndex>,
}

/// Where keys stand among the others, by name: of equal ones the first that holds a value.
#[derive(Clone, Debug, Default)]
struct KeyIndex {
    /// By what [`names::letters`] leaves of the name.
    by_letters: HashMap<String, usize>,
    by_name: HashMap<String, usize>,
}

impl KeyIndex {
    fn of(keys: &[StateKey]) -> Self {
        let mut index = Self::default();
        let (filled, empty): (Vec<_>, Vec<_>) =
            keys.iter().enumerate().partition(|(_, key)| !key.value.is_empty());
        for (at, key) in filled.into_iter().chain(empty) {
            index.by_letters.entry(names::letters(&key.name)).or_insert(at);
            index.by_name.entry(key.name.clone()).or_insert(at);
        }
        index
    }
}

/// One key of the State section and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateKey {
    /// The name, undecorated and canonical: `Phase` for `**Phase**`, `フェーズ（Phase）`, `Fase`,
    /// `Current Phase`; otherwise as written.
    pub name: String,
    /// The value, undecorated: `COMPLETED` for `✅ **COMPLETED**`, `ANALYZE` for `ANALYZE # phase`;
    /// empty for a template's placeholder (`{phase}`, `INIT | ANALYZE | BLUEPRINT`).
    pub value: String,
    /// The bytes that a new value replaces: the bare value inside its decoration.
    pub value_span: Span,
    /// Where the key stands.
    pub name_span: Span,
    place: read::Place,
}

impl StateKey {
    /// The line of the value, with its line end.
    pub(in crate::document) fn line(&self) -> Span {
        self.place.line
    }

    /// The value; `None` when it is empty or null.
    #[must_use]
    pub fn known_value(&self) -> Option<&str> {
        Some(self.value.as_str()).filter(|value| !value::is_null(value))
    }
}

impl<'t> WorkflowState<'t> {
    /// Reads `text`.
    #[must_use]
    pub fn parse(text: &'t str) -> Self {
        let outline = Outline::parse(text);
        let keys = read::keys(&outline);
        Self { outline, keys, index: OnceCell::new() }
    }

    /// The document as sections.
    #[must_use]
    pub fn outline(&self) -> &Outline<'t> {
        &self.outline
    }

    /// The State keys, in the order of the file; of a key that stands twice, the one that counts
    /// comes first. The State section counts before the top of the file, that before headings.
    #[must_use]
    pub fn keys(&self) -> &[StateKey] {
        &self.keys
    }

    /// The key with this name, compared without case, aliases and a leading `State.` included. One
    /// that holds a placeholder gives way to one that holds a value.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&StateKey> {
        let name = unqualified(name);
        let index = self.index.get_or_init(|| KeyIndex::of(&self.keys));
        let exact = index.by_letters.get(&names::letters(name));
        let found = exact.or_else(|| index.by_name.get(names::canonical(name)?))?;
        self.keys.get(*found)
    }

    /// The value of a key; `None` when it is missing, empty or null.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.key(name)?.known_value()
    }

    /// Writes a key, in the spelling and place the file already uses; a key the file does not have
    /// is added behind the last one, in the syntax of its neighbours. Never ambiguous: the value is
    /// one line, and the syntax's own special characters in it are escaped.
    #[must_use]
    pub fn set(&self, name: &str, value: &str) -> Vec<TextEdit> {
        write::set(self, unqualified(name), value)
    }

    /// The items.
    #[must_use]
    pub fn items(&self) -> Items<'_> {
        Items::read(&self.outline)
    }

    /// Appends one dated entry to Log, in the form of its last entries (bullets, `- **date** - …`,
    /// `[date] …`, code spans in bullets), by default `- [YYYY-MM-DD HH:MM:SS] text`, at the end
    /// where the newest entries stand; makes the section if there is none.
    #[must_use]
    pub fn log(&self, at: DateTime, text: &str) -> Vec<TextEdit> {
        log::log(&self.outline, at, text)
    }

    /// Brings `_Last updated: …_` (or `**Last Updated**: …`) to `at`, if the file has it and it holds
    /// a date; the time as well if it holds one.
    #[must_use]
    pub fn touch(&self, at: DateTime) -> Vec<TextEdit> {
        touch::touch(self, at)
    }
}

fn unqualified(name: &str) -> &str {
    let name = name.trim().trim_matches(['`', '*']);
    match name.get(..6) {
        Some(state) if state.eq_ignore_ascii_case("state.") => &name[6..],
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::edited;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let state = WorkflowState::parse(text);
        let found: Vec<_> = state.keys().iter().map(|key| (&*key.name, &*key.value)).collect();
        assert_eq!(found, expected, "{text}");
    }

    /// One text of each syntax.
    const SYNTAXES: &[&str] = &[
        "## State\n```yaml\nPhase: ANALYZE # now (ANALYZE, …)\nStatus: READY # status\nCurrentItem: null\n```\n",
        "## State\nPhase: ANALYZE  \nStatus: READY  \nCurrentItem: null  \n\n## Plan\n",
        "## State\nPhase: ANALYZE\nStatus: READY\nCurrentItem: \n",
        "## State\n- Phase: ANALYZE\n- Status: READY\n- CurrentItem: null\n",
        "## State\n- **Phase**: ANALYZE\n- **Status**: READY\n- **CurrentItem**: null",
        "## State\n**Phase**: ANALYZE  \n**Status**: READY  \n**CurrentItem**: null  \n",
        "## State\n**Phase:** ANALYZE\n**Status:** READY\n**CurrentItem:** null\n",
        "## State\n- **Phase:** `ANALYZE`\n- **Status:** `READY`\n- **CurrentItem:** `null`\n",
        "## Current Phase: ANALYZE\n## Status: READY\n## Current Item: null\n\n## Plan\n",
        "## Phase\n\nANALYZE\n\n## Status\n\nREADY\n\n## CurrentItem\n\nnull\n\n## Plan\n",
        "## State\nPhase:ANALYZE Status:READY Item:null Confidence:null  \n",
        "## State\n| Key | Value |\n|---|---|\n| `Phase` | ANALYZE |\n| `Status` | READY |\n| `CurrentItem` | NULL |\n",
        "## State\n| Phase | Status | CurrentItem |\n|---|---|---|\n| ANALYZE | READY | - |\n",
        "# T\n\nState.Phase = ANALYZE\nState.Status = READY\nState.CurrentItem = null\n",
        "# T\n\nState:\n  Phase: ANALYZE\n  Status: READY\n  CurrentItem: null\n\nNext:\n  - x\n",
        "## ステート（State）\n- フェーズ（Phase）: ANALYZE\n- ステータス（Status）: READY\n- CurrentItem: なし\n",
        "## Zustand\n- **Phase**: ANALYZE\n- **Status**: READY\n- **Aktuelles Element**: keine\n",
        "## State\n```\n┌──────────────────┐\n│  Phase  : ANALYZE│\n│  Status : READY  │\n│  Item   : null   │\n└──────────────────┘\n```\n",
        "---\nphase: \"ANALYZE\"\nstatus: READY\ncurrent_item: null\n---\n# T\n",
        "## State\n- ✅ **Phase**: ANALYZE\n- 🔄 **Status**: READY\n- 📌 **CurrentItem**: null\n",
        "# T\nActive Phase: ANALYZE\nCurrent Status: READY\nCurrent Item: none\n",
        "# T\r\n\r\n**Phase**: [ANALYZE]\r\n**Status**: ✅ **READY**\r\n**CurrentItem**: N/A\r\n",
        "## State\n**Phase**: ANALYZE | **Status**: READY | **CurrentItem**: null\n",
        "```markdown\n# T\n## State\nPhase: ANALYZE\nStatus: READY\nCurrentItem: null\n```\n",
        "## State\n> **Phase**: ANALYZE\n> **Status**: READY\n> **CurrentItem**: null\n",
        "## State\n* **Phase: ANALYZE**\n* **Status: READY**\n* **CurrentItem: null**\n",
    ];

    #[test]
    fn every_syntax_is_read() {
        for text in SYNTAXES {
            let state = WorkflowState::parse(text);
            assert_eq!(state.value("Phase"), Some("ANALYZE"), "{text}");
            assert_eq!(state.value("State.Status"), Some("READY"), "{text}");
            assert_eq!(state.value("current_item"), None, "{text}");
            assert!(state.key("CurrentItem").is_some(), "{text}");
        }
    }

    #[test]
    fn every_syntax_is_written() {
        for text in SYNTAXES {
            for (name, value) in [
                ("Phase", "BLUEPRINT"),
                ("Status", "NEEDS_PLAN_APPROVAL"),
                ("CurrentItem", "Add sync (repost)"),
            ] {
                check_set(text, name, value);
                check_set(text, "CycleCount", "3");
            }
        }
    }

    /// Sets a key and sees that it is read back, that the others are as before, and that a second
    /// time changes nothing.
    #[track_caller]
    fn check_set(text: &str, name: &str, value: &str) {
        let state = WorkflowState::parse(text);
        let after = edited(text, state.set(name, value));
        let state_after = WorkflowState::parse(&after);
        assert_eq!(state_after.value(name), Some(value), "{name} in\n{text}\n->\n{after}");
        for key in state.keys().iter().filter(|key| state.key(name).is_none_or(|own| own.name != key.name)) {
            assert_eq!(
                state_after.value(&key.name),
                state.value(&key.name),
                "{} after {name} in\n{text}\n->\n{after}",
                key.name
            );
        }
        assert!(state_after.set(name, value).is_empty());
        assert_eq!(after.contains("\r\n"), text.contains("\r\n"), "{after}");
        assert!(!after.contains('\r') || after.lines().count() == after.matches("\r\n").count(), "{after:?}");
    }

    proptest! {
        #[test]
        fn what_is_set_is_read(
            syntax in 0..SYNTAXES.len(),
            name in proptest::sample::select(vec!["Phase", "Status", "CurrentItem", "CycleCount"]),
            value in "[A-Za-z][A-Za-z0-9_ #|`\"'\\\\:*\\[\\](){}<>!,.~=-]{0,30}[A-Za-z0-9#|`\"')}\\]>*]|[a-c`\"\\\\|#{}* ]{1,6}|\\PC{1,12}",
        ) {
            let value = value.trim();
            prop_assume!(!value::is_null(value) && !value.starts_with("{{"));
            check_set(SYNTAXES[syntax], name, &super::super::inline::one_line(value));
        }
    }

    #[test]
    fn log_entries_take_the_form_of_others() {
        let at = jiff::civil::date(2026, 1, 2).at(3, 4, 5, 0);
        for (before, after) in [
            ("", "- [2026-01-02 03:04:05] x\n"),
            ("<!-- AI appends -->\n", "<!-- AI appends -->\n- [2026-01-02 03:04:05] x\n"),
            ("*AI appends*\n", "*AI appends*\n\n- [2026-01-02 03:04:05] x\n"),
            ("* a\n", "* a\n* [2026-01-02 03:04:05] x\n"),
            ("1. a\n2. b\n", "1. a\n2. b\n3. [2026-01-02 03:04:05] x\n"),
            ("Prose.\n", "Prose.\n\n- [2026-01-02 03:04:05] x\n"),
            (
                "- 2025-01-01: a\n- 2025-01-02: b\n  - c\n",
                "- 2025-01-01: a\n- 2025-01-02: b\n  - c\n- 2026-01-02: x\n",
            ),
            ("- 2025-01-02: a\n- 2025-01-01: b\n", "- 2026-01-02: x\n- 2025-01-02: a\n- 2025-01-01: b\n"),
            ("- **2025-01-01 17:30** - a\n", "- **2025-01-01 17:30** - a\n- **2026-01-02 03:04** - x\n"),
            (
                "*   `[2025-01-01 17:30:00] a`\n",
                "*   `[2025-01-01 17:30:00] a`\n*   `[2026-01-02 03:04:05] x`\n",
            ),
            (
                "[2025-01-01 17:30:00] a\n[2025-01-01 17:31:00] b\n",
                "[2025-01-01 17:30:00] a\n[2025-01-01 17:31:00] b\n[2026-01-02 03:04:05] x\n",
            ),
            ("### 2025-01-01\n- a\n", "### 2025-01-01\n- a\n\n### 2026-01-02\n- x\n"),
            ("### 2026-01-02\n\n- a\n", "### 2026-01-02\n\n- a\n- x\n"),
            (
                "| Date | What |\n|---|---|\n| 2025-01-01 | a |\n",
                "| Date | What |\n|---|---|\n| 2025-01-01 | a |\n| 2026-01-02 | x |\n",
            ),
            ("- a\n\n---\n", "- a\n- [2026-01-02 03:04:05] x\n\n---\n"),
            ("|\n", "|\n\n- [2026-01-02 03:04:05] x\n"),
            ("| Date |\n|---|\n", "| Date |\n|---|\n|[2026-01-02 03:04:05] x|\n"),
            ("```\nout\n```\n", "```\nout\n```\n\n- [2026-01-02 03:04:05] x\n"),
            ("- a\n\n  ## Items\n", "- a\n\n  ## Items\n- [2026-01-02 03:04:05] x\n"),
        ] {
            for end in ["\n", "\r\n"] {
                let text = format!("## Log\n{before}\n## Plan\n").replace('\n', end);
                let written = edited(&text, WorkflowState::parse(&text).log(at, "x"));
                assert_eq!(written, format!("## Log\n{after}\n## Plan\n").replace('\n', end), "{before}");
            }
        }
        let check = |text: &str, expected: &str| {
            assert_eq!(edited(text, WorkflowState::parse(text).log(at, "x")), expected);
        };
        check("## Log", "## Log\n- [2026-01-02 03:04:05] x");
        check("## Log\n- a", "## Log\n- a\n- [2026-01-02 03:04:05] x");
        check("# T\n", "# T\n\n## Log\n- [2026-01-02 03:04:05] x\n");
    }

    #[test]
    fn the_last_update() {
        let at = jiff::civil::date(2026, 1, 2).at(3, 4, 5, 0);
        for (before, after) in [
            ("_Last updated: 2024-12-19_", "_Last updated: 2026-01-02_"),
            ("*Last updated: 2026-01-09 07:50 EST*", "*Last updated: 2026-01-02 03:04 EST*"),
            ("**Last Updated:** 2025-04-18", "**Last Updated:** 2026-01-02"),
            ("- **last_updated**: 2026-05-20", "- **last_updated**: 2026-01-02"),
            ("**last_update**: 2024-01-15T10:00:00Z  ", "**last_update**: 2026-01-02T03:04:05  "),
            ("_Last updated: [Generated automatically]_", "_Last updated: [Generated automatically]_"),
            ("Updated the API on 2024-01-01", "Updated the API on 2024-01-01"),
            ("## Log\n- Last updated: 2024-01-01", "## Log\n- Last updated: 2024-01-01"),
            (
                "## State\nPhase: A\nLast Updated: 2024-01-01\n",
                "## State\nPhase: A\nLast Updated: 2026-01-02\n",
            ),
        ] {
            let text = format!("# T\n{before}\n");
            assert_eq!(edited(&text, WorkflowState::parse(&text).touch(at)), format!("# T\n{after}\n"));
        }
    }

    #[test]
    fn places_that_do_not_count() {
        check(
            "## State\nPhase: A\nStatus: B\n## Plan\nPhase: X\n## Log\n- Status: Y\n",
            &[("Phase", "A"), ("Status", "B")],
        );
        check("# T\n## Plan\n**Phase**: X\n\nState.Phase = Y\n## Rules\nStatus: B\n", &[("Phase", "Y")]);
        check("# T\n```\nPhase: A\n```\n\n- Some: list\n", &[("Phase", "A")]);
        check("# T\n\nSome: text\n\n## Notes\nPhase: A\n", &[("Phase", "A")]);
        check("# T\n<!-- Phase: A -->\n", &[]);
        check("## State\n- **Task**: x\n  - Status: done\n- Phase: A\n", &[("Task", "x"), ("Phase", "A")]);
        check("## State\n```json\n{\"a\": 1}\n```\n", &[]);
        check("## Log\nPhase: A\n", &[]);
        check("# T\n\n## Goal\nx\n\n## Other\nPhase: A\n", &[]);
    }

    #[test]
    fn the_key_that_counts_comes_first() {
        check("## Current Phase: A\n## State\nPhase: B\n", &[("Phase", "B"), ("Phase", "A")]);
        check("## State\nPhase: {phase}\n\n# Phase: A\n", &[("Phase", ""), ("Phase", "A")]);
        let state = WorkflowState::parse("## State\nPhase: {phase}\n\n# Phase: A\n");
        assert_eq!(state.value("Phase"), Some("A"));
        check(
            "## Phase\n\nINIT → ANALYZE → VALIDATE\n\n**Current:** INIT — READY\n",
            &[("Phase", ""), ("Phase", "INIT")],
        );
    }

    #[test]
    fn edits_keep_what_is_around() {
        let check = |text: &str, name: &str, value: &str, expected: &str| {
            assert_eq!(edited(text, WorkflowState::parse(text).set(name, value)), expected);
        };
        check("## State\nPhase: A # why\n", "Phase", "B", "## State\nPhase: B # why\n");
        check("## State\n- ✅ **Phase**: `A`  \n", "Phase", "B", "## State\n- ✅ **Phase**: `B`  \n");
        check(
            "## State\nPhase: CONSTRUCT - Building it\n",
            "Phase",
            "VALIDATE",
            "## State\nPhase: VALIDATE\n",
        );
        check(
            "## State\nCurrentItem:\nPhase: A\n",
            "CurrentItem",
            "x",
            "## State\nCurrentItem: x\nPhase: A\n",
        );
        check("## State\nPhase: A | B | C\n", "Phase", "A", "## State\nPhase: A\n");
        check("## State\nPhase:A Status:B\n", "Item", "a b", "## State\nPhase:A Status:B Item:\"a b\"\n");
        check(
            "## State\n```\n│ Phase : A     │\n```\n",
            "Phase",
            "ABC",
            "## State\n```\n│ Phase : ABC   │\n```\n",
        );
        check("## State\n| Phase  | A    |\n", "Phase", "ABC", "## State\n| Phase  | ABC  |\n");
        check(
            "## State\nPhase: A  \n\n## Plan\n",
            "CurrentItem",
            "x\ny",
            "## State\nPhase: A  \nCurrentItem: x y  \n\n## Plan\n",
        );
        check(
            "## State\n- **Phase**: A\n  - why\n",
            "Status",
            "B",
            "## State\n- **Phase**: A\n  - why\n- **Status**: B\n",
        );
        check("## State\n\n## Plan\n", "Phase", "A", "## State\n- Phase: A\n\n## Plan\n");
        check("# T\n\n## Plan\nx\n", "Phase", "A", "# T\n\n## State\n- Phase: A\n\n## Plan\nx\n");
        check("## State\nPhase: A:B\nStatus: C\n", "Phase", "D", "## State\nPhase: \"D\" A:B\nStatus: C\n");
        check(
            "## State\nPhase: A\nCurrentItem: # which\n",
            "CurrentItem",
            "x",
            "## State\nPhase: A\nCurrentItem: x # which\n",
        );
        check("## State\n|->\n", "Phase", "A", "## State\n- Phase: A\n\n|->\n");
        check("", "Phase", "A", "## State\n- Phase: A\n");
        check("# T", "Phase", "A", "# T\n\n## State\n- Phase: A");
        check("## State\nphase: A\n", "CurrentItem", "x", "## State\nphase: A\ncurrent_item: x\n");
        check("## State\nPhase: A\n", "Phase", "A", "## State\nPhase: A\n");
    }
}
