//! Which items the results name, for tables without a status.

use super::comparable;
use crate::{
    document::{Outline, Role, table},
    markdown::LineKind,
};
use std::collections::HashSet;

/// What stands in the results sections.
#[derive(Debug, Default)]
pub(super) struct Results {
    /// First cells, first words of list items and titles: where an id stands.
    leads: HashSet<String>,
    /// All other words with a digit in them, and whole cells and lines.
    words: HashSet<String>,
}

impl Results {
    pub(super) fn new(outline: &Outline<'_>) -> Self {
        let mut results = Self::default();
        let sections = outline.sections().iter().filter(|section| section.role == Role::Results);
        for section in sections {
            for line in outline.markdown().lines(section.body) {
                let text = outline.text();
                match line.kind {
                    LineKind::Row => results.row(&table::cells(text, line.content, None), text),
                    LineKind::Item { body, .. } => {
                        let inside = body.of(text);
                        let is_row = inside.starts_with("`|") && inside.ends_with("|`");
                        if is_row {
                            let row = crate::text::Span::new(body.start + 1, body.end - 1);
                            results.row(&table::cells(text, row, None), text);
                        } else {
                            results.sentence(inside);
                        }
                    }
                    LineKind::Heading | LineKind::Text => {
                        results.sentence(line.content.of(text).trim_start_matches(['#', ' ']));
                    }
                    _ => {}
                }
            }
        }
        results
    }

    /// Whether an item is named.
    pub(super) fn name(&self, id: Option<&str>, description: &str) -> bool {
        let by_id = id.is_some_and(|id| {
            let id = comparable(id);
            let is_number = id.bytes().all(|byte| byte.is_ascii_digit());
            self.leads.contains(&id) || (!is_number && self.words.contains(&id))
        });
        by_id || (!description.is_empty() && self.words.contains(&comparable(description)))
    }

    fn row(&mut self, cells: &[crate::text::Span], text: &str) {
        for (index, cell) in cells.iter().enumerate() {
            let cell = comparable(&table::unescape(cell.of(text)));
            if index == 0 {
                self.leads.insert(cell.clone());
            }
            self.words.insert(cell);
        }
    }

    fn sentence(&mut self, sentence: &str) {
        let plain = comparable(sentence);
        let mut tokens = plain.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_')));
        let lead = tokens.clone().find(|word| !matches!(*word, "" | "item" | "task" | "id"));
        self.leads.extend(lead.map(str::to_owned));
        self.words.extend(
            tokens.by_ref().filter(|word| word.contains(|c: char| c.is_ascii_digit())).map(str::to_owned),
        );
        if let Some((head, _)) = plain.split_once(": ") {
            self.words.insert(head.to_owned());
        }
        self.words.insert(plain);
    }
}
