//! Proves: whole trainings end with the same weights and predictions on CPU and GPU, for any number of
//! threads and whatever is kept of the samples, any size of workgroup, any length of block, for samples side by
//! side or one by one, and for weights bound as a whole or in windows, with the options of the feedback and
//! of plateau potentials too; and a minibatch learns the mean of what its images teach.
//!
//! Does not prove: which kernel is at fault where they do not (see `exactness.rs`), or that what is
//! learned is right (see `golden.rs` and `learning.rs`).

use std::slice::from_ref;
use std::sync::Arc;

use apical::config::{Config, Feedback, FeedbackWeights, Optimizer, PlateauTiming, Signal};
use apical::dataset::Dataset;
use apical::gpu::DEFAULT_WORKGROUP_SIZE;
use apical::interface::{ArrayId, Backend, Shape};
use apical::model::lr_schedule::LrSchedule;
use apical::network::Network;
use apical::plan::{self, Capacity, Presentation};
use apical::simulation::Simulation;
use apical::train::{order, test};

use crate::support;

/// What a training is run on.
struct Run {
    /// Feed-forward and feedback weights.
    weights: Vec<(ArrayId, Vec<u32>)>,
    results: Vec<u32>,
}

/// Trains one epoch with a quick test in the middle and a test at the end.
fn train(backend: Box<dyn Backend>, config: &Config, dataset: &Arc<Dataset>) -> Run {
    let network = Network::initial(config, dataset.pixels());
    let mut simulation =
        Simulation::new(backend, config, dataset, &network).expect("the backend takes it");
    let images = order(config, dataset, 1);
    for (number, minibatch) in images.chunks(config.batch_size).enumerate() {
        simulation.train(minibatch).expect("a minibatch runs");
        if number == 1 {
            test(&mut simulation, dataset, 5, 0).expect("a test runs");
        }
    }
    test(&mut simulation, dataset, dataset.test_count, 5).expect("a test runs");
    let backend = simulation.backend();
    let layers = 0..config.layers.len();
    let arrays = layers.flat_map(|layer| [ArrayId::Weights(layer), ArrayId::Feedback(layer)]);
    let mut read = |array| (array, backend.read(array).expect("weights are read"));
    Run {
        weights: arrays.map(&mut read).collect(),
        results: backend.read(ArrayId::Results).expect("results are read"),
    }
}

fn same_run(what: &str, a: &Run, b: &Run) {
    for ((array, a), (_, b)) in a.weights.iter().zip(&b.weights) {
        support::assert_same_bits(&format!("{what}: {array}"), a, b);
    }
    support::assert_same_bits(&format!("{what}: results"), &a.results, &b.results);
}

fn capacity(samples: usize, dataset: &Dataset, block: u32) -> Capacity {
    support::capacity(samples, dataset.training_count + dataset.test_count, block)
}

/// Depths 0, 1 and 2, batches 1, 7 and 64, with and without apical conductance, several optimisers,
/// schedules and seeds; and the options.
fn trainings() -> Vec<(Config, Arc<Dataset>)> {
    let mut trainings = Vec::new();
    for (seed, layers) in (1..).zip([vec![10], vec![23, 10], vec![21, 13, 20]]) {
        for (batch, images) in [(1, 6), (7, 30), (64, 140)] {
            for g_apical in [0.0, 0.05] {
                for (optimizer, eta) in [(Optimizer::Sgd, 0.2), (Optimizer::Adam, 0.01)] {
                    let seed = seed * 1000 + batch as u64;
                    // The ones that seldom meet in use are covered all the same.
                    let (optimizer, schedule) = match (optimizer, batch) {
                        (Optimizer::Sgd, 7) => (Optimizer::Momentum, LrSchedule::Cosine),
                        (Optimizer::Adam, 7) => (Optimizer::Rmsprop, LrSchedule::Step),
                        _ => (optimizer, LrSchedule::Constant),
                    };
                    // The larger batches are slow where feedback goes step by step.
                    let images = if g_apical > 0.0 { images.min(20) } else { images };
                    let dataset = support::random_dataset(seed, 8, 9, images);
                    let layers = layers.clone();
                    let config = Config {
                        layers,
                        batch_size: batch,
                        eta: vec![eta],
                        g_apical,
                        optimizer,
                        lr_schedule: schedule,
                        seed,
                        ..Config::default()
                    };
                    trainings.push((config, dataset));
                }
            }
        }
    }
    trainings.extend(options().map(|config| (config, support::random_dataset(8, 8, 9, 20))));
    trainings
}

