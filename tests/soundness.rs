//! Proves: images, slots, labels, steps, launches, spikes, networks, states and sizes that do not fit are errors on
//! both backends, before any kernel runs, and leave a simulation as it was.
//!
//! Does not prove that kernels stay within arrays of sizes that fit; `shaders.rs` and `exactness.rs` do.

use std::slice::from_ref;
use std::sync::Arc;

use apical::config::Config;
use apical::dataset::Dataset;
use apical::device::{self, BackendKind, DeviceOptions};
use apical::interface::{ArrayId, BackendError, Kernel, Launch, Sample};
use apical::network::{Layer, Network};
use apical::plan::{self, Capacity, Presentation, constants, kernel_sequence, replica};
use apical::simulation::Simulation;
use apical::train::{Checkpoint, TrainError, TrainPosition, Training, order, test, test_network};

use crate::support;

const BACKENDS: [BackendKind; 2] = [BackendKind::Cpu, BackendKind::Gpu];

fn config() -> Config {
    Config { layers: vec![20, 10], batch_size: 3, epochs: 1, ..Config::default() }
}

fn dataset() -> Arc<Dataset> {
    support::random_dataset(2, 6, 6, 12)
}

fn simulation(backend: BackendKind) -> Simulation {
    let (config, dataset) = (config(), dataset());
    let selection = DeviceOptions { backend, per_sample_access: true, ..DeviceOptions::default() };
    let opened = device::open(&selection, from_ref(&config), &dataset).expect("it opens");
    let network = Network::initial(&config, dataset.pixels());
    Simulation::new(opened.backend, &config, &dataset, &network).expect("the network fits")
}

fn networks(simulation: &mut Simulation) -> Network {
    let mut networks = [Network::initial(&config(), 36)];
    simulation.read_networks(&mut networks).expect("they are read");
    let [network] = networks;
    network
}

#[test]
fn images_that_do_not_fit_are_refused() {
    let image = order(&config(), &dataset(), 1)[0];
    for backend in BACKENDS {
        let mut simulation = simulation(backend);
        let before = networks(&mut simulation);
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
        // Any position will do: it wraps around.
        simulation.test(&[Presentation { draw_index: u32::MAX, ..image }]).expect("a test runs");
        assert_eq!(networks(&mut simulation), before, "{backend:?}: nothing was learned");
        simulation.train(&[image]).expect("a minibatch runs");
        assert_ne!(networks(&mut simulation), before);
    }
}

#[test]
fn work_that_does_not_fit_is_refused() {
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
        let launch = |kernel, layer, first, steps| Launch { kernel, layer, first, steps };
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
            launch(Kernel::Classify, usize::MAX, 0, 8),
        ] {
            let result = simulation.backend().run(&minibatches, &samples, &[wrong]);
            assert!(
                matches!(result, Err(BackendError::InvalidLaunch { .. })),
                "{backend:?}: {wrong:?}"
            );
        }
        simulation.backend().run(&minibatches, &samples, &list).expect("the work itself runs");
    }
}

#[test]
fn given_spikes_that_do_not_fit_are_refused() {
    let image = order(&config(), &dataset(), 1)[0];
    for backend in BACKENDS {
        let mut simulation = simulation(backend);
        let spikes = |steps: usize| [36, 20, 10].map(|units| vec![0; steps * units]).to_vec();
        let mut give = |image: Presentation, phases, spikes: &[Vec<u8>]| {
            simulation.train_replayed(&image, phases, spikes, |_, _| Ok(()))
        };
        for (phases, steps) in [([50, 50], 99), ([1, 50], 51), ([u32::MAX, 2], 100)] {
            let result = give(image, phases, &spikes(steps));
            assert!(matches!(result, Err(BackendError::InvalidReplay(_))), "{result:?}");
        }
        let result = give(image, [50, 50], &spikes(100)[..2]);
        assert!(matches!(result, Err(BackendError::InvalidReplay(_))), "{result:?}");
        let mut many = spikes(100);
        many[1][7] = 16;
        let result = give(image, [50, 50], &many);
        assert!(matches!(result, Err(BackendError::InvalidReplay(_))), "{result:?}");
        let far = Presentation { index: 4_000_000_000, ..image };
        let result = give(far, [50, 50], &spikes(100));
        assert!(matches!(result, Err(BackendError::InvalidSamples(_))), "{result:?}");
        give(image, [50, 50], &spikes(100)).expect("fitting spikes are shown");
    }
}

