//! Folders of one class, and the listing of folders.

use std::fs;
use std::path::{Path, PathBuf};

use super::class_names::{list_names, sanitize};
use super::image_file::{ENDINGS, is_image};
use super::{DatasetError, Location};
use crate::text::{list_first, plural};

/// Largest number of skipped files that a warning lists.
const MAX_NAMED: usize = 3;

/// A class of a set: a folder of images.
pub(super) struct ClassFolder {
    /// Name of the folder.
    pub name: String,
    pub folder: PathBuf,
    /// Sorted by name.
    pub files: Vec<PathBuf>,
    /// Names of files without an image extension.
    pub skipped: Vec<String>,
}

impl ClassFolder {
    /// Lists the files of a class. Adds a warning about skipped ones.
    pub fn of(folder: PathBuf, warnings: &mut Vec<String>) -> Result<ClassFolder, DatasetError> {
        let (files, skipped): (Vec<_>, Vec<_>) =
            sorted(&folder)?.into_iter().partition(|path| is_image(path) && !path.is_dir());
        warnings.extend(skipped_warning(&folder, &skipped, "not images by their extension"));
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let skipped = skipped.iter().map(|path| file_name(path)).collect();
        Ok(ClassFolder { name: sanitize(&name), folder, files, skipped })
    }

    /// Returns the files found instead of images.
    pub fn describe_files(&self) -> String {
        if self.skipped.is_empty() { "none".to_string() } else { list_names(&self.skipped) }
    }
}

fn file_name(path: &Path) -> String {
    sanitize(&path.file_name().unwrap_or_default().to_string_lossy())
}

/// Returns the kinds of images for messages.
pub(super) fn image_kinds() -> String {
    format!("images (.{})", ENDINGS.join(", ."))
}

/// Returns the entries of a folder, sorted by name, without hidden ones.
pub(super) fn sorted(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let read = || DatasetError::read(Location::whole(folder.display().to_string()));
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(read())? {
        let name = entry.map_err(read())?.file_name();
        if !name.to_string_lossy().starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

/// Returns a warning that names skipped files, if there are any.
pub(super) fn skipped_warning(folder: &Path, skipped: &[PathBuf], why: &str) -> Option<String> {
    let names: Vec<String> = skipped.iter().map(|path| file_name(path)).collect();
    let count = plural(skipped.len(), "file");
    let names = list_first(&names, MAX_NAMED);
    (!skipped.is_empty()).then(|| format!("{}: {count} skipped, {why}: {names}", folder.display()))
}
