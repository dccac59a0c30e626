//! Splits a single set into a training and a test set.

use std::path::Path;

use super::loaded::LoadedSets;
use super::{DatasetError, ReadOptions, SplitData, file_pair};

impl LoadedSets {
    /// Returns the training and the test set.
    ///
    /// # Errors
    /// Returns an error if there is one set only.
    pub(super) fn split(
        self,
        path: &Path,
        _options: &ReadOptions,
    ) -> Result<[SplitData; 2], DatasetError> {
        match self {
            LoadedSets::Both(splits) => Ok(splits),
            LoadedSets::Lone(set) => {
                set.check_label_count()?;
                Err(file_pair::no_training_name(path))
            }
        }
    }
}
