//! When plateau potentials come.

use libm::erfc;
use serde::{Deserialize, Serialize};

use crate::random::{Purpose, Source, counter_head, key, philox};

/// Most steps by which a plateau potential comes before its phase's end.
pub const EARLIEST: u32 = 5;
/// Spread of the normal distribution whose whole part these steps are, ms.
const SPREAD: f64 = 3.0;

/// When plateau potentials come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum PlateauTimes {
    /// All at the end of a phase (the paper).
    #[default]
    Synchronous,
    /// Each neuron's at a time of its own, up to 5 ms before the end: `min(|trunc N(0, 3)|, 5)` earlier.
    Random,
}

impl PlateauTimes {
    /// Most steps before the end.
    pub fn earliest(self) -> u32 {
        match self {
            PlateauTimes::Synchronous => 0,
            PlateauTimes::Random => EARLIEST,
        }
    }
}

/// `P(at least k steps early) * 2^32` for `k = 1 ..= 5`, then zeros: a word below threshold `k` means at least
/// `k` steps.
pub fn thresholds() -> [u32; 8] {
    let mut table = [0; 8];
    for (k, threshold) in (1..=EARLIEST).zip(&mut table) {
        let tail = erfc(f64::from(k) / (SPREAD * std::f64::consts::SQRT_2));
        *threshold = (tail * 4_294_967_296.0 + 0.5) as u32;
    }
    table
}

/// Steps by which a neuron's plateau potentials come before the ends of the forward and the target phase of the
/// training image at `position` in the run. `population` counts from the input (0).
pub fn early_steps(seed: u64, population: u32, position: u32, unit: u32) -> [u32; 2] {
    let head = counter_head(Purpose::PlateauTime, population, Source::Training as u32);
    let words = philox([head, position, unit, 0], key(seed));
    [words[0], words[1]].map(|word| early(word, &thresholds()))
}

/// Steps that a random word means.
#[inline(always)]
pub fn early(word: u32, thresholds: &[u32; 8]) -> u32 {
    let mut steps = 0;
    for &threshold in &thresholds[..EARLIEST as usize] {
        steps += u32::from(word < threshold);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_have_the_distribution_of_the_model() {
        let table = thresholds();
        let at_least = |k: usize| match k {
            0 => 1.0,
            k => f64::from(table[k - 1]) / 4_294_967_296.0,
        };
        let expected = [0.261, 0.234, 0.188, 0.135, 0.087, 0.096];
        for (k, expected) in expected.into_iter().enumerate() {
            let part = at_least(k) - if k < 5 { at_least(k + 1) } else { 0.0 };
            assert!((part - expected).abs() < 6e-4, "{part} of {k} steps");
        }
    }

    #[test]
    fn draws_follow_the_distribution_and_differ_between_phases() {
        let mut counts = [[0; 6]; 2];
        let mut same = 0;
        for unit in 0..20_000 {
            let steps = early_steps(3, 1, 7, unit);
            same += usize::from(steps[0] == steps[1]);
            for (counts, steps) in counts.iter_mut().zip(steps) {
                counts[steps as usize] += 1;
            }
        }
        for counts in counts {
            let parts: [f64; 6] = [0.261, 0.234, 0.188, 0.135, 0.087, 0.096];
            for (count, part) in counts.into_iter().zip(parts) {
                // Five standard deviations.
                let sd = (20_000.0 * part * (1.0 - part)).sqrt();
                assert!((f64::from(count) - 20_000.0 * part).abs() < 5.0 * sd);
            }
        }
        // Of independent draws, 19.3 % are the same by chance.
        assert!((3600..4120).contains(&same), "{same}");
    }
}
