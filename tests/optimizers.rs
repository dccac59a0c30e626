//! Proves: given the gradient of each minibatch, weights and biases change by the formula of each optimizer, computed
//! here in double precision. Covers learning rates per layer, schedules, weight decay and clipping.
//!
//! Does not prove: that the gradients are correct (see `golden.rs`), that other backends agree (see `exactness.rs` and
//! `trainings.rs`), or that networks learn well.

use apical::config::{Config, Optimizer};
use apical::interface::{ArrayId, Shape};
use apical::model::lr_schedule::LrSchedule;
use apical::network::Network;
use apical::plan::{Capacity, Presentation};
use apical::simulation::Simulation;

use crate::support;

const PIXELS: usize = 72;
const MINIBATCHES: u32 = 5;
const BATCH: usize = 4;
/// Number of images before the tested minibatches, so that the first epoch, of 20 images, ends within them.
const FIRST_IMAGE: u32 = 12;

/// A weight or bias with its optimizer state, in double precision.
#[derive(Clone, Copy, Default)]
struct Synapse {
    weight: f64,
    mean: f64,
    square: f64,
}

impl Synapse {
    /// Applies one update. `update`: its number, from 1.
    fn change(&mut self, config: &Config, update: i32, eta: f64, decay: f64, gradient: f64) {
        let Config { beta1, beta2, optimizer_eps: epsilon, .. } = *config;
        self.weight -= eta * decay * self.weight;
        let root = |square: f64| (square + epsilon * epsilon).sqrt();
        self.weight -= eta
            * match config.optimizer {
                Optimizer::Sgd => gradient,
                Optimizer::Momentum => {
                    self.mean = beta1 * self.mean + gradient;
                    self.mean
                }
                Optimizer::Rmsprop => {
                    self.square = beta2 * self.square + (1.0 - beta2) * gradient * gradient;
                    gradient / root(self.square)
                }
                Optimizer::Adam => {
                    self.mean = beta1 * self.mean + (1.0 - beta1) * gradient;
                    self.square = beta2 * self.square + (1.0 - beta2) * gradient * gradient;
                    let mean = self.mean / (1.0 - beta1.powi(update));
                    mean / root(self.square / (1.0 - beta2.powi(update)))
                }
            };
    }
}

/// Trains on a few minibatches and compares each weight with its formula. Returns the largest gradient magnitude.
fn check_updates(config: &Config) -> f32 {
    let dataset = support::random_dataset(3, 8, 9, BATCH * MINIBATCHES as usize);
    config.validate(PIXELS, 10).expect("the settings are valid");
    let capacity = Capacity { keeps_gradient: true, ..support::capacity(BATCH, 20, 40) };
    let network = Network::initial(config, PIXELS);
    let backend = support::cpu(config, &dataset, &capacity);
    let mut simulation =
        Simulation::new(backend, config, &dataset, &network).expect("the network fits");
    let mut expected_layers: Vec<Vec<Synapse>> = network
        .layers
        .iter()
        .map(|layer| {
            let synapse = |&weight: &f32| Synapse { weight: weight.into(), ..Synapse::default() };
            layer.weights.iter().map(synapse).collect()
        })
        .collect();
    let mut largest = 0.0f32;
    for minibatch in 0..MINIBATCHES {
        let first = minibatch * BATCH as u32;
        let images = [0, 1, 2, 3].map(|index| Presentation {
            index: (first + index) as usize,
            label: dataset.labels()[(first + index) as usize],
            draw_index: FIRST_IMAGE + first + index,
            result_slot: index as usize,
        });
        simulation.train(&images).expect("the minibatch runs");
        let rate = config.lr_factor(dataset.training_count).at((FIRST_IMAGE + first).into());
        for (layer, synapses) in expected_layers.iter_mut().enumerate() {
            let gradients = support::floats(simulation.backend(), ArrayId::Gradient(layer));
            let weights = support::floats(simulation.backend(), ArrayId::Weights(layer));
            let shape: &Shape = simulation.backend().shape();
            let first_bias = shape.n_pre(layer) * shape.units(layer);
            for (index, synapse) in synapses.iter_mut().enumerate() {
                let is_bias = index >= first_bias;
                let eta =
                    if is_bias { config.layer_bias_eta(layer) } else { config.layer_eta(layer) };
                let decay = if is_bias { 0.0 } else { config.weight_decay };
                let gradient = gradients[index].into();
                synapse.change(config, minibatch as i32 + 1, eta * rate, decay, gradient);
                let (expected, weight) = (synapse.weight, f64::from(weights[index]));
                let error = (weight - expected).abs();
                let context = format!("{:?}, layer {layer}, synapse {index}", config.optimizer);
                assert!(
                    error < 2e-5 * (1.0 + expected.abs()),
                    "{context}: {weight}, expected {expected}"
                );
                largest = largest.max(gradients[index].abs());
            }
        }
    }
    largest
}

fn config(optimizer: Optimizer, eta: f64) -> Config {
    Config {
        layers: vec![20, 10],
        batch_size: BATCH,
        epochs: 2,
        optimizer,
        eta: vec![eta, eta / 2.0],
        bias_lr_scale: vec![2.0, 0.5],
        optimizer_eps: 1e-3,
        ..Config::default()
    }
}

const OPTIMIZERS: [(Optimizer, f64); 4] = [
    (Optimizer::Sgd, 0.1),
    (Optimizer::Momentum, 0.02),
    (Optimizer::Rmsprop, 0.01),
    (Optimizer::Adam, 0.01),
];

#[test]
fn optimizer_updates_match_formula() {
    for (optimizer, eta) in OPTIMIZERS {
        check_updates(&config(optimizer, eta));
    }
}

#[test]
fn lr_schedule_scales_learning_rates() {
    for (optimizer, eta) in OPTIMIZERS {
        for schedule in [LrSchedule::Step, LrSchedule::Cosine] {
            check_updates(&Config {
                lr_schedule: schedule,
                warmup_images: 9,
                lr_final_factor: 0.2,
                ..config(optimizer, eta)
            });
        }
    }
}

#[test]
fn weight_decay_skips_biases() {
    for (optimizer, eta) in OPTIMIZERS {
        check_updates(&Config { weight_decay: 2.0, ..config(optimizer, eta) });
    }
}

#[test]
fn gradients_are_clipped_to_the_limit() {
    let free = config(Optimizer::Sgd, 0.1);
    let clip = check_updates(&free) / 2.0;
    let largest = check_updates(&Config { grad_clip: clip.into(), ..free });
    assert_eq!(largest, clip);
}
