//! Rows that samples keep from one training minibatch to the next, as parts of whole arrays.

use super::{ArrayId, Shape};

/// Returns the persistent rows of an array, `[samples, persistent rows, units]`. `words`: the whole array.
pub fn persistent_rows_of(shape: &Shape, array: ArrayId, words: &[u32]) -> Vec<u32> {
    let [rows, units] = shape.dims(array);
    let persistent = shape.persistent_rows(array);
    let persistent = persistent.start * units..persistent.end * units;
    let samples = words.chunks_exact((rows * units).max(1));
    samples.flat_map(|sample| &sample[persistent.clone()]).copied().collect()
}

/// Returns a whole array with the given persistent rows; its other rows are zero. `words`: as
/// [`persistent_rows_of`] returns them.
pub fn array_with_persistent_rows(shape: &Shape, array: ArrayId, words: &[u32]) -> Vec<u32> {
    let [rows, units] = shape.dims(array);
    let persistent = shape.persistent_rows(array);
    let persistent = persistent.start * units..persistent.end * units;
    let mut all = vec![0; shape.len(array)];
    let samples = all.chunks_exact_mut((rows * units).max(1));
    for (sample, words) in samples.zip(words.chunks_exact(persistent.len().max(1))) {
        sample[persistent.clone()].copy_from_slice(words);
    }
    all
}
