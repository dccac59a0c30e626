//! Sets the apical voltages of the next step from feedback rates, which are not filtered: `A = Y phi + c`.

use multiversion::multiversion;

use super::apical_step_spikes::add_biases;
use super::tiled::{LANES, Tile, TiledArray};
use super::weight_matrix::WeightMatrix;
use crate::interface::compartment::APICAL;
use crate::interface::{BatchParams, LaunchParams, Sample};

/// `rates`: of the feedback population, `[1 + steps, n_feedback]`; `feedback`: `[columns, units]`; `compartments`:
/// `[5, units]`.
pub fn apical_step_rates(
    part: &LaunchParams,
    minibatch: &BatchParams,
    lane: &Sample,
    rates: &TiledArray<f32>,
    feedback: &WeightMatrix,
    compartments: &mut TiledArray<f32>,
) {
    if part.step_count > 0 && part.first_step >= lane.steps() {
        return;
    }
    // The row of the step before the one that reads the voltage.
    let step = part.first_step + part.step_count;
    let sources = if step > 0 || minibatch.reset_state == 0 { part.n_feedback as usize } else { 0 };
    sum(step as usize, sources, rates, feedback, compartments);
    add_biases(part, feedback, compartments);
}

/// Sums the columns of the first `sources` neurons times their rates, in ascending order.
#[multiversion(targets = "simd")]
fn sum(
    step: usize,
    sources: usize,
    rates: &TiledArray<f32>,
    feedback: &WeightMatrix,
    compartments: &mut TiledArray<f32>,
) {
    for (tile, compartments) in compartments.iter_tiles_mut().enumerate() {
        let mut sums = Tile([0.0; LANES]);
        for source in 0..sources {
            let rate = rates.value(step, source);
            let weights = &feedback.column(source)[tile];
            for i in 0..LANES {
                sums[i] += weights[i] * rate;
            }
        }
        compartments[APICAL] = sums;
    }
}
