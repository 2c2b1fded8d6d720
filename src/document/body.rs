//! What a section holds, and the edits every section takes.

use super::{Outline, Section, inline, stamp::EntryForm, table};
use crate::{
    markdown::{BlockKind, Line, LineKind, list_marker},
    text::{Span, TextEdit},
};

impl Outline<'_> {
    /// The section's content: the body without surrounding blank lines, without HTML comments,
    /// without placeholders (lines wholly in italics directly below the heading), and without the
    /// thematic break that sets the next section off.
    #[must_use]
    pub fn content(&self, section: &Section) -> String {
        let mut content = String::new();
        for part in Layout::of(self, section).content {
            content.push_str(part.of(self.text()));
        }
        content.truncate(content.trim_end().len());
        content
    }

    /// Unicode scalar values of the section's content (`rule-language.md`, section 2).
    #[must_use]
    pub fn characters(&self, section: &Section) -> usize {
        let layout = Layout::of(self, section);
        let parts = || layout.content.iter().map(|part| part.of(self.text()));
        let mut trailing = 0;
        for part in parts().rev() {
            let kept = part.trim_end();
            trailing += part[kept.len()..].chars().count();
            if !kept.is_empty() {
                break;
            }
        }
        parts().map(|part| part.chars().count()).sum::<usize>() - trailing
    }

    /// Empties the section's body; placeholders, comments and a table's header stay.
    #[must_use]
    pub fn clear(&self, section: &Section) -> Vec<TextEdit> {
        let text = self.text();
        let layout = Layout::of(self, section);
        let (Some(first), Some(last)) = (layout.first, layout.last) else { return Vec::new() };
        let mut kept = layout.comments;
        let rows = self.markdown().lines(Span::new(first.span.start, section.body.end));
        let header = rows.take_while(|line| line.kind == LineKind::Row).take(2).collect::<Vec<_>>();
        if let [header, delimiter] = header[..]
            && table::is_delimiter(delimiter.content.of(text))
        {
            kept.insert(0, header.span.union(delimiter.span));
        }
        let mut edits = Vec::new();
        let mut at = first.span.start;
        for span in kept.into_iter().chain([Span::empty(last.span.end)]) {
            if at < span.start {
                edits.push(TextEdit::delete(Span::new(at, span.start)));
            }
            at = at.max(span.end);
        }
        if let Some(tail) = edits.last_mut().filter(|edit| edit.span.end == last.span.end) {
            tail.span = without_doubled_blanks(text, section, tail.span);
        }
        edits
    }

    /// Adds `entry` (lines, `\n` ended or not; no list marker of its own unless it needs one) before
    /// the first entry of the section, behind its placeholder comment; in a table as a row, in a
    /// list as an item in the list's own marker.
    #[must_use]
    pub fn prepend(&self, section: &Section, entry: &str) -> Vec<TextEdit> {
        let layout = Layout::of(self, section);
        let (Some(first), Some(last)) = (layout.first, layout.last) else {
            return self.first_entry(section, &layout, entry);
        };
        let text = self.text();
        let end = inline::line_end(text);
        match first.kind {
            LineKind::Row
                if (!is_block(entry) || entry.starts_with('|')) && self.has_columns(section, first) =>
            {
                let (at, columns, like) = self.table_head(section, first);
                vec![insert_lines(text, at, &table_row(text, &columns, like, entry), end)]
            }
            LineKind::Item { marker, .. } if !is_block(entry) => {
                let lines = list_item(&Marker::of(text, first, marker), entry, 0);
                vec![insert_lines(text, first.span.start, &lines, end)]
            }
            _ => {
                let mut lines = plain_lines(entry);
                if !(self.is_run_of_lines(first, last) && lines.len() == 1) {
                    lines.push(String::new());
                }
                vec![insert_lines(text, first.span.start, &lines, end)]
            }
        }
    }

    /// As [`Outline::prepend`], behind the last entry.
    #[must_use]
    pub fn append(&self, section: &Section, entry: &str) -> Vec<TextEdit> {
        let layout = Layout::of(self, section);
        let (Some(first), Some(last)) = (layout.first, layout.last) else {
            return self.first_entry(section, &layout, entry);
        };
        let text = self.text();
        let end = inline::line_end(text);
        let at = last.span.end;
        if let Some(closing) = self.left_open(Span::new(section.body.start, at)) {
            let mut lines = vec![closing, String::new()];
            lines.extend(plain_lines(entry));
            return vec![insert_lines(text, at, &lines, end)];
        }
        if !is_block(entry) || (last.kind == LineKind::Row && entry.starts_with('|')) {
            let head = layout.block_first.unwrap_or(last);
            if last.kind == LineKind::Row && self.has_columns(section, head) {
                let (_, columns, _) = self.table_head(section, head);
                return vec![insert_lines(text, at, &table_row(text, &columns, last, entry), end)];
            }
            if let Some((item, marker)) = layout.last_item {
                let lines = list_item(&Marker::of(text, item, marker), entry, 1);
                return vec![insert_lines(text, at, &lines, end)];
            }
        }
        let mut lines = plain_lines(entry);
        if !(self.is_run_of_lines(first, last) && lines.len() == 1) {
            lines.insert(0, String::new());
        }
        vec![insert_lines(text, at, &lines, end)]
    }

    /// Adds a section with this title at the end of the file, with `body`, in the level and
    /// decoration its siblings have.
    #[must_use]
    pub fn add_section(&self, title: &str, body: &str) -> Vec<TextEdit> {
        let text = self.text();
        let end = inline::line_end(text);
        let at = self.end_of_document();
        let level = self.sibling_level();
        let before = &text[..at];
        let mut lines = Vec::from_iter(self.left_open(Span::new(0, at)));
        if !before.trim().is_empty() {
            let is_blank = lines.is_empty() && (before.ends_with("\n\n") || before.ends_with("\r\n\r\n"));
            lines.extend((!is_blank).then(String::new));
        }
        lines.push(format!("{} {}", "#".repeat(level.into()), inline::one_line(title)));
        let body = plain_lines(body);
        if !(body.len() == 1 && body[0].is_empty()) {
            lines.extend(self.puts_blank_below_headings().then(String::new));
            lines.extend(body);
        }
        vec![insert_lines(text, at, &lines, end)]
    }

    /// Where something goes that comes last: the end, or the closing line of a whole-file fence.
    pub(super) fn end_of_document(&self) -> usize {
        self.sections().iter().map(|section| section.body.end).max().unwrap_or(self.text().len())
    }

    /// The line that closes a fence or comment which the last block of `span` leaves open: what is
    /// added behind it would be part of it.
    fn left_open(&self, span: Span) -> Option<String> {
        let text = self.text();
        let last =
            self.markdown().blocks_in(span).iter().rev().find(|block| block.kind != BlockKind::Blank)?;
        match last.kind {
            BlockKind::Fence { closed: false, .. } => {
                let opening = last.span.of(text).trim_start();
                let mark = opening.chars().next()?;
                Some(opening.chars().take_while(|&c| c == mark).collect())
            }
            BlockKind::Comment if !last.span.of(text).trim_end().ends_with("-->") => Some("-->".to_owned()),
            _ => None,
        }
    }

    fn sibling_level(&self) -> u8 {
        let roles = self.sections().iter().filter(|section| section.role != super::Role::Other);
        roles.map(|section| section.level).min().or(self.sections().iter().map(|s| s.level).max()).map_or(
            2,
            |level| {
                // A lone title is the document's, not a sibling.
                if self.sections().len() == 1 && level == 1 { 2 } else { level }
            },
        )
    }

    /// Whether most headings of the file have a blank line below.
    fn puts_blank_below_headings(&self) -> bool {
        let text = self.text();
        let filled = self.sections().iter().filter(|section| !section.body.of(text).trim().is_empty());
        let (mut blank, mut all) = (0, 0);
        for section in filled.filter(|section| section.level > 1) {
            all += 1;
            blank += usize::from(section.body.of(text).starts_with(['\n', '\r']));
        }
        2 * blank > all
    }

    /// The first entry of a section that has none.
    fn first_entry(&self, section: &Section, layout: &Layout, entry: &str) -> Vec<TextEdit> {
        let text = self.text();
        let mut lines = plain_lines(entry);
        lines.splice(..0, self.left_open(Span::new(section.body.start, layout.behind)));
        let starts_list = list_marker(entry).is_some();
        let placeholder_needs_gap = layout.has_italics && !starts_list;
        let at_heading = layout.behind == section.body.start;
        if (at_heading && self.puts_blank_below_headings()) || placeholder_needs_gap || layout.has_italics {
            lines.insert(0, String::new());
        }
        let follows = text[layout.behind..].trim_start_matches([' ', '\t']);
        if at_heading && !follows.is_empty() && !follows.starts_with(['\n', '\r']) {
            lines.push(String::new());
        }
        vec![insert_lines(text, layout.behind, &lines, inline::line_end(text))]
    }

    /// Whether the entries are single lines below each other, as in `[date] text`.
    fn is_run_of_lines(&self, first: Line, last: Line) -> bool {
        let text = self.text();
        let is_entry =
            |line: Line| line.kind == LineKind::Text && EntryForm::of(line.content.of(text)).is_some();
        is_entry(first) && is_entry(last)
    }

    /// Whether the table that `first` begins has a column that an entry could stand in: `|` has none.
    fn has_columns(&self, section: &Section, first: Line) -> bool {
        !self.table_head(section, first).1.is_empty()
    }

    /// Where the first row of the table goes that `first` begins, its columns, and a row to imitate.
    fn table_head(&self, section: &Section, first: Line) -> (usize, Vec<Span>, Line) {
        let text = self.text();
        let span = Span::new(first.span.start, section.body.end);
        let rows: Vec<Line> =
            self.markdown().lines(span).take_while(|line| line.kind == LineKind::Row).take(3).collect();
        let columns = table::cells(text, first.content, None);
        let has_delimiter = rows.get(1).is_some_and(|row| table::is_delimiter(row.content.of(text)));
        let head = if has_delimiter { rows[1] } else { first };
        let like = if has_delimiter { rows.get(2).copied().unwrap_or(first) } else { first };
        (head.span.end, columns, like)
    }
}

