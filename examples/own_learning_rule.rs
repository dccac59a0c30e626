//! Learns by a rule of its own: the paper's rule, but each synapse keeps its sign. A weight that would change its sign
//! becomes zero. The simulation computes spikes, plateaus and errors; the rule replaces the weight-update kernel.
//!
//! cargo run --release --example own_learning_rule

use std::error::Error;
use std::slice::{from_mut, from_ref};
use std::sync::Arc;

use apical::config::Config;
use apical::dataset::Dataset;
use apical::device::{self, DeviceOptions};
use apical::interface::{ArrayId, Backend, BackendError, ValuesRef, window_mean};
use apical::model::weight_init::WeightInit;
use apical::network::Network;
use apical::simulation::Simulation;
use apical::train::{order, test};

/// Adds `-rate` times the minibatch mean of error times filtered spikes to each weight. A weight whose sign would
/// differ from that in `initial` becomes zero; biases may change their sign.
fn change_weights(
    backend: &mut dyn Backend,
    layer: usize,
    samples: usize,
    rate: f32,
    initial: &[f32],
) -> Result<(), BackendError> {
    let mut floats = |array| backend.read(array)?.into_f32(array);
    let errors = floats(ArrayId::Errors(layer))?; // [samples, units]
    let means = floats(ArrayId::WindowMeans(layer))?; // [samples, rows, n_pre]
    let mut weights = floats(ArrayId::Weights(layer))?; // [n_pre + 1, units]; the last column holds the biases
    let shape = backend.shape();
    let (units, n_pre, rows) = (shape.units(layer), shape.n_pre(layer), shape.window_mean_rows());
    for sample in 0..samples {
        let errors = &errors[sample * units..][..units];
        let means = &means[(sample * rows + window_mean::FORWARD) * n_pre..][..n_pre];
        for (column, mean) in weights.chunks_mut(units).zip(means.iter().chain(&[1.0])) {
            for (weight, error) in column.iter_mut().zip(errors) {
                *weight -= rate / samples as f32 * mean * error;
            }
        }
    }
    let synapses = n_pre * units;
    for (weight, initial) in weights[..synapses].iter_mut().zip(initial) {
        if *weight * initial < 0.0 {
            *weight = 0.0;
        }
    }
    backend.write(ArrayId::Weights(layer), ValuesRef::F32(&weights))
}

pub fn main() -> Result<(), Box<dyn Error>> {
    let config = Config {
        layers: vec![100, 10],
        batch_size: 8,
        weight_init: WeightInit::LatestCommit,
        train_images: 4000,
        test_images: 500,
        ..Config::default()
    };
    let dataset = Arc::new(Dataset::mnist()?.subset(0, config.train_images, config.test_images)?);
    let network = Network::initial(&config, dataset.pixels());
    let options = DeviceOptions { per_sample_access: true, ..DeviceOptions::default() };
    let opened = device::open(&options, from_ref(&config), &dataset)?;
    let mut simulation = Simulation::new(opened.backend, &config, &dataset, &network)?;

    let evaluate = |simulation: &mut Simulation| test(simulation, &dataset, 500, 0);
    println!("test error before learning: {:.1} %", evaluate(&mut simulation)?.error());
    for epoch in 1..=2 {
        for minibatch in order(&config, &dataset, epoch).chunks(config.batch_size) {
            let (minibatches, samples, mut launches) = simulation.prepare_training(minibatch);
            launches.retain(|launch| !launch.kernel.is_plasticity());
            let backend = simulation.backend();
            backend.run(&minibatches, &samples, &launches)?;
            for (layer, initial) in network.layers.iter().enumerate() {
                change_weights(backend, layer, minibatch.len(), 1.0, &initial.weights)?;
            }
        }
        println!("test error after epoch {epoch}: {:.1} %", evaluate(&mut simulation)?.error());
    }
    let mut learned = network.clone();
    simulation.read_networks(from_mut(&mut learned))?;
    for (layer, before) in learned.layers.iter().zip(&network.layers) {
        let signs = layer.weight_rows().into_iter().zip(before.weight_rows());
        assert!(signs.into_iter().all(|(weight, before)| weight * before >= 0.0));
    }
    assert!(evaluate(&mut simulation)?.error() < 50.0); // chance: 90 %
    Ok(())
}
