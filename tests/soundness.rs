//! Proves: invalid images, result slots, labels, steps, launches, spikes, networks, states and sizes are errors on
//! both backends before a kernel runs, and do not change a simulation. Both backends refuse arrays of samples without
//! `per_sample_access`.
//!
//! Does not prove: that kernels stay within their arrays for valid input (see `exactness.rs`).

#[path = "soundness/arguments.rs"]
mod arguments;
#[path = "soundness/arrays.rs"]
mod arrays;
#[path = "soundness/networks.rs"]
mod networks;
#[path = "soundness/shapes.rs"]
mod shapes;

use std::slice::from_ref;
use std::sync::Arc;

use apical::config::Config;
use apical::dataset::Dataset;
use apical::device::{self, BackendKind, DeviceOptions};
use apical::interface::{BackendError, Kernel, Launch, Sample};
use apical::network::Network;
use apical::plan::Presentation;
use apical::simulation::Simulation;
use apical::train::{order, test};

use crate::support;

const BACKENDS: [BackendKind; 2] = [BackendKind::Cpu, BackendKind::Gpu];

fn config() -> Config {
    Config { layers: vec![20, 10], batch_size: 3, epochs: 1, ..Config::default() }
}

fn dataset() -> Arc<Dataset> {
    support::random_dataset(2, 6, 6, 12)
}

fn simulation(backend: BackendKind) -> Simulation {
    simulation_with(backend, &config(), true)
}

fn simulation_with(backend: BackendKind, config: &Config, per_sample_access: bool) -> Simulation {
    let dataset = dataset();
    let options = DeviceOptions { backend, per_sample_access, ..DeviceOptions::default() };
    let opened = device::open(&options, from_ref(config), &dataset).expect("the backend opens");
    let network = Network::initial(config, dataset.pixels());
    Simulation::new(opened.backend, config, &dataset, &network).expect("the network fits")
}

fn read_network(simulation: &mut Simulation) -> Network {
    let mut networks = [Network::initial(&config(), 36)];
    simulation.read_networks(&mut networks).expect("the weights are read");
    let [network] = networks;
    network
}

#[test]
fn invalid_images_are_an_error() {
    let image = order(&config(), &dataset(), 1)[0];
    for backend in BACKENDS {
        let mut simulation = simulation(backend);
        let before = read_network(&mut simulation);
        let huge = [24, 1_000, 100_000_000, 4_000_000_000, (1 << 32) + 1, usize::MAX];
        for index in huge {
            for image in
                [Presentation { index, ..image }, Presentation { result_slot: index, ..image }]
            {
                let result = simulation.train(&[image]);
                assert!(
                    matches!(result, Err(BackendError::InvalidSamples(_))),
                    "{backend:?}: {result:?}"
                );
                let result = simulation.test(&[image]);
                assert!(
                    matches!(result, Err(BackendError::InvalidSamples(_))),
                    "{backend:?}: {result:?}"
                );
            }
        }
        let result = simulation.train(&[Presentation { label: 10, ..image }]);
        assert!(matches!(result, Err(BackendError::InvalidSamples(_))), "{backend:?}: {result:?}");
        let result = simulation.train(&[]);
        assert!(matches!(result, Err(BackendError::InvalidSamples(_))), "{backend:?}: {result:?}");
        let many = vec![image; 100_000];
        let result = simulation.train(&many);
        assert!(matches!(result, Err(BackendError::TooManySamples { .. })), "{result:?}");
        let result = simulation.train_each(&[&[image], &[image]]);
        assert!(result.is_err(), "{result:?}");
        let result = test(&mut simulation, &dataset(), 13, 0);
        assert!(matches!(result, Err(BackendError::InvalidSamples(_))), "{result:?}");
        // Each draw index is valid: the counter wraps around.
        simulation.test(&[Presentation { draw_index: u32::MAX, ..image }]).expect("a test runs");
        assert_eq!(read_network(&mut simulation), before, "{backend:?}: the weights changed");
        simulation.train(&[image]).expect("a minibatch runs");
        assert_ne!(read_network(&mut simulation), before);
    }
}

