//! Throughput of the CPU backend, and of a GPU if there is one: whole minibatches, tests and single kernels of the
//! paper's network 784-500-10.
//!
//! `cargo bench -p apical-benches --bench training`; "elements" are images. A software GPU is measured only if
//! `APICAL_BENCH_SOFTWARE_GPU` is set: its times do not represent a GPU.

use std::hint::black_box;
use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use apical::config::{
    Config, CreditAssignment, Dynamics, EventFeedback, Feedback, FeedbackWeights, LearningRule,
    Preset, Recipe, Signal,
};
use apical::dataset::Dataset;
use apical::device::{BackendKind, DeviceOptions, open};
use apical::interface::{ArrayId, Backend, Kernel, Launch, Sample};
use apical::network::Network;
use apical::plan::Presentation;
use apical::simulation::Simulation;
use apical::train::order;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Number of training images before the measurement: an untrained network has other spike rates.
const WARM_UP: usize = 3200;

fn simulation(config: &Config, dataset: &Arc<Dataset>, backend: Box<dyn Backend>) -> Simulation {
    let network = Network::initial(config, dataset.pixels());
    let mut simulation =
        Simulation::new(backend, config, dataset, &network).expect("the network fits");
    for minibatch in order(config, dataset, 1)[..WARM_UP].chunks(config.batch_size) {
        simulation.train(minibatch).expect("a minibatch runs");
    }
    simulation
}

fn cpu(
    config: &Config,
    dataset: &Arc<Dataset>,
    threads: usize,
    options: &DeviceOptions,
) -> Simulation {
    let options = DeviceOptions { backend: BackendKind::Cpu, threads, ..options.clone() };
    let opened = open(&options, from_ref(config), dataset).expect("the CPU opens");
    simulation(config, dataset, opened.backend)
}

/// Returns a simulation on a GPU, if there is one to measure.
fn gpu(config: &Config, dataset: &Arc<Dataset>, options: &DeviceOptions) -> Option<Simulation> {
    let allow_software = std::env::var_os("APICAL_BENCH_SOFTWARE_GPU").is_some();
    let backend = if allow_software { BackendKind::Gpu } else { BackendKind::Auto };
    let options = DeviceOptions { backend, ..options.clone() };
    let opened = open(&options, from_ref(config), dataset).ok()?;
    (opened.device.backend == "gpu").then(|| simulation(config, dataset, opened.backend))
}

/// Returns all simulations to measure, with labels.
fn simulations(
    config: &Config,
    dataset: &Arc<Dataset>,
    options: &DeviceOptions,
) -> Vec<(String, Simulation)> {
    let mut simulations = vec![
        ("cpu, 1 thread".to_string(), cpu(config, dataset, 1, options)),
        ("cpu, 2 threads".to_string(), cpu(config, dataset, 2, options)),
    ];
    let gpu = gpu(config, dataset, options);
    simulations.extend(gpu.map(|simulation| ("gpu".to_string(), simulation)));
    simulations
}

fn training(criterion: &mut Criterion) {
    let dataset = Arc::new(Dataset::mnist().expect("the embedded data set opens"));
    for (name, config) in [
        ("train 784-500-10, batch 32, adam", Recipe::one_hidden_layer().config()),
        ("train 784-500-10, batch 1, sgd", Preset::Paper1.config()),
    ] {
        let mut group = criterion.benchmark_group(name);
        let images = order(&config, &dataset, 2);
        for (backend, mut simulation) in simulations(&config, &dataset, &DeviceOptions::default()) {
            let mut minibatches = images.chunks_exact(config.batch_size).cycle();
            group.throughput(Throughput::Elements(config.batch_size as u64));
            group.bench_function(backend, |bencher| {
                bencher.iter(|| {
                    let minibatch = minibatches.next().expect("the cycle is endless");
                    simulation.train(minibatch).expect("a minibatch runs");
                    // Waits for the device.
                    black_box(
                        simulation
                            .backend()
                            .read(ArrayId::InputThresholds)
                            .expect("the array is read"),
                    );
                });
            });
        }
        group.finish();
    }
}

