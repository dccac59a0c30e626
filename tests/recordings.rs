//! Proves: networks train on recorded spikes with equal bits on the CPU and on this machine's GPU, in minibatches and as
//! replicas, and resume from checkpoints. A recording of the spikes that were drawn from an image trains a network to
//! the bits of that image. Parts of recordings repeat and continue as described.
//!
//! Does not prove: that files of recordings are read (see `src/dataset/spikes/`).

use std::ops::ControlFlow;
use std::sync::Arc;

use apical::config::{Config, Feedback, LearningRule, Signal, Variant};
use apical::dataset::Dataset;
use apical::dataset::spikes::{EventSet, EventTimes, SpikeDataset, SpikeOptions};
use apical::device::{BackendKind, DeviceOptions};
use apical::interface::{ArrayId, STEPS_PER_WORD, Sample, spike_count};
use apical::network::Network;
use apical::plan::{Presentation, SampleBuilder};
use apical::simulation::{Simulation, SimulationState};
use apical::train::{Checkpoint, CheckpointInterval, Event, Training};

use crate::support;

fn config() -> Config {
    Config {
        layers: vec![21, 18, 10],
        train_images: 30,
        test_images: 7,
        batch_size: 4,
        epochs: 2,
        test_ms: 100,
        test_average_from_ms: 20,
        ..Config::default()
    }
}

fn dataset() -> Dataset {
    (*support::random_recordings(4, 9, 8, 40)).clone()
}

fn on(backend: BackendKind) -> DeviceOptions {
    DeviceOptions { backend, ..DeviceOptions::default() }
}

/// Networks, the losses of the epochs, and the checkpoints.
type Outcome = (Vec<Network>, Vec<String>, Vec<Checkpoint>);

