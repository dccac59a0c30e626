//! Names of the files of each set.

use std::path::{Path, PathBuf};

use super::super::error::{invalid_with_hint, list_few};
use super::super::file_pair::has_ending;
use super::super::folder_entries::sorted;
use super::super::set_folders::{TEST, TRAINING, VALIDATION};
use super::super::{DatasetError, Location};

pub(super) const ENDING: &str = "parquet";

/// Files of each set, in order.
#[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "only the training set is named"))]
pub(super) struct SetParts {
    pub training: Vec<PathBuf>,
    pub test: Option<Vec<PathBuf>>,
    pub validation: Option<Vec<PathBuf>>,
    /// Choices among the files, one sentence each.
    pub notes: Vec<String>,
    /// Files that are not used.
    pub warnings: Vec<String>,
}

impl SetParts {
    /// Returns the folder with the files: the folder itself, or the only folder in it with such files, such as `data`.
    ///
    /// # Errors
    /// Returns an error if several folders in it have such files, or the folder cannot be read.
    pub fn folder_in(folder: &Path) -> Result<Option<PathBuf>, DatasetError> {
        let entries = sorted(folder)?;
        if entries.iter().any(|file| has_ending(file, ENDING)) {
            return Ok(Some(folder.to_owned()));
        }
        let has_files = |folder: &PathBuf| {
            // Folders that cannot be read belong to something else.
            folder.is_dir()
                && sorted(folder)
                    .is_ok_and(|files| files.iter().any(|file| has_ending(file, ENDING)))
        };
        let mut folders: Vec<PathBuf> = entries.into_iter().filter(has_files).collect();
        if folders.len() > 1 {
            let location = Location::whole(folder.display().to_string());
            let found = list_few(&names(&folders));
            let hint = "pass the path of one of these folders";
            return Err(invalid_with_hint(location, "one folder of .parquet files", found, hint));
        }
        Ok(folders.pop())
    }

    /// Finds the files of the sets in a folder, or beside a file with the name of a training set. Another file is a
    /// lone set.
    ///
    /// # Errors
    /// Returns an error if there is no training set, or a part of a set is missing.
    pub fn of(path: &Path) -> Result<SetParts, DatasetError> {
        let folder = match path.is_dir() {
            true => SetParts::folder_in(path)?.unwrap_or(path.to_owned()),
            false if !is_of(path, &TRAINING) => return Ok(SetParts::lone(path)),
            false => match path.parent() {
                Some(folder) if folder != Path::new("") => folder.to_owned(),
                _ => PathBuf::from("."),
            },
        };
        let mut files = sorted(&folder)?;
        files.retain(|file| has_ending(file, ENDING));
        if let [file] = &files[..] {
            check_complete(&files)?;
            return Ok(SetParts::lone(file));
        }
        let mut take = |names: &[&str]| -> Result<Option<Vec<PathBuf>>, DatasetError> {
            let parts: Vec<PathBuf> = files.extract_if(.., |file| is_of(file, names)).collect();
            check_complete(&parts)?;
            Ok((!parts.is_empty()).then_some(parts))
        };
        let (training, test, validation) = (take(&TRAINING)?, take(&TEST)?, take(&VALIDATION)?);
        let location = || folder.display().to_string();
        let Some(training) = training else {
            let hint = "name the files train-*.parquet and test-*.parquet, or pass one file";
            let expected = "files train-*.parquet";
            let found = "files of other names";
            return Err(invalid_with_hint(Location::whole(location()), expected, found, hint));
        };
        let mut warnings = Vec::new();
        if !files.is_empty() {
            let others = list_few(&names(&files));
            warnings.push(format!("{}: files not used: {others}", location()));
        }
        let mut notes = Vec::new();
        let (test, validation) = match (test, validation) {
            (None, Some(validation)) => {
                let set = validation[0].display();
                notes.push(format!(
                    "{set}: the validation set is the test set, since there is none"
                ));
                (Some(validation), None)
            }
            sets => sets,
        };
        Ok(SetParts { training, test, validation, notes, warnings })
    }

    fn lone(file: &Path) -> SetParts {
        let (training, [test, validation]) = (vec![file.to_owned()], [None, None]);
        SetParts { training, test, validation, notes: Vec::new(), warnings: Vec::new() }
    }
}

fn names(paths: &[PathBuf]) -> Vec<String> {
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into();
    paths.iter().map(name).collect()
}

/// Returns whether the name of a file up to the first `-` or `.` is one of a set.
fn is_of(file: &Path, names: &[&str]) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    names.contains(&name.split(['-', '.']).next().unwrap_or_default())
}

/// Checks that each part that the names announce is there once: `train-00000-of-00002.parquet`.
fn check_complete(parts: &[PathBuf]) -> Result<(), DatasetError> {
    let numbered: Vec<Option<[usize; 2]>> = parts.iter().map(|part| number_of(part)).collect();
    let Some([_, count]) = numbered.iter().flatten().next() else { return Ok(()) };
    let is_in_order = |(index, part)| part == &Some([index, *count]);
    if numbered.len() == *count && numbered.iter().enumerate().all(is_in_order) {
        return Ok(());
    }
    let location = Location::whole(parts[0].display().to_string());
    let hint = "copy the missing parts into the folder, and remove those of other versions";
    let expected = format!("the parts 0 to {} of {count} of this set", count.saturating_sub(1));
    Err(invalid_with_hint(location, expected, list_few(&names(parts)), hint))
}

/// Returns the number of a part and the number of all parts, from a name such as `train-00000-of-00002.parquet`.
fn number_of(file: &Path) -> Option<[usize; 2]> {
    let name = file.file_name()?.to_string_lossy();
    let (before, after) = name.split_once("-of-")?;
    let number = before.rsplit('-').next()?.parse().ok()?;
    let count: String = after.chars().take_while(char::is_ascii_digit).collect();
    Some([number, count.parse().ok()?])
}
