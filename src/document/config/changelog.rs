//! The Changelog: newest first.

use crate::{
    document::{
        Outline, Role, Section,
        body::{Layout, insert_lines},
        inline,
        stamp::{EntryForm, Stamp, undated},
        table,
    },
    markdown::{Line, LineKind},
    text::TextEdit,
};
use jiff::civil::Date;

pub(super) fn add(outline: &Outline<'_>, today: Date, sentence: &str, dated: bool) -> Vec<TextEdit> {
    let sentence = inline::one_line(sentence);
    let plain = if dated { format!("- {today}: {sentence}") } else { format!("- {sentence}") };
    let Some(section) = outline.section(Role::Changelog) else {
        return outline.add_section("Changelog", &plain);
    };
    let text = outline.text();
    let Some(first) = first_entry(outline, section) else { return outline.append(section, &plain) };
    let end = inline::line_end(text);
    match first.kind {
        LineKind::Heading => below_heading(outline, first, today, &sentence),
        LineKind::Row => {
            let row = row(outline, section, first, today, &sentence);
            outline.prepend(&below(section, first), &row)
        }
        LineKind::Item { body, .. } => {
            let form = EntryForm::of(body.of(text));
            let entry = match form {
                Some(form) => form.write(today.to_datetime(jiff::civil::Time::midnight()), &sentence),
                None if dated => format!("{today}: {sentence}"),
                None => sentence,
            };
            outline.prepend(&below(section, first), &entry)
        }
        _ => vec![insert_lines(text, first.span.start, &[plain], end)],
    }
}

pub(super) fn says_already(outline: &Outline<'_>, sentence: &str) -> bool {
    let Some(section) = outline.section(Role::Changelog) else { return false };
    let text = outline.text();
    let Some(first) = first_entry(outline, section) else { return false };
    let same = |entry: &str| {
        let plain = |text: &str| {
            let plain = inline::plain(&inline::one_line(text)).to_lowercase();
            plain.trim_end_matches('.').to_owned()
        };
        plain(undated(entry)) == plain(sentence) || plain(entry) == plain(sentence)
    };
    let lines = outline.markdown().lines(below(section, first).body);
    let mut rows = 0;
    for line in lines {
        match line.kind {
            LineKind::Item { body, .. } => return same(body.of(text)),
            LineKind::Row => {
                rows += 1;
                let is_head = rows == 1 || table::is_delimiter(line.content.of(text));
                if !is_head {
                    let cells = table::cells(text, line.content, None);
                    return cells.iter().any(|cell| same(&table::unescape(cell.of(text))));
                }
            }
            LineKind::Text if first.kind != LineKind::Heading => return same(line.content.of(text)),
            _ => {}
        }
    }
    false
}

/// The first line that is an entry: prose in front of a list or table is an introduction.
fn first_entry(outline: &Outline<'_>, section: &Section) -> Option<Line> {
    let layout = Layout::of(outline, section);
    let lines = layout.content.iter().flat_map(|&span| outline.markdown().lines(span));
    let mut lines =
        lines.filter(|line| matches!(line.kind, LineKind::Heading | LineKind::Row | LineKind::Item { .. }));
    lines.next()
}

/// The section from its first entry on.
fn below(section: &Section, first: Line) -> Section {
    let mut below = section.clone();
    below.body.start = first.span.start;
    below
}

/// An entry in a changelog with a heading for each day or version.
fn below_heading(outline: &Outline<'_>, heading: Line, today: Date, sentence: &str) -> Vec<TextEdit> {
    let text = outline.text();
    let title = heading.content.of(text).trim_start_matches('#').trim();
    let marks = heading.content.of(text).chars().take_while(|&c| c == '#').count().max(2);
    let stamp = Stamp::find(title);
    let is_unreleased = title.to_lowercase().contains("unreleased");
    let is_date = stamp.is_some_and(|stamp| {
        let rest = [&title[..stamp.start], &title[stamp.end..]].concat();
        !rest.contains(|c: char| c.is_alphanumeric())
    });
    let entry = format!("- {sentence}");
    if (is_unreleased || (is_date && stamp.is_some_and(|stamp| stamp.at.date() == today)))
        && let Some(own) = outline.sections().iter().find(|inner| inner.heading.start == heading.span.start)
    {
        let first = first_entry(outline, own).filter(|line| line.kind != LineKind::Heading);
        return match first {
            Some(first) => outline.prepend(&below(own, first), &entry),
            None => outline.append(own, &entry),
        };
    }
    let at = today.to_datetime(jiff::civil::Time::midnight());
    let title = match stamp {
        Some(stamp) if is_date => {
            format!("{}{}{}", &title[..stamp.start], stamp.write(at), &title[stamp.end..])
        }
        _ => "Unreleased".to_owned(),
    };
    let has_gap = text[heading.span.end..].starts_with(['\n', '\r']);
    let mut lines = vec![format!("{} {title}", "#".repeat(marks))];
    lines.extend(has_gap.then(String::new));
    lines.extend([entry, String::new()]);
    vec![insert_lines(text, heading.span.start, &lines, inline::line_end(text))]
}

/// The date and the sentence in their columns.
fn row(outline: &Outline<'_>, section: &Section, header: Line, today: Date, sentence: &str) -> String {
    let text = outline.text();
    let columns = table::cells(text, header.content, None);
    let lines = outline.markdown().lines(below(section, header).body);
    let mut rows = lines.take_while(|line| line.kind == LineKind::Row).skip(1);
    let form = rows.find_map(|row| Stamp::find(row.content.of(text)));
    let at = today.to_datetime(jiff::civil::Time::midnight());
    let date = form.map_or_else(|| today.to_string(), |form| form.write(at));
    let date_column = table::date_column(text, &columns);
    let target = table::text_column(text, &columns);
    let cells = (0..columns.len()).map(|index| match index {
        _ if Some(index) == date_column => date.clone(),
        _ if index == target => table::escape(sentence),
        _ => String::new(),
    });
    format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
}
