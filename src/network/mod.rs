//! Weights of a network: learned feed-forward weights and feedback weights.

mod layer;
mod weight_stats;

use rand::seq::SliceRandom;

pub use layer::{Layer, LayerError};
pub use weight_stats::{LayerStatistics, WeightStats};

use layer::transpose;

use crate::config::Config;
use crate::model::exact_math::flush_weight;
use crate::random::{PhiloxRng, RngStream};

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
        let mut feedback =
            config.weight_init.feedback(config.seed, sizes, config.feedback, config.phi_max);
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
                // Q learns a linear regression, which needs no random start. What it holds later, it has learned.
                let learns_events = config.network_model().learns_event_feedback();
                let event_feedback = vec![0.0; if learns_events { feedback.len() } else { 0 }];
                Layer {
                    units,
                    n_pre,
                    weights: columns,
                    n_feedback,
                    feedback: transpose(&to_single(feedback), units, n_feedback),
                    apical_biases: apical_biases(config, layer),
                    event_feedback,
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
    if layer + 1 == config.layers.len() || !config.network_model().has_apical_biases {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initial_network_may_lack_layers_or_neurons() {
        let network = |layers| Network::initial(&Config { layers, ..Config::default() }, 4);
        assert!(network(vec![]).layers.is_empty());
        assert_eq!(network(vec![0, 10]).layers[1].biases().len(), 10);
    }
}
