//! Averages filtered spike trains over the windows at the ends of the phases, and keeps what the next image needs.
//!
//! With a truncated kernel the average is a sum over spikes of a weight that depends on the spike's time only: the
//! part of its response within the window.

use multiversion::multiversion;

use super::averaging_window::{PhaseWindow, feedback_trace_row};
use super::tiled::{LANES, Tile, TiledArray};
use crate::interface::window_mean::{FAST, FORWARD, SLOW};
use crate::interface::{
    BatchParams, COUNT_BITS, COUNT_MASK, LaunchParams, RunParams, STEPS_PER_WORD, Sample,
};
use crate::model::exact_math::{SMALLEST_VOLTAGE, flush};

/// `spikes`: `[history words + words, units]`; `traces`: `[rows, units]`.
#[multiversion(targets = "simd")]
pub fn window_mean_spikes(
    constants: &RunParams,
    part: &LaunchParams,
    minibatch: &BatchParams,
    lane: &Sample,
    spikes: &mut TiledArray<u32>,
    traces: &mut TiledArray<f32>,
) {
    for (spikes, traces) in spikes.iter_tiles_mut().zip(traces.iter_tiles_mut()) {
        let (past, spikes) = spikes.split_at_mut(constants.history_words as usize);
        if constants.tap_count == 0 {
            iir_traces(constants, part, minibatch, lane, spikes, traces);
            continue;
        }
        save_spike_history(lane.steps(), spikes, past);
        if part.is_output == 0 && part.sends_rates == 0 {
            traces[FORWARD] = mean(&PhaseWindow::forward(lane, 0), constants, 0, spikes);
        }
        if part.feeds_back_spikes == 1 {
            for lead in 0..=constants.max_plateau_lead() {
                traces[feedback_trace_row(constants, 0, lead)] =
                    mean(&PhaseWindow::forward(lane, lead), constants, 1, spikes);
                traces[feedback_trace_row(constants, 1, lead)] =
                    mean(&PhaseWindow::target(lane, lead), constants, 1, spikes);
            }
        }
    }
}

/// Copies the last spikes of an image of `steps` steps to `past`, the history of the next image, so that the last
/// step is in the last slot.
#[inline(always)]
fn save_spike_history(steps: u32, spikes: &[Tile<u32>], past: &mut [Tile<u32>]) {
    let earliest = steps - past.len() as u32 * STEPS_PER_WORD;
    let from = &spikes[(earliest / STEPS_PER_WORD) as usize..];
    let shift = earliest % STEPS_PER_WORD * COUNT_BITS;
    for (index, past) in past.iter_mut().enumerate() {
        for i in 0..LANES {
            past[i] = from[index][i] >> shift;
        }
        if shift > 0 {
            for i in 0..LANES {
                past[i] |= from[index + 1][i] << (u32::BITS - shift);
            }
        }
    }
}

/// Returns the mean of each neuron's filtered spike train over a window, delayed by `delay` steps.
#[inline(always)]
fn mean(
    window: &PhaseWindow,
    constants: &RunParams,
    delay: u32,
    spikes: &[Tile<u32>],
) -> Tile<f32> {
    let mut mean = Tile([0.0; LANES]);
    for step in window.first_contributing_step(constants, delay)..window.end - delay {
        let weight = window.weight(constants, step + delay);
        let words = &spikes[(step / STEPS_PER_WORD) as usize];
        let shift = step % STEPS_PER_WORD * COUNT_BITS;
        for i in 0..LANES {
            mean[i] += count(words[i], shift) * weight;
        }
    }
    for mean in mean.iter_mut() {
        *mean *= window.inverse;
    }
    mean
}

/// Averages with the full kernel: two traces per neuron, stepped through the whole image. For a feedback population,
/// once per possible lead of the plateau potentials.
#[inline(always)]
fn iir_traces(
    constants: &RunParams,
    part: &LaunchParams,
    minibatch: &BatchParams,
    lane: &Sample,
    spikes: &[Tile<u32>],
    traces: &mut [Tile<f32>],
) {
    let carried = [traces[SLOW], traces[FAST]];
    let earliest = if part.feeds_back_spikes == 1 { constants.max_plateau_lead() } else { 0 };
    for lead in 0..=earliest {
        iir_traces_at(constants, minibatch, lane, lead, &carried, spikes, traces);
    }
}

/// Averages with the full kernel for one lead of the plateau potentials. `carried`: the traces before the image.
#[inline(always)]
fn iir_traces_at(
    constants: &RunParams,
    minibatch: &BatchParams,
    lane: &Sample,
    lead: u32,
    carried: &[Tile<f32>; 2],
    spikes: &[Tile<u32>],
    traces: &mut [Tile<f32>],
) {
    let [forward, target] = [PhaseWindow::forward(lane, lead), PhaseWindow::target(lane, lead)];
    let [mut slow, mut fast] = [Tile([0.0; LANES]); 2];
    if minibatch.reset_state == 0 {
        [slow, fast] = *carried;
    }
    let mut now = [0.0; LANES];
    for i in 0..LANES {
        now[i] = constants.gain_slow * slow[i] - constants.gain_fast * fast[i];
    }
    let [mut mean, mut feedback_forward, mut feedback_target] = [Tile([0.0; LANES]); 3];
    for step in 0..lane.steps() {
        let words = &spikes[(step / STEPS_PER_WORD) as usize];
        let shift = step % STEPS_PER_WORD * COUNT_BITS;
        let before = now;
        for i in 0..LANES {
            let n = count(words[i], shift);
            slow[i] = flush(constants.decay_slow * slow[i] + n, SMALLEST_VOLTAGE);
            fast[i] = flush(constants.decay_fast * fast[i] + n, SMALLEST_VOLTAGE);
            now[i] = constants.gain_slow * slow[i] - constants.gain_fast * fast[i];
        }
        if forward.contains(step) {
            for i in 0..LANES {
                mean[i] += now[i];
                feedback_forward[i] += before[i];
            }
        }
        if target.contains(step) {
            for i in 0..LANES {
                feedback_target[i] += before[i];
            }
        }
    }
    let rows = [0, 1].map(|phase| feedback_trace_row(constants, phase, lead));
    for i in 0..LANES {
        traces[rows[0]][i] = flush(feedback_forward[i] * forward.inverse, SMALLEST_VOLTAGE);
        traces[rows[1]][i] = flush(feedback_target[i] * target.inverse, SMALLEST_VOLTAGE);
    }
    if lead == 0 {
        for i in 0..LANES {
            traces[FORWARD][i] = flush(mean[i] * forward.inverse, SMALLEST_VOLTAGE);
        }
        (traces[SLOW], traces[FAST]) = (slow, fast);
    }
}

/// Returns the spike count at `shift`.
#[inline(always)]
fn count(word: u32, shift: u32) -> f32 {
    (word >> shift & COUNT_MASK) as i32 as f32
}
