//! Lines of styled text: what commands build instead of printing.

use super::escape::escape;
use clap::builder::styling::{AnsiColor, Style};
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr as _;

/// What a piece of text means; the renderer knows how that looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Ordinary text.
    Plain,
    /// What is talked about.
    Strong,
    /// Less important.
    Faint,
    /// Went well; added text.
    Good,
    /// Worth a look; waits for somebody.
    Caution,
    /// Went wrong; removed text.
    Bad,
    /// A rule, a command to type.
    Accent,
}

impl Ink {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Faint => Style::new().dimmed(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Caution => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default(),
            Self::Accent => AnsiColor::Cyan.on_default(),
        }
    }
}

/// One line of output. Text is escaped as it comes in, so a line is safe to print by construction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    indent: usize,
    pieces: Vec<(Ink, String)>,
}

impl Line {
    /// An empty line.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// An empty line that begins `columns` in; so do the lines it is wrapped into.
    pub(crate) fn indented(columns: usize) -> Self {
        Self { indent: columns, pieces: Vec::new() }
    }

    /// Adds ordinary text.
    #[must_use]
    pub(crate) fn text(self, text: impl AsRef<str>) -> Self {
        self.ink(Ink::Plain, text)
    }

    /// Adds text that means something.
    #[must_use]
    pub(crate) fn ink(mut self, ink: Ink, text: impl AsRef<str>) -> Self {
        let text = escape(text.as_ref());
        if !text.is_empty() {
            self.pieces.push((ink, text.into_owned()));
        }
        self
    }

    /// Adds the pieces of `other`.
    #[must_use]
    pub(crate) fn join(mut self, other: Self) -> Self {
        self.pieces.extend(other.pieces);
        self
    }

    /// Fills up with spaces to `width` columns.
    #[must_use]
    pub(crate) fn pad_to(mut self, width: usize) -> Self {
        let missing = width.saturating_sub(self.width());
        if missing > 0 {
            self.pieces.push((Ink::Plain, " ".repeat(missing)));
        }
        self
    }

    /// Columns it takes, the indentation included.
    pub(crate) fn width(&self) -> usize {
        self.indent + self.pieces.iter().map(|(_, text)| text.width()).sum::<usize>()
    }

    /// Cut to `width` columns, with an ellipsis where text is missing.
    #[must_use]
    pub(crate) fn truncated(self, width: usize) -> Self {
        if self.width() <= width {
            return self;
        }
        let mut left = width.saturating_sub(self.indent + 1);
        let mut out = Self { indent: self.indent, pieces: Vec::new() };
        for (ink, text) in self.pieces {
            let kept = prefix(&text, left);
            left -= kept.width();
            let whole = kept.len() == text.len();
            let mut kept = kept.to_owned();
            if !whole {
                kept.push('…');
            }
            out.pieces.push((ink, kept));
            if !whole {
                break;
            }
        }
        out
    }

    /// Broken at spaces into lines of at most `width` columns; the second and later ones begin where
    /// the text behind `hang` columns of the first begins. A word that fits no line is left whole.
    pub(crate) fn wrapped(self, width: usize, hang: usize) -> Vec<Self> {
        if self.width() <= width {
            return vec![self];
        }
        let mut lines = Vec::new();
        let mut line = Self::indented(self.indent);
        let mut used = self.indent;
        for (ink, text) in self.pieces {
            for word in text.split_inclusive(' ') {
                let bare = word.trim_end().width();
                if used + bare > width && used > self.indent + hang {
                    lines.push(std::mem::replace(&mut line, Self::indented(self.indent + hang)));
                    used = self.indent + hang;
                }
                used += word.width();
                match line.pieces.last_mut() {
                    Some((last, so_far)) if *last == ink => so_far.push_str(word),
                    _ => line.pieces.push((ink, word.to_owned())),
                }
            }
        }
        lines.push(line);
        lines
    }

    /// What it looks like without styles.
    #[cfg(test)]
    pub(super) fn plain(&self) -> String {
        let text: String = self.pieces.iter().map(|(_, text)| text.as_str()).collect();
        format!("{}{}", " ".repeat(self.indent), text.trim_end())
    }

    /// Writes it with the escape codes of its styles; the stream strips them where they don't belong.
    pub(super) fn write(&self, out: &mut String) {
        let end =
            self.pieces.iter().rposition(|(_, text)| !text.trim_end().is_empty()).map_or(0, |at| at + 1);
        if end > 0 {
            out.extend(std::iter::repeat_n(' ', self.indent));
        }
        for (at, (ink, text)) in self.pieces[..end].iter().enumerate() {
            let text = if at + 1 == end { text.trim_end() } else { text.as_str() };
            let style = ink.style();
            // Writing to a `String` never fails.
            let _ = write!(out, "{style}{text}{style:#}");
        }
        out.push('\n');
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self::new().text(text)
    }
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self::new().text(text)
    }
}

/// As many characters of `text` as fit into `columns`.
fn prefix(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
        if used > columns {
            return &text[..at];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_by_columns_not_characters() {
        let check = |text: &str, width, expected: &str| {
            assert_eq!(Line::from(text).truncated(width).plain(), expected);
        };
        check("short", 5, "short");
        check("longer", 5, "long…");
        check("日本語", 5, "日本…");
        check("日本語", 4, "日…");
    }

    #[test]
    fn wraps_at_spaces_and_hangs() {
        let lines = Line::indented(2).text("1. read the whole plan").wrapped(14, 3);
        let lines: Vec<String> = lines.iter().map(Line::plain).collect();
        assert_eq!(lines, ["  1. read the", "     whole", "     plan"]);
        let long = Line::from("a unbreakableword b").wrapped(6, 0);
        assert_eq!(long.iter().map(Line::plain).collect::<Vec<_>>(), ["a", "unbreakableword", "b"]);
    }

    #[test]
    fn no_style_is_left_open_and_no_trailing_space_written() {
        let mut out = String::new();
        Line::indented(1).ink(Ink::Bad, "a\x1b[2J ").write(&mut out);
        assert_eq!(out, " \x1b[31ma\\u{1b}[2J\x1b[0m\n");
        out.clear();
        Line::indented(4).write(&mut out);
        assert_eq!(out, "\n");
    }
}
