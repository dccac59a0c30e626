//! Proves: a training that is stopped at random times and resumed from its checkpoints ends with the bits of an
//! uninterrupted training. This holds on both backends, for stops within minibatches, updates and tests. A stop
//! request ends a long minibatch or test within seconds.
//!
//! Does not prove: that signals become stop requests (see `cli/tests/command_line/stopping.rs`).

use std::ops::ControlFlow;
use std::slice::from_ref;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use apical::config::{Config, FeedbackWeights, Optimizer, PlateauTiming};
use apical::dataset::Dataset;
use apical::device::{self, BackendKind, DeviceOptions};
use apical::interface::{BackendError, Stop};
use apical::network::Network;
use apical::plan::Presentation;
use apical::simulation::Simulation;
use apical::train::{
    Checkpoint, CheckpointInterval, Event, TrainError, Training, order, test, test_network,
};
use rand::Rng;

use crate::support;

/// Final network and test results of a training.
#[derive(Debug, PartialEq)]
struct Outcome {
    network: Network,
    /// Error in % and loss of each test, in order.
    tests: Vec<(f64, f64)>,
}

fn options(backend: BackendKind) -> DeviceOptions {
    DeviceOptions { backend, threads: 2, ..DeviceOptions::default() }
}

/// Trains from the start or a checkpoint, and requests a stop after `delay`. Returns the network, or the last
/// checkpoint if the training was stopped.
fn train(
    config: &Config,
    dataset: &Dataset,
    backend: BackendKind,
    from: Option<&Checkpoint>,
    delay: Option<Duration>,
    tests: &mut Vec<(f64, f64)>,
) -> Result<Network, Box<Checkpoint>> {
    let options = options(backend);
    let dataset = dataset.clone();
    let training = match from {
        None => Training::new(config.clone(), dataset, &options),
        Some(from) => Training::resume(config.clone(), dataset, &options, from),
    };
    let mut training = training.expect("the training opens");
    training.send_checkpoints(CheckpointInterval::Epochs(1000));
    let stop = options.stop.clone();
    let stopper = delay.map(|delay| {
        thread::spawn(move || {
            thread::sleep(delay);
            stop.request();
        })
    });
    let mut last = None;
    let summary = training.run(&mut |event| {
        match event {
            Event::Checkpoint { checkpoint, .. } => last = Some(checkpoint.clone()),
            Event::PartialEval { test_error, .. } => tests.push((*test_error, 0.0)),
            Event::Epoch { test_error, loss, .. } => tests.push((*test_error, *loss)),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    let summary = summary.expect("the training runs");
    stopper.into_iter().for_each(|stopper| stopper.join().unwrap());
    match summary.stopped {
        true => Err(Box::new((*last.expect("a stop emits a checkpoint")).clone())),
        false => Ok(training.networks()[0].clone()),
    }
}

/// Trains without a stop. Returns the outcome and the duration on this machine.
fn train_uninterrupted(
    config: &Config,
    dataset: &Dataset,
    backend: BackendKind,
) -> (Outcome, Duration) {
    let mut tests = Vec::new();
    let started = Instant::now();
    let network = train(config, dataset, backend, None, None, &mut tests);
    (Outcome { network: network.expect("no stop was requested"), tests }, started.elapsed())
}

/// Trains with stops after random times. Returns the outcome and the number of stops.
fn train_with_stops(
    config: &Config,
    dataset: &Dataset,
    backend: BackendKind,
    seed: u64,
    time: Duration,
) -> (Outcome, usize) {
    let mut random = support::random(seed);
    let (mut tests, mut stops) = (Vec::new(), 0);
    // The first stops come after at most an eighth of the training's duration.
    let max_delay = (time.as_micros() as u64 / 8).max(1);
    let mut from: Option<Box<Checkpoint>> = None;
    loop {
        // The delays grow, so that the training ends even on a slow machine.
        let max_delay = max_delay * (1 + stops as u64 / 8);
        let delay = Duration::from_micros(u64::from(random.next_u32()) % max_delay);
        match train(config, dataset, backend, from.as_deref(), Some(delay), &mut tests) {
            Ok(network) => return (Outcome { network, tests }, stops),
            Err(checkpoint) => from = Some(checkpoint),
        }
        stops += 1;
        assert!(stops < 2000, "the training makes no progress");
    }
}

fn configs() -> [Config; 4] {
    let base = Config {
        layers: vec![60, 40, 10],
        train_images: 60,
        test_images: 40,
        batch_size: 20,
        epochs: 3,
        eval_every: 40,
        eval_images: 10,
        ..Config::default()
    };
    [
        // In such small minibatches the CPU saves no copy of the weights.
        Config { batch_size: 7, ..base.clone() },
        Config { g_apical: 0.6, feedback_lr: 0.1, apical_bias_sd: 0.1, ..base.clone() },
        Config {
            feedback_weights: FeedbackWeights::Symmetric,
            optimizer: Optimizer::Momentum,
            ..base.clone()
        },
        Config { psp_kernel_ms: 0, plateau_timing: PlateauTiming::Random, ..base },
    ]
}

#[test]
fn cpu_training_stopped_at_random_keeps_its_bits() {
    let dataset = (*support::random_dataset(9, 12, 12, 100)).clone();
    for (seed, config) in (1..).zip(configs()) {
        let (expected, time) = train_uninterrupted(&config, &dataset, BackendKind::Cpu);
        let (resumed, stops) = train_with_stops(&config, &dataset, BackendKind::Cpu, seed, time);
        println!("{stops} stops");
        assert!(stops > 0, "the training ended before the first stop");
        assert_eq!(resumed, expected, "{config:?}");
    }
}

#[test]
fn gpu_training_stopped_at_random_keeps_its_bits() {
    let dataset = (*support::random_dataset(9, 12, 12, 100)).clone();
    for (seed, config) in (1..).zip(configs()).take(2) {
        let config = Config { epochs: 2, ..config };
        let (expected, time) = train_uninterrupted(&config, &dataset, BackendKind::Gpu);
        assert_eq!(expected, train_uninterrupted(&config, &dataset, BackendKind::Cpu).0);
        let (resumed, stops) = train_with_stops(&config, &dataset, BackendKind::Gpu, seed, time);
        println!("{stops} stops");
        assert!(stops > 0, "the training ended before the first stop");
        assert_eq!(resumed, expected, "{config:?}");
    }
}

/// Returns a simulation in which one minibatch takes seconds, and so does a test.
fn slow_simulation(backend: BackendKind, stop: &Stop) -> (Simulation, Arc<Dataset>, Config) {
    let images = if backend == BackendKind::Cpu { 6000 } else { 600 };
    let dataset = support::random_dataset(4, 28, 28, images);
    let config = Config { layers: vec![1000, 10], batch_size: images / 2, ..Config::default() };
    let subset = (*dataset).clone().subset(0, images / 2, 0).expect("the images exist");
    let dataset = Arc::new(subset);
    let options = options(backend);
    let opened = device::open(&options, from_ref(&config), &dataset).expect("the backend opens");
    let network = Network::initial(&config, dataset.pixels());
    let simulation = Simulation::new(opened.backend, &config, &dataset, &network);
    let mut simulation = simulation.expect("the network fits");
    simulation.stop_on(stop);
    (simulation, dataset, config)
}

#[test]
fn stop_interrupts_minibatches_and_tests() {
    for backend in [BackendKind::Cpu, BackendKind::Gpu] {
        for is_test in [false, true] {
            let stop = Stop::default();
            let (mut simulation, dataset, config) = slow_simulation(backend, &stop);
            let before = simulation.save_state().expect("the state is read");
            let requested = thread::spawn({
                let stop = stop.clone();
                move || {
                    thread::sleep(Duration::from_millis(200));
                    stop.request();
                    Instant::now()
                }
            });
            let images: Vec<Presentation> = order(&config, &dataset, 1);
            let result = match is_test {
                false => simulation.train(&images),
                true => test(&mut simulation, &dataset, dataset.test_count, 0).map(|_| ()),
            };
            let delay = requested.join().unwrap().elapsed();
            assert!(matches!(result, Err(BackendError::Stopped)), "{backend:?}: {result:?}");
            // Far below the duration of the minibatch or test, with room for a busy machine.
            assert!(delay < Duration::from_secs(10), "{backend:?}: {delay:?}");
            let states = simulation.save_state().expect("the state is read");
            assert_eq!(states[0].updates, before[0].updates);
            assert!(states[0].is_fresh);
            // The stop request stays in effect.
            let result = simulation.train(&images[..1]);
            assert!(matches!(result, Err(BackendError::Stopped)));
        }
    }
}

#[test]
fn network_test_stops_on_request() {
    let dataset = (*support::random_dataset(4, 8, 8, 200)).clone();
    let config = Config { layers: vec![30, 10], ..Config::default() };
    let network = Network::initial(&config, 64);
    let options = options(BackendKind::Cpu);
    let stop = options.stop.clone();
    let mut tests_done = 0;
    let result = test_network(&config, dataset, &network, &options, 1000, &mut |done| {
        tests_done = done;
        if done >= 400 {
            stop.request();
        }
    });
    let is_stopped = matches!(result, Err(TrainError::Backend(BackendError::Stopped)));
    assert!(is_stopped && (400..1000).contains(&tests_done), "{tests_done}");
}

#[test]
fn test_stopped_by_listener_is_repeated() {
    let dataset = (*support::random_dataset(9, 28, 28, 3000)).clone();
    let config = Config {
        layers: vec![300, 10],
        train_images: 40,
        test_images: 2000,
        batch_size: 20,
        epochs: 1,
        eval_every: 0,
        ..Config::default()
    };
    let (expected, _) = train_uninterrupted(&config, &dataset, BackendKind::Cpu);
    let options = DeviceOptions { threads: 1, ..options(BackendKind::Cpu) };
    let mut training = Training::new(config.clone(), dataset.clone(), &options).unwrap();
    training.send_checkpoints(CheckpointInterval::Epochs(1));
    let mut last = None;
    let summary = training.run(&mut |event| match event {
        Event::TestProgress { test_images, total_test_images, .. } => {
            assert!(test_images <= total_test_images && *total_test_images == 2000);
            ControlFlow::Break(())
        }
        Event::Checkpoint { checkpoint, .. } => {
            last = Some(checkpoint.clone());
            ControlFlow::Continue(())
        }
        _ => ControlFlow::Continue(()),
    });
    // On a fast machine the test ends before its first progress event.
    if !summary.unwrap().stopped {
        return;
    }
    let last = last.expect("a stop emits a checkpoint");
    assert!(last.position.eval_pending && last.position.images == 40);
    let mut tests = Vec::new();
    let network =
        train(&config, &dataset, BackendKind::Cpu, Some(&last), None, &mut tests).unwrap();
    assert_eq!(Outcome { network, tests }, expected);
}
