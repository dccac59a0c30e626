//! Images and labels of the lines of a table.

use csv::ByteRecord;

use super::super::array::ByteArray;
use super::super::error::{invalid, invalid_with_hint};
use super::super::location::{Origin, Position};
use super::super::{DatasetError, Location, SplitData};
use super::columns::TableColumns;
use super::fields::{label, number, pixel, shorten};

/// Smallest number of consecutive labels 0, 1, 2 and so on that count as line numbers.
const MIN_LINE_NUMBERS: usize = 20;

/// Images and labels of the lines read so far.
pub(super) struct TableRows<'a> {
    file: &'a str,
    columns: &'a TableColumns,
    /// Number of fields per line.
    fields: usize,
    /// Line of the header, if there is one.
    header_line: Option<u64>,
    /// Value that becomes 255, if one was given.
    max_value: Option<u32>,
    images: Vec<u8>,
    labels: Vec<u8>,
    /// Line of each image, from 1.
    lines: Vec<u64>,
    /// Smallest and largest value of all pixels.
    range: [f64; 2],
}

impl<'a> TableRows<'a> {
    pub(super) fn new(
        file: &'a str,
        columns: &'a TableColumns,
        fields: usize,
        header_line: Option<u64>,
        max_value: Option<u32>,
    ) -> Self {
        TableRows {
            file,
            columns,
            fields,
            header_line,
            max_value,
            images: Vec::new(),
            labels: Vec::new(),
            lines: Vec::new(),
            range: [f64::INFINITY, f64::NEG_INFINITY],
        }
    }

    fn location(&self, position: Position) -> Location {
        Location { file: self.file.to_string(), position }
    }

    /// Adds a line.
    ///
    /// # Errors
    /// Returns an error if the number of fields differs from that of other lines, or a field is invalid.
    pub(super) fn add(&mut self, line: u64, record: &ByteRecord) -> Result<(), DatasetError> {
        if record.len() != self.fields || self.fields < 2 {
            let expected = match (self.header_line, self.lines.first()) {
                (Some(header), _) => {
                    format!("{} fields as in the header, line {header}", self.fields)
                }
                (None, Some(first)) => format!("{} fields as in line {first}", self.fields),
                (None, None) => "a label and pixels, separated by commas".to_string(),
            };
            return Err(invalid(self.location(Position::Line(line)), expected, record.len()));
        }
        let wrong = |rows: &TableRows, column: usize, expected: String| {
            let found = format!("'{}'", shorten(&record[column]));
            invalid(rows.location(Position::Field { line, column: column + 1 }), expected, found)
        };
        let Some(label) = label(&record[self.columns.label]) else {
            let hint =
                "number the classes from 0 and name them in class_names.txt beside the table";
            let expected = "a label, an integer from 0 to 255".to_string();
            return Err(wrong(self, self.columns.label, expected).with_hint(Some(hint)));
        };
        for &column in &self.columns.pixels {
            let Some((value, byte)) = pixel(&record[column], self.max_value) else {
                let expected = match self.max_value {
                    Some(max_value) => format!("a pixel, a number from 0 to {max_value}"),
                    None => "a pixel, an integer from 0 to 255".to_string(),
                };
                let hint = number(&record[column])
                    .map(|_| "--max-value N maps N, the brightest value, to 255");
                return Err(wrong(self, column, expected).with_hint(hint));
            };
            let [least, largest] = self.range;
            self.range = [least.min(value), largest.max(value)];
            self.images.push(byte);
        }
        self.labels.push(label);
        self.lines.push(line);
        Ok(())
    }

    /// Checks the lines together. Returns the first line.
    ///
    /// # Errors
    /// Returns an error if there are no lines, or the labels are line numbers.
    pub(super) fn check(&self) -> Result<u64, DatasetError> {
        let Some(&first) = self.lines.first() else {
            let expected = "lines of a label and pixels, separated by commas";
            return Err(invalid(self.location(Position::Whole), expected, "none"));
        };
        let mut numbered = self.labels.iter().enumerate();
        let counts_lines = numbered.all(|(index, &label)| usize::from(label) == index);
        if self.header_line.is_none() && self.labels.len() >= MIN_LINE_NUMBERS && counts_lines {
            let hint = "remove the column of line numbers, or add a header";
            let found = "line numbers 0, 1, 2 and so on";
            let location = self.location(Position::Field { line: first, column: 1 });
            return Err(invalid_with_hint(location, "a column of labels", found, hint));
        }
        Ok(first)
    }

    /// Describes the lines and their values. `columns`: description of the columns.
    pub(super) fn describe(&self, columns: &str) -> String {
        let scaled = match self.max_value {
            Some(max_value) => format!(", {max_value} becomes 255"),
            None => String::new(),
        };
        let ([least, largest], lines) = (self.range, self.lines.len());
        format!("{lines} lines, {columns}; values {least} to {largest}{scaled}")
    }

    /// Returns the images and labels.
    ///
    /// # Errors
    /// Returns an error if an image does not have `[height, width]` bytes.
    pub(super) fn into_split(self, sizes: [usize; 2]) -> Result<SplitData, DatasetError> {
        let file = self.file.to_string();
        let column = self.columns.label + 1;
        Ok(SplitData {
            images: ByteArray::images(Origin::Whole(file.clone()), sizes, self.images)?,
            labels: ByteArray::labels(
                Origin::Lines { file, lines: self.lines, column },
                self.labels,
            )?,
        })
    }
}
