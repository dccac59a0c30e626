//! Detects which columns of a table are labels, pixels, or line numbers.

use super::super::error::list_few;
use super::super::error::{invalid, invalid_with_hint};
use super::super::{DatasetError, Location};
use super::fields::{is_missing, number};
use super::pixel_order::{PixelOrder, sort};
use super::preview::Preview;

/// Names of a label column.
const LABELS: [&str; 10] = [
    "label", "labels", "class", "classes", "target", "y", "digit", "category", "class_id",
    "label_id",
];
/// Names of a column of line numbers as pandas writes its index.
const COUNTED: [&str; 2] = ["", "unnamed: 0"];
/// Names of a column of line numbers or identifiers, in any order.
const IDENTIFIERS: [&str; 5] = ["index", "id", "imageid", "image_id", "row"];

/// Columns of a table, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TableColumns {
    /// Column of labels; `None` in a table of images to predict.
    pub(super) label: Option<usize>,
    /// Whether the header names the label column.
    pub(super) is_label_named: bool,
    /// Pixel columns in the order of the pixels.
    pub(super) pixels: Vec<usize>,
    pub(super) index: Option<IndexColumn>,
    order: PixelOrder,
}

/// A column that is neither label nor pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IndexColumn {
    pub(super) column: usize,
    /// Whether its numbers must increase by 1 per line: it has no name of its own.
    pub(super) is_counted: bool,
}

/// Content that a table must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Labels and pixels.
    Labelled,
    /// This number of pixels per line, with or without a label.
    Pixels(usize),
}

/// Normalizes a name: lower case, without blanks and comment mark.
pub(super) fn normalize_name(field: &str) -> String {
    field.trim().trim_start_matches(['#', '\u{feff}']).trim().to_lowercase()
}

pub(super) fn is_label(name: &str) -> bool {
    LABELS.contains(&name)
}

/// Returns whether a field is a text, not a number.
pub(super) fn is_text(field: &str) -> bool {
    !is_missing(field) && field.trim().parse::<f64>().is_err()
}

impl TableColumns {
    /// Detects the columns by their names. Without names the label is the only text, or comes first.
    ///
    /// # Errors
    /// Returns an error if there is not exactly one label column, or a column is neither label nor pixel.
    pub(super) fn of(
        preview: &Preview,
        has_header: bool,
        content: Content,
        location: impl Fn() -> Location,
    ) -> Result<TableColumns, DatasetError> {
        let fields = preview.first.len();
        if !has_header {
            let texts: Vec<usize> = (0..fields).filter(|&at| is_text(&preview.first[at])).collect();
            let label = match (&texts[..], content) {
                (_, Content::Pixels(count)) if count == fields => None,
                (&[text], _) => Some(text),
                _ => Some(0),
            };
            let pixels = (0..fields).filter(|&at| Some(at) != label).collect();
            let order = PixelOrder::default();
            return Ok(TableColumns { label, is_label_named: false, pixels, index: None, order });
        }
        let names = &preview.first;
        let plain: Vec<String> = names.iter().map(|name| normalize_name(name)).collect();
        let index = (0..fields).find_map(|column| {
            let is_counted = COUNTED.contains(&plain[column].as_str());
            let is_index = is_counted || IDENTIFIERS.contains(&plain[column].as_str());
            is_index.then_some(IndexColumn { column, is_counted })
        });
        let others = (0..fields).filter(|&at| index.is_none_or(|index| index.column != at));
        let others: Vec<usize> = others.collect();
        let are_numbers = || others.iter().all(|&at| number(plain[at].as_bytes()).is_some());
        let labels: Vec<usize> = (0..fields).filter(|&at| is_label(&plain[at])).collect();
        let label = match (&labels[..], content) {
            (&[label], _) => Some(label),
            ([], Content::Pixels(count)) if others.len() == count => None,
            ([], _) if !others.is_empty() && are_numbers() => Some(others[0]),
            ([], Content::Pixels(_)) => None,
            ([], Content::Labelled) => {
                let expected = format!("a label column, named {}", LABELS[..5].join(", "));
                return Err(invalid_with_hint(location(), expected, list_few(names), NO_LABELS));
            }
            _ => {
                let found: Vec<&str> = labels.iter().map(|&at| names[at].as_str()).collect();
                return Err(invalid(location(), "one label column", list_few(&found)));
            }
        };
        let mut pixels = others;
        pixels.retain(|&at| Some(at) != label);
        let order = sort(&mut pixels, &plain, &location)?;
        let is_label_named = !labels.is_empty();
        Ok(TableColumns { label, is_label_named, pixels, index, order })
    }

