//! Folders of one class.

use std::path::{Path, PathBuf};

use super::DatasetError;
use super::class_names::{list_names, sanitize};
use super::file_tree::FileTree;
use super::image_file::{endings, is_image};
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
    /// Whether the images are in subfolders.
    pub is_nested: bool,
    /// Names of files without an image extension, and of folders that are not read.
    pub skipped: Vec<String>,
}

impl ClassFolder {
    /// Creates a class without images.
    pub fn empty(name: String, folder: PathBuf) -> ClassFolder {
        ClassFolder { name, folder, files: Vec::new(), is_nested: false, skipped: Vec::new() }
    }

    /// Lists the files of a class. If the folder has no images, those of its subfolders belong to the class, as in
    /// ImageNet's `CLASS/images`. Adds a warning about skipped files.
    pub fn of(
        tree: &FileTree,
        folder: PathBuf,
        warnings: &mut Vec<String>,
    ) -> Result<ClassFolder, DatasetError> {
        let entries = tree.entries(&folder)?;
        let (mut files, mut skipped): (Vec<_>, Vec<_>) =
            entries.files.into_iter().partition(|path| is_image(path));
        let is_nested = files.is_empty() && !entries.folders.is_empty();
        let mut unread = entries.folders;
        if is_nested {
            for subfolder in std::mem::take(&mut unread) {
                let inside = tree.entries(&subfolder)?;
                let (images, others): (Vec<_>, Vec<_>) =
                    inside.files.into_iter().partition(|path| is_image(path));
                files.extend(images);
                skipped.extend(others);
                unread.extend(inside.folders);
            }
        }
        let root = tree.join(&folder);
        let why = "not images by their extension";
        warnings.extend(skipped_warning(&root, &skipped, why));
        let why = if is_nested { "too deep" } else { "beside the images" };
        warnings.extend(warning_of(&root, "folder", &unread, why));
        skipped.extend(unread);
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let skipped = skipped.iter().map(|path| file_name(path)).collect();
        Ok(ClassFolder { name: sanitize(&name), folder, files, is_nested, skipped })
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
    format!("images (.{})", endings().collect::<Vec<_>>().join(", ."))
}

/// Returns a warning that names skipped files, if there are any.
pub(super) fn skipped_warning(folder: &Path, skipped: &[PathBuf], why: &str) -> Option<String> {
    warning_of(folder, "file", skipped, why)
}

/// Returns a warning that names skipped entries, if there are any. `kind`: "file" or "folder".
fn warning_of(folder: &Path, kind: &str, skipped: &[PathBuf], why: &str) -> Option<String> {
    let names: Vec<String> = skipped.iter().map(|path| file_name(path)).collect();
    let count = plural(skipped.len(), kind);
    let names = list_first(&names, MAX_NAMED);
    (!skipped.is_empty()).then(|| format!("{}: {count} skipped, {why}: {names}", folder.display()))
}
