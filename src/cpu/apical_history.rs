//! Computes the apical input from spikes before the image with the current feedback weights: the input of each of the
//! last K steps or, with the full kernel, its two traces.

use super::spike_list::SpikeList;
use super::synaptic_input_spikes::{history_from_traces, sum_columns};
use super::tiled::TiledArray;
use super::weight_matrix::WeightMatrix;
use crate::interface::{BatchParams, LaunchParams, RunParams, STEPS_PER_WORD};

/// `spike_list`: spikes of the feedback population at the last K steps; `traces`: of the same population,
/// `[rows, n_feedback]`; `feedback`: `[columns, units]`; `apical_drive`: `[history + 1, units]`.
pub fn apical_history(
    constants: &RunParams,
    part: &LaunchParams,
    minibatch: &BatchParams,
    spike_list: &SpikeList,
    traces: &TiledArray<f32>,
    feedback: &WeightMatrix,
    apical_drive: &mut TiledArray<f32>,
) {
    if minibatch.reset_state == 1 {
        return;
    }
    let mut drive = apical_drive.all_tiles();
    if constants.tap_count == 0 {
        return history_from_traces(part.n_feedback as usize, traces, feedback, &mut drive);
    }
    let image = constants.history_words * STEPS_PER_WORD;
    sum_columns(image - constants.tap_count..image, spike_list, feedback, &mut drive, 0);
}
