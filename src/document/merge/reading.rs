//! Whether somebody had read a change before they wrote.

use super::{
    entries,
    lines::{Line, Name, Version},
};
use crate::document::stamp::Stamp;
use jiff::civil::DateTime;
use std::{
    collections::{HashMap, HashSet, hash_map::DefaultHasher},
    hash::{Hash, Hasher as _},
};

/// Whether whoever made `made` had read what the change from `before` to `after` added, as far as that
/// still stands in `head`.
///
/// So it is when all of it is in `made`, some of it in other words: an item with another status, a
/// Changelog entry with more to it, a Log entry of the same second that says something alike. An entry
/// dated to the second proves it as it is, too, for nobody writes the same by chance. State keys prove
/// nothing, as they are set and set back, nor do other words for what stood there before the change.
#[must_use]
pub fn has_read(before: &str, after: &str, head: &str, made: &str) -> bool {
    let versions = [before, after, head, made].map(Version::read);
    let [known, _, standing, here] = versions.each_ref().map(contents);
    let [before, after, _, made] = &versions;
    let told = Spoken::of(sayings(before).map(|(_, saying)| saying));
    let news =
        sayings(made).filter(|(line, _)| !known.contains(line.content) && !standing.contains(line.content));
    let news = Spoken::of(news.map(|(_, saying)| saying));
    let added =
        sayings(after).filter(|(line, _)| !known.contains(line.content) && standing.contains(line.content));
    let mut is_proven = false;
    for (line, saying) in added {
        if here.contains(line.content) {
            is_proven |= saying.at.is_some();
        } else if news.has(&saying) && !told.has(&saying) {
            is_proven = true;
        } else {
            return false;
        }
    }
    is_proven
}

fn contents<'t>(version: &Version<'t>) -> HashSet<&'t str> {
    version.lines.iter().map(|line| line.content).collect()
}

/// What a line says, however it is set.
struct Saying {
    /// The section it stands in.
    section: u64,
    /// When, to the second.
    at: Option<DateTime>,
    /// Without the date.
    words: Vec<String>,
}

impl Saying {
    /// `None` for a line that says nothing by itself.
    fn of(line: &Line<'_>, section: u64) -> Option<Self> {
        let (at, text) = match &line.name {
            Some(Name::Keys(_)) => return None,
            Some(Name::Item(_, description)) => (None, description.as_str()),
            _ => dated(line).map_or((None, line.content), |(at, text)| (Some(at), text)),
        };
        let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
        let words: Vec<String> = words.map(str::to_lowercase).collect();
        (!words.is_empty()).then_some(Self { section, at, words })
    }
}

/// When an entry was written, and what it says, if it begins with a date and a time to the second.
fn dated<'t>(line: &Line<'t>) -> Option<(DateTime, &'t str)> {
    const TO_THE_SECOND: usize = "2026-11-21 10:00:00".len();
    let at = entries::stamp(line)?;
    let stamp = Stamp::find(line.content)?;
    (stamp.end - stamp.start >= TO_THE_SECOND).then(|| (at, &line.content[stamp.end..]))
}

/// The lines that say something, section by section.
fn sayings<'v, 't>(version: &'v Version<'t>) -> impl Iterator<Item = (&'v Line<'t>, Saying)> {
    version.parts.iter().flat_map(|part| {
        let section = hash(&(part.role, &part.path));
        let lines = version.lines[part.lines.clone()].iter();
        lines.filter_map(move |line| Some((line, Saying::of(line, section)?)))
    })
}

/// What some lines say, to look others up in.
#[derive(Default)]
struct Spoken {
    /// Words of entries, by section and time.
    dated: HashMap<(u64, DateTime), HashSet<String>>,
    /// What the others begin with, one word, two words, and so on.
    beginnings: HashSet<u64>,
}

impl Spoken {
    fn of(sayings: impl Iterator<Item = Saying>) -> Self {
        let mut spoken = Self::default();
        for Saying { section, at, words } in sayings {
            match at {
                Some(at) => spoken.dated.entry((section, at)).or_default().extend(words),
                None => spoken.beginnings.extend(beginnings(section, &words)),
            }
        }
        spoken
    }

