//! Text tables: aligned for terminals, or as Markdown.

use std::iter::once;

/// A table with a header. Each row has as many cells as the header.
#[derive(Clone, Debug, Default)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Creates a table without rows.
    pub fn new<T: ToString>(header: &[T]) -> Self {
        Table { header: header.iter().map(T::to_string).collect(), rows: Vec::new() }
    }

    /// Appends a row.
    pub fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// Returns aligned text: the first column to the left, all others to the right, two spaces between.
    pub fn aligned(&self) -> String {
        self.lines(&|cells| cells.join("  ").trim_end().to_string()).join("\n")
    }

    /// Returns the table as Markdown, with the same alignment.
    pub fn markdown(&self) -> String {
        let safe = |cells: &Vec<String>| cells.iter().map(|cell| escape_cell(cell)).collect();
        let table =
            Table { header: safe(&self.header), rows: self.rows.iter().map(safe).collect() };
        let mut lines = table.lines(&|cells| format!("| {} |", cells.join(" | ")));
        let rule = |(index, width): (usize, usize)| match index {
            0 => "-".repeat(width),
            _ => format!("{}:", "-".repeat(width.saturating_sub(1))),
        };
        let rules: Vec<String> = table.widths().into_iter().enumerate().map(rule).collect();
        lines.insert(1, format!("| {} |", rules.join(" | ")));
        lines.join("\n")
    }

    fn lines(&self, join: &dyn Fn(Vec<String>) -> String) -> Vec<String> {
        let widths = self.widths();
        let cell = |(index, (cell, width)): (usize, (&String, &usize))| match index {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        };
        once(&self.header)
            .chain(&self.rows)
            .map(|row| join(row.iter().zip(&widths).enumerate().map(cell).collect()))
            .collect()
    }

    fn widths(&self) -> Vec<usize> {
        let width = |column: usize| {
            let cells = once(&self.header).chain(&self.rows).map(|row| row[column].chars().count());
            cells.max().unwrap_or(0)
        };
        (0..self.header.len()).map(width).collect()
    }
}

/// Escapes a cell of a Markdown table.
fn escape_cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["what", "µs"]);
        table.push(vec!["a launch".to_string(), "7".to_string()]);
        table.push(vec!["both".to_string(), "1000".to_string()]);
        table
    }

    #[test]
    fn columns_fit_their_widest_cell() {
        assert_eq!(table().aligned(), "what        µs\na launch     7\nboth      1000");
    }

    #[test]
    fn markdown_has_a_rule_below_the_header() {
        let expected = "\
| what     |   µs |
| -------- | ---: |
| a launch |    7 |
| both     | 1000 |";
        assert_eq!(table().markdown(), expected);
    }
}
