//! Formatting of the report's tables.

use apical::analysis::statistics::MeanSd;
use apical::figures::Table;

/// Returns a table as Markdown.
pub fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new(header);
    rows.into_iter().for_each(|row| table.push(row));
    table.markdown() + "\n"
}

/// Returns a mean error with its standard deviation over networks, %.
pub fn error(MeanSd { mean, sd, .. }: MeanSd) -> String {
    match sd {
        Some(sd) => format!("{mean:.2} ± {sd:.2}"),
        None => format!("{mean:.2}"),
    }
}