    /// Checks that the columns of a test table correspond to those of the training table.
    ///
    /// # Errors
    /// Returns an error if the test table has no labels, or other pixels, or pixels in another order.
    pub(super) fn check_alike(
        &self,
        training: &TableColumns,
        training_file: &str,
        location: impl Fn() -> Location,
    ) -> Result<(), DatasetError> {
        let [pixels, expected] = [self, training].map(|columns| columns.pixels.len());
        if pixels + 1 == expected && self.label.is_some() {
            let expected = format!("a label and {expected} pixels as in {training_file}");
            let found = format!("{expected} columns", expected = pixels + 1);
            return Err(invalid_with_hint(location(), expected, found, NO_LABELS));
        }
        let expected = format!("columns as in {training_file}");
        match (&self.order.names, &training.order.names) {
            (None, None) if self.label == training.label => Ok(()),
            (Some(names), Some(others)) => {
                let mut pairs = names.iter().zip(others);
                match pairs.find(|(name, other)| name != other) {
                    // A different number of pixels is reported as a different size.
                    None => Ok(()),
                    Some((name, other)) => {
                        let found = format!("'{name}' instead of '{other}'");
                        let hint = "give both tables the same columns in the same order";
                        Err(invalid_with_hint(location(), expected, found, hint))
                    }
                }
            }
            _ if (self.label, &self.pixels) == (training.label, &training.pixels) => Ok(()),
            _ => {
                let hint = "give both tables a header, or neither";
                Err(invalid_with_hint(location(), expected, "other columns", hint))
            }
        }
    }

    /// Describes the columns as text. `names`: the header, if there is one.
    pub(super) fn describe(&self, names: Option<&[String]>) -> String {
        let header = if names.is_some() { "with a header" } else { "without a header" };
        let labels = match self.label {
            Some(label) => format!("labels in column {}, ", column_name(names, label)),
            None => String::new(),
        };
        let pixels = match (self.pixels.first(), self.pixels.last()) {
            (Some(&first), Some(&last)) => {
                let [first, last] = [first, last].map(|at| column_name(names, at));
                format!("{} pixels in columns {first} to {last}, row by row", self.pixels.len())
            }
            _ => "no pixels".to_string(),
        };
        format!("{header}; {labels}{pixels}")
    }

    /// Returns a sentence per column that is ignored or moved.
    pub(super) fn notes(&self, names: Option<&[String]>) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(IndexColumn { column, .. }) = self.index {
            let name = column_name(names, column);
            notes.push(format!("column {name} has line numbers and is ignored"));
        }
        if self.order.is_sorted {
            notes.push("pixel columns are sorted by the numbers in their names".to_string());
        }
        notes
    }
}

/// Hint for a table without labels.
const NO_LABELS: &str = "name the label column 'label'; a table without labels, as Kaggle's test.csv, is for \
                         'apical predict': --test-fraction 0.2 makes a test set of the training table";

/// Returns the number of a column, from 1, and its name.
fn column_name(names: Option<&[String]>, at: usize) -> String {
    match names {
        Some(names) => format!("{} '{}'", at + 1, names[at].trim()),
        None => (at + 1).to_string(),
    }
}
