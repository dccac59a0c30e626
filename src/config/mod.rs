//! Every setting of a run, once: what the command line, `config.toml` and the library read.

mod choices;
#[cfg(feature = "clap")]
mod commented;
pub mod file;
mod list;
mod presets;
mod recipes;
mod sweep;
mod validate;
mod warnings;

pub use crate::model::plateaus::PlateauTimes;
pub use choices::{Dynamics, Feedback, FeedbackWeights, HiddenErrors, Optimizer, Transmission};
#[cfg(feature = "clap")]
pub use commented::commented;
pub use presets::Preset;
pub use recipes::{RECIPES, Recipe};
pub use sweep::{Sweep, SweepError, VARIANTS_MAX, Variant, variants};
pub use validate::ConfigError;

use serde::{Deserialize, Serialize};

use crate::model::filter;
use crate::model::initial::Initial;
use crate::model::phases::{Averaging, PhaseExtra};
use crate::model::rates::{Rates, Schedule};
use crate::model::spikes::SpikeDraw;

/// All settings of a run. `Config::default()` is the preset `quick`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Sizes of the hidden layers and, last, of the output (a multiple of the number of classes)
    #[cfg_attr(feature = "clap", arg(long, value_delimiter = ',', value_name = "N,..", default_values_t = Config::default().layers))]
    #[serde(deserialize_with = "list::one_or_many")]
    pub layers: Vec<usize>,

    /// Times that every training image is shown
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = Config::default().epochs))]
    pub epochs: u32,

    /// Train on N images of the training set, the first or, if it is sorted by class, of each class its share; 0: all
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = Config::default().images))]
    pub images: usize,

    /// Hold out N images of the training set, the last or, if it is sorted by class, of each class its share, and test on
    /// them instead of the test set; 0: none
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = Config::default().validation))]
    pub validation: usize,

    /// Test on N images of the test set, the first or, if it is sorted by class, of each class its share; 0: all
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = Config::default().test_images))]
    pub test_images: usize,

    /// Images a minibatch; the update is the mean over them
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = Config::default().batch))]
    pub batch: usize,

    /// Learning rate: one for all layers, two for the hidden ones and the output, or one for each layer, the
    /// output last
    #[cfg_attr(feature = "clap", arg(long, value_delimiter = ',', value_name = "RATE,..", default_values_t = Config::default().eta))]
    #[serde(deserialize_with = "list::one_or_many")]
    pub eta: Vec<f64>,

    /// Learning rate of the biases, as a multiple of the weights'; one, two or one for each layer as with
    /// --eta
    #[cfg_attr(feature = "clap", arg(long, value_delimiter = ',', value_name = "X,..", default_values_t = Config::default().eta_bias))]
    #[serde(deserialize_with = "list::one_or_many")]
    pub eta_bias: Vec<f64>,

    /// Part of every weight, not of the biases, that goes with each minibatch, times the learning rate
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", default_value_t = Config::default().weight_decay))]
    pub weight_decay: f64,

    /// Largest magnitude of a synapse's gradient, larger ones are cut to it; 0: any
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", default_value_t = Config::default().clip))]
    pub clip: f64,

    /// What becomes of the learning rate over the run (the paper: constant)
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().schedule))]
    pub schedule: Schedule,

    /// Images over which the learning rate first rises from 0; 0: none
    #[cfg_attr(feature = "clap", arg(long, value_name = "IMAGES", default_value_t = Config::default().ramp))]
    pub ramp: u64,

    /// Schedule step: epochs between two steps
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = Config::default().step_epochs))]
    pub step_epochs: u32,

    /// Schedule step: factor of the learning rate at each step
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", default_value_t = Config::default().step_factor))]
    pub step_factor: f64,

    /// Schedule cosine: part of the learning rate that is left at the end
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", default_value_t = Config::default().final_rate))]
    pub final_rate: f64,

    /// How gradients change weights
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().optimizer))]
    pub optimizer: Optimizer,

    /// Adam, momentum: decay of the running mean of the gradient, per minibatch
    #[cfg_attr(feature = "clap", arg(long, value_name = "BETA", default_value_t = Config::default().beta1))]
    pub beta1: f64,

    /// Adam, rmsprop: decay of the running mean of the gradient's square, per minibatch
    #[cfg_attr(feature = "clap", arg(long, value_name = "BETA", default_value_t = Config::default().beta2))]
    pub beta2: f64,

    /// Adam, rmsprop: its square is added to the mean square before the root is taken
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", default_value_t = Config::default().epsilon))]
    pub epsilon: f64,

    /// Seed of every random draw
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = Config::default().seed))]
    pub seed: u64,

    /// Initial weights: of the commit that the paper cites, of the authors' last, or those of the cited
    /// commit without their means, for minibatches
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().initial))]
    pub initial: Initial,

    /// Which neurons' spikes reach the apical dendrites. Layerwise feedback with --g-apical 0 teaches only the highest
    /// hidden layer: the spikes of hidden neurons do not depend on the class
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().feedback))]
    pub feedback: Feedback,

    /// Where hidden neurons have their errors from: their plateau potentials, or exact backpropagation
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().hidden_errors))]
    pub hidden_errors: HiddenErrors,

    /// Whether feedback weights are random and stay, or are those of the layers above, rebuilt after each update
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().feedback_weights))]
    pub feedback_weights: FeedbackWeights,

    /// Standard deviation of the noise on each transposed weight matrix of symmetric feedback, redrawn after each
    /// update; the paper's: 0.05, which learns as well as no noise, in the authors' code too
    #[cfg_attr(feature = "clap", arg(long, value_name = "SD", default_value_t = Config::default().feedback_noise))]
    pub feedback_noise: f64,

    /// Part of each hidden layer's feedback weights that is zero; the paper's sparse feedback: 0.8
    #[cfg_attr(feature = "clap", arg(long, value_name = "PART", default_value_t = Config::default().feedback_sparsity))]
    pub feedback_sparsity: f64,

    /// Factor of all feedback weights; the paper's for those that sparse feedback leaves: 5
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", default_value_t = Config::default().feedback_gain))]
    pub feedback_gain: f64,

    /// Learning rate of the feedback weights, towards the inverse of the feed-forward function; 0: they stay
    /// (the paper). By plain gradients, whatever the optimizer
    #[cfg_attr(feature = "clap", arg(long, value_name = "RATE", default_value_t = Config::default().feedback_eta))]
    pub feedback_eta: f64,

    /// Spread of the initial apical biases; 0: none (the paper), but for those that are learned
    #[cfg_attr(feature = "clap", arg(long, value_name = "SD", default_value_t = Config::default().apical_bias))]
    pub apical_bias: f64,

    /// Learning rate of the apical biases, as a multiple of --feedback-eta
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", default_value_t = Config::default().apical_bias_eta))]
    pub apical_bias_eta: f64,

    /// How voltages come about; at steady states, this overrides transmission, taps, lengths and averages of
    /// phases and tests, and --g-apical must be 0
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().dynamics))]
    pub dynamics: Dynamics,

    /// Whether neurons, the input included, send spikes or rates to the layer above; no synaptic kernel (--taps)
    /// filters rates
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().transmission))]
    pub transmission: Transmission,

    /// Whether spikes or rates reach the apical dendrites; no synaptic kernel (--taps) filters rates
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().feedback_transmission))]
    pub feedback_transmission: Transmission,

    /// Whether plateau potentials come at the ends of phases (the paper), or up to 5 ms earlier, at random
    /// for every neuron, image and phase
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().plateau_times))]
    pub plateau_times: PlateauTimes,

    /// Conductance from apical dendrite to soma, per ms; the paper studies 0, 0.05 and 0.6
    #[cfg_attr(feature = "clap", arg(long, value_name = "G", default_value_t = Config::default().g_apical))]
    pub g_apical: f64,

    /// Distribution of the spikes of one step
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().spikes))]
    pub spikes: SpikeDraw,

    /// Largest firing rate, spikes per ms
    #[cfg_attr(feature = "clap", arg(long, value_name = "RATE", default_value_t = Config::default().phi_max))]
    pub phi_max: f64,

    /// Length of the synaptic kernel in ms; 0: not cut (the paper's text)
    #[cfg_attr(feature = "clap", arg(long, value_name = "K", default_value_t = Config::default().taps))]
    pub taps: usize,

    /// Fixed part of a training phase, ms
    #[cfg_attr(feature = "clap", arg(long, value_name = "MS", default_value_t = Config::default().phase_steps))]
    pub phase_steps: u32,

    /// Random part of a training phase
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().phase_extra))]
    pub phase_extra: PhaseExtra,

    /// Window at a training phase's end over which averages run
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = Config::default().averaging))]
    pub averaging: Averaging,

    /// Length of the forward phase of a test image, ms (the paper's code: 250; its text: 500)
    #[cfg_attr(feature = "clap", arg(long, value_name = "MS", default_value_t = Config::default().test_steps))]
    pub test_steps: u32,

    /// Start of the window of a test image over which the output is averaged, ms
    #[cfg_attr(feature = "clap", arg(long, value_name = "MS", default_value_t = Config::default().test_from))]
    pub test_from: u32,

    /// Epochs between two records of the weights' statistics (mean, spread, largest magnitude of each layer);
    /// 0: none
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = Config::default().weights_every))]
    pub weights_every: u32,

    /// Training images between quick tests during an epoch; 0: none
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = Config::default().quick_test_every))]
    pub quick_test_every: usize,

    /// Test images of a quick test, the first of the test set
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = Config::default().quick_test_images))]
    pub quick_test_images: usize,
}

