//! Rows that samples keep from one training minibatch to the next, as parts of whole arrays.

use std::ops::Range;

use super::{ArrayId, COUNT_BITS, STEPS_PER_WORD, Shape, Values, ValuesRef};

/// Returns the persistent rows of an array, `[samples, persistent rows, units]`, equal for equal runs on any backend.
/// `values`: the whole array.
pub fn persistent_rows_of(shape: &Shape, array: ArrayId, values: &Values) -> Values {
    match values {
        Values::U32(values) => {
            let mut rows = gather(shape, array, values);
            if let ArrayId::Spikes(_) = array {
                clear_unread_steps(shape, array, &mut rows);
            }
            Values::U32(rows)
        }
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

/// Clears the spike counts before [`Shape::history_steps`] in the first word of each neuron. No kernel reads them, and
/// the CPU backend does not store them.
fn clear_unread_steps(shape: &Shape, array: ArrayId, rows: &mut [u32]) {
    let unread = shape.history_words() * STEPS_PER_WORD - shape.history_steps();
    let [_, units] = shape.dims(array);
    for sample in rows.chunks_exact_mut(shape.persistent_len(array).max(1)) {
        sample[..units].iter_mut().for_each(|word| *word &= u32::MAX << (unread * COUNT_BITS));
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
