//! Proves: a training whose weights become infinite stops with an error that names the layer and the minibatch. The
//! expected minibatch is found by a check of the weights after each. Both backends, one network and several.
//!
//! Does not prove: the command's message (see `cli/tests/command_line/faults.rs`).

use std::ops::ControlFlow;
use std::sync::Arc;

use apical::config::{Config, Optimizer, variants};
use apical::dataset::Dataset;
use apical::device::{self, BackendKind, DeviceOptions};
use apical::network::Network;
use apical::simulation::Simulation;
use apical::train::{Event, TrainError, Training, order};

use crate::support;

const BATCH: usize = 4;

/// Returns settings with a weight decay that flips the signs of weights and enlarges them, until they overflow within
/// an epoch.
fn config() -> Config {
    Config {
        layers: vec![12, 8, 10],
        epochs: 3,
        batch_size: BATCH,
        optimizer: Optimizer::Sgd,
        eta: vec![0.02],
        weight_decay: 1000.0,
        test_images: 5,
        eval_every: 12,
        eval_images: 2,
        ..Config::default()
    }
}

fn dataset() -> Dataset {
    (*support::random_dataset(3, 4, 5, 200)).clone()
}

/// Layer, epoch, and first and last image of the minibatch whose update makes weights infinite.
type Location = (usize, u32, usize, usize);

/// Trains on the CPU and checks the weights after each minibatch.
fn expected_location(config: &Config) -> Location {
    let dataset = Arc::new(dataset());
    let mut networks = [Network::initial(config, dataset.pixels())];
    let options = DeviceOptions { backend: BackendKind::Cpu, ..DeviceOptions::default() };
    let opened =
        device::open(&options, std::slice::from_ref(config), &dataset).expect("the CPU opens");
    let mut simulation =
        Simulation::new(opened.backend, config, &dataset, &networks[0]).expect("the network fits");
    for epoch in 1..=config.epochs {
        simulation.reset_state();
        let mut images_shown = 0;
        for images in order(config, &dataset, epoch).chunks(BATCH) {
            simulation.train(images).expect("a minibatch runs");
            let first = images_shown + 1;
            images_shown += images.len();
            if images_shown % config.eval_every == 0 {
                simulation.reset_state();
            }
            simulation.read_networks(&mut networks).expect("the weights are read");
            let has_nonfinite = |layer: &apical::network::Layer| {
                layer.weights.iter().any(|weight| !weight.is_finite())
            };
            if let Some(layer) = networks[0].layers.iter().position(has_nonfinite) {
                return (layer, epoch, first, images_shown);
            }
        }
    }
    panic!("all weights stay finite");
}

/// Returns the label of the network in an error, and the location.
fn location(error: TrainError) -> (String, Location) {
    match error {
        TrainError::NotFinite { network, layer, epoch, first, last } => {
            (network, (layer, epoch, first, last))
        }
        error => panic!("another error: {error}"),
    }
}

#[test]
fn nonfinite_error_names_the_minibatch() {
    for config in [config(), Config { optimizer: Optimizer::Adam, eta: vec![0.01], ..config() }] {
        let expected = expected_location(&config);
        assert!(expected.2 > 1, "already the first minibatch: {expected:?}");
        for backend in [BackendKind::Cpu, BackendKind::Gpu] {
            let options = DeviceOptions { backend, ..DeviceOptions::default() };
            let mut training =
                Training::new(config.clone(), dataset(), &options).expect("the backend opens");
            let error =
                training.run(&mut |_| ControlFlow::Continue(())).expect_err("weights overflow");
            let message = error.to_string();
            let (_, epoch, first, last) = expected;
            let words = format!("images {first} to {last} of epoch {epoch}");
            assert!(message.ends_with(&words), "{message}\nlacks: {words}");
            assert_eq!(location(error), (String::new(), expected));
        }
    }
}

#[test]
fn checkpoints_hold_only_finite_weights() {
    let options = DeviceOptions { backend: BackendKind::Cpu, ..DeviceOptions::default() };
    let mut training = Training::new(config(), dataset(), &options).expect("the backend opens");
    training.send_checkpoints("4".parse().expect("the interval is valid"));
    let expected = expected_location(&config());
    let (mut last, mut due) = (None, None);
    let result = training.run(&mut |event| {
        if let Event::Checkpoint { checkpoint, .. } = event {
            let layers = checkpoint.network.layers.iter();
            let mut weights = layers.flat_map(|layer| &layer.weights);
            assert!(weights.all(|weight| weight.is_finite()));
            last = Some(checkpoint.clone());
            if checkpoint.position.eval_pending {
                due.get_or_insert(checkpoint.clone());
            }
        }
        ControlFlow::Continue(())
    });
    assert_eq!(location(result.expect_err("weights overflow")).1, expected);
    let last = last.expect("there are checkpoints");
    assert_eq!(last.position.images, expected.2 - 1);
    // A resumed training ends at the same minibatch, also if resumed at a pending test.
    for checkpoint in [last, due.expect("a test was due")] {
        let mut resumed = Training::resume(config(), dataset(), &options, &checkpoint)
            .expect("the backend opens");
        let error = resumed.run(&mut |_| ControlFlow::Continue(())).expect_err("weights overflow");
        assert_eq!(location(error).1, expected);
    }
}

#[test]
fn nonfinite_error_names_the_replica() {
    let base = config();
    let variants = variants(&base, &["weight_decay=0,1000".parse().unwrap()], 1).unwrap();
    let options = DeviceOptions { backend: BackendKind::Cpu, ..DeviceOptions::default() };
    let mut replicas =
        Training::of_variants(&variants, dataset(), &options).expect("the backend opens");
    let error = replicas.run(&mut |_| ControlFlow::Continue(())).expect_err("weights overflow");
    let (network, found) = location(error);
    assert_eq!(network, " of network 1 of its group");
    assert_eq!(found, expected_location(&variants[1].config));
}