impl Config {
    /// Number of layers, the output included.
    pub fn layer_count(&self) -> usize {
        self.layers.len()
    }

    /// The learning rate of a layer's weights.
    pub fn layer_eta(&self, layer: usize) -> f64 {
        self.of_layer(&self.eta, layer)
    }

    /// The learning rate of a layer's biases.
    pub fn layer_eta_bias(&self, layer: usize) -> f64 {
        self.layer_eta(layer) * self.of_layer(&self.eta_bias, layer)
    }

    /// Of a setting for all layers, for the hidden ones and the output, or for each.
    fn of_layer(&self, values: &[f64], layer: usize) -> f64 {
        match values {
            [shared] => *shared,
            [hidden, output] => {
                if layer + 1 < self.layers.len() {
                    *hidden
                } else {
                    *output
                }
            }
            each => each[layer],
        }
    }

    /// The settings that count: at steady states, some are given.
    pub(crate) fn in_effect(&self) -> Config {
        match self.dynamics {
            Dynamics::Spiking => self.clone(),
            Dynamics::SteadyState => Config {
                transmission: Transmission::Rates,
                feedback_transmission: Transmission::Rates,
                taps: 1,
                // Feedback arrives one step late.
                phase_steps: 2,
                phase_extra: PhaseExtra::None,
                averaging: Averaging::Last,
                test_steps: 2,
                test_from: 1,
                ..self.clone()
            },
        }
    }

