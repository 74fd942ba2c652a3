//! Columns for people.

use unicode_width::UnicodeWidthStr as _;

use super::output::shown;

/// Rows under headings; each column is as wide as its widest cell.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new<const N: usize>(headings: [&str; N]) -> Self {
        Self { rows: vec![headings.map(str::to_owned).to_vec()] }
    }

    /// Adds a row, with control characters escaped.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.iter().map(|cell| shown(cell).into_owned()).collect());
    }

    /// The table, or `empty` when it has no rows.
    pub fn text(&self, empty: &str) -> String {
        if self.rows.len() == 1 {
            return format!("{empty}\n");
        }
        let columns = self.rows[0].len();
        let width = |column: usize| self.rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
        let widths: Vec<_> = (0..columns).map(width).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| {
                let padding = width - cell.width();
                format!("{cell}{}", " ".repeat(padding))
            });
            let line = cells.collect::<Vec<_>>().join("  ");
            format!("{}\n", line.trim_end())
        };
        self.rows.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_what_is_seen() {
        let mut table = Table::new(["NAME", "N"]);
        table.row(["田中".into(), "1".into()]);
        table.row(["x\x07".into(), "22".into()]);
        assert_eq!(table.text("none"), "NAME    N\n田中    1\nx\\u{7}  22\n");
        assert_eq!(Table::new(["NAME"]).text("Nobody."), "Nobody.\n");
    }
}
