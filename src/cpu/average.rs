//! Averages rates over the windows at the ends of the phases, and keeps those of the last step for the next image:
//! what `trace` does with spikes.

use multiversion::multiversion;

use super::response::{Window, feedback_row};
use super::tile::{Tile, Tiled, WIDTH};
use crate::layout::trace::FORWARD;
use crate::layout::{Constants, Lane, Part, RATE_HISTORY};
use crate::model::exact_math::{SMALLEST_VOLTAGE, flush};

/// `rates`: `[1 + steps, units]`; `traces`: `[rows, units]`.
#[multiversion(targets = "simd")]
pub fn average(
    constants: &Constants,
    part: &Part,
    lane: &Lane,
    rates: &mut Tiled<f32>,
    traces: &mut Tiled<f32>,
) {
    for (rates, traces) in rates.each_mut().zip(traces.each_mut()) {
        if part.is_output == 0 && part.sends_rates == 1 {
            traces[FORWARD] = mean(&Window::forward(lane, 0), 0, rates);
        }
        if part.is_rate_source == 1 {
            for early in 0..=constants.earliest_plateau() {
                traces[feedback_row(constants, 0, early)] =
                    mean(&Window::forward(lane, early), 1, rates);
                traces[feedback_row(constants, 1, early)] =
                    mean(&Window::target(lane, early), 1, rates);
            }
        }
        let steps = lane.steps() as usize;
        for row in 0..RATE_HISTORY as usize {
            rates[row] = rates[steps + row];
        }
    }
}

/// Mean over a window of each neuron's rates, seen `delay` steps late.
#[inline(always)]
fn mean(window: &Window, delay: u32, rates: &[Tile<f32>]) -> Tile<f32> {
    let mut mean = Tile([0.0; WIDTH]);
    let end = window.end - delay;
    for step in end - window.length..end {
        let rates = &rates[(RATE_HISTORY + step) as usize];
        for i in 0..WIDTH {
            mean[i] += rates[i];
        }
    }
    for mean in mean.iter_mut() {
        *mean = flush(*mean * window.inverse, SMALLEST_VOLTAGE);
    }
    mean
}
