//! Entries of the Log.

use crate::{
    document::{
        Outline, Role, Section,
        body::Layout,
        stamp::{EntryForm, Stamp},
        table,
    },
    markdown::{Line, LineKind},
    text::TextEdit,
};
use jiff::civil::DateTime;

/// Adds one entry dated `at`, in the form of the newest entries and where they stand.
pub(super) fn log(outline: &Outline<'_>, at: DateTime, text: &str) -> Vec<TextEdit> {
    let default = format!("[{}] {text}", at.strftime("%Y-%m-%d %H:%M:%S"));
    let Some(section) = outline.section(Role::Log) else {
        return outline.add_section("Log", &format!("- {default}"));
    };
    let entries = Entries::read(outline, section);
    let is_descending = match (entries.dated.first(), entries.dated.last()) {
        (Some((_, first)), Some((_, last))) => first.stamp.at > last.stamp.at,
        _ => false,
    };
    if entries.is_table {
        // A table of dates alone has no place for a text.
        return row(outline, section, at, text, is_descending)
            .unwrap_or_else(|| outline.append(section, &format!("- {default}")));
    }
    let newest = if is_descending { entries.dated.first() } else { entries.dated.last() };
    let Some((line, form)) = newest else {
        let entry = if entries.is_list { default } else { format!("- {default}") };
        return outline.append(section, &entry);
    };
    if line.kind == LineKind::Heading {
        return under_heading(outline, section, *line, (form.stamp.at, at), text, is_descending);
    }
    let entry = form.write(at, text);
    if is_descending { outline.prepend(section, &entry) } else { outline.append(section, &entry) }
}

/// The dated entries of a section, and its shape.
struct Entries {
    dated: Vec<(Line, EntryForm)>,
    is_list: bool,
    is_table: bool,
}

impl Entries {
    fn read(outline: &Outline<'_>, section: &Section) -> Self {
        let text = outline.text();
        let layout = Layout::of(outline, section);
        let mut entries = Self { dated: Vec::new(), is_list: false, is_table: false };
        let mut headings = Vec::new();
        let mut level = None;
        for line in layout.content.iter().flat_map(|&span| outline.markdown().lines(span)) {
            let said = match line.kind {
                LineKind::Item { body, .. } if line.indent <= *level.get_or_insert(line.indent) => {
                    body.of(text)
                }
                LineKind::Text if line.indent == 0 => line.content.of(text),
                LineKind::Heading => {
                    level = None;
                    line.content.of(text).trim_start_matches(['#', ' '])
                }
                _ => continue,
            };
            let Some(form) = EntryForm::of(said) else { continue };
            let into = if line.kind == LineKind::Heading { &mut headings } else { &mut entries.dated };
            into.push((line, form));
        }
        // Under dated headings the items carry no dates, as a rule.
        if headings.len() >= entries.dated.len() {
            entries.dated = headings;
        }
        let last = layout.last.map(|line| line.kind);
        entries.is_list = layout.first.is_some_and(|line| matches!(line.kind, LineKind::Item { .. }))
            && last.is_some_and(|kind| !matches!(kind, LineKind::Heading | LineKind::Row));
        entries.is_table = last == Some(LineKind::Row);
        entries
    }
}

/// An entry in a log that has a heading for each day.
fn under_heading(
    outline: &Outline<'_>,
    section: &Section,
    heading: Line,
    (newest, at): (DateTime, DateTime),
    text: &str,
    is_descending: bool,
) -> Vec<TextEdit> {
    let source = outline.text();
    let entry = format!("- {text}");
    if newest.date() == at.date() {
        let day = outline.sections().iter().find(|inner| inner.heading.start == heading.span.start);
        if let Some(day) = day {
            return outline.append(day, &entry);
        }
    }
    let marks: String = heading.content.of(source).chars().take_while(|&c| c == '#').collect();
    let marks = if marks.is_empty() { "###".to_owned() } else { marks };
    let has_gap = source[heading.span.end..].starts_with(['\n', '\r']);
    let gap = if has_gap { "\n\n" } else { "\n" };
    let form = Stamp::find(heading.content.of(source));
    let date = form.map_or_else(|| at.date().to_string(), |form| form.write(at));
    let block = format!("{marks} {date}{gap}{entry}");
    if is_descending { outline.prepend(section, &block) } else { outline.append(section, &block) }
}

/// An entry as a row: the date in its column, the text in the first that holds sentences; `None` when
/// there is no such column.
fn row(
    outline: &Outline<'_>,
    section: &Section,
    at: DateTime,
    text: &str,
    is_descending: bool,
) -> Option<Vec<TextEdit>> {
    let source = outline.text();
    let mut rows = outline.markdown().lines(section.body).filter(|line| line.kind == LineKind::Row);
    let header = rows.next()?;
    let columns = table::cells(source, header.content, None);
    let rows: Vec<Line> = rows.collect();
    let dated = rows.iter().filter_map(|row| {
        let cells = table::cells(source, row.content, Some(columns.len()));
        cells.iter().enumerate().find_map(|(index, cell)| Some((index, Stamp::find(cell.of(source))?)))
    });
    let mut dated = dated.peekable();
    let first = dated.peek().copied();
    let last = dated.last();
    let falls = matches!((first, last), (Some((_, first)), Some((_, last))) if first.at > last.at);
    let date_column = last.map(|(index, _)| index).or_else(|| table::date_column(source, &columns));
    let sentence = table::text_column(source, &columns);
    if columns.is_empty() || date_column == Some(sentence) {
        return None;
    }
    let date =
        last.map_or_else(|| at.strftime("%Y-%m-%d %H:%M:%S").to_string(), |(_, stamp)| stamp.write(at));
    let cells = (0..columns.len()).map(|index| match index {
        _ if Some(index) == date_column => date.clone(),
        _ if index == sentence => table::escape(text),
        _ => String::new(),
    });
    let row = format!("| {} |", cells.collect::<Vec<_>>().join(" | "));
    Some(if is_descending || falls { outline.prepend(section, &row) } else { outline.append(section, &row) })
}
