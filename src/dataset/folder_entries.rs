//! Entries of a folder, without those that are not the user's.

use std::fs;
use std::path::{Path, PathBuf};

use super::{DatasetError, Location};

/// Names that systems add beside a user's files.
const SYSTEM_NAMES: [&str; 3] = ["__MACOSX", "Thumbs.db", "desktop.ini"];

/// Returns whether a name is hidden or of a file that a system added.
pub(super) fn is_system_name(name: &str) -> bool {
    name.starts_with('.') || SYSTEM_NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Entries of a folder: paths from the root of the tree, sorted by name, without hidden ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entries {
    pub folders: Vec<PathBuf>,
    pub files: Vec<PathBuf>,
}

/// Returns the entries of a folder, sorted by name, without hidden ones and those that systems add.
pub(super) fn sorted(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let read = || DatasetError::read(Location::whole(folder.display().to_string()));
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(read())? {
        let name = entry.map_err(read())?.file_name();
        if !is_system_name(&name.to_string_lossy()) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}
