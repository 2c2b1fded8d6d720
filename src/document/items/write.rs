//! Edits of items.

use super::{
    Item, ItemStatus, Items,
    read::{Mark, Shape, leading_id},
    words::{self, Columns},
};
use crate::{
    document::{Role, body::insert_lines, inline, table},
    markdown::{CheckBox, Line},
    text::{Span, TextEdit},
};

pub(super) fn complete(items: &Items<'_>, item: &Item) -> Vec<TextEdit> {
    if item.state == ItemStatus::Processed {
        return Vec::new();
    }
    let text = items.outline.text();
    match item.mark {
        Some(Mark::Cell(cell)) => {
            let spelling = spelling(items, cell.of(text));
            vec![table::replace_cell(text, cell, &spelling)]
        }
        Some(Mark::Box(check)) => vec![TextEdit::replace(check.span, tick(items))],
        Some(Mark::Word(word)) => vec![TextEdit::replace(word, spelling(items, word.of(text)))],
        None => Vec::new(),
    }
}

/// The status of a done item as the other rows spell it, decoration and all; else as `own` would be.
fn spelling(items: &Items<'_>, own: &str) -> String {
    let text = items.outline.text();
    let others = items.rows.iter().rev().filter(|row| row.status.as_deref().is_some_and(words::is_done));
    let spelled = others.filter_map(|row| match row.mark? {
        Mark::Cell(span) | Mark::Word(span) => Some(span.of(text).to_owned()),
        Mark::Box(_) => None,
    });
    let bracketed = own.strip_prefix('[').and_then(|own| own.strip_suffix(']'));
    let like_own = || match bracketed {
        Some(word) => format!("[{}]", words::done_like(word)),
        None => {
            // A row with an empty status takes the case of the others.
            let like = if own.is_empty() { any_status(items) } else { own.to_owned() };
            let span = inline::bare(&like, Span::new(0, like.len()));
            let word = if span.is_empty() { &*like } else { span.of(&like) };
            let has_picture = like.chars().any(inline::is_picture);
            if has_picture {
                words::done_like(&like)
            } else {
                like.replacen(word, &words::done_like(word), 1)
            }
        }
    };
    spelled.into_iter().find(|spelled| !spelled.is_empty()).unwrap_or_else(|| match own {
        "" if any_status(items).is_empty() => "completed".to_owned(),
        _ => like_own(),
    })
}

fn any_status(items: &Items<'_>) -> String {
    let statuses = items.rows.iter().rev().filter_map(|row| row.status.clone());
    statuses.into_iter().find(|status| !status.is_empty()).unwrap_or_default()
}

/// A ticked box as the other items have it.
fn tick(items: &Items<'_>) -> String {
    let text = items.outline.text();
    let ticked = items.rows.iter().rev().find_map(|row| match row.mark? {
        Mark::Box(check) if check.ticked => Some(check.span.of(text).to_owned()),
        _ => None,
    });
    ticked.unwrap_or_else(|| "[x]".to_owned())
}

pub(super) fn add(items: &Items<'_>, description: &str) -> Vec<TextEdit> {
    let outline = items.outline;
    let text = outline.text();
    let end = inline::line_end(text);
    let description = inline::one_line(description);
    match &items.shape {
        Some(Shape::Table { columns, count, last, is_hidden }) => {
            let row = new_row(items, *columns, *count, &description);
            let lines = if *is_hidden {
                vec![hidden_row(text, *last, &row)]
            } else {
                vec![row_like(text, *last, &row)]
            };
            vec![insert_lines(text, last.span.end, &lines, end)]
        }
        Some(Shape::List { last, marker, check, end: behind }) => {
            let line = new_item(items, *last, *marker, *check, &description);
            vec![insert_lines(text, *behind, &[line], end)]
        }
        None => {
            let body = format!(
                "| id | description | status |\n|----|-------------|--------|\n| 1 | {} | pending |",
                table::escape(&description)
            );
            match outline.section(Role::Items) {
                Some(section) => outline.append(section, &body),
                None => outline.add_section("Items", &body),
            }
        }
    }
}

/// The cells of a new row.
fn new_row(items: &Items<'_>, columns: Columns, count: usize, description: &str) -> Vec<String> {
    let mut cells = vec![String::new(); count.max(1)];
    let mut put = |index: Option<usize>, cell: String| {
        if let Some(slot) = index.and_then(|index| cells.get_mut(index)) {
            *slot = cell;
        }
    };
    put(columns.id, next_id(items));
    put(columns.status, new_status(items));
    let own = columns.description.filter(|&index| index < count);
    // A header that names no place for it: any that is free, before it is nowhere.
    let free = || (0..count).find(|&index| Some(index) != columns.id && Some(index) != columns.status);
    put(own.or_else(free).or(Some(0)), table::escape(description));
    cells
}

