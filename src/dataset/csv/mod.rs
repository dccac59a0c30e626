//! Reads a training and a test CSV table with one image per line. A header names the columns; without one the label
//! comes first, then the pixels.

mod columns;
mod fields;
mod header;
mod preview;
mod rows;

use std::path::{Path, PathBuf};

use csv::ByteRecord;

use self::columns::TableColumns;
use self::preview::Preview;
use self::rows::TableRows;
use super::format::DataFormat;
use super::location::Position;
use super::read_options::ReadOptions;
use super::{DatasetError, LoadedDataset, Location, SourceFile, SplitData, file_pair};

/// A training and a test table.
pub(super) struct CsvTables;

impl DataFormat for CsvTables {
    fn folder_content(&self) -> Option<&'static str> {
        Some("train.csv and test.csv")
    }

    fn file_kind(&self) -> Option<&'static str> {
        Some("a .csv file")
    }

    fn detect(&self, path: &Path) -> Result<bool, DatasetError> {
        Ok(match path.is_dir() {
            true => file_pair::is_in_folder(path, ENDING),
            false => file_pair::has_ending(path, ENDING),
        })
    }

    fn read(&self, path: &Path, options: &ReadOptions) -> Result<LoadedDataset, DatasetError> {
        let files = file_pair::find(path, ENDING)?;
        LoadedDataset::from_both(read_both(&files, options)?).with_class_names_of(path)
    }
}

/// Ending of the names of tables.
const ENDING: &str = "csv";

/// Reads both files.
fn read_both(
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
    let columns = TableColumns::of(names, fields, || location(Position::Line(preview.first_line)))?;
    let header_line = names.map(|_| preview.first_line);
    let mut rows = TableRows::new(&file, &columns, fields, header_line, options.max_value);
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
            Ok(true) if std::mem::take(&mut is_first) && names.is_some() => continue,
            Ok(true) => rows.add(line, &record)?,
            Ok(false) => break,
            Err(error) => {
                return Err(DatasetError::read(location(Position::Line(line)))(error.into()));
            }
        }
    }
    let first = rows.check()?;
    let sizes = options.row_shape(location(Position::Line(first)), columns.pixels.len())?;
    let format =
        format!("CSV, {}, {}", preview.separator(), rows.describe(&columns.describe(names)));
    Ok((rows.into_split(sizes)?, vec![SourceFile { file: file.clone(), format }]))
}
