//! Proves that the additions that `apical bench` reports are those that the kernels do, that profiling
//! tells of every kernel that runs and of no other, and that it changes no bit of what is learned, on
//! the CPU and on a GPU.
//!
//! Does not prove that any time is right: nothing here depends on one. What the command prints is
//! tested in tests/command_line/bench.rs. These tests need a Vulkan device; a software one will do.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::support::{self, MakeBackend, cpu, floats, gpu, random_dataset};
use apical::bench::{OpCounts, SpikeSnapshot};
use apical::config::{Config, Optimizer};
use apical::dataset::Dataset;
use apical::interface::{
    ArrayId, Backend, BatchParams, Kernel, KernelTimes, Launch, Sample, window_mean,
};
use apical::network::Network;
use apical::simulation::Simulation;
use apical::train::order;

/// A small net. A rate of 0 leaves its weights as they are.
fn config() -> Config {
    Config {
        layers: vec![24, 18, 10],
        batch_size: 3,
        eta: vec![0.0],
        optimizer: Optimizer::Sgd,
        ..Config::default()
    }
}

fn simulation(
    config: &Config,
    dataset: &Arc<Dataset>,
    make: MakeBackend,
    network: &Network,
) -> Simulation {
    let capacity = support::capacity(4, 40, 512);
    let backend = make(config, dataset, &capacity);
    Simulation::new(backend, config, dataset, network).expect("the backend takes the network")
}

/// Sum of what each kernel that adds up weights left behind, where every weight is 1: its additions.
fn additions_done(
    backend: &mut dyn Backend,
    minibatches: &[BatchParams],
    samples: &[Sample],
    launches: &[Launch],
) -> f64 {
    let shape = backend.shape().clone();
    let history = shape.history_rows() as usize;
    let mut sum = 0.0;
    for launch in launches {
        backend.run(minibatches, samples, &[*launch]).expect("a kernel runs");
        let array = match launch.kernel {
            Kernel::SynapticInputSpikes => ArrayId::SynapticInput(launch.layer),
            Kernel::ApicalHistory if minibatches[0].reset_state == 1 => continue,
            Kernel::ApicalStepSpikes | Kernel::ApicalHistory => ArrayId::ApicalInput(launch.layer),
            _ => continue,
        };
        let drives = floats(backend, array);
        let units = shape.units(launch.layer);
        for (sample, drives) in samples.iter().zip(drives.chunks(shape.len_per_copy(array))) {
            let steps =
                sample.steps().min(launch.first + launch.steps).saturating_sub(launch.first);
            // The first drive of an image includes the steps before it.
            let is_first = launch.first == 0 && launch.kernel == Kernel::SynapticInputSpikes;
            let first = if is_first { 0 } else { history };
            let rows = match launch.kernel {
                Kernel::ApicalHistory => 0..shape.apical_history_rows() as usize,
                _ => first..history + steps as usize,
            };
            let rows = &drives[rows.start * units..rows.end * units];
            sum += rows.iter().map(|&drive| f64::from(drive)).sum::<f64>();
        }
    }
    sum
}

#[test]
fn additions_are_counted_as_the_kernels_do_them() {
    let dataset = random_dataset(3, 5, 6, 20);
    for (g_apical, feedback) in [
        (0.0, apical::config::Feedback::Broadcast),
        (0.05, apical::config::Feedback::Broadcast),
        (0.05, apical::config::Feedback::Layerwise),
    ] {
        let config = Config { g_apical, feedback, ..config() };
        let mut network = Network::initial(&config, dataset.pixels());
        for layer in &mut network.layers {
            layer.weights.fill(1.0);
            layer.feedback.fill(1.0);
        }
        let mut simulation = simulation(&config, &dataset, cpu, &network);
        let images = order(&config, &dataset, 1);
        let mut before = SpikeSnapshot::read(simulation.backend(), config.batch_size).unwrap();
        // The first starts from nothing; the next ones carry the last steps on.
        for images in images.chunks_exact(config.batch_size).take(3) {
            let (minibatches, samples, launches) = simulation.prepare_training(images);
            let backend = simulation.backend();
            let done = additions_done(backend, &minibatches, &samples, &launches);
            let after = SpikeSnapshot::read(backend, config.batch_size).unwrap();
            let shape = backend.shape().clone();
            let mut work = OpCounts::default();
            let nonzero_pixels = vec![7; config.batch_size];
            work.add(&shape, &minibatches[0], &samples, &nonzero_pixels, &before, &after);
            assert!(done > 0.0);
            assert_eq!(work.additions as f64, done, "g_apical {g_apical}, {feedback:?}");
            let steps: u32 = samples.iter().map(Sample::steps).sum();
            assert_eq!((work.images, work.steps), (3, u64::from(steps)));
            assert_eq!(work.rng_draws, u64::from(steps) * (7 + 24 + 18 + 10));
            before = after;
        }
    }
}