#[test]
fn invalid_samples_and_launches_are_an_error() {
    let image = order(&config(), &dataset(), 1)[0];
    for backend in BACKENDS {
        let mut simulation = simulation(backend);
        let (minibatches, samples, list) = simulation.prepare_training(&[image]);
        let shape = simulation.backend().shape().clone();
        let sample = samples[0];
        for wrong in [
            Sample { image: u32::MAX, ..sample },
            Sample { result_slot: u32::MAX, ..sample },
            Sample { index: 1, ..sample },
            Sample { replica: 1, ..sample },
            Sample { steps_forward: u32::MAX, ..sample },
            Sample { steps_target: shape.steps, ..sample },
            Sample { window_forward: sample.steps_forward + 1, ..sample },
            Sample {
                steps_forward: 2,
                window_forward: 1,
                steps_target: 2,
                window_target: 1,
                ..sample
            },
        ] {
            let result = simulation.backend().run(&minibatches, &[wrong], &list);
            assert!(result.is_err(), "{backend:?}: {wrong:?}");
        }
        let result = simulation.backend().run(&minibatches, &[], &list);
        assert!(matches!(result, Err(BackendError::SampleMismatch { .. })), "{result:?}");
        let result = simulation.backend().run(&[], &samples, &list);
        assert!(matches!(result, Err(BackendError::SampleMismatch { .. })), "{result:?}");
        let launch = |kernel, layer, first, count| Launch { kernel, layer, first, count };
        for wrong in [
            launch(Kernel::WeightUpdate, 2, 0, 8),
            launch(Kernel::WindowMeanSpikes, 3, 0, 8),
            launch(Kernel::Plateau, 1, 0, 8),
            launch(Kernel::BackpropError, 1, 0, 8),
            launch(Kernel::HiddenStep, 1, 0, 8),
            launch(Kernel::OutputStep, 0, 0, 8),
            launch(Kernel::EmitRates, 0, 0, 1),
            launch(Kernel::ApicalStepSpikes, 0, 0, 1),
            launch(Kernel::SynapticInputSpikes, 0, 0, shape.block + 1),
            launch(Kernel::SynapticInputSpikes, 0, shape.steps, 8),
            launch(Kernel::EncodeSpikes, 0, u32::MAX, u32::MAX),
            launch(Kernel::SymmetricFeedback, 0, 16, u32::MAX),
            launch(Kernel::Classify, usize::MAX, 0, 8),
        ] {
            let result = simulation.backend().run(&minibatches, &samples, &[wrong]);
            assert!(
                matches!(result, Err(BackendError::InvalidLaunch { .. })),
                "{backend:?}: {wrong:?}"
            );
        }
        simulation.backend().run(&minibatches, &samples, &list).expect("the valid launches run");
    }
}

#[test]
fn invalid_replayed_spikes_are_an_error() {
    let image = order(&config(), &dataset(), 1)[0];
    for backend in BACKENDS {
        let mut simulation = simulation(backend);
        let spikes = |steps: usize| [36, 20, 10].map(|units| vec![0; steps * units]).to_vec();
        let mut replay = |image: Presentation, phases, spikes: &[Vec<u8>]| {
            let (minibatches, samples, launches) =
                simulation.prepare_replay(&image, phases, spikes)?;
            simulation.run(&minibatches, &samples, &launches)
        };
        for (phases, steps) in [([50, 50], 99), ([1, 50], 51), ([u32::MAX, 2], 100)] {
            let result = replay(image, phases, &spikes(steps));
            assert!(matches!(result, Err(BackendError::InvalidReplay(_))), "{result:?}");
        }
        let result = replay(image, [50, 50], &spikes(100)[..2]);
        assert!(matches!(result, Err(BackendError::InvalidReplay(_))), "{result:?}");
        let mut many = spikes(100);
        many[1][7] = 16;
        let result = replay(image, [50, 50], &many);
        assert!(matches!(result, Err(BackendError::InvalidReplay(_))), "{result:?}");
        let absent = Presentation { index: 4_000_000_000, ..image };
        let result = replay(absent, [50, 50], &spikes(100));
        assert!(matches!(result, Err(BackendError::InvalidSamples(_))), "{result:?}");
        replay(image, [50, 50], &spikes(100)).expect("valid spikes are replayed");
    }
}
