//! Offsets to lines and columns: the one place where anything but bytes is counted.

/// A place for people: both numbers count from 1, the column in characters (`▶` is one).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// A place for editors: both numbers count from 0, the character in UTF-16 code units, as in LSP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Utf16Position {
    /// Line, from 0.
    pub line: usize,
    /// UTF-16 code units before the place, in its line.
    pub character: usize,
}

/// Where the lines of one text begin. Lines end with `\n`; `\r` belongs to the line end.
#[derive(Clone, Debug)]
pub struct LineIndex<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> LineIndex<'t> {
    /// Indexes `text` in one pass.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        let ends = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(ends).collect() }
    }

    /// The line and column of the byte at `offset`; the end of the text for anything behind it.
    #[must_use]
    pub fn line_column(&self, offset: usize) -> LineColumn {
        let (line, before) = self.locate(offset);
        LineColumn { line: line + 1, column: before.chars().count() + 1 }
    }

    /// The editor's position of the byte at `offset`.
    #[must_use]
    pub fn utf16_position(&self, offset: usize) -> Utf16Position {
        let (line, before) = self.locate(offset);
        Utf16Position { line, character: before.encode_utf16().count() }
    }

    /// The number of lines; a final line end begins one more, empty, line.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.starts.len()
    }

    /// The index of the line and the text in it before `offset`.
    fn locate(&self, offset: usize) -> (usize, &'t str) {
        let offset =
            (0..=offset.min(self.text.len())).rev().find(|&at| self.text.is_char_boundary(at)).unwrap_or(0);
        let line = self.starts.partition_point(|&start| start <= offset) - 1;
        (line, &self.text[self.starts[line]..offset])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_characters_and_code_units() {
        let index = LineIndex::new("a\r\n▶😀x\n");
        let check = |offset, line, column, character| {
            assert_eq!(index.line_column(offset), LineColumn { line, column }, "{offset}");
            assert_eq!(index.utf16_position(offset), Utf16Position { line: line - 1, character }, "{offset}");
        };
        check(0, 1, 1, 0);
        check(2, 1, 3, 2);
        check(3, 2, 1, 0);
        check(6, 2, 2, 1);
        check(7, 2, 2, 1); // inside the emoji: its beginning
        check(10, 2, 3, 3);
        check(12, 3, 1, 0);
        check(99, 3, 1, 0);
        assert_eq!(index.line_count(), 3);
    }
}
