//! Changes of a document, in words.

use super::{Ink, Line};
use crate::document::{Change, ItemChange, SectionChange};

/// How many entries, steps or lines of one section are shown.
const SHOWN: usize = 12;

/// The lines that tell `changes`, `indent` columns in.
pub(crate) fn told(changes: &[Change], indent: usize) -> Vec<Line> {
    let mut teller = Teller { indent, lines: Vec::new() };
    for change in changes {
        teller.change(change);
    }
    teller.lines
}

struct Teller {
    indent: usize,
    lines: Vec<Line>,
}

impl Teller {
    fn change(&mut self, change: &Change) {
        match change {
            Change::Key { name, before, after } => {
                let value = |value: &Option<String>| match value.as_deref() {
                    None => "missing".to_owned(),
                    Some("") => "empty".to_owned(),
                    Some(value) => value.to_owned(),
                };
                self.say(name, format!("{} → {}", value(before), value(after)));
            }
            Change::Item { id, description, change } => self.item(id.as_deref(), description, change),
            Change::Entries { section, added, removed, is_cleared } => {
                if *is_cleared {
                    let count = removed.len();
                    self.say(section, format!("cleared ({count} {})", plural(count, "entry", "entries")));
                } else {
                    self.list(section, '-', Ink::Bad, removed);
                }
                self.list(section, '+', Ink::Good, added);
            }
            Change::Steps { section, ticked, unticked, added, removed } => {
                let groups = [
                    ("ticked", "☑", Ink::Good, ticked),
                    ("unticked", "☐", Ink::Caution, unticked),
                    ("added", "+", Ink::Good, added),
                    ("removed", "-", Ink::Bad, removed),
                ];
                let mut counts: Vec<String> = Vec::new();
                for (word, _, _, steps) in groups.iter().filter(|(.., steps)| !steps.is_empty()) {
                    let noun = if counts.is_empty() { plural(steps.len(), " step", " steps") } else { "" };
                    counts.push(format!("{}{noun} {word}", steps.len()));
                }
                self.say(section, counts.join(", "));
                for (_, sign, ink, steps) in groups {
                    self.signed(sign, ink, steps);
                }
            }
            Change::Section { section, is_rule, change } => self.section(section, *is_rule, *change),
            Change::Lines { section, lines } => {
                let title = if section.is_empty() { "top of the file" } else { section };
                self.lines.push(Line::indented(self.indent).ink(Ink::Strong, title));
                for (is_new, text) in lines.iter().take(shown(lines.len())) {
                    let (sign, ink) = if *is_new { ("+", Ink::Good) } else { ("-", Ink::Bad) };
                    self.lines.push(Line::indented(self.indent + 2).ink(ink, format!("{sign} {text}")));
                }
                self.rest(lines.len(), "line");
            }
        }
    }

    fn item(&mut self, id: Option<&str>, description: &str, change: &ItemChange) {
        let subject = id.map_or_else(|| "item".to_owned(), |id| format!("item {id}"));
        let (subject, text) = match change {
            ItemChange::Added => (format!("{subject} added"), description.to_owned()),
            ItemChange::Removed => (format!("{subject} removed"), description.to_owned()),
            ItemChange::Done => (format!("{subject} done"), description.to_owned()),
            ItemChange::Reopened => (format!("{subject} reopened"), description.to_owned()),
            ItemChange::Status { before, after } => (subject, format!("{before} → {after}: {description}")),
            ItemChange::Renumbered { before } => {
                let before = before.as_deref().unwrap_or("nothing");
                (subject, format!("was {before}: {description}"))
            }
            ItemChange::Reworded { before } => (subject, format!("{before} → {description}")),
        };
        self.say(&subject, text);
    }

    fn section(&mut self, section: &str, is_rule: bool, change: SectionChange) {
        let kind = if is_rule { "rules" } else { "section" };
        let text = match change {
            SectionChange::Added => format!("{section} added"),
            SectionChange::Removed => format!("{section} removed"),
            SectionChange::Changed { added, removed } => {
                format!(
                    "{section} changed ({added} {} added, {removed} removed)",
                    plural(added, "line", "lines")
                )
            }
        };
        self.say(kind, text);
    }

    /// `subject: text`.
    fn say(&mut self, subject: &str, text: impl AsRef<str>) {
        let line = Line::indented(self.indent).ink(Ink::Strong, subject).text(": ").text(text);
        self.lines.push(line);
    }

    /// `section: + text`, for each of `texts`.
    fn list(&mut self, section: &str, sign: char, ink: Ink, texts: &[String]) {
        for text in &texts[..shown(texts.len())] {
            let line = Line::indented(self.indent).ink(Ink::Strong, section).text(": ");
            self.lines.push(line.ink(ink, format!("{sign} {text}")));
        }
        self.rest(texts.len(), "entry");
    }

    fn signed(&mut self, sign: &str, ink: Ink, texts: &[String]) {
        for text in &texts[..shown(texts.len())] {
            self.lines.push(Line::indented(self.indent + 2).ink(ink, format!("{sign} {text}")));
        }
        self.rest(texts.len(), "step");
    }

    fn rest(&mut self, count: usize, noun: &str) {
        let left = count - shown(count);
        if left > 0 {
            let nouns = if noun == "entry" { "entries".to_owned() } else { format!("{noun}s") };
            let text = format!("… {left} more {nouns}; `--lines` shows all");
            self.lines.push(Line::indented(self.indent + 2).ink(Ink::Faint, text));
        }
    }
}

/// How many of `count` are shown: one more costs no more than the line that counts it.
fn shown(count: usize) -> usize {
    if count <= SHOWN + 1 { count } else { SHOWN }
}

fn plural(count: usize, one: &'static str, more: &'static str) -> &'static str {
    if count == 1 { one } else { more }
}
