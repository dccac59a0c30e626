//! Cells and tables of the report.

use apical::analysis::statistics::MeanSd;
use apical::figures::Table;

/// A table of these rows, as Markdown.
pub fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new(header);
    rows.into_iter().for_each(|row| table.push(row));
    table.markdown() + "\n"
}

/// An error with its spread over networks, percent.
pub fn error(MeanSd { mean, sd, .. }: MeanSd) -> String {
    match sd {
        Some(sd) => format!("{mean:.2} ± {sd:.2}"),
        None => format!("{mean:.2}"),
    }
}
