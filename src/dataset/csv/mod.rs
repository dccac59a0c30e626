//! Reads a training and a test CSV table with one image per line. A header names the columns; without one the label
//! comes first, then the pixels.

mod columns;
mod header;
mod preview;

use std::path::{Path, PathBuf};

use csv::ByteRecord;

use self::columns::Columns;
use self::preview::Preview;
use super::array::ByteArray;
use super::location::{Origin, Position};
use super::read_options::ReadOptions;
use super::{DatasetError, Location, SourceFile, SplitData, invalid, invalid_with_hint};

/// Smallest number of consecutive labels 0, 1, 2 and so on that count as line numbers.
const MIN_LINE_NUMBERS: usize = 20;

/// Reads both files.
pub(super) fn read_both(
    paths: &[PathBuf; 2],
    options: &ReadOptions,
) -> Result<[(SplitData, Vec<SourceFile>); 2], DatasetError> {
    let [training, test] = paths;
    let previews = [Preview::of(training)?, Preview::of(test)?];
    let are_same = previews[0].first == previews[1].first;
    let [first, second] = previews;
    let (split, labels) = read(training, &first, are_same, options)?;
    Ok([(split, labels), read(test, &second, are_same, options)?])
}

/// Reads one of the two files. `are_same`: whether both start with the same line.
fn read(
    path: &Path,
    preview: &Preview,
    are_same: bool,
    options: &ReadOptions,
) -> Result<(SplitData, Vec<SourceFile>), DatasetError> {
    let file = path.display().to_string();
    let location = |position| Location { file: file.clone(), position };
    let names = match header::is_header(preview, are_same, options) {
        Ok(has_header) => has_header.then_some(&preview.first[..]),
        Err(ambiguous) => return Err(ambiguous.error(location(Position::Line(preview.first_line)))),
    };
    let fields = preview.first.len();
    let columns = Columns::of(names, fields, || location(Position::Line(preview.first_line)))?;
    let (mut images, mut labels, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    let (mut least, mut largest) = (f64::INFINITY, f64::NEG_INFINITY);
    let mut table = preview.reader(path)?;
    let mut record = ByteRecord::new();
    let (mut is_first, mut count) = (true, 0);
    loop {
        let more = table.read_byte_record(&mut record);
        count += 1;
        let line = match preview.counts_records() {
            true => count,
            // After reading a record, the reader is on the next line.
            false => table.position().line().saturating_sub(1).max(1),
        };
        match more {
            Ok(true) if record.iter().all(<[u8]>::is_empty) && record.len() < 2 => continue,
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                return Err(DatasetError::read(location(Position::Line(line)))(error.into()));
            }
        }
        if std::mem::take(&mut is_first) && names.is_some() {
            continue;
        }
        if record.len() != fields || fields < 2 {
            let expected = match lines.first() {
                _ if names.is_some() => {
                    format!("{fields} fields as in the header, line {}", preview.first_line)
                }
                Some(first) => format!("{fields} fields as in line {first}"),
                None => "a label and pixels, separated by commas".to_string(),
            };
            return Err(invalid(location(Position::Line(line)), expected, record.len()));
        }
        let wrong = |column: usize, expected: String| {
            let found = format!("'{}'", shorten(&record[column]));
            invalid(location(Position::Field { line, column: column + 1 }), expected, found)
        };
        let Some(label) = label(&record[columns.label]) else {
            let hint =
                "number the classes from 0 and name them in class_names.txt beside the table";
            let expected = "a label, an integer from 0 to 255".to_string();
            return Err(wrong(columns.label, expected).with_hint(Some(hint)));
        };
        for &column in &columns.pixels {
            let Some((value, byte)) = pixel(&record[column], options.max_value) else {
                let expected = match options.max_value {
                    Some(max_value) => format!("a pixel, a number from 0 to {max_value}"),
                    None => "a pixel, an integer from 0 to 255".to_string(),
                };
                let hint = number(&record[column])
                    .map(|_| "--max-value N maps N, the brightest value, to 255");
                return Err(wrong(column, expected).with_hint(hint));
            };
            (least, largest) = (least.min(value), largest.max(value));
            images.push(byte);
        }
        labels.push(label);
        lines.push(line);
    }
    let Some(&first) = lines.first() else {
        let expected = "lines of a label and pixels, separated by commas";
        return Err(invalid(location(Position::Whole), expected, "none"));
    };
    let counts_lines = labels.iter().enumerate().all(|(index, &label)| usize::from(label) == index);
    if names.is_none() && labels.len() >= MIN_LINE_NUMBERS && counts_lines {
        let hint = "remove the column of line numbers, or add a header";
        let found = "line numbers 0, 1, 2 and so on";
        let location = location(Position::Field { line: first, column: 1 });
        return Err(invalid_with_hint(location, "a column of labels", found, hint));
    }
    let sizes = options.row_shape(location(Position::Line(first)), columns.pixels.len())?;
    let scaled = match options.max_value {
        Some(max_value) => format!(", {max_value} becomes 255"),
        None => String::new(),
    };
    let format = format!(
        "CSV, {}, {} lines, {}; values {least} to {largest}{scaled}",
        preview.separator(),
        lines.len(),
        columns.describe(names)
    );
    let column = columns.label + 1;
    let split = SplitData {
        images: ByteArray::images(Origin::Whole(file.clone()), sizes, images)?,
        labels: ByteArray::labels(Origin::Lines { file: file.clone(), lines, column }, labels)?,
    };
    Ok((split, vec![SourceFile { file, format }]))
}

/// Parses a finite number.
fn number(field: &[u8]) -> Option<f64> {
    let number: f64 = std::str::from_utf8(field).ok()?.parse().ok()?;
    number.is_finite().then_some(number)
}

/// Parses an integer from 0 to 255, also as `3.0`.
fn label(field: &[u8]) -> Option<u8> {
    match std::str::from_utf8(field).ok()?.parse() {
        Ok(byte) => Some(byte),
        Err(_) => whole_byte(number(field)?),
    }
}

fn whole_byte(value: f64) -> Option<u8> {
    (value.fract() == 0.0 && (0.0..=255.0).contains(&value)).then_some(value as u8)
}

/// Parses a pixel. Returns its value and its byte.
fn pixel(field: &[u8], max_value: Option<u32>) -> Option<(f64, u8)> {
    match max_value {
        None => {
            let byte = label(field)?;
            Some((f64::from(byte), byte))
        }
        Some(max_value) => {
            let (value, max_value) = (number(field)?, f64::from(max_value));
            (0.0..=max_value)
                .contains(&value)
                .then(|| (value, (value * 255.0 / max_value).round() as u8))
        }
    }
}

/// Shortens a field for an error message.
fn shorten(field: &[u8]) -> String {
    const LENGTH: usize = 20;
    let text = String::from_utf8_lossy(field);
    let mut start: String = text.chars().take(LENGTH).filter(|c| !c.is_control()).collect();
    if text.chars().count() > LENGTH {
        start += "..";
    }
    start
}
