//! The images or recordings of a data set, one by one or packed for a device.

use std::borrow::Cow;

use super::Dataset;
use super::spikes::Recordings;

impl Dataset {
    /// Returns one image, `[height * width]`; nothing for recordings. The test set starts at index `training_count`, the
    /// own validation set after it.
    ///
    /// # Panics
    /// Panics unless `index` is below `training_count + test_count + validation_count`.
    pub fn image(&self, index: usize) -> &[u8] {
        if self.recordings.is_some() {
            return &[];
        }
        let pixels = self.pixels();
        &self.images[index * pixels..][..pixels]
    }

    /// Returns the recordings that the data set has in place of images.
    pub fn recordings(&self) -> Option<&Recordings> {
        self.recordings.as_ref()
    }

    /// Returns the events of one recording, packed, see [`crate::model::events`]; nothing for images.
    ///
    /// # Panics
    /// As [`Dataset::image`].
    pub fn recording(&self, index: usize) -> &[u32] {
        self.recordings.as_ref().map_or(&[], |recordings| recordings.events(index))
    }

    /// Returns a picture of one example, `[height * width]`: the image, or the number of spikes of each
    /// unit, scaled so that the largest is 255.
    ///
    /// # Panics
    /// As [`Dataset::image`].
    pub fn picture(&self, index: usize) -> Cow<'_, [u8]> {
        match &self.recordings {
            Some(recordings) => {
                let counts = recordings.histogram(index, self.pixels());
                let largest = counts.iter().copied().max().unwrap_or(0).max(1);
                let shade = |count: u8| u16::from(count) * 255 / u16::from(largest);
                Cow::Owned(counts.into_iter().map(|count| shade(count) as u8).collect())
            }
            None => Cow::Borrowed(self.image(index)),
        }
    }

    /// Returns all training and test examples packed into words, as devices store them: images as four bytes a word, the
    /// first byte lowest, or recordings as [`Recordings::packed`].
    pub fn packed_images(&self) -> Vec<u32> {
        if let Some(recordings) = &self.recordings {
            return recordings.packed();
        }
        let pack =
            |bytes: &[u8]| bytes.iter().rev().fold(0, |word, &byte| word << 8 | u32::from(byte));
        self.images().chunks(4).map(pack).collect()
    }
}
