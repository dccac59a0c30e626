//! Labels of arrays: class numbers of any type, one-hot rows, or names of classes.

use crate::dataset::DatasetError;
use crate::dataset::array::ByteArray;
use crate::dataset::class_names::sanitize;
use crate::dataset::error::{invalid, invalid_with_hint, list_few};
use crate::dataset::npy::{Npy, format_shape};

/// Largest number of classes, since a label is a byte.
const MAX_CLASSES: usize = 256;

/// Labels of all sets of a data set, training set first.
pub(super) struct Labels {
    pub sets: Vec<ByteArray<1>>,
    /// Sorted names of the training labels, if they are text.
    pub class_names: Option<Vec<String>>,
    /// Conversions, one sentence each.
    pub conversions: Vec<String>,
}

impl Labels {
    /// Converts the labels of all sets, training set first.
    ///
    /// # Errors
    /// Returns an error if labels are no classes, or text that is not among the training labels.
    pub fn of(arrays: Vec<Npy>) -> Result<Labels, DatasetError> {
        if arrays.iter().any(|array| array.kind.is_text()) {
            return Labels::of_texts(arrays);
        }
        let mut conversions = Vec::new();
        let mut sets = Vec::new();
        let mut width = None;
        for array in arrays {
            let name = array.origin.name();
            if is_one_hot(&array) {
                let classes = array.shape[1];
                let expected = *width.get_or_insert(classes);
                if classes != expected {
                    let expected = format!("rows of {expected} values as in the other labels");
                    return Err(invalid(array.origin.at_size(0), expected, classes));
                }
                conversions.push(format!("{name}: rows of {classes} values are one-hot classes"));
            } else if array.is_float() {
                conversions.push(format!("{name}: floats are class numbers"));
            } else if !array.kind.is_integer() {
                conversions.push(format!("{name}: False is class 0, True is class 1"));
            }
            sets.push(array.labels()?);
        }
        Ok(Labels { sets, class_names: None, conversions })
    }

    /// Numbers the sorted names of classes.
    fn of_texts(arrays: Vec<Npy>) -> Result<Labels, DatasetError> {
        let mut class_names: Vec<String> = Vec::new();
        let (mut sets, mut conversions) = (Vec::new(), Vec::new());
        for (set, array) in arrays.into_iter().enumerate() {
            check_one_each(&array)?;
            if !array.kind.is_text() {
                let expected = "text as the training labels";
                return Err(invalid(array.origin.at_size(0), expected, array.kind.name()));
            }
            let texts: Vec<String> = array.texts()?.iter().map(|text| sanitize(text)).collect();
            if set == 0 {
                class_names = sorted_names(&texts);
                if class_names.len() > MAX_CLASSES {
                    let expected = format!("at most {MAX_CLASSES} classes");
                    return Err(invalid(array.origin.at_size(0), expected, class_names.len()));
                }
                let names = list_few(&class_names);
                conversions.push(format!("{}: classes by name: {names}", array.origin.name()));
            }
            let class = |(index, text): (usize, &String)| {
                let class = class_names.iter().position(|name| name == text);
                class.map(|class| class as u8).ok_or_else(|| {
                    let expected =
                        format!("a class of the training labels ({})", list_few(&class_names));
                    invalid(array.origin.at_element(index), expected, format!("'{text}'"))
                })
            };
            let classes = texts.iter().enumerate().map(class).collect::<Result<Vec<u8>, _>>()?;
            sets.push(ByteArray::labels(array.origin.clone(), classes)?);
        }
        Ok(Labels { sets, class_names: Some(class_names), conversions })
    }
}

/// Returns the different names, sorted; numbers by their value.
fn sorted_names(texts: &[String]) -> Vec<String> {
    let mut names = texts.to_vec();
    let number = |name: &String| name.parse::<i64>().unwrap_or(i64::MAX);
    names.sort_by(|a, b| number(a).cmp(&number(b)).then_with(|| a.cmp(b)));
    names.dedup();
    names
}

/// Returns whether the labels have a row of several values for each image.
fn is_one_hot(array: &Npy) -> bool {
    matches!(array.shape[..], [_, classes] if classes > 1)
}

/// Checks that there is one label per image.
fn check_one_each(array: &Npy) -> Result<(), DatasetError> {
    if matches!(array.shape[..], [_] | [_, 1]) {
        return Ok(());
    }
    let hint = "convert with labels.reshape(-1) if there is one label per image";
    let found = format_shape(&array.shape);
    let expected = "the shape [labels], [labels, 1] or, one-hot, [labels, classes]";
    Err(invalid_with_hint(array.origin.at_size(0), expected, found, hint))
}

impl Npy {
    /// Returns the labels, `[count]`: class numbers, or the positions of the ones in one-hot rows.
    ///
    /// # Errors
    /// Returns an error if the shape differs, a label is no integer from 0 to 255, or a row is not one-hot.
    pub fn labels(self) -> Result<ByteArray<1>, DatasetError> {
        if self.kind.is_text() {
            let hint = "number the classes from 0";
            let location = self.origin.at_size(0);
            return Err(invalid_with_hint(location, "class numbers", "text", hint));
        }
        let labels = match self.shape[..] {
            [_, classes] if classes > 1 => self.one_hot(classes)?,
            _ => {
                check_one_each(&self)?;
                let label = |(index, value): (usize, f64)| match value {
                    0.0..=255.0 if value.fract() == 0.0 => Ok(value as u8),
                    _ => {
                        Err(invalid(self.origin.at_element(index), "a label from 0 to 255", value))
                    }
                };
                self.numbers().enumerate().map(label).collect::<Result<Vec<u8>, _>>()?
            }
        };
        ByteArray::labels(self.origin, labels)
    }

    /// Returns the position of the one in each row.
    fn one_hot(&self, classes: usize) -> Result<Vec<u8>, DatasetError> {
        if classes > MAX_CLASSES {
            let expected = format!("at most {MAX_CLASSES} classes");
            return Err(invalid(self.origin.at_size(0), expected, classes));
        }
        let values: Vec<f64> = self.numbers().collect();
        let label = |(index, row): (usize, &[f64])| {
            let ones = row.iter().filter(|&&value| value == 1.0).count();
            let is_one_hot = ones == 1 && row.iter().all(|&value| value == 0.0 || value == 1.0);
            if !is_one_hot {
                let expected = "rows of zeros and a single one (one-hot)";
                let hint = "convert other scores of classes with labels.argmax(axis=1)";
                let location = self.origin.at_element(index * classes);
                return Err(invalid_with_hint(location, expected, "another row", hint));
            }
            Ok(row.iter().position(|&value| value == 1.0).unwrap_or(0) as u8)
        };
        values.chunks(classes).enumerate().map(label).collect()
    }
}
