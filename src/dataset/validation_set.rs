//! The validation set that some data sets have beside their training and test set.
//!
//! It is evaluated in place of the test set if a run uses validation images, see [`Dataset::subset`], and unused
//! otherwise: never trained on, never part of the test set.

use super::Dataset;
use crate::text::plural;

impl Dataset {
    /// Returns the number of images of the own validation set, 0 if there is none.
    pub fn validation_count(&self) -> usize {
        self.validation_count
    }

    /// Returns the labels of the own validation set, `[validation_count]`.
    pub fn validation_labels(&self) -> &[u8] {
        self.labels.get(self.training_count + self.test_count..).unwrap_or_default()
    }

    /// Returns the number of training images that are left if a run uses this number of validation images.
    pub fn training_images_beside(&self, validation: usize) -> usize {
        match self.validation_count {
            0 => self.training_count.saturating_sub(validation),
            _ => self.training_count,
        }
    }

    /// Returns a sentence on the use of the own validation set by a training, if there is one. `validation`: number of
    /// validation images of the run.
    pub fn validation_note(&self, validation: usize) -> Option<String> {
        let (name, count) = (&self.name, self.validation_count);
        let use_of = match validation {
            0 => {
                "not used; --validation-images N evaluates on N of them in place of the test images"
                    .to_string()
            }
            all if all == count => "evaluated in place of the test images".to_string(),
            some => format!("{some} of them evaluated in place of the test images"),
        };
        let images = plural(count, "validation image");
        (count > 0).then(|| format!("{name}: {images} of its own, {use_of}"))
    }

    /// Returns the data set without its own validation set, whose images are the last.
    pub(super) fn without_validation(mut self) -> Dataset {
        let count = self.training_count + self.test_count;
        self.recordings = self.recordings.map(|recordings| recordings.select(0..count));
        self.images.truncate(count * self.pixels());
        self.labels.truncate(count);
        self.validation_count = 0;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::SplitData;

    /// Four training images, two test images and three validation images of one pixel each.
    fn dataset() -> Dataset {
        let set = |part, images: &[u8], labels: &[u8]| {
            SplitData::in_memory("own", part, 1, 1, (images.to_vec(), labels.to_vec())).unwrap()
        };
        let training = set("training", &[1, 2, 3, 4], &[0, 1, 0, 1]);
        let test = set("test", &[5, 6], &[1, 0]);
        let validation = set("validation", &[7, 8, 9], &[0, 1, 0]);
        Dataset::assemble("own".to_string(), training, test, Some(validation), None).unwrap()
    }

    #[test]
    fn own_validation_set_is_apart_from_other_sets() {
        let dataset = dataset();
        assert_eq!(
            (dataset.images(), dataset.labels()),
            (&[1, 2, 3, 4, 5, 6][..], &[0, 1, 0, 1, 1, 0][..])
        );
        assert_eq!(
            (dataset.test_labels(), dataset.validation_labels()),
            (&[1, 0][..], &[0, 1, 0][..])
        );
        assert_eq!((dataset.image(6), dataset.packed_images().len()), (&[7][..], 2));
        assert_ne!(dataset.sha256(), dataset.clone().without_validation().sha256());
    }

    #[test]
    fn validation_images_replace_test_images() {
        for (validation, images) in
            [(0, &[1, 2, 3, 4, 5, 6][..]), (3, &[1, 2, 3, 4, 7, 8, 9]), (2, &[1, 2, 3, 4, 7, 8])]
        {
            let subset = dataset().subset(validation, 0, 0).unwrap();
            assert_eq!((subset.images(), subset.validation_count()), (images, 0));
            assert_eq!((subset.training_count, subset.test_count), (4, images.len() - 4));
        }
        let error = dataset().subset(4, 0, 0).unwrap_err().to_string();
        assert_eq!(error, "own: expected at most 3 validation images, requested 4");
        assert_eq!(dataset().training_images_beside(3), 4);
    }

    #[test]
    fn validation_note_states_the_use() {
        let note = |validation| dataset().validation_note(validation).unwrap();
        assert!(
            note(0).starts_with("own: 3 validation images of its own, not used"),
            "{}",
            note(0)
        );
        assert!(note(3).ends_with("own, evaluated in place of the test images"), "{}", note(3));
        assert!(note(2).contains("2 of them evaluated"), "{}", note(2));
        assert_eq!(dataset().without_validation().validation_note(2), None);
    }
}
