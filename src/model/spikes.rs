//! Sampling of the spike count of a neuron in one step, by integer comparisons.
//!
//! A neuron of rate `phi_max sigma(C)` equals a neuron of rate `phi_max` whose spikes are each kept
//! with probability `sigma(C)` (thinning of a Poisson process, exact). The candidate spikes do not
//! depend on the voltage: their number follows from comparing one random word with a table.
//!
//! With one or two candidates (nearly always), the word's position `u` between its two thresholds is
//! again uniform in [0, 1) and decides which candidates are kept. Let `odds = 1 / sigma(C)`. One
//! candidate is kept if `u < 1 / odds`. Of two, both are kept if `u < 1 / odds^2`, and at least one
//! if `u < 2 / odds - 1 / odds^2`.

use libm::exp;
use serde::{Deserialize, Serialize};

/// Largest spike count of one step: a count is stored in 4 bits.
pub const COUNT_MAX: usize = 15;
/// Number of thresholds per rate in a table, padded to a multiple of four words.
pub const THRESHOLDS: usize = 16;
/// Number of pixel values, one row of the input table each.
pub const PIXEL_LEVELS: usize = 256;
/// Mask of the low half of a random word.
///
/// The high half is drawn for every step. The low half has its own draw, made only if the high half
/// does not determine the count.
pub const LOW16: u32 = 0xFFFF;
/// Number of bits of the uniform number that decides about a candidate: as many as an `f32` represents exactly.
pub const FRACTION_BITS: u32 = 24;

/// Distribution of the spike count of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum SpikeDistribution {
    /// Poisson; the mean is the step's rate (the paper).
    #[default]
    Poisson,
    /// At most one spike; its probability is the step's rate.
    Bernoulli,
}

/// Returns `P(count >= k) * 2^32` for `k = 1 ..= 15`, then a zero.
///
/// A random word below threshold `k` gives at least `k` spikes.
pub fn thresholds(rate: f64, draw: SpikeDistribution) -> [u32; THRESHOLDS] {
    let mut table = [0; THRESHOLDS];
    match draw {
        SpikeDistribution::Bernoulli => table[0] = to_threshold(rate),
        SpikeDistribution::Poisson => {
            for (k, threshold) in (1..=COUNT_MAX).zip(&mut table) {
                *threshold = to_threshold(poisson_tail(rate, k));
            }
        }
    }
    table
}

/// Returns the rate of every pixel value, `phi_max * min(pixel, max_pixel) / max_pixel` spikes per ms.
pub fn input_rates(phi_max: f64, max_pixel: u8) -> Vec<f32> {
    let rate = |level: usize| {
        let pixel = level.min(usize::from(max_pixel)) as f64 / f64::from(max_pixel);
        (phi_max * pixel) as f32
    };
    (0..PIXEL_LEVELS).map(rate).collect()
}

/// Returns [`thresholds`] of the rate of every pixel value, `phi_max * min(pixel, max_pixel) / max_pixel`
/// spikes per ms.
pub fn input_thresholds(
    phi_max: f64,
    max_pixel: u8,
    draw: SpikeDistribution,
) -> Vec<[u32; THRESHOLDS]> {
    (0..PIXEL_LEVELS)
        .map(|level| {
            let pixel = level.min(usize::from(max_pixel)) as f64 / f64::from(max_pixel);
            thresholds(phi_max * pixel, draw)
        })
        .collect()
}

/// Map from a word's offset among the words with the same number of candidates to a uniform number in [0, 1):
/// `(offset >> shift) * scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UniformMap {
    /// Number of bits to drop, so that at most [`FRACTION_BITS`] remain.
    pub shift: u32,
    /// `2^shift` divided by the number of words with this number of candidates.
    pub scale: f64,
}

/// Returns the [`UniformMap`] of the words with `count` candidates, 1 or 2.
pub fn uniform_map(thresholds: &[u32; THRESHOLDS], count: usize) -> UniformMap {
    // If no word has `count` candidates, the map is never used; 1 avoids a division by zero.
    let width = (thresholds[count - 1] - thresholds[count]).max(1);
    let shift = (32 - width.leading_zeros()).saturating_sub(FRACTION_BITS);
    UniformMap { shift, scale: (1u64 << shift) as f64 / f64::from(width) }
}

/// Returns the high half of a word as a number.
#[inline(always)]
pub fn upper16(word: u32) -> u32 {
    word >> 16
}

/// Returns `P(n >= k)` of a Poisson count, summed term by term to avoid cancellation.
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

/// Returns `probability * 2^32`, rounded.
fn to_threshold(probability: f64) -> u32 {
    // `as` saturates: a probability of 1 becomes the largest word.
    (probability * 4_294_967_296.0 + 0.5) as u32
}
