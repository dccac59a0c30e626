//! Initial weights, scaled so that a layer's voltages start with a given mean and standard deviation.

use libm::sqrt;
use serde::{Deserialize, Serialize};

use super::network_model::Feedback;
use crate::random::{PhiloxRng, RngStream};

/// Target mean of the voltage (`V_avg`).
const VOLTAGE_MEAN: f64 = 3.0;
/// Target standard deviation of the voltage (`V_sd`).
const VOLTAGE_SD: f64 = 3.0;
/// Mean of the biases (`b_avg`).
const BIAS_MEAN: f64 = 0.8;
/// Standard deviation of the biases (`b_sd`).
const BIAS_SD: f64 = 0.001;
/// Half-width of a uniform distribution of standard deviation 1, as the authors' code rounds it
/// (exact: sqrt 3 = 1.7321).
const UNIFORM_HALF_WIDTH: f64 = 1.7325;

/// Distribution of the initial weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum WeightInit {
    /// As in the authors' commit that the paper cites, 23f2c66.
    PaperCommit,
    /// As in the authors' last commit, a41ebc8: twice the standard deviation, feedback weights of non-zero mean.
    #[default]
    LatestCommit,
    /// As in the cited commit with all means 0 and an output layer of zeros, for minibatches: voltages
    /// start near 0, where the rate's slope is largest.
    ZeroMean,
}

/// Returns mean `W_avg` and standard deviation `W_sd` of the weights to a neuron with `fan_in` inputs.
fn weight_statistics(fan_in: usize, phi_max: f64) -> (f64, f64) {
    let n = fan_in as f64;
    let nu = phi_max / 4.0;
    let voltage_square = VOLTAGE_SD * VOLTAGE_SD + VOLTAGE_MEAN * VOLTAGE_MEAN;
    let mean = (VOLTAGE_MEAN - BIAS_MEAN) / (nu * n * VOLTAGE_MEAN);
    let square = (voltage_square
        + nu * nu * (n - n * n) * mean * mean * VOLTAGE_MEAN * VOLTAGE_MEAN
        - 2.0 * n * nu * BIAS_MEAN * VOLTAGE_MEAN * mean
        - BIAS_MEAN * BIAS_MEAN)
        / (n * nu * nu * voltage_square);
    (mean, sqrt((square - mean * mean).max(0.0)))
}

impl WeightInit {
    /// Returns the half-width of the uniform distribution in units of `W_sd`.
    fn half_width(self) -> f64 {
        match self {
            WeightInit::PaperCommit | WeightInit::ZeroMean => UNIFORM_HALF_WIDTH,
            WeightInit::LatestCommit => 2.0 * UNIFORM_HALF_WIDTH,
        }
    }

    /// Draws the weights of layer `layer` (0: the lowest), row by row.
    ///
    /// `sizes`: layer sizes, the output last. `n_pre`: number of presynaptic neurons.
    /// Result: `[sizes[layer], n_pre]`.
    pub fn weights(
        self,
        seed: u64,
        sizes: &[usize],
        layer: usize,
        n_pre: usize,
        phi_max: f64,
    ) -> Vec<f64> {
        let count = sizes[layer] * n_pre;
        let (mean, sd) = weight_statistics(n_pre, phi_max);
        let mean = match self {
            WeightInit::PaperCommit | WeightInit::LatestCommit => mean,
            WeightInit::ZeroMean if layer + 1 == sizes.len() => return vec![0.0; count],
            WeightInit::ZeroMean => 0.0,
        };
        let mut stream = PhiloxRng::new(seed, RngStream::Weights, layer as u32, 0);
        (0..count).map(|_| mean + self.half_width() * sd * stream.uniform_signed()).collect()
    }

    /// Draws the biases of layer `layer`, `[units]`.
    pub fn biases(self, seed: u64, layer: usize, units: usize) -> Vec<f64> {
        if self == WeightInit::ZeroMean {
            return vec![0.0; units];
        }
        let mut stream = PhiloxRng::new(seed, RngStream::Biases, layer as u32, 0);
        (0..units)
            .map(|_| BIAS_MEAN + self.half_width() * BIAS_SD * stream.uniform_signed())
            .collect()
    }

    /// Draws the feedback weights of every hidden layer, row by row, the lowest layer first.
    ///
    /// `sizes`: layer sizes, the output last. `source`: population that feeds back. Each matrix:
    /// `[sizes[layer], n_feedback]`.
    pub fn feedback(
        self,
        seed: u64,
        sizes: &[usize],
        source: Feedback,
        phi_max: f64,
    ) -> Vec<Vec<f64>> {
        let hidden = sizes.len().saturating_sub(1);
        let mut feedback: Vec<Vec<f64>> = Vec::new();
        for layer in (0..hidden).rev() {
            let (units, next) = (sizes[layer], sizes[layer + 1]);
            let (mean, sd) = weight_statistics(units, phi_max);
            let mean = match self {
                WeightInit::PaperCommit | WeightInit::ZeroMean => 0.0,
                WeightInit::LatestCommit => mean,
            };
            let mut stream = PhiloxRng::new(seed, RngStream::Feedback, layer as u32, 0);
            let mut draw = |n_feedback: usize| -> Vec<f64> {
                (0..units * n_feedback)
                    .map(|_| mean + self.half_width() * sd * stream.uniform_signed())
                    .collect()
            };
            let matrix = match (self, source, feedback.last()) {
                // The cited commit multiplies random matrices from the output down.
                (
                    WeightInit::PaperCommit | WeightInit::ZeroMean,
                    Feedback::Broadcast,
                    Some(above),
                ) => product(&draw(next), above, units, next, sizes[hidden]),
                (_, Feedback::Broadcast, _) => draw(sizes[hidden]),
                (_, Feedback::Layerwise, _) => draw(next),
            };
            feedback.push(matrix);
        }
        feedback.reverse();
        feedback
    }
}

/// Returns the matrix product of `left` `[rows, inner]` and `right` `[inner, columns]`.
fn product(left: &[f64], right: &[f64], rows: usize, inner: usize, columns: usize) -> Vec<f64> {
    let mut result = vec![0.0; rows * columns];
    for row in 0..rows {
        for k in 0..inner {
            for column in 0..columns {
                result[row * columns + column] +=
                    left[row * inner + k] * right[k * columns + column];
            }
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weight_statistics_match_the_paper() {
        for (fan_in, mean, sd) in
            [(784, 0.018707, 0.504903), (500, 0.029333, 0.632115), (100, 0.146667, 1.410406)]
        {
            let (got_mean, got_sd) = weight_statistics(fan_in, 0.2);
            assert!((got_mean - mean).abs() < 5e-7, "{got_mean} for {fan_in}");
            assert!((got_sd - sd).abs() < 5e-7, "{got_sd} for {fan_in}");
        }
    }
}
