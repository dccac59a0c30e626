//! The synaptic filter in a dendrite, over a layer's drive `[history + block, units]`, padded by a
//! tile.

use std::ops::Range;

use super::tile::{Tile, WIDTH, load, load_padded, store};
use crate::layout::{Constants, STEPS_PER_WORD};
use crate::model::arithmetic::{SMALLEST_VOLTAGE, flush};

/// Voltages of a tile over the steps of one word.
pub type Voltages = [Tile<f32>; STEPS_PER_WORD as usize];

/// Filtered drive `(kappa * W n)` of the neurons from `start` on, at the steps `steps` of the block,
/// which share a word.
#[inline(always)]
pub fn filtered(
    constants: &Constants,
    units: usize,
    drive: &mut [f32],
    steps: Range<u32>,
    start: usize,
) -> Voltages {
    const WORD: usize = STEPS_PER_WORD as usize;
    let now = (constants.history + steps.start) as usize * units + start;
    let taps = &constants.taps[..constants.tap_count as usize];
    let mut sums = [[0.0; WIDTH]; WORD];
    match (taps.len(), steps.len()) {
        (0, count) => {
            for (step, sum) in sums[..count].iter_mut().enumerate() {
                *sum = uncut(constants, units, drive, now + step * units, start);
            }
        }
        // Nearly all words are whole: their number of steps is known to the compiler.
        (_, WORD) => weighted(taps, units, drive, now, &mut sums),
        (_, count) => {
            for (step, sum) in sums[..count].iter_mut().enumerate() {
                weighted(taps, units, drive, now + step * units, std::array::from_mut(sum));
            }
        }
    }
    sums
}

/// The drive at each of `N` steps from `now` on and before them, weighted by the taps, the newest
/// first.
#[inline(always)]
fn weighted<const N: usize>(
    taps: &[f32],
    units: usize,
    drive: &[f32],
    now: usize,
    sums: &mut [Tile<f32>; N],
) {
    let oldest = (taps.len() - 1) * units;
    let newest = now + (N - 1) * units;
    assert!(oldest <= now && newest + WIDTH <= drive.len(), "the drive is padded by a tile");
    for (k, tap) in taps.iter().enumerate() {
        for (step, sum) in sums.iter_mut().enumerate() {
            // A tile may reach into the next row: what does not belong to the row is not stored.
            let place = now + step * units - k * units;
            // SAFETY: `now - oldest <= place <= newest`, and the tile at `newest` ends in the drive.
            let past = unsafe { drive.get_unchecked(place..place + WIDTH) };
            for i in 0..WIDTH {
                sum[i] += tap * past[i];
            }
        }
    }
}

/// Takes the drive at `now` up into the two traces of the uncut kernel, which are rows 0 and 1.
#[inline(always)]
fn uncut(
    constants: &Constants,
    units: usize,
    drive: &mut [f32],
    now: usize,
    start: usize,
) -> Tile<f32> {
    let now = load_padded(drive, now);
    let mut slow: Tile<f32> = load(&drive[..units], start);
    let mut fast: Tile<f32> = load(&drive[units..2 * units], start);
    let mut sum = [0.0; WIDTH];
    for i in 0..WIDTH {
        slow[i] = flush(constants.decay_slow * slow[i] + now[i], SMALLEST_VOLTAGE);
        fast[i] = flush(constants.decay_fast * fast[i] + now[i], SMALLEST_VOLTAGE);
        sum[i] = constants.gain_slow * slow[i] - constants.gain_fast * fast[i];
    }
    store(&mut drive[..units], start, &slow);
    store(&mut drive[units..2 * units], start, &fast);
    sum
}

/// Clears the past of a fresh lane.
#[inline(always)]
pub fn clear_history(constants: &Constants, units: usize, drive: &mut [f32]) {
    drive[..constants.history as usize * units].fill(0.0);
}

/// Moves the last drives of a block of `steps` steps to where the next block looks for its past.
#[inline(always)]
pub fn keep_history(constants: &Constants, units: usize, drive: &mut [f32], steps: usize) {
    if constants.tap_count > 0 {
        drive.copy_within(steps * units..(steps + constants.history as usize) * units, 0);
    }
}