    /// Whether one of the lines says this in other words: of the same time, most of it; otherwise all
    /// of it and more.
    fn has(&self, saying: &Saying) -> bool {
        match saying.at {
            Some(at) => self.dated.get(&(saying.section, at)).is_some_and(|words| {
                2 * saying.words.iter().filter(|word| words.contains(*word)).count() >= saying.words.len()
            }),
            None => beginnings(saying.section, &saying.words)
                .last()
                .is_some_and(|whole| self.beginnings.contains(&whole)),
        }
    }
}

fn beginnings(section: u64, words: &[String]) -> impl Iterator<Item = u64> {
    words.iter().scan(section, |hashed, word| {
        *hashed = hash(&(*hashed, word));
        Some(*hashed)
    })
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::has_read;

    /// Rulemark writes `added` below `heading`; somebody saves the file with `made` there.
    #[track_caller]
    fn check(heading: &str, added: &str, made: &str, expected: bool) {
        let text = |lines: &str| {
            format!("## State\nPhase: A\n\n## Notes\nn1\n\n{heading}\n{lines}\n## Other\n- other\n")
        };
        let (before, after) = (text(""), text(added));
        assert_eq!(has_read(&before, &after, &after, &text(made)), expected, "{added:?}, {made:?}");
    }

    #[test]
    fn what_is_reworded_was_read() {
        let table =
            |rows: &str| format!("| id | description | status |\n| -- | ----------- | ------ |\n{rows}");
        let items = |added: &str, made: &str, expected| {
            check("## Items", &table(added), &table(made), expected);
        };
        items("| 1 | two words | pending |\n", "| 1 | two words | done |\n", true);
        items("| 1 | two words | pending |\n", "| 1 | Two words, and more | pending |\n", true);
        items("| 1 | two words | pending |\n", "| 1 | two other words | pending |\n", false);
        items("| 1 | two words | pending |\n", "", false);
        check("## Items", "- [ ] one\n", "- [x] one\n", true);
        check("## Changelog", "- one\n", "- One: all of it\n", true);
        check("## Changelog", "- one\n", "- another one\n", false);
        check(
            "## Log",
            "- [2026-11-21 10:00:00] begun to work\n",
            "- [2026-11-21 10:00:00] I began to work\n",
            true,
        );
        check("## Log", "- [2026-11-21 10:00:00] begun to work\n", "- [2026-11-21 10:00:00] mine\n", false);
        check(
            "## Log",
            "- [2026-11-21 10:00:00] begun to work\n",
            "- [2026-11-21 10:00:01] begun to work\n",
            false,
        );
        check("## Log", "- [2026-11-21] fixed tests\n", "- [2026-11-21] fixed docs\n", false);
    }

    #[test]
    fn an_entry_of_that_second_proves_it_if_nothing_else_is_missing() {
        let entry = "- [2026-11-21 10:00:00] begun\n";
        check("## Log", entry, entry, true);
        check("## Log", &format!("{entry}- and on\n"), entry, false);
        check("## Log", "- begun\n", "- begun\n", false);
    }

    #[test]
    fn other_words_for_what_was_there_before_prove_nothing() {
        let text = |status: &str| {
            format!("## Items\n| id | description | status |\n| - | - | - |\n| 1 | one | {status} |\n")
        };
        let (before, after) = (text("pending"), text("completed"));
        assert!(!has_read(&before, &after, &after, &text("in progress")));
    }

    #[test]
    fn what_stands_in_another_section_is_something_else() {
        let (before, after) = ("## Log\n\n## Changelog\n", "## Log\n\n## Changelog\n- one\n");
        assert!(!has_read(before, after, after, "## Log\n- one more\n\n## Changelog\n"));
    }

    #[test]
    fn state_keys_prove_nothing() {
        let (before, after) = ("## State\nPhase: A\n", "## State\nPhase: B\n");
        assert!(!has_read(before, after, after, "## State\nPhase: B or not\n"));
    }
}
