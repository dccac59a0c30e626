//! Memory required by the backend.

use super::Threads;
use crate::cpu::spikes::mask;
use crate::cpu::state::persistent;
use crate::cpu::state::weight_matrix::WeightMatrix;
use crate::interface::{ArrayId, Shape};

/// Returns the size of all arrays of a shape, bytes. `threads`: number of threads, or 0 for [`Threads::choose`].
///
/// Excludes the images, which belong to the data set, and [`ArrayId::SpikeMask`], which is packed when it is read.
pub fn required_bytes(shape: &Shape, threads: usize) -> u64 {
    let threads = if threads == 0 { Threads::choose(0).count } else { threads };
    let words = |array| {
        let [columns, units] = shape.dims(array);
        match array {
            ArrayId::Images | ArrayId::SpikeMask(_) => 0,
            ArrayId::Weights(_)
            | ArrayId::Moments(_)
            | ArrayId::Gradient(_)
            | ArrayId::Feedback(_)
            | ArrayId::EventFeedback(_) => {
                shape.copies(array) * WeightMatrix::padded_words(columns, units)
            }
            // Without access per sample, there is one copy per thread.
            _ if shape.is_per_sample(array) && !shape.per_sample_access => {
                threads * shape.len_per_copy(array)
            }
            _ => shape.len(array),
        }
    };
    let arrays = shape.arrays().into_iter().map(words).sum::<usize>();
    let samples =
        if shape.per_sample_access { shape.replicas * shape.samples_per_replica } else { threads };
    let spike_mask: usize =
        shape.populations.iter().map(|&units| mask::bytes(units, shape.steps)).sum();
    (4 * (arrays + persistent::words(shape)) + samples * spike_mask) as u64
}
