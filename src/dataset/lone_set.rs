//! Splits a single set into a training and a test set.

use std::path::Path;

use super::error::invalid_with_hint;
use super::loaded::LoadedSets;
use super::{DatasetError, Location, ReadOptions, SplitData};

impl LoadedSets {
    /// Returns the training and the test set, and a sentence if they were split.
    ///
    /// # Errors
    /// Returns an error if there is one set and no fraction of test images is given, or if there are two sets and one is.
    pub(super) fn split(
        self,
        path: &Path,
        options: &ReadOptions,
    ) -> Result<([SplitData; 2], Option<String>), DatasetError> {
        let name = path.display().to_string();
        match (self, options.test_fraction) {
            (LoadedSets::Both(splits), None) => Ok((splits, None)),
            (LoadedSets::Both([_, test]), Some(_)) => {
                let found = format!("the test set {}", test.images.origin.file());
                let hint = "omit --test-fraction";
                let expected = "data without a test set (--test-fraction)";
                Err(invalid_with_hint(Location::whole(name), expected, found, hint))
            }
            (LoadedSets::Lone(set), None) => {
                set.check_label_count()?;
                let make = "add one, or split it off with --test-fraction 0.2".to_string();
                Err(DatasetError::NoTestSet { path: path.to_owned(), make })
            }
            (LoadedSets::Lone(set), Some(fraction)) => {
                let (splits, told) = fraction.split(set, &name)?;
                Ok((splits, Some(told)))
            }
        }
    }
}
