//! Rows that samples keep from one training minibatch to the next, as parts of whole arrays.

use std::ops::Range;

use super::{ArrayId, Shape, Values, ValuesRef};

/// Returns the persistent rows of an array, `[samples, persistent rows, units]`. `values`: the whole array.
pub fn persistent_rows_of(shape: &Shape, array: ArrayId, values: &Values) -> Values {
    match values {
        Values::U32(values) => Values::U32(gather(shape, array, values)),
        Values::F32(values) => Values::F32(gather(shape, array, values)),
    }
}

/// Returns a whole array with the given persistent rows; its other rows are zero. `values`: as
/// [`persistent_rows_of`] returns them.
pub fn array_with_persistent_rows(shape: &Shape, array: ArrayId, values: ValuesRef) -> Values {
    match values {
        ValuesRef::U32(values) => Values::U32(scatter(shape, array, values)),
        ValuesRef::F32(values) => Values::F32(scatter(shape, array, values)),
    }
}

fn gather<T: Copy>(shape: &Shape, array: ArrayId, values: &[T]) -> Vec<T> {
    let range = persistent_range(shape, array);
    let samples = values.chunks_exact(shape.len_per_copy(array).max(1));
    samples.flat_map(|sample| &sample[range.clone()]).copied().collect()
}

fn scatter<T: Copy + Default>(shape: &Shape, array: ArrayId, values: &[T]) -> Vec<T> {
    let range = persistent_range(shape, array);
    let mut all = vec![T::default(); shape.len(array)];
    let samples = all.chunks_exact_mut(shape.len_per_copy(array).max(1));
    for (sample, values) in samples.zip(values.chunks_exact(range.len().max(1))) {
        sample[range.clone()].copy_from_slice(values);
    }
    all
}

/// Returns the indices of the persistent rows' values within a sample's copy of an array.
fn persistent_range(shape: &Shape, array: ArrayId) -> Range<usize> {
    let [_, units] = shape.dims(array);
    let rows = shape.persistent_rows(array);
    rows.start * units..rows.end * units
}
