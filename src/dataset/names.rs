//! What classes are called.

use std::io::ErrorKind;
use std::path::Path;

use super::{DatasetError, Place};
use crate::files;

/// A file of this name in the folder of IDX files, tables or archives names their classes, one a line.
pub const CLASS_NAMES: &str = "class_names.txt";

/// The names of classes that have none: 0, 1 and so on.
pub fn digits(classes: usize) -> Vec<String> {
    (0..classes).map(|class| class.to_string()).collect()
}

/// Most names that a message lists.
const LISTED: usize = 12;

/// The first names, and how many more there are.
pub fn listed(names: &[String]) -> String {
    let mut text = names.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > LISTED {
        text += &format!(" and {} more", names.len() - LISTED);
    }
    text
}

/// The names that a folder tells, if it does.
pub(super) fn of_folder(folder: &Path) -> Result<Option<Vec<String>>, DatasetError> {
    let path = folder.join(CLASS_NAMES);
    match files::read_text(&path) {
        Ok(text) => Ok(Some(text.lines().map(printable).collect())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DatasetError::read(Place::whole(path.display().to_string()))(error)),
    }
}

/// A name as tables can show it: what a terminal would take for a command is left out.
pub(super) fn printable(name: &str) -> String {
    name.trim().chars().filter(|character| !character.is_control()).collect()
}
