//! The local error of every neuron, with the factor P of its update.
//!
//! Output: `E = -(phi_t - phi_max sigma(C)) k_D phi_max sigma'(C)`; hidden:
//! `E = -(alpha_t - alpha_f) k_B phi_max sigma'(C)`; C is the forward phase's mean.

use multiversion::multiversion;

use super::tile::{Tile, Tiled, WIDTH};
use crate::layout::{Part, Replica, compartment, plateau};
use crate::model::exact_math::{SMALLEST_GRADIENT, flush, sigmoid, sigmoid_slope};

/// `compartments`: `[5, units]`; `plateaus`: `[2, units]`; `errors`: `[1, units]`.
#[multiversion(targets = "simd")]
pub fn error(
    replica: &Replica,
    part: &Part,
    compartments: &Tiled<f32>,
    plateaus: &Tiled<f32>,
    errors: &mut Tiled<f32>,
) {
    for (tile, errors) in errors.each_mut().enumerate() {
        let compartments = compartments.of(tile);
        let means = &compartments[compartment::MEAN_SOMA];
        let mut error = Tile([0.0; WIDTH]);
        if part.is_output == 1 {
            let rates = &compartments[compartment::MEAN_RATE];
            for i in 0..WIDTH {
                let forward = sigmoid(means[i]);
                let difference = replica.phi_max * forward - rates[i];
                error[i] = difference * replica.output_error_gain * sigmoid_slope(forward);
            }
        } else {
            let plateaus = plateaus.of(tile);
            let (before, after) = (&plateaus[plateau::FORWARD], &plateaus[plateau::TARGET]);
            for i in 0..WIDTH {
                let slope = sigmoid_slope(sigmoid(means[i]));
                error[i] = (before[i] - after[i]) * replica.hidden_error_gain * slope;
            }
        }
        for error in error.iter_mut() {
            *error = flush(*error, SMALLEST_GRADIENT);
        }
        // What fills the last tile learns nothing.
        for (i, error) in error.iter_mut().enumerate() {
            if tile * WIDTH + i >= part.units as usize {
                *error = 0.0;
            }
        }
        errors[0] = error;
    }
}
