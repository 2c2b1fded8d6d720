//! Whether a condition holds.
//!
//! Three values: what nobody has judged yet is unknown, and so is everything that hangs on it. A
//! clause fires only on what is known to hold (`rule-language.md`, section 2).

use super::model::{FileFact, Memory, Settings, Snapshot};
use crate::{
    document::{Item, ItemStatus, Items, Section, WorkflowState},
    rules::{Atom, Comparison, Condition, EventPattern, FileTest, LengthUnit, Test, Value},
    text::{DocumentId, Span},
};
use std::{
    cell::{OnceCell, RefCell},
    collections::{BTreeSet, HashMap},
};

/// Something that happened since the last settled snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Occurrence {
    SessionStarted,
    Command(String),
    PhaseEntered(String),
    PhaseLeft(String),
    TaskStarted,
    CycleStarted,
    ActionDone,
    FileUpdated(DocumentId),
    SourceSaved,
    TestsRan,
    ItemsExhausted(String),
    PlanOverwritten,
    UserSaid(String),
    Judged(String),
    Named(String),
}

/// What a condition is evaluated against: one settled snapshot and what just happened.
pub(super) struct View<'a> {
    pub(super) snapshot: &'a Snapshot<'a>,
    /// The state file as this round found it.
    pub(super) state: &'a WorkflowState<'a>,
    pub(super) occurrences: &'a [Occurrence],
    facts: Facts,
}

/// What is worked out once for all conditions of a view: each of many rules may ask for the same.
#[derive(Default)]
struct Facts {
    items_left: OnceCell<bool>,
    /// By the section's heading.
    lengths: RefCell<HashMap<(Span, LengthUnit), u64>>,
}

impl<'a> View<'a> {
    pub(super) fn new(
        snapshot: &'a Snapshot<'a>,
        state: &'a WorkflowState<'a>,
        occurrences: &'a [Occurrence],
    ) -> Self {
        Self { snapshot, state, occurrences, facts: Facts::default() }
    }
}

/// On whose behalf a condition is evaluated.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    /// The rule whose condition it is.
    pub(super) rule: &'a str,
    /// Whether another rule calls it: then its events have happened and its judgements are made.
    pub(super) called: bool,
}

