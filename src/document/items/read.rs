//! Reading items.

use super::{
    Item, ItemStatus,
    results::Results,
    words::{self, Columns},
};
use crate::{
    document::{Outline, Role, Section, inline, state::is_null, table},
    markdown::{CheckBox, Line, LineKind},
    text::Span,
};

/// The cell or box that holds a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A table's cell.
    Cell(Span),
    /// A box.
    Box(CheckBox),
    /// A word in brackets, or a picture, in front of the text.
    Word(Span),
}

/// The shape of a section, as its last item has it.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    Table {
        columns: Columns,
        count: usize,
        /// The last row, of the header if there is no other.
        last: Line,
        /// Whether its rows are code in bullets.
        is_hidden: bool,
    },
    List {
        last: Line,
        marker: Span,
        check: Option<CheckBox>,
        /// Behind the last line that belongs to the last item.
        end: usize,
    },
}

pub(super) fn read(outline: &Outline<'_>) -> (Vec<Item>, Option<Shape>) {
    let Some(section) = outline.section(Role::Items) else { return (Vec::new(), None) };
    let results = Results::new(outline);
    let mut reader = Reader { text: outline.text(), results, rows: Vec::new(), shape: None, header: None };
    let is_checked = has_boxes(outline, section);
    let mut level: Option<usize> = None;
    for line in outline.markdown().lines(section.body) {
        if let Some((row, is_hidden)) = row(reader.text, line) {
            reader.row(line, row, is_hidden);
            continue;
        }
        if !matches!(line.kind, LineKind::Comment) {
            reader.header = None;
        }
        if matches!(reader.shape, Some(Shape::Table { .. })) {
            continue;
        }
        match line.kind {
            LineKind::Item { marker, check, body } => {
                let base = *level.get_or_insert(line.indent);
                if line.indent <= base && (check.is_some() || !is_checked) {
                    reader.item(line, marker, check, body);
                } else {
                    reader.extend(line, base);
                }
            }
            LineKind::Heading | LineKind::Break => level = None,
            LineKind::Text => {
                if let Some((check, body)) = bare_box(reader.text, line) {
                    reader.item(line, Span::empty(line.content.start), Some(check), body);
                } else {
                    reader.extend(line, level.unwrap_or(0));
                }
            }
            LineKind::Code | LineKind::FenceEdge | LineKind::Quote => reader.extend(line, level.unwrap_or(0)),
            _ => {}
        }
    }
    (reader.rows, reader.shape)
}

/// Whether the list at the section's own level has task boxes: then only lines with one are items.
fn has_boxes(outline: &Outline<'_>, section: &Section) -> bool {
    let mut level = None;
    outline.markdown().lines(section.body).any(|line| match line.kind {
        LineKind::Item { check, .. } => line.indent <= *level.get_or_insert(line.indent) && check.is_some(),
        LineKind::Heading => {
            level = None;
            false
        }
        _ => false,
    })
}

/// The row of pipes in a line, and whether it is hidden in a bullet's code.
fn row(text: &str, line: Line) -> Option<(Span, bool)> {
    match line.kind {
        LineKind::Row => Some((line.content, false)),
        LineKind::Item { body, check: None, .. } => {
            let inside = body.of(text).strip_prefix('`')?.strip_suffix('`')?;
            let is_row = inside.len() > 1 && inside.starts_with('|') && inside.ends_with('|');
            is_row.then_some((Span::new(body.start + 1, body.end - 1), true))
        }
        _ => None,
    }
}

/// `[ ] task` without a list marker.
fn bare_box(text: &str, line: Line) -> Option<(CheckBox, Span)> {
    let content = line.content.of(text);
    let (inside, _) = content.strip_prefix('[')?.split_once("] ")?;
    let ticked = match inside {
        " " | "" => false,
        "x" | "X" => true,
        _ => return None,
    };
    let span = Span::new(line.content.start, line.content.start + inside.len() + 2);
    Some((CheckBox { span, ticked }, Span::new(span.end, line.content.end).trimmed(text)))
}

struct Reader<'t> {
    text: &'t str,
    results: Results,
    rows: Vec<Item>,
    shape: Option<Shape>,
    /// The table that the line before belongs to: its columns and their number.
    header: Option<(Columns, usize)>,
}

