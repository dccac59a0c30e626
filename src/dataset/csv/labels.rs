//! Labels of a table: integers, or texts that name the classes.

use std::collections::HashMap;

use super::super::class_names::sanitize;
use super::fields::{is_missing, label, number, shorten};

/// Largest number of classes, since a label is a byte.
const MAX_CLASSES: usize = 256;

/// Reason why a field is no label: the expected content, and a hint.
pub(super) type WrongLabel = (String, Option<&'static str>);

/// Labels of the lines read so far.
#[derive(Default)]
pub(super) struct LabelColumn {
    /// Distinct labels as written, in the order of the lines.
    texts: Vec<String>,
    indices: HashMap<String, u32>,
    /// Index of each line's label.
    lines: Vec<u32>,
    has_names: bool,
}

/// Classes of a table's labels.
#[derive(Clone, Copy, Debug)]
pub(super) enum Classes<'a> {
    /// Those that its own labels name or number.
    Own,
    /// Integers, as in the training table.
    Numbered,
    /// The names in the training table.
    Named(&'a [String]),
}

/// Labels of all lines.
pub(super) struct Labels {
    pub bytes: Vec<u8>,
    /// Names of the classes, sorted; `None` if the labels are integers.
    pub names: Option<Vec<String>>,
}

impl LabelColumn {
    /// Adds the label of a line.
    ///
    /// # Errors
    /// Returns an error if the field is missing, is a number but no integer from 0 to 255, or names a 257th class.
    pub fn add(&mut self, field: &[u8]) -> Result<(), WrongLabel> {
        let Ok(text) = std::str::from_utf8(field) else {
            return Err(("a label in UTF-8".to_string(), Some("save the table as UTF-8")));
        };
        let index = match self.indices.get(text) {
            Some(&index) => index,
            None => self.add_text(text)?,
        };
        self.lines.push(index);
        Ok(())
    }

    fn add_text(&mut self, text: &str) -> Result<u32, WrongLabel> {
        let is_number = label(text.as_bytes()).is_some();
        if !is_number && (is_missing(text) || number(text.as_bytes()).is_some()) {
            let hint =
                "number the classes from 0 and name them in class_names.txt beside the table";
            return Err(("a label, an integer from 0 to 255 or a name".to_string(), Some(hint)));
        }
        self.has_names |= !is_number;
        if self.has_names && self.texts.len() == MAX_CLASSES {
            let hint = "a column of labels has the same few names in many lines";
            return Err((format!("at most {MAX_CLASSES} names of classes"), Some(hint)));
        }
        let index = self.texts.len() as u32;
        self.texts.push(sanitize(text));
        self.indices.insert(text.to_string(), index);
        Ok(index)
    }

    pub fn count(&self) -> usize {
        self.lines.len()
    }

    /// Returns whether the labels are 0, 1, 2 and so on.
    pub fn count_lines(&self) -> bool {
        let labels: Vec<Option<u8>> =
            self.texts.iter().map(|text| label(text.as_bytes())).collect();
        let mut lines = self.lines.iter().enumerate();
        lines.all(|(line, &index)| labels[index as usize].map(usize::from) == Some(line))
    }

    pub fn are_numbers(&self) -> bool {
        !self.has_names
    }

    /// Returns whether the labels are integers that begin at 0 or 1 without gaps.
    pub fn are_classes(&self) -> bool {
        self.are_numbers()
            && without_gaps(self.texts.iter().filter_map(|text| label(text.as_bytes())))
    }

    /// Returns the labels as bytes.
    ///
    /// # Errors
    /// Returns the index of the first line whose label is not of these classes, and the label.
    pub fn finish(self, classes: Classes) -> Result<Labels, (usize, String)> {
        let names = match classes {
            Classes::Named(names) => Some(names.to_vec()),
            Classes::Own if self.has_names => {
                let mut names = self.texts.clone();
                names.sort();
                names.dedup();
                Some(names)
            }
            Classes::Own | Classes::Numbered => None,
        };
        let byte_of = |text: &String| match &names {
            Some(names) => names.iter().position(|name| name == text).map(|class| class as u8),
            None => label(text.as_bytes()),
        };
        let bytes: Vec<Option<u8>> = self.texts.iter().map(byte_of).collect();
        let byte = |(line, &index): (usize, &u32)| {
            let index = index as usize;
            bytes[index].ok_or_else(|| (line, shorten(self.texts[index].as_bytes())))
        };
        let bytes = self.lines.iter().enumerate().map(byte).collect::<Result<_, _>>()?;
        Ok(Labels { bytes, names })
    }
}

/// Returns whether the values are at least two, have no gaps, and begin at 0 or 1.
pub(super) fn without_gaps(values: impl Iterator<Item = u8>) -> bool {
    let mut is_there = [false; MAX_CLASSES];
    values.for_each(|value| is_there[usize::from(value)] = true);
    let count = is_there.iter().filter(|&&there| there).count();
    let first = usize::from(!is_there[0]);
    count >= 2 && is_there[first..].iter().take(count).all(|&there| there)
}