/// Without a cut, what is left of the traces drives the next image too.
#[test]
fn traces_that_are_carried_on_count_as_additions() {
    let dataset = random_dataset(4, 5, 6, 20);
    let config = Config { psp_kernel_ms: 0, ..config() };
    let network = Network::initial(&config, dataset.pixels());
    let mut simulation = simulation(&config, &dataset, cpu, &network);
    let images = order(&config, &dataset, 1);
    simulation.train(&images[..3]).unwrap();
    let before = SpikeSnapshot::read(simulation.backend(), 3).unwrap();
    let mut left = 0;
    for (population, above) in [24, 18, 10].into_iter().enumerate() {
        let traces = floats(simulation.backend(), ArrayId::WindowMeans(population));
        let shape = simulation.backend().shape();
        let units = shape.populations[population];
        let rows = traces.chunks(units).take(3 * window_mean::ROWS).enumerate();
        let carried = rows.filter(|(row, _)| row % window_mean::ROWS >= window_mean::SLOW);
        left += above * carried.flat_map(|(_, row)| row).filter(|&&trace| trace != 0.0).count();
    }
    let (minibatches, samples, launches) = simulation.prepare_training(&images[3..6]);
    let backend = simulation.backend();
    backend.run(&minibatches, &samples, &launches).unwrap();
    let after = SpikeSnapshot::read(backend, 3).unwrap();
    let additions = |minibatch: &BatchParams| {
        let mut work = OpCounts::default();
        work.add(&backend.shape().clone(), minibatch, &samples, &[0; 3], &before, &after);
        work.additions as usize
    };
    let alone = additions(&BatchParams { reset_state: 1, ..minibatches[0] });
    assert!(left > 0);
    assert_eq!(additions(&minibatches[0]), alone + left);
}

/// Trains a few minibatches; its weights, its kernels, and their times where it is profiled.
fn trained(
    make: MakeBackend,
    is_profiled: bool,
) -> (Network, BTreeSet<Kernel>, Option<KernelTimes>) {
    let dataset = random_dataset(5, 5, 6, 20);
    // Long enough for more launches than there are timestamps at once.
    let config = Config {
        eta: vec![0.05],
        g_apical: 0.05,
        phase_ms: 110,
        optimizer: Optimizer::Adam,
        ..config()
    };
    let mut network = Network::initial(&config, dataset.pixels());
    let mut simulation = simulation(&config, &dataset, make, &network);
    simulation.backend().set_profiling(is_profiled);
    let mut kernels = BTreeSet::new();
    for images in order(&config, &dataset, 1).chunks_exact(config.batch_size).take(2) {
        let (minibatches, samples, launches) = simulation.prepare_training(images);
        kernels.extend(launches.iter().map(|launch| launch.kernel));
        simulation.backend().run(&minibatches, &samples, &launches).unwrap();
    }
    let times = simulation.backend().kernel_times().unwrap();
    simulation.read_networks(std::slice::from_mut(&mut network)).unwrap();
    (network, kernels, times)
}

#[test]
fn profiling_times_every_kernel_and_changes_no_weight() {
    let (plain, _, nothing) = trained(cpu, false);
    assert_eq!(nothing, None);
    for (make, makes_rasters) in [(cpu as MakeBackend, false), (gpu, true)] {
        let (profiled, mut kernels, times) = trained(make, true);
        // The CPU makes them where they are read, if at all.
        assert!(kernels.contains(&Kernel::PackSpikeMask));
        kernels.retain(|&kernel| makes_rasters || kernel != Kernel::PackSpikeMask);
        assert!(profiled == plain, "profiling changed a weight");
        let times = times.expect("this device tells times");
        let told = Kernel::ALL.into_iter().filter(|&kernel| times.calls(kernel) > 0);
        assert_eq!(told.collect::<BTreeSet<_>>(), kernels);
        assert!(
            kernels.contains(&Kernel::ApicalStepSpikes) && kernels.contains(&Kernel::WeightUpdate)
        );
    }
}

#[test]
fn profiling_restarted_resets_times() {
    for make in [cpu as MakeBackend, gpu] {
        let dataset = random_dataset(6, 5, 6, 20);
        let config = config();
        let network = Network::initial(&config, dataset.pixels());
        let mut simulation = simulation(&config, &dataset, make, &network);
        let images = order(&config, &dataset, 1);
        let mut spans = || {
            simulation.backend().set_profiling(true);
            simulation.train(&images[..3]).unwrap();
            let times = simulation.backend().kernel_times().unwrap().expect("it is profiled");
            simulation.backend().set_profiling(false);
            assert_eq!(simulation.backend().kernel_times().unwrap(), None);
            Kernel::ALL.map(|kernel| times.calls(kernel))
        };
        assert_eq!(spans(), spans());
    }
}