fn testing(criterion: &mut Criterion) {
    let dataset = Arc::new(Dataset::mnist().expect("the embedded data set opens"));
    let config = Recipe::one_hidden_layer().config();
    let mut group = criterion.benchmark_group("test 784-500-10, 250 steps");
    group.throughput(Throughput::Elements(64));
    let image = |slot: usize| Presentation {
        index: dataset.training_count + slot,
        label: dataset.test_labels()[slot],
        draw_index: slot as u32,
        result_slot: slot,
    };
    let images: Vec<Presentation> = (0..64).map(image).collect();
    for (backend, mut simulation) in simulations(&config, &dataset, &DeviceOptions::default()) {
        group.bench_function(backend, |bencher| {
            bencher.iter(|| {
                simulation.test(&images).expect("a test runs");
                black_box(
                    simulation.backend().read(ArrayId::InputThresholds).expect("the array is read"),
                );
            });
        });
    }
    group.finish();
}

/// Returns the recipe with one hidden layer, changed if a minibatch would not run the kernel otherwise.
fn config_with(kernel: Kernel) -> Config {
    let base = Recipe::one_hidden_layer().config();
    match kernel {
        Kernel::ApicalStepSpikes | Kernel::ApicalHistory => Config { g_apical: 0.05, ..base },
        Kernel::ApicalStepRates => {
            Config { g_apical: 0.05, feedback_signal: Signal::Rates, ..base }
        }
        Kernel::SymmetricFeedback => Config {
            feedback_weights: FeedbackWeights::Symmetric,
            feedback_noise_sd: 0.05,
            layers: vec![500, 100, 10],
            ..base
        },
        Kernel::FeedbackUpdate => Config { feedback_lr: 0.01, ..base },
        Kernel::EncodeRates
        | Kernel::SynapticInputRates
        | Kernel::EmitRates
        | Kernel::WindowMeanRates => Config { signal: Signal::Rates, ..base },
        Kernel::BackpropError => {
            Config { credit_assignment: CreditAssignment::Backpropagation, ..base }
        }
        Kernel::ApicalBursts
        | Kernel::ApicalEvents
        | Kernel::BurstError
        | Kernel::TransposedUpdate
        | Kernel::EventFeedbackUpdate => Config {
            rule: LearningRule::Bursts,
            event_feedback: EventFeedback::Homeostatic,
            feedback: Feedback::Layerwise,
            dynamics: Dynamics::SteadyState,
            feedback_lr: 0.01,
            ..base
        },
        Kernel::ApicalInputBursts | Kernel::DrawBursts => {
            Config { rule: LearningRule::Bursts, feedback: Feedback::Layerwise, ..base }
        }
        Kernel::ApicalInputEvents | Kernel::ApicalMean => Config {
            rule: LearningRule::Bursts,
            feedback: Feedback::Layerwise,
            event_feedback: EventFeedback::Homeostatic,
            ..base
        },
        _ => base,
    }
}

/// Measures each kernel of a training minibatch alone, from the state after a minibatch.
fn kernels(criterion: &mut Criterion) {
    let dataset = Arc::new(Dataset::mnist().expect("the embedded data set opens"));
    let options = DeviceOptions { per_sample_access: true, ..DeviceOptions::default() };
    // MNIST holds images, no recordings.
    for kernel in Kernel::ALL.into_iter().filter(|&kernel| kernel != Kernel::RecordedSpikes) {
        let config = &config_with(kernel);
        let mut group = criterion.benchmark_group(format!("kernel {kernel}, batch 32"));
        group.throughput(Throughput::Elements(config.batch_size as u64));
        let images = order(config, &dataset, 2);
        for (backend, mut simulation) in simulations(config, &dataset, &options) {
            let (minibatch, samples, launches): (_, Vec<Sample>, Vec<Launch>) =
                simulation.prepare_training(&images[..config.batch_size]);
            let device = simulation.backend();
            device.run(&minibatch, &samples, &launches).expect("a minibatch runs");
            let kernel_launches: Vec<Launch> =
                launches.into_iter().filter(|launch| launch.kernel == kernel).collect();
            assert!(!kernel_launches.is_empty(), "a minibatch runs no {kernel}");
            group.bench_function(backend, |bencher| {
                bencher.iter(|| {
                    device.run(&minibatch, &samples, &kernel_launches).expect("the kernel runs");
                    black_box(device.read(ArrayId::InputThresholds).expect("the array is read"));
                });
            });
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .sample_size(30);
    targets = training, testing, kernels
}
criterion_main!(benches);
