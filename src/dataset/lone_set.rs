//! Splits a single set into a training and a test set.

use std::path::Path;

use super::error::invalid_with_hint;
use super::file_pair::SPLIT_OFF;
use super::loaded::LoadedSets;
use super::{DatasetError, Location, ReadOptions, SplitData, TestFraction};

/// A training set, and its test set if the data have one.
pub(super) struct TrainingAndTest<S> {
    pub training: S,
    pub test: Option<S>,
}

impl<S> TrainingAndTest<S> {
    /// Returns both sets, and a sentence if they were split. `file`: returns the file of a test set. `split`: splits a
    /// set.
    ///
    /// # Errors
    /// Returns an error if there is one set and no fraction of test examples is given, or if there are two sets and one
    /// is.
    pub fn split(
        self,
        path: &Path,
        fraction: Option<TestFraction>,
        file: impl FnOnce(&S) -> String,
        split: impl FnOnce(S, TestFraction) -> Result<([S; 2], String), DatasetError>,
    ) -> Result<([S; 2], Option<String>), DatasetError> {
        match (self.test, fraction) {
            (Some(test), None) => Ok(([self.training, test], None)),
            (Some(test), Some(_)) => {
                let found = format!("the test set {}", file(&test));
                let hint = "omit --test-fraction";
                let expected = "data without a test set (--test-fraction)";
                let location = Location::whole(path.display().to_string());
                Err(invalid_with_hint(location, expected, found, hint))
            }
            (None, None) => {
                let make = format!("add one, or {SPLIT_OFF}");
                Err(DatasetError::NoTestSet { path: path.to_owned(), make })
            }
            (None, Some(fraction)) => {
                let (sets, told) = split(self.training, fraction)?;
                Ok((sets, Some(told)))
            }
        }
    }
}

impl LoadedSets {
    /// Returns the training and the test set, and a sentence if they were split.
    ///
    /// # Errors
    /// Returns an error as [`TrainingAndTest::split`] does.
    pub(super) fn split(
        self,
        path: &Path,
        options: &ReadOptions,
    ) -> Result<([SplitData; 2], Option<String>), DatasetError> {
        let sets = match self {
            LoadedSets::Both([training, test]) => TrainingAndTest { training, test: Some(test) },
            LoadedSets::Lone(set) => {
                set.check_label_count()?;
                TrainingAndTest { training: set, test: None }
            }
        };
        let file = |test: &SplitData| test.images.origin.file().to_string();
        let name = path.display().to_string();
        sets.split(path, options.test_fraction, file, |set, fraction| fraction.split(set, &name))
    }
}
