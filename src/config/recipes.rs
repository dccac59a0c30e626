//! Recipes: settings tuned for minibatches on a validation set, the last 10,000 training images of MNIST.
//!
//! Minibatch training needs the following, most effective first (`benches/results/tune-512`):
//! - A small `beta1`. All inputs of a neuron are positive, so strong momentum overshoots in their common direction until
//!   the outputs stop spiking.
//! - A small `beta2`, because gradients shrink quickly at first.
//! - Initial voltages near 0, above all in the output layer, because saturated neurons hardly learn.
//! - A tuned learning rate.

use super::paper::paper_1;
use super::{Config, Optimizer};
use crate::model::lr_schedule::LrSchedule;
use crate::model::spikes::SpikeDistribution;
use crate::model::weight_init::WeightInit;

/// Tuned settings of a network and a minibatch size.
#[derive(Debug, PartialEq)]
pub struct Recipe {
    /// Name of the preset.
    pub name: &'static str,
    /// Number of neurons of each layer, the output last.
    pub layers: &'static [usize],
    /// Minibatch size and the settings that depend on it.
    pub batch: &'static BatchRecipe,
    /// Number of epochs, over which the learning rate falls to 0.
    pub epochs: u32,
    /// Learning rate, as [`Config::eta`].
    pub eta: &'static [f64],
    /// Rates and counts of spikes.
    pub spiking: &'static Spiking,
    /// Mean and standard deviation of the test error over three seeds after the last epoch, as in
    /// `benches/results/learning.md`, percent.
    pub test_error: (f64, f64),
}

/// Minibatch size and the settings that depend on it alone.
#[derive(Debug, PartialEq)]
pub struct BatchRecipe {
    /// Images per minibatch.
    pub batch_size: usize,
    /// Adam's decay of the mean squared gradient: its time constant is about 2,000 images.
    pub beta2: f64,
    /// Images over which the learning rate first rises.
    pub warmup_images: u64,
}

/// Rates and counts of spikes.
#[derive(Debug, PartialEq)]
pub struct Spiking {
    /// Maximum rate, spikes per ms.
    pub phi_max: f64,
    /// Distribution of the number of spikes per step.
    pub distribution: SpikeDistribution,
}

/// As in the paper.
const PAPER: Spiking = Spiking { phi_max: 0.2, distribution: SpikeDistribution::Poisson };
/// More spikes, whose number varies less: noise limits learning (`docs/concepts/learning.md`).
const RATES_400_HZ: Spiking = Spiking { phi_max: 0.4, distribution: SpikeDistribution::Bernoulli };

const BATCH_32: BatchRecipe = BatchRecipe { batch_size: 32, beta2: 0.99, warmup_images: 0 };
const BATCH_128: BatchRecipe = BatchRecipe { batch_size: 128, beta2: 0.95, warmup_images: 2000 };
const BATCH_512: BatchRecipe = BatchRecipe { batch_size: 512, beta2: 0.7, warmup_images: 3000 };
const BATCH_2048: BatchRecipe = BatchRecipe { batch_size: 2048, beta2: 0.5, warmup_images: 20_000 };

const HIDDEN_0: &[usize] = &[10];
const HIDDEN_1: &[usize] = &[500, 10];
const HIDDEN_2: &[usize] = &[500, 100, 10];
const HIDDEN_3: &[usize] = &[500, 100, 100, 10];
/// For GPUs, which have threads for more neurons.
const WIDE_1: &[usize] = &[2000, 10];

