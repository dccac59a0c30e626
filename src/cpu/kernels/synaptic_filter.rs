//! Synaptic filter of a dendrite, applied to the input rows of one tile, `[history + block]`. Twin of
//! `shaders/shared/synaptic_filter.wgsl`.

use crate::cpu::simd::Simd;
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::spikes::WORD_STEPS;
use crate::interface::{LaunchParams, RunParams};
use crate::model::exact_math::{Float, SMALLEST_VOLTAGE, flush};

/// Returns the filtered input `kappa * (W n)` of `count` steps from row `first` of the block on; the steps share a
/// word.
#[inline(always)]
pub fn filtered_input<V: Simd>(
    constants: &RunParams,
    synaptic_input: &mut [Tile<f32>],
    first: usize,
    count: usize,
) -> [V::Floats; WORD_STEPS] {
    let taps = &constants.kernel_taps[..constants.tap_count as usize];
    let now = constants.history_rows as usize + first;
    let mut sums = [V::Floats::splat(0.0); WORD_STEPS];
    if taps.is_empty() {
        for (step, sum) in sums[..count].iter_mut().enumerate() {
            *sum = V::load_f32(&double_exponential(constants, synaptic_input, now + step));
        }
    }
    for (k, tap) in taps.iter().enumerate() {
        let past = &synaptic_input[now - k..][..count];
        for step in 0..count {
            sums[step] = sums[step] + V::Floats::splat(*tap) * V::load_f32(&past[step]);
        }
    }
    sums
}

/// Returns the basal input of `count` steps from row `first` of the block on; the steps share a word. Spikes are
/// filtered, rates are not.
#[inline(always)]
pub fn basal_input<V: Simd>(
    constants: &RunParams,
    params: &LaunchParams,
    synaptic_input: &mut [Tile<f32>],
    first: usize,
    count: usize,
) -> [V::Floats; WORD_STEPS] {
    if params.sends_rates == 0 {
        return filtered_input::<V>(constants, synaptic_input, first, count);
    }
    let mut rows = [V::Floats::splat(0.0); WORD_STEPS];
    let synaptic_input = &synaptic_input[constants.history_rows as usize + first..][..count];
    for step in 0..count {
        rows[step] = V::load_f32(&synaptic_input[step]);
    }
    rows
}

/// Adds the input of row `now` to the two traces of the uncut kernel, rows 0 and 1, and returns the filtered input.
#[inline(always)]
fn double_exponential(
    constants: &RunParams,
    synaptic_input: &mut [Tile<f32>],
    now: usize,
) -> Tile<f32> {
    let now = synaptic_input[now];
    let (mut slow, mut fast) = (synaptic_input[0], synaptic_input[1]);
    let mut sum = Tile([0.0; LANES]);
    for i in 0..LANES {
        slow[i] = flush(constants.decay_slow * slow[i] + now[i], SMALLEST_VOLTAGE);
        fast[i] = flush(constants.decay_fast * fast[i] + now[i], SMALLEST_VOLTAGE);
        sum[i] = constants.gain_slow * slow[i] - constants.gain_fast * fast[i];
    }
    (synaptic_input[0], synaptic_input[1]) = (slow, fast);
    sum
}

/// Copies the last input rows of a block of `steps` steps to the history rows of the next block.
#[inline(always)]
pub fn shift_history(constants: &RunParams, synaptic_input: &mut [Tile<f32>], steps: usize) {
    if constants.tap_count > 0 {
        synaptic_input.copy_within(steps..steps + constants.history_rows as usize, 0);
    }
}
