//! Event feedback Q that learns alone: no teacher, and constant weights.

use std::ops::ControlFlow;
use std::sync::Arc;

use apical::config::Config;
use apical::device::BackendKind;
use apical::interface::{ArrayId, compartment};
use apical::monitor::{Mode, Quantity};
use apical::network::Network;
use apical::simulation::Simulation;
use apical::train::{TrainError, order};

use super::recordings::open;
use super::reference::{self, Matrix};
use super::spikes::spiking;
use super::{
    BATCH, IMAGES, PIXELS, config, dataset, homeostatic, input_of, reference_of, targets_of,
    trained, training,
};
use crate::support;

/// Returns settings under which only Q learns.
fn untaught(epochs: u32) -> Config {
    Config {
        epochs,
        eta: vec![0.0],
        burst_teacher: 0.0,
        event_feedback_lr: 0.5,
        ..homeostatic(&config(&[20, 17, 10]))
    }
}

/// Returns the root mean square of a hidden layer's apical voltages over all training images.
fn apical_size(network: &reference::Network, layer: usize) -> f64 {
    let dataset = dataset();
    let images = 0..IMAGES;
    let activity = images
        .map(|image| network.activity(&input_of(&dataset, image), None)[layer].apical.clone());
    let all: Vec<f64> = activity.flatten().collect();
    (all.iter().map(|apical| apical * apical).sum::<f64>() / all.len() as f64).sqrt()
}

/// Returns the root mean square of `p0 Y + Q`: along the mean events of the next layer, and over all entries.
fn mismatch(network: &reference::Network, layer: usize) -> [f64; 2] {
    let dataset = dataset();
    let next: Vec<Vec<f64>> = (0..IMAGES)
        .map(|image| network.events(&input_of(&dataset, image))[layer + 1].clone())
        .collect();
    let mean = |unit: usize| next.iter().map(|events| events[unit]).sum::<f64>() / IMAGES as f64;
    let mean: Vec<f64> = (0..next[0].len()).map(mean).collect();
    let length = mean.iter().map(|events| events * events).sum::<f64>().sqrt();
    let (baseline, layer) = (network.rule.baseline, &network.layers[layer]);
    let difference: Matrix = layer
        .feedback
        .iter()
        .zip(layer.event_feedback(baseline))
        .map(|(y, q)| y.iter().zip(q).map(|(y, q)| baseline * y + q).collect())
        .collect();
    let along: Vec<f64> = difference
        .iter()
        .map(|row| row.iter().zip(&mean).map(|(d, events)| d * events / length).sum())
        .collect();
    let rms = |values: &[f64]| {
        (values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64).sqrt()
    };
    [rms(&along), rms(&difference.concat())]
}

#[test]
fn homeostasis_without_teacher_silences_dendrites() {
    let config = untaught(400);
    let start = reference_of(&config, &Network::initial(&config, PIXELS));
    let end = reference_of(&config, &trained(&config, BackendKind::Cpu));
    for layer in 0..2 {
        let [before, after] = [&start, &end].map(|network| apical_size(network, layer));
        assert!(after < 0.04 * before, "layer {layer}: apical voltages of {before}, then {after}");
        // Q matches -p0 Y along the events. Elsewhere, events that hardly vary leave it where it was.
        let [before, after] = [&start, &end].map(|network| mismatch(network, layer));
        assert!(after[0] < 0.02 * before[0], "layer {layer}: {before:?}, then {after:?}");
        assert!(after[1] > 0.5 * before[1], "layer {layer}: {before:?}, then {after:?}");
        let weights = [&start, &end].map(|network| &network.layers[layer].weights);
        assert!(weights[0] == weights[1], "the weights of layer {layer} changed");
    }
}

#[test]
fn homeostasis_without_teacher_matches_reference() {
    let (config, dataset) = (untaught(20), dataset());
    let mut expected = reference_of(&config, &Network::initial(&config, PIXELS));
    for epoch in 1..=config.epochs {
        for minibatch in order(&config, &dataset, epoch).chunks(BATCH) {
            let shown = minibatch.iter().map(|image| {
                (input_of(&dataset, image.index), targets_of(&dataset, image.index, 10))
            });
            expected.train(&shown.collect::<Vec<_>>());
        }
    }
    let found = reference_of(&config, &trained(&config, BackendKind::Cpu));
    for layer in 0..2 {
        let [expected, found] =
            [&expected, &found].map(|network| network.layers[layer].event_feedback(0.5));
        let pairs = expected.iter().flatten().zip(found.iter().flatten());
        let largest = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(largest < 2e-5, "layer {layer}: {largest:e}");
    }
}