impl Reader<'_> {
    fn row(&mut self, line: Line, row: Span, is_hidden: bool) {
        let text = self.text;
        let Some((columns, count)) = self.header else {
            let cells = table::cells(text, row, None);
            let columns = Columns::read(cells.iter().map(|cell| cell.of(text)));
            self.header = Some((columns, cells.len()));
            // Tables of something else (legends) give way to the one with items.
            if columns.is_header(cells.len()) || self.shape.is_none() {
                self.shape = Some(Shape::Table { columns, count: cells.len(), last: line, is_hidden });
            }
            return;
        };
        if table::is_delimiter(row.of(text)) {
            if let Some(Shape::Table { last, .. }) = &mut self.shape {
                *last = line;
            }
            return;
        }
        let cells = table::cells(text, row, Some(count));
        let cell = |index: Option<usize>| index.and_then(|index| cells.get(index).copied());
        let plain = |cell: Option<Span>| cell.map(|cell| inline::plain(&table::unescape(cell.of(text))));
        let id = plain(cell(columns.id)).filter(|id| !id.is_empty());
        let description = plain(cell(columns.description)).unwrap_or_default();
        if id.is_none() && description.is_empty() {
            return;
        }
        let status = columns.status.map(|_| plain(cell(columns.status)).unwrap_or_default());
        let mark = cell(columns.status).map(Mark::Cell);
        let state = self.state(status.as_deref(), id.as_deref(), &description);
        self.shape = Some(Shape::Table { columns, count, last: line, is_hidden });
        self.rows.push(Item { id, description, status, state, span: line.span, mark });
    }

    fn item(&mut self, line: Line, marker: Span, check: Option<CheckBox>, body: Span) {
        let text = self.text;
        let (word, body) = leading_word(text, body);
        let number = marker.of(text).trim_end_matches(['.', ')']);
        let own_number = (number.len() < marker.len() && check.is_none()).then(|| number.to_owned());
        let said = inline::plain(inline::bare(text, body).of(text));
        let (id, description) = match leading_id(&said) {
            Some((id, rest)) => (Some(id.to_owned()), rest.to_owned()),
            None => (own_number, said),
        };
        if (description.is_empty() && id.is_none()) || is_nothing(&description) {
            return;
        }
        let status = match (check, word) {
            (Some(check), _) => Some(check.span.of(text).to_owned()),
            (None, Some(word)) => Some(inline::plain(word.of(text)).trim_matches(['[', ']']).to_owned()),
            (None, None) => None,
        };
        let state = match check {
            Some(check) if check.ticked => ItemStatus::Processed,
            Some(_) => ItemStatus::Unprocessed,
            None if is_struck(text, body) => ItemStatus::Processed,
            None => self.state(status.as_deref(), id.as_deref(), &description),
        };
        let mark = check.map(Mark::Box).or_else(|| word.map(Mark::Word));
        self.shape = Some(Shape::List { last: line, marker, check, end: line.span.end });
        self.rows.push(Item { id, description, status, state, span: line.span, mark });
    }

    /// A line that belongs to the last item.
    fn extend(&mut self, line: Line, base: usize) {
        if let Some(Shape::List { end, .. }) = &mut self.shape
            && (line.indent > base || *end == line.span.start)
        {
            *end = line.span.end;
        }
    }

    fn state(&self, status: Option<&str>, id: Option<&str>, description: &str) -> ItemStatus {
        let is_open = match status {
            Some(status) => words::is_unprocessed(status).unwrap_or(false),
            None => !self.results.name(id, description),
        };
        if is_open { ItemStatus::Unprocessed } else { ItemStatus::Processed }
    }
}

/// `[DONE]` or `✅` in front of an item, and what follows.
fn leading_word(text: &str, body: Span) -> (Option<Span>, Span) {
    let content = body.of(text);
    let length = match content.chars().next() {
        Some('[') => content.find(']').map(|end| end + 1).filter(|&end| {
            let rest = &content[end..];
            words::is_unprocessed(&content[1..end - 1]).is_some() && !rest.starts_with(['(', '[', ':'])
        }),
        Some(c) if inline::is_picture(c) => {
            let end = content.find(|c: char| !inline::is_picture(c)).unwrap_or(content.len());
            let is_mark = content[..end].chars().all(|c| !c.is_alphanumeric())
                && words::is_unprocessed(&content[..end]).is_some();
            Some(end).filter(|_| is_mark && is_status_picture(&content[..end]))
        }
        _ => None,
    };
    match length {
        Some(length) => {
            let word = Span::new(body.start, body.start + length);
            (Some(word), Span::new(word.end, body.end).trimmed(text))
        }
        None => (None, body),
    }
}

/// Whether a picture is one for statuses, and not decoration.
fn is_status_picture(picture: &str) -> bool {
    words::is_done(picture)
        || picture.chars().any(|c| matches!(c, '⬜' | '☐' | '⏳' | '🔄' | '🔲' | '❌' | '🚧'))
}

/// `None (previous task completed)`, `（无）`: what stands in an empty list.
fn is_nothing(description: &str) -> bool {
    let bare = description.trim_matches(['(', ')', '（', '）', '[', ']', '.', ' ']);
    let head = bare.split([' ', '(', '（']).next().unwrap_or_default();
    let rest = bare[head.len()..].trim_start();
    let is_whole = rest.is_empty() || rest.starts_with(['(', '（']);
    is_whole && !head.is_empty() && is_null(head)
}

fn is_struck(text: &str, body: Span) -> bool {
    let content = body.of(text);
    content.starts_with("~~") && content.ends_with("~~") && content.len() > 4
}

/// `T-03: text`, `1. text`, `TASK-001 - text`: the id and the rest.
pub(super) fn leading_id(text: &str) -> Option<(&str, &str)> {
    const LONGEST: usize = 32;
    let end = text.find([':', '.', ')', ' '])?;
    let (head, rest) = (&text[..end], &text[end..]);
    let is_id = head.len() <= LONGEST
        && head.contains(|c: char| c.is_ascii_digit())
        && head.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '#'));
    let rest = match rest.strip_prefix([':', ')']) {
        Some(rest) => rest,
        None => match rest.strip_prefix('.') {
            Some(rest) if rest.starts_with(' ') => rest,
            Some(_) => return None,
            None => [" - ", " – ", " — ", " : "].iter().find_map(|dash| rest.strip_prefix(dash))?,
        },
    };
    (is_id && !rest.trim().is_empty()).then_some((head, rest.trim()))
}
