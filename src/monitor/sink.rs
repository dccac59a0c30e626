//! Destinations of a recording, which grows by batches of images.

use super::{ArrayInfo, RecordedArray, Recording};
use crate::interface::BackendError;

/// Images of a recording, known before the first one is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordedImages {
    /// Index of each image in the data set, in which test images follow training images.
    pub indices: Vec<u32>,
    /// Label of each image.
    pub labels: Vec<u8>,
    /// Number of recorded steps of each image.
    pub steps: Vec<u32>,
}

/// Destination of a recording.
pub trait RecordingSink {
    /// Error of the destination, or of the backend that shows the images.
    type Error: From<BackendError>;

    /// Receives all images and the final shape of all arrays, before any value.
    ///
    /// # Errors
    /// Returns an error if the destination cannot hold the recording.
    fn begin(&mut self, images: RecordedImages, arrays: Vec<ArrayInfo>) -> Result<(), Self::Error>;

    /// Appends the arrays of the next images.
    ///
    /// # Errors
    /// Returns an error if the destination cannot hold the values.
    fn append(&mut self, arrays: Vec<RecordedArray>) -> Result<(), Self::Error>;

    /// Receives the predicted class of each image and the arrays that have no axis of images.
    ///
    /// # Errors
    /// Returns an error if the destination cannot hold the values.
    fn finish(&mut self, predicted: &[u8], arrays: Vec<RecordedArray>) -> Result<(), Self::Error>;
}

impl RecordingSink for Recording {
    type Error = BackendError;

    fn begin(
        &mut self,
        images: RecordedImages,
        arrays: Vec<ArrayInfo>,
    ) -> Result<(), BackendError> {
        let RecordedImages { indices, labels, steps } = images;
        // Reserves all memory at once, since a recording may take most of it.
        let empty = |info: ArrayInfo| RecordedArray {
            values: Vec::with_capacity(info.len()),
            name: info.name,
            axes: info.axes,
            shape: info.shape,
            first_index: info.first_index,
        };
        let arrays = arrays.into_iter().filter(ArrayInfo::is_per_image).map(empty).collect();
        *self = Recording { images: indices, labels, steps, arrays, ..Recording::default() };
        Ok(())
    }

    fn append(&mut self, arrays: Vec<RecordedArray>) -> Result<(), BackendError> {
        for (own, array) in self.arrays.iter_mut().zip(arrays) {
            own.values.extend(array.values);
        }
        Ok(())
    }

    fn finish(&mut self, predicted: &[u8], arrays: Vec<RecordedArray>) -> Result<(), BackendError> {
        self.predicted = predicted.to_vec();
        self.arrays.extend(arrays);
        Ok(())
    }
}
