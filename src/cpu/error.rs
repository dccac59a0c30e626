//! The local error of every neuron, with the factor P of its update.
//!
//! Output: `E = -(phi_t - phi_max sigma(C)) k_D phi_max sigma'(C)`; hidden:
//! `E = -(alpha_t - alpha_f) k_B phi_max sigma'(C)`; C is the forward phase's mean.

use multiversion::multiversion;

use crate::layout::{Constants, Part, compartment, plateau};
use crate::model::arithmetic::{SMALLEST_GRADIENT, flush, sigmoid, sigmoid_slope};

/// `compartments`: `[5, units]`; `plateaus`: `[2, units]`; `errors`: `[units]`.
#[multiversion(targets = "simd")]
pub fn error(
    constants: &Constants,
    part: &Part,
    compartments: &[f32],
    plateaus: &[f32],
    errors: &mut [f32],
) {
    let units = part.units as usize;
    for unit in 0..units {
        let forward = sigmoid(compartments[compartment::MEAN_SOMA * units + unit]);
        let (difference, gain) = if part.is_output == 1 {
            let target = compartments[compartment::MEAN_RATE * units + unit];
            (constants.phi_max * forward - target, constants.output_error_gain)
        } else {
            let forward = plateaus[plateau::FORWARD * units + unit];
            let target = plateaus[plateau::TARGET * units + unit];
            (forward - target, constants.hidden_error_gain)
        };
        let error = difference * gain * sigmoid_slope(forward);
        errors[unit] = flush(error, SMALLEST_GRADIENT);
    }
}
