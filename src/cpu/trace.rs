//! Averages filtered spike trains over the windows at the ends of the phases, and carries on what the
//! next image needs of them.
//!
//! With a cut kernel the average is a sum over spikes of a value that depends on the spike's time
//! alone: of its response, the part that falls into the window.

use multiversion::multiversion;

use super::response::{Window, feedback_row};
use super::tile::{Tile, Tiled, WIDTH};
use crate::layout::trace::{FAST, FORWARD, SLOW};
use crate::layout::{COUNT_BITS, COUNT_MASK, Constants, Lane, Minibatch, Part, STEPS_PER_WORD};
use crate::model::exact_math::{SMALLEST_VOLTAGE, flush};

/// `spikes`: `[past words + words, units]`; `traces`: `[rows, units]`.
#[multiversion(targets = "simd")]
pub fn trace(
    constants: &Constants,
    part: &Part,
    minibatch: &Minibatch,
    lane: &Lane,
    spikes: &mut Tiled<u32>,
    traces: &mut Tiled<f32>,
) {
    for (spikes, traces) in spikes.each_mut().zip(traces.each_mut()) {
        let (past, spikes) = spikes.split_at_mut(constants.past_words as usize);
        if constants.tap_count == 0 {
            uncut(constants, part, minibatch, lane, spikes, traces);
            continue;
        }
        carry(lane.steps(), spikes, past);
        if part.is_output == 0 && part.sends_rates == 0 {
            traces[FORWARD] = mean(&Window::forward(lane, 0), constants, 0, spikes);
        }
        if part.is_source == 1 {
            for early in 0..=constants.earliest_plateau() {
                traces[feedback_row(constants, 0, early)] =
                    mean(&Window::forward(lane, early), constants, 1, spikes);
                traces[feedback_row(constants, 1, early)] =
                    mean(&Window::target(lane, early), constants, 1, spikes);
            }
        }
    }
}

/// Keeps the last spikes of an image of `steps` steps for the next: word by word, with the last step
/// in the last slot.
#[inline(always)]
fn carry(steps: u32, spikes: &[Tile<u32>], past: &mut [Tile<u32>]) {
    let earliest = steps - past.len() as u32 * STEPS_PER_WORD;
    let from = &spikes[(earliest / STEPS_PER_WORD) as usize..];
    let shift = earliest % STEPS_PER_WORD * COUNT_BITS;
    for (index, past) in past.iter_mut().enumerate() {
        for i in 0..WIDTH {
            past[i] = from[index][i] >> shift;
        }
        if shift > 0 {
            for i in 0..WIDTH {
                past[i] |= from[index + 1][i] << (u32::BITS - shift);
            }
        }
    }
}

/// Mean over a window of each neuron's filtered spike train, seen `delay` steps late.
#[inline(always)]
fn mean(window: &Window, constants: &Constants, delay: u32, spikes: &[Tile<u32>]) -> Tile<f32> {
    let mut mean = Tile([0.0; WIDTH]);
    for step in window.first_heard(constants, delay)..window.end - delay {
        let weight = window.weight(constants, step + delay);
        let words = &spikes[(step / STEPS_PER_WORD) as usize];
        let shift = step % STEPS_PER_WORD * COUNT_BITS;
        for i in 0..WIDTH {
            mean[i] += count(words[i], shift) * weight;
        }
    }
    for mean in mean.iter_mut() {
        *mean *= window.inverse;
    }
    mean
}

/// The kernel without a cut: two traces for each neuron, stepped through the whole image. Of a population that
/// apical dendrites hear, once for each time at which plateau potentials may come.
#[inline(always)]
fn uncut(
    constants: &Constants,
    part: &Part,
    minibatch: &Minibatch,
    lane: &Lane,
    spikes: &[Tile<u32>],
    traces: &mut [Tile<f32>],
) {
    let carried = [traces[SLOW], traces[FAST]];
    let earliest = if part.is_source == 1 { constants.earliest_plateau() } else { 0 };
    for early in 0..=earliest {
        uncut_early(constants, minibatch, lane, early, &carried, spikes, traces);
    }
}

#[inline(always)]
fn uncut_early(
    constants: &Constants,
    minibatch: &Minibatch,
    lane: &Lane,
    early: u32,
    carried: &[Tile<f32>; 2],
    spikes: &[Tile<u32>],
    traces: &mut [Tile<f32>],
) {
    let [forward, target] = [Window::forward(lane, early), Window::target(lane, early)];
    let [mut slow, mut fast] = [Tile([0.0; WIDTH]); 2];
    if minibatch.fresh == 0 {
        [slow, fast] = *carried;
    }
    let mut now = [0.0; WIDTH];
    for i in 0..WIDTH {
        now[i] = constants.gain_slow * slow[i] - constants.gain_fast * fast[i];
    }
    let [mut mean, mut feedback_forward, mut feedback_target] = [Tile([0.0; WIDTH]); 3];
    for step in 0..lane.steps() {
        let words = &spikes[(step / STEPS_PER_WORD) as usize];
        let shift = step % STEPS_PER_WORD * COUNT_BITS;
        let before = now;
        for i in 0..WIDTH {
            let n = count(words[i], shift);
            slow[i] = flush(constants.decay_slow * slow[i] + n, SMALLEST_VOLTAGE);
            fast[i] = flush(constants.decay_fast * fast[i] + n, SMALLEST_VOLTAGE);
            now[i] = constants.gain_slow * slow[i] - constants.gain_fast * fast[i];
        }
        if forward.contains(step) {
            for i in 0..WIDTH {
                mean[i] += now[i];
                feedback_forward[i] += before[i];
            }
        }
        if target.contains(step) {
            for i in 0..WIDTH {
                feedback_target[i] += before[i];
            }
        }
    }
    let rows = [0, 1].map(|phase| feedback_row(constants, phase, early));
    for i in 0..WIDTH {
        traces[rows[0]][i] = flush(feedback_forward[i] * forward.inverse, SMALLEST_VOLTAGE);
        traces[rows[1]][i] = flush(feedback_target[i] * target.inverse, SMALLEST_VOLTAGE);
    }
    if early == 0 {
        for i in 0..WIDTH {
            traces[FORWARD][i] = flush(mean[i] * forward.inverse, SMALLEST_VOLTAGE);
        }
        (traces[SLOW], traces[FAST]) = (slow, fast);
    }
}

#[inline(always)]
fn count(word: u32, shift: u32) -> f32 {
    (word >> shift & COUNT_MASK) as i32 as f32
}
