//! Subsets of a data set: fewer images, or images held out for validation.

use std::ops::Range;

use super::location::Origin;
use super::stratify::{counts, is_fair, is_shuffled, stratified};
use super::{
    ByteArray, DataSource, Dataset, DatasetError, PixelRules, ReadOptions, class_names,
    concat_bytes,
};

/// Smallest number of test images per class for a meaningful error.
const MIN_TEST_IMAGES: usize = 5;

/// Indices of a subset's images.
struct SubsetIndices {
    training: Vec<usize>,
    test: Vec<usize>,
    /// Names of the sets that are reordered.
    reordered: Vec<&'static str>,
}

impl Dataset {
    /// Creates a data set whose test set is unlabelled images, `[count, height, width]`, for a network trained on bytes up
    /// to `max_pixel`. Adds one black training image, since a data set has at least one.
    ///
    /// # Errors
    /// Returns an error if there is no image or the last one is incomplete.
    pub fn unlabelled(
        name: &str,
        sizes: [usize; 2],
        classes: usize,
        max_pixel: u8,
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
            class_names: class_names::numeric(classes),
            max_pixel,
            training_count: 1,
            test_count,
            validation_count: 0,
            warnings: Vec::new(),
            source: DataSource::Memory,
            read_options: ReadOptions::default(),
            conversions: Vec::new(),
            source_files: Vec::new(),
            rules: PixelRules::default(),
            images: concat_bytes(vec![0; height * width], &images.bytes),
            recordings: None,
            labels: vec![0; 1 + test_count],
        })
    }

    /// Returns the subset that a run uses. If `validation` > 0, the last `validation` training images replace the test
    /// set, which is then unused. If the data set has its own validation set, the first `validation` images of it do so,
    /// and all training images are left; if `validation` is 0, it is unused. Of the rest it keeps the first `training`
    /// training images and the first `test` test images; 0 keeps all. Classes and largest pixel stay those of the whole
    /// set, so that networks for a subset have the same shape and input.
    ///
    /// A set is reordered first if its images are sorted by class: if more neighbours share a class than in shuffled data
    /// (by 3 standard deviations), or if a class's count in the subset differs from its share by more than 4 standard
    /// deviations and one image. Classes are then interleaved, and the images of a class shuffled with a fixed seed.
    /// [`Dataset::subset_warnings`] reports it.
    ///
    /// # Errors
    /// Returns [`DatasetError::TooFewImages`] if more images are requested than available,
    /// [`DatasetError::TooManyValidationImages`] if no training image would be left, and
    /// [`DatasetError::SingleClassValidation`] if all validation images have one class.
    pub fn subset(
        self,
        validation: usize,
        training: usize,
        test: usize,
    ) -> Result<Dataset, DatasetError> {
        let indices = self.choose_subset(validation, training, test)?;
        Ok(self.select([&indices.training, &indices.test]))
    }

    /// Returns warnings about [`Dataset::subset`], one sentence each: sets that are reordered, and classes with few test
    /// images.
    ///
    /// # Errors
    /// Returns an error as [`Dataset::subset`] does.
    pub fn subset_warnings(
        &self,
        validation: usize,
        training: usize,
        test: usize,
    ) -> Result<Vec<String>, DatasetError> {
        let SubsetIndices { test, reordered, .. } =
            self.choose_subset(validation, training, test)?;
        let mut warnings = Vec::new();
        if !reordered.is_empty() {
            warnings.push(format!(
                "{}: the {} images are not in random order; the subset is stratified by class \
                 with a fixed seed",
                self.name,
                reordered.join(" and the ")
            ));
        }
        let set = if validation > 0 { "validation" } else { "test" };
        warnings.extend(self.few_images_warning(set, &test));
        Ok(warnings)
    }

    /// Returns the indices of `count` test images, or of all if there are fewer. Uses the first ones if they are a fair
    /// sample, see [`Dataset::subset`].
    pub fn test_sample(&self, count: usize) -> Vec<usize> {
        let mut indices: Vec<usize> = self.index_ranges().1.collect();
        let count = count.min(indices.len());
        if !self.is_fair_prefix(&indices, count) {
            indices = self.interleave_classes(indices);
        }
        indices.truncate(count);
        indices
    }

    /// Returns the numbers of training and test images of a subset.
    ///
    /// # Errors
    /// Returns an error as [`Dataset::subset`] does.
    pub fn subset_counts(
        &self,
        validation: usize,
        training: usize,
        test: usize,
    ) -> Result<[usize; 2], DatasetError> {
        self.check_fields()?;
        let most = match self.validation_count {
            0 => self.training_count - 1,
            count => count,
        };
        if validation > most {
            let name = self.name.clone();
            return Err(DatasetError::TooManyValidationImages {
                name,
                requested: validation,
                most,
            });
        }
        let tested = if validation == 0 { self.test_count } else { validation };
        let available = self.training_images_beside(validation);
        Ok([
            self.requested_count("training", training, available)?,
            self.requested_count("test", test, tested)?,
        ])
    }

    /// Returns the indices of a subset's images.
    fn choose_subset(
        &self,
        validation: usize,
        training: usize,
        test: usize,
    ) -> Result<SubsetIndices, DatasetError> {
        let [training_count, test_count] = self.subset_counts(validation, training, test)?;
        let (training_set, test_set) = self.index_ranges();
        let (mut training, mut test): (Vec<usize>, Vec<usize>) =
            (training_set.collect(), test_set.collect());
        let mut reordered = Vec::new();
        if validation > 0 && self.validation_count > 0 {
            let first = self.training_count + self.test_count;
            test = (first..first + self.validation_count).collect();
            if !self.is_fair_prefix(&test, validation) {
                test = self.interleave_classes(test);
                reordered.push("validation");
            }
            test.truncate(validation);
            self.check_held_out(&test)?;
        } else if validation > 0 {
            let first = training.len() - validation;
            if !self.is_fair_prefix(&training, first) {
                training = self.interleave_classes(training);
                reordered.push("training");
            }
            test = training.split_off(first);
            self.check_held_out(&test)?;
        }
        if training_count < training.len() && !self.is_fair_prefix(&training, training_count) {
            training = self.interleave_classes(training);
            reordered.push("training");
        }
        // Partial evaluations use a prefix of the test set, so reorder it even if the run uses all of it.
        if !self.is_fair_prefix(&test, test_count) {
            test = self.interleave_classes(test);
            reordered.push(if validation > 0 { "validation" } else { "test" });
        }
        reordered.dedup();
        training.truncate(training_count);
        test.truncate(test_count);
        Ok(SubsetIndices { training, test, reordered })
    }

    /// Returns the indices of the training and of the test images.
    fn index_ranges(&self) -> (Range<usize>, Range<usize>) {
        let first = self.training_count;
        (0..first, first..first + self.test_count)
    }

    /// Returns whether the first `count` of these images are a fair sample.
    fn is_fair_prefix(&self, indices: &[usize], count: usize) -> bool {
        let labels = self.labels_of(indices);
        is_shuffled(&labels) && is_fair(&labels, count)
    }

    /// Returns the images with their classes interleaved.
    fn interleave_classes(&self, indices: Vec<usize>) -> Vec<usize> {
        stratified(&self.labels_of(&indices))
            .into_iter()
            .map(|position| indices[position])
            .collect()
    }

    fn labels_of(&self, indices: &[usize]) -> Vec<u8> {
        indices.iter().map(|&index| self.labels[index]).collect()
    }

    /// Refuses validation images of a single class: any network that always answers it would be right.
    fn check_held_out(&self, indices: &[usize]) -> Result<(), DatasetError> {
        let labels = self.labels_of(indices);
        if labels.iter().any(|label| *label != labels[0]) {
            return Ok(());
        }
        let class = self.class_names[usize::from(labels[0])].clone();
        Err(DatasetError::SingleClassValidation {
            name: self.name.clone(),
            held_out: labels.len(),
            class,
        })
    }

    /// Returns a warning if classes of the training set have few or no test images.
    fn few_images_warning(&self, set: &str, tested: &[usize]) -> Option<String> {
        let (trained, tested) = (counts(self.training_labels()), counts(&self.labels_of(tested)));
        let classes = (0..self.classes).filter(|&class| trained[class] > 0);
        let few: Vec<usize> =
            classes.clone().filter(|&class| tested[class] < MIN_TEST_IMAGES).collect();
        let least = few.iter().map(|&class| tested[class]).min()?;
        Some(format!(
            "warning: {} of {} classes have fewer than {MIN_TEST_IMAGES} {set} images, one of them {least}: their \
             error means little",
            few.len(),
            classes.count()
        ))
    }

    /// Returns the data set with only these training and test images.
    fn select(self, sets: [&[usize]; 2]) -> Dataset {
        let indices = || sets.into_iter().flatten().copied();
        let [training_count, test_count] = sets.map(<[usize]>::len);
        let own = [self.training_count, self.test_count];
        if [training_count, test_count] == own && indices().eq(0..own[0] + own[1]) {
            return self.without_validation();
        }
        let recordings = self.recordings.as_ref().map(|recordings| recordings.select(indices()));
        let mut images = Vec::new();
        if recordings.is_none() {
            images.reserve_exact((training_count + test_count) * self.pixels());
        }
        indices().for_each(|index| images.extend_from_slice(self.image(index)));
        let labels = indices().map(|index| self.labels[index]).collect();
        let validation_count = 0;
        Dataset { images, recordings, labels, training_count, test_count, validation_count, ..self }
    }

    fn requested_count(
        &self,
        set: &'static str,
        requested: usize,
        available: usize,
    ) -> Result<usize, DatasetError> {
        if requested > available {
            let name = self.name.clone();
            return Err(DatasetError::TooFewImages { name, set, requested, available });
        }
        Ok(if requested == 0 { available } else { requested })
    }
}
