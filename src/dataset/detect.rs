//! Detects the format of a data set.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::class_names::{self, sanitize};
use super::error::invalid;
use super::{
    DatasetError, LoadedDataset, Location, ReadOptions, SourceFile, SplitData, csv, idx,
    image_folders, npz,
};
use crate::files;
use crate::text::list_first;

/// First bytes of a zip archive, the container of `.npz`.
const ZIP_MAGIC: [u8; 4] = *b"PK\x03\x04";
/// Largest number of folder entries that an error lists.
const MAX_LISTED: usize = 5;

/// Format and files of a data set.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// A folder of four IDX files.
    Idx,
    /// Folders `train` and `test` with a folder of images per class.
    ImageFolders,
    /// A training and a test table.
    Csv([PathBuf; 2]),
    /// One archive of both sets.
    Npz(PathBuf),
    /// A training and a test archive.
    NpzPair([PathBuf; 2]),
}

impl Format {
    /// Detects the format of the data set at a path.
    ///
    /// # Errors
    /// Returns an error if the path does not exist, is no data set, or has only a training set.
    pub(super) fn detect(path: &Path) -> Result<Format, DatasetError> {
        let owned = || path.to_owned();
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Format::detect_folder(path),
            Ok(metadata) if metadata.is_file() => Format::detect_file(path),
            Ok(_) => {
                let found = "a device, a pipe or a socket";
                Err(DatasetError::NotADataset { path: owned(), found })
            }
            Err(source) => Err(DatasetError::Unreachable { path: owned(), source }),
        }
    }

    /// Reads the files.
    pub(super) fn read(
        self,
        path: &Path,
        options: &ReadOptions,
    ) -> Result<LoadedDataset, DatasetError> {
        let both = |[(training, first), (test, second)]: [(SplitData, Vec<SourceFile>); 2]| {
            LoadedDataset::from_arrays([training, test], [first, second].concat())
        };
        let read = match self {
            Format::ImageFolders => return image_folders::read_folder(path, options),
            Format::Idx if options.colour => {
                let location = Location::whole(path.display().to_string());
                return Err(invalid(location, "colour images", "IDX files, which are grey"));
            }
            Format::Idx => {
                let (mut splits, source_files) = idx::read_folder(path)?;
                for split in &mut splits {
                    split.images.scale(options.max_value)?;
                }
                LoadedDataset::from_arrays(splits, source_files)
            }
            Format::Csv(files) => both(csv::read_both(&files, options)?),
            Format::Npz(file) => {
                let read = both(npz::read_both(&file, options)?);
                LoadedDataset { warnings: npz::unused(&file)?.into_iter().collect(), ..read }
            }
            Format::NpzPair([training, test]) => {
                let read =
                    both([npz::read_one(&training, options)?, npz::read_one(&test, options)?]);
                let warnings = [npz::unused(&training)?, npz::unused(&test)?];
                LoadedDataset { warnings: warnings.into_iter().flatten().collect(), ..read }
            }
        };
        let class_names = if path.is_dir() { class_names::read_folder(path)? } else { None };
        Ok(LoadedDataset { class_names, ..read })
    }

    fn detect_folder(folder: &Path) -> Result<Format, DatasetError> {
        if idx::exists(folder) {
            return Ok(Format::Idx);
        }
        let [training, test] = [image_folders::TRAINING, image_folders::TEST];
        match [training, test].map(|name| folder.join(name).is_dir()) {
            [true, true] => return Ok(Format::ImageFolders),
            [true, false] => {
                let make = format!(
                    "create the folder {} with a folder of images per class, as in {training}",
                    folder.join(test).display()
                );
                return Err(DatasetError::NoTestSet { path: folder.to_owned(), make });
            }
            [false, true] => {
                let expected = format!("the folder {training} with a folder per class");
                let location = Location::whole(folder.display().to_string());
                return Err(invalid(location, expected, format!("{test} only")));
            }
            [false, false] => {}
        }
        for (ending, make) in [("csv", Format::Csv as fn(_) -> _), ("npz", Format::NpzPair)] {
            let files = [training, test].map(|name| folder.join(format!("{name}.{ending}")));
            match [&files[0], &files[1]].map(|file| file.is_file()) {
                [true, true] => return Ok(make(files)),
                [true, false] => return Err(no_test_file(&files[0], &files[1])),
                [false, true] => {
                    let (folder, names) = (folder.to_owned(), format!("{training}.{ending}"));
                    return Err(DatasetError::MissingFile { folder, names });
                }
                [false, false] => {}
            }
        }
        let found = match folder.join("run.json").is_file() {
            true => "the folder of a run".to_string(),
            false => list_entries(folder),
        };
        Err(DatasetError::NoDataset { folder: folder.to_owned(), found })
    }

    fn detect_file(path: &Path) -> Result<Format, DatasetError> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("csv") => Ok(Format::Csv(with_test_file(path)?)),
            Some("npz") if npz::holds_one_set(path)? => Ok(Format::NpzPair(with_test_file(path)?)),
            Some("npz") => Ok(Format::Npz(path.to_owned())),
            _ if starts_as_zip(path) => Ok(Format::Npz(path.to_owned())),
            _ => {
                let found = files::kind_of(path).unwrap_or("something else");
                Err(DatasetError::NotADataset { path: path.to_owned(), found })
            }
        }
    }
}

/// Returns the training file and its test file in the same folder: `mnist_train.csv` and `mnist_test.csv`.
pub(super) fn with_test_file(path: &Path) -> Result<[PathBuf; 2], DatasetError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some(at) = name.rfind(image_folders::TRAINING) else {
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        let make = format!(
            "rename this file to train.{ending} and put the test set into test.{ending} beside it"
        );
        return Err(DatasetError::NoTestSet { path: path.to_owned(), make });
    };
    let (before, after) = (&name[..at], &name[at + image_folders::TRAINING.len()..]);
    let test = path.with_file_name(format!("{before}{}{after}", image_folders::TEST));
    if test.is_file() { Ok([path.to_owned(), test]) } else { Err(no_test_file(path, &test)) }
}

fn no_test_file(training: &Path, test: &Path) -> DatasetError {
    let make = format!("put it into {}, in the same format", test.display());
    DatasetError::NoTestSet { path: training.to_owned(), make }
}

fn starts_as_zip(path: &Path) -> bool {
    let mut start = [0; ZIP_MAGIC.len()];
    let read = files::open_regular(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == ZIP_MAGIC
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