impl View<'_> {
    /// Whether `condition` holds; `None` when that takes a judgement nobody has made.
    pub(super) fn decide(&self, condition: &Condition, asker: Asker<'_>) -> Option<bool> {
        match condition {
            Condition::All(parts) => {
                let mut all = Some(true);
                for part in parts {
                    match self.decide(part, asker) {
                        Some(false) => return Some(false),
                        None => all = None,
                        Some(true) => {}
                    }
                }
                all
            }
            Condition::Any(parts) => {
                let mut any = Some(false);
                for part in parts {
                    match self.decide(part, asker) {
                        Some(true) => return Some(true),
                        None => any = None,
                        Some(false) => {}
                    }
                }
                any
            }
            Condition::Not(inner) => self.decide(inner, asker).map(|holds| !holds),
            Condition::Atom(atom) => self.decide_atom(atom, asker),
        }
    }

    fn decide_atom(&self, atom: &Atom, asker: Asker<'_>) -> Option<bool> {
        match &atom.test {
            Test::Compare { key, op, value } => Some(compare(self.state.value(key), *op, value)),
            Test::Is(word) => Some(
                [self.state.value("Phase"), self.state.value("Status")]
                    .into_iter()
                    .flatten()
                    .any(|is| same_word(is, word)),
            ),
            Test::Length { section, op, limit, unit } => {
                let found = self.state.outline().named(&section.0);
                Some(ordered(found.map_or(0, |found| self.length(found, *unit)), *op, *limit))
            }
            Test::Items { left } => Some(self.items_are_left() == *left),
            Test::File { path, test } => self.fact_about(path).map(|fact| match test {
                FileTest::Exists => fact != FileFact::Missing,
                FileTest::Missing => fact == FileFact::Missing,
                FileTest::MissingOrEmpty => fact != FileFact::Present,
            }),
            Test::Event(_) | Test::Judgement if asker.called || self.is_judged(asker.rule) => Some(true),
            Test::Event(pattern) => {
                Some(self.occurrences.iter().any(|occurrence| self.matches(pattern, occurrence)))
            }
            Test::Judgement => None,
        }
    }

    fn is_judged(&self, rule: &str) -> bool {
        self.occurrences
            .iter()
            .any(|it| matches!(it, Occurrence::Judged(judged) if judged.eq_ignore_ascii_case(rule)))
    }

    fn length(&self, section: &Section, unit: LengthUnit) -> u64 {
        let outline = self.state.outline();
        let mut lengths = self.facts.lengths.borrow_mut();
        *lengths.entry((section.heading, unit)).or_insert_with(|| {
            let length = match unit {
                LengthUnit::Characters => outline.characters(section),
                LengthUnit::Lines => outline.content(section).lines().count(),
            };
            u64::try_from(length).unwrap_or(u64::MAX)
        })
    }

    /// Whether an item waits besides the one that is finished (`rule-language.md`, section 4).
    pub(super) fn items_are_left(&self) -> bool {
        *self.facts.items_left.get_or_init(|| {
            let items = self.state.items();
            let finished = finished_item(self.state).and_then(|current| items.matching(current));
            self.next_item(&items, finished).is_some()
        })
    }

    /// The first unprocessed item that is not `but`.
    pub(super) fn next_item<'i>(&self, items: &'i Items<'_>, but: Option<&Item>) -> Option<&'i Item> {
        items.rows().iter().find(|item| is_open(item, self.snapshot.memory) && Some(*item) != but)
    }

    /// What is known of a file that a rule names.
    pub(super) fn fact_about(&self, path: &str) -> Option<FileFact> {
        match document_called(path, self.snapshot.settings) {
            Some(DocumentId::State) => Some(fact_of(Some(self.snapshot.state))),
            Some(DocumentId::Config) => Some(fact_of(self.snapshot.config)),
            None => self.snapshot.files.fact(path),
        }
    }

    fn matches(&self, pattern: &EventPattern, occurrence: &Occurrence) -> bool {
        let named = |wanted: &Option<String>, phase: &str| {
            wanted.as_ref().is_none_or(|wanted| same_word(wanted, phase))
        };
        match (pattern, occurrence) {
            (EventPattern::SessionStarted, Occurrence::SessionStarted)
            | (EventPattern::TaskStarted, Occurrence::TaskStarted)
            | (EventPattern::CycleStarted, Occurrence::CycleStarted)
            | (EventPattern::ActionDone, Occurrence::ActionDone)
            | (EventPattern::TestsRan, Occurrence::TestsRan)
            | (EventPattern::PlanOverwritten, Occurrence::PlanOverwritten) => true,
            (EventPattern::Command(commands), Occurrence::Command(given)) => {
                commands.iter().any(|command| command.eq_ignore_ascii_case(given))
            }
            (EventPattern::PhaseEntered(wanted), Occurrence::PhaseEntered(phase))
            | (EventPattern::PhaseLeft(wanted), Occurrence::PhaseLeft(phase)) => named(wanted, phase),
            (EventPattern::FileUpdated(paths), Occurrence::FileUpdated(document)) => {
                paths.iter().any(|path| document_called(path, self.snapshot.settings) == Some(*document))
            }
            (EventPattern::SourceSaved { during }, Occurrence::SourceSaved) => during
                .as_ref()
                .is_none_or(|during| self.state.value("Phase").is_some_and(|phase| same_word(during, phase))),
            (EventPattern::ItemsExhausted { rule }, Occurrence::ItemsExhausted(by)) => {
                rule.eq_ignore_ascii_case(by)
            }
            (EventPattern::UserSaid(beginnings), Occurrence::UserSaid(said)) => {
                let said = said.trim().to_lowercase();
                beginnings.iter().any(|beginning| said.starts_with(&beginning.to_lowercase()))
            }
            (EventPattern::Named(name), Occurrence::Named(given)) => same_word(name, given),
            _ => false,
        }
    }
}

/// Whether an item is unprocessed; in a shape without a place for a status the journal knows.
pub(super) fn is_open(item: &Item, memory: &Memory) -> bool {
    item.state == ItemStatus::Unprocessed
        && (item.status.is_some() || !memory.processed.contains(&item.description))
}

/// What `CurrentItem` says, when `Status` says that it is completed.
pub(super) fn finished_item<'s>(state: &'s WorkflowState<'_>) -> Option<&'s str> {
    let is_completed = state.value("Status").is_some_and(|status| same_word(status, COMPLETED));
    state.value("CurrentItem").filter(|_| is_completed)
}

/// The status that says that the work on an item is done.
pub(super) const COMPLETED: &str = "COMPLETED";

