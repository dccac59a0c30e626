//! Weights of a network: learned feed-forward weights and feedback weights.

use rand::seq::SliceRandom;
use serde::Serialize;
use thiserror::Error;

use crate::config::{Config, Feedback};
use crate::model::exact_math::flush_weight;
use crate::random::{PhiloxRng, RngStream};

/// Weights of one layer, stored by column, as the kernels read them.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Number of neurons of the layer.
    pub units: usize,
    /// Number of neurons of the population below; for the lowest layer, pixels of an image.
    pub n_pre: usize,
    /// Feed-forward weights, one column per neuron below, then the biases, `[n_pre + 1, units]`.
    pub weights: Vec<f32>,
    /// Number of neurons whose spikes reach the apical dendrites; 0 for the output.
    pub n_feedback: usize,
    /// Feedback weights, `[n_feedback, units]`.
    pub feedback: Vec<f32>,
    /// Biases of the apical dendrites, `[units]`; empty if there are none.
    pub apical_biases: Vec<f32>,
}

impl Layer {
    /// Creates a layer from matrices stored row by row: weights `[units, n_pre]`, biases `[units]`, feedback
    /// `[units, n_feedback]` (empty for the output). Values too small for a device become zero, see [`flush_weight`].
    ///
    /// # Errors
    /// Returns a [`LayerError`] if the layer has no neurons, or an array has the wrong length.
    pub fn from_rows(
        units: usize,
        n_pre: usize,
        weights: &[f32],
        biases: &[f32],
        feedback: &[f32],
    ) -> Result<Self, LayerError> {
        let n_feedback = feedback.len().checked_div(units).ok_or(LayerError::NoNeurons)?;
        for (array, got, expected) in [
            ("weights", weights.len(), units.checked_mul(n_pre)),
            ("biases", biases.len(), Some(units)),
            ("feedback weights", feedback.len(), units.checked_mul(n_feedback)),
        ] {
            if Some(got) != expected {
                return Err(LayerError::Length { array, got, units });
            }
        }
        let mut columns = transpose(weights, units, n_pre);
        columns.extend_from_slice(biases);
        let mut layer = Layer {
            units,
            n_pre,
            weights: columns,
            n_feedback,
            feedback: transpose(feedback, units, n_feedback),
            apical_biases: Vec::new(),
        };
        for weight in layer.weights.iter_mut().chain(&mut layer.feedback) {
            *weight = flush_weight(*weight);
        }
        Ok(layer)
    }

    /// Checks that the lengths of the arrays match `units`, `n_pre` and `n_feedback`.
    ///
    /// # Errors
    /// Returns a [`LayerError`] if the layer has no neurons, or an array has the wrong length.
    pub fn check(&self) -> Result<(), LayerError> {
        let units = self.units;
        if units == 0 {
            return Err(LayerError::NoNeurons);
        }
        let columns = self.n_pre.checked_add(1);
        for (array, got, expected) in [
            ("weights", self.weights.len(), columns.and_then(|columns| columns.checked_mul(units))),
            ("feedback weights", self.feedback.len(), self.n_feedback.checked_mul(units)),
        ] {
            if Some(got) != expected {
                return Err(LayerError::Length { array, got, units });
            }
        }
        match self.apical_biases.len() {
            0 => Ok(()),
            got if got == units => Ok(()),
            got => Err(LayerError::Length { array: "apical biases", got, units }),
        }
    }

    /// Returns the weights row by row, `[units, n_pre]`.
    ///
    /// # Panics
    /// If [`Layer::check`] fails.
    pub fn weight_rows(&self) -> Vec<f32> {
        transpose(&self.weights[..self.n_pre * self.units], self.n_pre, self.units)
    }

    /// Returns the biases, `[units]`.
    ///
    /// # Panics
    /// If [`Layer::check`] fails.
    pub fn biases(&self) -> &[f32] {
        &self.weights[self.n_pre * self.units..]
    }

    /// Returns the feedback weights row by row, `[units, n_feedback]`.
    ///
    /// # Panics
    /// If [`Layer::check`] fails.
    pub fn feedback_rows(&self) -> Vec<f32> {
        transpose(&self.feedback, self.n_feedback, self.units)
    }
}

