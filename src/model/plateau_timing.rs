//! Times of the plateau potentials within a phase.

use libm::erfc;
use serde::{Deserialize, Serialize};

use crate::random::{RngStream, Split, key, philox, philox_counter0};

/// Largest lead of a plateau potential: maximum number of steps before its phase's end.
pub const MAX_LEAD: u32 = 5;
/// Standard deviation of the normal distribution of the leads, ms.
const LEAD_SD: f64 = 3.0;

/// Times of the plateau potentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum PlateauTiming {
    /// Every neuron at the end of the phase (the paper).
    #[default]
    Synchronous,
    /// Each neuron at its own time, `min(|trunc N(0, 3)|, 5)` ms before the end of the phase.
    Random,
}

impl PlateauTiming {
    /// Returns the largest possible lead, in steps.
    pub fn max_lead(self) -> u32 {
        match self {
            PlateauTiming::Synchronous => 0,
            PlateauTiming::Random => MAX_LEAD,
        }
    }
}

/// Returns `P(lead >= k) * 2^32` for `k = 1 ..= 5`, then zeros.
///
/// A random word below threshold `k` gives a lead of at least `k` steps.
pub fn lead_thresholds() -> [u32; 8] {
    let mut table = [0; 8];
    for (k, threshold) in (1..=MAX_LEAD).zip(&mut table) {
        let tail = erfc(f64::from(k) / (LEAD_SD * std::f64::consts::SQRT_2));
        *threshold = (tail * 4_294_967_296.0 + 0.5) as u32;
    }
    table
}

/// Returns the leads of a neuron's plateau potentials in the forward and the target phase, in steps.
///
/// `population`: index of the population (0: input). `draw_index`: index of the image's presentation.
pub fn plateau_lead(seed: u64, population: u32, draw_index: u32, unit: u32) -> [u32; 2] {
    let counter = philox_counter0(RngStream::PlateauTime, population, Split::Training as u32);
    let words = philox([counter, draw_index, unit, 0], key(seed));
    [words[0], words[1]].map(|word| lead_steps(word, &lead_thresholds()))
}

/// Returns the lead that a random word gives, in steps.
#[inline(always)]
pub fn lead_steps(word: u32, thresholds: &[u32; 8]) -> u32 {
    let mut steps = 0;
    for &threshold in &thresholds[..MAX_LEAD as usize] {
        steps += u32::from(word < threshold);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_match_the_distribution() {
        let table = lead_thresholds();
        let at_least = |k: usize| match k {
            0 => 1.0,
            k => f64::from(table[k - 1]) / 4_294_967_296.0,
        };
        let expected = [0.261, 0.234, 0.188, 0.135, 0.087, 0.096];
        for (k, expected) in expected.into_iter().enumerate() {
            let part = at_least(k) - if k < 5 { at_least(k + 1) } else { 0.0 };
            assert!((part - expected).abs() < 6e-4, "P(lead = {k}) is {part}");
        }
    }

    #[test]
    fn leads_follow_the_distribution_in_both_phases() {
        let mut counts = [[0; 6]; 2];
        let mut same = 0;
        for unit in 0..20_000 {
            let steps = plateau_lead(3, 1, 7, unit);
            same += usize::from(steps[0] == steps[1]);
            for (counts, steps) in counts.iter_mut().zip(steps) {
                counts[steps as usize] += 1;
            }
        }
        for counts in counts {
            let parts: [f64; 6] = [0.261, 0.234, 0.188, 0.135, 0.087, 0.096];
            for (count, part) in counts.into_iter().zip(parts) {
                // Within five standard deviations.
                let sd = (20_000.0 * part * (1.0 - part)).sqrt();
                assert!((f64::from(count) - 20_000.0 * part).abs() < 5.0 * sd);
            }
        }
        // Independent draws coincide in 19.3 % of the cases.
        assert!((3600..4120).contains(&same), "{same}");
    }
}