    /// Whether feedback weights learn.
    pub fn learns_feedback(&self) -> bool {
        self.feedback_eta > 0.0
    }

    /// Whether apical dendrites have biases.
    pub fn has_apical_biases(&self) -> bool {
        self.apical_bias > 0.0 || (self.learns_feedback() && self.apical_bias_eta > 0.0)
    }

    /// Whether a setting says its value for every layer.
    pub(crate) fn fits_layers(&self, values: &[f64]) -> bool {
        [1, 2, self.layers.len()].contains(&values.len())
    }

    /// The part of the learning rate that each image learns at, of `images` an epoch.
    pub fn rates(&self, images: usize) -> Rates {
        Rates {
            schedule: self.schedule,
            ramp: self.ramp,
            images: images as u64,
            epochs: self.epochs,
            step_epochs: self.step_epochs,
            step_factor: self.step_factor,
            final_rate: self.final_rate,
        }
    }

    /// Steps by which a spike's effect outlasts it; 0 for the uncut kernel, whose traces are carried.
    pub fn memory(&self) -> u32 {
        self.taps as u32
    }
}

impl Default for Config {
    fn default() -> Self {
        Preset::Quick.config()
    }
}

// The kernels hold the taps in a fixed table.
const _: () = assert!(filter::TAPS_MAX == 32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_rates_are_of_hidden_layers_and_the_output() {
        let rates = |layers: &[usize], eta: &[f64]| -> Vec<f64> {
            let (layers, eta) = (layers.to_vec(), eta.to_vec());
            let config = Config { layers, eta, ..Config::default() };
            (0..config.layer_count()).map(|layer| config.layer_eta(layer)).collect()
        };
        assert_eq!(rates(&[5, 4, 10], &[0.3]), [0.3; 3]);
        assert_eq!(rates(&[10], &[0.3, 0.1]), [0.1]);
        assert_eq!(rates(&[5, 4, 10], &[0.3, 0.1]), [0.3, 0.3, 0.1]);
        assert_eq!(rates(&[5, 4, 10], &[0.3, 0.2, 0.1]), [0.3, 0.2, 0.1]);
    }
}
