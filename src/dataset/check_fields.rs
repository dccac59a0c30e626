//! Checks the public fields of a data set.

use super::array::largest;
use super::error::invalid;
use super::{Dataset, DatasetError, Location};

impl Dataset {
    /// Checks that sizes, counts and classes fit the images and labels: callers may change these fields.
    ///
    /// # Errors
    /// Returns an error if they do not.
    pub(crate) fn check_fields(&self) -> Result<(), DatasetError> {
        let Dataset {
            height, width, classes, training_count, test_count, validation_count, ..
        } = *self;
        let (labels, names) = (self.labels.len(), self.class_names.len());
        let pixels = height.checked_mul(width).and_then(|pixels| pixels.checked_mul(labels));
        let (has_examples, examples) = match &self.recordings {
            Some(recordings) => {
                (recordings.count() == labels, format!("{} recordings", recordings.count()))
            }
            None => (pixels == Some(self.images.len()), format!("{} bytes", self.images.len())),
        };
        let counts = [training_count, test_count, validation_count];
        let examples_of_all = counts.iter().try_fold(0_usize, |sum, &count| sum.checked_add(count));
        let fits = examples_of_all == Some(labels)
            && has_examples
            && names == classes
            && usize::from(largest(&self.labels)) < classes;
        if fits {
            return Ok(());
        }
        let expected = format!(
            "{training_count} training and {test_count} test images of {height} x {width} in {classes} named classes"
        );
        let found = format!("{labels} labels, {examples} and {names} names");
        Err(invalid(Location::whole(self.name.clone()), expected, found))
    }
}
