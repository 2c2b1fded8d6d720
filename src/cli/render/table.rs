//! Columns that line up, whatever the script.

use super::Line;

/// Rows of cells, printed in aligned columns without rules: a heading, then the rows.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<Line>>,
    /// The column that gives way when the terminal is too narrow.
    flexible: usize,
}

const GAP: usize = 2;

impl Table {
    /// A table whose column `flexible` is cut when the terminal is too narrow.
    pub(crate) fn new(flexible: usize) -> Self {
        Self { rows: Vec::new(), flexible }
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
            .map(|row| {
                let mut line = Line::new();
                for (at, cell) in row.into_iter().enumerate().filter(|&(at, _)| widths[at] > 0) {
                    let end = if at == last { 0 } else { widths[at] + GAP };
                    line = line.join(cell.truncated(widths[at]).pad_to(end));
                }
                line
            })
            .collect()
    }
}