/// The parts of a section's body.
pub(super) struct Layout {
    /// The lines that count as content.
    pub(super) content: Vec<Span>,
    /// First and last of these that is not blank.
    pub(super) first: Option<Line>,
    pub(super) last: Option<Line>,
    /// The first line of the last run of lines without a blank one.
    block_first: Option<Line>,
    /// The last list item that the last line belongs to, at the list's own level.
    last_item: Option<(Line, Span)>,
    /// Comments between entries.
    comments: Vec<Span>,
    /// Behind the heading, or the last placeholder.
    behind: usize,
    has_italics: bool,
}

impl Layout {
    pub(super) fn of(outline: &Outline<'_>, section: &Section) -> Self {
        let mut layout = Self {
            content: Vec::new(),
            first: None,
            last: None,
            block_first: None,
            last_item: None,
            comments: Vec::new(),
            behind: section.body.start,
            has_italics: false,
        };
        // Blank lines, breaks and comments, not known yet to lie between entries.
        let mut held: Vec<Line> = Vec::new();
        for line in outline.markdown().lines(section.body) {
            layout.line(outline.text(), line, &mut held);
        }
        layout
    }

    fn line(&mut self, text: &str, line: Line, held: &mut Vec<Line>) {
        let is_end = matches!(line.kind, LineKind::Blank | LineKind::Comment | LineKind::Break);
        if self.first.is_none() {
            if line.kind == LineKind::Comment {
                self.behind = line.span.end;
                held.clear();
                return;
            }
            if is_italic(text, line) {
                self.behind = line.span.end;
                self.has_italics = true;
                held.clear();
                return;
            }
        }
        if is_end {
            held.push(line);
            return;
        }
        let after_blank = held.iter().any(|line| line.kind != LineKind::Comment);
        let is_first = self.first.is_none();
        for line in held.drain(..) {
            if line.kind == LineKind::Comment {
                self.comments.push(line.span);
            } else if !is_first || line.kind == LineKind::Break {
                self.keep(line);
            }
        }
        self.keep(line);
        self.first.get_or_insert(line);
        if is_first || after_blank {
            self.block_first = Some(line);
        }
        self.note_item(line, after_blank);
        self.last = Some(line);
    }

