//! Settings with which minibatches learn well, found on a validation set: the last 10,000 training images of
//! MNIST.
//!
//! What updates by means over minibatches need, in the order of what it brings
//! (`benches/results/tune-512`): little momentum, for all inputs of a neuron are positive, and a long memory
//! overshoots in their common direction until the outputs are silent; a short memory for squares, for
//! gradients shrink fast at first; voltages that start about 0, the output's above all, for saturated neurons
//! hardly learn; and only then the rate.

use super::{Config, Optimizer, Preset};
use crate::model::initial::Initial;
use crate::model::rates::Schedule;

/// A net and a size of minibatch, with what they learn best by.
#[derive(Debug, PartialEq)]
pub struct Recipe {
    /// The preset's name.
    pub name: &'static str,
    /// Neurons of each layer, the lowest first, the output last.
    pub layers: &'static [usize],
    /// The size of its minibatches, with what goes with that.
    pub minibatch: &'static Minibatch,
    /// Epochs of the run, over which the learning rate falls to nothing.
    pub epochs: u32,
    /// Of the hidden layers and of the output, or of each layer.
    pub eta: &'static [f64],
    /// Test error in percent after the last epoch, mean and standard deviation over three seeds, as in
    /// `benches/results/learning.md`.
    pub reached: (f64, f64),
}

/// What goes with a size of minibatch, whatever the net.
#[derive(Debug, PartialEq)]
pub struct Minibatch {
    pub batch: usize,
    /// Adam's memory for squares: it spans some 2,000 images, however many updates these are.
    pub beta2: f64,
    /// Images over which the rate rises at first.
    pub ramp: u64,
}

const BATCH_32: Minibatch = Minibatch { batch: 32, beta2: 0.99, ramp: 0 };
const BATCH_128: Minibatch = Minibatch { batch: 128, beta2: 0.95, ramp: 2000 };
const BATCH_512: Minibatch = Minibatch { batch: 512, beta2: 0.7, ramp: 3000 };
const BATCH_2048: Minibatch = Minibatch { batch: 2048, beta2: 0.5, ramp: 20_000 };

const HIDDEN_0: &[usize] = &[10];
const HIDDEN_1: &[usize] = &[500, 10];
const HIDDEN_2: &[usize] = &[500, 100, 10];
const HIDDEN_3: &[usize] = &[500, 100, 100, 10];

/// All recipes, net by net.
#[rustfmt::skip]
pub static RECIPES: [Recipe; 16] = [
    recipe("hidden-0-batch-32", HIDDEN_0, &BATCH_32, 6, &[0.03], (8.02, 0.12)),
    recipe("hidden-0-batch-128", HIDDEN_0, &BATCH_128, 6, &[0.06], (8.04, 0.10)),
    recipe("hidden-0-batch-512", HIDDEN_0, &BATCH_512, 6, &[0.1], (8.07, 0.08)),
    recipe("hidden-0-batch-2048", HIDDEN_0, &BATCH_2048, 10, &[0.2], (8.03, 0.07)),
    QUICK,
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
];

/// That of the default preset.
#[rustfmt::skip]
const QUICK: Recipe =
    recipe("hidden-1-batch-32", HIDDEN_1, &BATCH_32, 32, &[0.06, 0.02], (2.40, 0.06));

const fn recipe(
    name: &'static str,
    layers: &'static [usize],
    minibatch: &'static Minibatch,
    epochs: u32,
    eta: &'static [f64],
    reached: (f64, f64),
) -> Recipe {
    Recipe { name, layers, minibatch, epochs, eta, reached }
}

impl Recipe {
    /// That of the default preset.
    pub fn quick() -> &'static Recipe {
        &QUICK
    }

    /// All settings of a run by this recipe: what it leaves open is as in [`Preset::Paper1`].
    pub fn config(&self) -> Config {
        let Minibatch { batch, beta2, ramp } = *self.minibatch;
        Config {
            layers: self.layers.to_vec(),
            epochs: self.epochs,
            batch,
            eta: self.eta.to_vec(),
            schedule: Schedule::Cosine,
            ramp,
            optimizer: Optimizer::Adam,
            beta1: 0.5,
            beta2,
            initial: Initial::Centred,
            // Of the rest, as the paper.
            ..Preset::Paper1.config()
        }
    }

    /// What it reaches, in a line.
    pub fn about(&self) -> String {
        let Recipe { layers, minibatch, epochs, reached: (mean, sd), .. } = self;
        let sizes: Vec<String> = layers.iter().map(usize::to_string).collect();
        format!(
            "784-{}, minibatches of {}: {mean:.2} % test error after {epochs} epochs (sd {sd:.2})",
            sizes.join("-"),
            minibatch.batch
        )
    }
}
