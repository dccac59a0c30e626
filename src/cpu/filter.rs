//! The synaptic filter in a dendrite, over one tile's rows of drive, `[history + block]`.

use super::tile::{Tile, WIDTH};
use super::vectors::Vectors;
use crate::layout::{Constants, Part, STEPS_PER_WORD};
use crate::model::exact_math::{Float, SMALLEST_VOLTAGE, flush};

const WORD: usize = STEPS_PER_WORD as usize;

/// Filtered drive `(kappa * W n)` at `count` steps from row `first` of the block on, which share a word.
#[inline(always)]
pub fn filtered<V: Vectors>(
    constants: &Constants,
    drive: &mut [Tile<f32>],
    first: usize,
    count: usize,
) -> [V::Floats; WORD] {
    let taps = &constants.taps[..constants.tap_count as usize];
    let now = constants.history as usize + first;
    let mut sums = [V::Floats::splat(0.0); WORD];
    if taps.is_empty() {
        for (step, sum) in sums[..count].iter_mut().enumerate() {
            *sum = V::floats(&uncut(constants, drive, now + step));
        }
    }
    for (k, tap) in taps.iter().enumerate() {
        let past = &drive[now - k..][..count];
        for step in 0..count {
            sums[step] = sums[step] + V::Floats::splat(*tap) * V::floats(&past[step]);
        }
    }
    sums
}

/// What arrives at a basal dendrite at `count` steps from row `first` of the block on, which share a word: spikes through
/// the filter, rates as they are.
#[inline(always)]
pub fn arriving<V: Vectors>(
    constants: &Constants,
    part: &Part,
    drive: &mut [Tile<f32>],
    first: usize,
    count: usize,
) -> [V::Floats; WORD] {
    if part.sends_rates == 0 {
        return filtered::<V>(constants, drive, first, count);
    }
    let mut rows = [V::Floats::splat(0.0); WORD];
    let drive = &drive[constants.history as usize + first..][..count];
    for step in 0..count {
        rows[step] = V::floats(&drive[step]);
    }
    rows
}

/// Takes the drive at `now` up into the two traces of the uncut kernel, which are rows 0 and 1.
#[inline(always)]
fn uncut(constants: &Constants, drive: &mut [Tile<f32>], now: usize) -> Tile<f32> {
    let now = drive[now];
    let (mut slow, mut fast) = (drive[0], drive[1]);
    let mut sum = Tile([0.0; WIDTH]);
    for i in 0..WIDTH {
        slow[i] = flush(constants.decay_slow * slow[i] + now[i], SMALLEST_VOLTAGE);
        fast[i] = flush(constants.decay_fast * fast[i] + now[i], SMALLEST_VOLTAGE);
        sum[i] = constants.gain_slow * slow[i] - constants.gain_fast * fast[i];
    }
    (drive[0], drive[1]) = (slow, fast);
    sum
}

/// Moves the last drives of a block of `steps` steps to where the next block looks for its past.
#[inline(always)]
pub fn keep_history(constants: &Constants, drive: &mut [Tile<f32>], steps: usize) {
    if constants.tap_count > 0 {
        drive.copy_within(steps..steps + constants.history as usize, 0);
    }
}