    fn keep(&mut self, line: Line) {
        if self.first.is_none() && line.kind == LineKind::Break {
            self.first = Some(line);
        }
        match self.content.last_mut() {
            Some(last) if last.end == line.span.start => last.end = line.span.end,
            _ => self.content.push(line.span),
        }
    }

    fn note_item(&mut self, line: Line, after_blank: bool) {
        match (line.kind, self.last_item) {
            (LineKind::Item { marker, .. }, None) => self.last_item = Some((line, marker)),
            (LineKind::Item { marker, .. }, Some((item, _))) if line.indent <= item.indent => {
                self.last_item = Some((line, marker));
            }
            (LineKind::Item { .. }, Some(_)) => {}
            (LineKind::Heading | LineKind::Row, _) => self.last_item = None,
            (_, Some((item, _))) if line.indent <= item.indent && after_blank => self.last_item = None,
            (LineKind::FenceEdge | LineKind::Quote, Some((item, _))) if line.indent <= item.indent => {
                self.last_item = None;
            }
            _ => {}
        }
    }
}

/// A placeholder: `*AI appends the log here*`; a caption like `*Example:*` is none.
fn is_italic(text: &str, line: Line) -> bool {
    let content = line.content.of(text);
    let wrapped = |mark: &str| {
        content.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark)).is_some_and(|inside| {
            !inside.is_empty() && !inside.starts_with(mark) && !inside.ends_with([':', '*', '_'])
        })
    };
    line.kind == LineKind::Text && (wrapped("*") || wrapped("_"))
}

