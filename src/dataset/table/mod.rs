//! Tables: a CSV file to train on and one to test on, a line for each image. A header names the columns;
//! without one the label comes first, then the pixels.

mod columns;
mod header;
mod opening;

use std::path::{Path, PathBuf};

use csv::ByteRecord;

use self::columns::Columns;
use self::opening::Opening;
use super::array::ByteArray;
use super::place::{Origin, Spot};
use super::reading::Reading;
use super::{DatasetError, Half, Part, Place, fault, fault_with_hint};

/// This many labels that count lines are no labels.
const COUNTED_LINES: usize = 20;

/// Reads both files.
pub(super) fn read_both(
    paths: &[PathBuf; 2],
    reading: &Reading,
) -> Result<[(Half, Vec<Part>); 2], DatasetError> {
    let [training, test] = paths;
    let openings = [Opening::of(training)?, Opening::of(test)?];
    let are_same = openings[0].first == openings[1].first;
    let [first, second] = openings;
    let (half, labels) = read(training, &first, are_same, reading)?;
    Ok([(half, labels), read(test, &second, are_same, reading)?])
}

/// Reads one of both files. `are_same`: both begin with the same line.
fn read(
    path: &Path,
    opening: &Opening,
    are_same: bool,
    reading: &Reading,
) -> Result<(Half, Vec<Part>), DatasetError> {
    let file = path.display().to_string();
    let place = |spot| Place { file: file.clone(), spot };
    let names = match header::is_header(opening, are_same, reading) {
        Ok(has_header) => has_header.then_some(&opening.first[..]),
        Err(ambiguous) => return Err(ambiguous.error(place(Spot::Line(opening.first_line)))),
    };
    let fields = opening.first.len();
    let columns = Columns::of(names, fields, || place(Spot::Line(opening.first_line)))?;
    let (mut images, mut labels, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    let (mut least, mut largest) = (f64::INFINITY, f64::NEG_INFINITY);
    let mut table = opening.reader(path)?;
    let mut record = ByteRecord::new();
    let (mut is_first, mut count) = (true, 0);
    loop {
        let more = table.read_byte_record(&mut record);
        count += 1;
        let line = match opening.counts_records() {
            true => count,
            // The reader stands behind a record's newline once it has read it.
            false => table.position().line().saturating_sub(1).max(1),
        };
        match more {
            Ok(true) if record.iter().all(<[u8]>::is_empty) && record.len() < 2 => continue,
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return Err(DatasetError::read(place(Spot::Line(line)))(error.into())),
        }
        if std::mem::take(&mut is_first) && names.is_some() {
            continue;
        }
        if record.len() != fields || fields < 2 {
            let expected = match lines.first() {
                _ if names.is_some() => {
                    format!("{fields} fields as in the header, line {}", opening.first_line)
                }
                Some(first) => format!("{fields} fields as in line {first}"),
                None => "a label and pixels, with commas between them".to_string(),
            };
            return Err(fault(place(Spot::Line(line)), expected, record.len()));
        }
        let wrong = |column: usize, expected: String| {
            let found = format!("'{}'", shortened(&record[column]));
            fault(place(Spot::Field { line, column: column + 1 }), expected, found)
        };
        let Some(label) = label(&record[columns.label]) else {
            let hint =
                "number the classes from 0; a file class_names.txt beside the table names them";
            let expected = "a label, a whole number from 0 to 255".to_string();
            return Err(wrong(columns.label, expected).with_hint(Some(hint)));
        };
        for &column in &columns.pixels {
            let Some((value, byte)) = pixel(&record[column], reading.max_value) else {
                let expected = match reading.max_value {
                    Some(most) => format!("a pixel, a number from 0 to {most}"),
                    None => "a pixel, a whole number from 0 to 255".to_string(),
                };
                let hint = number(&record[column])
                    .map(|_| "--max-value N says which value is the brightest: N becomes 255");
                return Err(wrong(column, expected).with_hint(hint));
            };
            (least, largest) = (least.min(value), largest.max(value));
            images.push(byte);
        }
        labels.push(label);
        lines.push(line);
    }
    let Some(&first) = lines.first() else {
        let expected = "lines of a label and pixels, with commas between them";
        return Err(fault(place(Spot::Whole), expected, "none"));
    };
    let counts_lines = labels.iter().enumerate().all(|(index, &label)| usize::from(label) == index);
    if names.is_none() && labels.len() >= COUNTED_LINES && counts_lines {
        let hint = "take away the column of line numbers, or name the columns in a header";
        let found = "0, 1, 2 and so on, as if it counted the lines";
        let place = place(Spot::Field { line: first, column: 1 });
        return Err(fault_with_hint(place, "a column of labels", found, hint));
    }
    let sizes = reading.shape_of(place(Spot::Line(first)), columns.pixels.len())?;
    let scaled = match reading.max_value {
        Some(most) => format!(", {most} becomes 255"),
        None => String::new(),
    };
    let text = format!(
        "CSV, {}, {} lines, {}; values {least} to {largest}{scaled}",
        opening.separator(),
        lines.len(),
        columns.described(names)
    );
    let column = columns.label + 1;
    let half = Half {
        images: ByteArray::images(Origin::Whole(file.clone()), sizes, images)?,
        labels: ByteArray::labels(Origin::Lines { file: file.clone(), lines, column }, labels)?,
    };
    Ok((half, vec![Part { file, text }]))
}

/// A finite number.
fn number(field: &[u8]) -> Option<f64> {
    let number: f64 = std::str::from_utf8(field).ok()?.parse().ok()?;
    number.is_finite().then_some(number)
}

/// A whole number from 0 to 255, also as `3.0`.
fn label(field: &[u8]) -> Option<u8> {
    match std::str::from_utf8(field).ok()?.parse() {
        Ok(byte) => Some(byte),
        Err(_) => whole_byte(number(field)?),
    }
}

fn whole_byte(value: f64) -> Option<u8> {
    (value.fract() == 0.0 && (0.0..=255.0).contains(&value)).then_some(value as u8)
}

/// A value, and its byte.
fn pixel(field: &[u8], max_value: Option<u32>) -> Option<(f64, u8)> {
    match max_value {
        None => {
            let byte = label(field)?;
            Some((f64::from(byte), byte))
        }
        Some(most) => {
            let (value, most) = (number(field)?, f64::from(most));
            (0.0..=most).contains(&value).then(|| (value, (value * 255.0 / most).round() as u8))
        }
    }
}

/// A field as an error shows it.
fn shortened(field: &[u8]) -> String {
    const LENGTH: usize = 20;
    let text = String::from_utf8_lossy(field);
    let mut start: String = text.chars().take(LENGTH).filter(|c| !c.is_control()).collect();
    if text.chars().count() > LENGTH {
        start += "..";
    }
    start
}
