//! Parts of a data set: fewer images, or images held out for validation.

use super::{Dataset, DatasetError};

impl Dataset {
    /// The part that a run uses. With `validation` images held out, these, the last of the training set,
    /// take the place of the test set, which is not looked at. Then only the first `training` training
    /// images and the first `test` test images are kept; 0 keeps all. Classes and range stay those of the whole
    /// set, so that a network for a part has the shape and the input of one for the whole.
    ///
    /// # Errors
    /// [`DatasetError::TooFew`] when more are asked for than there are, [`DatasetError::Validation`] when
    /// none would be left to train on.
    pub fn part(
        self,
        validation: usize,
        training: usize,
        test: usize,
    ) -> Result<Dataset, DatasetError> {
        let [training, test] = self.part_counts(validation, training, test)?;
        let split = if validation == 0 { self } else { self.with_validation(validation) };
        Ok(split.truncated(training, test))
    }

    /// Training and test images of a part.
    ///
    /// # Errors
    /// As [`Dataset::part`].
    pub fn part_counts(
        &self,
        validation: usize,
        training: usize,
        test: usize,
    ) -> Result<[usize; 2], DatasetError> {
        let available = self.training_count;
        if validation >= available {
            let name = self.name.clone();
            return Err(DatasetError::Validation { name, asked: validation, available });
        }
        let tested = if validation == 0 { self.test_count } else { validation };
        Ok([
            self.kept("training", training, available - validation)?,
            self.kept("test", test, tested)?,
        ])
    }

    /// Takes the last `count` training images for the test set, in place of the one there was.
    fn with_validation(mut self, count: usize) -> Dataset {
        let pixels = self.pixels();
        self.images.truncate(self.training_count * pixels);
        self.labels.truncate(self.training_count);
        self.training_count -= count;
        self.test_count = count;
        self
    }

    /// Keeps the first images of both sets.
    fn truncated(mut self, training: usize, test: usize) -> Dataset {
        let pixels = self.pixels();
        self.images.drain(training * pixels..self.training_count * pixels);
        self.images.truncate((training + test) * pixels);
        self.images.shrink_to_fit();
        self.labels.drain(training..self.training_count);
        self.labels.truncate(training + test);
        self.labels.shrink_to_fit();
        self.training_count = training;
        self.test_count = test;
        self
    }

    fn kept(
        &self,
        part: &'static str,
        asked: usize,
        available: usize,
    ) -> Result<usize, DatasetError> {
        if asked > available {
            let name = self.name.clone();
            return Err(DatasetError::TooFew { name, part, asked, available });
        }
        Ok(if asked == 0 { available } else { asked })
    }
}