/// What a list item begins with: indentation, marker, and the white space behind it.
struct Marker<'t> {
    indent: &'t str,
    marker: &'t str,
    gap: &'t str,
}

impl<'t> Marker<'t> {
    fn of(text: &'t str, line: Line, marker: Span) -> Self {
        let behind = &text[marker.end..line.content.end.max(marker.end)];
        let gap = &behind[..behind.len() - behind.trim_start().len()];
        Self {
            indent: &text[line.span.start..line.content.start],
            marker: marker.of(text),
            gap: if gap.is_empty() { " " } else { gap },
        }
    }

    /// The marker `by` items further on.
    fn next(&self, by: u64) -> String {
        let digits = self.marker.trim_end_matches(['.', ')']);
        match digits.parse::<u64>() {
            Ok(number) => format!("{}{}", number + by, &self.marker[digits.len()..]),
            Err(_) => self.marker.to_owned(),
        }
    }
}

/// `entry` as lines of a list: its lines that begin with a marker become items in the list's own
/// marker, other lines go on in the item before. Without a marker in front, all is one item.
fn list_item(like: &Marker<'_>, entry: &str, step: u64) -> Vec<String> {
    let mut number = 0;
    let mut lines = Vec::new();
    let is_list = list_marker(entry).is_some();
    for (index, line) in plain_lines(entry).into_iter().enumerate() {
        let own = list_marker(&line).filter(|_| is_list);
        if own.is_some() || index == 0 {
            number += step;
            let marker = like.next(number);
            let body = line[own.unwrap_or(0)..].trim_start();
            lines.push(format!("{}{marker}{}{body}", like.indent, like.gap));
        } else if line.is_empty() {
            lines.push(line);
        } else {
            let width = like.marker.len() + like.gap.len();
            let indented = line.len() - line.trim_start().len();
            let missing = if indented >= 2 { 0 } else { width };
            lines.push(format!("{}{}{line}", like.indent, " ".repeat(missing)));
        }
    }
    lines
}

/// `entry` as a row of the table with these columns: as it is when it is one, else in the column
/// that holds text.
fn table_row(text: &str, columns: &[Span], like: Line, entry: &str) -> Vec<String> {
    let entry = entry.trim();
    if entry.starts_with('|') {
        return plain_lines(entry);
    }
    let body = &entry[list_marker(entry).unwrap_or(0)..];
    let target = table::text_column(text, columns);
    let cell = table::escape(body);
    let cells: Vec<&str> = (0..columns.len()).map(|i| if i == target { &*cell } else { "" }).collect();
    vec![table::row(like.span.of(text), &cells)]
}

/// Whether `entry` can't stand inside a list: a heading, fence, quote or table. (A table takes rows.)
fn is_block(entry: &str) -> bool {
    entry.starts_with(['#', '>', '|']) || entry.starts_with("```") || entry.starts_with("~~~")
}

fn plain_lines(entry: &str) -> Vec<String> {
    let entry = entry.trim_end();
    entry.split('\n').map(|line| line.trim_end_matches('\r').to_owned()).collect()
}

/// Inserts whole lines at `at`, which begins a line or is the end of a text whose last line has no
/// line end; in that case the new last line has none either.
pub(super) fn insert_lines<S: AsRef<str>>(text: &str, at: usize, lines: &[S], end: &str) -> TextEdit {
    let open = at > 0 && !text[..at].ends_with(['\n', '\r', '\u{feff}']);
    let mut new = String::new();
    for (index, line) in lines.iter().enumerate() {
        if open || index > 0 {
            new.push_str(end);
        }
        new.push_str(line.as_ref());
    }
    if !open {
        new.push_str(end);
    }
    TextEdit::insert(at, new)
}

/// A cleared span together with the blank lines that would be left twice.
fn without_doubled_blanks(text: &str, section: &Section, span: Span) -> Span {
    let before = &text[section.body.start..span.start];
    let kept = before.trim_end_matches([' ', '\t', '\n', '\r']);
    let behind = text[span.end..section.body.end].trim_start_matches([' ', '\t', '\n', '\r']);
    let behind_start = section.body.end - behind.len();
    if behind_start == text.len() {
        // Nothing follows: the blank lines in front go as well, the line end before them stays.
        let rest = &before[kept.len()..];
        let first_end = if kept.is_empty() {
            0
        } else if rest.starts_with("\r\n") {
            2
        } else {
            rest.len().min(1)
        };
        return Span::new(section.body.start + kept.len() + first_end, text.len());
    }
    let gap = &before[kept.len()..];
    let blank_before = if kept.is_empty() { !gap.is_empty() } else { gap.matches('\n').count() > 1 };
    if blank_before { Span::new(span.start, behind_start) } else { span }
}
