//! Steps the apical dendrites: the feedback spikes of this step determine the apical voltage of the next step (a
//! delay of one step). `A = kappa * (Y n) + c`.

use multiversion::multiversion;

use super::simd::{Scalar16, Simd};
use super::spike_list::SpikeList;
use super::synaptic_filter::{filtered_input, shift_history};
use super::synaptic_input_spikes::sum_columns;
use super::tiled::{LANES, Tile, TiledArray};
use super::weight_matrix::WeightMatrix;
use crate::interface::compartment::APICAL;
use crate::interface::{BatchParams, LaunchParams, RunParams, STEPS_PER_WORD, Sample};
use crate::model::exact_math::{SMALLEST_VOLTAGE, flush};

/// Advances the apical voltages by one step. `spike_list`: spikes of the feedback population at the step; `feedback`:
/// `[columns, units]`; `apical_drive`: `[history + 1, units]`; `compartments`: `[5, units]`.
pub fn apical_step_spikes(
    constants: &RunParams,
    part: &LaunchParams,
    lane: &Sample,
    spike_list: &SpikeList,
    feedback: &WeightMatrix,
    apical_drive: &mut TiledArray<f32>,
    compartments: &mut TiledArray<f32>,
) {
    if part.first_step >= lane.steps() {
        return;
    }
    let step = constants.history_words * STEPS_PER_WORD + part.first_step;
    let history = constants.history_rows as usize;
    sum_columns(step..step + 1, spike_list, feedback, &mut apical_drive.all_tiles(), history);
    filter(constants, apical_drive, compartments);
    add_biases(part, feedback, compartments);
}

/// Sets the apical voltages before the first spike of the image. After a reset they equal the bias; otherwise they
/// follow from the history that `apical_history` summed with the current feedback weights. Shapes: see [`apical_step_spikes`].
pub fn begin_apical(
    constants: &RunParams,
    part: &LaunchParams,
    minibatch: &BatchParams,
    feedback: &WeightMatrix,
    apical_drive: &mut TiledArray<f32>,
    compartments: &mut TiledArray<f32>,
) {
    if minibatch.reset_state == 1 {
        apical_drive.all_tiles().clear_rows(constants.history_rows as usize);
        compartments.iter_tiles_mut().for_each(|rows| rows[APICAL] = Tile([0.0; LANES]));
    } else if constants.tap_count > 0 {
        filter(constants, apical_drive, compartments);
    } else {
        for (drive, compartments) in apical_drive.iter_tiles().zip(compartments.iter_tiles_mut()) {
            let (slow, fast) = (&drive[0], &drive[1]);
            for i in 0..LANES {
                compartments[APICAL][i] =
                    constants.gain_slow * slow[i] - constants.gain_fast * fast[i];
            }
        }
    }
    add_biases(part, feedback, compartments);
}

/// Adds the apical biases, if any, and flushes the apical voltages.
pub fn add_biases(
    part: &LaunchParams,
    feedback: &WeightMatrix,
    compartments: &mut TiledArray<f32>,
) {
    if part.feedback_columns > part.n_feedback {
        let biases = feedback.column(part.n_feedback as usize);
        for (compartments, biases) in compartments.iter_tiles_mut().zip(biases) {
            for i in 0..LANES {
                compartments[APICAL][i] += biases[i];
            }
        }
    }
    for compartments in compartments.iter_tiles_mut() {
        for voltage in compartments[APICAL].iter_mut() {
            *voltage = flush(*voltage, SMALLEST_VOLTAGE);
        }
    }
}

/// Filters the input of one step and shifts its history.
#[multiversion(targets = "simd")]
fn filter(
    constants: &RunParams,
    apical_drive: &mut TiledArray<f32>,
    compartments: &mut TiledArray<f32>,
) {
    for (drive, compartments) in apical_drive.iter_tiles_mut().zip(compartments.iter_tiles_mut()) {
        let voltages = filtered_input::<Scalar16>(constants, drive, 0, 1);
        Scalar16::store_f32(voltages[0], &mut compartments[APICAL]);
        shift_history(constants, drive, 1);
    }
}