fn new_status(items: &Items<'_>) -> String {
    let statuses = || items.rows.iter().rev().filter_map(|row| row.status.as_deref());
    // Of the words for what is to be done, the one that does not say it has begun.
    let resting = statuses().find(|status| {
        let word = words::undone_like(status);
        word.eq_ignore_ascii_case(status) || word == *status
    });
    resting.map_or_else(|| words::undone_like(statuses().next().unwrap_or_default()), str::to_owned)
}

fn row_like(text: &str, like: Line, cells: &[String]) -> String {
    let like = like.span.of(text);
    if table::is_delimiter(like) {
        // The dashes are as wide as the columns: the new row is padded as they are.
        return table::row(&like.replace(['-', ':'], " "), cells);
    }
    table::row(like, cells)
}

/// A row in a bullet's code: ``* `| 1 | text |` ``.
fn hidden_row(text: &str, like: Line, cells: &[String]) -> String {
    let whole = text[like.span.start..like.content.end].trim_end();
    let open = whole.find('`').map_or(0, |at| at + 1);
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('`', "'")).collect();
    format!("{}{}`", &whole[..open], table::row("| |", &cells))
}

fn new_item(
    items: &Items<'_>,
    last: Line,
    marker: Span,
    check: Option<CheckBox>,
    description: &str,
) -> String {
    let indent = &text_of(items)[last.span.start..last.content.start];
    let number = marker.of(text_of(items));
    let digits = number.trim_end_matches(['.', ')']);
    let marker = match digits.parse::<u64>() {
        Ok(value) if digits.len() < number.len() => format!("{}{}", value + 1, &number[digits.len()..]),
        _ => number.to_owned(),
    };
    let mut line = format!("{indent}{marker}");
    if !marker.is_empty() {
        line.push(' ');
    }
    if check.is_some() {
        line.push_str("[ ] ");
    }
    if let Some(word) = items.rows.last().and_then(|row| match row.mark? {
        Mark::Word(word) => Some(word.of(text_of(items))),
        _ => None,
    }) {
        let inside = word.trim_matches(['[', ']']);
        let status = words::undone_like(inside);
        line.push_str(&if word.starts_with('[') { format!("[{status}] ") } else { format!("{status} ") });
    }
    if let Some(own) = own_id(items, last) {
        line.push_str(&next_id(items));
        line.push_str(own);
    }
    line.push_str(description);
    line
}

/// What separates the id in the last item's text from the description, if it has one there.
fn own_id<'t>(items: &Items<'t>, last: Line) -> Option<&'t str> {
    let text = text_of(items);
    let id = items.rows.last()?.id.as_deref()?;
    let content = last.content.of(text);
    let plain = inline::plain(content);
    let at = plain.find(id)?;
    leading_id(&plain[at..])?;
    let behind = &plain[at + id.len()..];
    let separator = [": ", ". ", ") ", " - ", " – ", " — "].into_iter().find(|it| behind.starts_with(it));
    // The marker's own number is no id in the text.
    let is_marker = content.starts_with(id) && at == 0 && items.rows.last()?.mark.is_none();
    separator.filter(|_| !is_marker)
}

fn text_of<'t>(items: &Items<'t>) -> &'t str {
    items.outline.text()
}

/// The next id in the style of the last: `15`, `item5`, `T-03`.
fn next_id(items: &Items<'_>) -> String {
    let Some(last) = items.rows.iter().rev().find_map(|row| row.id.as_deref()) else {
        return (items.rows.len() + 1).to_string();
    };
    let split = |id: &str| {
        let digits = id.len() - id.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let (prefix, number) = id.split_at(id.len() - digits);
        number.parse::<u64>().ok().map(|value| (prefix.to_owned(), value, digits))
    };
    let Some((prefix, _, width)) = split(last) else { return (items.rows.len() + 1).to_string() };
    let same =
        items.rows.iter().filter_map(|row| split(row.id.as_deref()?)).filter(|(other, ..)| *other == prefix);
    let highest = same.map(|(_, value, _)| value).max().unwrap_or(0);
    let padded = last.len() > prefix.len() && last[prefix.len()..].starts_with('0');
    let width = if padded { width } else { 0 };
    format!("{prefix}{:0width$}", highest.saturating_add(1))
}
