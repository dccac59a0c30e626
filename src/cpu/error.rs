//! The local error of every neuron, with the factor P of its update.
//!
//! Output: `E = -(phi_t - phi_max sigma(C)) k_D phi_max sigma'(C)`; hidden:
//! `E = -(alpha_t - alpha_f) k_B phi_max sigma'(C)`; C is the forward phase's mean.

use multiversion::multiversion;

use super::tile::{Tile, WIDTH, load, store};
use crate::layout::{Part, Replica, compartment, plateau};
use crate::model::arithmetic::{SMALLEST_GRADIENT, flush, sigmoid, sigmoid_slope};

/// `compartments`: `[5, units]`; `plateaus`: `[2, units]`; `errors`: `[units]`.
#[multiversion(targets = "simd")]
pub fn error(
    replica: &Replica,
    part: &Part,
    compartments: &[f32],
    plateaus: &[f32],
    errors: &mut [f32],
) {
    let units = part.units as usize;
    for start in (0..units).step_by(WIDTH) {
        let means: Tile<f32> =
            load(&compartments[compartment::MEAN_SOMA * units..][..units], start);
        let mut error = [0.0; WIDTH];
        if part.is_output == 1 {
            let rates: Tile<f32> =
                load(&compartments[compartment::MEAN_RATE * units..][..units], start);
            for i in 0..WIDTH {
                let forward = sigmoid(means[i]);
                let difference = replica.phi_max * forward - rates[i];
                error[i] = difference * replica.output_error_gain * sigmoid_slope(forward);
            }
        } else {
            let before: Tile<f32> = load(&plateaus[plateau::FORWARD * units..][..units], start);
            let after: Tile<f32> = load(&plateaus[plateau::TARGET * units..][..units], start);
            for i in 0..WIDTH {
                let slope = sigmoid_slope(sigmoid(means[i]));
                error[i] = (before[i] - after[i]) * replica.hidden_error_gain * slope;
            }
        }
        for error in &mut error {
            *error = flush(*error, SMALLEST_GRADIENT);
        }
        store(errors, start, &error);
    }
}
