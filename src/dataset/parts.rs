//! Parts of a data set: fewer images, or images held out for validation.

use super::place::Origin;
use super::{ByteArray, Dataset, DatasetError, joined, names};

impl Dataset {
    /// Images without labels as a test set, `[count, height, width]`, for a network that was trained on images
    /// with bytes up to `range`. A black image is there to train on, since a data set has one.
    ///
    /// # Errors
    /// When there is no image, or the last is no whole one.
    pub fn unlabelled(
        name: &str,
        sizes: [usize; 2],
        classes: usize,
        range: u8,
        images: &[u8],
    ) -> Result<Dataset, DatasetError> {
        let origin = Origin::Memory(name.to_string());
        let images = ByteArray::images(origin, sizes, images.to_vec())?;
        let [test_count, height, width] = images.sizes;
        Ok(Dataset {
            name: name.to_string(),
            height,
            width,
            channels: 1,
            classes,
            class_names: names::digits(classes),
            range,
            training_count: 1,
            test_count,
            notes: Vec::new(),
            images: joined(vec![0; height * width], &images.bytes),
            labels: vec![0; 1 + test_count],
        })
    }

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
