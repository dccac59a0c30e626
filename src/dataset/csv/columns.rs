//! Detects which columns of a table are labels, pixels, or line numbers.

use std::fmt::Write;

use super::super::error::list_few;
use super::super::error::{invalid, invalid_with_hint};
use super::super::{DatasetError, Location};
use super::fields::number;

/// Names of a label column.
const LABELS: [&str; 10] = [
    "label", "labels", "class", "classes", "target", "y", "digit", "category", "class_id",
    "label_id",
];
/// Names of a column of line numbers, in any order.
const INDEXES: [&str; 7] = ["", "unnamed: 0", "index", "id", "imageid", "image_id", "row"];

/// Columns of a table, from 0.
pub(super) struct TableColumns {
    pub(super) label: usize,
    /// Pixel columns in the order of the pixels.
    pub(super) pixels: Vec<usize>,
    index: Option<usize>,
    /// Whether the order of the pixels differs from that of the columns.
    is_sorted: bool,
}

/// Normalizes a name: lower case, without blanks and comment mark.
pub(super) fn normalize_name(field: &str) -> String {
    field.trim().trim_start_matches(['#', '\u{feff}']).trim().to_lowercase()
}

pub(super) fn is_label(name: &str) -> bool {
    LABELS.contains(&name)
}

impl TableColumns {
    /// Detects the columns by their names. Without names the label comes first.
    ///
    /// # Errors
    /// Returns an error if there is not exactly one label column, or a column is neither label nor pixel.
    pub(super) fn of(
        names: Option<&[String]>,
        fields: usize,
        location: impl Fn() -> Location,
    ) -> Result<TableColumns, DatasetError> {
        let first_is_label = |label: usize, index: Option<usize>| {
            let pixels = (0..fields).filter(|&at| at != label && Some(at) != index).collect();
            TableColumns { label, pixels, index, is_sorted: false }
        };
        let Some(names) = names else { return Ok(first_is_label(0, None)) };
        let plain: Vec<String> = names.iter().map(|name| normalize_name(name)).collect();
        let labels: Vec<usize> = (0..fields).filter(|&at| is_label(&plain[at])).collect();
        let index = (0..fields).find(|&at| INDEXES.contains(&plain[at].as_str()));
        let mut columns = match labels[..] {
            [label] => first_is_label(label, index),
            [] => {
                let others: Vec<usize> = (0..fields).filter(|&at| Some(at) != index).collect();
                let are_numbers = others.iter().all(|&at| number(plain[at].as_bytes()).is_some());
                match others.first() {
                    Some(&first) if are_numbers => first_is_label(first, index),
                    _ => {
                        let found = list_few(names);
                        let expected = format!("a label column, named {}", LABELS[..5].join(", "));
                        let hint = "name the label column 'label'; a table without labels, as Kaggle's test.csv, \
                                    cannot be trained or tested on";
                        return Err(invalid_with_hint(location(), expected, found, hint));
                    }
                }
            }
            _ => {
                let found: Vec<&str> = labels.iter().map(|&at| names[at].as_str()).collect();
                return Err(invalid(location(), "one label column", list_few(&found)));
            }
        };
        columns.sort(&plain, &location)?;
        Ok(columns)
    }

    /// Sorts the pixels by the numbers in their names.
    fn sort(
        &mut self,
        names: &[String],
        location: impl Fn() -> Location,
    ) -> Result<(), DatasetError> {
        let stem = |name: &str| name.replace(|c: char| c.is_ascii_digit(), "");
        let is_numbered = |name: &str| name.contains(|c: char| c.is_ascii_digit());
        let numbered = self.pixels.iter().filter(|&&at| is_numbered(&names[at])).count();
        if 2 * numbered < self.pixels.len() {
            return Ok(());
        }
        let usual = self.pixels.iter().find(|&&at| is_numbered(&names[at]));
        let usual = usual.map(|&at| stem(&names[at])).unwrap_or_default();
        if let Some(&odd) = self.pixels.iter().find(|&&at| stem(&names[at]) != usual) {
            let found = format!("a column '{}'", names[odd]);
            let hint = "remove columns that are neither labels nor pixels";
            let expected = format!("pixel columns named like '{}'", names[self.pixels[0]]);
            return Err(invalid_with_hint(location(), expected, found, hint));
        }
        let mut keyed: Vec<(Vec<u64>, usize)> =
            self.pixels.iter().map(|&at| (numbers_in(&names[at]), at)).collect();
        keyed.sort();
        if let Some(pair) = keyed.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let found = format!("'{}' twice", names[pair[0].1]);
            return Err(invalid(location(), "distinct column names", found));
        }
        let sorted: Vec<usize> = keyed.into_iter().map(|(_, at)| at).collect();
        self.is_sorted = sorted != self.pixels;
        self.pixels = sorted;
        Ok(())
    }

    /// Describes the columns as text.
    pub(super) fn describe(&self, names: Option<&[String]>) -> String {
        let name = |at: usize| match names {
            Some(names) => format!("{} '{}'", at + 1, names[at].trim()),
            None => (at + 1).to_string(),
        };
        let header = if names.is_some() { "with a header" } else { "without a header" };
        let mut text = format!("{header}; labels in column {}", name(self.label));
        if let (Some(&first), Some(&last)) = (self.pixels.first(), self.pixels.last()) {
            let _ = write!(text, ", {} pixels in columns {}", self.pixels.len(), name(first));
            let _ = write!(text, " to {}, row by row", name(last));
        }
        if self.is_sorted {
            text += ", sorted by their names";
        }
        if let Some(index) = self.index {
            let _ = write!(text, "; column {} has line numbers and is ignored", name(index));
        }
        text
    }
}

/// Returns the integers in a name.
fn numbers_in(name: &str) -> Vec<u64> {
    let parts = name.split(|c: char| !c.is_ascii_digit());
    parts.filter_map(|part| part.parse().ok()).collect()
}
