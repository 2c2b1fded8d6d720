//! Rows of pipes.

use super::{inline, title};
use crate::text::{Span, TextEdit};

/// The cells of the row at `row`, without the white space around them. Escaped pipes separate
/// nothing; pipes in code spans don't either, when that gives the number of cells `expected`.
pub(super) fn cells(text: &str, row: Span, expected: Option<usize>) -> Vec<Span> {
    let all = split(text, row, false);
    match expected {
        Some(count) if all.len() > count => {
            let outside_code = split(text, row, true);
            if outside_code.len() >= count { outside_code } else { all }
        }
        _ => all,
    }
}

fn split(text: &str, row: Span, keep_code: bool) -> Vec<Span> {
    let row = row.trimmed(text);
    let bytes = row.of(text).as_bytes();
    let mut cells = Vec::with_capacity(8);
    let mut start = usize::from(bytes.first() == Some(&b'|'));
    let (mut at, mut in_code) = (start, false);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'`' if keep_code => in_code = !in_code,
            b'|' if !in_code => {
                cells.push(Span::new(row.start + start, row.start + at).trimmed(text));
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    if start < bytes.len() {
        cells.push(Span::new(row.start + start, row.end).trimmed(text));
    }
    cells
}

/// The column for a sentence: the first that is not for a date, number, version or status.
pub(super) fn text_column(text: &str, columns: &[Span]) -> usize {
    const SHORT: &[&str] = &["id", "no", "nr", "version", "status", "phase", "author", "by", "who", "type"];
    let is_short = |column: &Span| {
        let name = title::normal(&inline::plain(column.of(text)));
        name.is_empty() || SHORT.contains(&&*name) || DATES.contains(&&*name)
    };
    columns.iter().position(|column| !is_short(column)).unwrap_or(columns.len().saturating_sub(1))
}

/// The column for a date.
pub(super) fn date_column(text: &str, columns: &[Span]) -> Option<usize> {
    columns.iter().position(|column| DATES.contains(&&*title::normal(&inline::plain(column.of(text)))))
}

/// What columns for dates and times are called.
const DATES: &[&str] = &[
    "date",
    "time",
    "timestamp",
    "when",
    "date/time",
    "day",
    "日付",
    "日時",
    "日期",
    "时间",
    "날짜",
    "일시",
    "дата",
    "время",
    "fecha",
    "datum",
    "zeit",
    "data",
    "ngày",
];

/// Whether `row` is the line of dashes below a header.
pub(super) fn is_delimiter(row: &str) -> bool {
    let bare = row.trim();
    bare.contains('-')
        && bare.contains('|')
        && bare.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ' | '\t'))
}

/// `text` as the content of a cell: one line, its pipes escaped.
pub(super) fn escape(text: &str) -> String {
    inline::one_line(text).replace('|', "\\|")
}

/// The text of a cell: its pipes unescaped.
pub(super) fn unescape(cell: &str) -> String {
    cell.replace("\\|", "|")
}

/// Puts `new` in the place of `cell`, which has no white space around it; padding behind it gives or
/// takes what the lengths differ in, as long as a space is left.
pub(super) fn replace_cell(text: &str, cell: Span, new: &str) -> TextEdit {
    let behind = &text[cell.end..];
    let padding = behind.len() - behind.trim_start_matches(' ').len();
    let is_tight = text[..cell.start].ends_with('|') && behind.starts_with('|');
    if cell.is_empty() && is_tight {
        return TextEdit::insert(cell.start, format!(" {new} "));
    }
    if cell.is_empty() {
        // The trimmed span of a cell of nothing but white space lies at its end.
        let before = text[..cell.start].len() - text[..cell.start].trim_end_matches(' ').len();
        let width = (before + padding).saturating_sub(1).max(new.chars().count() + 1);
        let start = cell.start - before + before.min(1);
        return TextEdit::replace(Span::new(start, cell.end + padding), format!("{new:<width$}"));
    }
    let (old, new_width) = (cell.of(text).chars().count(), new.chars().count());
    if padding < 2 || !behind[padding..].starts_with('|') {
        let is_padded_away = padding == 1 && new_width < old && is_column_padded(text, cell);
        let fill = if is_padded_away { old - new_width } else { 0 };
        return TextEdit::replace(cell, format!("{new}{}", " ".repeat(fill)));
    }
    let width = (old + padding - 1).max(new_width);
    TextEdit::replace(Span::new(cell.start, cell.end + padding - 1), format!("{new:<width$}"))
}

/// Whether the row above or below ends its cell in the same column, as Prettier's tables do.
fn is_column_padded(text: &str, cell: Span) -> bool {
    let line_start = text[..cell.start].rfind('\n').map_or(0, |at| at + 1);
    let Some(above_end) = line_start.checked_sub(1) else { return false };
    let above_start = text[..above_end].rfind('\n').map_or(0, |at| at + 1);
    let column = text[line_start..cell.end].chars().count() + 1;
    let above = &text[above_start..above_end];
    let row_width = text[line_start..].lines().next().unwrap_or_default().trim_end().chars().count();
    above.chars().nth(column) == Some('|') && above.trim_end().chars().count() == row_width
}

/// A row with the cell `texts`, in the manner of `like`: with or without spaces, and padded to the
/// width of its cells if some of them are padded.
pub(super) fn row<S: AsRef<str>>(like: &str, texts: &[S]) -> String {
    let bare = like.trim_end_matches(['\r', '\n']);
    let indent = &bare[..bare.len() - bare.trim_start().len()];
    let bare = bare.trim();
    let tight = !bare.trim_start_matches('|').starts_with([' ', '\t']);
    let widths = if bare.contains("  |") { raw_widths(bare) } else { Vec::new() };
    let mut out = String::from(indent);
    out.push('|');
    for (index, cell) in texts.iter().enumerate() {
        let cell = cell.as_ref();
        let space = if tight { "" } else { " " };
        out.push_str(space);
        out.push_str(cell);
        out.push_str(space);
        let width = cell.chars().count() + 2 * space.len();
        let missing = widths.get(index).map_or(0, |&wanted| wanted.saturating_sub(width));
        out.extend(std::iter::repeat_n(' ', missing));
        out.push('|');
    }
    out
}

/// Characters between the pipes, white space included.
fn raw_widths(row: &str) -> Vec<usize> {
    let mut widths = Vec::new();
    let (mut width, mut escaped) = (0, false);
    for c in row.strip_prefix('|').unwrap_or(row).chars() {
        if c == '|' && !escaped {
            widths.push(width);
            width = 0;
        } else {
            width += 1;
        }
        escaped = c == '\\' && !escaped;
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_rows() {
        let check = |row: &str, expected: Option<usize>, cells_expected: &[&str]| {
            let spans = cells(row, Span::new(0, row.len()), expected);
            assert_eq!(spans.iter().map(|span| span.of(row)).collect::<Vec<_>>(), cells_expected, "{row}");
        };
        check("| a | b |", None, &["a", "b"]);
        check("|a|b|\n", None, &["a", "b"]);
        check("a | b", None, &["a", "b"]);
        check("| a |  | |", None, &["a", "", ""]);
        check("| a \\| b | c |", None, &["a \\| b", "c"]);
        check("| `a | b` | c |", Some(2), &["`a | b`", "c"]);
        check("| `a | b` | c |", Some(3), &["`a", "b`", "c"]);
        check("| a ` b | c |", Some(2), &["a ` b", "c"]);
        check("|", None, &[]);
        check("| \\", None, &["\\"]);
    }

    #[test]
    fn rows_like_others() {
        assert_eq!(row("| 1 | abc  | x |\r\n", &["2", "d", "pending"]), "| 2 | d    | pending |");
        assert_eq!(row("|1|b|", &["2", "c"]), "|2|c|");
        assert_eq!(row("  | 1 |", &["2", "c"]), "  | 2 | c |");
    }
}
