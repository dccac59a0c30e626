//! Images and labels of the lines of a table.

use csv::ByteRecord;

use super::super::error::{invalid, invalid_with_hint};
use super::super::location::Position;
use super::super::pixel_scale::{NumberRange, PixelScale, scale_hint};
use super::super::{DatasetError, Location};
use super::columns::{IndexColumn, TableColumns};
use super::fields::{has_decimal_comma, number, shorten, small_integer};
use super::labels::{LabelColumn, WrongLabel, without_gaps};

/// Smallest number of consecutive labels 0, 1, 2 and so on that count as line numbers.
const MIN_LINE_NUMBERS: usize = 20;

/// Role of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Its pixels define the scale.
    Training,
    /// Its pixels are on the scale of the training table.
    Test,
    /// Its pixels define the scale, and its labels are ignored.
    Prediction,
}

/// Images and labels of the lines read so far.
pub(super) struct TableRows<'a> {
    pub(super) file: &'a str,
    pub(super) columns: &'a TableColumns,
    /// Number of fields per line.
    pub(super) fields: usize,
    /// Line of the header, if there is one.
    pub(super) header_line: Option<u64>,
    pub(super) scale: PixelScale,
    pub(super) role: Role,
    pub(super) content: RowContent,
}

/// Content of the lines.
#[derive(Default)]
pub(super) struct RowContent {
    /// Pixels of all lines; incomplete if a survey found fractions.
    pub(super) images: Vec<u8>,
    pub(super) labels: LabelColumn,
    /// Line of each image, from 1.
    pub(super) lines: Vec<u64>,
    /// Range of all pixels.
    pub(super) range: NumberRange,
    /// Bytes of the last pixel column.
    last_pixels: Vec<u8>,
    /// Number in the index column of the next line.
    next_index: Option<u64>,
}

impl TableRows<'_> {
    fn location(&self, position: Position) -> Location {
        Location { file: self.file.to_string(), position }
    }

    /// Adds a line.
    ///
    /// # Errors
    /// Returns an error if the number of fields differs from that of other lines, or a field is invalid.
    pub(super) fn add(&mut self, line: u64, record: &ByteRecord) -> Result<(), DatasetError> {
        if record.len() != self.fields || self.columns.pixels.is_empty() {
            let expected = match (self.header_line, self.content.lines.first()) {
                (Some(header), _) => {
                    format!("{} fields as in the header, line {header}", self.fields)
                }
                (None, Some(first)) => format!("{} fields as in line {first}", self.fields),
                (None, None) => "a label and pixels, separated by commas".to_string(),
            };
            return Err(invalid(self.location(Position::Line(line)), expected, record.len()));
        }
        let wrong = |file: &str, column: usize, (expected, hint): WrongLabel| {
            let position = Position::Field { line, column: column + 1 };
            let location = Location { file: file.to_string(), position };
            let found = format!("'{}'", shorten(&record[column]));
            invalid(location, expected, found).with_hint(hint)
        };
        // Until a fraction is found, pixels are bytes. Then only their range is of interest.
        let is_survey = self.role != Role::Test && self.scale == PixelScale::Bytes;
        let TableRows { file, columns, scale, role, content, .. } = self;
        if let Some(IndexColumn { column, is_counted: true }) = columns.index {
            let index = number(&record[column]).filter(|value| value.fract() == 0.0);
            let index = index.filter(|&value| value >= 0.0).map(|value| value as u64);
            let next = content.next_index.or(index);
            if index.is_none() || index != next {
                let expected = match next.filter(|_| index.is_some()) {
                    Some(next) => format!("the line number {next} in a column without a name"),
                    None => "a line number in a column without a name".to_string(),
                };
                let hint = "write the table without an index (pandas: index=False), or name the column 'id'";
                return Err(wrong(file, column, (expected, Some(hint))));
            }
            content.next_index = next.map(|next| next.saturating_add(1));
        }
        if let Some(column) = columns.label.filter(|_| *role != Role::Prediction) {
            let added = content.labels.add(&record[column]);
            added.map_err(|reason| wrong(file, column, reason))?;
        }
        let mut last_byte = None;
        for &column in &columns.pixels {
            let field = &record[column];
            let value = small_integer(field).map(f64::from).or_else(|| number(field));
            let byte = value.and_then(|value| scale.byte(value));
            let Some(value) =
                value.filter(|value| byte.is_some() || is_survey && (0.0..=255.0).contains(value))
            else {
                let hint = match value {
                    Some(value) => Some(scale_hint(value)),
                    None if has_decimal_comma(field) => {
                        Some("save the table with decimal points, not commas")
                    }
                    None => None,
                };
                let expected = format!("a pixel, {}", scale.numbers());
                return Err(wrong(file, column, (expected, hint)));
            };
            content.range.add(value);
            last_byte = byte.filter(|_| !is_survey || !content.range.has_fractions);
            content.images.extend(last_byte);
        }
        content.last_pixels.extend(last_byte);
        content.lines.push(line);
        Ok(())
    }

    /// Checks the lines together. Returns their content, and the first line.
    ///
    /// # Errors
    /// Returns an error if there are no lines, or the first column has line numbers or pixels instead of labels.
    pub(super) fn finish(self) -> Result<(RowContent, u64), DatasetError> {
        let content = &self.content;
        let Some(&first) = content.lines.first() else {
            let expected = "lines of a label and pixels, separated by commas";
            return Err(invalid(self.location(Position::Whole), expected, "none"));
        };
        let is_training = self.role == Role::Training;
        let label = self.columns.label.filter(|_| is_training && !self.columns.is_label_named);
        let Some(label) = label else { return Ok((self.content, first)) };
        let location = || self.location(Position::Field { line: first, column: label + 1 });
        if content.labels.count() >= MIN_LINE_NUMBERS && content.labels.count_lines() {
            let hint = "remove the column of line numbers, or add a header";
            let found = "line numbers 0, 1, 2 and so on";
            return Err(invalid_with_hint(location(), "a column of labels", found, hint));
        }
        let last_are_classes = without_gaps(content.last_pixels.iter().copied());
        let is_certain = content.lines.len() >= MIN_LINE_NUMBERS && last_are_classes;
        if is_certain && content.labels.are_numbers() && !content.labels.are_classes() {
            let hint = "move the labels to the first column, or add a header that names them";
            let found = "numbers with gaps, while the last column counts from 0 or 1";
            return Err(invalid_with_hint(location(), "a column of labels", found, hint));
        }
        Ok((self.content, first))
    }
}
