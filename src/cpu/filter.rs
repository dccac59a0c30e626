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
    let mut sums = [[0.0; WIDTH]; STEPS_PER_WORD as usize];
    for (sum, step) in sums.iter_mut().zip(steps) {
        let now = (constants.history + step) as usize * units + start;
        *sum = match constants.tap_count {
            0 => uncut(constants, units, drive, now, start),
            // The usual number, so that the loop is unrolled.
            10 => weighted(&constants.taps[..10], units, drive, now),
            count => weighted(&constants.taps[..count as usize], units, drive, now),
        };
    }
    sums
}

/// The drive at `now` and before, weighted by the taps, the newest first.
#[inline(always)]
fn weighted(taps: &[f32], units: usize, drive: &[f32], now: usize) -> Tile<f32> {
    let oldest = (taps.len() - 1) * units;
    assert!(oldest <= now && now + WIDTH <= drive.len(), "the drive is padded by a tile");
    let mut sum = [0.0; WIDTH];
    for (k, tap) in taps.iter().enumerate() {
        // A tile may reach into the next row: what does not belong to the row is not stored.
        // SAFETY: `now - oldest <= now - k * units`, and the tile at `now` ends within the drive.
        let past = unsafe { drive.get_unchecked(now - k * units..now - k * units + WIDTH) };
        for i in 0..WIDTH {
            sum[i] += tap * past[i];
        }
    }
    sum
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
    let mut slow = load(&drive[..units], start);
    let mut fast = load(&drive[units..2 * units], start);
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
