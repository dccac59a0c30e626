//! Memory that the backend will need.

use super::weight_matrix::WeightMatrix;
use super::{Threads, persistent, spike_mask};
use crate::interface::{Array, Shape};

/// Returns the size of all arrays of a shape, bytes. `threads`: 0 for [`Threads::choose`].
///
/// Excludes the images, which belong to the data set, and the spike masks of `Array`, which are packed on demand.
pub fn required_bytes(shape: &Shape, threads: usize) -> u64 {
    let threads = if threads == 0 { Threads::choose(0).count } else { threads };
    let words = |array| {
        let [columns, units] = shape.rows_and_columns(array);
        match array {
            Array::Images | Array::Raster(_) => 0,
            Array::Weights(_) | Array::Moments(_) | Array::Gradient(_) | Array::Feedback(_) => {
                shape.copies(array) * WeightMatrix::padded_words(columns, units)
            }
            // If not kept, there is one copy per thread.
            _ if shape.has_lanes(array) && !shape.keeps_lanes => threads * shape.copy_length(array),
            _ => shape.length(array),
        }
    };
    let arrays = shape.arrays().into_iter().map(words).sum::<usize>();
    let lanes = if shape.keeps_lanes { shape.replicas * shape.lanes } else { threads };
    let spike_mask: usize =
        shape.populations.iter().map(|&units| spike_mask::bytes(units, shape.steps)).sum();
    (4 * (arrays + persistent::words(shape)) + lanes * spike_mask) as u64
}
