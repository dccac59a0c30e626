//! What a format of labelled images does. `formats.rs` lists all formats.

use std::path::Path;

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

    /// Returns whether the format has images that are stored column by column.
    fn has_columns(&self) -> bool {
        false
    }

    /// Returns whether the format has arrays with an axis of channels.
    fn has_channel_axis(&self) -> bool {
        false
    }

    /// Reads the detected files.
    ///
    /// # Errors
    /// Returns an error if a file is missing or invalid.
    fn read(&self, path: &Path, options: &ReadOptions) -> Result<LoadedDataset, DatasetError>;
}
