//! Pairs of a training and a test file: `train.csv` and `test.csv` in a folder, or `mnist_train.csv` and
//! `mnist_test.csv`.

use std::path::{Path, PathBuf};

use super::{DatasetError, ReadOptions};

/// Part of the name of a training file, and name of a folder of training images.
pub(super) const TRAINING: &str = "train";
/// Part of the name of a test file, and name of a folder of test images.
pub(super) const TEST: &str = "test";
/// Remedy for a set without a test set.
pub(super) const SPLIT_OFF: &str = "split it off with --test-fraction 0.2";

/// Returns whether a folder has one of the files `train.ENDING` and `test.ENDING`.
pub(super) fn is_in_folder(folder: &Path, ending: &str) -> bool {
    in_folder(folder, ending).iter().any(|file| file.is_file())
}

/// Returns the training and the test file with this ending at a path: both in the folder, or the training file at the
/// path and its test file in the same folder.
///
/// # Errors
/// Returns an error if one of them is missing.
pub(super) fn find(path: &Path, ending: &str) -> Result<[PathBuf; 2], DatasetError> {
    if !path.is_dir() {
        return with_test_file(path);
    }
    let files = in_folder(path, ending);
    if !files[0].is_file() {
        let (folder, names) = (path.to_owned(), format!("{TRAINING}.{ending}"));
        return Err(DatasetError::MissingFile { folder, names });
    }
    if files[1].is_file() { Ok(files) } else { Err(no_test_file(&files[0], &files[1])) }
}

/// Returns the training file and its test file in the same folder: `mnist_train.csv` and `mnist_test.csv`.
///
/// # Errors
/// Returns an error if there is no test file.
pub(super) fn with_test_file(path: &Path) -> Result<[PathBuf; 2], DatasetError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some(at) = name.rfind(TRAINING) else { return Err(no_training_name(path)) };
    let (before, after) = (&name[..at], &name[at + TRAINING.len()..]);
    let test = path.with_file_name(format!("{before}{TEST}{after}"));
    if test.is_file() { Ok([path.to_owned(), test]) } else { Err(no_test_file(path, &test)) }
}

/// Returns the file of a set without a test set at a path: a file whose name is not that of a training file, or, with
/// [`ReadOptions::test_fraction`], a training file without its test file.
pub(super) fn lone(path: &Path, ending: &str, options: &ReadOptions) -> Option<PathBuf> {
    let [file, _] =
        if path.is_dir() { in_folder(path, ending) } else { [path, path].map(Path::to_owned) };
    let is_lone = options.test_fraction.is_some() || !has_training_name(&file);
    (is_lone && file.is_file() && with_test_file(&file).is_err()).then_some(file)
}

/// Returns the error for a file that has no test file, since its name is not that of a training file.
pub(super) fn no_training_name(path: &Path) -> DatasetError {
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    let make = format!(
        "rename this file to {TRAINING}.{ending} and put the test set into {TEST}.{ending} beside it, or {SPLIT_OFF}"
    );
    DatasetError::NoTestSet { path: path.to_owned(), make }
}

/// Returns whether the name of a file is that of a training file.
pub(super) fn has_training_name(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().contains(TRAINING))
}

/// Returns whether the name of a file has this ending, in any case.
pub(super) fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending))
}

fn in_folder(folder: &Path, ending: &str) -> [PathBuf; 2] {
    [TRAINING, TEST].map(|name| folder.join(format!("{name}.{ending}")))
}

fn no_test_file(training: &Path, test: &Path) -> DatasetError {
    let make = format!("put it into {}, in the same format, or {SPLIT_OFF}", test.display());
    DatasetError::NoTestSet { path: training.to_owned(), make }
}
