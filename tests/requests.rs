//! Proves: a listener that asks for networks gets each of them, after each epoch and in the middle of one, as
//! it is then, with rates that are the same on the CPU and on the GPU of this machine; whether anyone asks, for tests
//! too, changes no bit of a training on either;
//! nobody who does not ask is told; and a training that was stopped tells nothing more, but has its network.
//!
//! Does not prove: what is made of the networks (see `command_line.rs`).

use std::ops::ControlFlow;
use std::sync::Arc;

use apical::config::{Config, Feedback, FeedbackWeights, Optimizer, variants};
use apical::device::{BackendKind, DeviceOptions};
use apical::model::lr_schedule::LrSchedule;
use apical::network::Network;
use apical::train::{Event, Training};

use crate::support;

/// Trainings with progress at certain images: with quick tests.
fn config() -> Config {
    Config {
        layers: vec![12, 8, 10],
        epochs: 2,
        batch_size: 4,
        test_images: 5,
        eval_every: 8,
        eval_images: 2,
        // With others the first epoch depends on how many there are.
        lr_schedule: LrSchedule::Constant,
        ..Config::default()
    }
}

/// A network that was told, after so many images of an epoch.
type Told = (u32, usize, Arc<Network>);

fn train(config: &Config, backend: BackendKind, asks: bool) -> (Network, Vec<Told>) {
    let dataset = (*support::random_dataset(3, 4, 5, 20)).clone();
    let selection = DeviceOptions { backend, ..DeviceOptions::default() };
    let mut training = Training::new(config.clone(), dataset, &selection).expect("it opens");
    let requests = training.control();
    if asks {
        requests.request_networks_after_epochs();
        requests.request_networks();
    }
    let mut told = Vec::new();
    let summary = training.run(&mut |event| {
        if let Event::Network { epoch, images, network, .. } = event {
            told.push((*epoch, *images, network.clone()));
        }
        ControlFlow::Continue(())
    });
    assert!(!summary.expect("it trains").stopped);
    (training.networks()[0].clone(), told)
}

fn bits(network: &Network) -> Vec<u32> {
    let layers = network.layers.iter();
    let weights = layers.flat_map(|layer| layer.weights.iter().chain(&layer.feedback));
    weights.map(|weight| weight.to_bits()).collect()
}

#[test]
fn network_requests_change_no_bit() {
    let symmetric = Config {
        feedback: Feedback::Layerwise,
        feedback_weights: FeedbackWeights::Symmetric,
        ..config()
    };
    for config in [config(), symmetric] {
        for backend in [BackendKind::Cpu, BackendKind::Gpu] {
            let (alone, nothing) = train(&config, backend, false);
            assert!(nothing.is_empty());
            let (network, told) = train(&config, backend, true);
            let total_images = training_images();
            let places: Vec<(u32, usize)> =
                told.iter().map(|(epoch, images, _)| (*epoch, *images)).collect();
            assert_eq!(places, [(1, 4), (1, total_images), (2, total_images)]);
            support::assert_same_bits("whether anyone asks", &bits(&network), &bits(&alone));
            support::assert_same_bits("after the last epoch", &bits(&told[2].2), &bits(&network));
            // The network learns between any two.
            assert_ne!(told[0].2, told[1].2);
            assert_ne!(told[1].2, told[2].2);
            // After one epoch it is what a training of one epoch leaves.
            let (shorter, _) = train(&Config { epochs: 1, ..config.clone() }, backend, false);
            support::assert_same_bits("after the first epoch", &bits(&told[1].2), &bits(&shorter));
        }
    }
}

fn training_images() -> usize {
    support::random_dataset(3, 4, 5, 20).training_count
}

#[test]
fn requested_test_changes_no_bit() {
    let uncut = Config { psp_kernel_ms: 0, optimizer: Optimizer::Sgd, ..config() };
    let coupled = Config { g_apical: 0.05, ..config() };
    for config in [config(), uncut, coupled] {
        let mut rates_of = Vec::new();
        for backend in [BackendKind::Cpu, BackendKind::Gpu] {
            let (alone, _) = train(&config, backend, false);
            let dataset = (*support::random_dataset(3, 4, 5, 20)).clone();
            let selection = DeviceOptions { backend, ..DeviceOptions::default() };
            let mut training =
                Training::new(config.clone(), dataset, &selection).expect("it opens");
            let requests = training.control();
            requests.request_networks();
            requests.request_eval();
            let (mut tests, mut rates_told) = (Vec::new(), Vec::new());
            let summary = training.run(&mut |event| {
                match event {
                    Event::Progress { .. } => {
                        requests.request_networks();
                        requests.request_eval();
                    }
                    Event::RequestedEval { epoch, images, test_error, .. } => {
                        assert!((0.0..=100.0).contains(test_error));
                        tests.push((*epoch, *images));
                    }
                    Event::Network { rates, .. } => {
                        assert_eq!(rates.len(), config.layers.len());
                        assert!(rates.iter().all(|rate| *rate > 0.0 && *rate < config.phi_max));
                        rates_told.push(rates.clone());
                    }
                    _ => {}
                }
                ControlFlow::Continue(())
            });
            assert!(!summary.expect("it trains").stopped);
            let total_images = training_images();
            // At the first of them no other test follows, so that the samples go on where they were.
            for place in [(1, 4), (1, 8), (1, total_images), (2, 8), (2, total_images)] {
                assert!(tests.contains(&place), "no test at {place:?}: {tests:?}");
            }
            support::assert_same_bits("with tests", &bits(&training.networks()[0]), &bits(&alone));
            // At places that time decides, there may be more.
            rates_told.truncate(1);
            rates_of.push(rates_told);
        }
        assert_eq!(rates_of[0], rates_of[1]);
    }
}

#[test]
fn network_requests_reach_every_group() {
    let dataset = (*support::random_dataset(3, 4, 5, 20)).clone();
    let base = Config { epochs: 1, ..config() };
    let variants = variants(&base, &["psp_kernel_ms=5,6".parse().unwrap()], 2).unwrap();
    let selection = DeviceOptions { backend: BackendKind::Cpu, ..DeviceOptions::default() };
    let mut replicas =
        Training::of_variants(&variants, dataset, &selection).expect("the CPU opens");
    replicas.control().request_networks_after_epochs();
    let (mut told, mut trained) = (Vec::new(), Vec::new());
    let summary = replicas.run(&mut |event| {
        match event {
            Event::Network { replica, network, .. } => told.push((*replica, network.clone())),
            Event::Finished { replica, network, .. } => trained.push((*replica, network.clone())),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    assert!(!summary.expect("they train").stopped);
    assert_eq!(told.len(), 4);
    assert_eq!(told, trained);
}

#[test]
fn training_after_stop_emits_no_events() {
    let dataset = (*support::random_dataset(3, 4, 5, 20)).clone();
    let selection = DeviceOptions { backend: BackendKind::Cpu, ..DeviceOptions::default() };
    let mut training = Training::new(config(), dataset, &selection).expect("the CPU opens");
    let requests = training.control();
    requests.request_networks_after_epochs();
    let initial = training.networks()[0].clone();
    let mut heard = Vec::new();
    let summary = training.run(&mut |event| {
        // The frame of a group; a stop there would come before the first image.
        if matches!(event, Event::GroupStarted { .. } | Event::Finished { .. }) {
            return ControlFlow::Continue(());
        }
        heard.push(event.clone());
        ControlFlow::Break(())
    });
    assert!(summary.expect("it trains").stopped);
    assert!(matches!(heard[..], [Event::Progress { images: 8, .. }]), "{heard:?}");
    assert_ne!(training.networks()[0], initial);
}
