//! Averages the rates that apical dendrites hear instead of spikes: at each step, the rate `phi_max sigma(C)` of a
//! neuron times what the filter makes of it in the windows at the ends of the phases.

use super::response::{Window, feedback_row};
use super::tile::{Tile, Tiled, WIDTH};
use crate::layout::{Constants, Lane, Part, Replica, compartment};
use crate::model::arithmetic::sigmoid;

/// `compartments`: `[5, units]`; `traces`: of the layer's population, `[rows, units]`.
pub fn rate(
    constants: &Constants,
    replica: &Replica,
    part: &Part,
    lane: &Lane,
    compartments: &Tiled<f32>,
    traces: &mut Tiled<f32>,
) {
    if lane.steps() <= part.first {
        return;
    }
    for (traces, compartments) in traces.each_mut().zip(compartments.each()) {
        let mut rates = Tile([0.0; WIDTH]);
        for i in 0..WIDTH {
            rates[i] = replica.phi_max * sigmoid(compartments[compartment::SOMA][i]);
        }
        for early in 0..=constants.earliest_plateau() {
            let windows = [Window::forward(lane, early), Window::target(lane, early)];
            for (phase, window) in (0..).zip(&windows) {
                let row = &mut traces[feedback_row(constants, phase, early)];
                add(constants, part, window, &rates, row);
            }
        }
    }
}

/// Adds what rates of this step are heard as, one step late, to means over a window.
fn add(
    constants: &Constants,
    part: &Part,
    window: &Window,
    rates: &Tile<f32>,
    means: &mut Tile<f32>,
) {
    let step = part.first;
    if step == 0 {
        *means = Tile([0.0; WIDTH]);
    }
    if step >= window.first_heard(constants, 1) && step + 1 < window.end {
        let weight = window.weight(constants, step + 1) * window.inverse;
        for i in 0..WIDTH {
            means[i] += weight * rates[i];
        }
    }
}
