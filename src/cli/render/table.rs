//! Columns that line up, whatever the script.

use super::Line;

/// Rows of cells, printed in aligned columns without rules: a heading, then the rows.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<Line>>,
    /// The column that gives way when the terminal is too narrow.
    flexible: usize,
    /// Whether it goes on in the next line then; otherwise it is cut.
    wraps: bool,
}

const GAP: usize = 2;

impl Table {
    /// A table whose column `flexible` is cut when the terminal is too narrow.
    pub(crate) fn new(flexible: usize) -> Self {
        Self { rows: Vec::new(), flexible, wraps: false }
    }

    /// A table whose last column `last` goes on in the next lines when the terminal is too narrow.
    pub(crate) fn wrapping(last: usize) -> Self {
        Self { rows: Vec::new(), flexible: last, wraps: true }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: Vec<Line>) {
        self.rows.push(cells);
    }

    /// The lines it prints as, at most `width` columns wide where that is possible.
    pub(crate) fn lines(self, width: Option<usize>) -> Vec<Line> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut widths: Vec<usize> = (0..columns)
            .map(|at| self.rows.iter().filter_map(|row| row.get(at)).map(Line::width).max().unwrap_or(0))
            .collect();
        // An all-empty column takes no room, not even its gap.
        let shown = |widths: &[usize]| widths.iter().filter(|&&width| width > 0).count();
        let total = widths.iter().sum::<usize>() + GAP * shown(&widths).saturating_sub(1);
        if let (Some(width), Some(flexible)) = (width, widths.get_mut(self.flexible))
            && total > width
        {
            *flexible = flexible.saturating_sub(total - width).max(12);
        }
        let last = widths.iter().rposition(|&width| width > 0).unwrap_or(0);
        self.rows
            .into_iter()
            .flat_map(|row| {
                let mut line = Line::new();
                let mut rest = Vec::new();
                for (at, cell) in row.into_iter().enumerate().filter(|&(at, _)| widths[at] > 0) {
                    let end = if at == last { 0 } else { widths[at] + GAP };
                    if self.wraps && at == self.flexible {
                        let begins = line.width();
                        let mut pieces = cell.wrapped(widths[at], 0).into_iter();
                        line = line.join(pieces.next().unwrap_or_default());
                        rest = pieces.map(|piece| Line::indented(begins).join(piece)).collect();
                    } else {
                        line = line.join(cell.truncated(widths[at]).pad_to(end));
                    }
                }
                [line].into_iter().chain(rest)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(mut table: Table, width: Option<usize>) -> Vec<String> {
        table.row(vec![Line::from("bug-fix"), Line::from("Fix a bug that was seen")]);
        table.row(vec![Line::from("docs"), Line::from("Short")]);
        table.lines(width).iter().map(Line::plain).collect()
    }

    #[test]
    fn what_does_not_fit_is_cut_or_goes_on() {
        let whole = ["bug-fix  Fix a bug that was seen", "docs     Short"];
        assert_eq!(rows(Table::new(1), None), whole);
        assert_eq!(rows(Table::wrapping(1), Some(40)), whole);
        assert_eq!(rows(Table::new(1), Some(24)), ["bug-fix  Fix a bug that…", "docs     Short"]);
        let wrapped = ["bug-fix  Fix a bug that", "         was seen", "docs     Short"];
        assert_eq!(rows(Table::wrapping(1), Some(24)), wrapped);
    }
}
