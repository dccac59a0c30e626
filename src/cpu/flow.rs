//! Sums, for every step, the weight columns of all neurons below by their rates: `W phi`. No kernel filters rates.

use multiversion::multiversion;

use super::columns::Columns;
use super::tile::{Tile, Tiled, WIDTH};
use crate::layout::{Constants, Lane, Part, RATE_HISTORY};

/// `rates`: of the population below, `[1 + steps, below]`; `weights`: `[below + 1, units]`; `drive`:
/// `[history + block, units]`, the step `first` in row `history`.
pub fn flow(
    constants: &Constants,
    part: &Part,
    lane: &Lane,
    rates: &Tiled<f32>,
    weights: &Columns,
    drive: &mut Tiled<f32>,
) {
    let begin = (RATE_HISTORY + part.first) as usize;
    let end = (RATE_HISTORY + lane.steps().min(part.first + part.steps)) as usize;
    for (row, step) in (constants.history as usize..).zip(begin..end) {
        // Within an image, the input sends the same rates at each step, and their sums are the same.
        let is_same = |rates: &[Tile<f32>]| rates[step] == rates[step - 1];
        if step > begin && rates.each().all(is_same) {
            drive.each_mut().for_each(|rows| rows[row] = rows[row - 1]);
        } else {
            sum_columns(part, rates, step, weights, drive, row);
        }
    }
}

/// The columns of all neurons below times their rates, in ascending order.
#[multiversion(targets = "simd")]
fn sum_columns(
    part: &Part,
    rates: &Tiled<f32>,
    step: usize,
    weights: &Columns,
    drive: &mut Tiled<f32>,
    row: usize,
) {
    for (tile, rows) in drive.each_mut().enumerate() {
        let mut sums = Tile([0.0; WIDTH]);
        for neuron in 0..part.below as usize {
            let rate = rates.value(step, neuron);
            let weights = &weights.column(neuron)[tile];
            for i in 0..WIDTH {
                sums[i] += weights[i] * rate;
            }
        }
        rows[row] = sums;
    }
}
