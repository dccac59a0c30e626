//! What a format of labelled images does. `formats.rs` lists all formats.

use std::path::Path;

use super::format_option::FormatOption;
use super::{DatasetError, LoadedDataset, ReadOptions};

/// A format of labelled images.
pub(super) trait DataFormat: Sync {
    /// Returns the content of a folder of this format, for messages: `train.csv and test.csv`.
    fn folder_content(&self) -> Option<&'static str>;

    /// Returns the kind of a single file of this format, for messages: `a .csv file`.
    fn file_kind(&self) -> Option<&'static str>;

    /// Returns whether an existing file or folder has this format. A file that is missing beside others is an error of
    /// [`DataFormat::read`].
    ///
    /// # Errors
    /// Returns an error if a file that decides it cannot be read.
    fn detect(&self, path: &Path) -> Result<bool, DatasetError>;

    /// Returns the options of [`ReadOptions`] that only this and some other formats have.
    fn options(&self) -> &'static [FormatOption] {
        &[]
    }

    /// Reads the detected files.
    ///
    /// # Errors
    /// Returns an error if a file is missing or invalid.
    fn read(&self, path: &Path, options: &ReadOptions) -> Result<LoadedDataset, DatasetError>;
}