/// Error for arrays that do not form a layer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum LayerError {
    #[error("a layer has at least one neuron")]
    NoNeurons,
    #[error("{got} {array} of {units} neurons: not as many for each")]
    Length { array: &'static str, got: usize, units: usize },
}

/// Statistics of a layer's weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LayerStatistics {
    /// Statistics of the feed-forward weights, without the biases.
    pub weights: WeightStats,
    /// Statistics of the biases.
    pub biases: WeightStats,
    /// Statistics of the feedback weights, without apical biases. `None` for the output layer.
    pub feedback: Option<WeightStats>,
}

/// Mean, standard deviation and maximum magnitude.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct WeightStats {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
    /// Largest magnitude.
    pub largest: f64,
}

impl WeightStats {
    fn of(values: &[f32]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
        let square = |&value: &f32| (f64::from(value) - mean) * (f64::from(value) - mean);
        let sd = (values.iter().map(square).sum::<f64>() / count).sqrt();
        let largest = values.iter().fold(0.0, |most: f64, &value| most.max(f64::from(value.abs())));
        WeightStats { mean, sd, largest }
    }
}

impl Layer {
    /// Returns the statistics of the weights, biases and feedback weights.
    ///
    /// # Panics
    /// If [`Layer::check`] fails.
    pub fn statistics(&self) -> LayerStatistics {
        LayerStatistics {
            weights: WeightStats::of(&self.weights[..self.n_pre * self.units]),
            biases: WeightStats::of(self.biases()),
            feedback: (self.n_feedback > 0).then(|| WeightStats::of(&self.feedback)),
        }
    }
}

/// Weights of all layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Layers, the lowest first, the output last.
    pub layers: Vec<Layer>,
}

impl Network {
    /// Draws the initial weights of `config`, for images of `pixels` pixels. Settings without layers give an empty
    /// network.
    pub fn initial(config: &Config, pixels: usize) -> Self {
        let sizes = &config.layers;
        let broadcast = config.feedback == Feedback::Broadcast;
        let mut feedback =
            config.weight_init.feedback(config.seed, sizes, broadcast, config.phi_max);
        for (layer, weights) in feedback.iter_mut().enumerate() {
            sparsify(weights, config, layer);
        }
        let layers = (0..sizes.len())
            .map(|layer| {
                let n_pre = if layer == 0 { pixels } else { sizes[layer - 1] };
                let units = sizes[layer];
                let weights =
                    config.weight_init.weights(config.seed, sizes, layer, n_pre, config.phi_max);
                let biases = config.weight_init.biases(config.seed, layer, units);
                let no_feedback = Vec::new();
                let feedback = feedback.get(layer).unwrap_or(&no_feedback);
                let n_feedback = feedback.len().checked_div(units).unwrap_or(0);
                let mut columns = transpose(&to_single(&weights), units, n_pre);
                columns.extend(to_single(&biases));
                Layer {
                    units,
                    n_pre,
                    weights: columns,
                    n_feedback,
                    feedback: transpose(&to_single(feedback), units, n_feedback),
                    apical_biases: apical_biases(config, layer),
                }
            })
            .collect();
        Network { layers }
    }
}

/// Sets the fraction of a layer's feedback weights given in the settings to zero, and amplifies all others.
fn sparsify(weights: &mut [f64], config: &Config, layer: usize) {
    let zeros = (config.feedback_sparsity * weights.len() as f64).round() as usize;
    let mut stream = PhiloxRng::new(config.seed, RngStream::Sparsity, layer as u32, 0);
    let mut order: Vec<usize> = (0..weights.len()).collect();
    let most = weights.len();
    let (zeros, _) = order.partial_shuffle(&mut stream, zeros.min(most));
    for &mut index in zeros {
        weights[index] = 0.0;
    }
    for weight in weights {
        *weight *= config.feedback_gain;
    }
}

