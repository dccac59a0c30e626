//! Keeps the rate `phi_max sigma(C)` of a layer's neurons at a step, where they send it instead of spikes.

use super::tile::{Tiled, WIDTH};
use crate::layout::{Lane, Part, RATE_HISTORY, Replica, compartment};
use crate::model::exact_math::{SMALLEST_VOLTAGE, flush, sigmoid};

/// `compartments`: `[5, units]`; `rates`: `[1 + steps, units]`.
pub fn rate(
    replica: &Replica,
    part: &Part,
    lane: &Lane,
    compartments: &Tiled<f32>,
    rates: &mut Tiled<f32>,
) {
    if lane.steps() <= part.first {
        return;
    }
    let row = (RATE_HISTORY + part.first) as usize;
    for (rates, compartments) in rates.each_mut().zip(compartments.each()) {
        for i in 0..WIDTH {
            let rate = replica.phi_max * sigmoid(compartments[compartment::SOMA][i]);
            rates[row][i] = flush(rate, SMALLEST_VOLTAGE);
        }
    }
}
