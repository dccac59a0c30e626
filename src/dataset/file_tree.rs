//! Files of a folder or of a zip archive, read in place.

use std::path::{Path, PathBuf};

use super::folder_entries::{Entries, sorted};
use super::image_file::{LoadedImage, MAX_BYTES, decode};
use super::zip_tree::ZipTree;
use super::{DatasetError, Location};
use crate::files;

/// Files of a folder or of a zip archive.
pub(super) enum FileTree {
    Folder(PathBuf),
    Zip(ZipTree),
}

impl FileTree {
    /// Opens a folder, or a file as a zip archive.
    ///
    /// # Errors
    /// Returns an error if a file is no intact zip archive.
    pub fn open(path: &Path) -> Result<FileTree, DatasetError> {
        match path.is_dir() {
            true => Ok(FileTree::Folder(path.to_owned())),
            false => Ok(FileTree::Zip(ZipTree::open(path)?)),
        }
    }

    /// Returns a path in the tree for messages, from the path of the tree.
    pub fn join(&self, path: &Path) -> PathBuf {
        let root = match self {
            FileTree::Folder(root) => root,
            FileTree::Zip(zip) => zip.path(),
        };
        // Joining an empty path would append a slash.
        if path.as_os_str().is_empty() { root.to_owned() } else { root.join(path) }
    }

    /// Returns a path in the tree as text for messages.
    pub fn display(&self, path: &Path) -> String {
        self.join(path).display().to_string()
    }

    /// Returns the location of a path in the tree.
    pub fn location(&self, path: &Path) -> Location {
        Location::whole(self.display(path))
    }

    /// Returns the entries of a folder of the tree.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be read.
    pub fn entries(&self, folder: &Path) -> Result<Entries, DatasetError> {
        match self {
            FileTree::Folder(root) => {
                let paths = sorted(&root.join(folder))?;
                let (folders, files): (Vec<_>, Vec<_>) =
                    paths.into_iter().partition(|path| path.is_dir());
                let inside = |path: PathBuf| folder.join(path.file_name().unwrap_or_default());
                Ok(Entries {
                    folders: folders.into_iter().map(inside).collect(),
                    files: files.into_iter().map(inside).collect(),
                })
            }
            FileTree::Zip(zip) => Ok(zip.entries(folder)),
        }
    }

    /// Reads an image file of the tree.
    ///
    /// # Errors
    /// Returns an error if it cannot be read, is too large, or is no intact image.
    pub fn read_image(&self, file: &Path) -> Result<LoadedImage, DatasetError> {
        let bytes = match self {
            FileTree::Folder(root) => files::read_bounded(&root.join(file), MAX_BYTES),
            FileTree::Zip(zip) => zip.read(file, MAX_BYTES),
        };
        decode(&bytes.map_err(DatasetError::read(self.location(file)))?, self.display(file))
    }

    /// Returns warnings about entries that are left out.
    pub fn warnings(&self) -> Vec<String> {
        match self {
            FileTree::Folder(_) => Vec::new(),
            FileTree::Zip(zip) => zip.warnings(),
        }
    }
}