fn run(mut training: Training) -> Outcome {
    training.send_checkpoints(CheckpointInterval::Images(8));
    let (mut losses, mut checkpoints) = (Vec::new(), Vec::new());
    let summary = training.run(&mut |event| {
        match event {
            Event::Checkpoint { checkpoint, .. } => checkpoints.push((**checkpoint).clone()),
            Event::Epoch { loss, test_error, .. } => losses.push(format!("{loss:?} {test_error}")),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    assert!(!summary.expect("the training runs").stopped);
    (training.networks().to_vec(), losses, checkpoints)
}

#[test]
fn recordings_train_to_equal_bits_on_cpu_and_gpu() {
    for config in [
        config(),
        Config { psp_kernel_ms: 0, ..config() },
        Config { g_apical: 0.05, batch_size: 1, train_images: 8, ..config() },
        Config { rule: LearningRule::Bursts, feedback: Feedback::Layerwise, ..config() },
    ] {
        let train = |kind| {
            let training = Training::new(config.clone(), dataset(), &on(kind));
            run(training.expect("the backend opens"))
        };
        let (cpu, gpu) = (train(BackendKind::Cpu), train(BackendKind::Gpu));
        assert_eq!(cpu.0, gpu.0);
        assert_eq!(cpu.1, gpu.1);
        let states = |checkpoints: &[Checkpoint]| -> Vec<SimulationState> {
            checkpoints.iter().map(|checkpoint| checkpoint.state.clone()).collect()
        };
        assert!(states(&cpu.2) == states(&gpu.2), "checkpoints differ");
        assert_ne!(cpu.0[0], Network::initial(&config, 72), "nothing was learned");
    }
}

#[test]
fn training_on_recordings_resumes_to_the_bit() {
    let config = config();
    let start = Training::new(config.clone(), dataset(), &on(BackendKind::Cpu));
    let (networks, losses, checkpoints) = run(start.expect("the CPU opens"));
    for (backend, index) in [(BackendKind::Cpu, 1), (BackendKind::Gpu, checkpoints.len() / 2)] {
        let checkpoint = checkpoints[index].clone();
        let training = Training::resume(config.clone(), dataset(), &on(backend), &checkpoint);
        let (resumed, later, _) = run(training.expect("the training resumes"));
        assert_eq!(resumed, networks);
        assert!(losses.ends_with(&later));
    }
}

#[test]
fn replicas_on_recordings_keep_their_bits() {
    let configs: Vec<Config> = [1, 2, 3].map(|seed| Config { seed, ..config() }).into();
    let variant = |config: &Config| Variant {
        index: 0,
        combination: 0,
        settings: Vec::new(),
        config: config.clone(),
    };
    let variants: Vec<Variant> = configs.iter().map(variant).collect();
    let alone = |config: &Config| {
        let training = Training::new(config.clone(), dataset(), &on(BackendKind::Cpu));
        run(training.expect("the CPU opens")).0.remove(0)
    };
    let expected: Vec<Network> = configs.iter().map(alone).collect();
    for backend in [BackendKind::Cpu, BackendKind::Gpu] {
        let together = Training::of_variants(&variants, dataset(), &on(backend));
        assert_eq!(run(together.expect("the networks fit")).0, expected);
    }
}

/// Trains a network on `count` examples, one after the other. Returns it with the input's spikes `(time, unit)` of each.
fn train_each(dataset: &Arc<Dataset>, count: usize) -> (Network, Vec<Vec<(i64, u32)>>) {
    let config = Config { layers: vec![23, 10], batch_size: 1, ..Config::default() };
    let backend = support::cpu(&config, dataset, &support::capacity(1, 24, 64));
    let mut network = Network::initial(&config, dataset.pixels());
    let mut simulation =
        Simulation::new(backend, &config, dataset, &network).expect("the network fits");
    let units = dataset.pixels();
    let mut spikes = Vec::new();
    for index in 0..count {
        let label = dataset.labels()[index];
        let image = Presentation { index, label, draw_index: index as u32, result_slot: index };
        simulation.train(&[image]).expect("a minibatch runs");
        let steps = simulation.prepare_training(&[image]).1[0].steps();
        let words = support::integers(simulation.backend(), ArrayId::Spikes(0));
        let past = simulation.backend().shape().history_words() as usize;
        let count_at = |step: u32, unit: usize| {
            let row = past + (step / STEPS_PER_WORD) as usize;
            spike_count(words[row * units + unit], step)
        };
        let at_step = |step: u32| {
            let of_unit = move |unit| (0..count_at(step, unit)).map(move |_| unit);
            let times = (0..units).flat_map(of_unit);
            times.map(move |unit| (i64::from(step) * 1000 + 999, unit as u32)).collect::<Vec<_>>()
        };
        spikes.push((0..steps).flat_map(at_step).collect());
    }
    simulation.read_networks(std::slice::from_mut(&mut network)).expect("weights are read");
    (network, spikes)
}

#[test]
fn recorded_draws_train_to_the_bits_of_the_image() {
    let images = support::random_dataset(6, 8, 9, 12);
    let (expected, spikes) = train_each(&images, 12);
    let set = |labels: &[u8]| EventSet {
        times: EventTimes::Microseconds(spikes.iter().flatten().map(|event| event.0).collect()),
        units: spikes.iter().flatten().map(|event| event.1).collect(),
        offsets: (0..=12).map(|n| spikes[..n].iter().map(Vec::len).sum::<usize>() as u64).collect(),
        labels: labels.to_vec(),
    };
    let recordings = SpikeDataset {
        name: "draws".to_string(),
        sensor: [1, 8, 9],
        training: set(images.training_labels()),
        test: set(images.test_labels()),
    };
    // Both phases show the whole recording, one after the other.
    let recordings = recordings.bin(&SpikeOptions::default()).expect("the recordings are valid");
    let (network, again) = train_each(&Arc::new(recordings), 12);
    assert_eq!(again, spikes);
    assert_eq!(network, expected);
}

#[test]
fn phases_show_their_parts_repeated() {
    let config = Config { phase_ms: 50, ..Config::default() };
    let image = Presentation { index: 0, label: 0, draw_index: 0, result_slot: 0 };
    let shown = |seed: u64, phases: [u32; 2]| -> Vec<u32> {
        let dataset = support::random_recordings(seed, 3, 3, 12);
        let sample: Sample = SampleBuilder::of_dataset(&config, &dataset).phases_of(&image, phases);
        (0..sample.steps()).map(|step| sample.recording_step(step)).collect()
    };
    // The forward part is 3-33; the target part is 5-40 for even seeds.
    let forward: Vec<u32> = (3..33).chain(3..28).collect();
    assert_eq!(shown(2, [55, 52]), [&forward[..], &Vec::from_iter((5..40).chain(5..22))].concat());
    // Otherwise the target phase continues the forward part.
    assert_eq!(shown(1, [55, 10]), [&forward[..], &Vec::from_iter((28..33).chain(3..8))].concat());
    let dataset = support::random_recordings(1, 3, 3, 12);
    let test = SampleBuilder::of_dataset(&config, &dataset).test(&image);
    assert_eq!([39, 40, 249].map(|step| test.recording_step(step)), [39, 0, 9]);
}

#[test]
fn recordings_refuse_networks_whose_input_sends_rates() {
    let config = Config { signal: Signal::Rates, ..config() };
    let error = Training::new(config, dataset(), &on(BackendKind::Cpu)).map(|_| ());
    let error = format!("{:?}", error.unwrap_err());
    assert!(error.contains("signal = spikes"), "{error}");
}