#[test]
fn networks_and_states_that_do_not_fit_are_refused() {
    let whole = Network::initial(&config(), 36);
    let mut short = whole.clone();
    short.layers.pop();
    let mut ragged = whole.clone();
    ragged.layers[1].weights.pop();
    let mut silent = whole.clone();
    silent.layers[0].feedback.clear();
    let other = Network::initial(&Config { layers: vec![30, 10], ..config() }, 36);
    let layer = Layer::from_rows(1, 1, &[0.0], &[0.0], &[]).expect("it fits");
    let none = Network { layers: Vec::new() };
    let one = Network { layers: vec![layer] };
    for backend in BACKENDS {
        let selection = DeviceOptions { backend, ..DeviceOptions::default() };
        for network in [&short, &ragged, &silent, &other, &none, &one] {
            let dataset = (*dataset()).clone();
            let result = test_network(&config(), dataset, network, &selection, 1, &mut |_| ());
            let Err(error) = result else { panic!("{backend:?}: a network that does not fit") };
            let is_told = matches!(error, TrainError::Backend(BackendError::InvalidNetworks(_)));
            assert!(is_told, "{error}");
        }
        let mut simulation = simulation(backend);
        assert!(simulation.write_networks(&[]).is_err());
        assert!(simulation.write_networks(&[whole.clone(), whole.clone()]).is_err());
        assert!(simulation.read_networks(&mut [short.clone()]).is_err());
        let state = simulation.save_state().expect("it is read").swap_remove(0);
        assert!(simulation.load_state(&[&state, &state]).is_err());
        let mut cut = state.clone();
        cut.arrays.values_mut().for_each(|words| words.truncate(1));
        assert!(simulation.load_state(&[&cut]).is_err());
        simulation.load_state(&[&state]).expect("its own state fits");
        // After the last of one epoch comes the end, as epoch 2.
        for epoch in [0, 3, u32::MAX] {
            let position = TrainPosition {
                epoch,
                images: 0,
                eval_pending: false,
                eval_images_shown: 0,
                seconds: 0.0,
            };
            let (network, state) = (whole.clone(), state.clone());
            let checkpoint =
                Checkpoint { position, network, state, evaluation: None, is_due: true };
            let dataset = (*dataset()).clone();
            let result = Training::resume(config(), dataset, &selection, &checkpoint);
            assert!(matches!(result, Err(TrainError::Position { .. })), "epoch {epoch}");
        }
    }
    assert!(device::open(&DeviceOptions::default(), &[], &dataset()).is_err());
}

#[test]
fn arrays_of_no_layer_are_refused() {
    let arrays = [
        ArrayId::Weights(2),
        ArrayId::Weights(99),
        ArrayId::Feedback(2),
        ArrayId::Moments(usize::MAX),
        ArrayId::Compartments(2),
        ArrayId::SynapticInput(7),
        ArrayId::Spikes(3),
        ArrayId::Rates(3),
        ArrayId::WindowMeans(usize::MAX),
    ];
    for backend in BACKENDS {
        let mut simulation = simulation(backend);
        let backend = simulation.backend();
        for array in arrays {
            for result in [
                backend.read(array).map(|_| ()),
                backend.read_samples(array, 1).map(|_| ()),
                backend.read_persistent(array).map(|_| ()),
                backend.write(array, &[1, 2]),
                backend.write(array, &[]),
                backend.write_persistent(array, &[1]),
            ] {
                let is_told = matches!(result, Err(BackendError::NoArray { layers: 2, .. }));
                assert!(is_told, "{array:?}: {result:?}");
            }
        }
        // More samples than there are: all.
        let all = backend.read(ArrayId::Compartments(0)).expect("it is read");
        let samples =
            backend.read_samples(ArrayId::Compartments(0), usize::MAX).expect("it is read");
        assert_eq!(all, samples);
    }
}

