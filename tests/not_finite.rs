//! Proves: a training whose weights become infinite stops, and names the layer and the minibatch by which they did, found
//! here by looking after each; on both backends, for one network and for many, with tests in between.
//!
//! Does not prove: what the command says of it (see `cli/tests/command_line/faults.rs`).

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

/// A decay that is far too strong: it turns weights over and makes them larger, up to the largest floats within an
/// epoch.
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

/// Layer, epoch, and the first and last image of the minibatch by which weights cease to be finite.
type Place = (usize, u32, usize, usize);

fn looked_for(config: &Config) -> Place {
    let dataset = Arc::new(dataset());
    let mut networks = [Network::initial(config, dataset.pixels())];
    let selection = DeviceOptions { backend: BackendKind::Cpu, ..DeviceOptions::default() };
    let opened =
        device::open(&selection, std::slice::from_ref(config), &dataset).expect("it opens");
    let mut simulation =
        Simulation::new(opened.backend, config, &dataset, &networks[0]).expect("the network fits");
    for epoch in 1..=config.epochs {
        simulation.reset_state();
        let mut shown = 0;
        for images in order(config, &dataset, epoch).chunks(BATCH) {
            simulation.train(images).expect("it runs");
            let first = shown + 1;
            shown += images.len();
            if shown % config.eval_every == 0 {
                simulation.reset_state();
            }
            simulation.read_networks(&mut networks).expect("they are read");
            let is_lost = |layer: &apical::network::Layer| {
                layer.weights.iter().any(|weight| !weight.is_finite())
            };
            if let Some(layer) = networks[0].layers.iter().position(is_lost) {
                return (layer, epoch, first, shown);
            }
        }
    }
    panic!("all weights stay finite");
}

fn place(error: TrainError) -> (String, Place) {
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
        let expected = looked_for(&config);
        assert!(expected.2 > 1, "it is the very first: {expected:?}");
        for backend in [BackendKind::Cpu, BackendKind::Gpu] {
            let selection = DeviceOptions { backend, ..DeviceOptions::default() };
            let mut training =
                Training::new(config.clone(), dataset(), &selection).expect("it opens");
            let error = training.run(&mut |_| ControlFlow::Continue(())).expect_err("it fails");
            let told = error.to_string();
            let (_, epoch, first, last) = expected;
            let words = format!("images {first} to {last} of epoch {epoch}");
            assert!(told.ends_with(&words), "{told}\nlacks: {words}");
            assert_eq!(place(error), (String::new(), expected));
        }
    }
}

#[test]
fn checkpoints_hold_only_finite_weights() {
    let selection = DeviceOptions { backend: BackendKind::Cpu, ..DeviceOptions::default() };
    let mut training = Training::new(config(), dataset(), &selection).expect("it opens");
    training.keep_checkpoints("4".parse().expect("it is a number of images"));
    let expected = looked_for(&config());
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
    assert_eq!(place(result.expect_err("it fails")).1, expected);
    let last = last.expect("there are checkpoints");
    assert_eq!(last.position.images, expected.2 - 1);
    // Whoever goes on from there comes to the same end; so does who goes on where a test is due.
    for checkpoint in [last, due.expect("a test was due")] {
        let mut resumed =
            Training::resume(config(), dataset(), &selection, &checkpoint).expect("it opens");
        let error = resumed.run(&mut |_| ControlFlow::Continue(())).expect_err("it fails");
        assert_eq!(place(error).1, expected);
    }
}

#[test]
fn nonfinite_error_names_the_replica() {
    let base = config();
    let variants = variants(&base, &["weight_decay=0,1000".parse().unwrap()], 1).unwrap();
    let selection = DeviceOptions { backend: BackendKind::Cpu, ..DeviceOptions::default() };
    let mut replicas = Training::of_variants(&variants, dataset(), &selection).expect("it opens");
    let error = replicas.run(&mut |_| ControlFlow::Continue(())).expect_err("it fails");
    let (network, found) = place(error);
    assert_eq!(network, " of network 1 of its group");
    assert_eq!(found, looked_for(&variants[1].config));
}