/// Which of the two documents a rule means by `path`: by its whole path or by its file name.
pub(super) fn document_called(path: &str, settings: &Settings) -> Option<DocumentId> {
    let file_name = |path: &str| path.rsplit(['/', '\\']).next().unwrap_or_default().to_lowercase();
    let name = file_name(path);
    [(DocumentId::State, &settings.state_path), (DocumentId::Config, &settings.config_path)]
        .into_iter()
        .find(|(_, own)| file_name(own) == name)
        .map(|(document, _)| document)
}

fn fact_of(text: Option<&str>) -> FileFact {
    match text {
        None => FileFact::Missing,
        Some(text) if text.trim().is_empty() => FileFact::Empty,
        Some(_) => FileFact::Present,
    }
}

/// The State keys a condition reads, in lower case; `Is` reads phase and status.
pub(super) fn keys_read(condition: &Condition) -> BTreeSet<String> {
    condition
        .atoms()
        .into_iter()
        .flat_map(|atom| match &atom.test {
            Test::Compare { key, .. } => vec![key.to_lowercase()],
            Test::Is(_) => vec!["phase".to_owned(), "status".to_owned()],
            _ => Vec::new(),
        })
        .collect()
}

/// Whether two phases, statuses or values are the same word: without case, and `IN PROGRESS`,
/// `in-progress` and `IN_PROGRESS` are one.
pub(super) fn same_word(one: &str, other: &str) -> bool {
    folded(one).eq(folded(other))
}

/// What counts of a word when two are compared.
pub(super) fn folded(word: &str) -> impl Iterator<Item = char> + '_ {
    word.trim().chars().flat_map(char::to_lowercase).map(|c| if c == ' ' || c == '-' { '_' } else { c })
}

fn compare(found: Option<&str>, op: Comparison, value: &Value) -> bool {
    let equal = match (found, value) {
        (None, Value::Null) => true,
        (None, _) | (Some(_), Value::Null) => false,
        (Some(found), Value::Text(text)) => same_word(found, text),
        (Some(found), Value::Prefix(prefix)) => {
            let (found, prefix) = (found.to_lowercase(), prefix.to_lowercase());
            found.starts_with(&prefix)
        }
        (Some(found), Value::Number(number)) => thousandths(found) == Some(*number),
    };
    match op {
        Comparison::Equal => equal,
        Comparison::NotEqual => !equal,
        _ => match (found.and_then(thousandths), value) {
            (Some(found), Value::Number(number)) => ordered(found, op, *number),
            _ => false,
        },
    }
}

fn ordered<T: Ord + Copy>(found: T, op: Comparison, limit: T) -> bool {
    match op {
        Comparison::Equal => found == limit,
        Comparison::NotEqual => found != limit,
        Comparison::Greater => found > limit,
        Comparison::GreaterOrEqual => found >= limit,
        Comparison::Less => found < limit,
        Comparison::LessOrEqual => found <= limit,
    }
}

/// The number that `text` is, in thousandths: `7`, `0.85`, `85%`, `5,000`.
fn thousandths(text: &str) -> Option<i64> {
    let text = text.trim().trim_end_matches('%').trim_end();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let negative = whole.starts_with('-');
    let whole: i64 = whole.replace([',', '_', ' '], "").parse().ok()?;
    if fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<3}")[..3].parse().ok()?;
    whole.checked_mul(1000)?.checked_add(if negative { -fraction } else { fraction })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (text, expected) in [
            ("7", Some(7_000)),
            ("0.85", Some(850)),
            ("85%", Some(85_000)),
            ("5,000", Some(5_000_000)),
            ("-0.5", Some(-500)),
            ("high", None),
            ("1.x", None),
            ("", None),
        ] {
            assert_eq!(thousandths(text), expected, "{text}");
        }
    }

    #[test]
    fn comparisons() {
        let text = |word: &str| Value::Text(word.into());
        for (found, op, value, expected) in [
            (Some("validate"), Comparison::Equal, text("VALIDATE"), true),
            (Some("In Progress"), Comparison::Equal, text("IN_PROGRESS"), true),
            (None, Comparison::Equal, Value::Null, true),
            (None, Comparison::NotEqual, Value::Null, false),
            (None, Comparison::NotEqual, text("X"), true),
            (Some("BLOCKED_LINT"), Comparison::Equal, Value::Prefix("blocked_".into()), true),
            (Some("READY"), Comparison::Equal, Value::Prefix("BLOCKED_".into()), false),
            (Some("6"), Comparison::Less, Value::Number(7_000), true),
            (Some("unknown"), Comparison::Less, Value::Number(7_000), false),
        ] {
            assert_eq!(compare(found, op, &value), expected, "{found:?} {op:?} {value:?}");
        }
    }
}
