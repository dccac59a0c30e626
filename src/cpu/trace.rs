//! Averages filtered spike trains over the windows at the ends of the phases, and carries on what the
//! next image needs of them.
//!
//! With a cut kernel the average is a sum over spikes of a value that depends on the spike's time
//! alone: of its response, the part that falls into the window.

use multiversion::multiversion;

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
    spikes: &mut [u32],
    traces: &mut [f32],
) {
    let units = part.units as usize;
    let (past, spikes) = spikes.split_at_mut(constants.past_words as usize * units);
    if constants.tap_count == 0 {
        return uncut(constants, part, minibatch, lane, spikes, traces);
    }
    carry(lane.steps(), spikes, past, units);
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
    if part.is_output == 0 {
        forward.mean(constants, 0, spikes, &mut traces[FORWARD * units..][..units]);
    }
    if part.is_source == 1 {
        forward.mean(constants, 1, spikes, &mut traces[FEEDBACK_FORWARD * units..][..units]);
        target.mean(constants, 1, spikes, &mut traces[FEEDBACK_TARGET * units..][..units]);
    }
}

/// Keeps the last spikes of an image of `steps` steps for the next: word by word, with the last step
/// in the last slot.
#[inline(always)]
fn carry(steps: u32, spikes: &[u32], past: &mut [u32], units: usize) {
    past.fill(0);
    let count = past.len() / units * STEPS_PER_WORD as usize;
    for index in 0..count as u32 {
        let step = steps - count as u32 + index;
        let from = &spikes[(step / STEPS_PER_WORD) as usize * units..][..units];
        let shift = step % STEPS_PER_WORD * COUNT_BITS;
        let to = &mut past[(index / STEPS_PER_WORD) as usize * units..][..units];
        let place = index % STEPS_PER_WORD * COUNT_BITS;
        for (to, &from) in to.iter_mut().zip(from) {
            *to |= (from >> shift & COUNT_MASK) << place;
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
    fn mean(&self, constants: &Constants, delay: u32, spikes: &[u32], means: &mut [f32]) {
        let units = means.len();
        means.fill(0.0);
        let reach = self.length + constants.tap_count - 1 + delay;
        for step in self.end - reach.min(self.end)..self.end - delay {
            let weight = self.weight(constants, step + delay);
            let row = &spikes[(step / STEPS_PER_WORD) as usize * units..][..units];
            let shift = step % STEPS_PER_WORD * COUNT_BITS;
            for (mean, &word) in means.iter_mut().zip(row) {
                *mean += count(word, shift) * weight;
            }
        }
        for mean in means {
            *mean *= self.inverse;
        }
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
    part: &Part,
    minibatch: &Minibatch,
    lane: &Lane,
    spikes: &[u32],
    traces: &mut [f32],
) {
    let units = part.units as usize;
    let window = lane.steps_forward - lane.window_forward..lane.steps_forward;
    let target_window = lane.steps() - lane.window_target..lane.steps();
    for unit in 0..units {
        let (mut slow, mut fast) = (0.0, 0.0);
        if minibatch.fresh == 0 {
            slow = traces[SLOW * units + unit];
            fast = traces[FAST * units + unit];
        }
        let mut now = constants.gain_slow * slow - constants.gain_fast * fast;
        let mut means = [0.0; 3];
        for step in 0..lane.steps() {
            let word = spikes[(step / STEPS_PER_WORD) as usize * units + unit];
            let n = count(word, step % STEPS_PER_WORD * COUNT_BITS);
            let before = now;
            slow = flush(constants.decay_slow * slow + n, SMALLEST_VOLTAGE);
            fast = flush(constants.decay_fast * fast + n, SMALLEST_VOLTAGE);
            now = constants.gain_slow * slow - constants.gain_fast * fast;
            if window.contains(&step) {
                means[FORWARD] += now;
                means[FEEDBACK_FORWARD] += before;
            }
            if target_window.contains(&step) {
                means[FEEDBACK_TARGET] += before;
            }
        }
        traces[FORWARD * units + unit] = means[FORWARD] * lane.inverse_window_forward;
        traces[FEEDBACK_FORWARD * units + unit] =
            means[FEEDBACK_FORWARD] * lane.inverse_window_forward;
        traces[FEEDBACK_TARGET * units + unit] =
            means[FEEDBACK_TARGET] * lane.inverse_window_target;
        traces[SLOW * units + unit] = slow;
        traces[FAST * units + unit] = fast;
    }
}

#[inline(always)]
fn count(word: u32, shift: u32) -> f32 {
    (word >> shift & COUNT_MASK) as i32 as f32
}