#[test]
fn homeostasis_with_large_rate_is_an_error() {
    let config = Config { event_feedback_lr: 2.0, ..untaught(60) };
    let mut training = training(&config, BackendKind::Cpu).expect("the device opens");
    let result = training.run(&mut |_| ControlFlow::Continue(()));
    assert!(matches!(result, Err(TrainError::NotFinite { .. })), "Q diverged unnoticed");
}

#[test]
fn homeostasis_with_spikes_silences_dendrites() {
    for psp_kernel_ms in [10, 0] {
        let base = spiking(&[20, 10]);
        let config = Config {
            eta: vec![0.0],
            burst_teacher: 0.0,
            psp_kernel_ms,
            event_feedback_lr: 0.2,
            ..homeostatic(&base)
        };
        let (dataset, network) = (Arc::new(dataset()), Network::initial(&config, PIXELS));
        let backend = support::cpu(&config, &dataset, &support::capacity(BATCH, IMAGES, 64));
        let mut simulation = Simulation::new(backend, &config, &dataset, &network).unwrap();
        // Means of each neuron's voltages over 60 minibatches, since bursts are noise.
        let mut sizes = Vec::new();
        for _ in 0..10 {
            let mut means = [0.0; 20];
            for epoch in 1..=20 {
                for minibatch in order(&config, &dataset, epoch).chunks(BATCH) {
                    simulation.train(minibatch).unwrap();
                    let voltages = support::floats(simulation.backend(), ArrayId::Compartments(0));
                    for sample in voltages.chunks(20 * compartment::ROWS) {
                        let apical = sample[20 * compartment::APICAL..].iter();
                        means.iter_mut().zip(apical).for_each(|(mean, &apical)| {
                            *mean += f64::from(apical) / (60 * BATCH) as f64;
                        });
                    }
                }
            }
            let square = means.iter().map(|mean| mean * mean).sum::<f64>();
            sizes.push((square / 20.0).sqrt());
        }
        assert!(sizes[9] < 0.1 * sizes[0], "kernel of {psp_kernel_ms} ms: {sizes:?}");
    }
}

#[test]
fn homeostasis_of_spikes_follows_the_formula() {
    let config = homeostatic(&spiking(&[20, 10]));
    let network = Network::initial(&config, PIXELS);
    let quantities = [Quantity::Spikes, Quantity::BurstApical];
    let mut session = open(&config, &network, &quantities).expect("the quantities exist");
    let images = &order(&config, &dataset(), 1)[..BATCH];
    let recording = session.show(images, Mode::Train, &mut |_| ()).expect("images are shown");
    let mut found = network.clone();
    session.read_network(&mut found).expect("the device works");
    let kernel = |k: usize| ((-(k as f64) / 10.0).exp() - (-(k as f64) / 3.0).exp()) / 7.0;
    let apical = recording.get("burst_apical0").expect("it is recorded");
    let spikes = recording.get("spikes1").expect("it is recorded");
    let mut gradient = vec![vec![0.0; 10]; 20];
    for image in 0..BATCH {
        let end = recording.steps[image] as usize;
        for next in 0..10 {
            let spikes = spikes.time_series(image, next);
            let filtered =
                |step: usize| (1..=10).map(|k| kernel(k) * spikes[step + 1 - k]).sum::<f64>();
            let mean = (end - 20..end).map(filtered).sum::<f64>() / 20.0;
            for (row, voltage) in gradient.iter_mut().zip(&apical.image(image)[20..]) {
                row[next] += f64::from(*voltage) * mean / config.phi_max / BATCH as f64;
            }
        }
    }
    let [before, after] = [&network, &found]
        .map(|network| reference_of(&config, network).layers[0].event_feedback(0.5));
    let mut largest = 0.0_f64;
    for ((before, after), gradient) in before.iter().zip(&after).zip(&gradient) {
        for ((before, after), gradient) in before.iter().zip(after).zip(gradient) {
            let expected = before - config.event_feedback_lr * gradient;
            assert!((after - expected).abs() < 1e-6, "{after} instead of {expected}");
            largest = largest.max((after - before).abs());
        }
    }
    assert!(largest > 1e-3, "Q learns: its largest change is {largest}");
}