/// Returns a hidden layer's initial apical biases, uniform with mean 0; empty for the output, or if there are none.
fn apical_biases(config: &Config, layer: usize) -> Vec<f32> {
    if layer + 1 == config.layers.len() || !config.has_apical_biases() {
        return Vec::new();
    }
    let half_width = config.apical_bias_sd * 3f64.sqrt();
    let mut stream = PhiloxRng::new(config.seed, RngStream::ApicalBiases, layer as u32, 0);
    let biases = (0..config.layers[layer]).map(|_| half_width * stream.uniform_signed());
    to_single(&biases.collect::<Vec<_>>())
}

fn to_single(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| flush_weight(value as f32)).collect()
}

/// Returns the transpose of a matrix `[rows, columns]` stored row by row.
fn transpose(matrix: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut result = Vec::with_capacity(matrix.len());
    for column in 0..columns {
        result.extend((0..rows).map(|row| matrix[row * columns + column]));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_too_small_for_a_device_become_zero() {
        let layer = Layer::from_rows(1, 2, &[1e-40, 1.0], &[-1e-16], &[-0.0, 1e-15]).unwrap();
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&layer.weights), bits(&[0.0, 1.0, 0.0]));
        assert_eq!(bits(&layer.feedback), bits(&[0.0, 1e-15]));
    }

    #[test]
    fn layer_check_refuses_arrays_of_another_length() {
        let layer = Layer::from_rows(2, 1, &[1.0, 2.0], &[0.0, 0.5], &[0.1, 0.2]).unwrap();
        assert_eq!(layer.check(), Ok(()));
        let short = Layer { weights: vec![0.0; 3], ..layer.clone() };
        let error = LayerError::Length { array: "weights", got: 3, units: 2 };
        assert_eq!(short.check(), Err(error));
        let long = Layer { n_feedback: usize::MAX, ..layer.clone() };
        assert!(long.check().is_err());
        assert!(Layer { n_pre: usize::MAX, ..layer.clone() }.check().is_err());
        assert!(Layer { apical_biases: vec![0.0], ..layer.clone() }.check().is_err());
        assert_eq!(Layer { units: 0, ..layer }.check(), Err(LayerError::NoNeurons));
    }

    #[test]
    fn statistics_are_of_weights_biases_and_feedback_apart() {
        let layer = Layer::from_rows(2, 2, &[1.0, 2.0, 3.0, -6.0], &[5.0, 5.0], &[-1.0, 1.0]);
        let layer = layer.expect("the arrays fit");
        let LayerStatistics { weights, biases, feedback } = layer.statistics();
        // Squares of the differences from 0: 1, 4, 9, 36.
        assert_eq!((weights.mean, weights.sd, weights.largest), (0.0, 12.5f64.sqrt(), 6.0));
        assert_eq!((biases.mean, biases.sd, biases.largest), (5.0, 0.0, 5.0));
        assert_eq!(feedback, Some(WeightStats { mean: 0.0, sd: 1.0, largest: 1.0 }));
    }

    #[test]
    fn arrays_that_make_no_layer_are_refused() {
        let layer = |units, weights: &[f32], biases: &[f32], feedback: &[f32]| {
            Layer::from_rows(units, 2, weights, biases, feedback).map(|_| ())
        };
        assert_eq!(layer(0, &[], &[], &[]), Err(LayerError::NoNeurons));
        assert_eq!(layer(2, &[0.0; 4], &[0.0; 2], &[]), Ok(()));
        for (array, got, result) in [
            ("weights", 3, layer(2, &[0.0; 3], &[0.0; 2], &[])),
            ("biases", 1, layer(2, &[0.0; 4], &[0.0; 1], &[])),
            ("feedback weights", 3, layer(2, &[0.0; 4], &[0.0; 2], &[0.0; 3])),
        ] {
            assert_eq!(result, Err(LayerError::Length { array, got, units: 2 }));
        }
    }

    #[test]
    fn settings_without_layers_or_neurons_draw_networks_without() {
        let network = |layers| Network::initial(&Config { layers, ..Config::default() }, 4);
        assert!(network(vec![]).layers.is_empty());
        assert_eq!(network(vec![0, 10]).layers[1].biases().len(), 10);
    }
}
