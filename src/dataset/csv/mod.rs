//! Reads a training and a test CSV table with one image per line. A header names the columns; without one the label is
//! the only text, or comes first, then the pixels.
//!
//! Modules, each of which uses only the ones before it: `fields` and `layout`, `reader`, `preview`, `labels`,
//! `pixel_order`, `columns`, `header`, `rows`, `table`.

mod columns;
mod fields;
mod header;
mod labels;
mod layout;
mod pixel_order;
mod preview;
mod reader;
mod rows;
mod table;

use std::path::{Path, PathBuf};

use self::columns::Content;
use self::labels::Classes;
use self::preview::Preview;
use self::rows::Role;
use self::table::Table;
use super::class_names::list_names;
use super::error::invalid;
use super::format::DataFormat;
use super::format_option::FormatOption;
use super::loaded::LoadedSets;
use super::pixel_scale::PixelScale;
use super::read_options::{ImageSize, ReadOptions};
use super::transpose::columns_to_rows;
use super::{DatasetError, LoadedDataset, SourceFile, SplitData, file_pair};

/// Endings of the names of tables in a folder, and of tables whose path is given.
const ENDINGS: [&str; 6] = ["csv", "csv.gz", "tsv", "tsv.gz", "txt", "txt.gz"];
/// Number of [`ENDINGS`] in a folder: `train.txt` often lists files.
const FOLDER_ENDINGS: usize = 4;

/// A training and a test table, or a lone one.
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
            true => folder_ending(path).is_some(),
            false => has_table_name(path),
        })
    }

    fn options(&self) -> &'static [FormatOption] {
        &[FormatOption::Transposed, FormatOption::CsvHeader]
    }

    fn read(&self, path: &Path, options: &ReadOptions) -> Result<LoadedDataset, DatasetError> {
        let ending = folder_ending(path).unwrap_or(ENDINGS[0]);
        let read = match file_pair::lone(path, ending, options) {
            Some(file) => read_lone(&file, options)?,
            None => read_both(&file_pair::find(path, ending)?, options)?,
        };
        read.with_class_names_of(path)
    }
}

/// Returns the ending of the tables in a folder.
fn folder_ending(folder: &Path) -> Option<&'static str> {
    let mut endings = ENDINGS[..FOLDER_ENDINGS].iter().copied();
    endings.find(|ending| file_pair::is_in_folder(folder, ending))
}

/// Returns whether the name of a file is that of a table: `a.csv`, `a.tsv` or `a.csv.gz`.
pub(super) fn has_table_name(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    ENDINGS.iter().any(|ending| {
        name.strip_suffix(ending).is_some_and(|start| start.len() > 1 && start.ends_with('.'))
    })
}

/// Reads both files.
fn read_both(paths: &[PathBuf; 2], options: &ReadOptions) -> Result<LoadedDataset, DatasetError> {
    let [training, test] = paths;
    let [first, second] = [Preview::of(training)?, Preview::of(test)?];
    let are_same = first.first == second.first;
    let training = Table::of(training, first, are_same, Content::Labelled, options)?;
    if options.test_fraction.is_some() {
        let pixels = Content::Pixels(training.columns.pixels.len());
        let table = Table::of(test, second.clone(), are_same, pixels, options)?;
        if table.columns.label.is_none() {
            let warnings = vec![format!("{}: not used, since it has no labels", table.file)];
            return Ok(LoadedDataset { warnings, ..read_training(&training, options)? });
        }
    }
    let test = Table::of(test, second, are_same, Content::Labelled, options)?;
    test.columns.check_alike(&training.columns, &training.file, || test.first_line())?;

    let ReadTable { set, names, scale, source_file, mut conversions } = read(&training, options)?;
    let (content, line) = test.read(scale, Role::Test)?;
    scale.check(content.range, &training.file, || test.first_line())?;
    let source_files = vec![source_file, test.source_file(&content)];
    let classes = names.as_deref().map_or(Classes::Numbered, Classes::Named);
    let (test_set, _) = test.split((content, line), classes, &training.file, options)?;
    conversions.extend(test.notes(options));
    let read = LoadedDataset::from_arrays(LoadedSets::Both([set, test_set]), source_files);
    let white_is_255 = scale.is_full();
    Ok(LoadedDataset { class_names: names, conversions, white_is_255, ..read })
}

/// Reads a table that is not split into training and test set.
fn read_lone(path: &Path, options: &ReadOptions) -> Result<LoadedDataset, DatasetError> {
    let table = Table::of(path, Preview::of(path)?, false, Content::Labelled, options)?;
    read_training(&table, options)
}

/// Reads a table of training images without a test set.
fn read_training(table: &Table, options: &ReadOptions) -> Result<LoadedDataset, DatasetError> {
    let ReadTable { set, names, scale, source_file, conversions } = read(table, options)?;
    let read = LoadedDataset::from_arrays(LoadedSets::Lone(set), vec![source_file]);
    let white_is_255 = scale.is_full();
    Ok(LoadedDataset { class_names: names, conversions, white_is_255, ..read })
}

/// A table of training images as read.
struct ReadTable {
    set: SplitData,
    /// Names of the classes, if the labels are names.
    names: Option<Vec<String>>,
    scale: PixelScale,
    source_file: SourceFile,
    conversions: Vec<String>,
}

/// Reads a table of training images.
fn read(table: &Table, options: &ReadOptions) -> Result<ReadTable, DatasetError> {
    let (content, line, scale) = table.read_scaled(Role::Training, options)?;
    let source_file = table.source_file(&content);
    let (set, names) = table.split((content, line), Classes::Own, &table.file, options)?;
    let mut conversions: Vec<String> = scale.conversion().into_iter().collect();
    conversions.extend(names.as_deref().map(names_note));
    conversions.extend(table.notes(options));
    Ok(ReadTable { set, names, scale, source_file, conversions })
}

/// Images of a table.
pub(super) struct TableImages {
    /// Pixels of all images.
    pub bytes: Vec<u8>,
    pub count: usize,
    /// Sentences on what was converted or ignored.
    pub conversions: Vec<String>,
}

/// Reads a table of images of this size for prediction. Labels are ignored.
pub(super) fn read_images(
    path: &Path,
    size: ImageSize,
    options: &ReadOptions,
) -> Result<TableImages, DatasetError> {
    let ImageSize { width, height } = size;
    let pixels = height * width * options.channels();
    let table = Table::of(path, Preview::of(path)?, false, Content::Pixels(pixels), options)?;
    let found = table.columns.pixels.len();
    if found != pixels {
        let expected = format!("{pixels} pixels per line, as the images of the training have");
        return Err(invalid(table.first_line(), expected, found));
    }
    let (mut content, _, scale) = table.read_scaled(Role::Prediction, options)?;
    let file = &table.file;
    let scaled = scale.conversion().map(|conversion| format!("{file}: {conversion}"));
    let mut conversions: Vec<String> = scaled.into_iter().chain(table.notes(options)).collect();
    if options.are_transposed(path) {
        columns_to_rows(&mut content.images, [height, width], options.channels());
    }
    if table.columns.label.is_some() {
        conversions.push(format!("{file}: labels are ignored"));
    }
    Ok(TableImages { bytes: content.images, count: content.lines.len(), conversions })
}

/// Returns a sentence on labels that are texts.
fn names_note(names: &[String]) -> String {
    format!("labels are names: {} classes, sorted: {}", names.len(), list_names(names))
}
