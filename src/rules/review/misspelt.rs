//! Words that are almost others: what they were probably meant to be.

use super::Review;
use crate::{
    rules::{
        ast::{EventPattern, Rule, Step, StepKind, Test},
        extract::RawRule,
        label,
    },
    text::{Diagnostic, Severity, Span, TextEdit, nearest},
};

/// The keys that the workflow itself reads.
const OWN_KEYS: [&str; 3] = ["Phase", "Status", "CurrentItem"];

/// The two documents, as they are called by default, without `.md`.
const DOCUMENTS: [&str; 2] = ["project_config", "workflow_state"];

impl Review<'_> {
    /// Labels that are almost `Trigger` or `Action`. A word that nothing marks as a label counts only
    /// where the rule lacks what it resembles: `Active: yes` is a sentence.
    pub(super) fn labels(&mut self, raw: &RawRule, rule: &Rule) {
        let has_trigger = rule.clauses.iter().any(|clause| clause.trigger.is_some());
        let has_action = rule.clauses.iter().any(|clause| !clause.steps.is_empty());
        for line in &raw.lines {
            let known = label::read(self.file, line.body).is_some();
            let Some((word, is_marked)) = label::lookalike(self.file, line.body).filter(|_| !known) else {
                continue;
            };
            let written = word.of(self.file);
            let Some(meant) = self.near(written, label::english()) else { continue };
            let is_missing = match meant {
                "Trigger" => !has_trigger,
                "Action" | "Actions" => !has_action,
                _ => false,
            };
            if is_marked || (is_missing && written.as_bytes()[0] == meant.as_bytes()[0]) {
                let message = format!("`{written}` is not a label that rules have");
                self.misspelt("unknown-label", word, message, meant);
            }
        }
    }

    /// A key that a step sets and State does not have, but almost.
    pub(super) fn assigned_key(&mut self, key: &str, around: Span) {
        let is_own = OWN_KEYS.iter().any(|own| own.eq_ignore_ascii_case(key));
        if is_own || self.has_key(key) {
            return;
        }
        let known = OWN_KEYS.into_iter().chain(self.vocabulary.keys());
        let Some(meant) = self.near(key, known).filter(|meant| is_slip(key, meant)) else { return };
        let span = self.inside(around, key);
        self.misspelt("unknown-key", span, format!("State has no key `{key}`"), meant);
    }

    /// State keys that are almost one that the workflow reads and State does not have.
    pub(super) fn state_keys(&mut self) {
        let keys = self.state.keys();
        for own in OWN_KEYS {
            if self.state.key(own).is_some() {
                continue;
            }
            let others = keys.iter().map(|key| key.name.as_str()).take(super::MOST_COMPARED);
            let near = nearest(own, others.filter(|key| is_slip(key, own)));
            let Some(key) = near.and_then(|near| keys.iter().find(|key| key.name == near)) else {
                continue;
            };
            let message = format!("State has no `{own}`, but `{}`", key.name);
            self.misspelt("unknown-key", key.name_span, message, own);
        }
    }

    /// Phases and files in a test.
    pub(super) fn named_in_test(&mut self, test: &Test, around: Span) {
        match test {
            Test::Event(
                EventPattern::PhaseEntered(Some(phase))
                | EventPattern::PhaseLeft(Some(phase))
                | EventPattern::SourceSaved { during: Some(phase) },
            ) => self.phase(phase, around),
            Test::Event(EventPattern::FileUpdated(paths)) => {
                for path in paths {
                    self.path(path, around);
                }
            }
            Test::File { path, .. } => self.path(path, around),
            _ => {}
        }
    }

    /// The file that a step names.
    pub(super) fn named_in_step(&mut self, step: &Step) {
        match &step.kind {
            StepKind::Read { path } | StepKind::Find { path: Some(path), .. } => self.path(path, step.span),
            StepKind::Insert { target, .. } => {
                if let Some(path) = &target.path {
                    self.path(path, step.span);
                }
            }
            _ => {}
        }
    }

    /// A path that is almost that of one of the two documents. Other separators and extensions are
    /// another file's name, not a slip.
    fn path(&mut self, path: &str, around: Span) {
        let name = path.rsplit('/').next().unwrap_or(path);
        let Some(stem) = name.strip_suffix(".md") else { return };
        let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
        if DOCUMENTS.iter().any(|known| letters(known).eq_ignore_ascii_case(&letters(stem))) {
            return;
        }
        let Some(meant) = self.near(stem, DOCUMENTS) else { return };
        let span = self.inside(around, stem);
        self.misspelt("unknown-file", span, format!("`{name}` is neither of the two documents"), meant);
    }

    /// `span` holds a word for which `meant` was meant.
    pub(super) fn misspelt(&mut self, code: &'static str, span: Span, message: String, meant: &str) {
        self.found.push(
            Diagnostic::new(Severity::Warning, code, span, message)
                .with_hint(format!("did you mean `{meant}`?"))
                .with_fix(format!("write `{meant}`"), vec![TextEdit::replace(span, meant)]),
        );
    }
}

