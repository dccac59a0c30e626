//! Learns by a rule of its own: by the paper's, but a synapse keeps its sign, exciting or inhibiting; where it would
//! change it, it falls silent. The simulation makes spikes, plateaus and errors; the rule takes the place of the last
//! kernel, which changes weights.
//!
//! cargo run --release --example own_learning_rule

use std::error::Error;
use std::slice::{from_mut, from_ref};
use std::sync::Arc;

use apical::config::Config;
use apical::dataset::Dataset;
use apical::device::{self, DeviceOptions};
use apical::interface::{ArrayId, Backend, BackendError, window_mean};
use apical::model::weight_init::WeightInit;
use apical::network::Network;
use apical::simulation::Simulation;
use apical::train::{order, test};

/// Changes each weight by `-rate` times the mean over the minibatch of error times filtered spikes, but never beyond
/// zero: `initial` has the signs. Biases may be of any.
fn change_weights(
    backend: &mut dyn Backend,
    layer: usize,
    samples: usize,
    rate: f32,
    initial: &[f32],
) -> Result<(), BackendError> {
    let mut floats = |array| -> Result<Vec<f32>, BackendError> {
        Ok(backend.read(array)?.into_iter().map(f32::from_bits).collect())
    };
    let errors = floats(ArrayId::Errors(layer))?; // [samples, units]
    let traces = floats(ArrayId::WindowMeans(layer))?; // [samples, rows, below]
    let mut weights = floats(ArrayId::Weights(layer))?; // [below + 1, units], the last column is the biases
    let shape = backend.shape();
    let (units, below, rows) = (shape.units(layer), shape.n_pre(layer), shape.window_mean_rows());
    for sample in 0..samples {
        let errors = &errors[sample * units..][..units];
        let traces = &traces[(sample * rows + window_mean::FORWARD) * below..][..below];
        for (column, trace) in weights.chunks_mut(units).zip(traces.iter().chain(&[1.0])) {
            for (weight, error) in column.iter_mut().zip(errors) {
                *weight -= rate / samples as f32 * trace * error;
            }
        }
    }
    let synapses = below * units;
    for (weight, initial) in weights[..synapses].iter_mut().zip(initial) {
        if *weight * initial < 0.0 {
            *weight = 0.0;
        }
    }
    let words: Vec<u32> = weights.into_iter().map(f32::to_bits).collect();
    backend.write(ArrayId::Weights(layer), &words)
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
    let selection = DeviceOptions { per_sample_access: true, ..DeviceOptions::default() };
    let opened = device::open(&selection, from_ref(&config), &dataset)?;
    let mut simulation = Simulation::new(opened.backend, &config, &dataset, &network)?;

    let tested = |simulation: &mut Simulation| test(simulation, &dataset, 500, 0);
    println!("before: {:.1} % wrong", tested(&mut simulation)?.error());
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
        println!("epoch {epoch}: {:.1} % wrong", tested(&mut simulation)?.error());
    }
    let mut learned = network.clone();
    simulation.read_networks(from_mut(&mut learned))?;
    for (layer, before) in learned.layers.iter().zip(&network.layers) {
        let signs = layer.weight_rows().into_iter().zip(before.weight_rows());
        assert!(signs.into_iter().all(|(weight, before)| weight * before >= 0.0));
    }
    assert!(tested(&mut simulation)?.error() < 50.0); // a guess: 90
    Ok(())
}
