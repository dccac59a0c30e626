//! Backend arrays of the samples of a batch, as numbers.

use crate::interface::{ArrayId, Backend, BackendError, Sample, Shape};

/// Backend arrays of the samples of a batch.
pub(super) struct SampleArrays<'a> {
    pub(super) backend: &'a mut dyn Backend,
    pub(super) shape: &'a Shape,
    pub(super) samples: &'a [Sample],
}

impl SampleArrays<'_> {
    /// Reads an array of floats of all samples.
    pub(super) fn read(&mut self, array: ArrayId) -> Result<Vec<f32>, BackendError> {
        self.backend.read_samples(array, self.samples.len())?.into_f32(array)
    }

    /// Reads an array of integers of all samples.
    pub(super) fn read_u32(&mut self, array: ArrayId) -> Result<Vec<u32>, BackendError> {
        self.backend.read_samples(array, self.samples.len())?.into_u32(array)
    }

    /// Reads selected rows of each sample. Shape: `[samples, rows, units]`.
    pub(super) fn rows(
        &mut self,
        array: ArrayId,
        rows: &[usize],
    ) -> Result<Vec<f32>, BackendError> {
        let values = self.read(array)?;
        let [_, columns] = self.shape.dims(array);
        let samples = values.chunks(self.shape.len_per_copy(array));
        let row = |sample: &[f32], row: usize| sample[row * columns..(row + 1) * columns].to_vec();
        Ok(samples
            .flat_map(|sample| rows.iter().flat_map(move |&index| row(sample, index)))
            .collect())
    }
}
