//! Sentences that one slip of the finger keeps from being understood.

use super::{Review, misspelt::is_slip};
use crate::{
    rules::{
        ast::{Class, Clause, Condition, Step, StepKind, Test},
        lex::{Kind, lex},
        step::{self, Context},
        trigger,
        vocabulary::section_names,
    },
    text::{Span, nearest},
};

/// Words that triggers are made of.
const TRIGGER_WORDS: &[&str] = &[
    "contains",
    "unprocessed",
    "pending",
    "remaining",
    "rows",
    "items",
    "session",
    "starts",
    "entering",
    "phase",
    "missing",
    "exists",
    "updated",
    "length",
    "chars",
];

/// Words that steps are made of.
const STEP_WORDS: &[&str] = &[
    "set",
    "clear",
    "archive",
    "reset",
    "trigger",
    "next",
    "unprocessed",
    "row",
    "item",
    "prepend",
    "append",
];

/// A longer text is not one slip away from a wording, in bytes.
const LONGEST: usize = 200;

/// So many sentences with a word that is almost known are read again.
const MOST_TRIED: usize = 64;

impl Review<'_> {
    /// Conditions and steps of a rule that would be understood with one word written otherwise.
    pub(super) fn near_words(&mut self, clause: &Clause) {
        if let Some(trigger) = &clause.trigger {
            self.near_condition(&trigger.condition);
        }
        self.near_steps(&clause.steps);
    }

    fn near_condition(&mut self, condition: &Condition) {
        for atom in condition.atoms() {
            if atom.test != Test::Judgement {
                continue;
            }
            let vocabulary = self.vocabulary;
            let reads = |text: &str| {
                let read = trigger::parse(text, Span::new(0, text.len()), vocabulary);
                read.condition.class() != Class::Judgement
            };
            self.near_word(atom.span, TRIGGER_WORDS, reads);
        }
    }

    fn near_steps(&mut self, steps: &[Step]) {
        for step in steps {
            match &step.kind {
                StepKind::Delegate => {
                    let vocabulary = self.vocabulary;
                    let reads = |text: &str| {
                        let mut steps = Vec::new();
                        step::sentence(
                            Context::new(text, vocabulary, None),
                            Span::new(0, text.len()),
                            &mut steps,
                        );
                        steps.iter().all(|step| step.kind != StepKind::Delegate)
                    };
                    self.near_word(step.span, STEP_WORDS, reads);
                }
                StepKind::If { then, otherwise, .. } => {
                    self.near_steps(then);
                    self.near_steps(otherwise);
                }
                _ => {}
            }
        }
    }

    /// The first word of `span` that is almost a known one, if `reads` holds for the text with that one.
    fn near_word(&mut self, span: Span, words: &'static [&'static str], reads: impl Fn(&str) -> bool) {
        if span.len() > LONGEST {
            return;
        }
        let lexed = lex(self.file, span);
        for token in lexed.tokens.iter().filter(|token| token.kind == Kind::Word && token.text.len() > 2) {
            let known = || words.iter().copied().chain(section_names());
            let is_known = known().any(|word| word.eq_ignore_ascii_case(token.text));
            let alike = known().filter(|word| word.len() > 2 && is_slip(token.text, word));
            let Some(meant) = (!is_known).then(|| nearest(token.text, alike)).flatten() else { continue };
            if self.tried >= MOST_TRIED {
                return;
            }
            self.tried += 1;
            let before = Span::new(span.start, token.span.start).of(self.file);
            let behind = Span::new(token.span.end, span.end).of(self.file);
            if reads(&format!("{before}{meant}{behind}")) {
                let message =
                    format!("`{}` is not understood, so an agent or a person must decide", token.text);
                self.misspelt("unknown-word", token.span, message, meant);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{document::WorkflowState, rules::compile};

    #[track_caller]
    fn check(rule: &str, expected: Option<(&str, &str)>) {
        let file = format!(
            "## State\nPhase: INIT\nStatus: READY\nCurrentItem: null\n\n## Rules\n### RULE_A\n{rule}\n\n## Items\n\n## Log\n\n## ArchiveLog\n"
        );
        let set = compile(&WorkflowState::parse(&file));
        let fix = set.diagnostics.iter().find(|found| found.code == "unknown-word").and_then(|found| {
            let edit = found.fix.as_ref()?.edits.first()?;
            Some((edit.span.of(&file), edit.new_text.as_str()))
        });
        assert_eq!(fix, expected, "{rule}");
    }

    #[test]
    fn slips_that_keep_a_sentence_from_being_read() {
        let action = "Action: Log action.";
        check("Trigger: x\nAction: clear Lgo", Some(("Lgo", "Log")));
        check("Trigger: x\nAction: Claer ## Log.", Some(("Claer", "clear")));
        check("Trigger: x\nAction: clear ArchivLog", Some(("ArchivLog", "ArchiveLog")));
        check("Status == READY → clear Log; clear ArchivLog", Some(("ArchivLog", "ArchiveLog")));
        check(
            "Trigger: x\nAction: Set CurrentItem to next unprocesed row.",
            Some(("unprocesed", "unprocessed")),
        );
        check(
            &format!("Trigger: Status == READY and Items contains unprocesed rows\n{action}"),
            Some(("unprocesed", "unprocessed")),
        );
        check(&format!("Trigger: the user is pleased\n{action}"), None);
        check("Trigger: x\nAction: Clean the kitchen. Set the tables.", None);
        check("Trigger: x\nAction: clear Log", None);
    }
}
