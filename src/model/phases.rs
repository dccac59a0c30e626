//! Lengths of the phases, and the windows over which averages run.
//!
//! A phase lasts a fixed number of steps plus `floor(X)`, X inverse Gaussian (Wald) with mean 2
//! and shape 1.

use libm::{erfc, exp, sqrt};
use serde::{Deserialize, Serialize};

use crate::random::{RngStream, Split, key, philox, philox_counter0};

/// Mean of the inverse Gaussian, ms.
const JITTER_MEAN: f64 = 2.0;
/// Shape of the inverse Gaussian, ms.
const JITTER_SHAPE: f64 = 1.0;

/// Random part of a phase's length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum PhaseJitter {
    /// `floor(X)` steps, X inverse Gaussian with mean 2 and shape 1 (the paper).
    #[default]
    InverseGaussian,
    /// No random part: every phase has the same length.
    None,
}

/// Rule for the steps of a training phase over which averages run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum AveragingWindow {
    /// The last 20 steps (the authors' code).
    #[default]
    Last20,
    /// From 30 ms after the phase's start to its end (the paper's text).
    From30,
    /// The last step.
    Last,
}

impl AveragingWindow {
    /// Returns the length of the window for a phase of `steps` steps.
    pub fn length(self, steps: u32) -> u32 {
        match self {
            AveragingWindow::Last20 => steps.min(20),
            AveragingWindow::From30 => steps.saturating_sub(30),
            AveragingWindow::Last => 1,
        }
    }
}

/// Sampler of phase lengths: compares a random word with a table of the distribution.
pub struct PhaseLengths {
    base: u32,
    seed: u64,
    /// `P(floor X >= k) * 2^32` for k = 1, 2, ..., up to the last that is not zero.
    thresholds: Vec<u32>,
}

impl PhaseLengths {
    /// Creates a sampler of phases of `base` steps plus the random part `jitter`.
    pub fn new(base: u32, jitter: PhaseJitter, seed: u64) -> Self {
        let thresholds = match jitter {
            PhaseJitter::None => Vec::new(),
            PhaseJitter::InverseGaussian => (1..)
                .map(|k| (inverse_gaussian_tail(f64::from(k)) * 4_294_967_296.0 + 0.5) as u32)
                .take_while(|&threshold| threshold > 0)
                .collect(),
        };
        PhaseLengths { base, seed, thresholds }
    }

    /// Returns the numbers of steps of the forward and the target phase of a training image.
    ///
    /// `draw_index`: index of the image's presentation, the counter of its random draws.
    pub fn draw(&self, draw_index: u32) -> [u32; 2] {
        let counter = philox_counter0(RngStream::PhaseLength, 0, Split::Training as u32);
        let words = philox([counter, draw_index, 0, 0], key(self.seed));
        [words[0], words[1]].map(|word| {
            self.base + self.thresholds.partition_point(|&threshold| word < threshold) as u32
        })
    }

    /// Returns the number of steps of the shortest possible phase.
    pub fn shortest(&self) -> u32 {
        self.base
    }

    /// Returns the number of steps of the longest possible phase.
    pub fn longest(&self) -> u32 {
        self.base + self.thresholds.len() as u32
    }
}

/// Returns `P(X >= x)` of the inverse Gaussian.
///
/// With `z = sqrt(shape / x)`: `1 - Phi(z (x/mean - 1)) - exp(2 shape / mean) Phi(-z (x/mean + 1))`.
fn inverse_gaussian_tail(x: f64) -> f64 {
    let z = sqrt(JITTER_SHAPE / x);
    let upper_tail = |y: f64| 0.5 * erfc(y / std::f64::consts::SQRT_2);
    upper_tail(z * (x / JITTER_MEAN - 1.0))
        - exp(2.0 * JITTER_SHAPE / JITTER_MEAN) * upper_tail(z * (x / JITTER_MEAN + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phase_jitter_has_the_papers_distribution() {
        assert!((1.0 - inverse_gaussian_tail(1.0) - 0.490).abs() < 5e-4);
        assert!((inverse_gaussian_tail(1.0) - inverse_gaussian_tail(2.0) - 0.224).abs() < 5e-4);
        let mean: f64 = (1..400).map(|k| inverse_gaussian_tail(f64::from(k))).sum();
        assert!((mean - 1.52).abs() < 5e-3, "mean {mean}");
        assert!(inverse_gaussian_tail(15.0) <= 0.01 && inverse_gaussian_tail(14.0) > 0.009);
    }
}