/// Feedback weights that learn or follow others, apical biases, random plateau times and feedback by rates.
fn options() -> [Config; 6] {
    let base = Config {
        layers: vec![21, 13, 20],
        batch_size: 7,
        eta: vec![0.2],
        feedback_lr: 0.5,
        feedback: Feedback::Layerwise,
        plateau_timing: PlateauTiming::Random,
        optimizer: Optimizer::Sgd,
        ..Config::default()
    };
    [
        Config { g_apical: 0.05, apical_bias_sd: 0.5, apical_bias_lr_scale: 2.0, ..base.clone() },
        Config {
            psp_kernel_ms: 0,
            feedback: Feedback::Broadcast,
            apical_bias_lr_scale: 0.0,
            ..base.clone()
        },
        Config { psp_kernel_ms: 0, g_apical: 0.05, apical_bias_sd: 0.5, ..base.clone() },
        Config {
            psp_kernel_ms: 9,
            g_apical: 0.05,
            feedback_lr: 0.0,
            feedback_weights: FeedbackWeights::Symmetric,
            feedback_noise_sd: 0.05,
            feedback: Feedback::Broadcast,
            ..base.clone()
        },
        Config {
            g_apical: 0.05,
            apical_bias_sd: 0.5,
            feedback_signal: Signal::Rates,
            ..base.clone()
        },
        Config { feedback_signal: Signal::Rates, ..base },
    ]
}

#[test]
fn training_on_cpu_and_gpu_has_equal_bits() {
    for (config, dataset) in trainings() {
        let capacity = capacity(config.batch_size.max(5), &dataset, 64);
        let cpu = train(support::cpu(&config, &dataset, &capacity), &config, &dataset);
        let gpu = train(support::gpu(&config, &dataset, &capacity), &config, &dataset);
        same_run(&format!("{config:?}"), &cpu, &gpu);
    }
}

/// One thread that keeps the arrays of every sample against many that keep only what is carried on; in
/// networks wide enough that threads share a layer, too.
#[test]
fn training_is_independent_of_threads_and_kept_lanes() {
    let wide = |batch, g_apical| {
        let config =
            Config { layers: vec![150, 70, 10], batch_size: batch, g_apical, ..Config::default() };
        (config, support::random_dataset(7, 10, 10, 8))
    };
    let wide = [wide(1, 0.0), wide(2, 0.0), wide(1, 0.05)];
    for (config, dataset) in trainings().into_iter().chain(wide) {
        let kept = capacity(config.batch_size.max(5), &dataset, 64);
        let make = |per_sample_access, threads| {
            let capacity = Capacity { per_sample_access, ..kept };
            support::cpu_with_threads(&config, &dataset, &capacity, threads)
        };
        let one = train(make(true, 1), &config, &dataset);
        for (threads, per_sample_access) in [(1, false), (2, false), (5, false), (5, true)] {
            let many = train(make(per_sample_access, threads), &config, &dataset);
            same_run(&format!("{threads} threads, {config:?}"), &one, &many);
        }
    }
}

#[test]
fn blocks_and_lanes_do_not_matter() {
    for (config, dataset) in trainings() {
        let make =
            |samples, block| support::cpu(&config, &dataset, &capacity(samples, &dataset, block));
        let one = train(make(config.batch_size, 8), &config, &dataset);
        for (samples, block) in [(config.batch_size + 3, 32), (config.batch_size + 70, 1000)] {
            let other = train(make(samples, block), &config, &dataset);
            same_run(&format!("{samples} samples, blocks of {block}, {config:?}"), &one, &other);
        }
    }
}

#[test]
fn workgroups_do_not_matter() {
    let (config, dataset) = trainings().swap_remove(17);
    let capacity = capacity(config.batch_size, &dataset, 64);
    let make = |workgroup| support::gpu_with_workgroup(&config, &dataset, &capacity, workgroup);
    let one = train(support::cpu(&config, &dataset, &capacity), &config, &dataset);
    for workgroup in [8, 24, 32, 64, 256] {
        let other = train(make(workgroup), &config, &dataset);
        same_run(&format!("workgroups of {workgroup}, {config:?}"), &one, &other);
    }
}

