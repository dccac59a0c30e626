//! How many spikes a neuron fires in a step, decided by comparing integers.
//!
//! A neuron with rate `phi_max sigma(C)` is a neuron with rate `phi_max` whose spikes are each kept
//! with probability `sigma(C)` (thinning of a Poisson process, exact). The candidates do not depend
//! on any voltage: their number is a table lookup in one random word. Where there are one or two
//! candidates (nearly always), the word's place between the thresholds is uniform again and decides
//! about them: with `odds = 1 / sigma(C)`, one is kept where `place < 1 / odds`; of two, both are kept
//! where `place < 1 / odds^2`, and at least one where `place < 2 / odds - 1 / odds^2`.

use libm::exp;
use serde::{Deserialize, Serialize};

/// Largest count of one step: a count is stored in 4 bits.
pub const COUNT_MAX: usize = 15;
/// Thresholds a rate has in a table, padded to a multiple of four words.
pub const THRESHOLDS: usize = 16;
/// Rates in the table of input thresholds: one a byte value.
pub const LEVELS: usize = 256;
/// The low half of a word. A word's high half is drawn for every step; its low half, from a draw of its
/// own, only where the high half leaves the count open.
pub const HALF: u32 = 0xFFFF;
/// Bits of the fraction that decides about a candidate: as many as a float holds exactly.
pub const FRACTION_BITS: u32 = 24;

/// How the spikes of one step are distributed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum SpikeDraw {
    /// A Poisson count with the step's rate as its mean (the paper).
    #[default]
    Poisson,
    /// One spike with the step's rate as its probability, otherwise none.
    Bernoulli,
}

/// `P(count >= k) * 2^32` for `k = 1 ..= 15`, then a zero: a word below threshold `k` means at
/// least `k` spikes.
pub fn thresholds(rate: f64, draw: SpikeDraw) -> [u32; THRESHOLDS] {
    let mut table = [0; THRESHOLDS];
    match draw {
        SpikeDraw::Bernoulli => table[0] = to_threshold(rate),
        SpikeDraw::Poisson => {
            for (k, threshold) in (1..=COUNT_MAX).zip(&mut table) {
                *threshold = to_threshold(poisson_tail(rate, k));
            }
        }
    }
    table
}

/// The rate of every byte value: `phi_max * min(byte, range) / range` spikes a step.
pub fn input_rates(phi_max: f64, range: u8) -> Vec<f32> {
    let rate = |level: usize| {
        let pixel = level.min(usize::from(range)) as f64 / f64::from(range);
        (phi_max * pixel) as f32
    };
    (0..LEVELS).map(rate).collect()
}

/// [`thresholds`] of every byte value: `phi_max * min(byte, range) / range` spikes a step.
pub fn input_thresholds(phi_max: f64, range: u8, draw: SpikeDraw) -> Vec<[u32; THRESHOLDS]> {
    (0..LEVELS)
        .map(|level| {
            let pixel = level.min(usize::from(range)) as f64 / f64::from(range);
            thresholds(phi_max * pixel, draw)
        })
        .collect()
}

/// How the place of a word among the words of so many candidates becomes a fraction in [0, 1): shift
/// it right by `shift`, multiply by `scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fraction {
    /// Bits to shift by, so that at most [`FRACTION_BITS`] are left.
    pub shift: u32,
    /// `2^shift` over the number of words with so many candidates.
    pub scale: f64,
}

/// The [`Fraction`] of the words with `count` candidates, 1 or 2.
pub fn fraction(thresholds: &[u32; THRESHOLDS], count: usize) -> Fraction {
    // Where no word has so many candidates, none is asked.
    let width = (thresholds[count - 1] - thresholds[count]).max(1);
    let shift = (32 - width.leading_zeros()).saturating_sub(FRACTION_BITS);
    Fraction { shift, scale: (1u64 << shift) as f64 / f64::from(width) }
}

/// The high half of a word, as a number.
#[inline(always)]
pub fn half_of(word: u32) -> u32 {
    word >> 16
}

/// `P(n >= k)` of a Poisson count, summed from its small terms so that nothing cancels.
fn poisson_tail(rate: f64, k: usize) -> f64 {
    let mut term = exp(-rate);
    for i in 1..=k {
        term *= rate / i as f64;
    }
    let mut sum = 0.0;
    for i in k + 1..k + 40 {
        sum += term;
        term *= rate / i as f64;
    }
    sum
}

fn to_threshold(probability: f64) -> u32 {
    // `as` saturates: a probability of one becomes the largest word.
    (probability * 4_294_967_296.0 + 0.5) as u32
}
