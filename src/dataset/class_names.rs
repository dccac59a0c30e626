//! Names of classes.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{DatasetError, Location};
use crate::files;
use crate::text::list_first;

/// Name of the file beside IDX files, tables or archives that has one class name per line.
pub const CLASS_NAMES: &str = "class_names.txt";

/// Returns the default names: 0, 1 and so on.
pub fn numeric(classes: usize) -> Vec<String> {
    (0..classes).map(|class| class.to_string()).collect()
}

/// Largest number of names that a message lists.
const MAX_LISTED: usize = 12;

/// Returns the first names and the number of further ones.
pub fn list_names(names: &[String]) -> String {
    list_first(names, MAX_LISTED)
}

/// Returns the path of `class_names.txt` in the folder at a path, or beside the file at it.
pub(super) fn file_of(path: &Path) -> PathBuf {
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
    folder.join(CLASS_NAMES)
}

/// Reads the class names of the data at a path, `None` if there is no such file.
pub(super) fn read_of(path: &Path) -> Result<Option<Vec<String>>, DatasetError> {
    let path = file_of(path);
    match files::read_text(&path) {
        Ok(text) => Ok(Some(text.lines().map(sanitize).collect())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DatasetError::read(Location::whole(path.display().to_string()))(error)),
    }
}

/// Removes control characters, which a terminal would execute.
pub(super) fn sanitize(name: &str) -> String {
    name.trim().chars().filter(|character| !character.is_control()).collect()
}
