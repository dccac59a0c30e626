//! Stores the rates `phi_max sigma(C)` of a layer at a step, for populations that transmit rates instead of spikes.

use super::tiled::{LANES, TiledArray};
use crate::interface::{LaunchParams, RATE_HISTORY, ReplicaParams, Sample, compartment};
use crate::model::exact_math::{SMALLEST_VOLTAGE, flush, sigmoid};

/// `compartments`: `[5, units]`; `rates`: `[1 + steps, units]`.
pub fn emit_rates(
    replica: &ReplicaParams,
    part: &LaunchParams,
    lane: &Sample,
    compartments: &TiledArray<f32>,
    rates: &mut TiledArray<f32>,
) {
    if lane.steps() <= part.first_step {
        return;
    }
    let row = (RATE_HISTORY + part.first_step) as usize;
    for (rates, compartments) in rates.iter_tiles_mut().zip(compartments.iter_tiles()) {
        for i in 0..LANES {
            let rate = replica.phi_max * sigmoid(compartments[compartment::SOMA][i]);
            rates[row][i] = flush(rate, SMALLEST_VOLTAGE);
        }
    }
}
