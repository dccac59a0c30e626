//! The synaptic filter in a dendrite, over one tile's rows of drive, `[history + block]`.

use std::ops::Range;

use super::tile::{Tile, WIDTH};
use super::vectors::Vectors;
use crate::layout::{Constants, STEPS_PER_WORD};
use crate::model::arithmetic::{Float, SMALLEST_VOLTAGE, flush};

const WORD: usize = STEPS_PER_WORD as usize;

/// Filtered drive `(kappa * W n)` at `steps`, counted from the block's first, which share a word: as many
/// of `voltages`, from the first on.
#[inline(always)]
pub fn filtered<V: Vectors>(
    constants: &Constants,
    drive: &mut [Tile<f32>],
    steps: Range<u32>,
    voltages: &mut [V::Floats; WORD],
) {
    let taps = &constants.taps[..constants.tap_count as usize];
    let now = (constants.history + steps.start) as usize;
    *voltages = [V::Floats::of(0.0); WORD];
    if taps.is_empty() {
        for (step, voltage) in voltages[..steps.len()].iter_mut().enumerate() {
            *voltage = V::floats(&uncut(constants, drive, now + step));
        }
    } else if steps.len() == WORD {
        // Nearly all words are whole: their number of steps is known to the compiler.
        let mut sums = [V::Floats::of(0.0); WORD];
        for (k, tap) in taps.iter().enumerate() {
            let past = &drive[now - k..][..WORD];
            for step in 0..WORD {
                sums[step] = sums[step] + V::Floats::of(*tap) * V::floats(&past[step]);
            }
        }
        *voltages = sums;
    } else {
        for (step, voltage) in voltages[..steps.len()].iter_mut().enumerate() {
            for (k, tap) in taps.iter().enumerate() {
                *voltage = *voltage + V::Floats::of(*tap) * V::floats(&drive[now + step - k]);
            }
        }
    }
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

/// The somatic voltages without what is next to zero, at the first step of every word: a voltage that
/// decays by no more than a hundred times a step does not get from there to subnormal numbers within one
/// word.
#[inline(always)]
pub fn flushed<V: Vectors>(soma: V::Floats, step: u32) -> V::Floats {
    if step.is_multiple_of(STEPS_PER_WORD) { V::flush(soma, SMALLEST_VOLTAGE) } else { soma }
}

/// Moves the last drives of a block of `steps` steps to where the next block looks for its past.
#[inline(always)]
pub fn keep_history(constants: &Constants, drive: &mut [Tile<f32>], steps: usize) {
    if constants.tap_count > 0 {
        drive.copy_within(steps..steps + constants.history as usize, 0);
    }
}
