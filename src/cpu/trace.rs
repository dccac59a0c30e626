//! Averages filtered spike trains over the windows at the ends of the phases, and carries on what the
//! next image needs of them.
//!
//! With a cut kernel the average is a sum over spikes of a value that depends on the spike's time
//! alone: of its response, the part that falls into the window.

use multiversion::multiversion;

use super::tile::{Tile, Tiled, WIDTH};
use crate::layout::trace::{FAST, FEEDBACK_FORWARD, FEEDBACK_TARGET, FORWARD, SLOW};
use crate::layout::{COUNT_BITS, COUNT_MASK, Constants, Lane, Minibatch, Part, STEPS_PER_WORD};
use crate::model::arithmetic::{SMALLEST_VOLTAGE, flush};

/// `spikes`: `[past words + words, units]`; `traces`: `[5, units]`.
#[multiversion(targets = "simd")]
pub fn trace(
    constants: &Constants,
    part: &Part,
    minibatch: &Minibatch,
    lane: &Lane,
    spikes: &mut Tiled<u32>,
    traces: &mut Tiled<f32>,
) {
    let forward = Window {
        end: lane.steps_forward,
        length: lane.window_forward,
        inverse: lane.inverse_window_forward,
    };
    let target = Window {
        end: lane.steps(),
        length: lane.window_target,
        inverse: lane.inverse_window_target,
    };
    for (spikes, traces) in spikes.each_mut().zip(traces.each_mut()) {
        let (past, spikes) = spikes.split_at_mut(constants.past_words as usize);
        if constants.tap_count == 0 {
            uncut(constants, minibatch, lane, spikes, traces);
            continue;
        }
        carry(lane.steps(), spikes, past);
        if part.is_output == 0 {
            traces[FORWARD] = forward.mean(constants, 0, spikes);
        }
        if part.is_source == 1 {
            traces[FEEDBACK_FORWARD] = forward.mean(constants, 1, spikes);
            traces[FEEDBACK_TARGET] = target.mean(constants, 1, spikes);
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

/// The last `length` steps before step `end`.
struct Window {
    end: u32,
    length: u32,
    inverse: f32,
}

impl Window {
    /// Mean of each neuron's filtered spike train, seen `delay` steps late.
    #[inline(always)]
    fn mean(&self, constants: &Constants, delay: u32, spikes: &[Tile<u32>]) -> Tile<f32> {
        let mut mean = Tile([0.0; WIDTH]);
        let reach = self.length + constants.tap_count - 1 + delay;
        for step in self.end - reach.min(self.end)..self.end - delay {
            let weight = self.weight(constants, step + delay);
            let words = &spikes[(step / STEPS_PER_WORD) as usize];
            let shift = step % STEPS_PER_WORD * COUNT_BITS;
            for i in 0..WIDTH {
                mean[i] += count(words[i], shift) * weight;
            }
        }
        for mean in mean.iter_mut() {
            *mean *= self.inverse;
        }
        mean
    }

    /// Sum over the window of the response to a spike that arrives at `step`.
    #[inline(always)]
    fn weight(&self, constants: &Constants, step: u32) -> f32 {
        let until_end = self.end - step;
        let until_start = until_end.saturating_sub(self.length);
        let last = until_end.min(constants.tap_count);
        let first = until_start.min(constants.tap_count);
        constants.cumulative[last as usize] - constants.cumulative[first as usize]
    }
}

/// The kernel without a cut: two traces for each neuron, stepped through the whole image.
#[inline(always)]
fn uncut(
    constants: &Constants,
    minibatch: &Minibatch,
    lane: &Lane,
    spikes: &[Tile<u32>],
    traces: &mut [Tile<f32>],
) {
    let window = lane.steps_forward - lane.window_forward..lane.steps_forward;
    let target_window = lane.steps() - lane.window_target..lane.steps();
    let [mut slow, mut fast] = [Tile([0.0; WIDTH]); 2];
    if minibatch.fresh == 0 {
        (slow, fast) = (traces[SLOW], traces[FAST]);
    }
    let mut now = [0.0; WIDTH];
    for i in 0..WIDTH {
        now[i] = constants.gain_slow * slow[i] - constants.gain_fast * fast[i];
    }
    let mut means = [Tile([0.0; WIDTH]); 3];
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
        if window.contains(&step) {
            for i in 0..WIDTH {
                means[FORWARD][i] += now[i];
                means[FEEDBACK_FORWARD][i] += before[i];
            }
        }
        if target_window.contains(&step) {
            for i in 0..WIDTH {
                means[FEEDBACK_TARGET][i] += before[i];
            }
        }
    }
    for i in 0..WIDTH {
        traces[FORWARD][i] = means[FORWARD][i] * lane.inverse_window_forward;
        traces[FEEDBACK_FORWARD][i] = means[FEEDBACK_FORWARD][i] * lane.inverse_window_forward;
        traces[FEEDBACK_TARGET][i] = means[FEEDBACK_TARGET][i] * lane.inverse_window_target;
    }
    (traces[SLOW], traces[FAST]) = (slow, fast);
}

#[inline(always)]
fn count(word: u32, shift: u32) -> f32 {
    (word >> shift & COUNT_MASK) as i32 as f32
}
