//! Finds out what a path leads to.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::names::{self, printable};
use super::{DatasetError, Half, Part, Place, ReadSet, Reading, fault, idx, images, npz, table};
use crate::files;

/// The first bytes of a zip archive, which an `.npz` is.
const ZIP_MAGIC: [u8; 4] = *b"PK\x03\x04";
/// Most names that an error lists of a folder that holds no data set.
const NAMED: usize = 5;

/// The files of a data set.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The four IDX files of the folder.
    Idx,
    /// `train` and `test` with a folder of images for each class.
    Images,
    /// A table to train on and one to test on.
    Tables([PathBuf; 2]),
    /// An archive of both sets.
    Archive(PathBuf),
    /// An archive to train on and one to test on.
    Archives([PathBuf; 2]),
}

impl Source {
    /// # Errors
    /// When nothing is there, or no data set, or only its training set.
    pub(super) fn find(path: &Path) -> Result<Source, DatasetError> {
        let owned = || path.to_owned();
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Source::of_folder(path),
            Ok(metadata) if metadata.is_file() => Source::of_file(path),
            Ok(_) => {
                let found = "a device, a pipe or a socket";
                Err(DatasetError::NotADataset { path: owned(), found })
            }
            Err(source) => Err(DatasetError::Unreachable { path: owned(), source }),
        }
    }

    /// Reads the files.
    pub(super) fn read(self, path: &Path, reading: &Reading) -> Result<ReadSet, DatasetError> {
        let both = |[(training, first), (test, second)]: [(Half, Vec<Part>); 2]| {
            ReadSet::of_arrays([training, test], [first, second].concat())
        };
        let read = match self {
            Source::Images => return images::read_folder(path, reading),
            Source::Idx if reading.colour => {
                let place = Place::whole(path.display().to_string());
                return Err(fault(place, "images in colour", "IDX files, whose images are grey"));
            }
            Source::Idx => {
                let (mut halves, parts) = idx::read_folder(path)?;
                for half in &mut halves {
                    half.images.scale(reading.max_value)?;
                }
                ReadSet::of_arrays(halves, parts)
            }
            Source::Tables(files) => both(table::read_both(&files, reading)?),
            Source::Archive(file) => {
                let read = both(npz::read_both(&file, reading)?);
                ReadSet { notes: npz::unused(&file)?.into_iter().collect(), ..read }
            }
            Source::Archives([training, test]) => {
                let read =
                    both([npz::read_one(&training, reading)?, npz::read_one(&test, reading)?]);
                let notes = [npz::unused(&training)?, npz::unused(&test)?];
                ReadSet { notes: notes.into_iter().flatten().collect(), ..read }
            }
        };
        let class_names = if path.is_dir() { names::of_folder(path)? } else { None };
        Ok(ReadSet { class_names, ..read })
    }

    fn of_folder(folder: &Path) -> Result<Source, DatasetError> {
        if idx::is_there(folder) {
            return Ok(Source::Idx);
        }
        let [training, test] = [images::TRAINING, images::TEST];
        match [training, test].map(|name| folder.join(name).is_dir()) {
            [true, true] => return Ok(Source::Images),
            [true, false] => {
                let make = format!(
                    "make the folder {} with a folder of images for each class, as in {training}",
                    folder.join(test).display()
                );
                return Err(DatasetError::NoTestSet { path: folder.to_owned(), make });
            }
            [false, true] => {
                let expected = format!("the folder {training} with a folder for each class");
                let place = Place::whole(folder.display().to_string());
                return Err(fault(place, expected, format!("{test} only")));
            }
            [false, false] => {}
        }
        for (ending, make) in [("csv", Source::Tables as fn(_) -> _), ("npz", Source::Archives)] {
            let files = [training, test].map(|name| folder.join(format!("{name}.{ending}")));
            match [&files[0], &files[1]].map(|file| file.is_file()) {
                [true, true] => return Ok(make(files)),
                [true, false] => return Err(no_test_set(&files[0], &files[1])),
                [false, true] => {
                    let (folder, names) = (folder.to_owned(), format!("{training}.{ending}"));
                    return Err(DatasetError::Missing { folder, names });
                }
                [false, false] => {}
            }
        }
        let found = match folder.join("run.json").is_file() {
            true => "the folder of a run".to_string(),
            false => found(folder),
        };
        Err(DatasetError::Unknown { folder: folder.to_owned(), found })
    }

    fn of_file(path: &Path) -> Result<Source, DatasetError> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("csv") => Ok(Source::Tables(with_test_set(path)?)),
            Some("npz") if npz::holds_one_set(path)? => Ok(Source::Archives(with_test_set(path)?)),
            Some("npz") => Ok(Source::Archive(path.to_owned())),
            _ if starts_as_zip(path) => Ok(Source::Archive(path.to_owned())),
            _ => {
                let found = files::kind_of(path).unwrap_or("something else");
                Err(DatasetError::NotADataset { path: path.to_owned(), found })
            }
        }
    }
}

/// A file to train on, and the one beside it to test on: `mnist_train.csv` and `mnist_test.csv`.
fn with_test_set(path: &Path) -> Result<[PathBuf; 2], DatasetError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some(at) = name.rfind(images::TRAINING) else {
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        let make =
            format!("call this file train.{ending}, and put them into test.{ending} beside it");
        return Err(DatasetError::NoTestSet { path: path.to_owned(), make });
    };
    let (before, after) = (&name[..at], &name[at + images::TRAINING.len()..]);
    let test = path.with_file_name(format!("{before}{}{after}", images::TEST));
    if test.is_file() { Ok([path.to_owned(), test]) } else { Err(no_test_set(path, &test)) }
}

fn no_test_set(training: &Path, test: &Path) -> DatasetError {
    let make = format!("put them into {}, in the same form", test.display());
    DatasetError::NoTestSet { path: training.to_owned(), make }
}

fn starts_as_zip(path: &Path) -> bool {
    let mut start = [0; ZIP_MAGIC.len()];
    let read = files::open_regular(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == ZIP_MAGIC
}

/// What is in a folder instead of a data set.
fn found(folder: &Path) -> String {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| printable(&entry.file_name().to_string_lossy())).collect();
    names.sort();
    if names.is_empty() {
        return "an empty folder".to_string();
    }
    if names.len() > NAMED {
        names.truncate(NAMED);
        names.push("..".to_string());
    }
    names.join(", ")
}