/// Whether a word near to `meant` looks like a slip of the finger, not like another word: `CurentItem`
/// and `Statsu`, but not `CurrentStep` and `State`.
pub(super) fn is_slip(word: &str, meant: &str) -> bool {
    fn letters(word: &str) -> Vec<char> {
        word.chars().flat_map(char::to_lowercase).collect()
    }
    let first = |word: &str| word.chars().next().map(|c| c.to_ascii_lowercase());
    // Most words are out by their first letter, before anything is allocated.
    if first(word) != first(meant) {
        return false;
    }
    let (mut word, mut meant) = (letters(word), letters(meant));
    if word.len().abs_diff(meant.len()) > 2 {
        return false;
    }
    word.last() == meant.last() || {
        word.sort_unstable();
        meant.sort_unstable();
        word == meant
    }
}

#[cfg(test)]
mod tests {
    use crate::{document::WorkflowState, rules::compile};

    /// What is found, and what the fix puts in its place.
    #[track_caller]
    fn check(state: &str, rules: &str, expected: &[(&str, &str, &str)]) {
        let file = format!(
            "## State\n{state}\n\n## Rules\n### [PHASE: ANALYZE]\n- x\n### [PHASE: CONSTRUCT]\n- x\n{rules}\n\n## Log\n\n## ArchiveLog\n"
        );
        let set = compile(&WorkflowState::parse(&file));
        let found: Vec<_> = set
            .diagnostics
            .iter()
            .filter_map(|found| {
                let edit = found.fix.as_ref()?.edits.first()?;
                Some((found.code, edit.span.of(&file), edit.new_text.as_str()))
            })
            .collect();
        assert_eq!(found, expected, "{rules}");
    }

    const STATE: &str = "Phase: INIT\nStatus: READY\nCurrentItem: null\nConfidence: 7";

    #[test]
    fn words_in_rules() {
        let action = "Action: Log action.";
        for (rule, expected) in [
            (
                "Trigger: x\nAction: Set `CurentItem` to next unprocessed row.".to_owned(),
                vec![("unknown-key", "CurentItem", "CurrentItem")],
            ),
            (
                "Trigger: x\nAction: Set `Confidense = 3`.".to_owned(),
                vec![("unknown-key", "Confidense", "Confidence")],
            ),
            ("Trigger: x\nAction: Set `Branch = main`.".to_owned(), vec![]),
            (format!("Triger: Phase == INIT\n{action}"), vec![("unknown-label", "Triger", "Trigger")]),
            (
                "Trigger: Phase == INIT\nActoin: Log action.".to_owned(),
                vec![("unknown-label", "Actoin", "Action")],
            ),
            (format!("Trigger: Phase == INIT\n{action}\nActive: yes"), vec![]),
            ("Trigger: Phase == INIT\nCaption: none".to_owned(), vec![]),
            (
                format!("Trigger: entering CONSTRUC phase\n{action}"),
                vec![("unknown-phase", "CONSTRUC", "CONSTRUCT")],
            ),
            (format!("Trigger: entering CONSTRUCT phase\n{action}"), vec![]),
            (
                format!("Trigger: projct_config.md is missing\n{action}"),
                vec![("unknown-file", "projct_config", "project_config")],
            ),
            (
                format!("Trigger: ./docs/workflow_sate.md is updated\n{action}"),
                vec![("unknown-file", "workflow_sate", "workflow_state")],
            ),
            (
                "Trigger: x\nAction: Read `project_confg.md`.".to_owned(),
                vec![("unknown-file", "project_confg", "project_config")],
            ),
            ("Trigger: x\nAction: Read `project-config.md`. Read `project_config.mdc`.".to_owned(), vec![]),
        ] {
            check(STATE, &format!("### RULE_A\n{rule}"), &expected);
        }
    }

    #[test]
    fn keys_of_state() {
        check("Phase: INIT\nStaus: READY", "", &[("unknown-key", "Staus", "Status")]);
        check("- **Pahse:** INIT\n- Status: READY", "", &[("unknown-key", "Pahse", "Phase")]);
        check(
            "Phase: INIT\nStatus: READY\nCurentItem: 3",
            "",
            &[("unknown-key", "CurentItem", "CurrentItem")],
        );
        check("Phase: INIT\nStatsu: READY", "", &[("unknown-key", "Statsu", "Status")]);
        check("Phase: INIT\nStatus: READY\nStats: 3", "", &[]);
        check("Phase: INIT\nState: READY\nCurrentStep: 3", "", &[]);
        check("- 단계: INIT\n- 상태: READY", "", &[]);
    }

    #[test]
    fn keys_in_another_language() {
        let codes = |rule: &str| {
            let file = format!("## State\n- 단계: INIT\n- 상태: READY\n\n## Rules\n### RULE_A\n{rule}\n");
            let set = compile(&WorkflowState::parse(&file));
            set.diagnostics.iter().map(|found| found.code).collect::<Vec<_>>()
        };
        assert_eq!(codes("Trigger: 상태 == COMPLETED\nAction: Set `단계 = ANALYZE`."), [""; 0]);
        assert_eq!(codes("Trigger: 신뢰도 < 7\nAction: Log action."), ["unknown-key"]);
    }
}
