//! Single minibatches: samples do not influence each other, the gradient is their mean, and replayed spikes are
//! checked and do not influence later draws.

use std::slice::from_ref;

use apical::config::{Config, Optimizer};
use apical::interface::{ArrayId, Shape, Values, ValuesRef};
use apical::model::phases::PhaseJitter;
use apical::network::Network;
use apical::plan::{Capacity, Presentation};
use apical::simulation::Simulation;
use apical::train::order;

use super::{capacity, support};

/// Spikes, voltages, traces and errors of each sample equal those of a run with that sample only.
#[test]
fn samples_equal_single_runs() {
    let config = Config { layers: vec![40, 21, 10], batch_size: 6, ..Config::default() };
    let dataset = support::random_dataset(9, 8, 8, 12);
    let network = Network::initial(&config, dataset.pixels());
    let images = order(&config, &dataset, 1);
    let run = |images: &[Presentation]| -> (Shape, Vec<(ArrayId, Values)>) {
        let capacity = capacity(images.len(), &dataset, 64);
        let backend = support::cpu(&config, &dataset, &capacity);
        let mut simulation =
            Simulation::new(backend, &config, &dataset, &network).expect("the network fits");
        simulation.train(images).expect("a minibatch runs");
        let backend = simulation.backend();
        let shape = backend.shape().clone();
        let arrays = shape.arrays().into_iter().filter(|&array| shape.is_per_sample(array));
        let arrays: Vec<ArrayId> = arrays.collect();
        let read = |array| (array, backend.read(array).expect("an array is read"));
        (shape, arrays.into_iter().map(read).collect())
    };
    let (shape, together) = run(&images[..6]);
    for sample in 0..6 {
        let (_, alone) = run(&images[sample..sample + 1]);
        for ((array, together), (_, alone)) in together.iter().zip(&alone) {
            let length = shape.len_per_copy(*array);
            let together = ValuesRef::from(together).range(sample * length..(sample + 1) * length);
            support::assert_same_bits(&format!("sample {sample}: {array}"), together, alone);
        }
    }
}

/// The gradient of a minibatch is the mean of its images' gradients, up to rounding.
#[test]
fn gradient_is_the_mean_over_the_minibatch() {
    let config = Config {
        layers: vec![30, 10],
        batch_size: 4,
        optimizer: Optimizer::Sgd,
        ..Config::default()
    };
    let dataset = support::random_dataset(3, 8, 8, 12);
    let network = Network::initial(&config, dataset.pixels());
    let images = order(&config, &dataset, 1);
    let gradient = |images: &[Presentation]| -> Vec<f32> {
        let capacity = Capacity { keeps_gradient: true, ..capacity(images.len(), &dataset, 64) };
        let backend = support::cpu(&config, &dataset, &capacity);
        let mut simulation =
            Simulation::new(backend, &config, &dataset, &network).expect("the network fits");
        simulation.train(images).expect("a minibatch runs");
        support::floats(simulation.backend(), ArrayId::Gradient(0))
    };
    let together = gradient(&images[..4]);
    let alone: Vec<Vec<f32>> = images[..4].iter().map(|image| gradient(&[*image])).collect();
    let mut largest: f32 = 0.0;
    for (index, &value) in together.iter().enumerate() {
        let mean = alone.iter().map(|gradient| f64::from(gradient[index])).sum::<f64>() / 4.0;
        assert!((f64::from(value) - mean).abs() <= 1e-6 * (1.0 + mean.abs()), "weight {index}");
        largest = largest.max(value.abs());
    }
    assert!(largest > 1e-4, "the gradient is zero");
}

#[test]
fn replayed_spikes_of_wrong_sizes_are_an_error() {
    let config = Config { layers: vec![3, 10], batch_size: 1, ..Config::default() };
    let dataset = support::random_dataset(4, 4, 4, 12);
    let network = Network::initial(&config, dataset.pixels());
    let backend = support::cpu(&config, &dataset, &capacity(1, &dataset, 8));
    let mut simulation =
        Simulation::new(backend, &config, &dataset, &network).expect("the network fits");
    let image = Presentation { index: 0, label: 0, draw_index: 0, result_slot: 0 };
    let spikes = |count: u8| [16, 3, 10].map(|units| vec![count; 110 * units]).to_vec();
    let mut replay = |phases: [u32; 2], spikes: &[Vec<u8>]| {
        let replayed = simulation.prepare_replay(&image, phases, spikes);
        let (minibatches, samples, launches) = replayed.map_err(|e| e.to_string())?;
        simulation.run(&minibatches, &samples, &launches).map_err(|e| e.to_string())
    };
    assert_eq!(replay([55, 55], &spikes(15)), Ok(()));
    for (phases, spikes, text) in [
        ([55, 55], spikes(16), "16 spikes in a step, where 15 is the most"),
        ([55, 54], spikes(1), "1760 counts of population 0, not 1744"),
        ([10, 100], spikes(1), "phases of 10 and 100 steps"),
        ([u32::MAX, 55], spikes(1), "both at most"),
        ([55, 55], spikes(1)[..2].to_vec(), "2 populations, where the network has 3"),
    ] {
        let error = replay(phases, &spikes).expect_err(text);
        assert!(error.contains(text), "{error}");
    }
}

/// The last launch of both has the same random words, for less than eight steps.
#[test]
fn replay_does_not_change_later_draws() {
    let config = Config {
        layers: vec![30, 10],
        batch_size: 1,
        phase_ms: 55,
        phase_jitter: PhaseJitter::None,
        ..Config::default()
    };
    let dataset = support::random_dataset(6, 4, 4, 12);
    let network = Network::initial(&config, dataset.pixels());
    let image = order(&config, &dataset, 1)[0];
    let spikes_of_training = |replays: bool| -> Vec<Values> {
        let backend = support::cpu(&config, &dataset, &capacity(1, &dataset, 8));
        let mut simulation =
            Simulation::new(backend, &config, &dataset, &network).expect("the network fits");
        if replays {
            let spikes = [16, 30, 10].map(|units| vec![0; 110 * units]);
            let replayed = simulation.prepare_replay(&image, [55, 55], &spikes);
            let (minibatches, samples, launches) = replayed.expect("the spikes fit");
            simulation.run(&minibatches, &samples, &launches).expect("the replay runs");
            simulation.reset_state();
            simulation.write_networks(from_ref(&network)).expect("the network fits");
        }
        simulation.train(&[image]).expect("a minibatch runs");
        let read = |population| {
            simulation.backend().read(ArrayId::Spikes(population)).expect("the spikes are read")
        };
        [1, 2].map(read).to_vec()
    };
    assert_eq!(spikes_of_training(true), spikes_of_training(false));
}