/// A GPU that binds no more than a few KiB of weights at once: some columns of a layer at a time.
#[test]
fn windows_of_weights_do_not_matter() {
    for (layers, g_apical, optimizer, feedback) in [
        (vec![90, 10], 0.0, Optimizer::Adam, Feedback::Broadcast),
        (vec![150, 70, 10], 0.0, Optimizer::Sgd, Feedback::Layerwise),
        (vec![80, 130, 10], 0.05, Optimizer::Adam, Feedback::Layerwise),
    ] {
        let batch = 3;
        let feedback_lr = if feedback == Feedback::Layerwise { 0.5 } else { 0.0 };
        let plateau_timing =
            if g_apical > 0.0 { PlateauTiming::Random } else { PlateauTiming::Synchronous };
        let config = Config {
            layers,
            batch_size: batch,
            g_apical,
            optimizer,
            feedback,
            feedback_lr,
            plateau_timing,
            ..Config::default()
        };
        let dataset = support::random_dataset(11, 9, 15, 12);
        let capacity = capacity(5, &dataset, 64);
        let shape = plan::shape(&config, &dataset, &capacity);
        let mut device = support::device();
        device.limit_weight_binding(4 << 10);
        let gpu =
            support::gpu_on(device, from_ref(&config), &dataset, shape, DEFAULT_WORKGROUP_SIZE);
        let cpu = train(support::cpu(&config, &dataset, &capacity), &config, &dataset);
        let gpu = train(gpu, &config, &dataset);
        same_run(&format!("{config:?}"), &cpu, &gpu);
    }
}

/// The images of a minibatch are simulated as each would be alone: spikes, voltages, traces and
/// errors of every sample are those of a run with that sample only.
#[test]
fn samples_equal_single_runs() {
    let config = Config { layers: vec![40, 21, 10], batch_size: 6, ..Config::default() };
    let dataset = support::random_dataset(9, 8, 8, 12);
    let network = Network::initial(&config, dataset.pixels());
    let images = order(&config, &dataset, 1);
    let run = |images: &[Presentation]| -> (Shape, Vec<(ArrayId, Vec<u32>)>) {
        let capacity = capacity(images.len(), &dataset, 64);
        let backend = support::cpu(&config, &dataset, &capacity);
        let mut simulation =
            Simulation::new(backend, &config, &dataset, &network).expect("the backend takes it");
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
            let together = &together[sample * length..][..length];
            support::assert_same_bits(&format!("sample {sample}: {array}"), together, alone);
        }
    }
}

/// A minibatch's update is the mean over its images: the gradient of a batch is that of its images
/// shown one by one, up to rounding.
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
            Simulation::new(backend, &config, &dataset, &network).expect("the backend takes it");
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
    assert!(largest > 1e-4, "the gradient is not all zero");
}

/// Spikes from outside that do not fit the network are refused, not written over their neighbours.
#[test]
fn given_spikes_that_do_not_fit_are_refused() {
    let config = Config { layers: vec![3, 10], batch_size: 1, ..Config::default() };
    let dataset = support::random_dataset(4, 4, 4, 12);
    let network = Network::initial(&config, dataset.pixels());
    let backend = support::cpu(&config, &dataset, &capacity(1, &dataset, 8));
    let mut simulation =
        Simulation::new(backend, &config, &dataset, &network).expect("the backend takes it");
    let image = Presentation { index: 0, label: 0, draw_index: 0, result_slot: 0 };
    let spikes = |count: u8| [16, 3, 10].map(|units| vec![count; 110 * units]).to_vec();
    let mut given = |phases: [u32; 2], spikes: &[Vec<u8>]| {
        simulation.train_replayed(&image, phases, spikes, |_, _| Ok(())).map_err(|e| e.to_string())
    };
    assert_eq!(given([55, 55], &spikes(15)), Ok(()));
    for (phases, spikes, text) in [
        ([55, 55], spikes(16), "16 spikes in a step, where 15 is the most"),
        ([55, 54], spikes(1), "1760 counts of population 0, not 1744"),
        ([10, 100], spikes(1), "phases of 10 and 100 steps"),
        ([u32::MAX, 55], spikes(1), "both at most"),
        ([55, 55], spikes(1)[..2].to_vec(), "2 populations, where the network has 3"),
    ] {
        let error = given(phases, &spikes).expect_err(text);
        assert!(error.contains(text), "{error}");
    }
}
