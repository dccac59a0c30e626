//! Computes the synaptic input `W phi` of every step from presynaptic rates, which are not filtered.

use multiversion::multiversion;

use super::tiled::{LANES, Tile, TiledArray};
use super::weight_matrix::WeightMatrix;
use crate::interface::{LaunchParams, RATE_HISTORY, RunParams, Sample};

/// `rates`: of the presynaptic population, `[1 + steps, n_pre]`; `weights`: `[n_pre + 1, units]`; `drive`:
/// `[history + block, units]`, with the first step in row `history`.
pub fn synaptic_input_rates(
    constants: &RunParams,
    part: &LaunchParams,
    lane: &Sample,
    rates: &TiledArray<f32>,
    weights: &WeightMatrix,
    drive: &mut TiledArray<f32>,
) {
    let begin = (RATE_HISTORY + part.first_step) as usize;
    let end = (RATE_HISTORY + lane.steps().min(part.first_step + part.step_count)) as usize;
    for (row, step) in (constants.history_rows as usize..).zip(begin..end) {
        // Constant rates, as the input's, give the same sums as the step before.
        let is_same = |rates: &[Tile<f32>]| rates[step] == rates[step - 1];
        if step > begin && rates.iter_tiles().all(is_same) {
            drive.iter_tiles_mut().for_each(|rows| rows[row] = rows[row - 1]);
        } else {
            sum_columns(part, rates, step, weights, drive, row);
        }
    }
}

/// Sums the columns of all presynaptic neurons times their rates, in ascending order.
#[multiversion(targets = "simd")]
fn sum_columns(
    part: &LaunchParams,
    rates: &TiledArray<f32>,
    step: usize,
    weights: &WeightMatrix,
    drive: &mut TiledArray<f32>,
    row: usize,
) {
    for (tile, rows) in drive.iter_tiles_mut().enumerate() {
        let mut sums = Tile([0.0; LANES]);
        for neuron in 0..part.n_pre as usize {
            let rate = rates.value(step, neuron);
            let weights = &weights.column(neuron)[tile];
            for i in 0..LANES {
                sums[i] += weights[i] * rate;
            }
        }
        rows[row] = sums;
    }
}