#[test]
fn shape_without_layers_or_blocks_has_no_launches() {
    let fits = plan::shape(&config(), &dataset(), &Capacity::new(3, 24, 16));
    for populations in [vec![], vec![36]] {
        let shape = apical::interface::Shape { populations, ..fits.clone() };
        assert!(kernel_sequence(&shape, 16, true).is_empty());
    }
    assert!(kernel_sequence(&apical::interface::Shape { block: 0, ..fits }, 16, true).is_empty());
}

/// The library is called without validation: opening validates.
#[test]
fn open_refuses_invalid_settings() {
    let dataset = dataset();
    let wrong = [
        Config { eta: Vec::new(), ..config() },
        Config { bias_lr_scale: Vec::new(), ..config() },
        Config { layers: vec![usize::MAX / 2, 10], ..config() },
        Config { psp_kernel_ms: usize::MAX, ..config() },
    ];
    for backend in BACKENDS {
        let selection = DeviceOptions { backend, ..DeviceOptions::default() };
        for config in &wrong {
            let opened = device::open(&selection, from_ref(config), &dataset).map(|_| ());
            assert!(
                matches!(opened, Err(BackendError::InvalidNetworks(_))),
                "{backend:?}: {opened:?}"
            );
        }
    }
}

#[test]
fn sizes_that_do_not_fit_are_refused() {
    let (config, dataset) = (config(), dataset());
    let shape = plan::shape(&config, &dataset, &Capacity::new(3, 24, 16));
    let numbers = constants(&config, &shape, 10);
    type Change = fn(&mut apical::interface::Shape);
    let changes: [Change; 8] = [
        |shape| shape.populations.clear(),
        |shape| shape.populations[1] = 0,
        |shape| shape.replicas = 2,
        |shape| shape.samples_per_replica = 0,
        |shape| shape.result_slots = 7,
        |shape| shape.steps = 0,
        |shape| shape.block = 3,
        |shape| shape.taps = 33,
    ];
    for change in changes {
        let mut wrong = shape.clone();
        change(&mut wrong);
        let replicas = [replica(&config)];
        let cpu = apical::cpu::Cpu::new(wrong.clone(), numbers, &replicas, dataset.clone(), 1);
        assert!(matches!(cpu.err(), Some(BackendError::InvalidSizes(_))), "{wrong:?}");
        let gpu =
            apical::gpu::Gpu::with_device(support::device(), wrong.clone(), numbers, &replicas, 64);
        assert!(matches!(gpu.err(), Some(BackendError::InvalidSizes(_))), "{wrong:?}");
    }
    // What fits is taken, and lists of launches for it too.
    let cpu = support::cpu_of_shape(from_ref(&config), &dataset, shape.clone(), 1);
    assert_eq!(kernel_sequence(cpu.shape(), 16, false)[0].kernel, Kernel::EncodeSpikes);
}

/// Lanes are no more than images: 65,535 of them took a gigabyte.
#[test]
fn lanes_are_limited_to_the_images_there_are() {
    let config = Config { batch_size: 65_535, ..config() };
    let dataset = dataset();
    for backend in BACKENDS {
        let selection = DeviceOptions { backend, ..DeviceOptions::default() };
        let opened = device::open(&selection, from_ref(&config), &dataset).expect("it opens");
        assert_eq!(opened.backend.shape().samples_per_replica, 12, "{backend:?}");
    }
}
