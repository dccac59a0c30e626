//! Proves: a training that is stopped again and again at random moments, within minibatches, updates and tests, and
//! goes on from its checkpoint each time, comes to the weights, errors and losses of the training that never stopped,
//! bit for bit, on both backends; a stop within a long minibatch and within a test takes effect at once.
//!
//! Does not prove that signals become requests to stop; tests/command_line/stopping.rs does.

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

/// What a training tells of its course.
#[derive(Debug, PartialEq)]
struct Course {
    network: Network,
    /// Error and loss of each test, in order.
    tests: Vec<(f64, f64)>,
}

fn selection(backend: BackendKind) -> DeviceOptions {
    DeviceOptions { backend, threads: 2, ..DeviceOptions::default() }
}

/// Trains from a checkpoint on. Requests a stop after `delay`; returns the checkpoint then.
fn part(
    config: &Config,
    dataset: &Dataset,
    backend: BackendKind,
    from: Option<&Checkpoint>,
    delay: Option<Duration>,
    tests: &mut Vec<(f64, f64)>,
) -> Result<Network, Box<Checkpoint>> {
    let selection = selection(backend);
    let dataset = dataset.clone();
    let training = match from {
        None => Training::new(config.clone(), dataset, &selection),
        Some(from) => Training::resume(config.clone(), dataset, &selection, from),
    };
    let mut training = training.expect("it opens");
    training.keep_checkpoints(CheckpointInterval::Epochs(1000));
    let stop = selection.stop.clone();
    let stopper = delay.map(|delay| {
        thread::spawn(move || {
            thread::sleep(delay);
            stop.request();
        })
    });
    let mut last = None;
    let summary = training.run(&mut |event| {
        match event {
            Event::Checkpoint(checkpoint) => last = Some(checkpoint.clone()),
            Event::PartialEval { test_error, .. } => tests.push((*test_error, 0.0)),
            Event::Epoch { test_error, loss, .. } => tests.push((*test_error, *loss)),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    let summary = summary.expect("it trains");
    stopper.into_iter().for_each(|stopper| stopper.join().unwrap());
    match summary.stopped {
        true => Err(Box::new((*last.expect("a stop keeps a checkpoint")).clone())),
        false => Ok(training.network().clone()),
    }
}

/// A training without a stop, and how long it takes here.
fn unbroken(config: &Config, dataset: &Dataset, backend: BackendKind) -> (Course, Duration) {
    let mut tests = Vec::new();
    let started = Instant::now();
    let network = part(config, dataset, backend, None, None, &mut tests).expect("it ends");
    (Course { network, tests }, started.elapsed())
}

/// The same training with a stop after each of random times; returns how many there were.
fn broken(
    config: &Config,
    dataset: &Dataset,
    backend: BackendKind,
    seed: u64,
    time: Duration,
) -> (Course, usize) {
    let mut random = support::random(seed);
    let (mut tests, mut stops) = (Vec::new(), 0);
    // Parts of at most an eighth of the training.
    let longest = (time.as_micros() as u64 / 8).max(1);
    let mut from: Option<Box<Checkpoint>> = None;
    loop {
        // Longer and longer, so that it ends on the slowest machine.
        let longest = longest * (1 + stops as u64 / 8);
        let delay = Duration::from_micros(u64::from(random.next_u32()) % longest);
        match part(config, dataset, backend, from.as_deref(), Some(delay), &mut tests) {
            Ok(network) => return (Course { network, tests }, stops),
            Err(checkpoint) => from = Some(checkpoint),
        }
        stops += 1;
        assert!(stops < 2000, "it does not come forward");
    }
}

fn kinds() -> [Config; 4] {
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
        // Minibatches too small for a copy of the weights.
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
    for (seed, config) in (1..).zip(kinds()) {
        let (whole, time) = unbroken(&config, &dataset, BackendKind::Cpu);
        let (resumed, stops) = broken(&config, &dataset, BackendKind::Cpu, seed, time);
        println!("{stops} stops");
        assert!(stops > 0, "no stop came in time");
        assert_eq!(resumed, whole, "{config:?}");
    }
}

#[test]
fn gpu_training_stopped_at_random_keeps_its_bits() {
    let dataset = (*support::random_dataset(9, 12, 12, 100)).clone();
    for (seed, config) in (1..).zip(kinds()).take(2) {
        let config = Config { epochs: 2, ..config };
        let (whole, time) = unbroken(&config, &dataset, BackendKind::Gpu);
        assert_eq!(whole, unbroken(&config, &dataset, BackendKind::Cpu).0);
        let (resumed, stops) = broken(&config, &dataset, BackendKind::Gpu, seed, time);
        println!("{stops} stops");
        assert!(stops > 0, "no stop came in time");
        assert_eq!(resumed, whole, "{config:?}");
    }
}

/// A minibatch of seconds, and tests of seconds.
fn large(backend: BackendKind, stop: &Stop) -> (Simulation, Arc<Dataset>, Config) {
    let images = if backend == BackendKind::Cpu { 6000 } else { 600 };
    let dataset = support::random_dataset(4, 28, 28, images);
    let config = Config { layers: vec![1000, 10], batch_size: images / 2, ..Config::default() };
    let part = (*dataset).clone().subset(0, images / 2, 0).expect("there are as many");
    let dataset = Arc::new(part);
    let selection = selection(backend);
    let opened = device::open(&selection, from_ref(&config), &dataset).expect("it opens");
    let network = Network::initial(&config, dataset.pixels());
    let simulation = Simulation::new(opened.backend, &config, &dataset, &network);
    let mut simulation = simulation.expect("it takes the network");
    simulation.stop_on(stop);
    (simulation, dataset, config)
}

#[test]
fn stop_interrupts_minibatches_and_tests() {
    for backend in [BackendKind::Cpu, BackendKind::Gpu] {
        for is_test in [false, true] {
            let stop = Stop::default();
            let (mut simulation, dataset, config) = large(backend, &stop);
            let before = simulation.save_state().expect("it is read");
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
            // Other programs may have the machine: far from the minutes that either takes.
            assert!(delay < Duration::from_secs(10), "{backend:?}: {delay:?}");
            let states = simulation.save_state().expect("it is read");
            assert_eq!(states[0].updates, before[0].updates);
            assert!(states[0].is_fresh);
            // Whatever comes next is not begun.
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
    let selection = selection(BackendKind::Cpu);
    let stop = selection.stop.clone();
    let mut told = 0;
    let result = test_network(&config, dataset, &network, &selection, 1000, &mut |done| {
        told = done;
        if done >= 400 {
            stop.request();
        }
    });
    let is_stopped = matches!(result, Err(TrainError::Backend(BackendError::Stopped)));
    assert!(is_stopped && (400..1000).contains(&told), "{told}");
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
    let (whole, _) = unbroken(&config, &dataset, BackendKind::Cpu);
    let selection = DeviceOptions { threads: 1, ..selection(BackendKind::Cpu) };
    let mut training = Training::new(config.clone(), dataset.clone(), &selection).unwrap();
    training.keep_checkpoints(CheckpointInterval::Epochs(1));
    let mut last = None;
    let summary = training.run(&mut |event| match event {
        Event::TestProgress { test_images, total_test_images, .. } => {
            assert!(test_images <= total_test_images && *total_test_images == 2000);
            ControlFlow::Break(())
        }
        Event::Checkpoint(checkpoint) => {
            last = Some(checkpoint.clone());
            ControlFlow::Continue(())
        }
        _ => ControlFlow::Continue(()),
    });
    // On a quick machine the test is over before there is progress to tell of.
    if !summary.unwrap().stopped {
        return;
    }
    let last = last.expect("a checkpoint is kept");
    assert!(last.position.eval_pending && last.position.images == 40);
    let mut tests = Vec::new();
    let network = part(&config, &dataset, BackendKind::Cpu, Some(&last), None, &mut tests).unwrap();
    assert_eq!(Course { network, tests }, whole);
}
