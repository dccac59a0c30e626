//! Reads the results of all experiments in a folder.

use std::fs;
use std::path::{Path, PathBuf};

use super::{ExperimentResult, FigureError, RESULT};
use crate::dataset::DataIdentity;
use crate::files;
use crate::run_dir::StorageError;

/// Reads the results of all experiments whose folders are in `folder`, in the order of the paper's figures. Returns
/// them with their folders.
///
/// # Errors
/// Returns an error if there is no result, or one is unreadable.
pub fn read_results(folder: &Path) -> Result<Vec<(PathBuf, ExperimentResult)>, FigureError> {
    if !folder.is_dir() {
        return Err(FigureError::NoFolder { folder: folder.to_owned() });
    }
    let entries = fs::read_dir(folder).map_err(StorageError::io("read", folder))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(StorageError::io("read", folder))?.path();
        let file = path.join(RESULT);
        if !file.is_file() {
            continue;
        }
        let text = files::read_long_text(&file).map_err(StorageError::io("read", &file))?;
        let result: ExperimentResult = serde_json::from_str(&text)
            .map_err(|source| FigureError::Result { path: file, source })?;
        found.push((path, result.judged_on_mnist_only()));
    }
    if found.is_empty() {
        return Err(FigureError::NoResults { folder: folder.to_owned() });
    }
    found.sort_by_key(|(_, result): &(PathBuf, ExperimentResult)| {
        (figure_number(&result.name), result.folder_name())
    });
    Ok(found)
}

/// Refuses a folder with experiments on other data, which the report would put side by side.
///
/// # Errors
/// Returns [`FigureError::OtherData`] if there are any, or an error if a result is unreadable.
pub fn ensure_same_data(folder: &Path, data: &DataIdentity) -> Result<(), FigureError> {
    let found = match read_results(folder) {
        Ok(found) => found,
        Err(FigureError::NoResults { .. }) => return Ok(()),
        Err(_) if !folder.exists() => return Ok(()),
        Err(error) => return Err(error),
    };
    for (path, result) in found {
        if let Some(other) = result.data.filter(|other| other.sha256 != data.sha256) {
            let others = Box::new([other, data.clone()]);
            return Err(FigureError::OtherData { path, others });
        }
    }
    Ok(())
}

/// Returns the number of a paper's figure, `u32::MAX` for other names: fig10 sorts after fig9b, other names last.
fn figure_number(name: &str) -> u32 {
    let digits = name.strip_prefix("fig").unwrap_or_default().chars();
    digits.take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(u32::MAX)
}
