//! Settings of a run. Each is defined once, here, for the library, the command line and `config.toml`.

#[cfg(feature = "clap")]
mod commented_toml;
mod continuation;
pub mod file;
mod list;
mod paper;
mod presets;
mod recipes;
mod resolved;
mod settings;
mod sweep;
mod validate;
mod warnings;

pub use crate::model::network_model::{
    CreditAssignment, Dynamics, EventFeedback, Feedback, FeedbackWeights, LearningRule, Optimizer,
    Signal,
};
pub use crate::model::plateau_timing::PlateauTiming;
#[cfg(feature = "clap")]
pub use commented_toml::to_commented_toml;
pub use presets::Preset;
pub use recipes::{RECIPES, Recipe};
pub use resolved::Timing;
pub use settings::Config;
pub use sweep::{Part, PartError, Sweep, SweepError, VARIANTS_MAX, Variant, variants};
pub use validate::ConfigError;
pub use warnings::ConfigWarning;

use crate::model::lr_schedule::LrFactor;

impl Config {
    /// Returns the number of layers, including the output.
    pub fn layer_count(&self) -> usize {
        self.layers.len()
    }

    /// Returns the learning rate of a layer's weights.
    pub fn layer_eta(&self, layer: usize) -> f64 {
        self.per_layer(&self.eta, layer)
    }

    /// Returns the learning rate of a layer's biases.
    pub fn layer_bias_eta(&self, layer: usize) -> f64 {
        self.layer_eta(layer) * self.per_layer(&self.bias_lr_scale, layer)
    }

    /// Returns the value for one layer of a setting that has one value for all layers, two for the hidden layers and
    /// the output, or one per layer.
    fn per_layer(&self, values: &[f64], layer: usize) -> f64 {
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

    /// Whether a setting has one value, two, or one per layer.
    pub(crate) fn has_valid_len(&self, values: &[f64]) -> bool {
        [1, 2, self.layers.len()].contains(&values.len())
    }

    /// Returns the learning-rate factor of each image, for epochs of `images` images.
    pub fn lr_factor(&self, images: usize) -> LrFactor {
        LrFactor {
            schedule: self.lr_schedule,
            warmup_images: self.warmup_images,
            images_per_epoch: images as u64,
            epochs: self.epochs,
            step_epochs: self.lr_step_epochs,
            step_gamma: self.lr_step_gamma,
            final_factor: self.lr_final_factor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layer_eta_two_values_split_hidden_and_output() {
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
