//! Plateau potentials: the sigmoid of the mean apical voltage at the end of each phase.
//!
//! The dendrite is linear, so the mean of `A = Y s` is `Y` times the mean of `s`.

use multiversion::multiversion;

use super::columns::Columns;
use super::tile::{Tiled, WIDTH};
use crate::layout::{Part, plateau, trace};
use crate::model::arithmetic::sigmoid;

/// `traces`: of the feedback's population, `[5, sources]`; `feedback`: `[sources, units]`;
/// `plateaus`: `[2, units]`.
#[multiversion(targets = "simd")]
pub fn plateau(part: &Part, traces: &Tiled<f32>, feedback: &Columns, plateaus: &mut Tiled<f32>) {
    for (tile, plateaus) in plateaus.each_mut().enumerate() {
        for (row, mean) in
            [(plateau::FORWARD, trace::FEEDBACK_FORWARD), (plateau::TARGET, trace::FEEDBACK_TARGET)]
        {
            let mut apical = [0.0; WIDTH];
            for source in 0..part.sources as usize {
                let spikes = traces.value(mean, source);
                let weights = &feedback.column(source)[tile];
                for i in 0..WIDTH {
                    apical[i] += weights[i] * spikes;
                }
            }
            for i in 0..WIDTH {
                plateaus[row][i] = sigmoid(apical[i]);
            }
        }
    }
}
