//! What an agent's hooks tell and are told, whichever agent it is.

use std::path::PathBuf;

/// What happens in the agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// It is about to change a file.
    BeforeEdit(Edit),
    /// It is about to run a command.
    BeforeCommand {
        /// The command line, as a shell will get it.
        line: String,
    },
    /// It has changed a file.
    AfterEdit {
        /// Which.
        path: PathBuf,
    },
    /// It has run a command.
    AfterCommand,
    /// A conversation begins, or goes on without its beginning.
    SessionStarted {
        /// Whether it is a conversation of its own, not one that was compacted.
        is_new: bool,
    },
    /// The person has said something.
    Prompted,
    /// It wants to stop.
    Stopping {
        /// Whether it only goes on because a hook has told it to.
        is_repeated: bool,
    },
    /// Nothing that matters here.
    Other,
}

impl Occasion {
    /// Whether an answer can keep something from happening.
    pub(super) fn is_gate(&self) -> bool {
        matches!(self, Self::BeforeEdit(_) | Self::BeforeCommand { .. })
    }

    /// Whether the agent listens to a remark, and is not kept from anything by it.
    pub(super) fn takes_remarks(&self) -> bool {
        matches!(self, Self::AfterEdit { .. } | Self::AfterCommand | Self::SessionStarted { .. })
    }
}

/// A change of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    /// The file.
    pub(super) path: PathBuf,
    /// What becomes of it.
    pub(super) change: Change,
}

/// What becomes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// This is its text.
    Whole(String),
    /// These are replaced, one after the other.
    Replacements(Vec<Replacement>),
    /// It is deleted.
    Deletion,
    /// Something that the event does not show.
    Unseen,
}

/// One text for another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Replacement {
    pub(super) old: String,
    pub(super) new: String,
    /// Wherever it stands.
    pub(super) all: bool,
}

impl Change {
    /// The text that `before` becomes; `None` when that can't be told.
    pub(super) fn apply(&self, before: &str) -> Option<String> {
        match self {
            Self::Whole(text) => Some(text.clone()),
            Self::Replacements(replacements) => {
                replacements.iter().try_fold(before.to_owned(), |text, it| it.apply(text))
            }
            Self::Deletion | Self::Unseen => None,
        }
    }
}

impl Replacement {
    fn apply(&self, text: String) -> Option<String> {
        // Agents see files without carriage returns, and write them back.
        let (text, is_dos) = match text.contains(&self.old) {
            true => (text, false),
            false => (text.replace("\r\n", "\n"), true),
        };
        if !text.contains(&self.old) || self.old.is_empty() && !text.is_empty() {
            return None;
        }
        let count = if self.all { usize::MAX } else { 1 };
        let text = text.replacen(&self.old, &self.new, count);
        Some(if is_dos { text.replace('\n', "\r\n") } else { text })
    }
}

/// What the agent is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// Nothing: it goes on.
    Nothing,
    /// That what it is about to do is refused, why, and what to do instead.
    Refuse(String),
    /// Something to know.
    Remark(String),
    /// To go on, and with what.
    GoOn(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacements_make_the_text_the_agent_would_write() {
        let check = |before: &str, edits: &[(&str, &str, bool)], expected: Option<&str>| {
            let edits = edits.iter().map(|(old, new, all)| Replacement {
                old: (*old).into(),
                new: (*new).into(),
                all: *all,
            });
            let after = Change::Replacements(edits.collect()).apply(before);
            assert_eq!(after.as_deref(), expected, "{before:?}");
        };
        check("a b a", &[("a", "c", false)], Some("c b a"));
        check("a b a", &[("a", "c", true)], Some("c b c"));
        check("a", &[("a", "b", false), ("b", "c", false)], Some("c"));
        check("a\r\nb\r\n", &[("a\nb", "a\nx\nb", false)], Some("a\r\nx\r\nb\r\n"));
        check("a", &[("z", "b", false)], None);
        check("a", &[("", "b", false)], None);
        check("", &[("", "b", false)], Some("b"));
        assert_eq!(Change::Unseen.apply("a"), None);
    }
}