/// All recipes, by network and minibatch size.
#[rustfmt::skip]
pub static RECIPES: [Recipe; 21] = [
    recipe("hidden-0-batch-32", HIDDEN_0, &BATCH_32, 6, &[0.03], (8.02, 0.12)),
    recipe("hidden-0-batch-128", HIDDEN_0, &BATCH_128, 6, &[0.06], (8.04, 0.10)),
    recipe("hidden-0-batch-512", HIDDEN_0, &BATCH_512, 6, &[0.1], (8.07, 0.08)),
    recipe("hidden-0-batch-2048", HIDDEN_0, &BATCH_2048, 10, &[0.2], (8.03, 0.07)),
    ONE_HIDDEN_LAYER,
    recipe("hidden-1-batch-128", HIDDEN_1, &BATCH_128, 10, &[0.15, 0.06], (3.11, 0.02)),
    recipe("hidden-1-batch-512", HIDDEN_1, &BATCH_512, 24, &[0.3, 0.1], (2.64, 0.06)),
    recipe("hidden-1-batch-2048", HIDDEN_1, &BATCH_2048, 16, &[0.6, 0.1], (3.07, 0.09)),
    recipe("hidden-2-batch-32", HIDDEN_2, &BATCH_32, 14, &[0.06], (2.99, 0.18)),
    recipe("hidden-2-batch-128", HIDDEN_2, &BATCH_128, 8, &[0.15], (3.49, 0.04)),
    recipe("hidden-2-batch-512", HIDDEN_2, &BATCH_512, 10, &[0.3], (3.48, 0.11)),
    recipe("hidden-2-batch-2048", HIDDEN_2, &BATCH_2048, 10, &[0.5], (4.43, 0.17)),
    recipe("hidden-3-batch-32", HIDDEN_3, &BATCH_32, 5, &[0.08], (4.10, 0.16)),
    recipe("hidden-3-batch-128", HIDDEN_3, &BATCH_128, 5, &[0.15], (4.23, 0.20)),
    recipe("hidden-3-batch-512", HIDDEN_3, &BATCH_512, 5, &[0.3], (4.41, 0.16)),
    recipe("hidden-3-batch-2048", HIDDEN_3, &BATCH_2048, 8, &[0.5], (5.10, 0.13)),
    QUICK,
    recipe("hidden-1-batch-512-400-hz", HIDDEN_1, &BATCH_512, 24, &[0.3, 0.1], (2.27, 0.04)).at(&RATES_400_HZ),
    recipe("hidden-2-batch-32-400-hz", HIDDEN_2, &BATCH_32, 24, &[0.03], (2.11, 0.05)).at(&RATES_400_HZ),
    recipe("hidden-3-batch-32-400-hz", HIDDEN_3, &BATCH_32, 24, &[0.03], (2.07, 0.08)).at(&RATES_400_HZ),
    recipe("wide-1-batch-512-400-hz", WIDE_1, &BATCH_512, 12, &[0.3, 0.025], (2.25, 0.04)).at(&RATES_400_HZ),
];

/// One hidden layer, with the paper's spikes.
#[rustfmt::skip]
const ONE_HIDDEN_LAYER: Recipe =
    recipe("hidden-1-batch-32", HIDDEN_1, &BATCH_32, 32, &[0.06, 0.02], (2.40, 0.06));

/// Recipe behind the preset `quick`.
#[rustfmt::skip]
const QUICK: Recipe =
    recipe("hidden-1-batch-32-400-hz", HIDDEN_1, &BATCH_32, 24, &[0.06, 0.02], (2.10, 0.16)).at(&RATES_400_HZ);

const fn recipe(
    name: &'static str,
    layers: &'static [usize],
    batch: &'static BatchRecipe,
    epochs: u32,
    eta: &'static [f64],
    test_error: (f64, f64),
) -> Recipe {
    Recipe { name, layers, batch, epochs, eta, spiking: &PAPER, test_error }
}

impl Recipe {
    /// Returns the recipe with other rates and counts of spikes.
    const fn at(self, spiking: &'static Spiking) -> Recipe {
        Recipe { spiking, ..self }
    }

    /// Returns the recipe behind the preset `quick`.
    pub fn quick() -> &'static Recipe {
        &QUICK
    }

    /// Returns the recipe `hidden-1-batch-32`, whose spikes are as in the paper.
    pub fn one_hidden_layer() -> &'static Recipe {
        &ONE_HIDDEN_LAYER
    }

    /// Returns all settings. Those that the recipe does not define are as in the preset `paper-1`.
    pub fn config(&self) -> Config {
        let BatchRecipe { batch_size, beta2, warmup_images } = *self.batch;
        Config {
            layers: self.layers.to_vec(),
            epochs: self.epochs,
            batch_size,
            eta: self.eta.to_vec(),
            lr_schedule: LrSchedule::Cosine,
            warmup_images,
            optimizer: Optimizer::Adam,
            beta1: 0.5,
            beta2,
            weight_init: WeightInit::ZeroMean,
            phi_max: self.spiking.phi_max,
            spike_distribution: self.spiking.distribution,
            ..paper_1()
        }
    }

    /// Returns a one-line description.
    pub fn about(&self) -> String {
        let Recipe { layers, batch, epochs, spiking, test_error: (mean, sd), .. } = self;
        let sizes: Vec<String> = layers.iter().map(usize::to_string).collect();
        let rates = match **spiking == PAPER {
            true => String::new(),
            false => format!(", rates up to {:.0} Hz", 1000.0 * spiking.phi_max),
        };
        format!(
            "784-{}, batch size {}{rates}: {mean:.2} % test error after {epochs} epochs (sd {sd:.2})",
            sizes.join("-"),
            batch.batch_size
        )
    }
}
