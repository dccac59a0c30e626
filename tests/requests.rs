//! Proves: requested networks arrive after each epoch and within one, with firing rates that are equal on the CPU and
//! on this machine's GPU. Requests of networks and tests change no bit of a training. Without a request there are no
//! such events. A stopped training emits no further events and keeps its network.
//!
//! Does not prove: the use of the networks by the command (see `cli/tests/command_line/training.rs`).

use std::ops::ControlFlow;
use std::sync::Arc;

use apical::config::{Config, Feedback, FeedbackWeights, Optimizer, variants};
use apical::device::{BackendKind, DeviceOptions};
use apical::interface::Values;
use apical::model::lr_schedule::LrSchedule;
use apical::network::Network;
use apical::train::{Event, Training};

use crate::support;

/// Returns settings with partial tests, so that progress events come at fixed images.
fn config() -> Config {
    Config {
        layers: vec![12, 8, 10],
        epochs: 2,
        batch_size: 4,
        test_images: 5,
        eval_every: 8,
        eval_images: 2,
        // Other schedules make the first epoch depend on the number of epochs.
        lr_schedule: LrSchedule::Constant,
        ..Config::default()
    }
}

/// Epoch, number of its images shown, and network of an event.
type NetworkEvent = (u32, usize, Arc<Network>);

fn train(
    config: &Config,
    backend: BackendKind,
    requests_networks: bool,
) -> (Network, Vec<NetworkEvent>) {
    let dataset = (*support::random_dataset(3, 4, 5, 20)).clone();
    let options = DeviceOptions { backend, ..DeviceOptions::default() };
    let mut training = Training::new(config.clone(), dataset, &options).expect("the backend opens");
    let control = training.control();
    if requests_networks {
        control.request_networks_after_epochs();
        control.request_networks();
    }
    let mut events = Vec::new();
    let summary = training.run(&mut |event| {
        if let Event::Network { epoch, images, network, .. } = event {
            events.push((*epoch, *images, network.clone()));
        }
        ControlFlow::Continue(())
    });
    assert!(!summary.expect("the training runs").stopped);
    (training.networks()[0].clone(), events)
}

fn weights(network: &Network) -> Values {
    let layers = network.layers.iter();
    let weights = layers.flat_map(|layer| layer.weights.iter().chain(&layer.feedback));
    Values::F32(weights.copied().collect())
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
            let (expected, no_events) = train(&config, backend, false);
            assert!(no_events.is_empty());
            let (network, events) = train(&config, backend, true);
            let total_images = training_images();
            let positions: Vec<(u32, usize)> =
                events.iter().map(|(epoch, images, _)| (*epoch, *images)).collect();
            assert_eq!(positions, [(1, 4), (1, total_images), (2, total_images)]);
            support::assert_same_bits("with requests", &weights(&network), &weights(&expected));
            support::assert_same_bits(
                "after the last epoch",
                &weights(&events[2].2),
                &weights(&network),
            );
            // The network learns between the events.
            assert_ne!(events[0].2, events[1].2);
            assert_ne!(events[1].2, events[2].2);
            let (shorter, _) = train(&Config { epochs: 1, ..config.clone() }, backend, false);
            support::assert_same_bits(
                "after one epoch",
                &weights(&events[1].2),
                &weights(&shorter),
            );
        }
    }
}

fn training_images() -> usize {
    support::random_dataset(3, 4, 5, 20).training_count
}

#[test]
fn requested_test_changes_no_bit() {
    let infinite_kernel = Config { psp_kernel_ms: 0, optimizer: Optimizer::Sgd, ..config() };
    let apical_conductance = Config { g_apical: 0.05, ..config() };
    for config in [config(), infinite_kernel, apical_conductance] {
        let mut rates_of_backends = Vec::new();
        for backend in [BackendKind::Cpu, BackendKind::Gpu] {
            let (expected, _) = train(&config, backend, false);
            let dataset = (*support::random_dataset(3, 4, 5, 20)).clone();
            let options = DeviceOptions { backend, ..DeviceOptions::default() };
            let mut training =
                Training::new(config.clone(), dataset, &options).expect("the backend opens");
            let control = training.control();
            control.request_networks();
            control.request_eval();
            let (mut tests, mut all_rates) = (Vec::new(), Vec::new());
            let summary = training.run(&mut |event| {
                match event {
                    Event::Progress { .. } => {
                        control.request_networks();
                        control.request_eval();
                    }
                    Event::RequestedEval { epoch, images, test_error, .. } => {
                        assert!((0.0..=100.0).contains(test_error));
                        tests.push((*epoch, *images));
                    }
                    Event::Network { rates, .. } => {
                        assert_eq!(rates.len(), config.layers.len());
                        assert!(rates.iter().all(|rate| *rate > 0.0 && *rate < config.phi_max));
                        all_rates.push(rates.clone());
                    }
                    _ => {}
                }
                ControlFlow::Continue(())
            });
            assert!(!summary.expect("the training runs").stopped);
            let total_images = training_images();
            // At (1, 4) no scheduled test follows, so the samples must keep their state.
            for position in [(1, 4), (1, 8), (1, total_images), (2, 8), (2, total_images)] {
                assert!(tests.contains(&position), "no test at {position:?}: {tests:?}");
            }
            support::assert_same_bits(
                "with tests",
                &weights(&training.networks()[0]),
                &weights(&expected),
            );
            // The positions of later events can depend on time.
            all_rates.truncate(1);
            rates_of_backends.push(all_rates);
        }
        assert_eq!(rates_of_backends[0], rates_of_backends[1]);
    }
}

#[test]
fn network_requests_reach_every_group() {
    let dataset = (*support::random_dataset(3, 4, 5, 20)).clone();
    let base = Config { epochs: 1, ..config() };
    let variants = variants(&base, &["psp_kernel_ms=5,6".parse().unwrap()], 2).unwrap();
    let options = DeviceOptions { backend: BackendKind::Cpu, ..DeviceOptions::default() };
    let mut training = Training::of_variants(&variants, dataset, &options).expect("the CPU opens");
    training.control().request_networks_after_epochs();
    let (mut requested, mut finished) = (Vec::new(), Vec::new());
    let summary = training.run(&mut |event| {
        match event {
            Event::Network { replica, network, .. } => requested.push((*replica, network.clone())),
            Event::Finished { replica, network, .. } => finished.push((*replica, network.clone())),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    assert!(!summary.expect("the trainings run").stopped);
    assert_eq!(requested.len(), 4);
    assert_eq!(requested, finished);
}

#[test]
fn training_after_stop_emits_no_events() {
    let dataset = (*support::random_dataset(3, 4, 5, 20)).clone();
    let options = DeviceOptions { backend: BackendKind::Cpu, ..DeviceOptions::default() };
    let mut training = Training::new(config(), dataset, &options).expect("the CPU opens");
    let control = training.control();
    control.request_networks_after_epochs();
    let initial = training.networks()[0].clone();
    let mut events = Vec::new();
    let summary = training.run(&mut |event| {
        // A stop at the group's first event would come before the first image.
        if matches!(event, Event::GroupStarted { .. } | Event::Finished { .. }) {
            return ControlFlow::Continue(());
        }
        events.push(event.clone());
        ControlFlow::Break(())
    });
    assert!(summary.expect("the training runs").stopped);
    assert!(matches!(events[..], [Event::Progress { images: 8, .. }]), "{events:?}");
    assert_ne!(training.networks()[0], initial);
}
