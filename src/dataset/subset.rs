//! Parts of a data set: fewer images, or images held out for validation.

use std::ops::Range;

use super::location::Origin;
use super::stratify::{counts, is_fair, is_shuffled, stratified};
use super::{
    ByteArray, DataSource, Dataset, DatasetError, PixelRules, ReadOptions, class_names, joined,
};

/// Images of a class below which its error means little.
const FEW: usize = 5;

/// The images of a part, as indices.
struct SubsetIndices {
    training: Vec<usize>,
    test: Vec<usize>,
    /// The sets whose images are not taken in their order.
    reordered: Vec<&'static str>,
}

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
            warnings: Vec::new(),
            source: DataSource::Memory,
            read_options: ReadOptions::default(),
            conversions: Vec::new(),
            source_files: Vec::new(),
            rules: PixelRules::default(),
            images: joined(vec![0; height * width], &images.bytes),
            labels: vec![0; 1 + test_count],
        })
    }

    /// The part that a run uses. With `validation` images held out, these, the last of the training set,
    /// take the place of the test set, which is not looked at. Then only the first `training` training
    /// images and the first `test` test images are kept; 0 keeps all. Classes and range stay those of the whole
    /// set, so that a network for a part has the shape and the input of one for the whole.
    ///
    /// First and last images are a fair sample only if images are not sorted by class. A set is reordered first if more
    /// neighbours share a class than in shuffled data (by 3 standard deviations), or if the count of a class in the part
    /// differs from its share by more than 4 standard deviations and one image: classes then take turns, and the images
    /// of a class come in an order drawn from a fixed seed. [`Dataset::part_notes`] tells of it.
    ///
    /// # Errors
    /// Returns [`DatasetError::TooFew`] if more are asked for than there are, [`DatasetError::Validation`] if
    /// none would be left to train on, [`DatasetError::OneClass`] if all images held out are of one class.
    pub fn subset(
        self,
        validation: usize,
        training: usize,
        test: usize,
    ) -> Result<Dataset, DatasetError> {
        let indices = self.choose_subset(validation, training, test)?;
        Ok(self.select([&indices.training, &indices.test]))
    }

    /// What a user of [`Dataset::part`] should know, a sentence each: that images are drawn since their order follows
    /// their classes, and that classes have few images to test on.
    ///
    /// # Errors
    /// As [`Dataset::part`].
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
                "{}: the {} images are not in random order; the part used is drawn: of each class its share, \
                 with a fixed seed",
                self.name,
                reordered.join(" and the ")
            ));
        }
        let set = if validation > 0 { "validation" } else { "test" };
        warnings.extend(self.few_images_warning(set, &test));
        Ok(warnings)
    }

    /// The indices of `count` test images, or of all if there are fewer: the first if they are a fair sample, see
    /// [`Dataset::part`].
    pub fn test_sample(&self, count: usize) -> Vec<usize> {
        let mut indices: Vec<usize> = self.index_ranges().1.collect();
        let count = count.min(indices.len());
        if !self.is_fair_prefix(&indices, count) {
            indices = self.interleave_classes(indices);
        }
        indices.truncate(count);
        indices
    }

    /// Training and test images of a part.
    ///
    /// # Errors
    /// As [`Dataset::part`].
    pub fn subset_counts(
        &self,
        validation: usize,
        training: usize,
        test: usize,
    ) -> Result<[usize; 2], DatasetError> {
        let available = self.training_count;
        if validation >= available {
            let name = self.name.clone();
            return Err(DatasetError::TooManyValidationImages {
                name,
                requested: validation,
                available,
            });
        }
        let tested = if validation == 0 { self.test_count } else { validation };
        Ok([
            self.requested_count("training", training, available - validation)?,
            self.requested_count("test", test, tested)?,
        ])
    }

    /// The images of a part, as indices.
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
        if validation > 0 {
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
        // Quick tests take a part of the test set even if a run uses all of it.
        if !self.is_fair_prefix(&test, test_count) {
            test = self.interleave_classes(test);
            reordered.push("test");
        }
        reordered.dedup();
        training.truncate(training_count);
        test.truncate(test_count);
        Ok(SubsetIndices { training, test, reordered })
    }

    /// Indices of the training and of the test images.
    fn index_ranges(&self) -> (Range<usize>, Range<usize>) {
        let first = self.training_count;
        (0..first, first..first + self.test_count)
    }

    /// Whether the first `count` of these images are a fair sample of all of them.
    fn is_fair_prefix(&self, indices: &[usize], count: usize) -> bool {
        let labels = self.labels_of(indices);
        is_shuffled(&labels) && is_fair(&labels, count)
    }

    /// The same images in an order in which classes take turns.
    fn interleave_classes(&self, indices: Vec<usize>) -> Vec<usize> {
        stratified(&self.labels_of(&indices)).into_iter().map(|place| indices[place]).collect()
    }

    fn labels_of(&self, indices: &[usize]) -> Vec<u8> {
        indices.iter().map(|&index| self.labels[index]).collect()
    }

    /// An error of one class only means nothing, and makes any network the best.
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

    /// A warning if classes of the training set have no or few images among those tested on.
    fn few_images_warning(&self, set: &str, tested: &[usize]) -> Option<String> {
        let (trained, tested) = (counts(self.training_labels()), counts(&self.labels_of(tested)));
        let classes = (0..self.classes).filter(|&class| trained[class] > 0);
        let few: Vec<usize> = classes.clone().filter(|&class| tested[class] < FEW).collect();
        let least = few.iter().map(|&class| tested[class]).min()?;
        Some(format!(
            "warning: {} of {} classes have fewer than {FEW} {set} images, one of them {least}: errors of so few \
             images mean little",
            few.len(),
            classes.count()
        ))
    }

    /// A data set of these training and test images.
    fn select(self, sets: [&[usize]; 2]) -> Dataset {
        let indices = || sets.into_iter().flatten().copied();
        let [training_count, test_count] = sets.map(<[usize]>::len);
        if training_count == self.training_count && indices().eq(0..self.labels.len()) {
            return self;
        }
        let mut images = Vec::with_capacity((training_count + test_count) * self.pixels());
        indices().for_each(|index| images.extend_from_slice(self.image(index)));
        let labels = indices().map(|index| self.labels[index]).collect();
        Dataset { images, labels, training_count, test_count, ..self }
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
