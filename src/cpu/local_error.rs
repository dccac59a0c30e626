//! Computes the local error of every neuron, times the factor P of its update.
//!
//! Output: `E = -(phi_t - phi_max sigma(C)) k_D phi_max sigma'(C)`. Hidden:
//! `E = -(alpha_t - alpha_f) k_B phi_max sigma'(C)`. C is the mean over the forward phase.

use multiversion::multiversion;

use super::tiled::{LANES, Tile, TiledArray};
use crate::interface::{LaunchParams, ReplicaParams, compartment, plateau};
use crate::model::exact_math::{SMALLEST_GRADIENT, flush, sigmoid, sigmoid_slope};

/// `compartments`: `[5, units]`; `plateaus`: `[2, units]`; `errors`: `[1, units]`.
#[multiversion(targets = "simd")]
pub fn local_error(
    replica: &ReplicaParams,
    part: &LaunchParams,
    compartments: &TiledArray<f32>,
    plateaus: &TiledArray<f32>,
    errors: &mut TiledArray<f32>,
) {
    for (tile, errors) in errors.iter_tiles_mut().enumerate() {
        let compartments = compartments.tile_rows(tile);
        let means = &compartments[compartment::MEAN_SOMA];
        let mut error = Tile([0.0; LANES]);
        if part.is_output == 1 {
            let rates = &compartments[compartment::MEAN_RATE];
            for i in 0..LANES {
                let forward = sigmoid(means[i]);
                let difference = replica.phi_max * forward - rates[i];
                error[i] = difference * replica.output_error_gain * sigmoid_slope(forward);
            }
        } else {
            let plateaus = plateaus.tile_rows(tile);
            let (forward, target) = (&plateaus[plateau::FORWARD], &plateaus[plateau::TARGET]);
            for i in 0..LANES {
                let slope = sigmoid_slope(sigmoid(means[i]));
                error[i] = (forward[i] - target[i]) * replica.hidden_error_gain * slope;
            }
        }
        for error in error.iter_mut() {
            *error = flush(*error, SMALLEST_GRADIENT);
        }
        // The padding of the last tile has zero error.
        for (i, error) in error.iter_mut().enumerate() {
            if tile * LANES + i >= part.units as usize {
                *error = 0.0;
            }
        }
        errors[0] = error;
    }
}
