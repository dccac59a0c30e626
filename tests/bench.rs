//! Proves: the additions that `apical bench` reports equal those of the kernels. Profiling times exactly the kernels
//! that run, and changes no weight, on the CPU and on a GPU. The dense form of the synaptic input agrees with the
//! kernel.
//!
//! Does not prove: that the times are right, or what the command prints (see `cli/tests/command_line/bench.rs`).

#[path = "bench/dense.rs"]
mod dense;

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

/// Returns settings of a small network. The learning rate of 0 keeps its weights.
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
    Simulation::new(backend, config, dataset, network).expect("the network fits")
}

/// Counts the additions of a launch sequence. All weights are 1, so a kernel's results sum to its additions.
fn count_additions(
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
        let inputs = floats(backend, array);
        let units = shape.units(launch.layer);
        for (sample, inputs) in samples.iter().zip(inputs.chunks(shape.len_per_copy(array))) {
            let steps =
                sample.steps().min(launch.first + launch.count).saturating_sub(launch.first);
            // The first launch of an image also computes the history rows.
            let is_first = launch.first == 0 && launch.kernel == Kernel::SynapticInputSpikes;
            let first = if is_first { 0 } else { history };
            let rows = match launch.kernel {
                Kernel::ApicalHistory => 0..shape.apical_history_rows() as usize,
                _ => first..history + steps as usize,
            };
            let rows = &inputs[rows.start * units..rows.end * units];
            sum += rows.iter().map(|&input| f64::from(input)).sum::<f64>();
        }
    }
    sum
}

#[test]
fn op_counts_equal_additions_of_kernels() {
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
        // The first minibatch starts without history.
        for images in images.chunks_exact(config.batch_size).take(3) {
            let (minibatches, samples, launches) = simulation.prepare_training(images);
            let backend = simulation.backend();
            let counted = count_additions(backend, &minibatches, &samples, &launches);
            let after = SpikeSnapshot::read(backend, config.batch_size).unwrap();
            let shape = backend.shape().clone();
            let mut work = OpCounts::default();
            let nonzero_pixels = vec![7; config.batch_size];
            work.add(&shape, &minibatches[0], &samples, &nonzero_pixels, &before, &after);
            assert!(counted > 0.0);
            assert_eq!(work.additions as f64, counted, "g_apical {g_apical}, {feedback:?}");
            let steps: u32 = samples.iter().map(Sample::steps).sum();
            assert_eq!((work.images, work.steps), (3, u64::from(steps)));
            assert_eq!(work.rng_draws, u64::from(steps) * (7 + 24 + 18 + 10));
            before = after;
        }
    }
}

/// With an infinite PSP kernel, traces of the last image add input to the next one.
#[test]
fn op_counts_with_infinite_kernel_include_traces() {
    let dataset = random_dataset(4, 5, 6, 20);
    let config = Config { psp_kernel_ms: 0, ..config() };
    let network = Network::initial(&config, dataset.pixels());
    let mut simulation = simulation(&config, &dataset, cpu, &network);
    let images = order(&config, &dataset, 1);
    simulation.train(&images[..3]).unwrap();
    let before = SpikeSnapshot::read(simulation.backend(), 3).unwrap();
    let mut trace_additions = 0;
    for (population, n_next) in [24, 18, 10].into_iter().enumerate() {
        let traces = floats(simulation.backend(), ArrayId::WindowMeans(population));
        let shape = simulation.backend().shape();
        let units = shape.populations[population];
        let rows = traces.chunks(units).take(3 * window_mean::ROWS).enumerate();
        let traces = rows.filter(|(row, _)| row % window_mean::ROWS >= window_mean::SLOW);
        let nonzero = traces.flat_map(|(_, row)| row).filter(|&&trace| trace != 0.0).count();
        trace_additions += n_next * nonzero;
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
    let after_reset = additions(&BatchParams { reset_state: 1, ..minibatches[0] });
    assert!(trace_additions > 0);
    assert_eq!(additions(&minibatches[0]), after_reset + trace_additions);
}

/// Trains two minibatches. Returns the network, the kernels that ran, and their times if profiled.
fn train(make: MakeBackend, is_profiled: bool) -> (Network, BTreeSet<Kernel>, Option<KernelTimes>) {
    let dataset = random_dataset(5, 5, 6, 20);
    // Long phases need more launches than the timestamp buffer holds at once.
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
    let (unprofiled, _, no_times) = train(cpu, false);
    assert_eq!(no_times, None);
    for (make, packs_masks) in [(cpu as MakeBackend, false), (gpu, true)] {
        let (profiled, mut kernels, times) = train(make, true);
        // The CPU packs masks only in the kernels that read them.
        assert!(kernels.contains(&Kernel::PackSpikeMask));
        kernels.retain(|&kernel| packs_masks || kernel != Kernel::PackSpikeMask);
        assert!(profiled == unprofiled, "profiling changed a weight");
        let times = times.expect("the device supports timestamps");
        let timed = Kernel::ALL.into_iter().filter(|&kernel| times.calls(kernel) > 0);
        assert_eq!(timed.collect::<BTreeSet<_>>(), kernels);
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
        let mut calls = || {
            simulation.backend().set_profiling(true);
            simulation.train(&images[..3]).unwrap();
            let times = simulation.backend().kernel_times().unwrap().expect("profiling is on");
            simulation.backend().set_profiling(false);
            assert_eq!(simulation.backend().kernel_times().unwrap(), None);
            Kernel::ALL.map(|kernel| times.calls(kernel))
        };
        assert_eq!(calls(), calls());
    }
}
