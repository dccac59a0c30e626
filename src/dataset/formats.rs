//! Formats of labelled images, in the order of their detection.

use std::fs;
use std::path::Path;

use super::DatasetError;
use super::class_names::sanitize;
use super::csv::CsvTables;
use super::format::DataFormat;
use super::idx::IdxFiles;
use super::image_folders::{ClassFolders, ImageFolders, ImageZip};
use super::numpy::archives::NpzArchives;
use super::numpy::files::ArrayFiles;
use super::parquet::ParquetImages;
use crate::files;
use crate::text::{list_first, one_of};

/// Formats in the order of detection. The first that detects its files reads them.
static FORMATS: [&dyn DataFormat; 8] = [
    &IdxFiles,
    &ImageFolders,
    &CsvTables,
    &ImageZip,
    &NpzArchives,
    &ArrayFiles,
    &ParquetImages,
    &ClassFolders,
];

/// Largest number of folder entries that an error lists.
const MAX_LISTED: usize = 5;

/// Returns the format of the data set at a path.
///
/// # Errors
/// Returns an error if the path does not exist or is no data set.
pub(super) fn detect(path: &Path) -> Result<&'static dyn DataFormat, DatasetError> {
    let owned = || path.to_owned();
    let not_a_dataset = |found| {
        let kinds: Vec<&str> = FORMATS.iter().filter_map(|format| format.file_kind()).collect();
        let expected = one_of(&[&["a folder"], &kinds[..]].concat());
        DatasetError::NotADataset { path: path.to_owned(), expected, found }
    };
    let metadata =
        fs::metadata(path).map_err(|source| DatasetError::Unreachable { path: owned(), source })?;
    if !metadata.is_dir() && !metadata.is_file() {
        return Err(not_a_dataset("a device, a pipe or a socket"));
    }
    for format in FORMATS {
        if format.detect(path)? {
            return Ok(format);
        }
    }
    if metadata.is_file() {
        return Err(not_a_dataset(files::kind_of(path).unwrap_or("something else")));
    }
    let contents: Vec<&str> = FORMATS.iter().filter_map(|format| format.folder_content()).collect();
    let found = match path.join("run.json").is_file() {
        true => "the folder of a run".to_string(),
        false => list_entries(path),
    };
    Err(DatasetError::NoDataset { folder: owned(), expected: one_of(&contents), found })
}

/// Lists the entries of a folder without a data set.
fn list_entries(folder: &Path) -> String {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| sanitize(&entry.file_name().to_string_lossy())).collect();
    names.sort();
    if names.is_empty() {
        return "an empty folder".to_string();
    }
    list_first(&names, MAX_LISTED)
}
