//! Averages rates over the windows at the ends of the phases, and keeps the rates of the last step for the next
//! image. The counterpart of `trace` for populations that transmit rates.

use multiversion::multiversion;

use super::averaging_window::{PhaseWindow, feedback_trace_row};
use super::tiled::{LANES, Tile, TiledArray};
use crate::interface::window_mean::FORWARD;
use crate::interface::{LaunchParams, RATE_HISTORY, RunParams, Sample};
use crate::model::exact_math::{SMALLEST_VOLTAGE, flush};

/// `rates`: `[1 + steps, units]`; `traces`: `[rows, units]`.
#[multiversion(targets = "simd")]
pub fn window_mean_rates(
    constants: &RunParams,
    part: &LaunchParams,
    lane: &Sample,
    rates: &mut TiledArray<f32>,
    traces: &mut TiledArray<f32>,
) {
    for (rates, traces) in rates.iter_tiles_mut().zip(traces.iter_tiles_mut()) {
        if part.is_output == 0 && part.sends_rates == 1 {
            traces[FORWARD] = mean(&PhaseWindow::forward(lane, 0), 0, rates);
        }
        if part.feeds_back_rates == 1 {
            for early in 0..=constants.max_plateau_lead() {
                traces[feedback_trace_row(constants, 0, early)] =
                    mean(&PhaseWindow::forward(lane, early), 1, rates);
                traces[feedback_trace_row(constants, 1, early)] =
                    mean(&PhaseWindow::target(lane, early), 1, rates);
            }
        }
        let steps = lane.steps() as usize;
        for row in 0..RATE_HISTORY as usize {
            rates[row] = rates[steps + row];
        }
    }
}

/// Returns the mean of each neuron's rates over a window, delayed by `delay` steps.
#[inline(always)]
fn mean(window: &PhaseWindow, delay: u32, rates: &[Tile<f32>]) -> Tile<f32> {
    let mut mean = Tile([0.0; LANES]);
    let end = window.end - delay;
    for step in end - window.length..end {
        let rates = &rates[(RATE_HISTORY + step) as usize];
        for i in 0..LANES {
            mean[i] += rates[i];
        }
    }
    for mean in mean.iter_mut() {
        *mean = flush(*mean * window.inverse, SMALLEST_VOLTAGE);
    }
    mean
}
