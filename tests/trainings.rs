//! Proves: whole trainings end with equal weights and predictions on CPU and GPU. The result does not depend on the
//! number of threads, access to samples, workgroup size, block length, capacity or column ranges. This includes all
//! options of feedback and plateau potentials. A minibatch's gradient is the mean over its images.
//!
//! Does not prove: which kernel differs in case of a failure (see `exactness.rs`), or that the learning is right (see
//! `golden.rs` and `learning.rs`).

#[path = "trainings/minibatches.rs"]
mod minibatches;

use std::slice::from_ref;
use std::sync::Arc;

use apical::config::{Config, Feedback, FeedbackWeights, Optimizer, PlateauTiming, Signal};
use apical::dataset::Dataset;
use apical::gpu::DEFAULT_WORKGROUP_SIZE;
use apical::interface::{ArrayId, Backend, Values};
use apical::model::lr_schedule::LrSchedule;
use apical::network::Network;
use apical::plan::{self, Capacity};
use apical::simulation::Simulation;
use apical::train::{order, test};

use crate::support;

/// Arrays after a training.
struct Outcome {
    /// Feed-forward and feedback weights of each layer.
    weights: Vec<(ArrayId, Values)>,
    classes: Values,
    losses: Values,
}

/// Trains one epoch with a partial test in the middle and a full test at the end.
fn train(backend: Box<dyn Backend>, config: &Config, dataset: &Arc<Dataset>) -> Outcome {
    let network = Network::initial(config, dataset.pixels());
    let mut simulation =
        Simulation::new(backend, config, dataset, &network).expect("the network fits");
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
    let arrays = layers.flat_map(|layer| {
        [ArrayId::Weights(layer), ArrayId::Feedback(layer), ArrayId::EventFeedback(layer)]
    });
    let mut read = |array| (array, backend.read(array).expect("weights are read"));
    Outcome {
        weights: arrays.map(&mut read).collect(),
        classes: backend.read(ArrayId::Classes).expect("classes are read"),
        losses: backend.read(ArrayId::Losses).expect("losses are read"),
    }
}

fn assert_same(label: &str, a: &Outcome, b: &Outcome) {
    for ((array, a), (_, b)) in a.weights.iter().zip(&b.weights) {
        support::assert_same_bits(&format!("{label}: {array}"), a, b);
    }
    support::assert_same_bits(&format!("{label}: classes"), &a.classes, &b.classes);
    support::assert_same_bits(&format!("{label}: losses"), &a.losses, &b.losses);
}

fn capacity(samples: usize, dataset: &Dataset, block: u32) -> Capacity {
    support::capacity(samples, dataset.training_count + dataset.test_count, block)
}

/// Returns trainings with 0 to 2 hidden layers, batch sizes 1, 7 and 64, with and without apical conductance, with
/// each optimizer and learning-rate schedule; and the trainings of [`options`].
fn trainings() -> Vec<(Config, Arc<Dataset>)> {
    let mut trainings = Vec::new();
    for (seed, layers) in (1..).zip([vec![10], vec![23, 10], vec![21, 13, 20]]) {
        for (batch, images) in [(1, 6), (7, 30), (64, 140)] {
            for g_apical in [0.0, 0.05] {
                for (optimizer, eta) in [(Optimizer::Sgd, 0.2), (Optimizer::Adam, 0.01)] {
                    let seed = seed * 1000 + batch as u64;
                    // Rarely used optimizers and schedules are covered once each.
                    let (optimizer, schedule) = match (optimizer, batch) {
                        (Optimizer::Sgd, 7) => (Optimizer::Momentum, LrSchedule::Cosine),
                        (Optimizer::Adam, 7) => (Optimizer::Rmsprop, LrSchedule::Step),
                        _ => (optimizer, LrSchedule::Constant),
                    };
                    // Apical conductance makes large batches slow: one launch per kernel and step.
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

/// Returns trainings with learned or symmetric feedback, apical biases, random plateau times or feedback by rates.
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
        assert_same(&format!("{config:?}"), &cpu, &gpu);
    }
}

/// Compares one thread with access to all samples against several threads that keep only persistent state. Wide
/// layers are shared by threads.
#[test]
fn training_is_independent_of_threads_and_access() {
    let wide = |batch, g_apical| {
        let config =
            Config { layers: vec![150, 70, 10], batch_size: batch, g_apical, ..Config::default() };
        (config, support::random_dataset(7, 10, 10, 8))
    };
    let wide = [wide(1, 0.0), wide(2, 0.0), wide(1, 0.05)];
    for (config, dataset) in trainings().into_iter().chain(wide) {
        let capacity = capacity(config.batch_size.max(5), &dataset, 64);
        let make = |per_sample_access, threads| {
            let capacity = Capacity { per_sample_access, ..capacity };
            support::cpu_with_threads(&config, &dataset, &capacity, threads)
        };
        let one = train(make(true, 1), &config, &dataset);
        for (threads, per_sample_access) in [(1, false), (2, false), (5, false), (5, true)] {
            let many = train(make(per_sample_access, threads), &config, &dataset);
            assert_same(&format!("{threads} threads, {config:?}"), &one, &many);
        }
    }
}

#[test]
fn training_is_independent_of_blocks_and_capacity() {
    for (config, dataset) in trainings() {
        let make =
            |samples, block| support::cpu(&config, &dataset, &capacity(samples, &dataset, block));
        let one = train(make(config.batch_size, 8), &config, &dataset);
        for (samples, block) in [(config.batch_size + 3, 32), (config.batch_size + 70, 1000)] {
            let other = train(make(samples, block), &config, &dataset);
            assert_same(&format!("{samples} samples, blocks of {block}, {config:?}"), &one, &other);
        }
    }
}

#[test]
fn training_is_independent_of_workgroup_size() {
    let (config, dataset) = trainings().swap_remove(17);
    let capacity = capacity(config.batch_size, &dataset, 64);
    let make = |workgroup| support::gpu_with_workgroup(&config, &dataset, &capacity, workgroup);
    let one = train(support::cpu(&config, &dataset, &capacity), &config, &dataset);
    for workgroup in [8, 24, 32, 64, 256] {
        let other = train(make(workgroup), &config, &dataset);
        assert_same(&format!("workgroups of {workgroup}, {config:?}"), &one, &other);
    }
}

/// The GPU binds at most 4 KiB of weights at once, so only some columns of a layer per dispatch.
#[test]
fn training_is_independent_of_column_ranges() {
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
        assert_same(&format!("{config:?}"), &cpu, &gpu);
    }
}
