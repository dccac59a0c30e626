//! Tables: a CSV file to train on and one to test on, a line for each image, its label first and then
//! its pixels from 0 to 255. A first line that is not one of numbers is a header.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder, Terminator, Trim};

use super::array::ByteArray;
use super::place::{Origin, Spot};
use super::reading::Reading;
use super::{DatasetError, Half, Place, fault};

/// Reads one of both files.
pub(super) fn read(path: &Path, reading: &Reading) -> Result<Half, DatasetError> {
    let file = path.display().to_string();
    let place = |spot| Place { file: file.clone(), spot };
    let source = File::open(path).map_err(DatasetError::read(place(Spot::Whole)))?;
    // The reader stands behind a record's newline once it has read it: the last has one, too, and a carriage
    // return before it is a blank like others.
    let mut table = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .terminator(Terminator::Any(b'\n'))
        .from_reader(source.chain(&b"\n"[..]));
    let (mut images, mut labels, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    let mut fields = 0;
    let mut record = ByteRecord::new();
    let mut is_first = true;
    loop {
        let more = table.read_byte_record(&mut record);
        let line = table.position().line().saturating_sub(1).max(1);
        match more {
            Ok(true) if record.iter().all(<[u8]>::is_empty) && record.len() < 2 => continue,
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return Err(DatasetError::read(place(Spot::Line(line)))(error.into())),
        }
        if std::mem::take(&mut is_first) && is_header(&record) {
            continue;
        }
        if lines.is_empty() {
            fields = record.len();
        }
        if record.len() != fields || fields < 2 {
            let expected = match lines.first() {
                Some(first) => format!("{fields} fields as in line {first}"),
                None => "a label and pixels, with commas between them".to_string(),
            };
            return Err(fault(place(Spot::Line(line)), expected, record.len()));
        }
        for (index, field) in record.iter().enumerate() {
            let Some(value) = byte(field) else {
                let what = if index == 0 { "label" } else { "pixel" };
                let expected = format!("a {what}, a whole number from 0 to 255");
                let found = format!("'{}'", shortened(field));
                return Err(fault(place(Spot::Field { line, column: index + 1 }), expected, found));
            };
            if index == 0 { labels.push(value) } else { images.push(value) }
        }
        lines.push(line);
    }
    let Some(&first) = lines.first() else {
        let expected = "lines of a label and pixels, with commas between them";
        return Err(fault(place(Spot::Whole), expected, "none"));
    };
    let sizes = reading.shape_of(place(Spot::Line(first)), fields - 1)?;
    Ok(Half {
        images: ByteArray::images(Origin::Whole(file.clone()), sizes, images)?,
        labels: ByteArray::labels(Origin::Lines { file, lines }, labels)?,
    })
}

/// Names of columns are no numbers.
fn is_header(record: &ByteRecord) -> bool {
    let is_number =
        |field: &[u8]| std::str::from_utf8(field).is_ok_and(|text| text.parse::<f64>().is_ok());
    record.len() > 1 && !record.iter().any(is_number)
}

fn byte(field: &[u8]) -> Option<u8> {
    std::str::from_utf8(field).ok()?.parse().ok()
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
